"""Ingest as plain functions, which the flow, the tests and the demo all call.

A video is probed, scanned once, observed segment by segment, embedded and committed. Every observed segment is
an artifact on disk before anything is committed, and the video's row is the last thing written: a run that is
killed anywhere ends, when run again, in the same index, with nothing observed twice.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import DecoderHungError, IndexStoreError, MediaError
from videoindex.index.artifacts import ArtifactStore
from videoindex.index.embed import Embedder
from videoindex.index.frame_work import FRAMES, FrameWork, embed_segment, frame_segments
from videoindex.index.records import FrameVectors, ObserverCoverage, VideoRecord
from videoindex.index.store import Store
from videoindex.media.scan import ScanSettings, load_scan, save_scan, scan
from videoindex.media.subtitles import find_tracks
from videoindex.perception.observer import Observer
from videoindex.types import Event, Gap, Observation, Scan, Segment, Span, Video, merge_spans, subtract_spans

__all__ = [
    "MEDIA_SUFFIXES",
    "Backends",
    "Findings",
    "commit",
    "embed",
    "find_recordings",
    "gather",
    "interleave",
    "observe",
    "plan_work",
    "reason_to_skip",
    "scan_once",
    "settings_key",
    "stitch",
    "with_known",
]

log = logging.getLogger(__name__)

# Files that are taken when a folder is given; a file that is named is always tried.
MEDIA_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *(
            "mp4",
            "m4v",
            "mov",
            "mkv",
            "webm",
            "avi",
            "mpg",
            "mpeg",
            "ts",
            "m2ts",
            "mts",
            "wmv",
            "flv",
            "3gp",
            "ogv",
        ),
        *("mxf", "vob", "mp3", "m4a", "wav", "flac", "ogg", "opus", "aac"),
    )
)


@dataclass(frozen=True, slots=True)
class Backends:
    """Everything that ingest works with, opened by the composition root. ``frames`` is None where it is off."""

    observers: tuple[Observer, ...]
    artifacts: ArtifactStore
    embedder: Embedder
    scan: ScanSettings
    frames: FrameWork | None = None

    def observer(self, name: str) -> Observer:
        return next(observer for observer in self.observers if observer.name == name)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the observers made of one video: stitched events, and what each of them looked at."""

    events: tuple[Event, ...]
    coverage: tuple[ObserverCoverage, ...]


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """The files to index: named files as they are, folders searched for media files, in a steady order.

    A folder without any stands for itself: probing it says what is wrong, and the others are indexed.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix.lower() in MEDIA_SUFFIXES and file.is_file())
            files = sorted(
                file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
            found += files or [path]
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def settings_key(video: Video, camera: str | None, backends: Backends) -> str:
    """Digest of everything beside the recording that decides its index: equal key, nothing to do."""
    parts = [
        str(video.recorded_at),
        camera or "",
        repr(backends.scan),
        backends.embedder.fingerprint,
    ]
    parts += [f"{observer.name}|{observer.model}|{observer.fingerprint}" for observer in backends.observers]
    parts += [f"{track.name}|{track.digest}" for track in find_tracks(video)]
    parts += [backends.frames.key] if backends.frames is not None else []
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def with_known(
    video: Video, camera: str | None, recorded_at: datetime | None, known: VideoRecord | None
) -> tuple[Video, str | None]:
    """The video and its camera, with what the user said of it at an earlier run and does not say now."""
    if known is None:
        return video, camera
    if recorded_at is None and known.video.recorded_at is not None:
        video = replace(video, recorded_at=known.video.recorded_at)
    return video, camera or known.camera


def reason_to_skip(video: Video, key: str, known: VideoRecord | None) -> str | None:
    """Why there is nothing to do for ``video``; None when there is. A file that has moved is committed anew."""
    if known is None or known.settings_key != key:
        return None
    if known.video.path == video.path:
        return "already indexed"
    return f"same content as {known.video.path}, which is indexed" if known.video.path.exists() else None


def scan_once(video: Video, backends: Backends, on_progress: Callable[[float], None] | None = None) -> Scan:
    """The video's scan, from its artifact when there is one that can be read.

    Raises DecoderHungError or DecodeError when not one frame could be decoded.
    """
    if not video.has_picture:
        return Scan(np.zeros(0), np.zeros((0, 1, 1), np.uint8), (), ())
    folder = backends.artifacts.scan_dir(video.id, repr(backends.scan))
    done = folder / "scan.npz"
    if done.exists():
        try:
            return load_scan(done)
        except IndexStoreError as error:
            log.warning("%s: scanned again: %s", video.path, error)
    seen = scan(video, folder / "thumbnails", backends.scan, on_progress)
    save_scan(seen, done)
    return seen


def plan_work(
    video: Video, seen: Scan, observers: Sequence[Observer], frames: FrameWork | None = None
) -> list[Segment]:
    """Every observer's segments and those of pictures, interleaved so that all end at about the same time."""
    queues = [observer.segments(video, seen) for observer in observers]
    pictures = [frame_segments(video, seen, frames.settings)] if frames is not None else []
    return interleave([*queues, *pictures])


def interleave(queues: Sequence[Sequence[Segment]]) -> list[Segment]:
    """One order for several queues: each advances by the same share of its length."""
    placed = [
        ((i + 0.5) / len(queue), q, segment) for q, queue in enumerate(queues) for i, segment in enumerate(queue)
    ]
    return [segment for _, _, segment in sorted(placed, key=lambda item: item[:2])]


