"""``imonitor demo``: from nothing to a served release, telling what it does and how long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from loaders.pipeline import accept, current_reference
from loaders.sources import BUNDLED
from loaders.synthetic import generate
from service.cli.output import show_acceptance
from service.cli.serve_commands import run_server
from service.problems import DataRefused
from service.release.archive import Archive
from service.release.files import make_folder
from service.release.publish import Publisher
from service.settings import Settings

WAVES = (2016, 2020, 2025)
SEED = 1


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop after publishing.")
@click.pass_obj
def demo(settings: Settings, no_serve: bool) -> None:
    """Load the bundled data and synthetic answers, publish a release and serve it."""
    started = time.monotonic()
    for source in BUNDLED:
        with _step(f"load {source}"):
            _load(source, [], settings)
    for year in WAVES:
        path = settings.home / "synthetic" / f"antwoorden-synthetisch-{year}.csv"
        if not path.exists():
            with _step(f"synthetic answers {year}"):
                _generate(year, path, settings)
        with _step(f"load answers {year}"):
            _load("answers", [path], settings)
    with _step("publish"):
        release = Publisher(settings).publish(if_changed=True)
    click.echo(
        f"release {release.number}: {release.manifest['triples']} open triples, "
        f"{time.monotonic() - started:.1f} s in all"
    )
    if not no_serve:
        run_server(settings)


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    click.echo(f"[{time.monotonic() - started:6.2f} s] {name}")


def _load(source: str, paths: Sequence[Path], settings: Settings) -> None:
    for report in accept(source, paths, settings):
        show_acceptance(report, "nl")
        if report.refused:
            raise DataRefused(f"{source} was refused")


def _generate(year: int, path: Path, settings: Settings) -> None:
    """Write the file and its CSVW description aside first: a half file must not be found later."""
    archive = Archive(settings.archive)
    aside = path.parent / ".making"
    make_folder(aside, 0o700)
    generate(year, SEED, current_reference(archive, settings.base), aside / path.name)
    for made in sorted(aside.iterdir(), reverse=True):
        made.replace(path.parent / made.name)
    aside.rmdir()
