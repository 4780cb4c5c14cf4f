"""Observers that follow a script, for tests of everything that does not depend on what is seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from videoindex.types import Event, Observation, Scan, Segment, Span, Video


def a_video(
    path: Path = Path("/recordings/night.mp4"), *, video_id: str = "v1", duration_s: float = 60.0
) -> Video:
    return Video(video_id, path, Span(0.0, duration_s), 1280, 720, 25.0, True)


def a_scan(duration_s: float = 60.0) -> Scan:
    pts_s_T = np.arange(0.0, duration_s, 0.25)
    return Scan(pts_s_T, np.zeros((len(pts_s_T), 9, 16), np.uint8), (), ())


@dataclass
class ScriptedObserver:
    """Cuts a video into equal segments and says of each what ``script`` says; remembers what it was asked."""

    name: str
    script: Callable[[Video, Segment], Observation]
    segment_s: float = 10.0
    fingerprint: str = "scripted-1"
    model: str = "script"
    shortest_event_s: float = 1.0
    observed: list[Span] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        starts_s = np.arange(video.span.start_s, video.span.end_s, self.segment_s)
        ends_s = [*starts_s[1:], video.span.end_s]
        return [
            Segment(video.id, self.name, Span(float(start_s), float(end_s)), (float(start_s),))
            for start_s, end_s in zip(starts_s, ends_s, strict=True)
        ]

    def observe(self, video: Video, segment: Segment) -> Observation:
        with self.lock:
            self.observed.append(segment.span)
        return self.script(video, segment)


def says(text: str, source: str) -> Callable[[Video, Segment], Observation]:
    """A script that says ``text`` of each whole segment."""

    def script(video: Video, segment: Segment) -> Observation:
        event = Event.observed(video.id, segment.span, text, source=source, model="script", confidence=0.9)
        return Observation((event,))

    return script


class HashEmbedder:
    """An embedder for tests: equal texts get equal unit vectors, others do not."""

    dim = 16
    fingerprint = "hash-16"

    def embed_documents(self, texts: list[str]) -> np.ndarray:
        return (
            np.stack([self.embed_query(text) for text in texts]) if texts else np.zeros((0, self.dim), np.float32)
        )

    def embed_query(self, text: str) -> np.ndarray:
        import hashlib

        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector_D = np.random.default_rng(seed).normal(size=self.dim).astype(np.float32)
        return vector_D / np.linalg.norm(vector_D)