def observe(video: Video, segment: Segment, backends: Backends) -> str:
    """Observes one segment, or embeds its pictures, unless its artifact exists; returns the artifact's key.

    A segment whose media cannot be decoded becomes a recorded gap: the rest of the video is still indexed.
    """
    if segment.observer == FRAMES and backends.frames is not None:
        return embed_segment(video, segment, backends.frames, backends.artifacts)
    observer = backends.observer(segment.observer)
    key = _key(video, segment, observer, backends)
    if backends.artifacts.get(key) is None:
        try:
            seen = observer.observe(video, segment)
        except MediaError as error:
            log.warning("%s: %s could not look at %s: %s", video.path, observer.name, segment.span, error)
            again = "; `videoindex index --overwrite` looks again" if isinstance(error, DecoderHungError) else ""
            seen = Observation((), (Gap(video.id, segment.span, f"{error}{again}", observer.name),))
        backends.artifacts.put(key, seen)
    return key


def gather(video: Video, seen: Scan, segments: Sequence[Segment], backends: Backends) -> Findings:
    """Reads all artifacts of ``video`` back, joins what segment seams cut, and adds up what was looked at."""
    events: list[Event] = []
    coverage: list[ObserverCoverage] = []
    for observer in backends.observers:
        own = sorted((s for s in segments if s.observer == observer.name), key=lambda s: s.span)
        if not own:
            continue
        found: list[Event] = []
        gaps = [
            replace(gap, observer=observer.name) for gap in seen.gaps if any(segment.at_s_T for segment in own)
        ]
        for segment in own:
            observation = _finished(video, segment, observer, backends)
            found += observation.events
            gaps += observation.gaps
        events += stitch(found, [segment.span.end_s for segment in own])
        examined = subtract_spans((segment.span for segment in own), (gap.span for gap in gaps))
        coverage.append(
            ObserverCoverage(
                video.id, observer.name, tuple(examined), _joined_gaps(gaps), observer.shortest_event_s
            )
        )
    unique = {event.id: event for event in events}
    ordered = sorted(unique.values(), key=lambda e: (e.span, e.source, e.id))
    return Findings(tuple(ordered), tuple(coverage))


def _key(video: Video, segment: Segment, observer: Observer, backends: Backends) -> str:
    return backends.artifacts.key_for(video.id, segment, observer.model, observer.fingerprint)


def _finished(video: Video, segment: Segment, observer: Observer, backends: Backends) -> Observation:
    observation = backends.artifacts.get(_key(video, segment, observer, backends))
    if observation is None:
        raise RuntimeError(f"{video.path}: {observer.name} {segment.span} was gathered before it was observed")
    return observation


def stitch(events: Iterable[Event], seams_s: Iterable[float]) -> list[Event]:
    """Joins events of equal text that meet at a segment's seam: one thing, cut only by how the work was cut."""
    seams = {round(seam_s, 3) for seam_s in seams_s}
    joined: list[Event] = []
    by_text = sorted(events, key=lambda e: (e.source, e.model, e.text, e.span))
    for _, same in groupby(by_text, key=lambda e: (e.source, e.model, e.text)):
        open_event: Event | None = None
        for event in same:
            if open_event is not None and _meet(open_event, event, seams):
                open_event = _union(open_event, event)
                continue
            if open_event is not None:
                joined.append(open_event)
            open_event = event
        if open_event is not None:
            joined.append(open_event)
    return joined


def _meet(first: Event, second: Event, seams: set[float]) -> bool:
    seam_s = round(first.span.end_s, 3)
    return seam_s == round(second.span.start_s, 3) and seam_s in seams


def _union(first: Event, second: Event) -> Event:
    return Event.observed(
        first.video_id,
        Span(first.span.start_s, max(first.span.end_s, second.span.end_s)),
        first.text,
        source=first.source,
        model=first.model,
        confidence=max(first.confidence, second.confidence),
        boxes=first.boxes + second.boxes,
    )


def _joined_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Gaps of one reason merged where they touch, in order of time."""
    by_reason: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_reason.setdefault(gap.reason, []).append(gap)
    merged = [
        replace(same[0], span=span)
        for same in by_reason.values()
        for span in merge_spans(gap.span for gap in same)
    ]
    return tuple(sorted(merged, key=lambda gap: gap.span))


def embed(video: Video, events: Sequence[Event], backends: Backends) -> NDArray[np.float32]:
    """One vector for each event (N x D), from the artifact when these texts were embedded before."""
    texts = [event.text for event in events]
    key = backends.artifacts.vectors_key(video.id, backends.embedder.fingerprint, texts)
    vectors_ND = backends.artifacts.get_vectors(key)
    if vectors_ND is None:
        vectors_ND = backends.embedder.embed_documents(texts)
        backends.artifacts.put_vectors(key, vectors_ND)
    return vectors_ND


def commit(
    store: Store,
    video: Video,
    camera: str | None,
    key: str,
    findings: Findings,
    vectors_ND: NDArray[np.float32],
    frames: FrameVectors | None = None,
) -> None:
    """Replaces everything the index holds of ``video`` by ``findings`` and ``frames``; its row is written last.

    What was indexed of other content at the same path is removed: that file is gone, and its times with it.
    """
    record = VideoRecord(video, camera, key, datetime.now(UTC))
    store.commit_video(record, findings.events, vectors_ND, findings.coverage, frames)
    for other in store.videos():
        if other.video.path == video.path and other.video.id != video.id:
            store.remove_video(other.video.id)
