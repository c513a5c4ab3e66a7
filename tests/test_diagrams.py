"""The diagrams of the model: drawn from the shapes of now, and fit for every reader."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from service.web.model import Model
from tests.diagrams import FOLDER, LARGEST, digest, dot_of, draw, read_model, topics

DRAWINGS = sorted(FOLDER.glob("*.svg"))


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model()


def test_every_topic_is_drawn_and_nothing_else() -> None:
    assert [path.stem for path in DRAWINGS] == sorted(topics())


@pytest.mark.parametrize("topic", topics())
def test_a_diagram_is_drawn_from_the_shapes_of_now(model: Model, topic: str) -> None:
    held = ElementTree.parse(FOLDER / f"{topic}.svg").getroot().get("data-dot-sha256")
    now = digest(dot_of(model, topic))
    assert held == now, "stale: python -m tests.diagrams"


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_diagram_is_small_and_takes_the_colours_of_the_page(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.encode()) < LARGEST
    root = ElementTree.fromstring(text)
    assert root.find("{*}title") is not None
    for element in root.iter():
        assert not {"style", "class", "id"} & set(element.attrib)
        assert element.tag.rpartition("}")[2] not in ("style", "script")
    assert set(re.findall(r' (?:fill|stroke)="([^"]*)"', text)) <= {"none", "currentColor"}


@pytest.mark.skipif(not shutil.which("dot"), reason="needs dot: apt-get install graphviz")
@pytest.mark.parametrize("topic", topics())
def test_a_diagram_can_be_drawn_again(model: Model, topic: str) -> None:
    drawn, held = draw(dot_of(model, topic)), (FOLDER / f"{topic}.svg").read_text("utf-8")
    assert _words(drawn) == _words(held)


def _words(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return sorted(element.text or "" for element in root.iter("{*}text"))


def test_a_diagram_shows_classes_properties_arrows_and_superclasses(model: Model) -> None:
    dot = dot_of(model, "tracks")
    for text in (
        "<B>imon:Track</B>",
        "⊂ prov:Activity",
        "adms:status [1..1]",
        '"imon:Track" -> "imon:Partner" [label="imon:partner [1..1]"]',
        'HREF="/ns/Track"',
    ):
        assert text in dot
