"""Is one run better than another? The same queries, scored in both, and their difference.

Queries about one video share its difficulties, so they are no independent draws: videos are resampled, never
queries (a cluster bootstrap; Davison & Hinkley 1997, section 3.8). And two runs share the difficulties of their
queries, so differences are taken query by query.

- The interval is that of the mean difference, the middle 95 % over 10,000 resamples of the videos. With few videos
  it is too narrow; with one there is none.
- p is that of a sign-flip test: if neither run were better, swapping the two runs' names in any video would be as
  likely. All swaps are counted where that can be done, else 10,000 drawn ones. Where scores are 0 or 1 and each
  video has one query, this is McNemar's exact test (McNemar 1947, Psychometrika 12:153).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Difference", "Pair", "difference"]

RESAMPLES = 10_000

_MOST_SWAPPED = 12
"""So many videos that differ are swapped in all ways (4,096 of them); more are swapped at random."""

_BATCH = 1_000_000
"""Drawn numbers held at once."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One query in two runs: its scores in [0, 1], and the video it is about."""

    video: str
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Run B less run A over ``queries`` about ``videos``; ``low`` and ``high`` hold the mean difference with 95 %.

    ``better`` and ``worse`` count the queries in which B scores higher and lower.
    """

    queries: int
    videos: int
    mean_a: float
    mean_b: float
    better: int
    worse: int
    low: float | None
    high: float | None
    p: float
    test: str

    @property
    def mean(self) -> float:
        """The mean difference."""
        return self.mean_b - self.mean_a


def difference(pairs: Sequence[Pair], seed: int = 0) -> Difference:
    """How run B differs from run A; the same ``seed`` gives the same figures. Raises ValueError for no pairs."""
    if not pairs:
        raise ValueError("a difference needs one pair at least")
    names = {video: index for index, video in enumerate(dict.fromkeys(pair.video for pair in pairs))}
    sums_V, counts_V = np.zeros(len(names)), np.zeros(len(names))
    for pair in pairs:
        sums_V[names[pair.video]] += pair.b - pair.a
        counts_V[names[pair.video]] += 1
    draw = np.random.default_rng(seed)
    low, high = _interval(sums_V, counts_V, draw) if len(names) > 1 else (None, None)
    is_yes_no = all(score in (0.0, 1.0) for pair in pairs for score in (pair.a, pair.b))
    if is_yes_no and len(names) == len(pairs):
        p, test = _mcnemar(int((sums_V > 0).sum()), int((sums_V < 0).sum())), "McNemar's exact test"
    else:
        p, test = _sign_flip(sums_V, draw)
    return Difference(
        queries=len(pairs),
        videos=len(names),
        mean_a=fmean(pair.a for pair in pairs),
        mean_b=fmean(pair.b for pair in pairs),
        better=sum(pair.b > pair.a for pair in pairs),
        worse=sum(pair.b < pair.a for pair in pairs),
        low=low,
        high=high,
        p=p,
        test=test,
    )


def _interval(
    sums_V: NDArray[np.float64], counts_V: NDArray[np.float64], draw: np.random.Generator
) -> tuple[float, float]:
    """The middle 95 % of the mean difference over resamples of the videos."""
    videos = len(sums_V)
    at_once = max(1, _BATCH // videos)
    means: list[NDArray[np.float64]] = []
    for done in range(0, RESAMPLES, at_once):
        drawn_RV = draw.integers(videos, size=(min(at_once, RESAMPLES - done), videos))
        means.append(sums_V[drawn_RV].sum(axis=1) / counts_V[drawn_RV].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return float(low), float(high)


def _mcnemar(better: int, worse: int) -> float:
    """Twice the chance that a fair coin falls as unevenly, or more so, over the queries that differ."""
    n, fewer = better + worse, min(better, worse)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / (1 << n))


def _sign_flip(sums_V: NDArray[np.float64], draw: np.random.Generator) -> tuple[float, str]:
    """p of the summed difference under swaps of whole videos, and the test's name."""
    differing_V = sums_V[sums_V != 0]
    # Rounding must not tell a sum from the same sum in another order.
    reached = abs(float(differing_V.sum())) - 1e-9
    if not len(differing_V):
        return 1.0, "no video differs"
    if len(differing_V) <= _MOST_SWAPPED:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(differing_V)))).reshape(-1, len(differing_V))
        return float(np.mean(np.abs(signs @ differing_V) >= reached)), "exact sign-flip test over videos"
    at_once = max(1, _BATCH // len(differing_V))
    as_far = 0.0
    for done in range(0, RESAMPLES, at_once):
        flips_RV = draw.integers(2, size=(min(at_once, RESAMPLES - done), len(differing_V))) * 2.0 - 1.0
        as_far += float(np.sum(np.abs(flips_RV @ differing_V) >= reached))
    return (1 + as_far) / (1 + RESAMPLES), f"sign-flip test over videos, {RESAMPLES:,} draws"
