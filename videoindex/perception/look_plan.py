"""When the objects observer looks: often where something new moves, seldom elsewhere. Pure, from the scan alone.

Four speeds, by what the scan saw at a look:

- something moves where nothing moved lately: every look of the scan (about four a second);
- most of the picture moves (a moving camera, film): two a second;
- movement in places that moved a moment ago (someone at a table): twice a second; in places that have been moving
  for a minute (a speaker's face, a tree, a burned-in clock): every few seconds;
- nothing: a heartbeat, so that what stands still is known. A picture that changed at once and rests again (a
  slide) gets a single look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.media.change import busy_TRC
from videoindex.types import Scan, Span

__all__ = ["LookSettings", "plan_looks", "plan_pieces"]


@dataclass(frozen=True, slots=True)
class LookSettings:
    """How often to look, and how long a piece of work gets."""

    # A block of the scan moved when this share of its pixels changed, in (0, 1].
    changed_share: float = 0.03
    # The picture moves as a whole from this share of moving blocks on, in (0, 1].
    whole_share: float = 0.4
    # Movement is new in a block that was still for this long.
    still_s: float = 3.0
    # New movement is watched closely from this long before it to this long after.
    before_s: float = 1.0
    after_s: float = 2.0
    # After any movement the looks go on as often for this long: who has left must be missed before it is believed,
    # so this must exceed the time for which tracking bridges misses.
    linger_s: float = 3.5
    # Seconds between looks: the picture moves as a whole / moves where it moved lately / has been moving for long.
    whole_every_s: float = 0.5
    lately_every_s: float = 0.5
    busy_every_s: float = 5.0
    # A place has been moving for long when it moved in this share of a minute's looks, in (0, 1].
    busy_share: float = 0.7
    # Seconds between looks while nothing moves.
    heartbeat_s: float = 60.0
    # A change is a flip to another picture when it is over this soon.
    flip_s: float = 0.3
    # The most looks in one piece of work; pieces are cut where least happens.
    most_looks: int = 900

    def __post_init__(self) -> None:
        for name in ("changed_share", "whole_share", "busy_share"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"objects.looks.{name} must lie in (0, 1], got {getattr(self, name)}")
        for name in ("still_s", "whole_every_s", "lately_every_s", "busy_every_s", "heartbeat_s"):
            if not getattr(self, name) > 0.0:
                raise ConfigError(
                    f"objects.looks.{name} must be a positive number of seconds, got {getattr(self, name)}"
                )
        for name in ("before_s", "after_s", "linger_s", "flip_s"):
            if not getattr(self, name) >= 0.0:
                raise ConfigError(
                    f"objects.looks.{name} must be a number of seconds from 0 on, got {getattr(self, name)}"
                )
        if self.most_looks < 2:
            raise ConfigError(f"objects.looks.most_looks must be at least 2, got {self.most_looks}")


def plan_looks(scan: Scan, settings: LookSettings = LookSettings()) -> tuple[float, ...]:
    """The instants to look at, rising; each is the true time of a look of the scan. Empty for an empty scan."""
    times_T = scan.pts_s_T
    if not len(times_T):
        return ()
    every_T = _spacing_T(scan, settings)
    settled_T = _after_flips_T(scan, settings)
    chosen = [float(times_T[0])]
    for t in range(1, len(times_T)):
        waited_s = float(times_T[t]) - chosen[-1]
        if settled_T[t] or waited_s >= every_T[t] - 0.02:
            chosen.append(float(times_T[t]))
    return tuple(chosen)


def plan_pieces(at_s_T: Sequence[float], whole: Span, most_looks: int) -> list[tuple[Span, tuple[float, ...]]]:
    """Spans that tile ``whole``, each with its instants, at most ``most_looks`` of them.

    A piece is cut in its second half, in the middle of the longest wait between two looks: nothing moves there.
    """
    left = [at_s for at_s in at_s_T if at_s in whole]
    pieces: list[tuple[Span, tuple[float, ...]]] = []
    start_s = whole.start_s
    while len(left) > most_looks:
        waits = [left[k + 1] - left[k] for k in range(most_looks // 2, most_looks)]
        last = most_looks // 2 + max(range(len(waits)), key=lambda k: (round(waits[k], 3), k))
        seam_s = (left[last] + left[last + 1]) / 2
        pieces.append((Span(start_s, seam_s), tuple(left[: last + 1])))
        left, start_s = left[last + 1 :], seam_s
    pieces.append((Span(start_s, whole.end_s), tuple(left)))
    return pieces


def _fired_TRC(scan: Scan, settings: LookSettings) -> NDArray[np.bool_]:
    fired_TRC = np.asarray(scan.change_TRC >= max(1, round(settings.changed_share * 255)))
    fired_TRC[0] = False  # all is new at the first look, yet nothing moved
    return fired_TRC


def _spacing_T(scan: Scan, settings: LookSettings) -> NDArray[np.float64]:
    """The wait allowed before each look, in seconds."""
    times_T, fired_TRC = scan.pts_s_T, _fired_TRC(scan, settings)
    flips_T = _flips_T(times_T, fired_TRC, settings)
    every_T = np.full(len(times_T), settings.heartbeat_s)
    calm_T = ~flips_T & fired_TRC.any(axis=(1, 2))
    every_T[calm_T] = settings.busy_every_s
    lately_TRC = fired_TRC & ~busy_TRC(scan, settings.busy_share, settings.changed_share)
    every_T[~flips_T & lately_TRC.any(axis=(1, 2))] = settings.lately_every_s
    wanted_T = every_T.copy()
    for t in np.flatnonzero(calm_T):
        last = np.searchsorted(times_T, times_T[t] + settings.linger_s, side="right")
        every_T[t:last] = np.minimum(every_T[t:last], wanted_T[t])
    new_T = ~flips_T & _new_T(times_T, fired_TRC, settings.still_s)
    new_T[0] = True
    whole_T = _mean_over(times_T, fired_TRC.mean(axis=(1, 2)), 1.0) >= settings.whole_share
    for t in np.flatnonzero(new_T):
        first = np.searchsorted(times_T, times_T[t] - settings.before_s)
        last = np.searchsorted(times_T, times_T[t] + settings.after_s, side="right")
        every_T[first:last] = 0.0
    every_T[whole_T] = np.maximum(every_T[whole_T], settings.whole_every_s)
    return every_T


def _new_T(times_T: NDArray[np.float64], fired_TRC: NDArray[np.bool_], still_s: float) -> NDArray[np.bool_]:
    """Looks at which a block moved that had been still for ``still_s``."""
    last_RC = np.full(fired_TRC.shape[1:], -np.inf)
    new_T = np.zeros(len(times_T), bool)
    for t in np.flatnonzero(fired_TRC.any(axis=(1, 2))):
        new_T[t] = bool(np.any(fired_TRC[t] & (times_T[t] - last_RC > still_s)))
        last_RC[fired_TRC[t]] = times_T[t]
    return new_T


def _flips_T(
    times_T: NDArray[np.float64], fired_TRC: NDArray[np.bool_], settings: LookSettings
) -> NDArray[np.bool_]:
    """Looks that belong to a change which is over within ``flip_s``, with quiet on both sides."""
    fired = np.flatnonzero(fired_TRC.any(axis=(1, 2)))
    flips_T = np.zeros(len(times_T), bool)
    quiet_s = settings.before_s
    for run in np.split(fired, np.flatnonzero(np.diff(times_T[fired]) > quiet_s) + 1):
        if len(run) and times_T[run[-1]] - times_T[run[0]] <= settings.flip_s:
            flips_T[run] = True
    return flips_T


def _after_flips_T(scan: Scan, settings: LookSettings) -> NDArray[np.bool_]:
    """The look after each flip, when the new picture has settled."""
    flips_T = _flips_T(scan.pts_s_T, _fired_TRC(scan, settings), settings)
    after_T = np.zeros(len(flips_T), bool)
    after_T[1:] = flips_T[:-1] & ~flips_T[1:]
    return after_T


def _mean_over(times_T: NDArray[np.float64], values_T: NDArray[np.float64], half_s: float) -> NDArray[np.float64]:
    """The running mean over the looks within ``half_s`` of each look."""
    sums = np.concatenate(([0.0], np.cumsum(values_T)))
    first = np.searchsorted(times_T, times_T - half_s)
    last = np.searchsorted(times_T, times_T + half_s, side="right")
    return np.asarray((sums[last] - sums[first]) / (last - first))
