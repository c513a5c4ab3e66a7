"""How each dataset is made, as data: graph ``{BASE}graph/afleidingen`` (OPEN).

A derive query or an analysis is a plan ``{BASE}id/afleiding/{name}`` (``imon:Derivation``): title,
text of the query or name of the program, digest of its rules, access level, order, what it reads
and which datasets of observations it fills. An observation leads to it by its dataset, and to its
run. The method is no secret, so plans of private figures stand here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service import terms
from service.analysis import ANALYSES
from service.queries import Library
from service.release.catalogue_tables import load
from service.release.derivation import Derivation, derivations
from service.release.lines import canonical_triples, to_quads
from service.release.names import GraphName

PLANS = "afleidingen"
_ALL_WAVES = "golven"  # how a derivation says that it reads the waves, and not its own only


@dataclass(frozen=True)
class Plans:
    """The plans of all derivations.

    ``datasets`` are the names of the datasets of observations, by IRI: (Dutch, English).
    """

    base: str
    library: Library
    datasets: Mapping[str, tuple[str, str]]

    def lines(self) -> list[bytes]:
        """Return the sorted N-Quads lines of the graph."""
        made = "".join(line for step in derivations(self.library) for line in self._plan(step))
        return to_quads(canonical_triples(made.encode()), GraphName(PLANS).iri(self.base))

    def _iri(self, name: str) -> str:
        return f"{self.base}id/afleiding/{name}"

    def _plan(self, step: Derivation) -> Iterator[str]:
        plan = self._iri(step.name)
        for kind in ("imon:Derivation", "prov:Plan"):
            yield terms.triple(plan, "rdf:type", terms.ref(kind))
        yield terms.triple(plan, "dct:identifier", terms.plain(step.name))
        yield terms.triple(plan, "imon:rulesDigest", terms.plain(step.rules))
        yield terms.triple(plan, "imon:accessLevel", terms.ref(f"imc:toegang/{step.access}"))
        yield terms.triple(plan, "imon:order", terms.integer(step.order))
        for name in step.reads:
            yield from self._read(plan, name)
        for dataset in self._filled(step):
            yield terms.triple(plan, "imon:fills", terms.ref(dataset))
        yield from self._method(plan, step)

    def _method(self, plan: str, step: Derivation) -> Iterator[str]:
        if step.query is not None:
            for lang in ("nl", "en"):
                title = step.query.head["summary"][lang].rstrip(".")
                yield terms.triple(plan, "dct:title", terms.text(title, lang))
            yield terms.triple(plan, "sh:construct", terms.plain(step.query.text))
            return
        names = self.datasets[f"{self.base}id/dataset/{step.name}"]
        for lang, title in zip(("nl", "en"), names, strict=True):
            yield terms.triple(plan, "dct:title", terms.text(title, lang))
        program = ANALYSES[step.name].run.__module__
        yield terms.triple(plan, "imon:program", terms.plain(program))

    def _read(self, plan: str, name: str) -> Iterator[str]:
        """Yield what is read: another derivation, or a dataset (catalogued if it is open)."""
        if name in {step.name for step in derivations(self.library)}:
            yield terms.triple(plan, "dct:requires", terms.ref(self._iri(name)))
            return
        row = load().datasets.get("golf" if name == _ALL_WAVES else name)
        dataset = (row["part_of"] or row["name"]) if row else name
        yield terms.triple(plan, "dct:requires", terms.ref(f"{self.base}id/dataset/{dataset}"))

    def _filled(self, step: Derivation) -> Iterator[str]:
        names = step.query.head["dataset"] if step.query else step.name
        for name in [names] if isinstance(names, str) else names:
            for kind in ("", "synthetisch/"):
                dataset = f"{self.base}id/{kind}dataset/{name}"
                if dataset in self.datasets:
                    yield dataset
