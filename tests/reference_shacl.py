"""Validation by pySHACL, the reference engine, in the form that `service.shapes` gives."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import pyshacl
from rdflib import Graph
from rdflib.namespace import SH
from rdflib.term import Node

from service import data_dir

Found = tuple[str, str, str, str, str, str]


def reference_validate(names: Iterable[str], ntriples: bytes) -> set[Found]:
    """Return (focus, path, value, component, severity, shape) of each result of the reference."""
    shapes = Graph()
    files = [*(data_dir("shapes") / f"{name}.ttl" for name in names)]
    for path in (*files, data_dir("ontology") / "prefixes.ttl"):
        shapes.parse(path, format="turtle")
    data = Graph().parse(data=ntriples, format="nt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pySHACL and rdflib among themselves
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False)
    return set(_results(report))


def _results(report: Graph) -> Iterator[Found]:
    for result in report.objects(None, SH.result):
        yield (
            _text(report.value(result, SH.focusNode)),
            _text(report.value(result, SH.resultPath)),
            _text(report.value(result, SH.value)),
            _text(report.value(result, SH.sourceConstraintComponent)).rpartition("#")[2],
            _text(report.value(result, SH.resultSeverity)).rpartition("#")[2],
            _text(report.value(result, SH.sourceShape)),
        )


def _text(node: Node | None) -> str:
    return "" if node is None else str(node)
