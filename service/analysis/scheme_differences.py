"""How scores by another scheme differ from those by the wave's own, over all gemeenten and OCMW's.

What another scheme says of one body is not public, and the differences follow from exact scores.
So a row needs 5 bodies, and either none or at least 5 of them changed; where a theme is withheld,
the overall score is too, from which it could be worked out (semantics.md "Disclosure").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service import terms
from service.analysis.given import AnalysisInput, divided, millionths
from service.analysis.observations import last, text_of
from service.analysis.scores import OVERALL

FEWEST = 5
_CUBE = "scheme-difference"
#: Theme → KBO number → score in millionths.
Exact = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Difference:
    """The difference of one theme in a group, in millionths; ``pairs`` are (own, other)."""

    pairs: Sequence[tuple[int, int]]

    @property
    def changed(self) -> int:
        """The number of bodies that have another score."""
        return sum(own != other for own, other in self.pairs)

    @property
    def mean(self) -> int:
        """The mean of the other score minus the own one."""
        return divided(sum(other - own for own, other in self.pairs), len(self.pairs))

    @property
    def may_be_shown(self) -> bool:
        """Whether it tells of at least 5 bodies, or that no score changed."""
        return len(self.pairs) >= FEWEST and (not self.changed or self.changed >= FEWEST)


def shown(found: Mapping[str, Difference]) -> Mapping[str, Difference]:
    """Return what may be public of the differences by theme; without the overall one if in doubt.

    Args:
        found: theme → difference, of one group and scheme.
    """
    kept = {theme: row for theme, row in found.items() if row.may_be_shown}
    withheld = found.keys() - kept.keys()
    return {theme: row for theme, row in kept.items() if theme != OVERALL or not withheld}


def scheme_differences(given: AnalysisInput) -> bytes:
    """Return the cube of differences by group, theme and scheme."""
    groups: dict[str, list[str]] = {}
    for kbo, group in sorted(given.table("class-members", wave=given.wave)):
        groups.setdefault(group, []).append(kbo)
    own = _exact(given, given.own)
    made: list[str] = []
    for scheme, version in given.schemes:
        other = _exact(given, scheme)
        for group, members in sorted(groups.items()):
            for theme, row in shown(_differences(own, other, members)).items():
                facts = {"imon:group": group, "imon:theme": theme, "imon:scheme": scheme}
                made += _observation(given, version, facts, row)
    return "".join(made).encode()


def _differences(own: Exact, other: Exact, members: Sequence[str]) -> Mapping[str, Difference]:
    return {
        theme: Difference(
            [
                (own[theme][kbo], other[theme][kbo])
                for kbo in members
                if kbo in own[theme] and kbo in other[theme]
            ]
        )
        for theme in sorted(own.keys() & other.keys())
    }


def _exact(given: AnalysisInput, scheme: str) -> Exact:
    found: dict[str, dict[str, int]] = {}
    cube = given.dataset("theme-score-exact")
    for kbo, theme, score in given.table("exact-scores", scheme=scheme, cube=cube):
        found.setdefault(theme, {})[kbo] = millionths(score)
    return found


def _observation(
    given: AnalysisInput, version: str, facts: Mapping[str, str], row: Difference
) -> Iterator[str]:
    place = f"{last(facts['imon:group'])}/{last(facts['imon:theme'])}/{version}"
    subject = f"{given.root}observatie/{_CUBE}/{given.year}/{place}"
    links = {
        **facts,
        "rdf:type": "qb:Observation",
        "qb:dataSet": given.dataset(_CUBE),
        "imon:wave": given.wave,
        "prov:wasGeneratedBy": given.run_of((given.own, facts["imon:scheme"]), row.pairs),
    }
    for predicate, node in links.items():
        yield terms.triple(subject, predicate, terms.ref(node))
    yield terms.triple(subject, "sdmx-measure:obsValue", terms.decimal(text_of(row.mean)))
    yield terms.triple(subject, "imon:changedCount", terms.integer(row.changed))
    yield terms.triple(subject, "imon:groupSize", terms.integer(len(row.pairs)))
