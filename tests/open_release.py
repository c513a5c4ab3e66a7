"""The OPEN graphs of a release as a stranger reads them, and figures that follow from no others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from pyoxigraph import Store

from service.store.rows import select
from tests import reckoning

Figures = Mapping[str, str]

#: What the enumeration knows of. A figure in another cube must first be entered into it.
KNOWN = {"theme-score", "theme-bounds", "type", "position", "back-cast", "results"}
_PREFIXES = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
"""
_OBSERVATIONS = _PREFIXES + (
    "SELECT ?o ?p ?v WHERE { ?o qb:dataSet ?d ; ?p ?v . FILTER(?p != rdf:type) }"
)
ANSWERS = _PREFIXES + "SELECT ?r WHERE { ?r imon:answer ?option } LIMIT 1"
_PEOPLE = _PREFIXES + (
    "SELECT ?body ?year ?count WHERE"
    " { ?n a imon:InhabitantCount ; imon:body ?body ; imon:year ?year ; imon:count ?count }"
)
_YEARS = _PREFIXES + "SELECT ?wave ?year WHERE { ?wave a imon:Wave ; imon:year ?year }"


@dataclass
class OpenWave:
    """The observations of one wave and scheme: cube → rows, and the rows of each body."""

    wave: str
    scheme: str
    cubes: dict[str, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    bodies: dict[str, dict[str, Figures]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[str, Figures] = field(default_factory=dict)

    def add(self, iri: str, row: Figures) -> None:
        """Take in an observation."""
        cube = row["dataSet"].rpartition("/")[2]
        self.cubes[cube].append(row)
        self.names[iri] = row
        if cube in ("theme-score", "theme-bounds"):
            self.bodies[row["body"]][row["theme"].rpartition("/")[2]] = row
        elif cube == "type":
            self.bodies[row["body"]]["type"] = row


def read_waves(store: Store) -> list[OpenWave]:
    """Return what the union of the graphs of ``store`` says, by wave and scheme."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for found in select(store, _OBSERVATIONS, union=True):
        name = found["p"].rpartition("#")[2].rpartition("/")[2]
        known = rows[found["o"]].get(name)
        rows[found["o"]][name] = f"{known}|{found['v']}" if known else found["v"]
    waves: dict[tuple[str, str], OpenWave] = {}
    for iri, row in sorted(rows.items()):
        key = (row["wave"], row["scheme"])
        waves.setdefault(key, OpenWave(*key)).add(iri, row)
    return list(waves.values())


def unknown_cubes(wave: OpenWave) -> Iterator[str]:
    """Yield cubes whose figures are not part of the enumeration."""
    for cube in sorted(wave.cubes.keys() - KNOWN):
        yield f"cube {cube} is not part of the enumeration"


def unfounded_positions(wave: OpenWave) -> Iterator[str]:
    """Yield positions that do not follow from the public scores of their group."""
    groups: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    for row in wave.cubes["position"]:
        groups[row["theme"].rpartition("/")[2], row["group"]].append(row)
    for (theme, group), rows in sorted(groups.items()):
        public = [wave.bodies[row["body"]].get(theme, {}).get("score") for row in rows]
        scores = [Decimal(score) for score in public if score is not None]
        wanted = _expected_positions(scores)
        shown = [(int(r["rank"]), Decimal(r["percentile"]), int(r["groupSize"])) for r in rows]
        if len(scores) < len(rows) or shown != [wanted[score] for score in scores]:
            yield f"positions of {theme} in {group} do not follow from the public scores"


def _expected_positions(scores: Sequence[Decimal]) -> dict[Decimal, tuple[int, Decimal, int]]:
    found, rank, size = {}, 1, len(scores)
    for score, equal in sorted(Counter(scores).items(), reverse=True):
        below = size - rank + 1 - equal
        percentile = reckoning.six(Fraction(100 * (2 * below + equal), 2 * size))
        found[score] = (rank, percentile, size)
        rank += equal
    return found


def unfounded_back_casts(wave: OpenWave, store: Store) -> Iterator[str]:
    """Yield back-cast scores that do not follow from the public scores that they name."""
    rows = wave.cubes["back-cast"]
    people = _people(store, wave.wave) if rows else {}
    for row in rows:
        sources = [wave.names.get(iri, {}) for iri in row["wasDerivedFrom"].split("|")]
        pairs = [
            (Decimal(source["score"]), people[source["body"]])
            for source in sources
            if "score" in source
        ]
        if len(pairs) < len(sources) or reckoning.six(reckoning.weighted(pairs)) != Decimal(
            row["score"]
        ):
            yield f"{row['body']}: a back-cast of {row['theme']} does not follow"


def _people(store: Store, wave: str) -> Mapping[str, int]:
    """Return the inhabitants known at the wave, else the first known after it."""
    years = {row["wave"]: int(row["year"]) for row in select(store, _YEARS, union=True)}
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for row in select(store, _PEOPLE, union=True):
        counts[row["body"]][int(row["year"])] = int(row["count"])
    found = {}
    for body, known in counts.items():
        before = [year for year in known if year <= years[wave]]
        found[body] = known[max(before) if before else min(known)]
    return found
