"""The public figures of the whole demo determine no security answer of any body of any wave."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from service.release import lines
from service.release.manifest import Release
from tests.disclosure import check_release

pytestmark = pytest.mark.slow


def test_no_security_answer_is_determined_by_the_demo_release(demo_home: Path) -> None:
    release = Release.current(demo_home)
    assert release is not None
    store = Store.read_only(str(release.public_store))
    banded = 0
    for entry in release.graphs.values():
        if entry.dataset == "theme-score":
            data = b"".join(lines.read(release.lines_file(entry)))
            banded += data.count(b"/weergave/band>")
    assert banded > 1000, "bodies of all three waves have a banded figure"
    assert check_release(store) == []


def test_the_same_test_finds_items_when_the_bands_are_off(demo_home: Path) -> None:
    release = Release.current(demo_home)
    assert release is not None
    store = Store()
    for entry in release.all_graphs.values():
        data = b"".join(lines.read(release.lines_file(entry)))
        if entry.dataset == "theme-score-exact":
            data = data.replace(b"/theme-score-exact/", b"/theme-score/")
            data = data.replace(b"/dataset/theme-score-exact>", b"/dataset/theme-score>")
        elif entry.access != "OPEN" or entry.dataset == "theme-score":
            continue
        store.bulk_load(data, format=RdfFormat.N_QUADS)
    assert len([row for row in check_release(store) if "determines" in row]) > 100
