"""Answers at a second look: held to their form, and to the pictures that were shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking import answer

from videoindex.perception.vlm.answers import UnfitError
from videoindex.perception.vlm.base import Reply
from videoindex.query.look_answers import Held, Verdict, plain, read_description, read_holds, read_look
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import LookWindow, window_around
from videoindex.types import Span, Video

HOUR = Video("hour", Path("hour.mp4"), Span(0.0, 3_600.0), 1280, 720, 25.0, has_audio=True)
WINDOW = window_around(HOUR, Span(50.0, 54.0), SecondLookSettings())
MARKS = tuple(pair.at_s for pair in WINDOW.pairs)


def judged(said: str, window: LookWindow = WINDOW, marks_s: tuple[float, ...] = MARKS):
    return read_look(Reply(said), window, marks_s)


@pytest.mark.parametrize(
    ("said", "verdict", "span"),
    [
        (answer("yes", 50.0, 53.5), Verdict.CONFIRMED, Span(50.0, 54.0)),
        (answer("yes", 49.5, 54.0), Verdict.CONFIRMED, Span(50.0, 54.0)),
        (answer("yes", 51.0, 51.0), Verdict.TIGHTENED, Span(51.0, 51.5)),
        (answer("yes", 42.0, 45.0), Verdict.TIGHTENED, Span(42.0, 45.5)),
        (answer("yes", 50.0, 63.5), Verdict.TIGHTENED, Span(50.0, 64.0)),
        (answer("yes", 51.2, 52.2), Verdict.TIGHTENED, Span(51.0, 52.5)),
        (answer("no"), Verdict.REJECTED, Span(50.0, 54.0)),
        (answer("no", 3.0, 4.0), Verdict.REJECTED, Span(50.0, 54.0)),
        (answer("cannot tell"), Verdict.NOT_JUDGED, Span(50.0, 54.0)),
        (f"```json\n{answer('no')}\n```", Verdict.REJECTED, Span(50.0, 54.0)),
    ],
)
def test_an_answer_becomes_a_verdict_at_times_that_were_shown(said: str, verdict: Verdict, span: Span) -> None:
    made = judged(said)
    assert (made.verdict, made.span) == (verdict, span)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (answer("yes", 64.6, 65.0), "is no time at which a picture was shown: they lie from 40.5 to 63.5 seconds"),
        (answer("yes", 53.0, 52.0), "must follow each other"),
        (answer("yes", 51.0, 52.0, at=53.0), "must follow each other"),
        (answer("yes", None, 52.0), '"start" is null'),
        (answer("Yes", 51.0, 52.0), "is not one of"),
        (answer("yes", 51.0, 52.0, reason=7), "is not of type 'string'"),
        ("[]", "is not of type 'object'"),
        ("yes", "not JSON"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(said: str, fault: str) -> None:
    with pytest.raises(UnfitError, match=fault):
        judged(said)


@given(
    start=st.floats(30, 80),
    end=st.floats(30, 80),
    at=st.floats(30, 80),
    shown=st.lists(st.sampled_from(MARKS), min_size=1, unique=True).map(sorted),
)
def test_whatever_is_said_times_are_of_pictures_shown_and_inside_the_window(
    start: float, end: float, at: float, shown: list[float]
) -> None:
    try:
        made = judged(answer("yes", start, end, at=at), WINDOW, tuple(shown))
    except UnfitError:
        return
    assert made.at_s in shown
    if made.verdict is Verdict.TIGHTENED:
        assert made.span.start_s in shown
        assert made.span.duration_s > 0
        assert WINDOW.span.start_s <= made.span.start_s < made.span.end_s <= WINDOW.span.end_s
        assert made.at_s in made.span
        last = max(mark_s for mark_s in shown if mark_s in made.span)
        assert made.span.end_s <= last + WINDOW.interval_s + 1e-9
    else:
        assert made.span == WINDOW.candidate


def test_a_description_keeps_the_times_of_pictures_that_were_shown() -> None:
    said = json.dumps({"says": "A red car.", "at": [52.0, 51.1, 99.0, 51.0]})
    made = read_description(Reply(said), 0.5, MARKS)
    assert (made.text, made.at_s) == ("A red car.", (51.0, 52.0))
    with pytest.raises(UnfitError, match="holds no word"):
        read_description(Reply(json.dumps({"says": " \x07 ", "at": []})), 0.5, MARKS)


def test_whether_something_holds_is_one_of_three_answers() -> None:
    assert read_holds(Reply('{"answer": "cannot tell", "reason": "dark"}')) == (Held.CANNOT_TELL, "dark")
    with pytest.raises(UnfitError):
        read_holds(Reply('{"answer": "maybe", "reason": "dark"}'))


def test_words_of_a_model_are_one_printable_line() -> None:
    assert plain("a\x1b[31m b\n\n c") == "a [31m b c"
    assert len(plain("x" * 999)) == 300
