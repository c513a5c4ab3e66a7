"""What commands print: findings, reports as JSON, and progress on a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable

import click

from loaders import Finding
from loaders.pipeline import Acceptance

_SHOWN = 20


def progress() -> Callable[[str], None]:
    """Return a reporter that, on a terminal, keeps one line with what is done and for how long."""
    if not sys.stderr.isatty():
        return lambda _: None
    started = time.monotonic()

    def show(step: str) -> None:
        elapsed = time.monotonic() - started
        if elapsed > 2:
            click.echo(f"\r\033[K[{elapsed:5.1f} s] {step}", nl=False, err=True)

    return show


def as_json(value: object) -> None:
    """Print a report as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def show_acceptance(report: Acceptance, lang: str) -> None:
    """Print what became of one document, in Dutch or English."""
    if report.already:
        words = {"nl": "was er al", "en": "was there already"}[lang]
        click.echo(f"{report.source} {report.file}: {words}")
    else:
        words = {
            "nl": f"{report.accepted} aanvaard, {report.refused} geweigerd",
            "en": f"{report.accepted} accepted, {report.refused} refused",
        }[lang]
        number = f" (document {report.document})" if report.document else ""
        click.echo(f"{report.source} {report.file}: {words}{number}")
    show_findings(report.findings, lang)
    if report.refused_folder:
        words = {"nl": "verslag in", "en": "report in"}[lang]
        click.echo(f"  {words} {report.refused_folder}/report.json", err=True)


def show_findings(findings: Iterable[Finding], lang: str) -> None:
    """Print the first findings, each with its place."""
    rows = [row for row in findings if row.severity != "info"]
    for row in rows[:_SHOWN]:
        place = ":".join(str(part) for part in (row.file, row.line, row.column) if part)
        message = row.message_nl if lang == "nl" else row.message_en
        record = f" [{row.record}]" if row.record else ""
        click.echo(f"  {row.severity} {place}{record}: {message} ({row.code})", err=True)
    if len(rows) > _SHOWN:
        click.echo(f"  … {len(rows) - _SHOWN}", err=True)
