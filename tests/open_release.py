"""The OPEN graphs of a release as a stranger reads them, and figures that follow from no others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from pyoxigraph import Store

from service.store.rows import select
from tests import mergers, reckoning

Figures = Mapping[str, str]

#: What the enumeration knows of. A figure in another cube must first be entered into it.
KNOWN = {
    "theme-score",
    "theme-bounds",
    "type",
    "position",
    "back-cast",
    "back-cast-bounds",
    "results",
    "source-use-count",  # counts of questions without a theme
    "service-maturity",  # answers of the product module, which is of theme T5
    "scheme-difference",  # means over groups
    "group-statistic",
    "cluster",
    "cluster-profile",  # means over clusters
    "robustness",
    "question-influence",  # means over groups of the answers, also of the enumerated theme
}
#: What a level of a product says: nothing that follows from another theme.
LEVEL = {
    "dataSet",
    "body",
    "product",
    "wave",
    "scheme",
    "levelMethod",
    "serviceLevel",
    "lowestCriterion",
    "assessor",
    "obsStatus",
    "fromResponse",
    "wasGeneratedBy",
    "hadPrimarySource",
}
_PREFIXES = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
"""
_OBSERVATIONS = _PREFIXES + (
    "SELECT ?o ?p ?v WHERE { ?o qb:dataSet ?d ; ?p ?v . FILTER(?p != rdf:type) }"
)
ANSWERS = _PREFIXES + "SELECT ?r WHERE { ?r imon:answer ?option } LIMIT 1"
_YEARS = _PREFIXES + (
    "SELECT ?wave ?year ?day WHERE"
    " { ?wave a imon:Wave ; imon:year ?year ; imon:referenceDate ?day }"
)


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


def unfounded_levels(wave: OpenWave) -> Iterator[str]:
    """Yield levels of products that say more than the answer to one product."""
    for row in wave.cubes["service-maturity"]:
        if more := row.keys() - LEVEL:
            yield f"{row['body']}: a level of {row['product']} tells {', '.join(sorted(more))}"


def small_differences(wave: OpenWave) -> Iterator[str]:
    """Yield differences between schemes that tell of a body, or of fewer than 5 of them."""
    for row in wave.cubes["scheme-difference"]:
        size, changed = int(row["groupSize"]), int(row["changedCount"])
        if "body" in row or size < 5 or 0 < changed < 5:
            yield f"the difference of {row['theme']} in {row['group']} tells of few bodies"


def unfounded_means(wave: OpenWave) -> Iterator[str]:
    """Yield means of groups that do not follow from the public scores of their bodies."""
    groups: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in wave.cubes["position"]:
        theme = row["theme"].rpartition("/")[2]
        public = wave.bodies[row["body"]].get(theme, {}).get("score")
        if public is not None:
            groups[row["group"], theme].append(Decimal(public))
    for row in wave.cubes["group-statistic"]:
        theme, code = (row[name].rpartition("/")[2] for name in ("theme", "statistic"))
        scores = groups[row["group"], theme]
        mean = sum(map(Fraction, scores), Fraction(0)) / max(len(scores), 1)
        if len(scores) < 5 or (
            code == "gemiddelde" and Decimal(row["obsValue"]) != reckoning.six(mean)
        ):
            yield f"a statistic of {theme} in {row['group']} does not follow"


def unfounded_variants(wave: OpenWave) -> Iterator[str]:
    """Yield figures of bodies that differ though all their public core scores are the same.

    Clusters and robustness are computed from public scores only, so the same scores give the same
    figures; a figure that went back to the answers would tell such bodies apart.
    """
    shown: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for cube, names in (
        ("cluster", ("type", "silhouette")),
        ("robustness", ("score", "rankLow", "rankHigh", "typeShare")),
    ):
        for row in wave.cubes[cube]:
            figures = wave.bodies[row["body"]]
            scores = (figures.get(t, {}).get("score", "") for t in reckoning.core_weights())
            key = (cube, row.get("group", ""), row.get("variant", ""), *scores)
            shown[key].add(tuple(row[name] for name in names))
    for key, found in shown.items():
        if "" in key[3:] or len(found) > 1:
            yield f"{key[0]}: figures that do not follow from the public scores"


def small_influences(wave: OpenWave) -> Iterator[str]:
    """Yield influences of a question that tell of a body, or of fewer than 5 of them."""
    for row in wave.cubes["question-influence"]:
        if "body" in row or int(row["groupSize"]) < 5:
            yield f"the influence of {row['question']} in {row['group']} tells of few bodies"


def unfounded_bounds(wave: OpenWave, store: Store) -> Iterator[str]:
    """Yield bounds after a merger that do not follow from what is public of the predecessors."""
    rows = wave.cubes["back-cast-bounds"]
    people = _people(store, wave.wave) if rows else {}
    days = {row["wave"]: row["day"] for row in select(store, _YEARS, union=True)} if rows else {}
    behind = mergers.predecessors(mergers.events_of(store), days[wave.wave]) if rows else {}
    for row in rows:
        theme = row["theme"].rpartition("/")[2]
        parts = behind[row["event"]]
        figures = {body: wave.bodies[body].get(theme, {}) for body in parts}
        wanted = mergers.bounds_of(parts, figures, people)
        if (Decimal(row["low"]), Decimal(row["high"])) != wanted:
            yield f"{row['body']}: bounds of {theme} after a merger do not follow"


def _people(store: Store, wave: str) -> Mapping[str, int]:
    """Return the inhabitants known at the wave, else the first known after it."""
    years = {row["wave"]: int(row["year"]) for row in select(store, _YEARS, union=True)}
    return mergers.people_at(store, years[wave])
