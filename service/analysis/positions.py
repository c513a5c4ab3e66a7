"""Positions: competition rank and mid-rank percentile of each body within a group (domain.md §5.1).

Every fixed group that a body is in counts (``ontology/codelists/groep.ttl``); gemeenten and OCMW's
are ranked apart, since no group holds both. Ties are decided on published figures.
"""

from __future__ import annotations

import numpy as np

from service.analysis.given import ONE, AnalysisInput, divided
from service.analysis.observations import Cube, figure, graph_of, last, link, number
from service.analysis.scores import Ints, read_scores


def below_and_up_to(scores: Ints, of: Ints | None = None) -> tuple[Ints, Ints]:
    """Return how many scores lie below each one, and how many do not lie above it.

    Args:
        scores: the scores of the group.
        of: what to place among them; the scores themselves when left out.
    """
    ordered = np.sort(scores)
    wanted = scores if of is None else of
    below: Ints = np.searchsorted(ordered, wanted, side="left")
    up_to: Ints = np.searchsorted(ordered, wanted, side="right")
    return below, up_to


def ranks(scores: Ints) -> list[int]:
    """Return the competition rank of each score, the highest first: 1, 2, 2, 4."""
    _, up_to = below_and_up_to(scores)
    return [int(rank) for rank in scores.size - up_to + 1]


def percentiles(scores: Ints) -> list[int]:
    """Return the mid-rank percentile of each score, in millionths: (below + 0.5 · equal) / N."""
    below, up_to = below_and_up_to(scores)
    return [percentile(int(twice), scores.size) for twice in below + up_to]


def percentile(twice: int, size: int) -> int:
    """Return a mid-rank percentile in millionths; ``twice`` is 2 · below + equal."""
    return divided(50 * ONE * twice, size)


def positions(given: AnalysisInput) -> bytes:
    """Return the position cube of a wave: rank, percentile and N by body, theme and group."""
    made: list[str] = []
    for scheme, version in given.schemes:
        cube = Cube(given, "position", scheme, version, status=False)
        scores = read_scores(given, scheme)
        bodies = [link("imon:body", body) for body in scores.bodies]
        for group, theme, rows, values in scores.by_group():
            path = f"/{last(theme)}/{last(group)}"
            size = number("imon:groupSize", values.size)
            about = (link("imon:theme", theme), link("imon:group", group), size)
            made_of = cube.of(group, theme, scores.told(rows, values))
            steps = zip(rows.tolist(), ranks(values), percentiles(values), strict=True)
            for row, place, share in steps:
                rank, percent = number("imon:rank", place), figure("imon:percentile", share)
                tails = (bodies[row], rank, percent, *about)
                made.append(made_of.observation(f"{scores.kbo[row]}{path}", tails))
    return graph_of(made)
