"""Measures of temporal grounding, as pure functions of predicted and true windows.

Conventions, so that figures can be set beside published ones:

- Recall@1 at an IoU level counts a query as found when the FIRST predicted window reaches the level, IoU >= m:
  TALL / Charades-STA (Gao et al. 2017, arXiv:1705.02101) and ActivityNet Captions (Krishna et al. 2017,
  arXiv:1705.00754). Those sets hold one window a query. Where a query has several, the best IoU over its true
  windows counts, as QVHighlights does for its R1 (Lei et al. 2021, arXiv:2107.09609, section 5).
- mIoU is the mean of that same IoU of the first prediction; a query with no prediction counts as 0.
- mAP is QVHighlights' (ibid.): per query the interpolated average precision of its ranked windows, at each of ten
  IoU levels; then the mean over queries, and the mean of these over the levels.
- A negative query (no true window) counts as a false find when anything at all is predicted. It enters neither
  recall nor mIoU nor mAP, where no answer could be right.
- Intervals are Wilson's score intervals (Wilson 1927, JASA 22:209), which stay inside [0, 1] and do not collapse
  at 0 or n hits as the normal approximation does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist, fmean
from typing import Protocol

import numpy as np

__all__ = [
    "AP_LEVELS",
    "IOU_LEVELS",
    "Interval",
    "Rate",
    "ScoredInterval",
    "average_precision",
    "first_iou",
    "iou",
    "mean_average_precision",
    "mean_iou",
    "recall_at_1",
    "wilson_bounds",
    "wilson_interval",
]

IOU_LEVELS = (0.3, 0.5, 0.7)
AP_LEVELS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)

AP_WINDOWS = 10
"""Of each query, this many predicted windows enter the average precision: the first of the list."""


class Interval(Protocol):
    """A span or a predicted window: ``start_s <= end_s``."""

    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


class ScoredInterval(Interval, Protocol):
    """A predicted window with its score, the higher the surer."""

    @property
    def score(self) -> float: ...


def wilson_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion; (0, 1), nothing known, when ``n`` is 0.

    Raises ValueError unless ``0 <= hits <= n`` and ``0 < confidence < 1``.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"a proportion needs 0 <= hits <= n, got {hits} of {n}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
    if n == 0:
        return 0.0, 1.0
    return wilson_bounds(hits / n, n, confidence)


def wilson_bounds(share: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a ``share`` in [0, 1] of ``n`` independent trials, which need not be whole.

    ``n`` is above 0.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At 0 and all hits the bound is exactly 0 or 1; rounding must not move it past the share itself.
    return (0.0 if share == 0.0 else max(0.0, middle - half)), (1.0 if share == 1.0 else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n``: a share that never travels without its count. Law: ``0 <= hits <= n``."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"a rate needs 0 <= hits <= n, got {self.hits} of {self.n}")

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None when nothing was counted."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval."""
        return wilson_interval(self.hits, self.n)


def iou(a: Interval, b: Interval) -> float:
    """Intersection over union of two intervals, in [0, 1]; 0 where an instant is one of them.

    Where two intervals overlap, their union is what lies between the outer ends. The evaluation scripts of
    QVHighlights (for R1), of VSLNet and of TimeChat divide by that, and so does this: at a level that is just
    reached, another order of the same arithmetic may differ in the last bit.
    """
    common_s = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    return common_s / (max(a.end_s, b.end_s) - min(a.start_s, b.start_s)) if common_s > 0 else 0.0


def first_iou(predicted: Sequence[Interval], truth: Sequence[Interval]) -> float:
    """IoU of the first of the ranked ``predicted`` windows, the best over the ``truth`` windows; 0 without one.

    Raises ValueError when ``truth`` is empty: a negative query has no IoU.
    """
    if not truth:
        raise ValueError("a query without true windows has no IoU; count its finds as false finds instead")
    if not predicted:
        return 0.0
    return max(iou(predicted[0], window) for window in truth)


def recall_at_1(ious: Sequence[float], level: float) -> Rate:
    """How many first predictions reach ``level``: Recall@1 at IoU >= ``level``, over the IoUs of `first_iou`."""
    return Rate(sum(iou >= level for iou in ious), len(ious))


def mean_iou(ious: Sequence[float]) -> float | None:
    """mIoU: the mean over the IoUs of `first_iou`; None when there are none."""
    return fmean(ious) if ious else None


def average_precision(
    predicted: Sequence[ScoredInterval], truth: Sequence[Interval], levels: Sequence[float] = AP_LEVELS
) -> tuple[float, ...]:
    """QVHighlights' average precision of one query, at each IoU level; 0 without a prediction.

    Of the first ten windows of the list, the surest comes first (equal scores: as listed). Each takes the true
    window that it overlaps best among those not yet taken, if it reaches the level, and is wrong otherwise.
    Precision is interpolated: at each recall, the best at that recall or a higher one (VOC 2011).

    Raises ValueError when ``truth`` is empty: a negative query has no precision.
    """
    if not truth:
        raise ValueError("a query without true windows has no precision; count its finds as false finds instead")
    ranked = sorted(predicted[:AP_WINDOWS], key=lambda window: -window.score)
    overlaps = [[_summed_iou(window, true) for true in truth] for window in ranked]
    return tuple(_interpolated(_are_right(overlaps, level), len(truth)) for level in levels)


def _summed_iou(a: Interval, b: Interval) -> float:
    """As `iou`, in the arithmetic that QVHighlights' script has for its precision: durations are summed."""
    common_s = max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))
    return common_s / ((a.end_s - a.start_s) + (b.end_s - b.start_s) - common_s)


def _are_right(overlaps: Sequence[Sequence[float]], level: float) -> list[bool]:
    """Whether each ranked window, a row of ``overlaps``, takes a true window, a column."""
    free = set(range(len(overlaps[0]))) if overlaps else set()
    right = []
    for row in overlaps:
        reached = [(row[column], column) for column in free if row[column] >= level]
        if reached:
            free.remove(max(reached)[1])  # of equal overlaps the later, as the script's reversed sort has it
        right.append(bool(reached))
    return right


def _interpolated(right: Sequence[bool], wanted: int) -> float:
    """The area under the interpolated precision, ``right`` being ranked and ``wanted`` what there is to find."""
    found = list(accumulate(right))
    precision = [count / (rank + 1) for rank, count in enumerate(found)]
    recall = [0.0, *(count / wanted for count in found)]
    steps = [(recall[rank + 1] - recall[rank]) * max(precision[rank:]) for rank, hit in enumerate(right) if hit]
    # Up to the last bit as QVHighlights' script: numpy's sum, over the rest of the recall too, which adds nothing.
    return float(np.sum(steps if recall[-1] == 1.0 else [*steps, 0.0]))


def mean_average_precision(precisions: Sequence[Sequence[float]]) -> tuple[float, ...] | None:
    """Over the `average_precision` of many queries the mean at each level; None when there are none."""
    return tuple(np.asarray(precisions, float).mean(axis=0).tolist()) if precisions else None
