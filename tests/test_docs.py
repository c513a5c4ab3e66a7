"""The pages are true: every example runs, and nothing that exists is left out.

How a fenced block is run follows from its language (``docs/developer.md`` "Examples in these
pages"); a comment right before it tells what to expect.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from pyoxigraph import DefaultGraph, Quad, RdfFormat, parse
from pyoxigraph import Store as Engine

import service
from loaders.sources import SOURCES
from service.cli import cli
from service.front.exchange import BODY_SECONDS
from service.problems import all_problems
from service.queries import Library
from service.release import lock
from service.release.manifest import Release
from service.settings import Settings
from service.store.base import Query
from service.store.embedded import EmbeddedStore
from service.store.guard import MAX_CHARACTERS, MAX_DEPTH
from service.store.limits import Limits
from tests.docs_pages import (
    PAGES,
    ROOT,
    Example,
    examples,
    matches,
    page,
    read_steps,
    shell,
    table_rows,
)
from tests.live_service import Live, live

CURL = shutil.which("curl")
LANGUAGES = {"sparql", "console", "python", "turtle", "csv", "sh", "text"}
NOTES = {"", "expect", "rows", "exit", "file", "excerpt"}
SERVED = "http://localhost:8000"

_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")


EXAMPLES = list(examples())


def of(language: str) -> list[Example]:
    return [row for row in EXAMPLES if row.language == language]


def asks_the_service(example: Example) -> bool:
    return "curl " in example.text


COMMANDS = [row for row in of("console") if not asks_the_service(row)]
REQUESTS = [row for row in of("console") if asks_the_service(row)]


# --- Examples that need the demo --------------------


@pytest.fixture(scope="module")
def public(demo_home: Path) -> Path:
    release = Release.current(demo_home)
    assert release is not None
    return release.public_store


@pytest.mark.slow
@pytest.mark.parametrize("example", of("sparql"), ids=str)
def test_a_query_gives_the_rows_that_the_page_says(example: Example, public: Path) -> None:
    body = EmbeddedStore.open(public, 1 << 20).query(Query(example.text, rows="csv")).body
    rows = body.decode().splitlines()[1:]
    expected, count = example.noted("expect"), example.noted("rows")
    assert rows
    if expected is not None:
        assert rows == expected.splitlines()
    if count is not None:
        assert len(rows) == int(count)


@pytest.mark.slow
@pytest.mark.parametrize("example", of("turtle"), ids=str)
def test_turtle_parses_and_an_excerpt_is_in_the_data(example: Example, public: Path) -> None:
    store = Engine.read_only(str(public))
    triples = list(parse(example.text.encode(), format=RdfFormat.TURTLE))
    assert triples
    if example.note == "excerpt":
        absent = [str(row.triple) for row in triples if not is_in(store, row)]
        assert absent == []


def is_in(store: Engine, quad: Quad) -> bool:
    assert isinstance(quad.graph_name, DefaultGraph)
    return any(store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))


# --- Examples that are commands --------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({row.page.name for row in COMMANDS}))
def test_commands_do_what_the_page_says(name: str, settings: Settings, tmp_path: Path) -> None:
    where = shell(tmp_path / "shell", settings.home)
    for example in EXAMPLES:
        if example.page.name == name and (file := example.noted("file")):
            (where.folder / file).write_text(example.text, encoding="utf-8")
    for example in COMMANDS:
        if example.page.name == name:
            where.run(example)


@contextmanager
def served(demo_home: Path, folder: Path) -> Iterator[Live]:
    """Serve the demo from a home that may be written to: the releases are the shared ones."""
    home = folder / "home"
    home.mkdir()
    (home / "releases").symlink_to(demo_home / "releases")
    with live(home, query_timeout=30) as found:
        yield found


@pytest.fixture(scope="module")
def demo_service(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with served(demo_home, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.skipif(CURL is None, reason="needs curl: apt-get install curl")
@pytest.mark.parametrize("example", REQUESTS, ids=str)
def test_requests_get_the_answers_that_the_page_shows(
    example: Example, demo_service: Live, tmp_path: Path
) -> None:
    where = shell(tmp_path / "shell", tmp_path)
    rule = f'connect-to = "localhost:8000:127.0.0.1:{demo_service.port}"\nmax-time = 20\n'
    (tmp_path / "shell" / ".curlrc").write_text(rule)
    where.run(example)


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.parametrize("example", of("python"), ids=str)
def test_a_program_prints_what_the_page_says(example: Example, demo_service: Live) -> None:
    text = example.text.replace(SERVED, demo_service.url)
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "no_proxy": "*"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode().strip() == example.noted("expect")


def test_what_is_printed_is_held_against_the_page_line_by_line() -> None:
    assert read_steps("$ one\n> more\nout\n$ two\n") == [("one\nmore", "out\n"), ("two", "")]
    assert matches("a\n…\nz: …\n", "a\nb\nc\nz: 1\n")
    assert matches("a\n…\nz\n", "a\nz\n")
    assert matches("", "") and not matches("", "more\n")
    assert not matches("a.c\n", "abc\n") and not matches("a\n", "a\nb\n")


# --- What the pages must name --------------------


def test_every_block_has_a_language_that_is_tested() -> None:
    assert {row.language for row in EXAMPLES} == LANGUAGES
    assert COMMANDS and REQUESTS
    assert {re.split(r"[:\n]", row.note)[0] for row in EXAMPLES} == NOTES
    fences = sum(text.read_text(encoding="utf-8").count("\n```") for text in PAGES)
    assert fences == 2 * len(EXAMPLES)


def test_tables_in_examples_have_rows_of_equal_width() -> None:
    for example in of("csv"):
        rows = list(csv.reader(example.text.splitlines(), delimiter=";"))
        assert {len(row) for row in rows} == {len(rows[0])}, example


def test_the_pages_use_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, re.M))
    lines = [line for row in of("sh") for line in row.text.splitlines()]
    assert lines
    for line in lines:
        command = re.fullmatch(r"make (\w+)(?: .*)?", line)
        assert command and command[1] in targets, line


def test_every_setting_is_documented_with_its_default() -> None:
    rows = table_rows("operator.md")
    documented = {name for name in rows if name.startswith("IMONITOR_")}
    settings = {name: default for name, _, default, _ in Settings().table()}
    assert documented == set(settings)
    for name, default in settings.items():
        assert rows[name][1].strip("`") == (default or "empty"), name


def commands(group: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that is no group, with its full name."""
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, f"{path} {name}")
    else:
        yield path, group


