"""How many bodies use a source in which way, as far as that may be public (semantics.md).

Counts are by source, by province and by who responded together: a gemeente with its OCMW, a
gemeente or an OCMW alone. Those groups share no body, so no count can be subtracted from another to
find a third; there are no totals over provinces, and none over all gemeenten, for the same reason.

Who responded is public, and so is the number of responses of a group. A count is shown if it is of
at least 5 responses and leaves at least 5 others; if what all shown counts together leave would be
1 to 4 responses, the smallest of them is withheld too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.analysis.given import AnalysisInput
from service.analysis.observations import Cube, graph_of, last, link, number

FEWEST = 5
#: A body that looks a source up by hand anywhere counts so; one that uses it nowhere comes last.
MODES = ("manueel", "m2m", "geen")
_MODE = "imc:ontsluitingswijze/"


@dataclass
class Group:
    """Who responded in one province by one questionnaire: body → response (unit)."""

    units: dict[str, str] = field(default_factory=dict)

    def counted(self, modes: Mapping[str, str]) -> Mapping[str, int]:
        """Return mode → number of responses, of the bodies of the group that have one."""
        found: dict[str, set[str]] = defaultdict(set)
        for body, unit in self.units.items():
            if body in modes:
                found[modes[body]].add(unit)
        return {mode: len(units) for mode, units in found.items()}

    def bodies(self, modes: Mapping[str, str], mode: str) -> int:
        """Return how many bodies of the group have this mode."""
        return sum(modes.get(body) == mode for body in self.units)


def shown(counts: Mapping[str, int], responses: int) -> Mapping[str, int]:
    """Return the counts that may be public.

    Args:
        counts: mode → number of responses; what is missing is in none.
        responses: how many responses the group has, which anyone can know.
    """
    kept = {mode: count for mode, count in counts.items() if count >= FEWEST}
    while kept and not _safe(kept, responses):
        del kept[min(kept, key=lambda mode: (kept[mode], mode))]
    return kept


def _safe(kept: Mapping[str, int], responses: int) -> bool:
    """Tell whether the rest is at least 5 responses, or nobody where there are several counts."""
    rest = responses - sum(kept.values())
    return rest >= FEWEST or (rest == 0 and len(kept) > 1)


def source_counts(given: AnalysisInput) -> bytes:
    """Return the cube of counts by source, mode, province and questionnaire."""
    groups: dict[tuple[str, str], Group] = defaultdict(Group)
    for province, kind, body, unit in given.table("respondents", wave=given.wave):
        groups[province, kind].units[body] = unit
    users: dict[str, dict[str, str]] = defaultdict(dict)
    for source, body, mode in given.table("source-users", wave=given.wave):
        known = users[source].get(body, MODES[-1])
        users[source][body] = min(known, last(mode), key=MODES.index)
    made: list[str] = []
    for scheme, version in given.schemes:
        cube = Cube(given, "source-use-count", scheme, version)
        for source, modes in sorted(users.items()):
            for place, group in sorted(groups.items()):
                made += _observations(cube, source, modes, place, group)
    return graph_of(made)


def _observations(
    cube: Cube, source: str, modes: Mapping[str, str], place: Sequence[str], group: Group
) -> Iterator[str]:
    province, kind = place
    told = [f"{body} {modes.get(body, '')}" for body in sorted(group.units)]
    made_of = cube.of(source, province, kind, *told)
    for mode in shown(group.counted(modes), len(set(group.units.values()))):
        path = "/".join((last(source), mode, last(province), last(kind)))
        yield made_of.observation(
            path,
            (
                link("imon:authenticSource", source),
                link("imon:accessMode", f"{_MODE}{mode}"),
                link("imon:province", province),
                link("imon:questionnaireType", kind),
                number("imon:bodyCount", group.bodies(modes, mode)),
                number("imon:groupSize", len(group.units)),
            ),
        )
