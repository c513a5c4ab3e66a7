"""Commands that read a release: ``serve``, ``query``, ``export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service.formats import by_name
from service.front.serve import run
from service.parameters import lookup_in, resolve
from service.problems import BadParameter, StoreUnavailable, UsageError
from service.queries import Library, is_open
from service.release.catalogue import dump_contents
from service.release.manifest import Release
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from service.web.answers import Asked, answered


def run_server(settings: Settings) -> None:
    """Serve the current release, and each later one, until told to stop.

    Before the first publish queries are answered with 503, and then with the release.

    Raises:
        UsageError: the release was made for another base IRI.
    """
    if Release.current(settings.home) is not None:
        current_release(settings)
    run(settings)


@click.command()
@click.option("--show-settings", is_flag=True, help="Print every setting and stop.")
@click.pass_obj
def serve(settings: Settings, show_settings: bool) -> None:
    """Serve the current release over HTTP."""
    if show_settings:
        for name, value, default, text in settings.table():
            click.echo(f"{name}={value}  # {text} (default {default})")
        return
    run_server(settings)


@click.command()
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--format", "format_name", help="csv (default), json, xml, tsv; ttl, nt, …")
@click.pass_obj
def query(
    settings: Settings, name: str, arguments: tuple[str, ...], format_name: str | None
) -> None:
    """Run stored query NAME (cq01, bodies-on-date, …) on the current release.

    Who has the data folder may ask all: a query that is not open is answered from all graphs.
    """
    values: dict[str, list[str]] = {}
    for argument in arguments:
        key, separator, value = argument.partition("=")
        if not separator:
            raise BadParameter(argument, "write KEY=VALUE")
        values.setdefault(key, []).append(value)
    library = Library.load()
    stored = library[name if "/" in name else f"api/{name}"]
    release = current_release(settings)
    folder = release.public_store if is_open(stored) else release.full_store
    store = EmbeddedStore.open(folder, settings.result_limit << 20)
    asked = Asked(stored, resolve(stored, values, lookup_in(store, library)))
    default = "turtle" if stored.form in ("CONSTRUCT", "DESCRIBE") else "csv"
    sys.stdout.buffer.write(answered(store, asked, by_name(format_name or default)))


@click.command()
@click.argument("dataset")
@click.option("--format", "format_name", default="nq.gz", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: standard output.")
@click.pass_obj
def export(settings: Settings, dataset: str, format_name: str, output: Path | None) -> None:
    """Write the dump of DATASET (or "all") of the current release."""
    release = current_release(settings)
    contents = dump_contents(release.graphs)
    name = f"{dataset}.{format_name}"
    if name not in contents:
        raise UsageError(f"no dump {name}; there are {', '.join(sorted(contents))}")
    members = [release.lines_file(release.graphs[graph]) for graph in contents[name]]
    data = b"".join(member.read_bytes() for member in members)
    if output:
        output.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


def current_release(settings: Settings) -> Release:
    """Return the release that is served.

    Raises:
        StoreUnavailable: nothing is published.
        UsageError: it was made for another base IRI.
    """
    release = Release.current(settings.home)
    if release is None:
        raise StoreUnavailable(f"nothing is published in {settings.home}; run `imonitor publish`")
    if release.base != settings.base:
        raise UsageError(
            f"release {release.number} was made for the base IRI {release.base}, the settings say "
            f"{settings.base}; set IMONITOR_BASE, or run `imonitor rebuild --base {settings.base}`"
        )
    return release


COMMANDS = (serve, query, export)
