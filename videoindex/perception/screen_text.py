"""The on-screen text observer: reads only what changed, and says of every text when it came and went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.media.change import CHANGED_SHARE, busy_TRC
from videoindex.media.decoders.base import Decoder
from videoindex.perception.gaps import undecoded
from videoindex.perception.ocr import MODEL, TextReader
from videoindex.perception.text_lines import (
    TextLine,
    fold_counters,
    group_lines,
    is_junk,
    joined_text,
    merge_repeats,
)
from videoindex.perception.text_watch import TextWatch, WatchSettings
from videoindex.types import Box, Event, Frames, Observation, Scan, Segment, Span, Video

__all__ = ["ScreenText", "ScreenTextSettings", "looks_wanted", "seams"]

_BUSY_SHARE = 0.2  # a block that changes in this share of the looks of a minute never comes to rest
_LEAST_STEP = 3  # of 255: a change too small to fire, seen against the look before
_WHOLE_CHANGE = 0.5  # of the picture: a new slide or shot
_BEYOND_S = 0.1  # how far before a segment it is asked what stood there already
_VERSION = "1"  # raise it when the code reads the same picture differently: part of the fingerprint


@dataclass(frozen=True, slots=True)
class ScreenTextSettings:
    """How on-screen text is looked for."""

    # onnxruntime workers; observers run side by side, and two workers on two cores are slower than one.
    threads: int = 1
    # Least confidence, in [0, 1], of a line that is kept.
    least_confidence: float = 0.7
    # The picture's shorter side, in pixels, when it is searched for text: 384 finds letters from 11 px on in 720p.
    find_side_px: int = 384
    # Longest side, in pixels, of the frames that text is read from; larger videos are scaled down.
    most_side_px: int = 1920
    # Least time between two looks at a part of the picture that does not come to rest.
    relook_s: float = 0.5
    # How long a part may move before it is looked at for the first time; meanwhile it may come to rest.
    patience_s: float = 0.2
    # Where only a part of the picture moves all the time (an inset, a clock), it is looked at this often.
    busy_look_s: float = 5.0
    # A picture in which nothing changes is looked at this often all the same.
    heartbeat_s: float = 60.0
    # Lines that come and go within this time of each other are one event.
    together_s: float = 0.35
    # A text that is gone for no longer than this (a pointer passing over it) was never gone.
    join_gap_s: float = 1.0
    # Frames to look at in one segment: from the first number on it ends at the next change of the whole picture.
    segment_looks: int = 48

    def __post_init__(self) -> None:
        if not 0.0 <= self.least_confidence <= 1.0:
            raise ConfigError(f"screen_text.least_confidence must lie in [0, 1], got {self.least_confidence}")
        for name in ("threads", "segment_looks"):
            if getattr(self, name) < 1:
                raise ConfigError(f"screen_text.{name} must be at least 1, got {getattr(self, name)}")
        for name in ("find_side_px", "most_side_px"):
            if getattr(self, name) < 64:
                raise ConfigError(f"screen_text.{name} must be at least 64 pixels, got {getattr(self, name)}")
        for name in ("relook_s", "patience_s", "busy_look_s", "heartbeat_s", "together_s", "join_gap_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"screen_text.{name} must be a positive number of seconds, got {value}")


class ScreenText:
    """Observer "screen_text". Cheap to make; the networks load at the first look. Thread-safe."""

    name = "screen_text"
    model = MODEL

    def __init__(self, settings: ScreenTextSettings, decoder: Decoder) -> None:
        self._settings = settings
        self._decoder = decoder
        self._reader = TextReader(settings.threads)

    @property
    def fingerprint(self) -> str:
        """Everything that changes what is read; the number of threads does not."""
        return f"{self.name} {_VERSION} {MODEL} {replace(self._settings, threads=1)!r}"

    @property
    def shortest_event_s(self) -> float:
        """What stays for two looks at a moving part is seen; at rest, one look of the scan (0.25 s) is enough."""
        return 2 * self._settings.relook_s

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """Spans that tile the video, each with the instants to compare or read; empty without a picture."""
        if not video.has_picture or not len(scan.pts_s_T):
            return []
        wanted = np.flatnonzero(looks_wanted(scan, self._settings))
        instants = [float(scan.pts_s_T[t]) for t in wanted]
        cuts = [instants[i] for i in seams(scan.change_T[wanted], self._settings.segment_looks)]
        edges = [video.span.start_s, *cuts, video.span.end_s]
        size_px = _size_px(video, self._settings.most_side_px)
        segments = []
        for start_s, end_s in pairwise(edges):
            at_s_T = tuple(at_s for at_s in instants if start_s <= at_s < end_s)
            segments.append(Segment(video.id, self.name, Span(start_s, end_s), at_s_T, size_px))
        return segments

    def observe(self, video: Video, segment: Segment) -> Observation:
        """Reads one segment. Events that last beyond it end exactly at its end (and start at its start)."""
        side_px = min(self._settings.find_side_px, min(video.width_px, video.height_px) * 2)
        settings = WatchSettings(side_px, self._settings.relook_s, self._settings.patience_s)
        watch = TextWatch(self._reader, segment.span, settings)
        seen: set[float] = set()
        zoom = 1.0
        for frames in self._beyond(video, segment, segment.span.start_s - _BEYOND_S):
            watch.before(frames.rgb_THWC[0])
        for frames in self._decoder.frames(video, segment.at_s_T, segment.size_px):
            zoom = video.width_px / frames.rgb_THWC.shape[2]
            for at_s, pts_s, rgb_HWC in zip(frames.at_s_T, frames.pts_s_T, frames.rgb_THWC, strict=True):
                seen.add(float(at_s))
                watch.step(max(float(pts_s), segment.span.start_s), rgb_HWC)
        for frames in self._beyond(video, segment, segment.span.end_s):
            watch.after(frames.rgb_THWC[0])
        lines = _kept(watch.finish(), self._settings)
        events = [_event(video, group, zoom, self.name) for group in group_lines(lines, self._settings.together_s)]
        ordered = sorted(events, key=lambda event: (event.span, event.id))
        return Observation(tuple(ordered), undecoded(segment, seen))

    def _beyond(self, video: Video, segment: Segment, at_s: float) -> Iterator[Frames]:
        """The frame at ``at_s``, on the other side of a seam; nothing beyond the video's own ends."""
        if at_s in video.span:
            yield from self._decoder.frames(video, (at_s,), segment.size_px)


