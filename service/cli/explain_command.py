"""The command ``explain``: where a figure comes from."""

from __future__ import annotations

import click

from service.cli.output import as_json
from service.explain.explanation import explain as explain_figure
from service.explain.words import lines
from service.problems import DataRefused
from service.settings import Settings


@click.command()
@click.argument("observation")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", help="Words in.")
@click.option("--json", "json_output", is_flag=True, help="Print the explanation as JSON.")
@click.pass_obj
def explain(settings: Settings, observation: str, lang: str, json_output: bool) -> None:
    """Say where a figure comes from, and compute it again from the archive.

    OBSERVATION is its IRI, or the part of it after the base. Exit 2 when the figure in the release
    is not the one that is computed. What is printed may hold answers that are not public.
    """
    found = explain_figure(settings, observation, lang)
    if json_output:
        as_json(found.as_dict())
    else:
        click.echo("\n".join(lines(found, lang)))
    if found.differences:
        raise DataRefused("the figure is not the one that is computed")


COMMANDS = (explain,)
