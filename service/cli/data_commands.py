"""Commands that bring data in: ``load``, ``validate``, ``synthetic``."""

from __future__ import annotations

from pathlib import Path

import click

from loaders.pipeline import accept, current_reference, reference_triples
from loaders.sources import SOURCES
from loaders.synthetic import generate
from service.cli.output import as_json, progress, show_acceptance
from service.problems import DataRefused
from service.release.archive import Archive
from service.release.validation import validate_document
from service.settings import Settings

_LANG = click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", help="Messages in.")
_JSON = click.option("--json", "json_output", is_flag=True, help="Print the report as JSON.")


@click.command()
@click.argument("source", type=click.Choice(list(SOURCES)))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@_LANG
@_JSON
@click.pass_obj
def load(
    settings: Settings, source: str, files: tuple[Path, ...], lang: str, json_output: bool
) -> None:
    """Accept FILES of SOURCE into the archive; no file: the bundled data of the source."""
    reports = []
    for report in accept(source, files, settings, progress()):
        reports.append(report.as_dict())
        if not json_output:
            show_acceptance(report, lang)
    if json_output:
        as_json(reports)
    if any(row["refused"] for row in reports):
        raise DataRefused("some of it was refused")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@_LANG
@_JSON
@click.pass_obj
def validate(settings: Settings, files: tuple[Path, ...], lang: str, json_output: bool) -> None:
    """Validate RDF FILES (Turtle, N-Triples, RDF/XML) against our shapes; nothing is stored.

    What was loaded before (organisations, instrument, code lists) is the context.
    """
    refused = False
    reports = []
    archive = Archive(settings.archive)
    context = b"".join(reference_triples(archive, settings.base)) if archive.root.exists() else b""
    for path in files:
        report = validate_document(path, context)
        refused |= not report.conforms
        reports.append({"file": str(path), **report.as_dict()})
        if json_output:
            continue
        click.echo(f"{path}: {'conform' if report.conforms else 'niet conform / does not conform'}")
        for row in report.results:
            message = row.message_nl if lang == "nl" else row.message_en
            click.echo(f"  {row.severity} {row.focus} {row.path} {row.value}: {message}")
    if json_output:
        as_json(reports)
    if refused:
        raise DataRefused("some of it does not conform")


@click.command()
@click.option("--wave", "year", type=int, required=True, help="Year of the wave, e.g. 2016.")
@click.option("--seed", type=int, required=True, help="Same seed, same file.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The file.")
@click.pass_obj
def synthetic(settings: Settings, year: int, seed: int, output: Path) -> None:
    """Write made-up answers of a wave as a file of the answers table, labelled synthetic.

    Organisations, instrument and waves must be loaded first.
    """
    archive = Archive(settings.archive)
    archive.open_for(settings.base)
    generate(year, seed, current_reference(archive, settings.base), output)
    click.echo(f"{output}: synthetisch / synthetic")


COMMANDS = (load, validate, synthetic)
