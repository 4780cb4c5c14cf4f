"""Which instants to look at: uniform, or only where the picture changed. Pure.

One *look* is a pair of frames that becomes one temporal patch of Qwen3-VL; its instant, the mean of the pair's
two times, is what the prompt's marker says. The two frames lie close together around it, so that the marker is
true for both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Scan, Span

__all__ = ["Pair", "adaptive_pairs", "uniform_pairs"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two instants that become one temporal patch. Law: ``first_s < second_s``, both finite."""

    first_s: float
    second_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.first_s) and math.isfinite(self.second_s) and self.first_s < self.second_s):
            raise ValueError(f"a pair needs two rising, finite instants, got {self.first_s}, {self.second_s}")

    @property
    def at_s(self) -> float:
        """The marked instant: the mean of both, as the model's own processor has it."""
        return (self.first_s + self.second_s) / 2


def uniform_pairs(span: Span, settings: SamplingSettings) -> list[Pair]:
    """Pairs around the middle of each interval of ``1 / rate_hz`` from ``span.start_s`` on.

    The last interval is cut at the span's end, and its pair lies in the middle of what is left, so both frames
    of every pair lie inside the span and no two looks are further apart than one interval. At least one pair.
    """
    count = max(1, math.ceil(round(span.duration_s * settings.rate_hz, 6)))
    pairs = []
    for k in range(count):
        start_s = span.start_s + k * settings.interval_s
        length_s = min(settings.interval_s, span.end_s - start_s)
        middle_s, half_gap_s = start_s + length_s / 2, min(settings.pair_gap_s, length_s / 2) / 2
        pairs.append(Pair(middle_s - half_gap_s, middle_s + half_gap_s))
    return pairs


def adaptive_pairs(span: Span, scan: Scan, settings: SamplingSettings) -> list[Pair]:
    """The uniform pairs less those at which nothing changed since the last kept one. Always keeps the first.

    A pair is kept when some block of the scan changed by ``changed_share`` or more between the last kept pair and
    this one; when no look of the scan lies between them to tell; or when dropping it would leave more than
    ``heartbeat_s`` until the next pair. The result is a subset of :func:`uniform_pairs`.
    """
    pairs = uniform_pairs(span, settings)
    level = max(1, math.ceil(settings.changed_share * 255))
    peaks_T = scan.change_TRC.max(axis=(1, 2)) if scan.change_TRC.size else np.zeros(len(scan.pts_s_T), np.uint8)
    changes_T = np.concatenate(([0], np.cumsum(peaks_T >= level)))
    seen_T = np.searchsorted(scan.pts_s_T, [pair.second_s for pair in pairs], side="right")
    kept = [0]
    for k in range(1, len(pairs)):
        last, now = int(seen_T[kept[-1]]), int(seen_T[k])
        unknown = now == last
        changed = changes_T[now] > changes_T[last]
        if unknown or changed or _next_s(pairs, k) - pairs[kept[-1]].at_s > settings.heartbeat_s:
            kept.append(k)
    return [pairs[k] for k in kept]


def _next_s(pairs: Sequence[Pair], k: int) -> float:
    return pairs[k + 1].at_s if k + 1 < len(pairs) else pairs[k].at_s
