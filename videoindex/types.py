"""The nouns of videoindex: frozen, slotted, each stating its law.

All times are seconds on the source's own clock (the presentation time stamps of the file), never frame
numbers and never time since start. All intervals are half-open: ``start_s`` belongs to them, ``end_s`` does not.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Answer",
    "Box",
    "Coverage",
    "Event",
    "Frames",
    "Gap",
    "Moment",
    "Observation",
    "Scan",
    "Segment",
    "Span",
    "Thumbnail",
    "Video",
    "merge_spans",
    "subtract_spans",
]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open interval ``[start_s, end_s)``. Law: both finite, ``start_s < end_s``."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            raise ValueError(f"a span needs finite ends, got [{self.start_s}, {self.end_s})")
        if self.start_s >= self.end_s:
            raise ValueError(f"a span needs start < end, got [{self.start_s}, {self.end_s})")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def __contains__(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.end_s

    def intersect(self, other: Span) -> Span | None:
        """The common part, or None when the two do not overlap."""
        start_s, end_s = max(self.start_s, other.start_s), min(self.end_s, other.end_s)
        return Span(start_s, end_s) if start_s < end_s else None

    def iou(self, other: Span) -> float:
        """Intersection over union of two intervals, in [0, 1]."""
        common = self.intersect(other)
        if common is None:
            return 0.0
        return common.duration_s / (self.duration_s + other.duration_s - common.duration_s)


def merge_spans(spans: Iterable[Span], join_gap_s: float = 0.0) -> list[Span]:
    """The union of ``spans`` as disjoint, sorted spans; holes of at most ``join_gap_s`` are closed."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s <= merged[-1].end_s + join_gap_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return merged


def subtract_spans(whole: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of ``whole`` when ``holes`` are cut out, as disjoint, sorted spans."""
    cuts = merge_spans(holes)
    left: list[Span] = []
    for span in merge_spans(whole):
        start_s = span.start_s
        for cut in cuts:
            if cut.end_s <= start_s or cut.start_s >= span.end_s:
                continue
            if cut.start_s > start_s:
                left.append(Span(start_s, cut.start_s))
            start_s = max(start_s, cut.end_s)
        if start_s < span.end_s:
            left.append(Span(start_s, span.end_s))
    return left


@dataclass(frozen=True, slots=True)
class Video:
    """A recording. ``id`` is made from content, so a renamed or moved file keeps its index.

    ``span`` runs from the first frame's (or, with no picture, the first sample's) time stamp to the end of the
    last. ``width_px`` and ``height_px`` are as displayed, after rotation; both are 0 when there is no picture.
    Law: ``recorded_at``, the wall-clock instant of ``span.start_s``, is timezone-aware when known.
    """

    id: str
    path: Path
    span: Span
    width_px: int
    height_px: int
    average_fps: float
    has_audio: bool
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a video needs an id")
        if self.recorded_at is not None and self.recorded_at.tzinfo is None:
            raise ValueError(f"recorded_at must carry a time zone, got {self.recorded_at!r}")

    @property
    def has_picture(self) -> bool:
        return self.width_px > 0 and self.height_px > 0

    def wall_clock(self, at_s: float) -> datetime | None:
        """The wall-clock instant of ``at_s``, or None when the recording's date is not known."""
        if self.recorded_at is None:
            return None
        return self.recorded_at + timedelta(seconds=at_s - self.span.start_s)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Decoded frames: ``rgb_THWC`` uint8, the asked times ``at_s_T`` and the true ones ``pts_s_T`` (float64).

    Law: equal T everywhere; the frame at index i is the one on display at ``at_s_T[i]``, so
    ``pts_s_T[i] <= at_s_T[i]`` save where nothing is on display yet (then the first frame is given).
    """

    rgb_THWC: NDArray[np.uint8]
    at_s_T: NDArray[np.float64]
    pts_s_T: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.rgb_THWC.ndim != 4 or self.rgb_THWC.shape[3] != 3 or self.rgb_THWC.dtype != np.uint8:
            raise ValueError(f"frames must be uint8 THWC, got {self.rgb_THWC.dtype} {self.rgb_THWC.shape}")
        if not (len(self.rgb_THWC) == len(self.at_s_T) == len(self.pts_s_T)):
            raise ValueError("frames, asked times and true times differ in length")

    def __len__(self) -> int:
        return len(self.rgb_THWC)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of a video that was not examined, and why. ``observer`` is empty when no observer could."""

    video_id: str
    span: Span
    reason: str
    observer: str = ""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small JPEG kept for display: the true time of its frame and where it lies."""

    at_s: float
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What the one cheap pass over a video saw.

    ``pts_s_T`` are the true times of the looked-at frames (float64, rising, about ``rate_hz`` a second).
    ``change_TRC`` (uint8) is, for each look and each block of an R x C grid over the picture, the share of the
    block's pixels (255 = all) that differ from the block's last settled look; row 0 is all 255, everything being
    new. ``gaps`` are spans that could not be decoded. A video with no picture has T = 0.
    """

    pts_s_T: NDArray[np.float64]
    change_TRC: NDArray[np.uint8]
    thumbnails: tuple[Thumbnail, ...]
    gaps: tuple[Gap, ...]

    def __post_init__(self) -> None:
        if self.change_TRC.ndim != 3 or len(self.change_TRC) != len(self.pts_s_T):
            raise ValueError("a scan needs one grid of changes for each looked-at frame")
        if len(self.pts_s_T) > 1 and not bool(np.all(np.diff(self.pts_s_T) > 0)):
            raise ValueError("a scan's times must rise")

    @property
    def change_T(self) -> NDArray[np.float64]:
        """Change over the whole picture, in [0, 1]: the mean over the blocks."""
        if not len(self.change_TRC):
            return np.zeros(0)
        return np.asarray(self.change_TRC.reshape(len(self.change_TRC), -1).mean(axis=1) / 255.0)


