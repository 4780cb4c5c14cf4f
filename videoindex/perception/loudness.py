"""How loud a sound is over time, and where it is quiet. Pure; 10 ms steps; levels in decibels of full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from videoindex.types import Span

__all__ = ["STEP_S", "levels_db", "noise_floor_db", "pauses", "quietest_s", "trimmed"]

STEP_S = 0.01
_SILENCE_DB = -100.0
# A voice stands at least this far above the noise for its onset to be told by loudness.
_CLEAR_DB = 12.0
_SHORTEST_PAUSE_S = 0.12


def levels_db(samples_T: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """The root mean square of each 10 ms, smoothed over 30 ms, in dB; digital silence is -100."""
    step = round(rate_hz * STEP_S)
    count = len(samples_T) // step
    if count == 0:
        return np.zeros(0, np.float32)
    power_T = np.square(samples_T[: count * step].reshape(count, step), dtype=np.float32).mean(axis=1)
    smooth_T = np.convolve(np.pad(power_T, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    return np.asarray(10 * np.log10(np.maximum(smooth_T, 10 ** (_SILENCE_DB / 10))), dtype=np.float32)


def noise_floor_db(levels_T: NDArray[np.float32]) -> float:
    """The level that a tenth of the steps stay under: the background between words and sentences."""
    return float(np.percentile(levels_T, 10)) if len(levels_T) else _SILENCE_DB


def trimmed(levels_T: NDArray[np.float32], span: Span, floor_db: float) -> Span:
    """``span``, a little too wide as detectors of speech give it, cut to where the voice stands out of the noise.

    ``levels_T`` starts at 0 s. The span stays as it is where the voice is not clear of the noise.
    """
    first, last = round(span.start_s / STEP_S), round(span.end_s / STEP_S)
    inside_T = levels_T[first:last]
    threshold_db = _threshold_db(inside_T, floor_db)
    loud = np.flatnonzero(inside_T > threshold_db) if threshold_db is not None else np.zeros(0, np.int64)
    if len(loud) < 5:
        return span
    return Span((first + int(loud[0])) * STEP_S, (first + int(loud[-1]) + 1) * STEP_S)


def pauses(levels_T: NDArray[np.float32], span: Span, floor_db: float) -> list[Span]:
    """The silences of at least 0.12 s strictly inside ``span``, in order; none where the noise hides them."""
    first, last = round(span.start_s / STEP_S), round(span.end_s / STEP_S)
    threshold_db = _threshold_db(levels_T[first:last], floor_db)
    if threshold_db is None:
        return []
    quiet_T = np.concatenate([[False], levels_T[first:last] <= threshold_db, [False]])
    edges = np.flatnonzero(np.diff(quiet_T.astype(np.int8)))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inner = start > 0 and end < last - first
        if inner and (end - start) * STEP_S >= _SHORTEST_PAUSE_S:
            found.append(Span((first + int(start)) * STEP_S, (first + int(end)) * STEP_S))
    return found


def quietest_s(levels_T: NDArray[np.float32], near_s: float, window_s: float = 0.4) -> float:
    """The middle of the quietest ``window_s``, seconds from the first level; of equals the nearest."""
    width = round(window_s / STEP_S)
    if len(levels_T) < width:
        return near_s
    power_T = 10 ** (levels_T.astype(np.float64) / 10)
    sums = np.concatenate([[0.0], np.cumsum(power_T)])
    means_db_T = 10 * np.log10(np.maximum((sums[width:] - sums[:-width]) / width, 10 ** (_SILENCE_DB / 10)))
    middles_s_T = (np.arange(len(means_db_T)) + width / 2) * STEP_S
    # Within 3 dB of the quietest, nearness decides.
    fit_T = np.where(means_db_T <= means_db_T.min() + 3, np.abs(middles_s_T - near_s), np.inf)
    return float(middles_s_T[int(np.argmin(fit_T))])


def _threshold_db(levels_T: NDArray[np.float32], floor_db: float) -> float | None:
    """A level between noise and voice: a third of the way up, at most 30 dB under the voice; None if too close."""
    if not len(levels_T):
        return None
    voice_db = float(np.percentile(levels_T, 90))
    if voice_db - floor_db < _CLEAR_DB:
        return None
    return max(floor_db + (voice_db - floor_db) / 3, voice_db - 30)
