"""The objects observer: looks where the scan saw movement, detects, tracks, and writes visits down as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.perception import motion
from videoindex.perception.colours import Palette, is_monochrome, palette, without
from videoindex.perception.detector import MODEL, Crop, Detection, Detector
from videoindex.perception.gaps import undecoded
from videoindex.perception.look_plan import LookSettings, plan_looks, plan_pieces
from videoindex.perception.track_events import (
    Scene,
    Wording,
    count_wordings,
    nobody_wordings,
    visit_wordings,
)
from videoindex.perception.tracking import Sighting, Track, Tracker, TrackingSettings
from videoindex.perception.visits import Stir, join_tracks, reach_out
from videoindex.types import Box, Event, Observation, Scan, Segment, Span, Video

if TYPE_CHECKING:
    from videoindex.media.decoders.base import Decoder

__all__ = ["Objects", "ObjectsSettings"]

NAME: Final = "objects"
# Changes when the code changes what is observed with equal settings.
REVISION: Final = "4"
MOST_BOXES: Final = 8
# A live track's place is looked at again after this long although nothing moved there, and the whole picture.
REFRESH_S: Final = 1.0
WHOLE_EVERY_S: Final = 4.0
# After so many looks in a row with no object in what moved, the detector runs only so often until it finds one.
BARREN_LOOKS: Final = 8
BARREN_EVERY_S: Final = 0.9
# A box holds movement from this share of its pixels on.
STIRRED_SHARE: Final = 0.04


@dataclass(frozen=True, slots=True)
class ObjectsSettings:
    """How objects are looked for."""

    # The longer side of the decoded pictures, in pixels; never enlarged.
    longest_side_px: int = 960
    # CPU threads of the detector.
    threads: int = 1
    looks: LookSettings = field(default_factory=LookSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)

    def __post_init__(self) -> None:
        if self.longest_side_px < 160:
            raise ConfigError(f"objects.longest_side_px must be at least 160, got {self.longest_side_px}")
        if self.threads < 1:
            raise ConfigError(f"objects.threads must be at least 1, got {self.threads}")


class Objects:
    """Observer of people, animals and vehicles. Its detector loads on first use; ``observe`` is thread-safe."""

    def __init__(self, settings: ObjectsSettings, decoder: Decoder) -> None:
        self._settings = settings
        self._decoder = decoder
        self._detector = Detector(settings.threads)

    @property
    def name(self) -> str:
        return NAME

    @property
    def model(self) -> str:
        return MODEL

    @property
    def fingerprint(self) -> str:
        settings = self._settings
        return f"{NAME} {REVISION} {MODEL} {settings.longest_side_px} {settings.looks} {settings.tracking}"

    @property
    def shortest_event_s(self) -> float:
        """The time of the sightings a track needs, at four looks a second."""
        tracking = self._settings.tracking
        return max(tracking.least_s, 0.25 * tracking.least_sightings) + 0.25

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """Pieces that tile the video's span; none for a video with no picture."""
        if not video.has_picture or not len(scan.pts_s_T):
            return []
        looks = self._settings.looks
        size_px = _reduced_px(video, self._settings.longest_side_px)
        pieces = plan_pieces(plan_looks(scan, looks), video.span, looks.most_looks)
        return [Segment(video.id, NAME, span, at_s_T, size_px) for span, at_s_T in pieces]

    def observe(self, video: Video, segment: Segment) -> Observation:
        """Events of one piece; instants that could not be decoded are its gaps."""
        watch = _Watch(self._detector, self._settings.tracking, segment.size_px)
        seen: set[float] = set()
        for frames in self._decoder.frames(video, segment.at_s_T, segment.size_px):
            for rgb_HWC, at_s in zip(frames.rgb_THWC, frames.at_s_T.tolist(), strict=True):
                watch.look(at_s, rgb_HWC)
                seen.add(at_s)
        scene, gaps = Scene(segment.span, *segment.size_px), undecoded(segment, seen)
        scenes = watch.scenes(scene)
        wordings = [
            w for tracks, part in scenes for w in (*visit_wordings(tracks, part), *count_wordings(tracks, part))
        ]
        if len(scenes) == 1:  # where scenes are cut together, nobody asks when the place is empty
            wordings += nobody_wordings(*scenes[0], unseen=[gap.span for gap in gaps])
        scale = (video.width_px / segment.size_px[0], video.height_px / segment.size_px[1])
        events = [_event(video, wording, scale) for wording in sorted(wordings, key=lambda w: (w.span, w.text))]
        return Observation(tuple(events), gaps)


