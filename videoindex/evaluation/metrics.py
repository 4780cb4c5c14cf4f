"""Measures of temporal grounding, as pure functions of predicted and true windows.

Conventions, so that figures can be set beside published ones:

- Recall@1 at an IoU level counts a query as found when the FIRST predicted window reaches the level, IoU >= m:
  TALL / Charades-STA (Gao et al. 2017, arXiv:1705.02101) and ActivityNet Captions (Krishna et al. 2017,
  arXiv:1705.00754). Those sets hold one window a query. Where a query has several, the best IoU over its true
  windows counts, as QVHighlights does for its R1 (Lei et al. 2021, arXiv:2107.09609, section 5).
- mIoU is the mean of that same IoU of the first prediction; a query with no prediction counts as 0.
- A negative query (no true window) counts as a false find when anything at all is predicted. It enters neither
  recall nor mIoU, where no answer could be right.
- Intervals are Wilson's score intervals (Wilson 1927, JASA 22:209), which stay inside [0, 1] and do not collapse
  at 0 or n hits as the normal approximation does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from videoindex.types import Span

__all__ = ["IOU_LEVELS", "Rate", "first_iou", "mean_iou", "recall_at_1", "wilson_interval"]

IOU_LEVELS = (0.3, 0.5, 0.7)


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
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At 0 and n hits the bound is exactly 0 or 1; rounding must not move it past the share itself.
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)


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


def first_iou(predicted: Sequence[Span], truth: Sequence[Span]) -> float:
    """IoU of the first of the ranked ``predicted`` windows, the best over the ``truth`` windows; 0 without one.

    Raises ValueError when ``truth`` is empty: a negative query has no IoU.
    """
    if not truth:
        raise ValueError("a query without true windows has no IoU; count its finds as false finds instead")
    if not predicted:
        return 0.0
    return max(predicted[0].iou(window) for window in truth)


def recall_at_1(ious: Sequence[float], level: float) -> Rate:
    """How many first predictions reach ``level``: Recall@1 at IoU >= ``level``, over the IoUs of `first_iou`."""
    return Rate(sum(iou >= level for iou in ious), len(ious))


def mean_iou(ious: Sequence[float]) -> float | None:
    """mIoU: the mean over the IoUs of `first_iou`; None when there are none."""
    return fmean(ious) if ious else None
