"""A wave made for tests: invented bodies and responses, derived as a publish derives them.

Nothing here is a figure of a real body; the wave is synthetic by name too.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store

from loaders import Context, instrument, vocabulary
from loaders.identifiers import PROVINCES
from loaders.organisations import CENTRE_CITIES
from loaders.reference import Reference
from service import terms
from service.queries import Library
from service.release.derivation import (
    Scheme,
    WaveInput,
    derivations,
    derive,
    load_lines,
    run_construct,
    run_rules,
    unit_triples,
)
from service.release.names import WaveName
from service.release.runs import RunLog, input_triples, part_triples, read_parts
from service.store.rows import select

BASE = "http://localhost:8000/"
WAVE = WaveName("2016", synthetic=True)
SCHEME = Scheme(f"{BASE}id/scoreschema/1.0", "1.0")
KINDS = {"gemeente": "bk:5ab0e9b8a3b2ca7c5e000001", "ocmw": "bk:5ab0e9b8a3b2ca7c5e000002"}
PROVINCE_NAMES = tuple(sorted(set(PROVINCES.values())))
MISSING = ("ZD", "GA", "GW")
OUTSIDE = ("NVT", "RS", "NB")


@lru_cache(maxsize=1)
def library() -> Library:
    """Return the stored queries."""
    return Library.load()


@lru_cache(maxsize=8)
def reference_triples(tables: Path | None = None) -> bytes:
    """Return vocabulary, instrument (bundled, or of a folder) and scoring schemes as N-Triples."""
    context = Context(base=BASE, key=b"not a secret", reference=Reference())
    readings = (
        *vocabulary.load([], context),
        *instrument.load([tables] if tables else [], context),
    )
    for reading in readings:
        assert not [row for row in reading.findings if row.severity == "violation"]
    return b"".join(data for reading in readings for data in reading.snapshots.values())


def seal(data: bytes) -> str:
    """Seal as an archive does, under a key that is none."""
    return hmac.new(b"not a secret", data, hashlib.sha256).hexdigest()


def run_parts(store: Store) -> bytes:
    """Return the work triples of the parts of schemes, as a publish makes them."""
    rows = select(store, library()["lookup/run-parts"].text)

    def said_of(subject: str) -> list[bytes]:
        found = store.quads_for_pattern(NamedNode(subject), None, None, None)
        return sorted(str(row.triple).encode() for row in found)

    return part_triples(read_parts(rows, said_of), run_rules(library()))


def store_of(*triples: bytes) -> Store:
    """Return a store with N-Triples in its default graph."""
    store = Store()
    for data in triples:
        store.load(data, format=RdfFormat.N_TRIPLES)
    return store


@dataclass(frozen=True)
class Body:
    """An invented body; ``kind`` is "gemeente" or "ocmw", ``inhabitants`` are by year.

    ``centre`` puts it among the centrumsteden.
    """

    number: int
    kind: str
    inhabitants: tuple[tuple[int, int], ...] = ((2018, 10_000),)
    province: str = "limburg"
    centre: bool = False

    @property
    def kbo(self) -> str:
        """Ten digits that are no real number."""
        return f"9{self.number:09d}"

    @property
    def iri(self) -> str:
        """The body's IRI."""
        return f"http://data.lblod.info/id/bestuurseenheden/proef-{self.number}"

    def triples(self) -> Iterator[str]:
        """Yield what a publish knows of the body."""
        state = f"{BASE}id/toestand/{self.kbo}/begin"
        yield terms.triple(self.iri, "rdf:type", terms.ref("besluit:Bestuurseenheid"))
        yield terms.triple(self.iri, "besluit:classificatie", terms.ref(KINDS[self.kind]))
        yield terms.triple(state, "rdf:type", terms.ref("imon:BodyState"))
        yield terms.triple(state, "dct:isVersionOf", terms.ref(self.iri))
        yield terms.triple(state, "imon:province", terms.ref(f"imc:provincie/{self.province}"))
        if self.centre:
            group = CENTRE_CITIES[self.kind]
            yield terms.triple(group, "prov:hadMember", terms.ref(self.iri))
        for year, count in self.inhabitants:
            number = f"{BASE}id/inwoners/{self.kbo}/{year}"
            yield terms.triple(number, "rdf:type", terms.ref("imon:InhabitantCount"))
            yield terms.triple(number, "imon:body", terms.ref(self.iri))
            yield terms.triple(number, "imon:year", terms.year(year))
            yield terms.triple(number, "imon:count", terms.integer(count))


