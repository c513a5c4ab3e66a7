"""The command ``imonitor``: thin, each command calls one function that tests call too.

Exit codes (contract.md "Command line"): 0 done, 1 wrong usage, 2 data refused, 3 a store or service
cannot be reached.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from service import __version__
from service.cli import (
    archive_commands,
    bench,
    data_commands,
    demo,
    explain_command,
    serve_commands,
)
from service.problems import DataRefused, Problem
from service.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="imonitor")
@click.pass_context
def cli(context: click.Context) -> None:
    """Accept, publish and serve the I-Monitor as linked data.

    Settings come from environment variables IMONITOR_…; see `imonitor serve --show-settings`.
    """
    context.obj = Settings.from_env(os.environ)


for command in (
    *data_commands.COMMANDS,
    *archive_commands.COMMANDS,
    *serve_commands.COMMANDS,
    bench.bench,
    demo.demo,
    *explain_command.COMMANDS,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="imonitor", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except DataRefused as refused:
        sys.exit(refused.exit_code)
    except Problem as problem:
        click.echo(f"{problem.title_en}: {problem.detail}", err=True)
        _show_members(problem)
        sys.exit(problem.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _show_members(problem: Problem) -> None:
    for name, value in problem.members.items():
        rows = value if isinstance(value, list) else [value]
        for row in rows[:10]:
            click.echo(f"  {name}: {row}", err=True)
