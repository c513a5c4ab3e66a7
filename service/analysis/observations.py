"""Observations as N-Triples, written fast: a wave has tens of thousands of them.

The part of a line after its subject (the tail) is the same for many observations: of all of a body,
a theme, a rank. Tails are made once, and an observation is one join of tails by its subject.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from service import terms
from service.analysis.given import ONE, PLACES, AnalysisInput

STATUS_A = "sdmx-code:obsStatus-A"


@lru_cache(maxsize=65536)
def tail(predicate: str, term: str) -> str:
    """Return what follows the subject on a line; ``term`` is made by `service.terms`."""
    return f" {terms.ref(predicate)} {term} .\n"


@lru_cache(maxsize=65536)
def link(predicate: str, name: str) -> str:
    """Return the tail of a link to an IRI or CURIE."""
    return tail(predicate, terms.ref(name))


@lru_cache(maxsize=65536)
def number(predicate: str, value: int) -> str:
    """Return the tail of a whole number."""
    return tail(predicate, terms.integer(value))


@lru_cache(maxsize=65536)
def figure(predicate: str, value: int) -> str:
    """Return the tail of a decimal, given in millionths."""
    return tail(predicate, terms.decimal(text_of(value)))


def text_of(value: int) -> str:
    """Return a figure in millionths as text: 62,500,000 is "62.5"."""
    whole, part = divmod(abs(value), ONE)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:0{PLACES}d}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Cube:
    """Where observations of one cube, wave and scheme go.

    ``status`` adds the status A where the cube has one. ``run`` is what its observations come from;
    without one it is the run of all of the wave (`of`).
    """

    given: AnalysisInput
    name: str
    scheme: str
    version: str
    status: bool = True
    run: str = ""

    def of(self, *inputs: object) -> Cube:
        """Return the same cube for observations that follow from these inputs only.

        A change elsewhere then leaves them as they are, and their run too.
        """
        return replace(self, run=self.given.run_of(self.scheme, inputs))

    @cached_property
    def _constant(self) -> tuple[str, ...]:
        shared = (
            link("rdf:type", "qb:Observation"),
            link("qb:dataSet", self.given.dataset(self.name)),
            link("imon:wave", self.given.wave),
            link("imon:scheme", self.scheme),
            link("prov:wasGeneratedBy", self.run or self.given.run),
        )
        return (*shared, link("sdmx-attribute:obsStatus", STATUS_A)) if self.status else shared

    @cached_property
    def _start(self) -> str:
        return terms.ref(f"{self.given.root}observatie/{self.name}/{self.given.year}/")[:-1]

    def observation(self, path: str, tails: Iterable[str]) -> str:
        """Return the lines of the observation at ``path``, in order.

        Args:
            path: notations and KBO numbers of all its dimensions but wave and scheme; they need no
                escaping.
            tails: its values.
        """
        subject = f"{self._start}{path}/{self.version}>"
        return subject.join(("", *sorted((*self._constant, *tails))))


def graph_of(made: list[str]) -> bytes:
    """Return observations as N-Triples, in order: the graph is then sorted in one pass."""
    return "".join(sorted(made)).encode()


def last(iri: str) -> str:
    """Return the last step of an IRI: the notation of a theme, the name of a group."""
    return iri.rpartition("/")[2]
