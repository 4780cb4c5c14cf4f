"""The recordings that are asked about, with what is true in them: made once for a folder, then read from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from question_set.truth import CameraTruth, LectureTruth, camera_truth, lecture_truth
from videoindex.evaluation.samples import make_camera, make_lecture
from videoindex.evaluation.truth import SampleTruth, load_truth
from videoindex.media.probe import probe

__all__ = ["Made", "make_recordings"]

LECTURES = ((0, 1.5), (1, 1.6), (2, 2.0), (3, 2.4))
"""(seed, minutes); even and odd seeds are about different subjects."""

CAMERAS = (
    ("yard", 10, 1.5, datetime(2026, 3, 14, 9, 0, tzinfo=UTC)),
    ("gate", 4, 2.2, datetime(2026, 3, 17, 10, 0, tzinfo=UTC)),
)
"""(camera, seed, minutes, what its clock shows at the start): a Saturday and a Tuesday."""

_ACTIVITY = 0.6
_LECTURE_FPS = 10


@dataclass(frozen=True, slots=True)
class Made:
    """Files with the names of their cameras (None: no camera), and what is true in them."""

    files: tuple[tuple[Path, str | None], ...]
    lectures: tuple[LectureTruth, ...]
    cameras: tuple[CameraTruth, ...]


def make_recordings(folder: Path) -> Made:
    """Makes the recordings that ``folder`` does not hold yet."""
    files: list[tuple[Path, str | None]] = []
    lectures: list[LectureTruth] = []
    cameras: list[CameraTruth] = []
    for seed, minutes in LECTURES:
        path = folder / f"lecture_{seed}.mp4"
        sample = _sample(path, lambda p, m=minutes, s=seed: make_lecture(p, minutes=m, seed=s, fps=_LECTURE_FPS))
        files.append((path, None))
        lectures.append(lecture_truth(sample, seed))
    for name, seed, minutes, at in CAMERAS:
        path = folder / f"{name}_{at:%Y-%m-%d_%H-%M-%S}.mp4"
        sample = _sample(
            path,
            lambda p, m=minutes, s=seed, a=at: make_camera(p, minutes=m, activity=_ACTIVITY, seed=s, starts_at=a),
        )
        files.append((path, name))
        cameras.append(camera_truth(sample, name, at))
    return Made(tuple(files), tuple(lectures), tuple(cameras))


def _sample(path: Path, make: Callable[[Path], SampleTruth]) -> SampleTruth:
    """The recording at ``path`` with its truth, which is written last: without it the recording is made anew."""
    truth = path.with_suffix(".truth.jsonl")
    if truth.exists():
        return SampleTruth(path, probe(path).video.span.duration_s, load_truth(truth))
    sample = make(path)
    sample.save()
    return sample
