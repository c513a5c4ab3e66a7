"""Drawings of the model, one a topic: SVG that is made from the shapes (``tests/diagrams.py``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from service import data_dir
from service.problems import NotFound

_TITLE = re.compile(r"<title>.*?</title>", re.S)


@lru_cache(maxsize=1)
def diagrams() -> Mapping[str, str]:
    """Return the drawings as SVG by topic."""
    folder = data_dir("ontology") / "diagrams"
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.svg"))}


def diagram(topic: str) -> str:
    """Return one drawing as SVG.

    Raises:
        NotFound: there is no drawing of this topic.
    """
    try:
        return diagrams()[topic]
    except KeyError:
        raise NotFound(f"there is no diagram of {topic!r}") from None


@dataclass(frozen=True)
class Diagram:
    """A drawing on a page: ``svg`` has its title in the language of the page."""

    stem: str
    name: str
    svg: str

    @classmethod
    def of(cls, topic: str, name: str, lang: str) -> Diagram:
        """Return the drawing of a topic with a title and a description in a language."""
        title = f"Diagram: {name}"
        words = (
            "Klassen als kaders met hun eigenschappen; pijlen zijn eigenschappen van klasse naar "
            "klasse, met open punt van klasse naar bovenklasse. De tabellen zeggen hetzelfde.",
            "Classes as boxes with their properties; arrows are properties from class to class, "
            "with an open head from class to superclass. The tables say the same.",
        )[lang == "en"]
        told = f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
        return cls(topic, name, _TITLE.sub(lambda _: told, diagram(topic), count=1))