@dataclass(frozen=True, slots=True)
class Segment:
    """One unit of work and of resume: what one observer looks at in one go.

    ``at_s_T`` are the instants to look at (empty where the observer takes the whole span, as speech does).
    ``size_px`` is (width, height) of the frames to decode, (0, 0) for their own size. ``tokens`` and
    ``positions`` are the cost for a Qwen3-VL observer, 0 for the others. ``side_input`` names what is read beside
    the recording itself, with its digest (a subtitle file, say), so that the segment changes when it does.
    Law: the instants rise and lie inside ``span``.
    """

    video_id: str
    observer: str
    span: Span
    at_s_T: tuple[float, ...] = ()
    size_px: tuple[int, int] = (0, 0)
    tokens: int = 0
    positions: int = 0
    side_input: str = ""

    def __post_init__(self) -> None:
        if any(b <= a for a, b in zip(self.at_s_T, self.at_s_T[1:], strict=False)):
            raise ValueError(f"a segment's instants must rise (segment {self.span})")
        if self.at_s_T and not (self.at_s_T[0] in self.span and self.at_s_T[-1] in self.span):
            raise ValueError(f"instants {self.at_s_T[0]}..{self.at_s_T[-1]} lie outside segment {self.span}")


@dataclass(frozen=True, slots=True)
class Box:
    """Where something stands at one instant: pixel corners, right and bottom exclusive."""

    at_s: float
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float


@dataclass(frozen=True, slots=True)
class Event:
    """What an observer wrote down: ``text`` holds over ``span``.

    ``source`` is the observer's name, ``model`` the weights it used, ``confidence`` in [0, 1]. ``verified`` is
    None until a second look confirmed (True) or rejected (False) it. ``id`` is deterministic: the same
    observation made twice has the same id.
    """

    id: str
    video_id: str
    span: Span
    text: str
    source: str
    model: str
    confidence: float
    boxes: tuple[Box, ...] = ()
    verified: bool | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"an event needs a text ({self.source} at {self.span})")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must lie in [0, 1], got {self.confidence}")

    @classmethod
    def observed(
        cls,
        video_id: str,
        span: Span,
        text: str,
        *,
        source: str,
        model: str,
        confidence: float,
        boxes: Sequence[Box] = (),
    ) -> Event:
        """An event with its deterministic id: a digest of video, source, model, millisecond span and text."""
        parts = (video_id, source, model, f"{span.start_s:.3f}", f"{span.end_s:.3f}", text)
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
        return cls(digest, video_id, span, text, source, model, confidence, tuple(boxes))


@dataclass(frozen=True, slots=True)
class Observation:
    """What one observer made of one segment: its events, and what of the segment it could not examine."""

    events: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a question finds: neighbouring and repeated events merged into one, best event first."""

    video_id: str
    span: Span
    score: float
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at, what was not and why; nothing shorter than ``shortest_event_s`` is sure to be seen.

    ``examined`` maps each video's id to the disjoint spans that were looked at; ``total_s`` is the length of
    all videos the question was put to.
    """

    examined: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    shortest_event_s: float = 0.0
    total_s: float = 0.0

    @property
    def examined_s(self) -> float:
        return sum(span.duration_s for spans in self.examined.values() for span in spans)


@dataclass(frozen=True, slots=True)
class Answer:
    """A sentence, the moments it rests on, and the coverage. No moments means "not found": a legal answer."""

    text: str
    moments: tuple[Moment, ...]
    coverage: Coverage

    @property
    def found(self) -> bool:
        return bool(self.moments)