@dataclass(frozen=True)
class Merger:
    """Bodies that became one after the wave."""

    parts: tuple[Body, ...]
    result: Body
    date: str = "2019-01-01"

    @property
    def iri(self) -> str:
        """The change event's IRI."""
        return f"{BASE}id/fusie/{self.date}/{self.result.kind}/proef-{self.result.number}"

    def triples(self) -> Iterator[str]:
        """Yield the change event."""
        yield terms.triple(self.iri, "rdf:type", terms.ref("org:ChangeEvent"))
        yield terms.triple(self.iri, "dct:date", terms.date(self.date))
        yield terms.triple(self.iri, "org:resultingOrganization", terms.ref(self.result.iri))
        for part in self.parts:
            yield terms.triple(self.iri, "org:originalOrganization", terms.ref(part.iri))


@dataclass(frozen=True)
class Response:
    """An invented response: question code → option codes (a checklist may have several)."""

    number: int
    kind: str
    bodies: tuple[Body, ...]
    answers: Mapping[str, Sequence[str]]

    @property
    def iri(self) -> str:
        """The response's IRI."""
        return f"{WAVE.root(BASE)}respons/{self.number:08d}"

    def triples(self) -> Iterator[str]:
        """Yield the response as the answers loader writes it."""
        kind = terms.ref(f"imc:vragenlijsttype/{self.kind}")
        yield terms.triple(self.iri, "rdf:type", terms.ref("imon:Response"))
        yield terms.triple(self.iri, "imon:wave", terms.ref(WAVE.iri(BASE)))
        yield terms.triple(self.iri, "imon:questionnaireType", kind)
        for body in self.bodies:
            yield terms.triple(self.iri, "imon:coversBody", terms.ref(body.iri))
        for question, codes in self.answers.items():
            for code in codes:
                option = terms.ref(f"imc:vraag/{question}/optie/{code}")
                yield terms.triple(self.iri, "imon:answer", option)


@dataclass(frozen=True)
class Item:
    """A question that is answered: its code, types and valid options; ``many`` is a checklist."""

    code: str
    types: frozenset[str]
    options: tuple[str, ...]
    many: bool


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """Return every question of the bundled instrument that has options, in order of code."""
    store = store_of(reference_triples())
    options: dict[str, set[str]] = {}
    for row in select(store, library()["lookup/options"].text):
        if row["code"] not in (*MISSING, *OUTSIDE):
            options.setdefault(row["question"], set()).add(row["code"])
    found: dict[str, Item] = {}
    for row in select(store, library()["lookup/questions"].text):
        known = found.get(row["question"])
        types = (known.types if known else frozenset()) | {row["type"]}
        valid = tuple(sorted(options.get(row["question"], ())))
        found[row["question"]] = Item(row["code"], types, valid, row["kind"] == "meerkeuze")
    return tuple(sorted((row for row in found.values() if row.options), key=lambda row: row.code))


def random_answers(
    rng: random.Random, kind: str, missing: float, outside: float
) -> dict[str, list[str]]:
    """Return answers to a questionnaire; shares of them are missing or not applicable."""
    answers: dict[str, list[str]] = {}
    for item in items():
        if kind not in item.types:
            continue
        draw = rng.random()
        if draw < missing:
            if rng.random() < 0.7:  # the others are left out altogether
                answers[item.code] = [rng.choice(MISSING)]
        elif draw < missing + outside:
            answers[item.code] = [rng.choice(OUTSIDE)]
        elif item.many:
            ticks = [code for code in item.options if code != "geen" and rng.random() < 0.5]
            answers[item.code] = ticks or ["geen"]
        else:
            answers[item.code] = [rng.choice(item.options)]
    return answers


def random_responses(count: int, seed: int = 1) -> list[Response]:
    """Return responses of all types: a sixth A (two bodies), the others B and C by turns.

    Provinces take turns too, and every seventh is of a centrumstad.
    """
    rng = random.Random(seed)
    found = []
    for number in range(count):
        kind = "A" if number % 6 == 0 else "BC"[number % 2]
        people = ((2018, rng.randrange(900, 90_000)), (2019, rng.randrange(900, 90_000)))
        place = (PROVINCE_NAMES[number % len(PROVINCE_NAMES)], number % 7 == 0)
        first = Body(2 * number, "gemeente", people, *place)
        second = Body(2 * number + 1, "ocmw", people, *place)
        bodies = {"A": (first, second), "B": (first,), "C": (second,)}[kind]
        rates = rng.choice(((0.0, 0.0), (0.08, 0.04), (0.3, 0.1), (0.2, 0.5)))
        found.append(Response(number, kind, bodies, random_answers(rng, kind, *rates)))
    return found


