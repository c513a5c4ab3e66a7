"""Runs: what each figure was computed by, known by its inputs (semantics.md "Time, identity").

A run is ``{BASE}id/[synthetisch/]berekening/{hash of inputs, scheme and rules}``: the same inputs
give the same IRI, and no clock is asked. So that a change leaves alone what does not follow from
it, a run is no larger than it must be:

* figures of one response: a run for each *part* of a scheme (a theme, the overall score, a
  typology), named after the response, what the scheme says of that part, and the rules of the
  derivations that read it (``run`` in their heads). Derive queries put the name together from work
  triples, ``inRun`` of the response and ``runPart`` of the scheme;
* figures of a wave: a run for each set of inputs that a derivation tells (`RunLog.run_of`).

Nothing of an input can be guessed from a name or a digest: both are made with the archive's key.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode, Store

from service import terms
from service.vocab import expand

Seal = Callable[[bytes], str]
_STEM = 24
_KEY = 16
_WHOLE = 32
# Kind of part → the dimension of its figures; of products the part is about their list.
_ABOUT = {
    "theme": "imon:theme",
    "total": "imon:theme",
    "typology": "imon:typologyMethod",
    "product": "imon:product",
}
_GENERATED = re.compile(re.escape(f"<{expand('prov:wasGeneratedBy')}> <").encode() + rb"([^>]*)>")
_THEME = re.compile(
    rb"<([^>]*)> " + re.escape(f"<{expand('imon:theme')}> <".encode()) + rb"([^>]*)>"
)
_SOURCE = re.compile(
    rb"<([^>]*)> " + re.escape(f"<{expand('prov:wasDerivedFrom')}> <".encode()) + rb"([^>]*)>"
)
_MEASURES = {expand(f"imon:{name}") for name in ("score", "low", "high", "coverage")}


@dataclass(frozen=True)
class Part:
    """A part of a scheme: its IRI, what it is ``about``, and a digest of all it follows from."""

    scheme: str
    kind: str
    about: str
    digest: str

    @property
    def iri(self) -> str:
        """Its IRI among work triples; it stands in no graph."""
        return f"{self.scheme}/deel/{self.about.rpartition('/')[2]}"


def read_parts(
    rows: Iterable[Mapping[str, str]], said_of: Callable[[str], Iterable[bytes]]
) -> list[Part]:
    """Return the parts of all schemes.

    Args:
        rows: those of ``lookup/run-parts``.
        said_of: the lines that the reference graphs have of a subject.
    """
    kinds: dict[tuple[str, str], str] = {}
    facts: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    follows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        key = row["scheme"], row["about"]
        kinds[key] = row["kind"]
        if row["fact"]:
            facts[key].add(f"{row['subject']} {row['fact']}".encode())
        elif row["subject"]:
            facts[key].update(said_of(row["subject"]))
        if row["follows"]:
            follows[key].add(row["follows"])

    def digest(key: tuple[str, str]) -> str:
        rest = [digest((key[0], part)).encode() for part in follows[key] if part != key[1]]
        return hashlib.sha256(b"\n".join([*sorted(facts[key]), *sorted(rest)])).hexdigest()

    return [Part(*key[:1], kinds[key], key[1], digest(key)) for key in sorted(kinds)]


def part_triples(parts: Iterable[Part], rules: Mapping[str, str]) -> bytes:
    """Return work triples of the parts: what each is about, the end of its runs' names, its rules.

    Args:
        parts: of all schemes.
        rules: kind of part → digest of its rules.
    """
    rows = []
    for part in parts:
        digest = rules.get(part.kind, "")
        key = hashlib.sha256(f"{part.scheme} {part.digest} {digest}".encode()).hexdigest()
        rows += [
            terms.triple(part.scheme, "imon:runPart", terms.ref(part.iri)),
            terms.triple(part.iri, _ABOUT[part.kind], terms.ref(part.about)),
            terms.triple(part.iri, "skos:notation", terms.plain(key[:_KEY])),
            terms.triple(part.iri, "imon:rulesDigest", terms.plain(digest)),
        ]
    return "".join(rows).encode()


def input_triples(root: str, seal: Seal, records: Iterable[tuple[str, str]]) -> bytes:
    """Return work triples of responses: the stem of their runs' names, and their sealed digest.

    Args:
        root: what IRIs of the wave's records begin with.
        seal: HMAC under the archive's key.
        records: (response, digest of its triples).
    """
    rows = []
    for response, digest in records:
        stem = f"{root}berekening/{seal(f'run {digest}'.encode())[:_STEM]}"
        sealed = seal(f"input {digest}".encode())
        rows.append(terms.triple(response, "imon:inRun", terms.plain(stem)))
        rows.append(terms.triple(response, "imon:inputDigest", terms.plain(sealed)))
    return "".join(rows).encode()


@dataclass
class RunLog:
    """The runs of one wave-level derivation: asked for by their inputs, described when used.

    ``reads`` are the digests of the graphs that it reads, ``context`` those of the graphs that are
    neither figures nor a scheme.
    """

    root: str
    wave: str
    name: str
    rules: str
    seal: Seal
    reads: Sequence[str] = ()
    context: Sequence[str] = ()
    _known: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def run_of(self, schemes: str | Sequence[str], inputs: Iterable[object]) -> str:
        """Return the IRI of the run that computes something from these inputs.

        Args:
            schemes: the scheme (or schemes) that it is computed by.
            inputs: all that the figures follow from besides; their texts are told apart.
        """
        used = (schemes,) if isinstance(schemes, str) else tuple(schemes)
        state = hashlib.sha256()
        for row in inputs:
            state.update(f"{row}\x1e".encode())
        digest = state.hexdigest()
        key = " ".join((self.name, self.rules, *used, digest))
        run = f"{self.root}berekening/{self.seal(key.encode())[:_WHOLE]}"
        self._known[run] = used, self.seal(f"input {digest}".encode())
        return run

    def whole(self, schemes: Sequence[str]) -> str:
        """Return the run that computes everything at once, from the digests of what is read."""
        return self.run_of(schemes, self.reads)

    def by_theme(self, made: bytes, scheme: str, store: Store) -> bytes:
        """Return figures with a run for each theme instead of the one run of the whole.

        Args:
            made: N-Triples of figures that name what they were derived from.
            scheme: what they were computed by.
            store: has the figures that they were derived from.
        """
        whole = f"<{self.whole([scheme])}>".encode()
        themes = {row[0]: row[1] for row in _THEME.findall(made)}
        sources: dict[bytes, set[bytes]] = defaultdict(set)
        for figure, source in _SOURCE.findall(made):
            sources[themes[figure]].add(source)
        runs = {
            theme: f"<{self.run_of(scheme, self._sources(sources[theme], theme, store))}>".encode()
            for theme in sorted(set(themes.values()))
        }
        return b"".join(
            line.replace(whole, runs[themes[line[1 : line.index(b">")]]]) if whole in line else line
            for line in made.splitlines(keepends=True)
        )

    def _sources(self, found: Iterable[bytes], theme: bytes, store: Store) -> Iterator[str]:
        yield from self.context
        yield theme.decode()
        for source in sorted(found):
            said = store.quads_for_pattern(NamedNode(source.decode()), None, None, None)
            yield from sorted(str(row.triple) for row in said if row.predicate.value in _MEASURES)

    def describe(self, made: bytes) -> bytes:
        """Return the description of each run that ``made`` (N-Triples) names.

        Raises:
            LookupError: a figure names a run that nobody asked for.
        """
        rows = []
        for run in sorted({node.decode() for node in _GENERATED.findall(made)}):
            if run not in self._known:
                raise LookupError(f"{self.name}: a figure comes from an unknown run, {run}")
            used, sealed = self._known[run]
            rows += [
                terms.triple(run, "rdf:type", terms.ref("imon:ScoringRun")),
                terms.triple(run, "rdf:type", terms.ref("prov:Activity")),
                *(terms.triple(run, "prov:used", terms.ref(row)) for row in (*used, self.wave)),
                terms.triple(run, "imon:inputDigest", terms.plain(sealed)),
                terms.triple(run, "imon:rulesDigest", terms.plain(self.rules)),
            ]
        return "".join(rows).encode()
