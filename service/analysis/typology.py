"""The cubes of clusters: the cluster of each body, and the profile of each cluster (TY-2).

`service.analysis.clusters` tells how they are found. Where a wave has too few responses there are
no clusters, and a note on the wave says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service import terms
from service.analysis.clusters import FEWEST, Clusters, find
from service.analysis.distinct import Distinct, read_distinct
from service.analysis.given import ONE, AnalysisInput, divided
from service.analysis.observations import Cube, figure, graph_of, last, link, number
from service.analysis.scores import OVERALL, Ints

_FEW = {
    "nl": (
        "Geen clusters volgens {method}: er zijn {found} responsen met een totaalscore "
        "({different} verschillende) en er zijn er minstens {needed} nodig."
    ),
    "en": (
        "No clusters by {method}: there are {found} responses with an overall score ({different} "
        "different ones), and at least {needed} are needed."
    ),
}


@dataclass(frozen=True)
class Method:
    """A typology whose types are clusters, in order; the settings of its bootstrap."""

    iri: str
    seed: int
    draws: int
    types: Sequence[str]


def read_methods(given: AnalysisInput) -> list[Method]:
    """Return the typologies of which the instrument gives a number of draws."""
    types: dict[tuple[str, int, int], list[str]] = {}
    for iri, seed, draws, kind, _ in given.table("clusterings"):
        types.setdefault((iri, int(seed), int(draws)), []).append(kind)
    return [Method(*key, types[key]) for key in sorted(types)]


def clusters(given: AnalysisInput) -> bytes:
    """Return the cube of clusters: type and silhouette of each body, or why there are none."""
    made: list[str] = []
    for scheme in given.schemes:
        found = read_distinct(given, scheme[0])
        for method in read_methods(given):
            of = _found(found, method)
            if of is None:
                made.append(_too_few(given, found, method))
                continue
            cube = Cube(given, "cluster", *scheme, status=False).of(method.iri, found.told)
            made += _bodies(cube, found, method, of)
    return graph_of(made)


def cluster_profiles(given: AnalysisInput) -> bytes:
    """Return the cube of profiles: the centroid of each cluster by theme, its size and quality."""
    made: list[str] = []
    for scheme in given.schemes:
        found = read_distinct(given, scheme[0])
        for method in read_methods(given):
            of = _found(found, method)
            if of is not None:
                settings = (method.iri, method.seed, method.draws)
                cube = Cube(given, "cluster-profile", *scheme, status=False)
                made += _profiles(cube.of(*settings, found.told), found, method, of)
    return graph_of(made)


def _found(found: Distinct, method: Method) -> Clusters | None:
    size = len(method.types)
    enough = len(found.points) >= FEWEST * size
    return find(found.points, found.overall, size) if enough else None


def _too_few(given: AnalysisInput, found: Distinct, method: Method) -> str:
    words = {
        "method": last(method.iri),
        "found": len(found.points),
        "different": len({tuple(row) for row in found.points.tolist()}),
        "needed": FEWEST * len(method.types),
    }
    return "".join(
        terms.triple(given.wave, "skos:note", terms.text(text.format(**words), lang))
        for lang, text in _FEW.items()
    )


def _bodies(cube: Cube, found: Distinct, method: Method, of: Clusters) -> Iterator[str]:
    about = link("imon:typologyMethod", method.iri)
    types = [link("imon:type", kind) for kind in method.types]
    shown = [figure("imon:silhouette", _millionths(value)) for value in of.silhouettes]
    for row, point in zip(found.rows.tolist(), found.point.tolist(), strict=True):
        body = link("imon:body", found.scores.bodies[row])
        path = f"{found.scores.kbo[row]}/{last(method.iri)}"
        yield cube.observation(path, (about, body, types[of.labels[point]], shown[point]))


def _profiles(cube: Cube, found: Distinct, method: Method, of: Clusters) -> Iterator[str]:
    bodies = np.bincount(of.labels[found.point], minlength=of.size)
    stability = of.stability(found.overall, method.seed, method.draws)
    for place, kind in enumerate(method.types):
        inside = of.labels == place
        about = (
            link("imon:type", kind),
            number("imon:groupSize", int(bodies[place])),
            figure("imon:silhouette", _mean_silhouette(of, inside)),
            figure("imon:stability", _millionths(stability[place])),
        )
        middle = [*of.centroids[place].tolist(), _mean(found.overall[inside])]
        for theme, value in zip((*found.themes, OVERALL), middle, strict=True):
            path = f"{last(method.iri)}/{last(kind)}/{last(theme)}"
            shown = figure("sdmx-measure:obsValue", value)
            yield cube.observation(path, (*about, link("imon:theme", theme), shown))


def _mean_silhouette(of: Clusters, inside: npt.NDArray[np.bool_]) -> int:
    """Return the mean of the silhouettes as they are published."""
    return _mean(np.array([_millionths(value) for value in of.silhouettes[inside]], np.int64))


def _mean(values: Ints) -> int:
    return divided(int(values.sum()), len(values))


def _millionths(value: float) -> int:
    return round(float(value) * ONE)
