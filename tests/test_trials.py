"""Trials as JSON lines, and runs that are gone on with."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from needle_rows import control, missed, row

from videoindex.errors import UsageError
from videoindex.evaluation.compare import load_run
from videoindex.evaluation.trials import TrialLog, open_run, read_rows


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [row(0), missed(1, reason="no answer"), control(2)]
    TrialLog(tmp_path / "trials.jsonl").add(rows)
    assert read_rows(tmp_path / "trials.jsonl") == rows


def test_the_time_error_stands_in_the_line_for_other_readers(tmp_path: Path) -> None:
    assert json.loads(row(0, offset_s=-0.25).to_json())["time_error_s"] == 0.25


def test_no_file_is_no_trial(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "none.jsonl") == []


def test_a_line_cut_short_by_a_stop_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    TrialLog(path).add([row(0), row(1)])
    path.write_bytes(path.read_bytes()[:-20])
    assert read_rows(path) == [row(0)]
    TrialLog(path).add([row(1)])
    assert read_rows(path) == [row(0), row(1)]


def test_another_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_text(row(0).to_json() + "\n{}\n" + row(1).to_json() + "\n")
    with pytest.raises(UsageError, match="line 2: no trial"):
        read_rows(path)


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    log = TrialLog(tmp_path / "trials.jsonl")
    threads = [
        threading.Thread(target=lambda k=k: [log.add([row(100 * k + n)]) for n in range(20)]) for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_rows(tmp_path / "trials.jsonl")) == 80


def test_a_run_is_gone_on_with_only_as_it_was_asked_for(tmp_path: Path) -> None:
    asked = {"run": {"grid": {"seed": 0, "kinds": ("overlay",)}}}
    open_run(tmp_path, asked).add([row(0)])
    open_run(tmp_path, asked).add([row(1)])
    assert len(read_rows(tmp_path / "trials.jsonl")) == 2
    other = {"run": {"grid": {"seed": 1, "kinds": ("overlay",)}}}
    with pytest.raises(UsageError, match=r"holds another run \(run\.grid\.seed was 0, is 1\)"):
        open_run(tmp_path, other)


def test_two_runs_can_be_compared(tmp_path: Path) -> None:
    TrialLog(tmp_path / "a.jsonl").add([row(0), missed(1), control(2)])
    run = load_run(tmp_path / "a.jsonl")
    assert {one.score for one in run.rows.values()} == {0.0, 1.0}
    assert len(run.rows) == 3
