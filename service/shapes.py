"""Validation against the shapes of ``shapes/*.ttl`` (SHACL core and SHACL-SPARQL).

A `ShapeSet` is compiled once and used often; it is immutable. The engine is the PyPI package
``shacl``; the tests compare it with pySHACL, the reference, on every shape and case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import shacl
from pyoxigraph import Literal, RdfFormat, parse

from service import data_dir
from service.terms import text
from service.vocab import expand

_MESSAGE = expand("sh:message")
_STEP = re.compile(r"(\^?)(<[^>]*>)")


@dataclass(frozen=True, order=True)
class Result:
    """One validation result (SHACL §3.6.2).

    ``focus``, ``shape``, ``path`` and ``value`` are IRIs, labels of blank nodes or lexical forms,
    blank where there is none; a path of several steps is in the notation of SPARQL 1.1 §9.1.
    ``component`` and ``severity`` are local names
    ("MinCountConstraintComponent", "Violation"). ``value_term`` is the value as N-Triples term.
    """

    focus: str
    shape: str
    path: str
    value: str
    component: str
    severity: str
    message_nl: str
    message_en: str
    value_term: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the result for JSON."""
        return {
            "focus": self.focus,
            "path": self.path or None,
            "value": self.value or None,
            "component": self.component,
            "severity": self.severity,
            "shape": self.shape,
            "message": {"nl": self.message_nl, "en": self.message_en},
        }

    def as_turtle(self) -> str:
        """Return the result as a Turtle blank node property list."""
        facts = [
            "a sh:ValidationResult",
            f"sh:focusNode {_node(self.focus)}",
            f"sh:sourceShape {_node(self.shape)}",
            f"sh:sourceConstraintComponent sh:{self.component}",
            f"sh:resultSeverity sh:{self.severity}",
        ]
        if self.path:
            facts.append(f"sh:resultPath {_path(self.path)}")
        if self.value_term:
            facts.append(f"sh:value {self.value_term}")
        for words, lang in ((self.message_nl, "nl"), (self.message_en, "en")):
            if words:
                facts.append(f"sh:resultMessage {text(words, lang)}")
        return "[\n    " + " ;\n    ".join(facts) + "\n  ]"


@dataclass(frozen=True)
class Report:
    """The outcome of a validation: it conforms when nothing of severity Violation was found.

    ``truncated`` tells that the run stopped at the maximum number of violations.
    """

    results: tuple[Result, ...]
    truncated: bool = False

    @property
    def conforms(self) -> bool:
        """Whether there is no violation; warnings and remarks do not block."""
        return not any(row.severity == "Violation" for row in self.results)

    def as_dict(self) -> dict[str, object]:
        """Return the report for JSON."""
        return {
            "conforms": self.conforms,
            "truncated": self.truncated,
            "results": [row.as_dict() for row in self.results],
        }

    def as_turtle(self) -> str:
        """Return the report as ``sh:ValidationReport``, in a fixed order."""
        facts = f"[] a sh:ValidationReport ;\n  sh:conforms {str(self.conforms).lower()}"
        if self.results:
            facts += " ;\n  sh:result " + " ,\n  ".join(row.as_turtle() for row in self.results)
        return f"@prefix sh: <{expand('sh:')}> .\n\n{facts} .\n"


class ShapeSet:
    """Shapes compiled from some of the files in ``shapes/``."""

    def __init__(self, turtle: str) -> None:
        """Compile shapes from Turtle.

        Raises:
            ValueError: the Turtle, or a SPARQL constraint in it, does not parse, or has no shape.
        """
        self._shapes = shacl.Shapes.from_turtle(turtle)
        if not len(self._shapes):
            raise ValueError("no shapes to validate with")
        self._messages = _messages(turtle)

    @classmethod
    def load(cls, names: Iterable[str]) -> ShapeSet:
        """Compile the files of these names (``organisations``, ``response``, …) together.

        Raises:
            FileNotFoundError: there is no such file.
        """
        files = [data_dir("shapes") / f"{name}.ttl" for name in names]
        files.append(data_dir("ontology") / "prefixes.ttl")
        return cls("\n".join(path.read_text("utf-8") for path in files))

    def __len__(self) -> int:
        """Return the number of shapes."""
        return len(self._shapes)

    def validate(self, ntriples: bytes, max_results: int | None = None) -> Report:
        """Validate a data graph given as N-Triples.

        ``max_results`` stops the run at that many violations, for a document of which nobody will
        read more; without it, every violation is found.

        Raises:
            ValueError: the data are no N-Triples in UTF-8.
        """
        report = self._shapes.validate_text(
            ntriples.decode("utf-8"),
            format="ntriples",
            max_results=max_results,
            allow_warnings=True,  # else warnings would use up the maximum and hide violations
        )
        results = tuple(sorted(self._result(row) for row in report.results))
        blocking = sum(row.severity == "Violation" for row in results)
        return Report(results, max_results is not None and blocking >= max_results)

    def _result(self, row: shacl.Result) -> Result:
        shape = _plain(row.source_shape or "")
        dutch, english = self._messages.get(shape, ("", ""))
        return Result(
            focus=_plain(row.focus_node),
            shape=shape,
            path=_plain(row.path or ""),
            value=row.value_plain or "",
            component=row.component,
            severity=row.severity,
            message_nl=dutch,
            message_en=english,
            value_term=row.value or "",
        )


def _messages(turtle: str) -> Mapping[str, tuple[str, str]]:
    """Return the Dutch and English message of each shape that has one."""
    found: dict[str, dict[str, str]] = {}
    for row in parse(turtle.encode(), format=RdfFormat.TURTLE):
        if row.predicate.value == _MESSAGE and isinstance(row.object, Literal):
            found.setdefault(_plain(str(row.subject)), {})[row.object.language or ""] = (
                row.object.value
            )
    return {shape: (words.get("nl", ""), words.get("en", "")) for shape, words in found.items()}


def _plain(term: str) -> str:
    """Return an IRI without its angle brackets; a blank node label stays as it is."""
    return term[1:-1] if term.startswith("<") else term


def _node(plain: str) -> str:
    return plain if plain.startswith("_:") else f"<{plain}>"


def _path(path: str) -> str:
    """Return a path as Turtle (SHACL §2.3.1): an IRI, or steps, a choice, a way back of IRIs."""
    steps = _STEP.findall(path)
    if not steps:
        return _node(path)
    ends = [f"[ sh:inversePath {step} ]" if back else step for back, step in steps]
    if len(ends) == 1:
        return ends[0]
    listed = f"( {' '.join(ends)} )"
    return f"[ sh:alternativePath {listed} ]" if "|" in _STEP.sub("", path) else listed