def looks_wanted(scan: Scan, settings: ScreenTextSettings) -> NDArray[np.bool_]:
    """Which looks of a scan to decode: bool, one for each look.

    Every look that shows a change, with the looks before and after it (when the change came, and what it came
    to). Where less than half of the picture moves all the time, that part alone makes a look every
    ``busy_look_s`` only; a picture that moves all over, as a film does, is followed look by look.
    """
    share_TRC = scan.change_TRC.astype(np.int16)
    fired_TRC = share_TRC >= math.ceil(CHANGED_SHARE * 255)
    fired_TRC[1:] |= np.abs(np.diff(share_TRC, axis=0)) >= _LEAST_STEP
    restless_TRC = busy_TRC(scan, _BUSY_SHARE)
    restless_TRC[restless_TRC.mean(axis=(1, 2)) >= 0.5] = False
    active_T = np.asarray((fired_TRC & ~restless_TRC).any(axis=(1, 2)))
    stirring_T = np.asarray(fired_TRC.any(axis=(1, 2)))
    wanted_T: NDArray[np.bool_] = active_T.copy()
    wanted_T[1:] |= active_T[:-1]
    wanted_T[:-1] |= active_T[1:]
    wanted_T[[0, -1]] = True
    last_s = -math.inf
    for t, at_s in enumerate(scan.pts_s_T):
        every_s = settings.busy_look_s if stirring_T[t] else settings.heartbeat_s
        wanted_T[t] |= at_s - last_s >= every_s
        if wanted_T[t]:
            last_s = float(at_s)
    return wanted_T


def seams(change_W: NDArray[np.float64], segment_looks: int) -> list[int]:
    """Where to cut a row of wanted looks: indices at which a new segment begins.

    A segment takes ``segment_looks`` looks and goes on to the next change of the whole picture, at which few
    lines are torn; where none comes within as many looks again, it is cut at the greatest change among them.
    """
    cuts: list[int] = []
    begin = 0
    while begin + 2 * segment_looks <= len(change_W):
        window = change_W[begin + segment_looks : begin + 2 * segment_looks]
        whole = np.flatnonzero(window >= _WHOLE_CHANGE)
        begin += segment_looks + int(whole[0] if len(whole) else np.argmax(window))
        cuts.append(begin)
    return cuts


def _size_px(video: Video, most_side_px: int) -> tuple[int, int]:
    """The size to decode at: (0, 0), the video's own, unless that is too large."""
    longest_px = max(video.width_px, video.height_px)
    if longest_px <= most_side_px:
        return (0, 0)
    scale = most_side_px / longest_px
    return max(1, round(video.width_px * scale)), max(1, round(video.height_px * scale))


def _kept(lines: Sequence[TextLine], settings: ScreenTextSettings) -> list[TextLine]:
    """The lines that are text, each once."""
    joined = merge_repeats(fold_counters(lines), settings.join_gap_s)
    return [line for line in joined if not is_junk(line, settings.least_confidence)]


def _event(video: Video, group: Sequence[TextLine], zoom: float, source: str) -> Event:
    """One event for lines that came and went together; its confidence is their mean, weighted by length."""
    span = Span(min(line.span.start_s for line in group), max(line.span.end_s for line in group))
    letters = [len(line.text) for line in group]
    confidence = sum(line.confidence * n for line, n in zip(group, letters, strict=True)) / sum(letters)
    return Event.observed(
        video.id,
        span,
        joined_text(group),
        source=source,
        model=MODEL,
        confidence=min(confidence, 1.0),
        boxes=[_zoomed(line.box, zoom, span.start_s) for line in group],
    )


def _zoomed(box: Box, zoom: float, at_s: float) -> Box:
    return Box(at_s, box.left_px * zoom, box.top_px * zoom, box.right_px * zoom, box.bottom_px * zoom)
