"""Decides which coded pictures to decode for the asked instants. Pure: integers in, a plan out.

A demuxer gives packets in decode order, each with its presentation stamp. The picture on display at t is the one
with the largest stamp <= t, so a packet is wanted exactly when an asked instant lies between its stamp and the
next stamp in presentation order. Pictures are reordered over a few packets only: a short look ahead is enough.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

__all__ = ["REORDER_LIMIT", "Assigner", "Part", "PartLimits", "PartMaker", "Pick", "to_ticks"]

P = TypeVar("P")

# H.264 and HEVC reorder over at most 16 pictures; twice that leaves room for two fields a picture.
REORDER_LIMIT = 33


@dataclass(frozen=True, slots=True)
class Pick(Generic[P]):
    """A packet, its stamp in ticks, and the indices of the asked instants at which its picture is on display."""

    packet: P
    pts: int
    is_key: bool
    size_bytes: int
    asked: range

    @property
    def is_wanted(self) -> bool:
        return len(self.asked) > 0


def to_ticks(at_s_T: Sequence[float], seconds_per_tick: float) -> list[int]:
    """The last tick at or before each instant; a thousandth of a tick is forgiven to floating point."""
    return [math.floor(at_s / seconds_per_tick + 1e-3) for at_s in at_s_T]


class Assigner(Generic[P]):
    """Takes packets in decode order and gives them back with the asked instants they are to show.

    ``from_start``: the stretch begins at the file's start, so its first picture also serves earlier instants.
    """

    def __init__(self, asked_ticks: Sequence[int], end_tick: int, from_start: bool) -> None:
        self._asked = asked_ticks
        self._end = end_tick
        self._from_start = from_start
        self._first_pts: int | None = None
        self._ahead: deque[Pick[P]] = deque()
        self._recent: deque[int] = deque()
        self._order: list[int] = []

    def push(self, packet: P, pts: int, is_key: bool, size_bytes: int) -> list[Pick[P]]:
        """One packet in; the packet that fell out of the look-ahead, if any, out."""
        self._ahead.append(Pick(packet, pts, is_key, size_bytes, range(0)))
        self._recent.append(pts)
        insort(self._order, pts)
        if len(self._recent) > 3 * REORDER_LIMIT:
            del self._order[bisect_left(self._order, self._recent.popleft())]
        return [self._pop(self._end)] if len(self._ahead) > REORDER_LIMIT else []

    def finish(self, end_tick: int | None = None) -> list[Pick[P]]:
        """The rest, when the stretch ends; nothing at or after ``end_tick`` is then on display."""
        end = self._end if end_tick is None else min(end_tick, self._end)
        return [self._pop(end) for _ in range(len(self._ahead))]

    def _pop(self, end: int) -> Pick[P]:
        held = self._ahead.popleft()
        if self._first_pts is None:
            self._first_pts = self._order[0]
        at = bisect_right(self._order, held.pts)
        until = min(self._order[at], end) if at < len(self._order) else end
        is_first = self._from_start and held.pts == self._first_pts
        first = 0 if is_first else bisect_left(self._asked, held.pts)
        stop = bisect_left(self._asked, until)
        return Pick(held.packet, held.pts, held.is_key, held.size_bytes, range(first, max(first, stop)))


@dataclass(frozen=True, slots=True)
class PartLimits:
    """How much of a long group of pictures is handed over in one part."""

    packets: int = 512
    size_bytes: int = 16 << 20
    wanted: int = 16


@dataclass(frozen=True, slots=True)
class Part(Generic[P]):
    """A piece of a group of pictures, to be decoded in order after the pieces before it.

    ``opens``: starts with a key picture, so the decoder may begin afresh. ``closes``: the group's last piece.
    """

    group: int
    picks: tuple[Pick[P], ...]
    opens: bool
    closes: bool


class PartMaker(Generic[P]):
    """Cuts a stream of picks into groups that can be decoded apart, leaving out what no wanted picture needs.

    In an open group the pictures that follow a key in decode order but precede it on display ("leading") need the
    group before: they, with a second copy of the key, end that group. With ``is_one_group`` everything from the
    first key on is one group (for streams whose order of display is only known once decoded).
    """

    def __init__(self, limits: PartLimits, is_one_group: bool = False) -> None:
        self._limits = limits
        self._is_one_group = is_one_group
        self._group = -1
        self._opened = False
        self._current: list[Pick[P]] = []
        self._wanted = 0
        self._size_bytes = 0
        self._key: Pick[P] | None = None
        self._leading: list[Pick[P]] = []

    def push(self, pick: Pick[P]) -> list[Part[P]]:
        """One pick in; the parts that are now complete out."""
        if pick.is_key and not (self._is_one_group and self._group >= 0):
            parts = self._turn() if self._key is not None else []
            self._key = pick
            return parts
        if self._key is not None:
            if pick.pts < self._key.pts:
                self._leading.append(pick)
                return []
            return self._turn() + self._hold(pick)
        return self._hold(pick)

    def finish(self) -> list[Part[P]]:
        """The rest, when the stretch ends."""
        parts = self._turn() if self._key is not None else []
        return parts + self._part(self._take(), closes=True)

    def _turn(self) -> list[Part[P]]:
        """Ends the current group with the leading pictures of the pending key, which begins the next group."""
        key, leading = self._key, self._leading
        assert key is not None
        picks = self._take()
        if self._group >= 0 and any(pick.is_wanted for pick in leading):
            picks += [replace(key, asked=range(0)), *leading]
        parts = self._part(picks, closes=True)
        self._group += 1
        self._key, self._leading = None, []
        return parts + self._hold(key)

    def _hold(self, pick: Pick[P]) -> list[Part[P]]:
        self._current.append(pick)
        self._wanted += pick.is_wanted
        self._size_bytes += pick.size_bytes
        limits = self._limits
        full = (
            len(self._current) >= limits.packets
            or self._wanted >= limits.wanted
            or self._size_bytes >= limits.size_bytes
        )
        return self._part(self._take(), closes=False) if full else []

    def _take(self) -> list[Pick[P]]:
        picks, self._current, self._wanted, self._size_bytes = self._current, [], 0, 0
        return picks

    def _part(self, picks: list[Pick[P]], closes: bool) -> list[Part[P]]:
        wanted = [i for i, pick in enumerate(picks) if pick.is_wanted]
        if closes and not wanted and not self._opened:
            return []
        if closes and not self._is_one_group:
            picks = picks[: wanted[-1] + 1] if wanted else []
        opens, self._opened = not self._opened, not closes
        return [Part(self._group, tuple(picks), opens, closes)]
