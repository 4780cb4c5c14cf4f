"""One cell of a run: planted, asked, judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from needle_rows import copy_of, film, needle, row, run_of, spec, trial

from videoindex.errors import BackendError, TransientBackendError, UsageError
from videoindex.evaluation.grid import plan_grid
from videoindex.evaluation.haystacks import Haystack
from videoindex.evaluation.judging import Said
from videoindex.evaluation.needle_run import PlantedCopy, ask_all, copies_to_do, marks_of, plant_copy
from videoindex.evaluation.needles import Matter
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.sampling.ticks import Pair
from videoindex.types import Span

CARD = Matter("still", "", "red")


@pytest.fixture(scope="module")
def haystack(tmp_path_factory: pytest.TempPathFactory) -> Haystack:
    return Haystack(probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 12.0)), "a film")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ()}, "at least one arm"),
        ({"arms": ("index", "index")}, "none twice"),
        ({"planting": "sample"}, "is for --arm direct"),
        ({"prompt": "describe"}, "is for --arm direct"),
        ({"budget_tokens": -1}, "0 or more tokens"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_of(**changes)
    with pytest.raises(UsageError, match="goes by itself"):
        run_of(spec(arm="direct"), arms=("direct", "index"))


def test_each_arm_is_scored_by_what_it_can_give() -> None:
    run = run_of(arms=("index", "ask"))
    assert run.judge("index").scored_by == "time"
    assert run.judge("ask").scored_by == "both"
    assert run_of(scored_by="answer").judge("index").scored_by == "answer"


def test_a_time_may_be_off_by_the_time_between_two_looks() -> None:
    slow = replace(spec(arm="direct").sampling, rate_hz=0.5)
    assert run_of(spec(arm="direct", sampling=slow)).judge("direct").tolerance_s == 2.0
    assert run_of().judge("index").tolerance_s == 1.0


def test_what_has_an_outcome_is_not_asked_again() -> None:
    run = run_of(arms=("index", "ask"))
    copies = plan_grid(run.grid, [600.0])
    keys = [one.key for one in copies[0].trials]
    done = [row(0, key=key, arm="index") for key in keys] + [row(0, key=keys[0], arm="ask")]
    ((copy, left),) = copies_to_do(run, copies, done)
    assert copy is copies[0]
    assert [(arm, one.key) for arm, one in left] == [("ask", key) for key in keys[1:]]
    everything = done + [row(0, key=key, arm="ask") for key in keys[1:]]
    assert copies_to_do(run, copies, everything) == ()


@pytest.mark.parametrize("planting", ["splice", "sample"])
def test_a_copy_has_its_needles_at_the_spans_it_shows(tmp_path: Path, haystack: Haystack, planting: str) -> None:
    run = run_of(spec(arm="direct", kinds=("still",)), planting=planting)
    copy = replace(copy_of(needles=(needle(CARD, 2.0, 3.0),), length_s=6.0), place=1.0)
    planted = plant_copy(run, haystack, copy, PyavDecoder(), tmp_path)
    assert planted.faults == {}
    assert (tmp_path / planted.pictures[0]).exists()
    shown = planted.needles[0].span
    assert shown.start_s - planted.part.start_s == pytest.approx(2.0, abs=0.11)
    asked = (shown.start_s - 0.2, shown.start_s + 0.2)
    before, inside = next(iter(planted.decoder.frames(planted.video, asked))).rgb_THWC
    assert abs(before.astype(int) - inside.astype(int)).mean() > 20
    assert (planting == "splice") == (planted.video.path.parent == tmp_path / "copies")


def planted_of(haystack: Haystack, **changes: object) -> PlantedCopy:
    video = haystack.source.video
    plain = PlantedCopy(video, video.span, (needle(),), {}, {0: "pictures/one.jpg"}, PyavDecoder())
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_what_is_said_is_judged_with_its_picture_and_its_time(haystack: Haystack) -> None:
    said = Said((Span(1.0, 3.0),), ("lantern",), "lantern", True)
    (one,) = ask_all(run_of().judge("index"), copy_of(), [trial()], planted_of(haystack), lambda _: said)
    assert (one.score, one.picture) == (1.0, "pictures/one.jpg")
    assert one.wall_s >= 0
    assert one.truth == ((1.0, 3.0),)


def test_a_needle_that_was_not_planted_is_not_judged(haystack: Haystack) -> None:
    planted = planted_of(haystack, faults={0: "the needle is not there"})
    (one,) = ask_all(run_of().judge("index"), copy_of(), [trial()], planted, lambda _: Said())
    assert one.outcome == "unjudged"
    assert "the needle is not there" in one.reason


def test_a_failure_is_an_outcome_and_a_passing_fault_is_not(haystack: Haystack) -> None:
    def broken(_: object) -> Said:
        raise BackendError("the model is gone")

    def busy(_: object) -> Said:
        raise TransientBackendError("try again")

    judge, planted = run_of().judge("index"), planted_of(haystack)
    (one,) = ask_all(judge, copy_of(), [trial()], planted, broken)
    assert (one.outcome, one.score, one.reason) == ("failed", 0.0, "the model is gone")
    with pytest.raises(TransientBackendError):
        ask_all(judge, copy_of(), [trial()], planted, busy)


def test_marks_are_of_looks_with_a_frame_in_the_needle() -> None:
    pairs = [Pair(n + 0.45, n + 0.55) for n in range(5)]
    assert marks_of(needle(start_s=1.5, end_s=3.5), pairs) == pytest.approx((1.5, 2.5, 3.5))
