"""What a publish costs beside ``bulk_load`` of the same triples; what a correction costs."""

from __future__ import annotations

import csv
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pyoxigraph import RdfFormat, Store

from loaders.pipeline import current_reference
from loaders.synthetic import generate
from loaders.waves import wave_table
from service.release import lines
from service.release.archive import Archive
from service.release.manifest import Release
from service.release.validation import wave_shapes
from service.release.wave import WaveBuilder
from service.settings import Settings
from tests.home import load, load_bundled, publish, settings_for

_ABOUT_A_MILLION = 6  # waves
_FIRST_YEAR = 2001


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds (all threads) that a piece of work takes."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


@contextmanager
def waves_home(count: int) -> Iterator[Settings]:
    """Yield a home with ``count`` synthetic waves of the frame of 2016, accepted."""
    with tempfile.TemporaryDirectory(prefix="imonitor-bench-") as folder:
        settings = settings_for(Path(folder) / "home")
        load_bundled(settings)
        years = range(_FIRST_YEAR, _FIRST_YEAR + count)
        table = Path(folder) / "golven.csv"
        table.write_text(wave_table(years, date(2016, 6, 1)), encoding="utf-8")
        assert load(settings, "waves", table)[0].accepted
        for year in years:
            reference = current_reference(Archive(settings.archive), settings.base)
            answers = Path(folder) / f"antwoorden-synthetisch-{year}.csv"
            generate(year, 1, reference, answers)
            assert load(settings, "answers", answers)[0].refused == 0
        wave_shapes()  # compiled once in a service's life
        yield settings


def throughput() -> None:
    """Print triples per CPU second of a full publish beside bulk load of the same triples."""
    with waves_home(_ABOUT_A_MILLION) as settings:
        spent = cpu(lambda: publish(settings))
        release = Release.current(settings.home)
        assert release is not None
        rows = [
            line
            for entry in release.all_graphs.values()
            for line in lines.read(release.lines_file(entry))
        ]
        data = b"".join(rows)
        target = settings.home.parent / "peer"
        peer = cpu(lambda: Store(str(target)).bulk_load(data, format=RdfFormat.N_QUADS))
        for name, seconds in (("publish (all of it)", spent), ("bulk_load to disk", peer)):
            rate = len(rows) / seconds
            print(f"{name:<22}{rate:>10,.0f} triples/CPU-s ({seconds:.1f} s)")
        print(f"triples of the full store: {len(rows):,}; ratio {peer / spent:.2f} (aim: 0.40)")


def corrections() -> None:
    """Print what one corrected response costs relative to the full publish, at 3 and 30 waves."""
    for count, aim in ((3, 10), (30, 2)):
        with waves_home(count) as settings:
            full = cpu(lambda: publish(settings))
            _correct_one(settings)
            wave_level = _WaveLevel()
            whole = cpu(lambda: publish(settings))
            wave_level.stop()
            unit = whole - wave_level.spent
            release = Release.current(settings.home)
            assert release is not None
            changed = sum(row["added"] for row in release.manifest["changes"].values())
            print(f"{count} waves: full publish {full:.2f} CPU-s")
            share = f"{unit:.2f} CPU-s = {100 * unit / full:.1f} % (aim: below {aim} %)"
            print(f"  one corrected response {share}")
            print(f"  with wave-level jobs {whole:.2f} = {100 * whole / full:.1f} %")
            print(f"  {changed} open triples added")


class _WaveLevel:
    """Measures the wave-level jobs (positions, statistics, robustness) within a publish."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._original = WaveBuilder._put_wave_level
        original = self._original

        def timed(builder: WaveBuilder, step: object) -> None:
            started = time.process_time()
            original(builder, step)  # type: ignore[arg-type]
            self.spent += time.process_time() - started

        WaveBuilder._put_wave_level = timed  # type: ignore[method-assign,assignment]

    def stop(self) -> None:
        WaveBuilder._put_wave_level = self._original  # type: ignore[method-assign]


def _correct_one(settings: Settings) -> None:
    """Load the first response of the first wave again, with one other answer."""
    folder = settings.home.parent
    source = folder / f"antwoorden-synthetisch-{_FIRST_YEAR}.csv"
    with source.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, delimiter=";")
        columns = list(reader.fieldnames or ())
        rows = [row for row in reader if row["vraag"]]
    first = rows[0]["respons"]
    own = [dict(row) for row in rows if row["respons"] == first]
    for row in own:
        row.update(respons=f"{first}-bis", vervangt=first)
        if row["vraag"] == "AB1":
            row["antwoord"] = "5" if row["antwoord"] != "5" else "0"
    target = folder / "correctie.csv"
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, delimiter=";")
        writer.writeheader()
        writer.writerows(own)
    report = load(settings, "answers", target)[0]
    assert report.accepted == 1, report.findings
