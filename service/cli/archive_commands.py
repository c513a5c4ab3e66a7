"""Commands on archive and releases: ``publish``, ``check``, ``rebuild``, ``releases``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.output import as_json, progress
from service.problems import DataRefused
from service.release.archive import Archive
from service.release.backup import back_up
from service.release.backup import restore as restore_home
from service.release.check import check_home
from service.release.manifest import Release
from service.release.publish import Publisher
from service.release.rebuild import rebuild as rebuild_home
from service.settings import Settings

_JSON = click.option("--json", "json_output", is_flag=True, help="Print the report as JSON.")


def _summary(release: Release) -> dict[str, object]:
    changes = release.manifest["changes"]
    return {
        "number": release.number,
        "instant": release.instant,
        "triples": release.manifest["triples"],
        "graphs": len(release.graphs),
        "changedGraphs": len(changes),
        "added": sum(row["added"] for row in changes.values()),
        "removed": sum(row["removed"] for row in changes.values()),
    }


def _show(release: Release, json_output: bool) -> None:
    row = _summary(release)
    if json_output:
        as_json(row)
    else:
        click.echo(
            f"release {row['number']} ({row['instant']}): {row['triples']} open triples in "
            f"{row['graphs']} graphs; +{row['added']} −{row['removed']} in "
            f"{row['changedGraphs']} graphs"
        )


@click.command()
@click.option("--if-changed", is_flag=True, help="Only when something new was accepted.")
@_JSON
@click.pass_obj
def publish(settings: Settings, if_changed: bool, json_output: bool) -> None:
    """Make a new release of all that was accepted, or nothing."""
    _show(Publisher(settings, progress()).publish(if_changed=if_changed), json_output)


@click.command()
@_JSON
@click.pass_obj
def check(settings: Settings, json_output: bool) -> None:
    """Check that archive, releases and stores agree; exit 2 when they do not."""
    faults = check_home(settings, progress())
    if json_output:
        as_json({"consistent": not faults, "faults": faults})
    else:
        click.echo("\n".join(faults) or "archive, releases and stores agree")
    if faults:
        raise DataRefused("inconsistent")


@click.command()
@click.option("--base", "new_base", help="Move everything to another base IRI.")
@_JSON
@click.pass_obj
def rebuild(settings: Settings, new_base: str | None, json_output: bool) -> None:
    """Make every release again from the archive alone and compare the digests of all graphs."""
    report = rebuild_home(settings, new_base, progress())
    if json_output:
        as_json(report)
    else:
        outcome = ", ".join(report["different"]) or "every digest is the same"
        click.echo(
            f"{report['releases']} releases rebuilt, {report['graphs']} graphs; "
            f"{report['compared']} releases compared with what was there: {outcome}"
        )
    if report["different"]:
        raise DataRefused("the rebuilt releases differ")


@click.group()
def releases() -> None:
    """List releases, or go back to one."""


@releases.command("list")
@_JSON
@click.pass_obj
def list_releases(settings: Settings, json_output: bool) -> None:
    """List the releases on disk."""
    numbers = sorted(int(path.name) for path in settings.releases.glob("[0-9]*"))
    found = [Release(settings.releases / str(number)) for number in numbers]
    if json_output:
        as_json([_summary(row) for row in found])
        return
    for row in found:
        _show(row, json_output=False)


@releases.command()
@click.argument("number", type=int)
@_JSON
@click.pass_obj
def rollback(settings: Settings, number: int, json_output: bool) -> None:
    """Publish the content of release NUMBER again, as a new release."""
    _show(Publisher(settings, progress()).rollback(number), json_output)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(settings: Settings, file: Path) -> None:
    """Write archive and vault to the new FILE (tar.gz). It holds the key and personal data."""
    click.echo(f"{back_up(settings, file)} files in {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.pass_obj
def restore(settings: Settings, file: Path) -> None:
    """Put the archive and vault of a backup FILE into an empty home, and rebuild the releases."""
    click.echo(f"{restore_home(settings, file)} documents restored")
    if Archive(settings.archive).publications():
        report = rebuild_home(settings, None, progress())
        click.echo(f"{report['releases']} releases rebuilt, {report['graphs']} graphs")


COMMANDS = (publish, check, rebuild, releases, backup, restore)
