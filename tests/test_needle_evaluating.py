"""``eval needle``: what is said on the command line becomes a run, and a run becomes a report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import planted
import pytest
from needle_rows import SAMPLING, film

from videoindex import needle_evaluating
from videoindex.cli import parser
from videoindex.config import IndexSettings, Settings
from videoindex.errors import MissingDependencyError, UsageError
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.evaluation.trials import read_rows
from videoindex.needle_evaluating import NeedleOutcome, run_needle_command

SMALL = replace(SAMPLING, min_pixels=4 * 1024, max_pixels=6 * 1024)
READING = Settings(index=IndexSettings(observers=("screen_text",)), sampling=SMALL)


def command(*words: str, settings: Settings = READING) -> NeedleOutcome:
    return run_needle_command(parser().parse_args(["eval", "needle", *words]), settings)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[NeedleRun]:
    """The run that was made of the command line."""
    runs: list[NeedleRun] = []
    own = needle_evaluating._run

    def kept(*words: Any) -> NeedleRun:
        runs.append(own(*words))
        return runs[-1]

    monkeypatch.setattr(needle_evaluating, "_run", kept)
    return runs


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("hay") / "yard.mp4", 24.0)


def test_a_dry_run_tells_what_it_takes_and_leaves_no_trace(tmp_path: Path) -> None:
    done = command("--dry-run", "--lengths", "10m,20m", "-o", str(tmp_path / "run"), "--kinds", "overlay")
    assert done.document["cost"]["trials"] == 2 * (5 * 2 + 5)
    assert "30 questions about 2 copies" in done.text
    assert list(tmp_path.iterdir()) == []


def test_a_protocol_is_taken_where_nothing_else_is_said(planned: list[NeedleRun]) -> None:
    command("--dry-run", "--arm", "direct", "--protocol", "v-niah", "--trials", "2")
    (run,) = planned
    assert (run.protocol, run.grid.trials, run.grid.needle_s, run.planting) == ("v-niah", 2, 0.0, "sample")
    assert run.grid.sampling.rate_hz == 0.5
    assert run.scored_by == "answer"
    assert len(run.grid.lengths) == 6


def test_an_index_looks_as_its_settings_say_whatever_the_protocol(planned: list[NeedleRun]) -> None:
    command("--dry-run", "--protocol", "qwen3-vl", "--lengths", "10m", "--depths", "5")
    (run,) = planned
    assert (run.planting, run.budget_tokens, run.grid.sampling.rate_hz) == ("splice", 0, 1.0)


@pytest.mark.parametrize(
    ("observers", "kinds"),
    [
        (("screen_text",), ("overlay",)),
        (("screen_text", "speech"), ("overlay", "speech")),
        (("qwen",), ("overlay", "still")),
    ],
)
def test_needles_are_of_the_kinds_that_the_observers_can_notice(
    planned: list[NeedleRun], observers: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    command(
        "--dry-run",
        "--trials",
        "1",
        "--controls",
        "2",
        settings=Settings(index=IndexSettings(observers=observers)),
    )
    assert planned[0].grid.kinds == kinds


def test_observers_that_notice_no_needle_are_named() -> None:
    with pytest.raises(UsageError, match="none of them sees or hears a needle"):
        command("--dry-run", settings=Settings(index=IndexSettings(observers=("objects",))))


def test_a_recording_without_a_picture_takes_spoken_needles_alone(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 30.0)
    with pytest.raises(UsageError, match="no picture to plant overlay in; say --kinds speech"):
        command("--dry-run", "--kinds", "overlay", "--haystack", str(tmp_path / "talk.m4a"))


def test_without_a_voice_spoken_needles_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needle_evaluating, "installed_voices", lambda: ())
    with pytest.raises(MissingDependencyError, match=r"pip install 'videoindex\[demo\]'"):
        command("--kinds", "speech", "-o", str(tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []


def test_the_health_check_of_an_own_recording_says_what_would_be_found(yard: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    line = ["--haystack", str(yard), "--depths", "2", "--trials", "1", "--controls", "3", "-o", str(out)]
    done = command(*line)
    assert done.is_whole
    assert done.notes == ()
    assert done.document["health"][0].startswith(
        "Of salient written 2-second events in this recording, `search` with these settings finds 100% (2 of 2;"
    )
    assert done.document["health"][0] in done.text
    assert done.document["arms"]["index"]["false_finds"]["hits"] == 0
    assert len(read_rows(out / "trials.jsonl")) == 5
    assert {path.name for path in out.iterdir()} >= {
        *("trials.jsonl", "run.json", "made_with.json", "heat_map.png", "report.html", "report.json", "pictures")
    }
    assert (out / "heat_map.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "run.json").read_text())["run"]["haystack"] == str(yard)
    before = (out / "trials.jsonl").read_text()
    assert command(*line).document["cost"]["trials"] == 0
    assert (out / "trials.jsonl").read_text() == before


def test_a_run_with_other_settings_needs_another_folder(yard: Path, tmp_path: Path) -> None:
    line = [
        "--haystack",
        str(yard),
        "--depths",
        "1",
        "--trials",
        "1",
        "--controls",
        "0",
        "-o",
        str(tmp_path / "run"),
    ]
    done = command(*line)
    assert any("no control was asked" in note for note in done.notes)
    other = replace(READING, scan=replace(READING.scan, rate_hz=2.0))
    with pytest.raises(UsageError, match=r"settings\.scan\.rate_hz was 4.0, is 2.0"):
        command(*line, settings=other)
    # How many work at once decides nothing.
    more = replace(READING, index=replace(READING.index, workers=1))
    assert command(*line, settings=more).document["trials"] == 1
