"""The page on our own terms and why they are ours: its tables are made from the vocabulary itself.

``python -m tests.own_terms`` renews the tables of ``docs/own-terms.md``; a test fails when one is
stale. A table stands between the marks ``<!-- terms NAME -->`` and ``<!-- end -->``, where NAME is
a file of ``ontology/terms``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rdflib import OWL, RDF, RDFS, SKOS, Graph
from rdflib.term import Node

from service.vocab import IMON

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "own-terms.md"
FOLDER = ROOT / "ontology" / "terms"
_MARKED = re.compile(r"(<!-- terms (\w+) -->\n).*?(<!-- end -->\n)", re.S)
_KINDS = (
    (RDFS.Class, "class"),
    (OWL.ObjectProperty, "link"),
    (OWL.DatatypeProperty, "value"),
    (RDF.Property, "link or value"),
)


def topics(page: str) -> list[str]:
    """Return the names of the tables of a page, in order."""
    return [name for _, name, _ in _MARKED.findall(page)]


def renewed(page: str) -> str:
    """Return a page with its tables made anew.

    Raises:
        OSError: a mark names no file of ``ontology/terms``.
    """
    return _MARKED.sub(lambda found: f"{found[1]}{_table(found[2])}{found[3]}", page)


def _table(name: str) -> str:
    """Return heading and table of one file; its first comment is the heading."""
    text = (FOLDER / f"{name}.ttl").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").removesuffix(".")
    rows = _rows(Graph().parse(data=text, format="turtle"))
    lines = ["| term | kind | what | why our own |", "|---|---|---|---|", *rows]
    return "\n".join(["", f"## {title}", "", *lines, "", ""])


def _rows(graph: Graph) -> Iterator[str]:
    """Yield a row a term: classes first, then by name."""
    terms = set(graph.subjects(RDFS.isDefinedBy))
    for term in sorted(terms, key=lambda term: (_kind(graph, term) != "class", str(term).lower())):
        name = str(term).removeprefix(IMON)
        what = _english(graph.objects(term, SKOS.definition))
        why = _english(graph.objects(term, SKOS.scopeNote))
        yield f"| `{name}` | {_kind(graph, term)} | {what} | {why} |"


def _kind(graph: Graph, term: Node) -> str:
    return next(word for kind, word in _KINDS if (term, RDF.type, kind) in graph)


def _english(texts: Iterable[Node]) -> str:
    """Return the English text, fit for a cell of a table."""
    found = next(text for text in texts if getattr(text, "language", None) == "en")
    return str(found).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
