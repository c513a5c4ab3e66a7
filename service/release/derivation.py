"""Derived graphs of a wave: scores, bounds, types, positions.

A derive query (``queries/derive/*.rq``) is a CONSTRUCT whose result is the graph
``derived/<name>/<wave>``. Its head says what it ``reads`` (datasets), its ``access`` level, its
``order`` and its ``unit``:

* unit ``body``: what it says of a body follows from that body's response and the reference graphs
  alone, so a corrected response costs only its own bodies;
* unit ``wave``: it looks at all bodies and is made again when anything it reads has changed.

Its ``schemes`` says which scoring schemes it runs over: ``own`` (that of the wave; the default),
``all``, or ``others`` (all but the own). Nothing of one body by another scheme than the wave's own
is OPEN (semantics.md "Disclosure"), so such a derivation is not OPEN or speaks of groups.

Its ``run`` says which part of a scheme the runs of its figures are about (`service.release.runs`):
``theme``, ``total``, ``typology`` or ``product``. Figures of unit ``wave`` with ``slice: theme``
have a run for each theme, which follows from the figures that they say they were derived from.

Its parameters may be ``wave``, ``year``, ``scheme``, ``version``, ``own`` (the wave's own scheme),
``run``, ``root`` (what IRIs of the wave's records begin with) and the cubes ``scores`` and
``exact``: constants, which the engine finds by its index where it would filter on an IRI made in
the query.

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
from service.release.runs import RunLog
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
    schemes: str = "own"
    run: str = ""
    slice: str = ""


@dataclass(frozen=True)
class Scheme:
    """A scoring scheme that a wave is scored by."""

    iri: str
    version: str


@dataclass
class WaveInput:
    """What one derivation run works on.

    ``store`` holds, in its default graph, the reference graphs, the responses of the units and what
    earlier derivations made of them. ``own`` is the IRI of the wave's own scheme. ``memo`` is what
    analyses share of what they read; without one each reads for itself.
    """

    wave: WaveName
    base: str
    library: Library
    schemes: Sequence[Scheme]
    store: Store
    own: str
    memo: dict[object, object] | None = None

    def schemes_of(self, derivation: Derivation) -> list[Scheme]:
        """Return the schemes that a derivation runs over."""
        return choose(self.schemes, self.own, derivation.schemes)


def choose(schemes: Sequence[Scheme], own: str, which: str) -> list[Scheme]:
    """Return the ``own`` scheme, ``all`` of them or the ``others``."""
    kept = {"own": (True,), "all": (True, False), "others": (False,)}[which]
    return [scheme for scheme in schemes if (scheme.iri == own) in kept]


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
            schemes=query.head.get("schemes", "own"),
            run=query.head.get("run", ""),
            slice=query.head.get("slice", ""),
        )
        for query in library.area("derive")
    ]
    found += [
        Derivation(
            name=row.name,
            access=row.access,
            unit="wave",
            reads=row.reads,
            order=row.order,
            rules=row.rules,
            schemes=row.schemes,
        )
        for row in ANALYSES.values()
    ]
    return sorted(found, key=lambda row: (row.order, row.name))


def rules_digest(library: Library) -> str:
    """Return the digest of all rules: a wave that was derived by others is derived again."""
    rows = sorted(f"{row.name} {row.access} {row.rules}" for row in derivations(library))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def run_rules(library: Library) -> dict[str, str]:
    """Return a digest for each part of a scheme (``run``): of the rules its figures follow from."""
    steps = {step.name: step for step in derivations(library) if step.unit == "body"}
    found: dict[str, set[str]] = {}
    for step in steps.values():
        if step.run:
            found.setdefault(step.run, set()).update(_behind(step.name, steps))
    return {
        part: hashlib.sha256(
            "\n".join(f"{name} {steps[name].rules}" for name in sorted(names)).encode()
        ).hexdigest()
        for part, names in found.items()
    }


def _behind(name: str, steps: Mapping[str, Derivation]) -> set[str]:
    """Return a derivation and those that it reads, directly or not."""
    read = (_behind(row, steps) for row in steps[name].reads if row in steps)
    return {name}.union(*read)


def derive(derivation: Derivation, given: WaveInput, runs: RunLog | None = None) -> list[bytes]:
    """Run one derivation and return the lines of its graph (of the units in the store).

    Args:
        derivation: what to run.
        given: the store and the wave.
        runs: where a derivation of unit ``wave`` gets its runs from; they are described beside what
            they made.
    """
    graph = given.wave.graph(derivation.name).iri(given.base)
    schemes = given.schemes_of(derivation)
    if derivation.query is None:
        made = ANALYSES[derivation.name].run(_analysis_input(given, schemes, runs))
    else:
        query = derivation.query
        by_scheme = any(row.name == "scheme" for row in query.parameters)
        made = b"".join(
            _constructed(derivation, given, scheme, runs)
            for scheme in (schemes if by_scheme else [None])
        )
    return to_quads(made + (runs.describe(made) if runs else b""), graph)


def _constructed(
    derivation: Derivation, given: WaveInput, scheme: Scheme | None, runs: RunLog | None
) -> bytes:
    """Return what a query makes by one scheme, with a run for each slice if it says so."""
    query = derivation.query
    made = run_construct(derivation, given.store, _arguments(query, given, scheme, runs))
    if runs is None or scheme is None or derivation.slice != "theme":
        return made
    return runs.by_theme(made, scheme.iri, given.store)


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


def _analysis_input(
    given: WaveInput, schemes: Sequence[Scheme], runs: RunLog | None
) -> AnalysisInput:
    if runs is None:
        raise ValueError("an analysis is of unit wave, and needs its runs")
    return AnalysisInput(
        store=given.store,
        library=given.library,
        root=given.wave.root(given.base),
        wave=given.wave.iri(given.base),
        year=given.wave.year,
        schemes=[(scheme.iri, scheme.version) for scheme in schemes],
        own=given.own,
        run=runs.whole([scheme.iri for scheme in schemes]),
        run_of=runs.run_of,
        memo={} if given.memo is None else given.memo,
    )


def _arguments(
    query: StoredQuery | None, given: WaveInput, scheme: Scheme | None, runs: RunLog | None
) -> Mapping[str, object]:
    root = given.wave.root(given.base)
    known = {
        "wave": given.wave.iri(given.base),
        "year": given.wave.year,
        "root": root,
        "scores": f"{root}dataset/theme-score",
        "exact": f"{root}dataset/theme-score-exact",
        "scheme": scheme.iri if scheme else "",
        "version": scheme.version if scheme else "",
        "own": given.own,
        "run": runs.whole([scheme.iri] if scheme else []) if runs else "",
    }
    return {row.name: known[row.name] for row in query.parameters} if query else {}


def unit_triples(kbo: Mapping[str, str]) -> bytes:
    """Return work triples: the bodies to derive with their KBO number.

    They are read by derive queries and stand in no graph of a release.
    """
    rows = [terms.triple(body, "imon:inUnit", terms.plain(kbo[body])) for body in sorted(kbo)]
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
