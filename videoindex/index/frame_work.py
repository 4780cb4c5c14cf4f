"""Which pictures of a recording become vectors, and making them, a segment at a time.

A segment's vectors are an artifact: they are made once, and found again by the next run. Pictures are no events:
nobody has said what they show.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import MediaError
from videoindex.index.artifacts import ArtifactStore
from videoindex.index.embed_frames import FrameEmbedder, FrameSettings
from videoindex.index.records import FrameVectors
from videoindex.media.change import CHANGED_SHARE
from videoindex.media.decoders.base import Decoder
from videoindex.types import Gap, Scan, Segment, Span, Video

__all__ = [
    "FRAMES",
    "FrameWork",
    "embed_segment",
    "frame_instants",
    "frame_segments",
    "gather_frames",
]

log = logging.getLogger(__name__)

FRAMES = "frames"
"""Stands where an observer's name does: in segments, and in events that pictures suggest."""

# Pictures of one segment: about two minutes of a scene that moves.
_SEGMENT_PICTURES = 64


@dataclass(frozen=True, slots=True)
class FrameWork:
    """What pictures become vectors with."""

    embedder: FrameEmbedder
    decoder: Decoder
    settings: FrameSettings

    @property
    def key(self) -> str:
        """Changes with everything that decides which vectors a recording has."""
        chosen = self.settings
        parts = (chosen.every_s, chosen.changed_share, chosen.heartbeat_s, chosen.side_px)
        return f"{FRAMES}|{self.embedder.fingerprint}|{parts!r}"


def frame_instants(span: Span, seen: Scan, settings: FrameSettings) -> tuple[float, ...]:
    """Every ``every_s`` from the start on, less those whose picture is still the last one taken. Pure.

    The changes of a block add up since then, so that what moves slowly is not passed over; a change below
    CHANGED_SHARE is noise. Where no look of the scan lies between two instants, nothing is known, and the picture
    is taken. None is left out for longer than ``heartbeat_s``.
    """
    count = max(1, math.ceil(round(span.duration_s / settings.every_s, 6)))
    at_s_T = span.start_s + np.arange(count) * settings.every_s
    level = max(1, math.ceil(CHANGED_SHARE * 255))
    looks_T = np.searchsorted(seen.pts_s_T, at_s_T, side="right")
    kept = [0]
    added_RC = np.zeros(seen.change_TRC.shape[1:], np.int64)
    for k in range(1, count):
        change_TRC = seen.change_TRC[looks_T[k - 1] : looks_T[k]]
        added_RC += np.where(change_TRC >= level, change_TRC, 0).sum(axis=0, dtype=np.int64)
        is_unknown = not len(change_TRC)
        has_changed = added_RC.max(initial=0) >= settings.changed_share * 255
        is_due = at_s_T[k] + settings.every_s - at_s_T[kept[-1]] > settings.heartbeat_s
        if is_unknown or has_changed or is_due:
            kept.append(k)
            added_RC[:] = 0
    return tuple(float(at_s_T[k]) for k in kept)


def frame_segments(video: Video, seen: Scan, settings: FrameSettings) -> list[Segment]:
    """The instants in segments that follow each other and cover the video; none for a video without a picture."""
    if not video.has_picture:
        return []
    instants = frame_instants(video.span, seen, settings)
    firsts = range(0, len(instants), _SEGMENT_PICTURES)
    starts_s = [video.span.start_s, *(instants[first] for first in firsts[1:])]
    ends_s = [*starts_s[1:], video.span.end_s]
    size_px = _size_px(video, settings.side_px)
    return [
        Segment(video.id, FRAMES, Span(start_s, end_s), instants[first : first + _SEGMENT_PICTURES], size_px)
        for first, start_s, end_s in zip(firsts, starts_s, ends_s, strict=True)
    ]


def _size_px(video: Video, side_px: int) -> tuple[int, int]:
    """(width, height) with the longest side at most ``side_px``, never larger than the video."""
    scale = min(1.0, side_px / max(video.width_px, video.height_px))
    return max(1, round(video.width_px * scale)), max(1, round(video.height_px * scale))


def embed_segment(video: Video, segment: Segment, work: FrameWork, artifacts: ArtifactStore) -> str:
    """Embeds the pictures of one segment unless its artifact exists; returns the artifact's key.

    Pictures that cannot be decoded are left out. For a model that would cut their sides off, pictures are squeezed
    to squares. Raises BackendError when the model cannot be loaded.
    """
    key = artifacts.frames_key(segment, work.embedder.fingerprint)
    if artifacts.get_frames(key) is not None:
        return key
    side_px = max(segment.size_px)
    size_px = (side_px, side_px) if work.embedder.takes_square() else segment.size_px
    vectors: list[NDArray[np.float32]] = []
    instants: list[NDArray[np.float64]] = []
    try:
        for frames in work.decoder.frames(video, segment.at_s_T, size_px, work.settings.batch):
            vectors.append(work.embedder.embed_pictures(frames.rgb_THWC))
            instants.append(frames.at_s_T)
    except MediaError as error:
        log.warning("%s: no more pictures were embedded of %s: %s", video.path, segment.span, error)
    if vectors:
        artifacts.put_frames(key, np.concatenate(vectors), np.concatenate(instants))
    else:
        artifacts.put_frames(key, np.zeros((0, 0), np.float32), np.zeros(0))
    return key


def gather_frames(
    video: Video, seen: Scan, segments: Sequence[Segment], work: FrameWork, artifacts: ArtifactStore
) -> FrameVectors:
    """All vectors of ``video`` read back. A picture stands until the next planned one, a gap, or the end."""
    own = sorted((segment for segment in segments if segment.observer == FRAMES), key=lambda one: one.span)
    planned_s = np.array([at_s for segment in own for at_s in segment.at_s_T])
    vectors: list[NDArray[np.float32]] = []
    spans: list[Span] = []
    for segment in own:
        found = artifacts.get_frames(artifacts.frames_key(segment, work.embedder.fingerprint))
        if found is None:
            raise RuntimeError(f"{video.path}: the pictures of {segment.span} were gathered before they were made")
        vectors_TD, at_s_T = found
        if len(at_s_T):
            vectors.append(vectors_TD)
            spans += [_stretch(float(at_s), planned_s, video.span, seen.gaps) for at_s in at_s_T]
    together_TD = np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)
    return FrameVectors(work.embedder.fingerprint, tuple(spans), together_TD)


def _stretch(at_s: float, planned_s: NDArray[np.float64], whole: Span, gaps: Sequence[Gap]) -> Span:
    """From the picture at ``at_s`` on, as long as it stands for what is seen."""
    later = int(np.searchsorted(planned_s, at_s, side="right"))
    end_s = float(planned_s[later]) if later < len(planned_s) else whole.end_s
    return Span(at_s, min([end_s, *(gap.span.start_s for gap in gaps if gap.span.start_s > at_s)]))
