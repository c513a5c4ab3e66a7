"""Positions: competition rank and mid-rank percentile of each body within a group (domain.md §5.1).

Gemeenten and OCMW's are ranked apart. Ties are decided on published figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from service import terms
from service.analysis.given import AnalysisInput, published
from service.store.rows import select


def ranks(scores: Sequence[Decimal]) -> list[int]:
    """Return the competition rank of each score, the highest first: 1, 2, 2, 4."""
    values = np.array([int(score.scaleb(6)) for score in scores])
    return [int(np.count_nonzero(values > value)) + 1 for value in values]


def percentiles(scores: Sequence[Decimal]) -> list[Decimal]:
    """Return the mid-rank percentile of each score: (below + 0.5 · equal) / N · 100."""
    values = np.array([int(score.scaleb(6)) for score in scores])
    found = []
    for value in values:
        below = int(np.count_nonzero(values < value))
        equal = int(np.count_nonzero(values == value))
        found.append(published(Decimal(100 * (2 * below + equal)) / Decimal(2 * len(values))))
    return found


def positions(given: AnalysisInput) -> bytes:
    """Return the position cube of a wave: rank, percentile and N by body, theme and group."""
    made: list[str] = []
    for scheme, version in given.schemes:
        groups: dict[tuple[str, str], list[tuple[str, str, Decimal]]] = defaultdict(list)
        cube = f"{given.root}dataset/theme-score"
        query = given.library["analysis/scores"].bind(wave=given.wave, scheme=scheme, cube=cube)
        for row in select(given.store, query):
            member = (row["body"], row["kbo"], Decimal(row["score"]))
            groups[row["theme"], row["group"]].append(member)
        for (theme, group), members in sorted(groups.items()):
            scores = [score for _, _, score in members]
            rows = zip(members, ranks(scores), percentiles(scores), strict=True)
            for (body, kbo, _), rank, percentile in rows:
                name = f"{kbo}/{_last(theme)}/{_last(group)}/{version}"
                subject = f"{given.root}observatie/position/{given.year}/{name}"
                made += [
                    terms.triple(subject, "rdf:type", terms.ref("qb:Observation")),
                    terms.triple(subject, "qb:dataSet", terms.ref(f"{given.root}dataset/position")),
                    terms.triple(subject, "imon:body", terms.ref(body)),
                    terms.triple(subject, "imon:wave", terms.ref(given.wave)),
                    terms.triple(subject, "imon:theme", terms.ref(theme)),
                    terms.triple(subject, "imon:group", terms.ref(group)),
                    terms.triple(subject, "imon:scheme", terms.ref(scheme)),
                    terms.triple(subject, "imon:rank", terms.integer(rank)),
                    terms.triple(subject, "imon:percentile", terms.decimal(percentile)),
                    terms.triple(subject, "imon:groupSize", terms.integer(len(members))),
                    terms.triple(subject, "prov:wasGeneratedBy", terms.ref(given.run)),
                ]
    return "".join(made).encode()


def _last(iri: str) -> str:
    return iri.rpartition("/")[2]