class _Watch:
    """One piece of a video, look by look: what moved, where to run the detector, the tracks of each scene."""

    def __init__(self, detector: Detector, settings: TrackingSettings, size_px: tuple[int, int]) -> None:
        self._detector = detector
        self._settings = settings
        self._size_px = size_px
        self._tracker = Tracker(settings)
        self._before_HW: NDArray[np.float32] | None = None
        self._before_s = 0.0
        self._stirs: list[Stir] = []
        self._whole_at_s = float("-inf")
        self._refreshed_at_s = float("-inf")
        self._detected_at_s = float("-inf")
        self._barren = 0
        self._cut_at_s: list[float] = []
        self._scenes: list[list[Track]] = []

    def look(self, at_s: float, rgb_HWC: NDArray[np.uint8]) -> None:
        """Takes one picture in; looks come in order."""
        now_HW = motion.small_grey(rgb_HWC)
        moving: motion.Motion | None = None
        if self._before_HW is not None:
            moving = motion.compare(self._before_HW, now_HW, self._size_px)
            if moving.cut:
                self._cut(at_s)
            self._stirs.append(Stir(self._before_s, at_s, moving.regions))
        crops = () if self._rests(at_s) else self._crops(at_s, moving)
        found = self._detector.detect(rgb_HWC, crops, self._settings.continue_score) if crops else []
        if crops:
            self._detected_at_s, self._barren = at_s, 0 if found else self._barren + 1
        grey = bool(found) and is_monochrome(rgb_HWC)
        sightings = [_sighting(at_s, box, rgb_HWC, grey) for box in found]
        self._tracker.look(at_s, sightings, self._stirred(moving))
        self._before_HW, self._before_s = now_HW, at_s

    def _rests(self, at_s: float) -> bool:
        """Whether to skip the detector: movement that never shows an object (a pointer) is tried seldom."""
        if self._barren < BARREN_LOOKS or self._tracker.expected(at_s):
            return False
        return at_s - self._detected_at_s < BARREN_EVERY_S

    def scenes(self, scene: Scene) -> list[tuple[list[Track], Scene]]:
        """The tracks of each stretch between cuts, with that stretch."""
        tracks = [*self._scenes, self._finished()]
        edges_s = [scene.span.start_s, *self._cut_at_s, scene.span.end_s]
        return [
            (own, Scene(Span(start_s, end_s), scene.width_px, scene.height_px, scene.look_s))
            for own, start_s, end_s in zip(tracks, edges_s, edges_s[1:], strict=False)
        ]

    def _cut(self, at_s: float) -> None:
        self._scenes.append(self._finished())
        self._cut_at_s.append(at_s)
        self._tracker = Tracker(self._settings)
        self._stirs = []
        self._whole_at_s = float("-inf")

    def _finished(self) -> list[Track]:
        tracks = join_tracks(self._tracker.finish(), 2 * self._settings.bridge_s, self._size_px)
        return [reach_out(track, self._stirs, self._size_px) for track in tracks]

    def _crops(self, at_s: float, moving: motion.Motion | None) -> tuple[Crop, ...]:
        """Windows around what moved; around live tracks and over all of the picture now and then."""
        regions = list(moving.regions) if moving is not None else []
        expected = [_inside(box, self._size_px) for box in self._tracker.expected(at_s)]
        overall = at_s - self._whole_at_s >= WHOLE_EVERY_S
        refresh = overall or at_s - self._refreshed_at_s >= REFRESH_S
        regions += [box for box in expected if refresh or any(box.overlaps(region) for region in regions)]
        if refresh:
            self._refreshed_at_s = at_s
        crops = motion.plan_crops(regions, self._size_px)
        if overall and motion.whole(self._size_px) not in crops:
            crops = (*crops, motion.whole(self._size_px))
        if motion.whole(self._size_px) in crops:
            self._whole_at_s = at_s
        return crops

    def _stirred(self, moving: motion.Motion | None) -> Callable[[Detection], bool]:
        width_px, height_px = self._size_px

        def stirred(box: Detection) -> bool:
            if moving is None:
                return False
            left, right = box.left_px / width_px, box.right_px / width_px
            share = motion.moved_share(moving, left, box.top_px / height_px, right, box.bottom_px / height_px)
            return share >= STIRRED_SHARE

        return stirred


