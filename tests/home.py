"""A data folder for a test: bundled sources loaded once, then copied for each test."""

from __future__ import annotations

import csv
import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import Store

from loaders.pipeline import Acceptance, accept, current_reference
from loaders.response import COLUMNS
from loaders.sources import BUNDLED
from loaders.synthetic import generate
from service.queries import Library
from service.release.archive import Archive
from service.release.manifest import Release
from service.release.publish import Publisher
from service.settings import Settings
from service.store.rows import select

BASE = "http://localhost:8000/"
HEADER = [column.name for column in COLUMNS if not column.personal]
PERSONAL = [column.name for column in COLUMNS if column.personal]


def settings_for(home: Path, base: str = BASE) -> Settings:
    """Settings of a data folder."""
    return Settings(home=home, base=base)


def load(settings: Settings, source: str, *paths: Path) -> list[Acceptance]:
    """Accept files of a source."""
    return list(accept(source, paths, settings))


def load_bundled(settings: Settings) -> None:
    """Accept all bundled sources; none may be refused."""
    for source in BUNDLED:
        for report in load(settings, source):
            assert not report.refused, report.findings[:5]


def write_answers(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write rows of the answers table; columns that no row has are left out."""
    columns = HEADER + [name for name in PERSONAL if any(name in row for row in rows)]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="", delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def response(
    reference: str,
    kind: str,
    bodies: Sequence[str],
    answers: Mapping[str, str],
    wave: str = "synthetisch/2016",
    **more: str,
) -> list[dict[str, str]]:
    """Return the rows of one response."""
    head = {
        "respons": reference,
        "golf": wave,
        "vragenlijst": kind,
        "bestuur": bodies[0],
        "bestuur_2": bodies[1] if len(bodies) > 1 else "",
        "ingediend": "2016-03-01",
        **more,
    }
    return [{**head, "vraag": question, "antwoord": code} for question, code in answers.items()]


def full_answers(settings: Settings, kind: str, choice: int = 0) -> dict[str, str]:
    """Return an answer to every question of a questionnaire: the n-th option in order of code."""
    reference = current_reference(Archive(settings.archive), settings.base)
    missing = {"ZD", "GA", "GW", "RS", "NVT", "NB"}
    found = {}
    for code, question in sorted(reference.questions.items()):
        options = sorted(question.options - missing)
        if kind in question.applies and options:
            found[code] = options[choice % len(options)]
    return found


def gemeenten(settings: Settings, count: int, year: str = "2016") -> list[str]:
    """Return the KBO numbers of some gemeenten of a wave."""
    reference = current_reference(Archive(settings.archive), settings.base)
    day = reference.waves[f"synthetisch/{year}"].reference_date
    bodies = [row for row in reference.bodies.values() if row.classification == "gemeente"]
    return sorted(row.kbo for row in bodies if row.on(day))[:count]


def publish(settings: Settings) -> Release:
    """Make a release."""
    return Publisher(settings).publish()


def rows(path: Path, query: str, **values: object) -> list[dict[str, str]]:
    """Run a stored query on a store on disk, over the union of its graphs."""
    text = Library.load()[query].bind(**values)
    return list(select(Store.read_only(str(path)), text, union=True))


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Hold a lock over workers of one test run; say whether ``folder`` is still to be made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield not folder.exists()


def copy_home(source: Path, target: Path) -> Settings:
    """Copy a data folder and return settings for the copy."""
    shutil.copytree(source, target, symlinks=True)
    return settings_for(target)


def make_demo(home: Path, years: Sequence[int] = (2016, 2020, 2025)) -> None:
    """Make a home with synthetic waves, published, in one go."""
    making = settings_for(home.with_name(home.name + ".making"))
    load_bundled(making)
    for year in years:
        reference = current_reference(Archive(making.archive), making.base)
        table = making.home / f"antwoorden-synthetisch-{year}.csv"
        generate(year, 1, reference, table)
        assert not any(report.refused for report in load(making, "answers", table))
    publish(making)
    making.home.rename(home)
