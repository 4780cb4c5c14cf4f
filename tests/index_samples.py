"""Small videos, events and vectors for the tests of the index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.index.records import ObserverCoverage, VideoRecord
from videoindex.index.store import Store
from videoindex.types import Event, Gap, Span, Video

DIM = 8
INDEXED_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def record(
    video_id: str, *, camera: str | None = None, recorded_at: datetime | None = None, key: str = "k"
) -> VideoRecord:
    video = Video(video_id, Path(f"/films/{video_id}.mp4"), Span(0.0, 600.0), 640, 360, 25.0, True, recorded_at)
    return VideoRecord(video, camera, key, INDEXED_AT)


def event(video_id: str, start_s: float, text: str, source: str = "speech") -> Event:
    return Event.observed(video_id, Span(start_s, start_s + 2.0), text, source=source, model="m", confidence=0.5)


def vectors(n: int, seed: int = 0, dim: int = DIM) -> NDArray[np.float32]:
    """Random vectors (n, dim) of length 1."""
    drawn = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def coverage(video_id: str) -> list[ObserverCoverage]:
    gap = Gap(video_id, Span(500.0, 600.0), "damaged", "speech")
    return [
        ObserverCoverage(video_id, "objects", (), (), 1.0),
        ObserverCoverage(video_id, "speech", (Span(0.0, 200.0), Span(300.0, 500.0)), (gap,), 0.5),
    ]


def commit(
    store: Store, video_id: str, texts: Sequence[str], *, camera: str | None = None, seed: int = 0
) -> list[Event]:
    """Commits one event of two seconds for each text, ten seconds apart."""
    events = [event(video_id, 10.0 * i, text) for i, text in enumerate(texts)]
    store.commit_video(record(video_id, camera=camera), events, vectors(len(events), seed), coverage(video_id))
    return events