def _reduced_px(video: Video, longest_side_px: int) -> tuple[int, int]:
    """(width, height) with the longer side at most ``longest_side_px``, both even."""
    scale = min(1.0, longest_side_px / max(video.width_px, video.height_px))
    return max(2, round(video.width_px * scale / 2) * 2), max(2, round(video.height_px * scale / 2) * 2)


def _inside(box: Detection, size_px: tuple[int, int]) -> Crop:
    """A box as a crop that has at least one pixel inside the picture."""
    left_px = min(max(int(box.left_px), 0), size_px[0] - 1)
    top_px = min(max(int(box.top_px), 0), size_px[1] - 1)
    right_px = min(max(round(box.right_px), left_px + 1), size_px[0])
    bottom_px = min(max(round(box.bottom_px), top_px + 1), size_px[1])
    return Crop(left_px, top_px, right_px, bottom_px)


def _sighting(at_s: float, box: Detection, rgb_HWC: NDArray[np.uint8], grey: bool) -> Sighting:
    """The detection with the colours of its upper and lower body; none in a grey picture.

    The middle columns are mostly the object. A standing person is at least 1.6 times as high as wide; in a lower
    box the picture's border (or a table, a wall) cuts off the legs, so that there is no lower body to speak of;
    in a box hardly higher than wide, head and shoulders, the head fills the upper half.
    """
    if grey:
        return Sighting(at_s, box)
    if box.label != "person":
        body, around = _patch(rgb_HWC, box, 0.2, 0.8, 0.15), _beside(rgb_HWC, box)
        return Sighting(at_s, box, without(body, around) if body and around else body)
    if box.height_px < 1.6 * box.width_px:
        top = 0.35 if box.height_px >= 1.2 * box.width_px else 0.55
        return Sighting(at_s, box, _patch(rgb_HWC, box, top, 0.9), None)
    return Sighting(at_s, box, _patch(rgb_HWC, box, 0.2, 0.48), _patch(rgb_HWC, box, 0.55, 0.85))


def _patch(
    rgb_HWC: NDArray[np.uint8], box: Detection, top: float, bottom: float, aside: float = 0.3
) -> Palette | None:
    """The palette between two shares of a box's height, less a share of its width on each side.

    None when too few pixels are left to speak of a colour.
    """
    rows = slice(int(box.top_px + top * box.height_px), int(box.top_px + bottom * box.height_px))
    columns = slice(int(box.left_px + aside * box.width_px), int(box.right_px - aside * box.width_px))
    patch_HWC = rgb_HWC[rows, columns]
    return palette(patch_HWC) if patch_HWC.size >= 3 * 16 else None


def _beside(rgb_HWC: NDArray[np.uint8], box: Detection) -> Palette | None:
    """The palette of the strips left and right of a box; None where the picture has none."""
    rows = slice(max(int(box.top_px), 0), int(box.bottom_px))
    wide_px = 0.25 * box.width_px
    left_HWC = rgb_HWC[rows, max(int(box.left_px - wide_px), 0) : max(int(box.left_px), 0)]
    right_HWC = rgb_HWC[rows, round(box.right_px) : round(box.right_px + wide_px)]
    beside_N3 = np.concatenate([left_HWC.reshape(-1, 3), right_HWC.reshape(-1, 3)])
    return palette(beside_N3) if len(beside_N3) >= 16 else None


def _event(video: Video, wording: Wording, scale: tuple[float, float]) -> Event:
    """The event, with a few of its boxes in the pixels of the video as displayed."""
    boxes = [
        Box(
            s.at_s,
            s.box.left_px * scale[0],
            s.box.top_px * scale[1],
            s.box.right_px * scale[0],
            s.box.bottom_px * scale[1],
        )
        for s in _spread(wording.sightings)
    ]
    return Event.observed(
        video.id,
        wording.span,
        wording.text,
        source=NAME,
        model=MODEL,
        confidence=wording.confidence,
        boxes=boxes,
    )


def _spread(sightings: Sequence[Sighting]) -> list[Sighting]:
    """At most ``MOST_BOXES`` sightings, spread evenly over their time; the first and the last among them."""
    if not sightings:
        return []
    first_s, last_s = sightings[0].at_s, sightings[-1].at_s
    wanted_s = [first_s + k * (last_s - first_s) / (MOST_BOXES - 1) for k in range(MOST_BOXES)]
    chosen = {min(range(len(sightings)), key=lambda k: abs(sightings[k].at_s - at_s)) for at_s in wanted_s}
    return [sightings[k] for k in sorted(chosen)]
