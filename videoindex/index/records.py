"""What the index is asked and what it gives back: plain values, no database in sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError, UsageError
from videoindex.types import Event, Gap, Span, Video

__all__ = ["Filters", "FrameHit", "FrameVectors", "Hit", "ObserverCoverage", "StoreSettings", "VideoRecord"]


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """A video that the index holds completely.

    ``camera`` is the user's name for where it was taken. ``settings_key`` is a digest of everything that decided
    what was observed: when it differs from today's, the video is to be indexed again.
    Law: ``indexed_at`` is timezone-aware.
    """

    video: Video
    camera: str | None
    settings_key: str
    indexed_at: datetime

    def __post_init__(self) -> None:
        if self.indexed_at.tzinfo is None:
            raise ValueError(f"indexed_at must carry a time zone, got {self.indexed_at!r}")


@dataclass(frozen=True, slots=True)
class ObserverCoverage:
    """What one observer looked at in one video, what it could not and why.

    An observer that did not apply (speech in a silent file) has neither spans nor gaps.
    """

    video_id: str
    observer: str
    examined: tuple[Span, ...]
    gaps: tuple[Gap, ...]
    shortest_event_s: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events a question is put to. Empty means all; the conditions are joined by AND.

    ``after_s`` and ``before_s`` are on the file's own clock, ``after_wall`` and ``before_wall`` on the wall's:
    an event passes when its half-open span overlaps ``[after, before)``. Events of recordings without a known
    date never pass a wall-clock filter. Raises UsageError for an empty window or a wall time without a zone.
    """

    video_ids: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    after_s: float | None = None
    before_s: float | None = None
    after_wall: datetime | None = None
    before_wall: datetime | None = None

    def __post_init__(self) -> None:
        for name, wall in (("after", self.after_wall), ("before", self.before_wall)):
            if wall is not None and wall.tzinfo is None:
                raise UsageError(f"{name} {wall.isoformat()} carries no time zone: add one, such as +00:00")
        if self.after_s is not None and self.before_s is not None and self.after_s >= self.before_s:
            raise UsageError(f"nothing lies after {self.after_s} s and before {self.before_s} s: swap the two")
        if self.after_wall is not None and self.before_wall is not None and self.after_wall >= self.before_wall:
            raise UsageError(
                f"nothing lies after {self.after_wall.isoformat()} and before {self.before_wall.isoformat()}: "
                "swap the two"
            )


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that a question found, with the figures of both searches.

    ``cosine`` in [-1, 1] is exact, from the stored vector (None when no vector was searched with). ``bm25`` is
    None when the event was not among the candidates of the full-text search. ``rrf`` is the reciprocal rank
    fusion score that hits are ordered by, highest first.
    """

    event: Event
    cosine: float | None
    bm25: float | None
    rrf: float


@dataclass(frozen=True, slots=True, eq=False)
class FrameVectors:
    """Pictures of one video as vectors (T, D) of length 1, float32, made by the model ``embedder`` names.

    ``spans[i]`` begins where picture i is on display and lasts as long as it stands for what is seen.
    Law: as many spans as vectors, in order and without overlap.
    """

    embedder: str
    spans: tuple[Span, ...]
    vectors_TD: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vectors_TD.ndim != 2 or len(self.spans) != len(self.vectors_TD):
            raise ValueError(f"need one vector for each of {len(self.spans)} spans, got {self.vectors_TD.shape}")
        if any(later.start_s < earlier.end_s for earlier, later in pairwise(self.spans)):
            raise ValueError("pictures stand for stretches that follow each other, these overlap")


@dataclass(frozen=True, slots=True)
class FrameHit:
    """A picture near a question: on display at ``span.start_s``, with its exact ``cosine`` in [-1, 1]."""

    video_id: str
    span: Span
    cosine: float


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """How the index searches and when it builds its indices; the figures behind the defaults are measured."""

    # Up to this many events (of the index, or left by the filters) the vector search is exact; above, it is
    # approximate once optimize() has built the index for it.
    flat_up_to_events: int = 20_000
    # Vectors a cluster of the approximate index holds, on average.
    vectors_per_partition: int = 2_000
    # Clusters searched: more finds more and takes longer.
    nprobes: int = 256
    # Candidates each of the two searches hands to the fusion, at least.
    candidates: int = 100
    # Rank constant of reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009).
    rrf_k: int = 60

    def __post_init__(self) -> None:
        for name in ("vectors_per_partition", "nprobes", "candidates", "rrf_k"):
            if getattr(self, name) < 1:
                raise ConfigError(f"index setting {name} must be at least 1, got {getattr(self, name)}")
        if self.flat_up_to_events < 256:
            raise ConfigError(
                f"index setting flat_up_to_events must be at least 256 (an index needs vectors to train on), "
                f"got {self.flat_up_to_events}"
            )
