"""The whole command over the small trained model: right at every length it was trained for, and falling beyond."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import slides
from needle_films import SIZE_PX, photograph
from test_small_model import small

from videoindex.cli import parser
from videoindex.commands import run
from videoindex.evaluation.needle_scores import by, figures
from videoindex.evaluation.trials import TrialRow, read_rows

TRAINED = ("4s", "8s", "12s", "16s")
BEYOND = "32s"
LINE = (
    *("eval", "needle", "--arm", "direct", "--prompt", "describe", "--plant", "sample", "--kinds", "still"),
    *("--lengths", ",".join((*TRAINED, BEYOND)), "--depths", "4", "--trials", "1", "--controls", "2"),
    *("--needle-s", "1", "--parity", "first"),
)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command over a film of a photograph with a line of text, as the model's training had them."""
    folder = tmp_path_factory.mktemp("direct")
    (folder / "small.toml").write_text(small("gpu.toml"))
    scene, noise = photograph("chelsea.png"), np.random.default_rng(0)

    def picture(at_s: float) -> slides.Picture:
        rough = scene(at_s) + noise.normal(0, 4, (SIZE_PX[1], SIZE_PX[0], 3))
        return np.clip(rough, 0, 255).astype(np.uint8)

    words = slides.Planted("Tuesday, in the yard", 0.0, 64.0, 20, 20, 18)
    slides.record(folder / "film.mp4", picture, [words], 64.0, fps=10)
    where = ["--haystack", folder / "film.mp4", "--config", folder / "small.toml", "--output", folder / "run"]
    return [*LINE, *(str(part) for part in where)]


@pytest.fixture(scope="module")
def rows(line: list[str]) -> list[TrialRow]:
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    assert run(parser().parse_args(line)).code == 0
    return read_rows(Path(line[-1]) / "trials.jsonl")


def test_trained_lengths_are_right_and_the_fall_beyond_them_shows(rows: list[TrialRow]) -> None:
    recall = {length: figures(own).recall.value for (length,), own in by(rows, "length").items()}
    trained = figures([row for row in rows if row.length in TRAINED])
    assert trained.recall.value is not None
    assert trained.recall.value >= 0.9, recall
    assert trained.false_finds.hits <= 0.1 * trained.false_finds.n
    assert recall[BEYOND] is not None
    assert recall[BEYOND] <= 0.5, recall


def test_a_run_that_is_done_asks_nothing_and_writes_its_report_anew(line: list[str], rows: list[TrialRow]) -> None:
    folder = Path(line[-1])
    (folder / "report.html").unlink()
    result = run(parser().parse_args(line))
    assert read_rows(folder / "trials.jsonl") == rows
    assert (folder / "report.html").read_text().count("<article") == len(rows)
    assert json.loads((folder / "report.json").read_text())["trials"] == len(rows)
    assert json.loads(json.dumps(result.document))["cost"]["trials"] == 0


def test_a_run_that_was_stopped_is_gone_on_with_cell_by_cell(line: list[str], rows: list[TrialRow]) -> None:
    log = Path(line[-1]) / "trials.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-3]) + lines[-3][:50])
    result = run(parser().parse_args(line))
    assert json.loads(json.dumps(result.document))["cost"]["trials"] == 3
    again = {row.key: row.said for row in read_rows(log)}
    assert again == {row.key: row.said for row in rows}


def test_another_question_needs_another_folder(line: list[str], rows: list[TrialRow]) -> None:
    from videoindex.errors import UsageError

    with pytest.raises(UsageError, match=r"run\.grid\.seed was 0, is 1"):
        run(parser().parse_args([*line, "--seed", "1"]))
