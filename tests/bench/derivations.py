"""What all derivations and wave-level jobs cost, for 1 and 10 waves in which all 616 bodies answer.

Each publish runs in a process of its own, so that its peak of memory is its own; proof and
catalogue are left out. Every row of the answers table is an answer: those on products and on the
use of sources too.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import service.release.wave
from loaders.pipeline import current_reference
from loaders.reference import Reference
from loaders.waves import wave_table
from service.release.archive import Archive
from service.release.build import Builder
from service.release.derivation import Derivation, WaveInput
from service.release.runs import RunLog
from service.release.wave import WaveBuilder
from service.settings import Settings
from tests.home import load, load_bundled, publish, response, settings_for, write_answers

_DAY = date(2016, 6, 1)
_FIRST_YEAR = 2001
_AIMS = {"seconds a million answers": 25.0, "growth": 1.2, "peak, MB": 2000.0}
_MISSING = frozenset(("ZD", "GA", "GW", "RS", "NVT", "NB"))


def measurement() -> None:
    """Print CPU seconds a million answers, growth from 1 to 10 waves, and peak memory."""
    found = {}
    for count in (1, 10):
        with tempfile.TemporaryDirectory(prefix="imonitor-bench-") as folder:
            home = Path(folder) / "home"
            bodies, answers = _accept(home, count)
            command = [sys.executable, "-m", "tests.bench.derivations", str(home)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        found[count] = {**row, "bodies": bodies, "answers": answers}
        _print(count, found[count])
    one, ten = (found[count]["seconds"] / found[count]["answers"] for count in (1, 10))
    figures = {
        "seconds a million answers": ten * 10**6,
        "growth": ten / one,
        "peak, MB": found[10]["peak"],
    }
    for name, figure in figures.items():
        print(f"{name:<28}{figure:>8.1f}  (aim: below {_AIMS[name]:g})")


def _print(count: int, row: dict[str, Any]) -> None:
    size = f"{row['bodies']} bodies, {row['answers']:,} answers in all"
    print(f"{count} waves of {size}: {row['seconds']:.2f} CPU-s, peak {row['peak']:.0f} MB")
    for name, seconds in sorted(row["steps"].items(), key=lambda pair: -pair[1])[:10]:
        print(f"  {name:<22}{seconds:>8.2f} CPU-s")


def _accept(home: Path, count: int) -> tuple[int, int]:
    """Accept ``count`` full waves; return the bodies of each and the answers of all."""
    settings = settings_for(home)
    load_bundled(settings)
    years = range(_FIRST_YEAR, _FIRST_YEAR + count)
    table = home.parent / "golven.csv"
    table.write_text(wave_table(years, _DAY), encoding="utf-8")
    assert load(settings, "waves", table)[0].accepted
    bodies = answers = 0
    for year in years:
        reference = current_reference(Archive(settings.archive), settings.base)
        rows = list(_full_wave(reference, year))
        report = load(settings, "answers", write_answers(home.parent / f"{year}.csv", rows))[0]
        assert report.refused == 0, report.findings[:3]
        bodies, answers = report.accepted, answers + len(rows)
    return bodies, answers


def _full_wave(reference: Reference, year: int) -> Iterator[dict[str, str]]:
    """Yield the rows of a wave in which every body answers every question of its own."""
    rng = random.Random(year)
    for body in sorted(reference.bodies.values(), key=lambda row: row.kbo):
        if not body.on(_DAY):
            continue
        kind = {"gemeente": "B", "ocmw": "C"}[body.classification]
        answers = {
            code: rng.choice(sorted(question.options - _MISSING))
            for code, question in sorted(reference.questions.items())
            if kind in question.applies and question.options - _MISSING
        }
        name = f"R{body.kbo}"
        yield from response(name, kind, [body.kbo], answers, wave=f"synthetisch/{year}")


def _timed_publish(settings: Settings) -> dict[str, float]:
    """Publish without proof and catalogue; return the CPU seconds of each derivation."""
    spent: dict[str, float] = defaultdict(float)
    original = service.release.wave.derive

    def timed(step: Derivation, given: WaveInput, runs: RunLog | None = None) -> list[bytes]:
        started = time.process_time()
        made = original(step, given, runs)
        spent[step.name] += time.process_time() - started
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.release.wave, "derive", timed)
        patch.setattr(WaveBuilder, "_prove", lambda *_, **__: None)
        patch.setattr(Builder, "_catalogue", lambda _: None)
        publish(settings)
    return dict(spent)


def _measure(home: Path) -> dict[str, Any]:
    """Publish a home; return what its derivations took, and the peak memory of this process."""
    spent = _timed_publish(settings_for(home))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": sum(spent.values()), "steps": spent, "peak": peak}


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]))))
