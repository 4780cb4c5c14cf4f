"""The main job: record a lecture and a yard, index both with every observer, and ask for known seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from videoindex.cli import parser
from videoindex.commands import run
from videoindex.evaluation.samples import CAMERA_STARTS_AT, SampleTruth, make_camera, make_lecture
from videoindex.types import Span


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("main_job")


@pytest.fixture(scope="module")
def samples(folder: Path) -> tuple[SampleTruth, SampleTruth]:
    """Other content than the demo's, which thresholds may have been looked at with."""
    camera = folder / f"yard_{CAMERA_STARTS_AT:%Y-%m-%d_%H-%M-%S}.mp4"
    lecture = make_lecture(folder / "lecture.mp4", minutes=0.75, seed=1)
    return lecture, make_camera(camera, minutes=0.5, activity=0.4, seed=4)


@pytest.fixture(scope="module")
def ask(folder: Path, samples: tuple[SampleTruth, SampleTruth]) -> Callable[[str], Any]:
    """Asks the index that the command line has made of both samples."""
    line = ["index", *(str(sample.path) for sample in samples), "--db", str(folder / "db"), "--json"]
    indexed = subprocess.run(
        [sys.executable, "-c", f"from videoindex.cli import main; main({line!r})"],
        env={**os.environ, "PREFECT_HOME": str(folder / "prefect")},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert indexed.returncode == 0, indexed.stderr
    lecture, camera = json.loads(indexed.stdout)["videos"]
    assert lecture["events"]["screen_text"] > 0
    assert lecture["events"]["speech"] > 0
    assert camera["events"]["objects"] > 0

    def ask(question: str) -> Any:
        return run(parser().parse_args(["ask", question, "--db", str(folder / "db")])).document

    return ask


def a_truth(sample: SampleTruth, begins: str) -> tuple[str, Span]:
    """The first query of the sample that begins so and is true once."""
    return next(
        (q.query, q.windows[0]) for q in sample.queries if q.query.startswith(begins) and len(q.windows) == 1
    )


@pytest.mark.parametrize(
    ("which", "begins", "within_s"),
    [(0, "a slide titled", 0.5), (0, "someone says", 1.0), (1, "a person in a red jacket", 1.0)],
    ids=["text", "speech", "objects"],
)
def test_what_happens_is_found_to_the_second(
    ask: Callable[[str], Any], samples: tuple[SampleTruth, SampleTruth], which: int, begins: str, within_s: float
) -> None:
    query, window = a_truth(samples[which], begins)
    answer = ask(query)
    assert answer["found"], answer["answer"]
    first = answer["moments"][0]
    assert first["path"] == str(samples[which].path)
    assert (first["start_s"], first["end_s"]) == pytest.approx((window.start_s, window.end_s), abs=within_s)


@pytest.mark.parametrize("question", ["When is the quarterly revenue on a slide?", "a dog runs through the yard"])
def test_what_never_happens_is_not_found(ask: Callable[[str], Any], question: str) -> None:
    answer = ask(question)
    assert (answer["found"], answer["moments"]) == (False, [])
    assert answer["answer"].startswith("Not found")
    assert answer["coverage"]["examined_s"] == pytest.approx(75.0, abs=1.0)
