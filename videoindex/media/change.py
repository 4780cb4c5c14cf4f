"""What changed when, read from a :class:`~videoindex.types.Scan`: for the observers.

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

import numpy as np
from numpy.typing import NDArray

from videoindex.types import Scan

__all__ = ["CHANGED_SHARE", "busy_TRC"]

CHANGED_SHARE = 0.02
"""The share of a block, in (0, 1], from which it counts as changed unless told: one typed letter in 720p."""

# A block is judged by what it did within this time around a look.
_WINDOW_S = 60.0


def busy_TRC(scan: Scan, busy_share: float, changed_share: float = CHANGED_SHARE) -> NDArray[np.bool_]:
    """Blocks that change almost all the time (a clock, a cursor): bool, the shape of ``scan.change_TRC``.

    A block changed at a look when at least ``changed_share`` of its pixels did. It is busy there when it changed
    in at least ``busy_share`` of the looks in the minute centred on it (cut off at both ends of the scan). A look
    at which every block changed (the first look, a cut) counts for none. A scan shorter than half a minute has no
    busy blocks: there is not enough to tell a clock from a short animation.
    """
    looks, rows, columns = scan.change_TRC.shape
    busy = np.zeros((looks, rows, columns), bool)
    times = scan.pts_s_T
    if looks < 2 or times[-1] - times[0] < _WINDOW_S / 2:
        return busy
    changed = np.asarray(scan.change_TRC >= max(1, math.ceil(changed_share * 255)))
    changed[np.all(changed, axis=(1, 2))] = False
    first = np.searchsorted(times, times - _WINDOW_S / 2, side="left")
    last = np.searchsorted(times, times + _WINDOW_S / 2, side="right")
    needed_T = busy_share * (last - first)
    for row in range(rows):  # row by row: the running sums of all blocks of five hours would take 40 MiB
        sums = np.zeros((looks + 1, columns), np.int32)
        np.cumsum(changed[:, row], axis=0, out=sums[1:])
        busy[:, row] = sums[last] - sums[first] >= np.maximum(needed_T, 1.0)[:, None]
    return busy
