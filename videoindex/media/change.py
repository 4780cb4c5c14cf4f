"""What changed when, read from a :class:`~videoindex.types.Scan`: pure functions for the observers.

How to read a scan. Look ``t`` shows the picture at ``pts_s_T[t]``. ``change_TRC[t, r, c]`` is the share of block
(r, c) that differs from that block's *settled reference*: the picture it had when it last fired, that is, when
its share last reached ``ScanSettings.fire_share``. A firing block takes the new picture as its reference, so

* a cut fires once, at the first look which shows the new picture, and is 0 afterwards;
* something that moves fires at every look, and once more where it came to rest;
* a slow fade accumulates against the reference until it fires, again and again until it is over;
* the change itself happened after look ``t - 1`` and not later than look ``t``.

Block (r, c) of an R x C grid covers the rows ``[r * height / R, (r + 1) * height / R)`` and the columns
``[c * width / C, (c + 1) * width / C)`` of the picture *as displayed* (after rotation), whatever its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.types import Scan, Span, Video, merge_spans

__all__ = [
    "SettleSettings",
    "SettledLook",
    "busy_TRC",
    "changed_box_px",
    "changed_spans",
    "settled_instants",
    "settled_looks",
]

# The share of a block, in [0, 1], from which the helpers here call it changed: one typed letter in 720p.
CHANGED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class SettleSettings:
    """When a picture counts as settled, and which blocks never settle."""

    # A block counts as changed from this share of its pixels on, in (0, 1].
    changed_share: float = CHANGED_SHARE
    # The picture is settled when nothing changed for this long.
    quiet_s: float = 0.2
    # While the picture never comes to rest, look all the same after this long.
    patience_s: float = 4.0
    # While nothing changes, look again after this long.
    heartbeat_s: float = 60.0
    # A block that changed in ``busy_share`` of the looks within this window (a clock, a cursor) is busy ...
    busy_window_s: float = 60.0
    # ... and its changes are left to the heartbeat.
    busy_share: float = 0.2
    # ... unless more than this share of the picture is busy at once: that is a film, and all of it counts.
    film_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("changed_share", "busy_share", "film_share"):
            value = getattr(self, name)
            if not 0.0 < value <= 1.0:
                raise ConfigError(f"settle.{name} must lie in (0, 1], got {value}")
        for name in ("patience_s", "heartbeat_s", "busy_window_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"settle.{name} must be a positive number of seconds, got {value}")
        if not (math.isfinite(self.quiet_s) and self.quiet_s >= 0.0):
            raise ConfigError(f"settle.quiet_s must be a number of seconds from 0 on, got {self.quiet_s}")


@dataclass(frozen=True, slots=True, eq=False)
class SettledLook:
    """An instant worth reading: the picture is at rest (or patience or the heartbeat ran out).

    ``at_s`` is the true time of a look. ``changed_from_s`` is the first look since the previous settled look that
    showed a change (what is seen now began there at the earliest); it equals ``at_s`` when nothing changed, on
    a heartbeat. ``changed_RC`` (bool) marks the blocks that changed since the previous settled look; busy blocks
    are marked at heartbeats only, and the first look marks all.
    """

    at_s: float
    changed_from_s: float
    changed_RC: NDArray[np.bool_]


def _fired_TRC(scan: Scan, changed_share: float) -> NDArray[np.bool_]:
    return np.asarray(scan.change_TRC >= max(1, math.ceil(changed_share * 255)))


def busy_TRC(scan: Scan, settings: SettleSettings = SettleSettings()) -> NDArray[np.bool_]:
    """Blocks that change almost all the time: bool, the shape of ``scan.change_TRC``.

    A block is busy at a look when it changed in at least ``busy_share`` of the looks in the window of
    ``busy_window_s`` centred there (cut off at both ends of the scan). A look at which every block fired (the
    first look, a cut) counts for none. A scan shorter than half a window has no
    busy blocks: there is not enough to tell a clock from a short animation.
    """
    looks, rows, columns = scan.change_TRC.shape
    busy = np.zeros((looks, rows, columns), bool)
    times = scan.pts_s_T
    if looks < 2 or times[-1] - times[0] < settings.busy_window_s / 2:
        return busy
    fired = _fired_TRC(scan, settings.changed_share)
    fired[np.all(fired, axis=(1, 2))] = False
    first = np.searchsorted(times, times - settings.busy_window_s / 2, side="left")
    last = np.searchsorted(times, times + settings.busy_window_s / 2, side="right")
    needed_T = settings.busy_share * (last - first)
    for row in range(rows):  # row by row: the running sums of all blocks of five hours would take 40 MiB
        sums = np.zeros((looks + 1, columns), np.int32)
        np.cumsum(fired[:, row], axis=0, out=sums[1:])
        busy[:, row] = sums[last] - sums[first] >= np.maximum(needed_T, 1.0)[:, None]
    return busy


def changed_spans(
    video: Video,
    scan: Scan,
    *,
    changed_share: float = CHANGED_SHARE,
    min_blocks: int = 1,
    join_gap_s: float = 1.0,
) -> list[Span]:
    """Where anything moves: disjoint, sorted spans inside ``video.span``.

    A look with at least ``min_blocks`` changed blocks stands for the time from the look before it to the look
    after it, for the change came about since the former and the new picture stays until the latter. Spans
    closer than ``join_gap_s`` are joined. The first look (all new by definition) does not count as movement.
    """
    times = scan.pts_s_T
    active_T = _fired_TRC(scan, changed_share).sum(axis=(1, 2)) >= min_blocks
    spans = []
    for t in np.flatnonzero(active_T):
        if t == 0:
            continue
        end_s = float(times[t + 1]) if t + 1 < len(times) else video.span.end_s
        start_s = max(float(times[t - 1]), video.span.start_s)
        if start_s < min(end_s, video.span.end_s):
            spans.append(Span(start_s, min(end_s, video.span.end_s)))
    return merge_spans(spans, join_gap_s)


def settled_looks(scan: Scan, settings: SettleSettings = SettleSettings()) -> list[SettledLook]:
    """The instants worth reading, in order: where the picture came to rest after a change, and heartbeats.

    Changes of busy blocks (see :func:`busy_TRC`) do not count, save where most of the picture is busy. The first
    look is always among them, and the last one is when something changed after the last settled look. Every change
    in a block that is not busy is followed by a settled look within ``patience_s`` (and one look).
    """
    if not len(scan.pts_s_T):
        return []
    fired = _fired_TRC(scan, settings.changed_share)
    busy = busy_TRC(scan, settings)
    busy[busy.mean(axis=(1, 2)) > settings.film_share] = False
    times = scan.pts_s_T
    pending = np.ones(fired.shape[1:], bool)
    looks = [SettledLook(float(times[0]), float(times[0]), pending)]
    pending = np.zeros_like(pending)
    changed_from_s = changed_at_s = math.inf
    for t in range(1, len(times)):
        at_s = float(times[t])
        now = fired[t] & ~busy[t]
        if now.any():
            changed_from_s, changed_at_s = min(changed_from_s, at_s), at_s
            pending |= now
        waiting = changed_from_s < math.inf
        rested = waiting and at_s - changed_at_s >= settings.quiet_s
        overdue = waiting and (at_s - changed_from_s >= settings.patience_s or t == len(times) - 1)
        beat = at_s - looks[-1].at_s >= settings.heartbeat_s
        if rested or overdue or beat:
            marked = pending | busy[t] if beat else pending
            looks.append(SettledLook(at_s, min(changed_from_s, at_s), marked.copy()))
            pending[:] = False
            changed_from_s = changed_at_s = math.inf
    return looks


def settled_instants(scan: Scan, settings: SettleSettings = SettleSettings()) -> list[float]:
    """The times of :func:`settled_looks`, rising, in seconds on the source's clock."""
    return [look.at_s for look in settled_looks(scan, settings)]


def changed_box_px(
    changed_RC: NDArray[np.bool_], width_px: int, height_px: int
) -> tuple[int, int, int, int] | None:
    """The rectangle (left, top, right, bottom; right and bottom exclusive) round all marked blocks.

    In pixels of a picture of ``width_px`` x ``height_px`` as displayed; None when no block is marked.
    """
    rows, columns = np.flatnonzero(changed_RC.any(axis=1)), np.flatnonzero(changed_RC.any(axis=0))
    if not len(rows):
        return None
    high, wide = changed_RC.shape
    return (
        int(columns[0]) * width_px // wide,
        int(rows[0]) * height_px // high,
        -(-(int(columns[-1]) + 1) * width_px // wide),
        -(-(int(rows[-1]) + 1) * height_px // high),
    )