def test_every_command_is_documented_with_its_options() -> None:
    rows = {name: " ".join(cells) for name, cells in table_rows("operator.md").items()}
    for name, command in commands(cli, "imonitor"):
        described = [text for first, text in rows.items() if f"{first} ".startswith(f"{name} ")]
        assert len(described) == 1, name
        options = [row.opts[-1] for row in command.params if isinstance(row, click.Option)]
        assert [row for row in options if f"`{row}`" not in described[0]] == [], name


def test_no_page_names_a_command_that_is_not_there() -> None:
    known = {name.split()[1] for name, _ in commands(cli, "imonitor")}
    for text in PAGES:
        used = re.findall(r"[`$] ?imonitor ([a-z-]+)", text.read_text(encoding="utf-8"))
        assert set(used) <= known, text.name


def test_every_source_is_documented_in_the_order_of_loading() -> None:
    rows = {name: cells for name, cells in table_rows("operator.md").items() if name in SOURCES}
    assert list(rows) == list(SOURCES)
    for name, cells in rows.items():
        assert ("bundled" in cells[1]) == SOURCES[name].bundled, name


def test_every_type_of_problem_is_documented_with_its_status() -> None:
    rows = table_rows("integrator.md")
    assert lock.Locked in all_problems()
    for problem in all_problems():
        assert problem.slug in rows, problem.slug
        assert rows[problem.slug][1] == str(problem.status), problem.slug


def test_every_stored_query_is_documented_with_its_parameters() -> None:
    rows = table_rows("integrator.md")
    for query in Library.load().area("api"):
        described = rows[query.name][2]
        for row in query.parameters:
            absent = "optional" if row.optional else "required"
            known = absent if row.default is None else str(row.default)
            shown = f"`{row.name}`" if row.name == "lang" else f"`{row.name}` ({known})"
            assert shown in described, query.name


@pytest.mark.slow
def test_every_public_graph_of_the_demo_is_documented(demo_home: Path) -> None:
    release = Release.current(demo_home)
    assert release is not None
    section = page("integrator.md").split("### Graphs")[1].split("\n## ")[0]
    assert {row.dataset for row in release.graphs.values() if row.dataset not in section} == set()


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    section = page("integrator.md").split("## Limits")[1]
    settings = Settings()
    for words in (
        f"{settings.query_timeout:g} s",
        f"{settings.query_memory:,} MiB",
        f"{settings.result_limit} MiB",
        f"{MAX_CHARACTERS:,} characters, brackets {MAX_DEPTH} deep",
        f"within {BODY_SECONDS:g} s",
        f"| {Limits().waiting} |",
    ):
        assert words in section, words


def test_the_map_of_the_code_is_whole() -> None:
    text = page("developer.md")
    rooms = [row for row in (ROOT / "service").iterdir() if (row / "__init__.py").exists()]
    assert rooms
    assert [row.name for row in rooms if f"`service/{row.name}`" not in text] == []
    shapes = [row.stem for row in (ROOT / "shapes").glob("*.ttl")]
    assert [name for name in shapes if name not in table_rows("developer.md")] == []
    files = re.findall(r"`(test_\w+\.py)`", text)
    assert [name for name in files if not (ROOT / "tests" / name).exists()] == []


def test_the_changelog_has_the_version_and_the_three_headings() -> None:
    text = page("CHANGELOG.md")
    latest = text.split("\n## ")[1]
    assert latest.startswith(f"[Unreleased] {service.__version__}")
    assert re.findall(r"^### (\w+)$", latest, re.M) == ["Service", "Ontology", "Shapes"]


def test_links_between_pages_lead_somewhere() -> None:
    for text in PAGES:
        for target, anchor in _LINK.findall(text.read_text(encoding="utf-8")):
            path = (text.parent / target) if target else text
            assert path.exists(), f"{text.name}: {target}"
            if anchor:
                titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
                slugs = {re.sub(r"[^\w\- ]", "", row).lower().replace(" ", "-") for row in titles}
                assert anchor[1:] in slugs, f"{text.name}: {anchor}"


def test_no_page_names_a_path_of_a_machine() -> None:
    for text in PAGES:
        found = re.findall(r"(?<![\w.}])/(?:home|root|work|Users)/", text.read_text("utf-8"))
        assert found == [], text.name
