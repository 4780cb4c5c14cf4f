"""Detections of many looks -> tracks of single objects. Pure: no pixels, no clock of its own, deterministic.

Association in two rounds as in ByteTrack (Zhang et al., arXiv 2110.06864): sure detections first, unsure ones only
to carry on a track that exists. A track whose object is not detected lives on while nothing moves at its place
(who stands still is still there: leaving needs movement), and for ``bridge_s`` when something does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from videoindex.errors import ConfigError
from videoindex.perception.colours import Palette, similarity
from videoindex.perception.detector import Detection
from videoindex.perception.object_words import ANIMALS

__all__ = ["Sighting", "Track", "Tracker", "TrackingSettings"]

# Classes the detector takes for one another: a track may change between them, the vote decides.
ALIKE: tuple[frozenset[str], ...] = (
    frozenset({"car", "truck", "bus"}),
    frozenset({"bicycle", "motorcycle"}),
    frozenset({"cat", "dog", "horse"}),
)
# Looks closer than this count as one when they miss an object.
COUNT_MISS_EVERY_S: Final = 0.9
# An object last detected this long before the end of the scene was in view at its end.
OPEN_WITHIN_S: Final = 1.0
# A box is a part of another from this share of its area inside it on.
PART_INSIDE: Final = 0.75


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What makes a track, and what ends it."""

    # A track needs one detection of at least this score ...
    start_score: float = 0.6
    # ... and goes on with detections of at least this one.
    continue_score: float = 0.4
    # ... and this many sightings, over at least this long.
    least_sightings: int = 3
    least_s: float = 0.5
    # A track survives this long without a detection although something moves at its place.
    bridge_s: float = 2.5
    # What nobody ever saw moving must be this sure in the median (a coat on a hook, a poster), and is given up
    # when it was not detected for so many looks, a second or more apart.
    still_score: float = 0.65
    still_misses: int = 12
    # Boxes belong together from this overlap, or when their centres are at most this many box sizes apart.
    least_iou: float = 0.15
    reach_sizes: float = 0.6

    def __post_init__(self) -> None:
        for name in ("start_score", "continue_score", "still_score", "least_iou"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"objects.tracking.{name} must lie in (0, 1], got {getattr(self, name)}")
        if self.continue_score > self.start_score:
            raise ConfigError(
                f"objects.tracking.continue_score must not exceed start_score {self.start_score}, "
                f"got {self.continue_score}"
            )
        for name in ("least_s", "bridge_s", "reach_sizes"):
            if not getattr(self, name) >= 0.0:
                raise ConfigError(f"objects.tracking.{name} must not be negative, got {getattr(self, name)}")
        for name in ("least_sightings", "still_misses"):
            if getattr(self, name) < 1:
                raise ConfigError(f"objects.tracking.{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object at one look; ``upper`` and ``lower`` are the colours of the two halves of its box."""

    at_s: float
    box: Detection
    upper: Palette | None = None
    lower: Palette | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One visit of one object. ``open_start`` and ``open_end``: it was there before the first and after the last
    look (of the piece, or of the scene), so that nobody saw it enter or leave. ``moved``: movement was seen at it.
    ``came_s`` and ``went_s``: movement that leads up to the first sighting and away from the last one began and
    ended there (a person half in the picture is not detected yet), at the sides ``came_at`` and ``went_at``.
    """

    label: str
    sightings: tuple[Sighting, ...]
    open_start: bool = False
    open_end: bool = False
    moved: bool = True
    came_s: float | None = None
    went_s: float | None = None
    came_at: str | None = None
    went_at: str | None = None

    @property
    def start_s(self) -> float:
        return self.sightings[0].at_s if self.came_s is None else self.came_s

    @property
    def end_s(self) -> float:
        return self.sightings[-1].at_s if self.went_s is None else self.went_s

    @property
    def score(self) -> float:
        """The median of the detections' scores."""
        return median(s.box.score for s in self.sightings)


@dataclass(slots=True)
class _Live:
    sightings: list[Sighting]
    open_start: bool
    disturbed: bool = False
    moved: bool = False
    misses: int = 0
    missed_at_s: float = float("-inf")
    velocity_px_s: tuple[float, float] = (0.0, 0.0)
    labels: Counter[str] = field(default_factory=Counter)

    def predicted(self, at_s: float) -> Detection:
        """The last box, carried on for at most a second at the last speed."""
        box, ahead_s = self.sightings[-1].box, min(at_s - self.sightings[-1].at_s, 1.0)
        return box.shifted(self.velocity_px_s[0] * ahead_s, self.velocity_px_s[1] * ahead_s)

    def see(self, sighting: Sighting, moved: bool) -> None:
        """Adds a sighting, and follows the speed that it shows."""
        last = self.sightings[-1]
        elapsed_s = max(sighting.at_s - last.at_s, 1e-3)
        (x0, y0), (x1, y1) = last.box.centre_px, sighting.box.centre_px
        if elapsed_s <= 1.5:
            old = self.velocity_px_s
            self.velocity_px_s = ((old[0] + (x1 - x0) / elapsed_s) / 2, (old[1] + (y1 - y0) / elapsed_s) / 2)
        else:
            self.velocity_px_s = (0.0, 0.0)
        self.sightings.append(sighting)
        self.labels[sighting.box.label] += 1
        self.disturbed, self.misses, self.moved = False, 0, self.moved or moved


class Tracker:
    """Feed it looks in order with ``look``, say ``cut`` where a new scene begins, take tracks from ``finish``."""

    def __init__(self, settings: TrackingSettings = TrackingSettings()) -> None:
        self._settings = settings
        self._live: list[_Live] = []
        self._done: list[Track] = []
        self._scene_start_s: float | None = None
        self._last_s = float("-inf")

    def expected(self, at_s: float) -> list[Detection]:
        """Where the live tracks should be at ``at_s``: places worth a closer look."""
        return [track.predicted(at_s) for track in self._live]

    def look(self, at_s: float, sightings: Sequence[Sighting], moved: Callable[[Detection], bool]) -> None:
        """One look: what was detected, and whether something moved inside a given box since the last look.

        Raises ValueError when looks do not come in order.
        """
        if at_s <= self._last_s:
            raise ValueError(f"looks must come in order, got {at_s} after {self._last_s}")
        first = self._scene_start_s is None
        self._scene_start_s = at_s if self._scene_start_s is None else self._scene_start_s
        self._last_s = at_s
        sure = [s for s in sightings if s.box.score >= self._settings.start_score]
        unsure = [
            s for s in sightings if self._settings.continue_score <= s.box.score < self._settings.start_score
        ]
        left, new = self._match(at_s, self._live, sure, moved)
        left, tentative = self._match(at_s, left, unsure, moved)
        for track in left:
            self._miss(track, at_s, moved)
        for sighting in (*new, *tentative):
            if any(_part_of(sighting.box, track.sightings[-1].box) for track in self._live):
                continue
            track = _Live([sighting], open_start=first, moved=moved(sighting.box))
            track.labels[sighting.box.label] += 1
            self._live.append(track)

    def cut(self) -> None:
        """Another scene begins with the next look: all tracks end here, with open ends."""
        self._end_all()
        self._scene_start_s = None

    def finish(self) -> list[Track]:
        """All tracks in order of their start, those still live with an open end."""
        self._end_all()
        return sorted(self._done, key=lambda t: (t.start_s, t.label, t.sightings[0].box.left_px))

    def _match(
        self,
        at_s: float,
        tracks: Sequence[_Live],
        sightings: Sequence[Sighting],
        moved: Callable[[Detection], bool],
    ) -> tuple[list[_Live], list[Sighting]]:
        """Greedy, best pair first; gives back the tracks and sightings left alone."""
        pairs = [
            (self._affinity(track, sighting, at_s), i, j)
            for i, track in enumerate(tracks)
            for j, sighting in enumerate(sightings)
        ]
        taken_i: set[int] = set()
        taken_j: set[int] = set()
        for affinity, i, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
            if affinity <= 0.0 or i in taken_i or j in taken_j:
                continue
            tracks[i].see(sightings[j], moved(sightings[j].box))
            taken_i.add(i)
            taken_j.add(j)
        return (
            [track for i, track in enumerate(tracks) if i not in taken_i],
            [sighting for j, sighting in enumerate(sightings) if j not in taken_j],
        )

    def _affinity(self, track: _Live, sighting: Sighting, at_s: float) -> float:
        """How well a sighting carries on a track; 0 when it cannot."""
        last, place = track.sightings[-1], track.predicted(at_s)
        if not _alike(last.box.label, sighting.box.label):
            return 0.0
        overlap = max(place.iou(sighting.box), last.box.iou(sighting.box))
        (x0, y0), (x1, y1) = place.centre_px, sighting.box.centre_px
        size_px = max(place.height_px, place.width_px, sighting.box.height_px)
        apart = math.hypot(x1 - x0, y1 - y0) / max(size_px, 1.0)
        near = apart <= self._settings.reach_sizes and at_s - last.at_s <= self._settings.bridge_s
        if overlap < self._settings.least_iou and not near:
            return 0.0
        colours = similarity(last.upper, sighting.upper) if last.upper and sighting.upper else 0.5
        same_label = 0.2 if last.box.label == sighting.box.label else 0.0
        return overlap + 0.3 * max(0.0, 1.0 - apart) + 0.3 * colours + same_label + 0.01

    def _miss(self, track: _Live, at_s: float, moved: Callable[[Detection], bool]) -> None:
        """One look without the track's object: it ends when it may have left, or was never there."""
        last = track.sightings[-1]
        stirred = moved(last.box)
        track.disturbed = track.disturbed or stirred
        track.moved = track.moved or stirred
        if at_s - track.missed_at_s >= COUNT_MISS_EVERY_S:
            track.misses, track.missed_at_s = track.misses + 1, at_s
        gone = track.disturbed and at_s - last.at_s > self._settings.bridge_s
        if gone or track.misses > self._settings.still_misses:
            self._live.remove(track)
            self._end(track, open_end=False)

    def _end_all(self) -> None:
        for track in self._live:
            near_end = self._last_s - track.sightings[-1].at_s <= OPEN_WITHIN_S
            self._end(track, open_end=near_end or not track.disturbed)
        self._live = []

    def _end(self, track: _Live, open_end: bool) -> None:
        settings = self._settings
        sightings = track.sightings
        if (
            len(sightings) < settings.least_sightings
            or sightings[-1].at_s - sightings[0].at_s < settings.least_s
            or max(s.box.score for s in sightings) < settings.start_score
        ):
            return
        moved = track.moved or _travelled(sightings)
        if not moved and median(s.box.score for s in sightings) < settings.still_score:
            return
        label = max(track.labels, key=lambda name: (track.labels[name], name))
        self._done.append(Track(label, tuple(sightings), track.open_start, open_end, moved))


def _part_of(box: Detection, whole: Detection) -> bool:
    """Whether a box is a part of a followed object: an arm that moves, or hair taken for a cat."""
    kin = _alike(box.label, whole.label) or (whole.label == "person" and box.label in ANIMALS)
    return kin and box.area_px < whole.area_px and box.overlap_px(whole) >= PART_INSIDE * box.area_px


def _alike(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in ALIKE)


def _travelled(sightings: Sequence[Sighting]) -> bool:
    """Whether the object ended or got anywhere more than half its width from where it began."""
    x0, y0 = sightings[0].box.centre_px
    far_px = max(max(abs(s.box.centre_px[0] - x0), abs(s.box.centre_px[1] - y0)) for s in sightings)
    return far_px > 0.5 * sightings[0].box.width_px
