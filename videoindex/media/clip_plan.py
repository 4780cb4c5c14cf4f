"""Decides what of a cut is copied and what is encoded. Pure: stamps in, pieces out.

Pictures are coded in another order than they are shown in, and most are predicted from others. A place between
two packets is *clean* when all that is coded before it is shown before all that is coded after it: a copy may end
there. A *join* is a clean place before a picture that refers to nothing earlier: a copy may begin there. At clean
places the number of pictures coded before equals the number shown before, so one number counts both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from videoindex.types import Span

__all__ = [
    "SLACK_S",
    "STAMP_HZ",
    "Coded",
    "Piece",
    "Window",
    "decode_stamps",
    "plan_pieces",
    "stamps_of",
    "window_of",
]

SLACK_S = 0.0005
"""Times are given to the millisecond: one this close to a picture's stamp means that picture."""

STAMP_HZ = 90_000
"""Ticks a second on a clip's own clock, as in MPEG-TS: the usual frame rates divide it."""


@dataclass(frozen=True, slots=True)
class Coded:
    """The coded pictures around a cut, in coded order.

    ``pts_N`` are their stamps in ticks of ``tick_s`` on the source's clock, ``is_fresh_N`` tells which refer to
    nothing earlier. The first is a key picture at or before the cut, the last lies beyond it, by more than
    pictures are reordered, or is the file's last; ``end_pts`` is where the last one shown leaves the screen.
    ``is_by_order``: the file stores no stamps of display; these are all its slots from its start on, in order.
    ``why_no_copy`` is empty where packets may be copied as they are.
    """

    tick_s: Fraction
    pts_N: tuple[int, ...]
    is_fresh_N: tuple[bool, ...]
    end_pts: int
    is_by_order: bool = False
    why_no_copy: str = ""

    @property
    def shown_N(self) -> list[int]:
        """The stamps in order of display."""
        return sorted(self.pts_N)

    @property
    def reorder_depth(self) -> int:
        """Over how many places pictures are moved between coding and display."""
        return _depth(self.pts_N)


@dataclass(frozen=True, slots=True)
class Window:
    """The pictures of a cut, ``first`` up to, not including, ``stop`` in order of display; and its exact ends in
    seconds on the source's clock."""

    first: int
    stop: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Piece:
    """Pictures ``first`` up to, not including, ``stop`` of a Coded: copied, or decoded and encoded anew."""

    is_copy: bool
    first: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.stop:
            raise ValueError(f"a piece needs pictures, got {self.first} up to {self.stop}")


def window_of(coded: Coded, span: Span) -> Window:
    """The pictures on display in ``span``: the first is on display at its start, although its stamp may lie before
    it; the last is the last that appears before its end."""
    shown = coded.shown_N
    start, end = (_snapped(coded, shown, at_s) for at_s in (span.start_s, span.end_s))
    if start >= end:  # a cut of less than a millisecond: its own ends stand
        start, end = _exact(span.start_s), _exact(span.end_s)
    first = max(0, bisect_right(shown, start / coded.tick_s) - 1)
    stop = max(first + 1, bisect_left(shown, end / coded.tick_s))
    return Window(first, stop, start, end)


def _snapped(coded: Coded, shown: Sequence[int], at_s: float) -> Fraction:
    """The instant, or the stamp of the picture that it means."""
    at = _exact(at_s)
    place = bisect_left(shown, at / coded.tick_s)
    near = [pts * coded.tick_s for pts in (*shown[max(0, place - 1) : place + 1], coded.end_pts)]
    best = min(near, key=lambda stamp: abs(stamp - at))
    return best if abs(best - at) <= SLACK_S else at


def _exact(at_s: float) -> Fraction:
    """To the nanosecond, without what binary floating point adds."""
    return Fraction(at_s).limit_denominator(1_000_000_000)


def plan_pieces(coded: Coded, window: Window, may_mix: bool) -> tuple[Piece, ...]:
    """The pieces that make up ``window``, in order.

    With ``may_mix`` as much as possible is copied and only what stands before the first join, and after the last
    clean place, is encoded; without it all is copied if both ends allow it, else all is encoded.
    """
    first, stop = window.first, window.stop
    if coded.is_by_order or coded.why_no_copy:
        return (Piece(False, first, stop),)
    latest = list(accumulate(coded.pts_N, max))
    earliest = list(accumulate(reversed(coded.pts_N), min))[::-1]
    clean = [at for at in range(first, stop + 1) if _is_clean(at, latest, earliest)]
    joins = (at for at in clean if at < stop and coded.is_fresh_N[at] and coded.pts_N[at] == earliest[at])
    join, end = next(joins, None), clean[-1] if clean else first
    if join is None or join >= end or (not may_mix and (join, end) != (first, stop)):
        return (Piece(False, first, stop),)
    head = (Piece(False, first, join),) if first < join else ()
    tail = (Piece(False, end, stop),) if end < stop else ()
    return (*head, Piece(True, join, end), *tail)


def _is_clean(at: int, latest: Sequence[int], earliest: Sequence[int]) -> bool:
    return at in (0, len(latest)) or latest[at - 1] < earliest[at]


def stamps_of(coded: Coded, window: Window, piece: Piece) -> list[int]:
    """The stamps of a piece's pictures on the clip's clock (``STAMP_HZ``, 0 at the window's start): of a copy in
    coded order, else in order of display. What is on display at the start is shown from 0 on."""
    order = coded.pts_N if piece.is_copy else coded.shown_N
    at = [round((pts * coded.tick_s - window.start) * STAMP_HZ) for pts in order[piece.first : piece.stop]]
    return [max(0, stamp) for stamp in at]


def _depth(pts_N: Sequence[int]) -> int:
    rank = {pts: at for at, pts in enumerate(sorted(pts_N))}
    return max((at - rank[pts] for at, pts in enumerate(pts_N)), default=0)


def decode_stamps(pts_N: Sequence[int]) -> list[int]:
    """Stamps of decoding for packets in coded order, given when each is shown: they rise and are never late.

    With pictures reordered over d places, packet i is decoded when picture i - d is shown; before the first one
    they go back in the shortest step between two.
    """
    shown = sorted(pts_N)
    if len(set(shown)) < len(shown):
        raise ValueError("two pictures bear one stamp")
    depth = _depth(pts_N)
    step = min((b - a for a, b in pairwise(shown)), default=1)
    lead = [shown[0] - back * step for back in range(depth, 0, -1)] if shown else []
    return (lead + shown)[: len(shown)]
