"""One wave of a release: its answers, what is derived from them, and the proof that all conforms.

Three ways to the same lines: kept (nothing changed), by unit (only answers changed: the bodies
that they cover are derived again, the rest is taken over), or whole. A test holds them against each
other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import RdfFormat, Store

from service.release import lines
from service.release.archive import ArchivedRecord
from service.release.derivation import (
    Derivation,
    Scheme,
    WaveInput,
    choose,
    derivations,
    derive,
    load_lines,
    replace_units,
    rules_digest,
    run_rules,
    unit_triples,
)
from service.release.names import GraphName, WaveName
from service.release.reference import ReferenceGraphs
from service.release.runs import RunLog, input_triples, part_triples
from service.release.sources import ANSWERS, ASSESSMENTS
from service.release.validation import run_checks, validate_wave

if TYPE_CHECKING:
    from service.release.build import Builder


class WaveBuilder:
    """Puts the graphs of one wave into a release in the making."""

    def __init__(self, builder: Builder, wave: WaveName, reference: ReferenceGraphs) -> None:
        self._builder = builder
        self._wave = wave
        self._reference = reference
        self._source = builder.sources.graphs[wave.graph(ANSWERS, derived=False).iri(builder.base)]
        self._steps = [row for row in derivations(builder.library) if row.unit != "release"]

    def build(self) -> None:
        """Put answers and derived graphs.

        Raises:
            ShapeViolation: the wave does not conform, or a check returned a row.
        """
        if self._is_kept():
            self._builder.keep(self._source.graph, read=False)
            for step in self._steps:
                self._builder.keep(self._graph(step.name), read=False)
        elif self._only_answers_grew():
            self._build_units()
        else:
            self._build_whole()

    def _graph(self, name: str) -> str:
        return self._wave.graph(name).iri(self._builder.base)

    @cached_property
    def _context_key(self) -> str:
        """What derived lines depend on besides the answers."""
        state = hashlib.sha256(rules_digest(self._builder.library).encode())
        for graph in self._read_graphs():
            state.update(self._builder.entries[graph].digest.encode())
        return state.hexdigest()

    @property
    def _key(self) -> str:
        return f"{self._context_key} {self._source.key}"

    def _read_graphs(self, datasets: Iterable[str] | None = None) -> list[str]:
        """Return the reference graphs that derivations of this wave read.

        "golf" describes the wave itself, "golven" all waves of its kind.
        """
        wanted = set(datasets) if datasets else {row for step in self._steps for row in step.reads}
        rest, own = wanted - {"golf", "golven", ASSESSMENTS}, wanted & {ASSESSMENTS}
        if not self._wave.synthetic and wanted & {"golf", "golven"}:
            rest |= {"instrument"}  # real waves are described with the instrument
        elif "golven" in wanted:
            rest |= {"golf"}
        elif "golf" in wanted:
            own |= {"golf"}
        base, there = self._builder.base, self._builder.entries
        graphs = [self._wave.graph(name, derived=False).iri(base) for name in sorted(own)]
        return [*self._reference.of(rest), *(graph for graph in graphs if graph in there)]

    def _is_kept(self) -> bool:
        graphs = [self._graph(step.name) for step in self._steps]
        return self._builder.unchanged(self._source.graph, self._source.key) and all(
            self._builder.unchanged(graph, self._key) for graph in graphs
        )

    def _only_answers_grew(self) -> bool:
        previous = self._builder.previous
        if previous is None or previous.manifest["rollbackOf"] is not None:
            return False
        inputs = previous.private["inputs"]
        old = inputs.get(self._source.graph, "")
        keys = [inputs.get(self._graph(step.name), "") for step in self._steps]
        return (
            bool(old)
            and self._source.key.startswith(old + " ")
            and all(key == f"{self._context_key} {old}" for key in keys)
        )

    @cached_property
    def _own(self) -> str:
        """The IRI of the scheme that the wave itself is scored by."""
        return self._reference.wave_schemes.get(self._wave.iri(self._builder.base), "")

    def _scheme_graph(self, scheme: Scheme) -> str:
        return GraphName("scoreschema", scheme.version).iri(self._builder.base)

    def _work_store(self, records: list[ArchivedRecord], bodies: Iterable[str]) -> Store:
        """Return a store with the reference graphs first, then responses and work triples."""
        store = self._reference.store(self._read_graphs())
        triples = b"".join(self._source.triples(record.iri for record in records))
        store.load(triples, format=RdfFormat.N_TRIPLES)
        kbo = {body: self._reference.kbo[body] for body in bodies}
        store.load(unit_triples(kbo) + self._run_triples(records), format=RdfFormat.N_TRIPLES)
        return store

    def _run_triples(self, records: Iterable[ArchivedRecord]) -> bytes:
        """Return the work triples that the runs of responses are named and described by."""
        builder = self._builder
        inputs = ((record.iri, record.digest) for record in records)
        root = self._wave.root(builder.base)
        parts = part_triples(self._reference.run_parts, run_rules(builder.library))
        return input_triples(root, builder.archive.seal, inputs) + parts

    def _input(self, store: Store) -> WaveInput:
        builder = self._builder
        schemes = self._reference.schemes
        return WaveInput(self._wave, builder.base, builder.library, schemes, store, self._own, {})

    def again(self, names: Iterable[str], bodies: Sequence[str] | None = None) -> Store:
        """Derive some steps again in memory, from the archive alone; nothing is written.

        Args:
            names: the derivations, with all that they read.
            bodies: for these only (derivations of unit body); None is for all.

        Returns:
            A store with the reference graphs, the responses and what was derived.
        """
        wanted = set(names)
        records = [
            record
            for _, record in self._source.records.values()
            if bodies is None or set(bodies) & set(record.bodies)
        ]
        units = self._reference.kbo if bodies is None else bodies
        given = self._input(self._work_store(records, units))
        for step in self._steps:
            if step.name in wanted:
                made = derive(step, given, self._run_log(step))
                load_lines(given.store, made, self._graph(step.name))
        return given.store

    def _build_whole(self) -> None:
        builder = self._builder
        records = [record for _, record in self._source.records.values()]
        given = self._input(self._work_store(records, self._reference.kbo))
        answers = self._source.lines()
        builder.put(self._source.graph, self._source.access, answers, self._source.key)
        made = {self._source.graph: answers}
        for step in self._steps:
            graph = self._graph(step.name)
            made[graph] = derive(step, given, self._run_log(step))
            load_lines(given.store, made[graph], graph)
            builder.put(graph, step.access, made[graph], self._key)
        self._prove(given.store, made, whole=True)

    def _build_units(self) -> None:
        """Derive again only what the changed responses cover."""
        builder = self._builder
        before = builder.previous_lines(self._source.graph)
        last = int(self._last_sequence())
        new, gone = self._source.since(last)
        bodies = {body for record in (*new, *gone) for body in record.bodies}
        units = bodies | {record.iri for record in (*new, *gone)}
        current = [
            record for _, record in self._source.records.values() if bodies & set(record.bodies)
        ]
        subjects = {f"<{record.iri}>".encode() for record in gone}
        fresh = lines.to_quads(
            b"".join(self._source.triples(row.iri for row in new)), self._source.graph
        )
        answers = sorted({*(row for row in before if lines.subject(row) not in subjects), *fresh})
        builder.put(self._source.graph, self._source.access, answers, self._source.key)
        given = self._input(self._work_store(current, bodies))
        made = {self._source.graph: fresh}
        for step in self._steps:
            graph = self._graph(step.name)
            if step.unit == "wave":
                self._put_wave_level(step)
                continue
            made[graph] = derive(step, given)
            load_lines(given.store, made[graph], graph)
            merged = replace_units(builder.previous_lines(graph), made[graph], units)
            builder.put(graph, step.access, merged, self._key)
        self._prove(given.store, made)

    def _last_sequence(self) -> str:
        previous = self._builder.previous
        old = previous.private["inputs"][self._source.graph] if previous else "0:"
        return str(old.split(" ")[-1].partition(":")[0])

    def _run_log(self, step: Derivation) -> RunLog | None:
        """Return where a wave-level step gets its runs from."""
        if step.unit != "wave":
            return None
        builder, wave = self._builder, self._wave
        return RunLog(
            root=wave.root(builder.base),
            wave=wave.iri(builder.base),
            name=step.name,
            rules=step.rules,
            seal=builder.archive.seal,
            reads=self._read_digests(step),
            context=[
                builder.entries[row].digest
                for row in self._read_graphs({*step.reads} - {"scoreschema"})
                if row in builder.entries
            ],
        )

    def _read_digests(self, step: Derivation) -> list[str]:
        """Return the digests of what a step reads; of the schemes only those it runs over."""
        entries = self._builder.entries
        used = {*choose(self._reference.schemes, self._own, step.schemes)}
        unused = {self._scheme_graph(row) for row in self._reference.schemes if row not in used}
        graphs = self._read_graphs(step.reads) + [self._graph_read(name) for name in step.reads]
        return [entries[row].digest for row in graphs if row in entries and row not in unused]

    def _graph_read(self, dataset: str) -> str:
        """Return the graph of this wave that a step reads by the name of a dataset."""
        return self._source.graph if dataset == ANSWERS else self._graph(dataset)

    def _put_wave_level(self, step: Derivation) -> None:
        """Make a wave-level graph again, unless all that it reads is as it was."""
        builder = self._builder
        graph = self._graph(step.name)
        read = [self._graph_read(name) for name in step.reads]
        previous = builder.previous.all_graphs if builder.previous else {}
        if all(builder.entries[row] == previous.get(row) for row in read if row in builder.entries):
            builder.keep(graph, read=False)
            builder.inputs[graph] = self._key
            return
        store = self._reference.store(self._read_graphs())
        for name in read:
            if name in builder.entries:
                load_lines(store, builder.current_lines(name), name)
        store.load(unit_triples(self._reference.kbo), format=RdfFormat.N_TRIPLES)
        made = derive(step, self._input(store), self._run_log(step))
        builder.put(graph, step.access, made, self._key)
        load_lines(store, made, graph)
        self._prove(store, {graph: made})

    def _prove(self, store: Store, made: dict[str, list[bytes]], *, whole: bool = False) -> None:
        """Run the checks on the store, and the shapes on what was made beside its context."""
        wave = self._wave.iri(self._builder.base)
        run_checks(store, self._builder.library, "wave", wave)
        data = b"".join(lines.to_triples(rows, graph) for graph, rows in made.items())
        graphs = self._read_graphs()
        if whole:  # nearly all of the context is about something in the wave
            context = b"".join(self._reference.triples(graph) for graph in graphs)
        else:
            context = self._reference.around(data, graphs)
        validate_wave(data + context)
