"""What counts as right, as found, as a false find."""

from __future__ import annotations

import pytest
from needle_rows import WRITTEN, copy_of, trial

from videoindex.evaluation.judging import Judge, Said, ScoredBy, holds_words, is_same_answer
from videoindex.types import Span

TRUTH = (Span(12.0, 14.0),)
CONTROL = trial(key="c", task="control", targets=(), answer="", depth=None)


def said(start_s: float = 12.1, answer: str = "lantern", **changes: object) -> Said:
    return Said((Span(start_s, start_s + 2),), (answer,), answer, True, **changes)  # type: ignore[arg-type]


def test_an_answer_at_its_time_is_right_found_and_scored() -> None:
    row = Judge("ask", "both").row(trial(), copy_of(), said(), TRUTH)
    assert (row.outcome, row.score, row.right, row.found) == ("answered", 1.0, True, True)
    assert row.offset_s == pytest.approx(0.1)
    assert row.time_error_s == pytest.approx(0.1)
    assert row.iou == pytest.approx(1.9 / 2.1)
    assert row.cluster == "10m-0"


@pytest.mark.parametrize(
    ("by", "wrong_answer", "wrong_time"), [("answer", 0.0, 1.0), ("time", 1.0, 0.0), ("both", 0.0, 0.0)]
)
def test_what_has_to_be_right_is_said(by: ScoredBy, wrong_answer: float, wrong_time: float) -> None:
    judge = Judge("direct", by)
    assert judge.row(trial(), copy_of(), said(answer="violin"), TRUTH).score == wrong_answer
    assert judge.row(trial(), copy_of(), said(start_s=40.0), TRUTH).score == wrong_time


def test_only_the_first_window_counts() -> None:
    late = Said((Span(40.0, 42.0), Span(12.0, 14.0)), ("lantern",), "", True)
    row = Judge("index", "time").row(trial(), copy_of(), late, TRUTH)
    assert (row.found, row.score, row.offset_s) == (False, 0.0, 28.0)


def test_a_second_beside_the_needle_is_found_and_more_is_not() -> None:
    judge = Judge("index", "time", tolerance_s=1.0)
    for start_s, is_found in ((14.9, True), (15.1, False), (9.2, True), (8.9, False)):
        assert judge.row(trial(), copy_of(), said(start_s), TRUTH).found is is_found


def test_a_failure_counts_nothing_and_is_told_apart() -> None:
    row = Judge("ask", "both").row(trial(), copy_of(), Said(failure="the server is gone"), TRUTH)
    assert (row.outcome, row.score, row.right, row.found, row.reason) == (
        "failed",
        0.0,
        False,
        False,
        "the server is gone",
    )


def test_a_control_is_right_when_nothing_is_claimed() -> None:
    judge = Judge("ask", "both")
    quiet = judge.row(CONTROL, copy_of(), Said(text="not found"), ())
    loud = judge.row(CONTROL, copy_of(), said(), ())
    broken = judge.row(CONTROL, copy_of(), Said(failure="no"), ())
    assert (quiet.score, quiet.is_false_find) == (1.0, False)
    assert (loud.score, loud.is_false_find) == (0.0, True)
    assert (broken.score, broken.is_false_find, broken.outcome) == (0.0, True, "failed")
    assert quiet.right is quiet.found is quiet.offset_s is None


def test_what_nobody_can_judge_has_no_score() -> None:
    row = Judge("index", "time").unjudged(trial(), copy_of(), "it was not planted")
    assert (row.outcome, row.score, row.right, row.reason) == ("unjudged", None, None, "it was not planted")


def test_options_are_right_only_when_right_in_every_order() -> None:
    orders = (("lantern", "violin"), ("violin", "lantern"))
    asked = trial(orders=orders)
    judge = Judge("direct", "answer")
    both = judge.row(asked, copy_of(asked), Said((), ("A", "B"), "", True), TRUTH)
    always_a = judge.row(asked, copy_of(asked), Said((), ("A", "A"), "", True), TRUTH)
    one = judge.row(asked, copy_of(asked), Said((), ("A",), "", True), TRUTH)
    assert (both.score, always_a.score, one.score) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("answer", "given", "offered", "is_same"),
    [
        ("lantern", "It is the Lantern.", (), True),
        ("lantern", "The password is lanterm", (), True),
        ("lantern", "violin", (), False),
        ("to the right", "right", (), True),
        ("3", "three times", (), True),
        ("3", "twice", (), False),
        ("a star, a ring", "a star, a ring", (), True),
        ("a star, a ring", "a ring, a star", (), False),
        ("red", "B", ("blue", "red"), True),
        ("red", "A) blue", ("blue", "red"), False),
        ("red", "red or blue", ("blue", "red"), False),
        ("red", "Z", ("blue", "red"), False),
    ],
)
def test_answers_are_the_same_by_their_words(
    answer: str, given: str, offered: tuple[str, ...], is_same: bool
) -> None:
    assert is_same_answer(given, answer, offered) is is_same


def test_short_words_must_be_equal() -> None:
    assert holds_words("the tea of the choir", "tea choir")
    assert not holds_words("the sea of the choir", "tea choir")


def test_a_time_on_the_mark_of_a_look_that_shows_it_is_told() -> None:
    judge = Judge("direct", "time")
    on = judge.row(trial(WRITTEN), copy_of(), said(12.5), TRUTH, (12.5, 13.5))
    off = judge.row(trial(WRITTEN), copy_of(), said(12.0), TRUTH, (12.5, 13.5))
    unknown = judge.row(trial(WRITTEN), copy_of(), said(12.0), TRUTH)
    assert (on.is_on_mark, off.is_on_mark, unknown.is_on_mark) == (True, False, None)
