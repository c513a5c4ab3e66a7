"""Derived graphs of a wave: scores, bounds, types, positions.

A derive query (``queries/derive/*.rq``) is a CONSTRUCT whose result is the graph
``derived/<name>/<wave>``. Its head says what it ``reads`` (datasets), its ``access`` level, its
``order`` and its ``unit``:

* unit ``body``: what it says of a body follows from that body's response and the reference graphs
  alone, so a corrected response costs only its own bodies;
* unit ``wave``: it looks at all bodies and is made again when anything it reads has changed.

Its parameters may be ``wave``, ``year``, ``scheme``, ``version``, ``run``, ``root`` (what IRIs of
the wave's records begin with) and the cubes ``scores`` and ``exact``: constants, which the engine
finds by its index where it would filter on an IRI made in the query.

What SPARQL cannot do (ranks over ties, geometric means) is a function in `service.analysis` with
the same declaration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import QueryTriples, RdfFormat, Store

from service import terms
from service.analysis import ANALYSES
from service.analysis.given import AnalysisInput
from service.queries import Library, StoredQuery
from service.release.lines import to_quads, to_triples
from service.release.names import WaveName
from service.vocab import expand

_KEY_PREDICATES = tuple(f"<{expand(name)}>".encode() for name in ("imon:body", "prov:used"))


@dataclass(frozen=True)
class Derivation:
    """One derived dataset: a stored query, or an analysis of the same name."""

    name: str
    access: str
    unit: str
    reads: tuple[str, ...]
    order: int
    rules: str
    query: StoredQuery | None = None


@dataclass(frozen=True)
class Scheme:
    """A scoring scheme that a wave is scored by."""

    iri: str
    version: str


@dataclass
class WaveInput:
    """What one derivation run works on.

    ``store`` holds, in its default graph, the reference graphs, the responses of the units and what
    earlier derivations made of them.
    """

    wave: WaveName
    base: str
    library: Library
    schemes: Sequence[Scheme]
    store: Store


def derivations(library: Library) -> list[Derivation]:
    """Return all derivations in the order in which they run."""
    found = [
        Derivation(
            name=query.name,
            access=query.head["access"],
            unit=query.head["unit"],
            reads=tuple(query.head["reads"]),
            order=query.head["order"],
            rules=hashlib.sha256(query.text.encode()).hexdigest(),
            query=query,
        )
        for query in library.area("derive")
    ]
    found += [
        Derivation(row.name, row.access, "wave", row.reads, row.order, row.rules)
        for row in ANALYSES.values()
    ]
    return sorted(found, key=lambda row: (row.order, row.name))


def rules_digest(library: Library) -> str:
    """Return the digest of all rules, which enters the IRI of every run."""
    rows = sorted(f"{row.name} {row.access} {row.rules}" for row in derivations(library))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def derive(derivation: Derivation, given: WaveInput, run: str) -> list[bytes]:
    """Run one derivation and return the lines of its graph (of the units in the store).

    Args:
        derivation: what to run.
        given: the store and the wave.
        run: IRI of the run, for derivations of unit ``wave``.
    """
    graph = given.wave.graph(derivation.name).iri(given.base)
    if derivation.query is None:
        return to_quads(ANALYSES[derivation.name].run(_analysis_input(given, run)), graph)
    made = b""
    for scheme in given.schemes:
        arguments = _arguments(derivation.query, given, scheme, run)
        made += run_construct(derivation, given.store, arguments)
    return to_quads(made, graph)


def run_construct(
    derivation: Derivation, store: Store, arguments: Mapping[str, object] | None = None
) -> bytes:
    """Run a derive query on the default graph of ``store`` and return N-Triples.

    Raises:
        TypeError: the derivation is no CONSTRUCT query.
    """
    text = derivation.query.bind(**(arguments or {})) if derivation.query else ""
    result = store.query(text)
    if not isinstance(result, QueryTriples):
        raise TypeError(f"derivation {derivation.name} is no CONSTRUCT")
    return result.serialize(format=RdfFormat.N_TRIPLES) or b""


def _analysis_input(given: WaveInput, run: str) -> AnalysisInput:
    return AnalysisInput(
        store=given.store,
        library=given.library,
        root=given.wave.root(given.base),
        wave=given.wave.iri(given.base),
        year=given.wave.year,
        schemes=[(scheme.iri, scheme.version) for scheme in given.schemes],
        run=run,
    )


def _arguments(
    query: StoredQuery, given: WaveInput, scheme: Scheme, run: str
) -> Mapping[str, object]:
    root = given.wave.root(given.base)
    known = {
        "wave": given.wave.iri(given.base),
        "year": given.wave.year,
        "root": root,
        "scores": f"{root}dataset/theme-score",
        "exact": f"{root}dataset/theme-score-exact",
        "scheme": scheme.iri,
        "version": scheme.version,
        "run": run,
    }
    return {row.name: known[row.name] for row in query.parameters}


def unit_triples(kbo: Mapping[str, str], runs: Mapping[str, str]) -> bytes:
    """Return work triples: the bodies to derive with their KBO number, the run of each response.

    They are read by derive queries and stand in no graph of a release.
    """
    rows = [terms.triple(body, "imon:inUnit", terms.plain(kbo[body])) for body in sorted(kbo)]
    rows += [terms.triple(response, "imon:inRun", terms.ref(runs[response])) for response in runs]
    return "".join(rows).encode()


def replace_units(old: list[bytes], new: list[bytes], units: set[str]) -> list[bytes]:
    """Return ``old`` with all that is said of ``units`` (bodies, responses) replaced by ``new``."""
    keys = {f"<{unit}>".encode() for unit in units}
    gone: set[bytes] = set()
    for line in old:
        parts = line.split(b" ", 3)
        if parts[1] in _KEY_PREDICATES and parts[2] in keys:
            gone.add(parts[0])
    kept = [line for line in old if line.split(b" ", 1)[0] not in gone]
    return sorted({*kept, *new})


def load_lines(store: Store, lines: list[bytes], graph: str) -> None:
    """Add a graph's lines to the default graph of ``store``."""
    store.load(to_triples(lines, graph), format=RdfFormat.N_TRIPLES)
