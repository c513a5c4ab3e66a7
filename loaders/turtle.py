"""Turtle and N-Triples from others, read as a stream and without trust.

What comes out are triples of absolute http(s), mailto or urn IRIs and literals. A blank node, a
relative IRI, a ``javascript:``, ``data:`` or ``file:`` IRI, a triple term or text that is not UTF-8
never comes out; each becomes a finding with line and column. Blank nodes are refused and not
skolemised, since they have no identity from one release to the next (semantics.md "Digests").
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from loaders import Finding
from loaders.facts_messages import finding
from loaders.findings import Place
from service.vocab import iri

MAX_LINE = 1 << 20  # bytes; published dumps have a few kB, and one line must fit in memory
MAX_FINDINGS = 50  # of one file: after that the file is not worth reading on
_BOM = b"\xef\xbb\xbf"
_POSITION = re.compile(
    r"^Parser error (?:at line [0-9]+ (?:column [0-9]+|between columns [0-9]+ and [0-9]+)"
    r"|between line [0-9]+ column [0-9]+ and line [0-9]+ column [0-9]+): "
)
_FORMATS = {".ttl": RdfFormat.TURTLE, ".nt": RdfFormat.N_TRIPLES}

Resource: TypeAlias = NamedNode | Literal


@dataclass(frozen=True, slots=True)
class Statement:
    """One triple of checked terms."""

    subject: NamedNode
    predicate: NamedNode
    object: Resource


@dataclass
class Document:
    """One file; iterate it once for its statements, then look at ``findings``.

    ``base`` is what relative IRIs are resolved against; None refuses them. A byte order mark at the
    start is skipped, although Turtle has no place for one: editors on Windows write it.
    """

    data: bytes | Path
    file: str
    base: str | None = None
    format: RdfFormat = RdfFormat.TURTLE
    findings: list[Finding] = field(default_factory=list)
    count: int = 0

    @classmethod
    def at(cls, path: Path, base: str | None = None) -> Document:
        """Return the document in a file; its suffix says Turtle (.ttl) or N-Triples (.nt)."""
        return cls(path, path.name, base, _FORMATS.get(path.suffix.lower(), RdfFormat.TURTLE))

    def __iter__(self) -> Iterator[Statement]:
        if not self._is_text():
            return
        with self._open() as stream:
            if stream.read(len(_BOM)) != _BOM:
                stream.seek(0)
            try:
                for quad in parse(stream, format=self.format, base_iri=self.base):
                    self.count += 1
                    if statement := self._checked(quad.subject, quad.predicate, quad.object):
                        yield statement
                    elif len(self.findings) >= MAX_FINDINGS:
                        self._find("rdf-too-many", limit=MAX_FINDINGS)
                        return
            except SyntaxError as error:
                self._syntax(error)

    @property
    def refused(self) -> bool:
        """Whether something in the document is a violation."""
        return any(found.severity == "violation" for found in self.findings)

    def _open(self) -> BinaryIO:
        return self.data.open("rb") if isinstance(self.data, Path) else io.BytesIO(self.data)

    def _is_text(self) -> bool:
        """Check that every line is UTF-8 and of a bounded length, so that the parser may see it."""
        number = 0
        with self._open() as stream:
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    self._find("rdf-line-too-long", line=number, limit=MAX_LINE)
                    return False
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    column = len(line[: error.start].decode()) + 1
                    self._find("rdf-not-utf8", line=number, column=column)
                    return False
        return True

    def _syntax(self, error: SyntaxError) -> None:
        reason = _POSITION.sub("", str(error.msg or error))
        code = "rdf-relative" if "No scheme found" in reason else "rdf-syntax"
        self._find(code, line=error.lineno, column=error.offset, reason=reason)

    def _checked(self, *terms: object) -> Statement | None:
        """Return the triple, or None where a term is refused; the finding is kept."""
        subject, predicate, value = terms
        for term in terms:
            if isinstance(term, BlankNode):
                self._refuse("rdf-blank-node", terms)
                return None
            if isinstance(term, NamedNode) and not _is_allowed(term.value):
                self._refuse("rdf-iri", terms, term.value)
                return None
        if (
            isinstance(subject, NamedNode)
            and isinstance(predicate, NamedNode)
            and isinstance(value, NamedNode | Literal)
        ):
            return Statement(subject, predicate, value)
        self._refuse("rdf-triple-term", terms)
        return None

    def _refuse(self, code: str, terms: Sequence[object], text: str | None = None) -> None:
        """Tell that a triple is refused; the parser does not say where, so the file is searched."""
        named = [term.value for term in terms if isinstance(term, NamedNode)]
        line, column = self._locate(text or (named[0] if named else ""))
        near = next((name for name in named if name != text), "")
        self._find(code, line=line, column=column, value=text, near=near)

    def _locate(self, text: str) -> tuple[int | None, int | None]:
        """Return where an IRI is first written, in full, relative or with a prefix."""
        relative = text.removeprefix(self.base) if self.base else text
        local = re.split("[/#:]", text)[-1]
        for wanted in (f"<{text}>", f"<{relative}>", f":{local}"):
            with self._open() as stream:
                for number, line in enumerate(stream, 1):
                    if len(wanted) > 1 and (column := line.decode().find(wanted)) >= 0:
                        return number, column + 1
        return None, None

    def _find(
        self,
        code: str,
        line: int | None = None,
        column: int | None = None,
        value: str | None = None,
        **words: object,
    ) -> None:
        where = None if column is None else str(column)
        self.findings.append(finding(code, Place(self.file, line, where, value), **words))


def _is_allowed(text: str) -> bool:
    try:
        iri(text)
    except ValueError:
        return False
    return True
