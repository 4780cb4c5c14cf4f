"""The needle flow: outcomes are written as they come, faults are told apart, and what is done stays done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from needle_eyes import eyes
from needle_rows import SAMPLING, film, run_of, spec

from pipelines import needle_eval
from pipelines.needle_eval import run_needles
from videoindex.config import IndexSettings, Settings
from videoindex.errors import BackendError, DecodeError, MissingDependencyError
from videoindex.evaluation.grid import Copy, plan_grid
from videoindex.evaluation.haystacks import Haystack
from videoindex.evaluation.lengths import parse_lengths
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.evaluation.trials import TrialRow, open_run, read_rows
from videoindex.media.probe import probe

SMALL = replace(SAMPLING, min_pixels=4 * 1024, max_pixels=6 * 1024)
SETTINGS = Settings(index=IndexSettings(observers=("screen_text",)), sampling=SMALL)


@pytest.fixture(scope="module")
def haystack(tmp_path_factory: pytest.TempPathFactory) -> Haystack:
    return Haystack(probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 20.0)), "a film")


def seeing(**changes: Any) -> NeedleRun:
    plain: dict[str, Any] = {
        "arm": "direct",
        "kinds": ("still",),
        "lengths": parse_lengths("8s"),
        "sampling": SMALL,
    }
    plain |= {"depths": 2, "trials": 2, "controls": 1}
    return run_of(spec(**(plain | changes)))


def ran(
    run: NeedleRun, haystack: Haystack, folder: Path, settings: Settings = SETTINGS, told: Any = lambda _: None
) -> tuple[tuple[Copy, ...], list[TrialRow]]:
    (length,) = run.grid.lengths
    copies = plan_grid(run.grid, [length.seconds])
    log = open_run(folder, {"run": run.document()})
    run_needles(settings, run, haystack, copies, read_rows(folder / "trials.jsonl"), folder, log, told)
    return copies, read_rows(folder / "trials.jsonl")


def test_a_model_that_sees_all_is_asked_about_spliced_copies_which_go_when_they_are_done(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needle_eval, "open_vlm", lambda settings: eyes())
    told: list[str] = []
    copies, rows = ran(seeing(), haystack, tmp_path, told=told.append)
    assert {row.key for row in rows} == {trial.key for copy in copies for trial in copy.trials}
    assert [row.score for row in rows] == [1.0] * 5
    assert list((tmp_path / "copies").iterdir()) == []
    assert len(told) == 5
    assert told[-1].startswith("5 of 5 copies")


def test_only_what_has_no_outcome_is_asked(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = eyes()
    monkeypatch.setattr(needle_eval, "open_vlm", lambda settings: model)
    _, rows = ran(seeing(), haystack, tmp_path)
    log = tmp_path / "trials.jsonl"
    log.write_text("".join(row.to_json() + "\n" for row in rows[:3]))
    asked = len(model.asked)
    _, again = ran(seeing(), haystack, tmp_path)
    assert len(model.asked) - asked == 2
    assert {row.key: row.said for row in again} == {row.key: row.said for row in rows}
    ran(seeing(), haystack, tmp_path)
    assert len(model.asked) - asked == 2


def test_a_model_that_fails_counts_as_not_found(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        model = fingerprint = "broken"

        def watch(self, showing: object) -> Any:
            raise BackendError("out of memory")

    monkeypatch.setattr(needle_eval, "open_vlm", lambda settings: Broken())
    _, rows = ran(seeing(trials=1), haystack, tmp_path)
    assert {(row.outcome, row.score, row.reason) for row in rows} == {("failed", 0.0, "out of memory")}


def test_a_copy_that_cannot_be_planted_is_not_judged(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DecodeError("the haystack is damaged")

    monkeypatch.setattr(needle_eval, "plant_copy", broken)
    for name, run in (("direct", seeing(trials=1)), ("index", run_of(spec(trials=1)))):
        _, rows = ran(run, haystack, tmp_path / name)
        assert {(row.outcome, row.score, row.reason) for row in rows} == {
            ("unjudged", None, "the haystack is damaged")
        }


def test_what_is_missing_stops_the_run_with_the_way_to_install_it(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise MissingDependencyError("pip install it")

    monkeypatch.setattr(needle_eval, "plant_copy", missing)
    with pytest.raises(MissingDependencyError, match="pip install it"):
        ran(run_of(spec(trials=1)), haystack, tmp_path)
    assert read_rows(tmp_path / "trials.jsonl") == []


def test_an_index_is_made_in_the_run_s_own_folder_and_asked_by_both_arms(
    haystack: Haystack, tmp_path: Path
) -> None:
    own = replace(SETTINGS, index=replace(SETTINGS.index, db=str(tmp_path / "mine")))
    grid = spec(lengths=parse_lengths("20s"), depths=2, trials=1, controls=2)
    _, rows = ran(run_of(grid, arms=("index", "ask")), haystack, tmp_path / "run", own)
    assert [(row.arm, row.task) for row in rows] == [
        *[("index", "retrieval")] * 2,
        *[("index", "control")] * 2,
        *[("ask", "retrieval")] * 2,
        *[("ask", "control")] * 2,
    ]
    assert [row.score for row in rows] == [1.0] * 8
    assert all(row.time_error_s is not None and row.time_error_s < 0.5 for row in rows if row.task == "retrieval")
    assert not (tmp_path / "mine").exists()
    assert (tmp_path / "run" / "index").exists()


def test_a_copy_that_cannot_be_indexed_counts_as_not_found(
    haystack: Haystack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videoindex.index import ingest as steps

    def broken(*_: object) -> str:
        raise BackendError("no weights")

    monkeypatch.setattr(steps, "observe", broken)
    grid = spec(lengths=parse_lengths("20s"), depths=2, trials=1, controls=1)
    _, rows = ran(run_of(grid), haystack, tmp_path)
    assert {row.outcome for row in rows} == {"failed"}
    assert {row.is_false_find for row in rows if row.task == "control"} == {True}
    assert all("no weights" in row.reason for row in rows)