@dataclass
class MadeWave:
    """A wave; ``store`` holds all of it in the default graph, as publish has it when it checks.

    ``tables`` is a folder of an instrument; ``without`` is a reference triple to leave out;
    ``schemes`` are what it is scored by, its own scheme being 1.0; ``others`` are other waves that
    are described: (year, reference date, synthetic).
    """

    responses: Sequence[Response]
    mergers: Sequence[Merger] = ()
    tables: Path | None = None
    without: str = ""
    schemes: Sequence[Scheme] = (SCHEME,)
    others: Sequence[tuple[str, str, bool]] = ()
    lines: dict[str, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reference = reference_triples(self.tables)
        assert self.without.encode() in reference
        self.store = store_of(reference.replace(self.without.encode(), b""), self.facts())
        answers = "".join(line for row in self.responses for line in row.triples())
        kbo = {iri: body.kbo for iri, body in self._bodies().items()}
        digests = [(row.iri, "".join(row.triples())) for row in self.responses]
        units = unit_triples(kbo) + input_triples(WAVE.root(BASE), seal, digests)
        self.store.load(answers.encode() + units, format=RdfFormat.N_TRIPLES)
        self.store.load(run_parts(self.store), format=RdfFormat.N_TRIPLES)
        self.given = WaveInput(WAVE, BASE, library(), self.schemes, self.store, SCHEME.iri)
        for step in derivations(library()):
            if step.unit == "release":
                self.store.load(run_construct(step, self.store), format=RdfFormat.N_TRIPLES)

    def _bodies(self) -> dict[str, Body]:
        covered = [body for response in self.responses for body in response.bodies]
        merged = [body for row in self.mergers for body in (*row.parts, row.result)]
        return {body.iri: body for body in (*covered, *merged)}

    def facts(self) -> bytes:
        """Return what is public of wave, bodies and mergers, as N-Triples."""
        return "".join(self._facts()).encode()

    def _facts(self) -> Iterator[str]:
        wave = WAVE.iri(BASE)
        yield terms.triple(wave, "rdf:type", terms.ref("imon:Wave"))
        yield terms.triple(wave, "imon:year", terms.year(WAVE.year))
        yield terms.triple(wave, "imon:referenceDate", terms.date("2016-06-01"))
        yield terms.triple(wave, "imon:scheme", terms.ref(SCHEME.iri))
        yield terms.triple(wave, "imon:synthetic", terms.boolean(True))
        for year, day, synthetic in self.others:
            other = WaveName(year, synthetic).iri(BASE)
            yield terms.triple(other, "rdf:type", terms.ref("imon:Wave"))
            yield terms.triple(other, "imon:referenceDate", terms.date(day))
            yield terms.triple(other, "imon:synthetic", terms.boolean(synthetic))
        rows: tuple[Body | Merger, ...] = (*self._bodies().values(), *self.mergers)
        for row in rows:
            yield from row.triples()

    def derive(self, *only: str) -> MadeWave:
        """Derive everything (or some of it) in order; each result is read by the next."""
        for step in derivations(library()):
            if step.unit != "release" and (not only or step.name in only):
                root, wave = WAVE.root(BASE), WAVE.iri(BASE)
                log = RunLog(root, wave, step.name, step.rules, seal)
                made = derive(step, self.given, log if step.unit == "wave" else None)
                self.lines[step.name] = made
                load_lines(self.store, made, WAVE.graph(step.name).iri(BASE))
        return self

    def row(self, cube: str, *path: str) -> dict[str, str]:
        """Return an observation as local name → value; several values are joined by ``|``."""
        iri = f"{WAVE.root(BASE)}observatie/{'/'.join((cube, WAVE.year, *path))}"
        return self.rows_of(cube).get(iri, {})

    def rows_of(self, cube: str) -> dict[str, dict[str, str]]:
        """Return every observation of a cube by IRI."""
        return observations(self.store, f"{WAVE.root(BASE)}dataset/{cube}")


_OBSERVATIONS = """
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?row ?property ?value WHERE {{
  ?row qb:dataSet <{dataset}> ; ?property ?value . FILTER(?property != rdf:type)
}}
"""


def observations(store: Store, dataset: str, *, union: bool = False) -> dict[str, dict[str, str]]:
    """Return the observations of a dataset: IRI → local name of the property → value."""
    found: dict[str, dict[str, str]] = {}
    for row in select(store, _OBSERVATIONS.format(dataset=dataset), union=union):
        name = row["property"].rpartition("#")[2].rpartition("/")[2]
        values = found.setdefault(row["row"], {})
        values[name] = "|".join(sorted({*values.get(name, row["value"]).split("|"), row["value"]}))
    return found


def numbers(row: Mapping[str, str]) -> tuple[Decimal | None, ...]:
    """Return score, low, high and coverage of an observation."""
    names = ("score", "low", "high", "coverage")
    return tuple(Decimal(row[name]) if name in row else None for name in names)


def keyed(rows: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, ...], Mapping[str, str]]:
    """Return observations by the parts of their IRI after the year."""
    return {tuple(iri.partition(f"/{WAVE.year}/")[2].split("/")): rows[iri] for iri in rows}


def status(row: Mapping[str, str]) -> str:
    """Return the code of the observation's status."""
    return row["obsStatus"].rpartition("-")[2]
