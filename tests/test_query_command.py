"""``imonitor query`` asks the current release as the API does."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import cli
from service.problems import BadParameter
from tests.serving_release import AALTER, BASE, write_release


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_release(tmp_path, 1)
    monkeypatch.setenv("IMONITOR_HOME", str(tmp_path))
    monkeypatch.setenv("IMONITOR_BASE", BASE)
    return tmp_path


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["query", *arguments])


def test_a_query_is_answered_as_csv_unless_another_format_is_asked_for(home: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(asked("bodies-on-date", "lang=en").stdout)))
    assert [row["bodies"] for row in rows] == ["1"], "the other one has ended"
    assert asked("bodies-on-date", "--format", "json").stdout.startswith('{"head"')


def test_named_things_are_looked_up_in_the_release(home: Path) -> None:
    done = asked("cq09", f"body={AALTER}", "wave=synthetisch/2016")
    assert done.exit_code == 0
    assert done.stdout.startswith("theme,")


@pytest.mark.parametrize(
    ("argument", "parameter"),
    [("body=99999", "body"), ("bodie=1", "bodie"), ("wave=2031", "wave"), ("body", "body")],
)
def test_what_is_wrong_is_named(home: Path, argument: str, parameter: str) -> None:
    found = asked("cq09", argument, f"body={AALTER}").exception
    assert isinstance(found, BadParameter)
    assert found.members["parameter"] == parameter


def test_a_graph_comes_as_turtle(home: Path) -> None:
    done = asked("cq31", "wave=synthetisch/2016")
    assert (done.exit_code, "{" in done.stdout) == (0, False)


def test_a_query_that_is_not_open_is_answered_from_all_graphs(home: Path) -> None:
    (home / "releases" / "1" / "full").symlink_to("public")
    assert asked("cq13", f"body={AALTER}", "wave=synthetisch/2016").exit_code == 0
    (home / "releases" / "1" / "full").unlink()
    assert asked("cq13", f"body={AALTER}", "wave=synthetisch/2016").exit_code != 0
