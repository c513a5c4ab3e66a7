"""What the OPEN figures of a body tell about its security answers (semantics.md "Disclosure").

All answer vectors of theme T2 are enumerated, an item being answered, missing (in the denominator)
or not applicable (outside it): 4,390,400 vectors, 243,000 of them without a gap. Those that would
have been published with the same figures are what a reader cannot tell apart. An item is determined
when they leave fewer than two answers for it, whether or not it may also be missing.

The overall score, its bounds and the type tell nothing more as long as they follow from the public
theme figures; where they do not, they are taken as computed from the exact T2 score and narrow the
vectors too. Figures are whole millionths, so that all arithmetic is exact.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyoxigraph import Store

from service.store.rows import select
from tests import reckoning
from tests.open_release import (
    ANSWERS,
    Figures,
    OpenWave,
    read_waves,
    small_differences,
    small_influences,
    unfounded_back_casts,
    unfounded_bounds,
    unfounded_levels,
    unfounded_means,
    unfounded_positions,
    unfounded_variants,
    unknown_cubes,
)

THEME = "T2"
WIDTH = 10 * 10**6
MISSING, OUTSIDE = -1, -2
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def micro(value: str) -> int:
    """Return a published figure in millionths."""
    return int(Decimal(value).scaleb(6))


def divide(numerator: Ints, denominator: Ints | int) -> Ints:
    """Divide whole numbers, half-even; 0 where the denominator is 0."""
    safe = np.maximum(denominator, 1)
    quotient, rest = numerator // safe, numerator % safe
    up = (2 * rest > safe) | ((2 * rest == safe) & (quotient % 2 == 1))
    rounded: Ints = quotient + up
    return rounded


@dataclass(frozen=True)
class Vectors:
    """All answer vectors of the theme, as the sums that figures follow from.

    ``codes`` and ``states`` name the items and what each can be: a score, MISSING or OUTSIDE.
    ``gained`` (Σ weight · score), ``answered`` and ``total`` (Σ weight of what is answered, of what
    applies) are the different sums; ``sums`` is the place of each vector among them, an axis an
    item. ``reach`` tells for each item and state which sums have a vector with it.
    """

    codes: tuple[str, ...]
    states: tuple[tuple[int, ...], ...]
    gained: Ints
    answered: Ints
    total: Ints
    sums: Ints
    reach: tuple[tuple[Mask, ...], ...]

    @property
    def published(self) -> Mask:
        """Where the coverage is at least 0.70."""
        return (self.answered > 0) & (10 * self.answered >= 7 * self.total)

    @property
    def complete(self) -> Mask:
        """Where no item is missing or not applicable."""
        found: Mask = self.answered == sum(row.weight for row in _items())
        return found

    def figure(self, name: str) -> Ints:
        """Return an exact figure, in millionths, rounded as it is published."""
        if name == "score":
            return divide(self.gained * 10**6, self.answered)
        if name == "low":
            return divide(self.gained * 10**6, self.total)
        if name == "coverage":
            return divide(self.answered * 10**6, self.total)
        open_end = self.gained + 100 * (self.total - self.answered)
        return np.where(self.total == 0, 100 * 10**6, divide(open_end * 10**6, self.total))


def _items() -> list[reckoning.Question]:
    return [row for row in reckoning.questions() if row.theme == THEME]


@lru_cache(maxsize=1)
def vectors() -> Vectors:
    """Return all answer vectors of the theme."""
    states = []
    gained = answered = total = np.zeros((), dtype=np.int64)
    for item in _items():
        scores = tuple(sorted(reckoning.scale(item.scale).values()))
        states.append((*scores, MISSING, OUTSIDE))
        weights = [item.weight] * len(scores)
        gained = np.add.outer(gained, np.array([item.weight * s for s in scores] + [0, 0]))
        answered = np.add.outer(answered, np.array([*weights, 0, 0]))
        total = np.add.outer(total, np.array([*weights, item.weight, 0]))
    keys, places = np.unique((gained * 1000 + answered) * 1000 + total, return_inverse=True)
    sums = places.reshape(gained.shape)
    reach = tuple(
        tuple(
            np.bincount(sums.take(place, axis).ravel(), minlength=keys.size) > 0
            for place in range(size)
        )
        for axis, size in enumerate(sums.shape)
    )
    codes = tuple(item.code for item in _items())
    parts = (keys // 10**6, keys // 1000 % 1000, keys % 1000)
    return Vectors(codes, tuple(states), *parts, sums, reach)


# --- Which vectors would be published as a row of the theme ---------------------------------------


def is_band(row: Figures) -> bool:
    """Tell whether a row says no more than a band, or that too little is known."""
    names = ("low", "high", "coverage")
    if "score" not in row:
        return [micro(row[name]) for name in names] == [0, 100 * 10**6, 0]
    score, low, high, coverage = (micro(row[name]) for name in ("score", *names))
    edges = low % WIDTH == 0 and high == low + WIDTH and score == low + WIDTH // 2
    return edges and coverage == 700_000


def _banded(low: int | None) -> Mask:
    every = vectors()
    if low is None:
        return ~every.published
    scaled = every.gained * 10**6
    above = scaled >= low * every.answered
    top = (low + WIDTH) * every.answered
    below = scaled <= top if low + WIDTH == 100 * 10**6 else scaled < top
    mask: Mask = every.published & above & below
    return mask


def consistent(row: Figures | None) -> Mask:
    """Return which vectors are published as ``row``; no row at all means that nothing is answered.

    A row that is no band is taken as the exact figures.
    """
    every = vectors()
    mask: Mask
    if row is None:
        mask = every.answered == 0
        return mask
    if is_band(row) and row.get("presentation", "").endswith("band"):
        return _banded(micro(row["low"]) if "score" in row else None)
    mask = every.published if "score" in row else ~every.published
    for name in ("score", "low", "high", "coverage"):
        if name in row:
            mask &= every.figure(name) == micro(row[name])
    return mask


# --- What follows from the themes -----------------------------------------------------------------


def _mean(figures: Mapping[str, Figures], name: str, own: Ints | int) -> Ints:
    """Return the overall figure, in millionths, with ``own`` as the figure of the banded theme."""
    core = reckoning.core_weights()
    others = sum(w * micro(figures[theme][name]) for theme, w in core.items() if theme != THEME)
    return divide(np.asarray(others + core[THEME] * own), sum(core.values()))


def _types(figures: Mapping[str, Figures], total: Ints, own: Ints | int) -> tuple[Ints, Ints]:
    """Return (type by score, type) for overall scores and scores of the banded theme."""
    by_score: Ints = np.minimum(total // (20 * 10**6), 4) + 1
    final = by_score
    for gate in sorted(reckoning.gates(), key=lambda row: row.start, reverse=True):
        score = own if gate.theme == THEME else micro(figures[gate.theme]["score"])
        unmet = np.asarray(score) < gate.minimum * 10**6
        final = np.where(unmet & (by_score >= gate.start), gate.start - 1, final)
    return by_score, final


def narrowing(figures: Mapping[str, Figures]) -> Mask | None:
    """Return what overall score, bounds and type leave of the vectors, None where they add nothing.

    They add nothing when they follow from the public theme figures alone. One that cannot follow
    from themes at all (a theme that it needs is withheld) leaves no vector.
    """
    masks: list[Mask] = []
    total = figures.get("TOTAL", {})
    for name in ("score", "low", "high", "coverage"):
        if name in total:
            masks += _by_overall(figures, name, micro(total[name]))
    if "type" in figures:
        told = [int(figures["type"][name].rpartition("/")[2]) for name in ("typeByScore", "type")]
        masks += _by_type(figures, told)
    return np.logical_and.reduce(masks) if masks else None


def _known(figures: Mapping[str, Figures], name: str) -> bool:
    return all(name in figures.get(theme, {}) for theme in reckoning.core_weights())


def _by_overall(figures: Mapping[str, Figures], name: str, value: int) -> list[Mask]:
    every = vectors()
    if not _known(figures, name):
        return [np.zeros(every.gained.shape, dtype=np.bool_)]
    if _mean(figures, name, micro(figures[THEME][name])) == value:
        return []
    return [_mean(figures, name, every.figure(name)) == value]


def _by_type(figures: Mapping[str, Figures], told: list[int]) -> list[Mask]:
    every = vectors()
    if not _known(figures, "score"):
        return [np.zeros(every.gained.shape, dtype=np.bool_)]
    own = micro(figures[THEME]["score"])
    if [int(row) for row in _types(figures, _mean(figures, "score", own), own)] == told:
        return []
    exact = every.figure("score")
    by_score, final = _types(figures, _mean(figures, "score", exact), exact)
    return [(by_score == told[0]) & (final == told[1])]


# --- What is determined ---------------------------------------------------------------------------


def possible(mask: Mask) -> dict[str, list[int]]:
    """Return the answers (scores) that ``mask`` leaves for each item."""
    every = vectors()
    return {
        code: [
            state
            for state, reached in zip(states, reach, strict=True)
            if state >= 0 and bool(np.any(mask & reached))
        ]
        for code, states, reach in zip(every.codes, every.states, every.reach, strict=True)
    }


def determined(mask: Mask) -> list[str]:
    """Return the items for which ``mask`` leaves fewer than two answers."""
    return [code for code, answers in possible(mask).items() if len(answers) < 2]


@lru_cache(maxsize=256)
def _determined_by(row: tuple[tuple[str, str], ...] | None) -> tuple[str, ...]:
    return tuple(determined(consistent(dict(row) if row is not None else None)))


def undetermined(open_figures: Mapping[str, Figures]) -> list[str]:
    """Return the items of the theme that the OPEN figures of a body determine; empty is safe.

    Args:
        open_figures: observations of one body, wave and scheme by theme ("T1" … "TOTAL") and
            "type", each a mapping of local property name to value. A theme has its row of
            ``theme-score`` or, without a score, of ``theme-bounds``.
    """
    own = open_figures.get(THEME)
    mask = narrowing(open_figures)
    if mask is not None:
        return determined(mask & consistent(own))
    names = ("score", "low", "high", "coverage", "presentation")
    return list(_determined_by(own and tuple((n, own[n]) for n in names if n in own)))


# --- A whole release ------------------------------------------------------------------------------


def check_release(public_store: Store) -> list[str]:
    """Return what the OPEN figures of all bodies and waves give away; empty is safe.

    Args:
        public_store: a store of OPEN graphs, read as the union of its graphs.
    """
    found = ["answers are public"] if list(select(public_store, ANSWERS, union=True)) else []
    waves = read_waves(public_store)
    scored = Counter(wave.wave for wave in waves if wave.bodies)
    found += [f"{wave}: more than one scheme" for wave, count in scored.items() if count > 1]
    for wave in waves:
        problems = [*unknown_cubes(wave), *_bodies(wave), *_joint(wave)]
        problems += [*unfounded_positions(wave), *unfounded_back_casts(wave, public_store)]
        problems += unfounded_bounds(wave, public_store)
        problems += [*unfounded_levels(wave), *small_differences(wave)]
        problems += [*unfounded_means(wave), *unfounded_variants(wave), *small_influences(wave)]
        found += [f"{wave.wave}: {text}" for text in problems]
    return found


def _bodies(wave: OpenWave) -> Iterator[str]:
    for body, figures in sorted(wave.bodies.items()):
        if items := undetermined(figures):
            yield f"{body}: determines {', '.join(items)}"


def _joint(wave: OpenWave) -> Iterator[str]:
    """A joint response gives two bodies the same figures, else each narrows the other's."""
    shown: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for figures in wave.bodies.values():
        if row := figures.get(THEME):
            names = ("score", "low", "high", "coverage")
            shown[row["fromResponse"]].add(tuple(row.get(name, "") for name in names))
    for response, rows in sorted(shown.items()):
        if len(rows) > 1:
            yield f"{response}: different figures of {THEME}"
