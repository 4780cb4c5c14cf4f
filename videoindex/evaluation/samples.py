"""Recordings made on the spot, with known truth: a narrated lecture and a fixed camera.

They serve the demo, the tests and the benchmarks on a machine that has nothing but installed packages. The same
arguments make the same recording (versions of encoder and voice aside). How each is made stands in data/README.md.
"""

from __future__ import annotations

from pathlib import Path

from videoindex.evaluation.samples_camera import CAMERA_STARTS_AT, make_camera
from videoindex.evaluation.samples_lecture import make_lecture
from videoindex.evaluation.truth import SampleTruth

__all__ = ["SampleTruth", "make_camera", "make_lecture", "make_samples"]


def make_samples(folder: Path) -> tuple[SampleTruth, SampleTruth]:
    """The demo's two recordings: a lecture of 90 s and a camera recording of 60 s, made in ``folder``.

    The camera's file name holds its date. Raises MissingDependencyError where `pip install 'videoindex[demo]'`
    has not been run.
    """
    lecture = make_lecture(folder / "lecture.mp4", minutes=1.5)
    camera = make_camera(folder / f"yard_{CAMERA_STARTS_AT:%Y-%m-%d_%H-%M-%S}.mp4", activity=0.6, seed=10)
    return lecture, camera
