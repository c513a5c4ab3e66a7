"""Draw the diagrams of the model: ``python -m tests.diagrams`` (needs Graphviz' ``dot``).

What is drawn is asked by stored queries (``queries/model/diagram*.rq``) from the shapes, and put in
a template. The SVG holds the digest of the text that it was drawn from, so that a test without
``dot`` can tell whether it is stale. Colours are the reader's: everything is ``currentColor``.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.settings import Settings
from service.store.memory import in_memory
from service.vocab import curie
from service.web.model import Model, model_files
from service.web.site import Site

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "ontology" / "diagrams"
# Rules across topics, and rules on the model itself: they say nothing of how classes hang together.
NOT_DRAWN = {"codelists", "context", "recommended", "vocabulary"}
LARGEST = 60_000  # bytes of a drawing

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_SCALE = 1.15  # pixels a point: text of 14 pixels
_STACK = 3  # boxes on top of each other
_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass
class Box:
    """A class: ``lines`` are the properties that are not arrows."""

    curie: str
    link: str
    supers: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass
class Arrow:
    """From class to class: with properties as ``label``, or without one to a superclass."""

    source: str
    target: str
    label: list[str] = field(default_factory=list)


def topics() -> list[str]:
    """Return the topics that are drawn."""
    files = [name.removeprefix("shapes/") for name in model_files() if name.startswith("shapes/")]
    return [topic for topic in files if topic not in NOT_DRAWN]


def read_model() -> Model:
    """Return the model outside a service."""
    settings = Settings()
    return Model(Site(settings, in_memory({}, settings.base)), model_files())


def drawn_classes(model: Model) -> set[str]:
    """Return the classes that have a box with properties in the diagram of some topic."""
    return {
        str(row["class"])
        for topic in topics()
        for row in model.rows("diagram", file=model.graph(f"shapes/{topic}"))
    }


def dot_of(model: Model, topic: str) -> str:
    """Return the diagram of a topic in the language of Graphviz."""
    file = model.graph(f"shapes/{topic}")
    rows = model.rows("diagram", file=file)
    classes = dict.fromkeys(str(row["class"]) for row in rows)
    elsewhere = {str(row["value"]) for row in rows if "value" in row} & drawn_classes(model)
    boxes = {iri: Box(curie(iri), model.link(iri)) for iri in [*classes, *sorted(elsewhere)]}
    arrows: dict[tuple[str, str], Arrow] = {}
    for row in rows:
        source, value = str(row["class"]), str(row.get("value", ""))
        words = f"{curie(str(row['property']))} [{row.get('least', 0)}..{row.get('most', '*')}]"
        if value in boxes:
            ends = (curie(source), curie(value))
            arrows.setdefault(ends, Arrow(*ends)).label.append(words)
        else:
            boxes[source].lines.append(f"{words} {curie(value)}".strip())
    supers = model.rows("diagram-supers", file=file)
    inherited = [Arrow(*(curie(str(row[end])) for end in ("class", "super"))) for row in supers]
    drawn = {box.curie: box for box in boxes.values()}
    for arrow in inherited:
        if arrow.source in drawn and arrow.target not in drawn:
            drawn[arrow.source].supers.append(arrow.target)
    within = [row for row in inherited if row.source in drawn and row.target in drawn]
    environment = Environment(
        loader=FileSystemLoader(ROOT / "tests" / "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("diagram.dot").render(
        topic=topic,
        boxes=list(boxes.values()),
        arrows=[*arrows.values(), *within],
        stacked=_stacked(boxes.values(), [*arrows.values(), *within]),
    )


def _stacked(boxes: Iterable[Box], arrows: Iterable[Arrow]) -> list[tuple[str, str]]:
    """Return pairs of boxes without arrows that come below each other, so the row gets no wider."""
    joined = {end for arrow in arrows for end in (arrow.source, arrow.target)}
    alone = [box.curie for box in boxes if box.curie not in joined]
    return [pair for place, pair in enumerate(pairwise(alone), 1) if place % _STACK]


def digest(dot: str) -> str:
    """Return what tells that a drawing was made from this text."""
    return hashlib.sha256(dot.encode()).hexdigest()


def draw(dot: str) -> str:
    """Return the drawing, in the colours of whoever shows it.

    Raises:
        FileNotFoundError: there is no ``dot``.
    """
    done = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), capture_output=True, check=True)
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(done.stdout)
    width, height = (float(root.get(side, "0").removesuffix("pt")) for side in ("width", "height"))
    drawing = ElementTree.Element(
        f"{{{_SVG}}}svg",
        {
            "viewBox": root.get("viewBox", ""),
            "width": str(round(width * _SCALE)),
            "height": str(round(height * _SCALE)),
            "fill": "none",
            "stroke": "currentColor",
            "font-family": "Helvetica, Arial, sans-serif",
            "font-size": "12",
            "data-dot-sha256": digest(dot),
        },
    )
    title = ElementTree.SubElement(drawing, f"{{{_SVG}}}title")
    title.text = "Diagram"
    drawing.extend(_plain(child) for child in root)
    return ElementTree.tostring(drawing, encoding="unicode") + "\n"


def _plain(element: ElementTree.Element) -> ElementTree.Element:
    """Return a part of the drawing with nothing but its form."""
    kept = {
        name: _NUMBER.sub(lambda found: f"{float(found[0]):.4g}", value)
        for name, value in element.attrib.items()
        if name in ("d", "points", "x", "y", "transform", "text-anchor", "font-weight")
    }
    if element.tag == f"{{{_SVG}}}text":
        kept |= {"fill": "currentColor", "stroke": "none"}
    if _LINK in element.attrib:
        kept["href"] = element.attrib[_LINK]
    plain = ElementTree.Element(element.tag, kept)
    plain.text = element.text if element.tag == f"{{{_SVG}}}text" else None
    for child in element:
        if child.tag == f"{{{_SVG}}}title" or child.get("fill") == "transparent":
            continue
        plain.append(_plain(child))
    return plain


def main() -> None:
    """Draw what has changed."""
    model = read_model()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if path.stem not in topics():
            path.unlink()
    for topic in topics():
        path = FOLDER / f"{topic}.svg"
        path.write_text(draw(dot_of(model, topic)), "utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)} {path.stat().st_size}\n")


if __name__ == "__main__":
    main()
