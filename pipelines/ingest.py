"""The ingest flow: for each recording, scan, observe (mapped over observer and segment), embed, commit.

Tasks pass settings, segments and artifact keys, never pixels, so that the same flow runs on threads here and on
workers elsewhere. Prefect's own caching and result storage stay off: an artifact on disk is the only memory.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from pipelines.own_server import configured_server
from pipelines.progress import Progress
from videoindex.config import Settings, open_backends, open_store
from videoindex.errors import IndexBusyError, TransientBackendError, VideoIndexError
from videoindex.index import ingest as steps
from videoindex.index.frame_work import FRAMES, gather_frames
from videoindex.index.records import FrameVectors
from videoindex.media.probe import probe
from videoindex.types import Segment, Video

__all__ = ["TASK", "Outcome", "Recording", "ingest", "run_ingest"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to index, with what the user says of it."""

    path: Path
    camera: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording; ``events`` counts them by observer."""

    path: Path
    video_id: str | None
    status: Literal["indexed", "skipped", "failed"]
    reason: str | None
    duration_s: float
    events: dict[str, int]
    wall_s: float


def _is_transient(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Whether another try may mend the fault: a busy index, a server that did not answer. Nothing else."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientBackendError | IndexBusyError | ConnectionError)


TASK: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": 3,
    "retry_delay_seconds": [1, 5, 20],
    "retry_condition_fn": _is_transient,
}


@task(name="scan", **TASK)
def scan_task(settings: Settings, video: Video, progress: Progress) -> None:
    """One cheap pass over the recording; its artifact is the result."""
    steps.scan_once(video, open_backends(settings), lambda done_s: progress.scanned(video, done_s))


@task(name="observe", **TASK)
def observe_task(settings: Settings, video: Video, segment: Segment) -> str:
    """Observes one segment; returns its artifact's key."""
    return steps.observe(video, segment, open_backends(settings))


@task(name="commit", **TASK)
def commit_task(
    settings: Settings, video: Video, camera: str | None, segments: list[Segment], key: str
) -> Counter[str]:
    """Embeds what was observed and writes it to the index in one go; returns events by observer."""
    backends = open_backends(settings)
    seen = steps.scan_once(video, backends)
    findings = steps.gather(video, seen, segments, backends)
    counts = Counter({observer.name: 0 for observer in backends.observers})
    counts.update(event.source for event in findings.events)
    vectors_ND = steps.embed(video, findings.events, backends)
    frames: FrameVectors | None = None
    if backends.frames is not None:
        frames = gather_frames(video, seen, segments, backends.frames, backends.artifacts)
        counts[FRAMES] = len(frames.spans)
    steps.commit(open_store(settings, create=True), video, camera, key, findings, vectors_ND, frames)
    return counts


@task(name="optimize", **TASK)
def optimize_task(settings: Settings) -> None:
    """Compacts the tables and builds the indices that their size calls for."""
    open_store(settings).optimize()


@flow(name="videoindex-ingest", validate_parameters=False, persist_result=False)
def ingest(
    settings: Settings, recordings: list[Recording], overwrite: bool = False, progress: Progress | None = None
) -> list[Outcome]:
    """Indexes ``recordings`` one after another; a bad one is named and does not stop the rest.

    A recording whose content and settings are already in the index is skipped, unless ``overwrite``: then its
    artifacts are dropped and it is observed anew.
    """
    progress = progress or Progress()
    outcomes = []
    for recording in recordings:
        started = time.monotonic()
        try:
            outcome = _ingest_one(settings, recording, overwrite, progress, started)
        except VideoIndexError as error:
            outcome = _failed(recording, str(error), started)
        except Exception as error:
            log.info("%s", recording.path, exc_info=True)
            reason = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
            outcome = _failed(recording, reason, started)
        progress.finished(recording.path, outcome.status, outcome.reason)
        outcomes.append(outcome)
    if any(outcome.status == "indexed" for outcome in outcomes):
        try:
            optimize_task(settings)
        except IndexBusyError as error:
            log.warning("not optimized, all is indexed: %s", error)  # whoever writes does it at its own end
    return outcomes


def _failed(recording: Recording, reason: str, started: float) -> Outcome:
    return Outcome(recording.path, None, "failed", reason, 0.0, {}, time.monotonic() - started)


def _ingest_one(
    settings: Settings, recording: Recording, overwrite: bool, progress: Progress, started: float
) -> Outcome:
    video = probe(recording.path, recording.recorded_at).video
    backends = open_backends(settings)
    known = open_store(settings, create=True).video(video.id)
    video, camera = steps.with_known(video, recording.camera, recording.recorded_at, known)
    key = steps.settings_key(video, camera, backends)
    skip = None if overwrite else steps.reason_to_skip(video, key, known)
    if skip is not None:
        return _done(recording, video, "skipped", skip, {}, started)
    if overwrite:
        backends.artifacts.remove_video(video.id)
    progress.started(video)
    scan_task(settings, video, progress)
    segments = steps.plan_work(video, steps.scan_once(video, backends), backends.observers, backends.frames)
    progress.planned(video, segments)
    futures: dict[PrefectFuture[str], Segment] = {
        observe_task.submit(settings, video, segment): segment for segment in segments
    }
    for future in as_completed(list(futures)):
        future.result()
        progress.observed(video, futures[future])
    events = commit_task(settings, video, camera, segments, key)
    return _done(recording, video, "indexed", None, events, started)


def _done(
    recording: Recording,
    video: Video,
    status: Literal["indexed", "skipped"],
    reason: str | None,
    events: dict[str, int],
    started: float,
) -> Outcome:
    took_s = time.monotonic() - started
    return Outcome(recording.path, video.id, status, reason, video.span.duration_s, events, took_s)


def run_ingest(
    settings: Settings, recordings: list[Recording], *, overwrite: bool = False, progress: Progress | None = None
) -> list[Outcome]:
    """Runs the flow on this machine's threads, ``index.workers`` segments at a time."""
    runner: Any = ThreadPoolTaskRunner(max_workers=settings.index.workers)
    with configured_server():
        return ingest.with_options(task_runner=runner)(settings, recordings, overwrite, progress)
