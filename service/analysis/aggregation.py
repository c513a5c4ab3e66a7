"""The overall score by geometric aggregation: Π max(S, 1)^W over the core themes (domain.md §5.1).

It is a robustness variant (access BEHEER), and the overall score of a scheme that says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from service import terms
from service.analysis.given import AnalysisInput, published
from service.store.rows import select


def geometric_mean(scores: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal:
    """Return the weighted geometric mean of scores, each taken as at least 1."""
    logs = np.log(np.maximum(np.array([float(score) for score in scores]), 1.0))
    share = np.array([float(weight) for weight in weights])
    return published(float(np.exp(np.sum(logs * share) / np.sum(share))))


def geometric_overall(given: AnalysisInput) -> bytes:
    """Return the geometric overall score of each body whose core themes are all scored."""
    made: list[str] = []
    for scheme, version in given.schemes:
        scores: dict[tuple[str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
        stored = given.library["analysis/core-scores"]
        cube = f"{given.root}dataset/theme-score-exact"
        query = stored.bind(wave=given.wave, scheme=scheme, cube=cube)
        needed = 0
        for row in select(given.store, query):
            needed = int(row["needed"])
            pair = (Decimal(row["score"]), Decimal(row["weight"]))
            scores[row["body"], row["kbo"]].append(pair)
        for (body, kbo), rows in sorted(scores.items()):
            if len(rows) < needed:
                continue
            subject = f"{given.root}observatie/aggregation/{given.year}/{kbo}/meetkundig/{version}"
            value = geometric_mean([score for score, _ in rows], [weight for _, weight in rows])
            made += [
                terms.triple(subject, "rdf:type", terms.ref("qb:Observation")),
                terms.triple(subject, "qb:dataSet", terms.ref(f"{given.root}dataset/aggregation")),
                terms.triple(subject, "imon:body", terms.ref(body)),
                terms.triple(subject, "imon:wave", terms.ref(given.wave)),
                terms.triple(subject, "imon:theme", terms.ref("imc:thema/TOTAL")),
                terms.triple(subject, "imon:scheme", terms.ref(scheme)),
                terms.triple(subject, "imon:aggregation", terms.ref("imc:aggregatie/meetkundig")),
                terms.triple(subject, "imon:score", terms.decimal(value)),
                terms.triple(subject, "prov:wasGeneratedBy", terms.ref(given.run)),
            ]
    return "".join(made).encode()
