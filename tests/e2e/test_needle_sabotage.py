"""The harness is broken on purpose: a sound run is right and says nothing, each fault shows in figures or words.

The model is a few lines that see every card (tests/needle_eyes.py), so whatever is wrong comes from the fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from needle_eyes import DroppedSegment, OffByOne, ShiftedClock, eyes
from needle_rows import SAMPLING, film

from videoindex.evaluation.arms import Direct
from videoindex.evaluation.grid import Copy, GridSpec, plan_grid
from videoindex.evaluation.haystacks import Haystack, part_of
from videoindex.evaluation.judging import Judge
from videoindex.evaluation.lengths import parse_lengths
from videoindex.evaluation.needle_checks import checked
from videoindex.evaluation.needle_run import NeedleRun, ask_all, plant_copy
from videoindex.evaluation.needle_scores import Figures, figures
from videoindex.evaluation.trials import TrialRow
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.perception.vlm.base import Vlm
from videoindex.sampling.mrope import fit_frame

SMALL = replace(SAMPLING, min_pixels=4 * 1024, max_pixels=6 * 1024)
GRID = GridSpec(
    arm="direct",
    lengths=parse_lengths("20s"),
    sampling=SMALL,
    kinds=("still",),
    parities=("first", "second"),
    depths=5,
    trials=2,
    controls=4,
    needle_s=0.0,
)
RUN = NeedleRun(GRID, ("direct",), planting="sample")


@pytest.fixture(scope="module")
def haystack(tmp_path_factory: pytest.TempPathFactory) -> Haystack:
    return Haystack(probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 24.0)), "a film")


@pytest.fixture(scope="module")
def run(haystack: Haystack, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[TrialRow]]:
    """Runs the whole grid with one model, in copies planted while they are decoded."""
    folder = tmp_path_factory.mktemp("run")

    def run(vlm: Vlm, judge: Judge | None = None, copies: tuple[Copy, ...] = ()) -> list[TrialRow]:
        rows = []
        for copy in copies or plan_grid(GRID, [20.0]):
            planted = plant_copy(RUN, haystack, copy, PyavDecoder(), folder)
            part = part_of(haystack, copy)
            size = fit_frame(384, 256, SMALL.min_pixels, SMALL.max_pixels)
            direct = Direct(vlm, planted.decoder, SMALL, size)
            rows += ask_all(
                judge or RUN.judge("direct"),
                copy,
                copy.trials,
                planted,
                lambda trial, direct=direct, planted=planted, part=part: direct.ask(planted.video, part, trial),
                direct.looks(part),
            )
        return rows

    return run


def planned() -> list[str]:
    return [trial.key for copy in plan_grid(GRID, [20.0]) for trial in copy.trials]


def judged(rows: list[TrialRow]) -> tuple[Figures, str]:
    return figures(rows), " | ".join(checked(rows, planned()))


def test_a_sound_run_is_right_in_every_cell_and_nothing_is_said(run: Callable[..., list[TrialRow]]) -> None:
    found, said = judged(run(eyes()))
    assert (found.recall.hits, found.recall.n) == (20, 20)
    assert (found.false_finds.hits, found.false_finds.n) == (0, 4)
    # A one-frame needle begins up to half a look before the mark of the look that shows it.
    assert found.times is not None
    assert found.times.ninth_tenth_s <= 0.5
    assert said == ""


def test_a_shifted_clock_shows(run: Callable[..., list[TrialRow]]) -> None:
    found, said = judged(run(ShiftedClock(eyes())))
    assert found.recall.hits < 5
    assert "times are late by 1." in said


def test_a_dropped_segment_shows(run: Callable[..., list[TrialRow]]) -> None:
    found, said = judged(run(DroppedSegment(eyes())))
    assert 16 <= found.recall.hits <= 17
    assert "hardly anything is found around 50% of the length" in said


def test_off_by_one_parity_shows(run: Callable[..., list[TrialRow]]) -> None:
    rows = run(OffByOne(eyes()))
    assert not any(row.is_on_mark for row in rows)
    assert "off by one" in judged(rows)[1]


def test_a_scorer_that_ignores_controls_shows(run: Callable[..., list[TrialRow]]) -> None:
    """It leaves them out of what it scores; the run itself knows that they were planned."""
    always = eyes(says_always=True)
    found, said = judged(run(always))
    assert (found.false_finds.hits, found.false_finds.n) == (4, 4)
    assert "claimed whether or not" in said
    copies = tuple(copy for copy in plan_grid(GRID, [20.0]) if copy.trials[0].task != "control")
    ignoring, complaint = judged(run(always, copies=copies))
    assert ignoring.recall.hits == 20
    assert "4 controls were planned and none is scored" in complaint


def test_a_scorer_that_calls_every_control_right_shows(run: Callable[..., list[TrialRow]]) -> None:
    class Lenient(Judge):
        def row(self, trial, copy, said, truth, marks_s=()):  # type: ignore[no-untyped-def]
            row = Judge.row(self, trial, copy, said, truth, marks_s)
            return replace(row, score=1.0, is_false_find=False) if trial.task == "control" else row

    rows = run(eyes(says_always=True), Lenient("direct", "both"))
    honest = run(eyes(says_always=True))
    assert figures(rows).false_finds.hits != figures(honest).false_finds.hits
    assert [row.is_false_find for row in honest if row.task == "control"] == [True] * 4
