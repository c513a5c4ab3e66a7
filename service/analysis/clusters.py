"""TY-2: clusters of bodies by k-means on their public core theme scores (domain.md §5.4).

* All distinct responses of a wave are clustered together, those of gemeenten, of OCMW's and joint
  ones: the themes and the scale are the same, a joint response belongs to both classes, and one
  profile of a cluster can then be read for either. A cluster apart for a class would have too few
  responses in a small wave.
* The start is the mean of each fifth of the responses by overall score, so nothing is left to
  chance; scikit-learn finds the clusters (Lloyd, one thread).
* What it finds is settled with whole numbers: centroids are rounded as they are published, and each
  response goes to the nearest one, until nothing changes. Small differences between machines in
  floating-point sums are gone after that.
* Clusters are numbered by the mean of their centroid, the lowest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from service.analysis.draws import uniform
from service.analysis.given import ONE, divided
from service.analysis.scores import Ints

#: Responses for each cluster that there must be on average.
FEWEST = 5
_STEPS = 100
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """``labels`` are the clusters of the points, from 0, in order of their centroids."""

    points: Ints
    labels: Ints
    size: int

    @cached_property
    def centroids(self) -> Ints:
        """The mean point of each cluster, in millionths."""
        return centroids(self.points, self.labels, self.size)

    @cached_property
    def silhouettes(self) -> Floats:
        """How well each point fits: (b − a) / max(a, b), 0 in a cluster of its own.

        a is the mean distance to the others of its cluster, b the least mean distance to another
        cluster. Distances are whole millionths, so that their sums are exact.
        """
        places = range(self.size)
        sums = np.stack([self._distances[:, self.labels == n].sum(axis=1) for n in places], axis=1)
        counts = np.bincount(self.labels, minlength=self.size)
        own = np.arange(len(self.labels)), self.labels
        within = sums[own] / np.maximum(counts[self.labels] - 1, 1)
        means = sums / counts
        means[own] = np.inf
        beside = means.min(axis=1)
        width = np.maximum(within, beside)
        alone = (counts[self.labels] == 1) | (width == 0)
        found: Floats = np.where(alone, 0.0, (beside - within) / np.where(width == 0, 1.0, width))
        return found

    @cached_property
    def _distances(self) -> Ints:
        squares = np.zeros((len(self.points), len(self.points)), dtype=np.int64)
        for column in self.points.T:
            squares += (column[:, None] - column[None, :]) ** 2
        return np.rint(np.sqrt(squares)).astype(np.int64)

    def stability(self, overall: Ints, seed: int, draws: int) -> list[float]:
        """Return the mean Jaccard index of each cluster over bootstrap draws (Hennig 2007).

        Args:
            overall: the overall score of each point.
            seed: of the random numbers.
            draws: how often all responses are drawn again, with replacement.
        """
        count = len(self.points)
        places = (uniform(seed, draws, count) * count).astype(np.int64)
        found = [self._again(overall, chosen) for chosen in places]
        by_cluster = zip(*found, strict=True)
        known = [[value for value in row if value is not None] for row in by_cluster]
        return [sum(row) / len(row) if row else 0.0 for row in known]

    def _again(self, overall: Ints, chosen: Ints) -> list[float | None]:
        """Return how well each cluster comes back in one draw; None where none of it was drawn."""
        again = find(self.points[chosen], overall[chosen], self.size)
        drawn, first = np.unique(chosen, return_index=True)
        table = np.zeros((self.size, self.size), dtype=np.int64)
        if again is not None:
            np.add.at(table, (self.labels[drawn], again.labels[first]), 1)
        mine = np.bincount(self.labels[drawn], minlength=self.size)
        union = mine[:, None] + table.sum(axis=0)[None, :] - table
        best = (table / np.maximum(union, 1)).max(axis=1)
        return [float(best[n]) if mine[n] else None for n in range(self.size)]


def find(points: Ints, overall: Ints, size: int) -> Clusters | None:
    """Return ``size`` clusters, or None where there are fewer different points than that."""
    if len(np.unique(points, axis=0)) < size:
        return None
    ordered = np.argsort(overall, kind="stable")
    fifths = np.array_split(ordered, size)
    start = np.stack([points[part].sum(axis=0) / len(part) for part in fifths])
    labels = _settled(points, _k_means(points / ONE, start / ONE), size)
    middles = centroids(points, labels, size)
    rank = sorted(range(size), key=lambda n: (int(middles[n].sum()), middles[n].tolist()))
    place = np.zeros(size, dtype=np.int64)
    place[rank] = np.arange(size)
    return Clusters(points, place[labels], size)


def _k_means(points: Floats, start: Floats) -> Ints:
    make, threads = _library()
    with threads.limit(limits=1):
        model = make(len(start), init=start, n_init=1, algorithm="lloyd", tol=0.0)
        labels: Ints = model.fit(points).labels_.astype(np.int64)
    return labels


@lru_cache(maxsize=1)
def _library() -> tuple[Any, Any]:
    """Return scikit-learn's k-means, and what limits its threads.

    It is imported here since only a publish needs it and importing it takes a second.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import ThreadpoolController

    return KMeans, ThreadpoolController()


def centroids(points: Ints, labels: Ints, size: int) -> Ints:
    """Return the mean point of each cluster, half-even; every cluster has a point."""
    sums = np.zeros((size, points.shape[1]), dtype=np.int64)
    np.add.at(sums, labels, points)
    counts = np.bincount(labels, minlength=size).tolist()
    rows = zip(sums.tolist(), counts, strict=True)
    return np.array([[divided(total, count) for total in row] for row, count in rows], np.int64)


def _settled(points: Ints, labels: Ints, size: int) -> Ints:
    """Return the labels after whole-number steps; of equally near centroids the first counts."""
    for _ in range(_STEPS):
        middles = centroids(points, labels, size)
        squares = ((points[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
        nearest = squares.argmin(axis=1)
        if (nearest == labels).all() or len(np.unique(nearest)) < size:
            break
        labels = nearest
    return labels
