"""Times as they are written in questions."""

from __future__ import annotations

from datetime import date, time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.time_words import Day, Edge, Point, TimePhrase, find_times


def only(text: str) -> TimePhrase:
    (phrase,) = find_times(text)
    return phrase


def file_s(point: Point | None) -> float | None:
    return point.file_s if point else None


def wall(point: Point | None) -> time | None:
    return point.wall if point else None


@pytest.mark.parametrize(
    ("text", "start_s", "stop_s"),
    [
        ("what is said between minute 3 and 5", 180.0, 300.0),
        ("between 3 and 5 minutes", 180.0, 300.0),
        ("minutes 3-5", 180.0, 300.0),
        ("from 0:30 to 0:55, what is said?", 30.0, 55.0),
        ("between 0:01:30.5 and 1:02:03", 90.5, 3723.0),
        ("after 90 seconds", 90.0, None),
        ("after the first 5 minutes", 300.0, None),
        ("from minute 2 onwards", 120.0, None),
        ("who comes before second 45?", None, 45.0),
        ("at minute 3", 180.0, 240.0),
        ("what is on screen at 0:45", 45.0, 46.0),
    ],
)
def test_times_on_the_files_clock(text: str, start_s: float | None, stop_s: float | None) -> None:
    phrase = only(text)
    assert (file_s(phrase.start), file_s(phrase.stop)) == (start_s, stop_s)


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("after 9:30", time(9, 30), None),
        ("until 14:05:10", None, time(14, 5, 10)),
        ("between 10 and 11", time(10), time(11)),
        ("from 2 to 3 pm", time(14), time(15)),
        ("between 11 am and 12 pm", time(11), time(12)),
        ("since 9 o'clock", time(9), None),
        ("before noon", None, time(12)),
        ("after midnight", time(0), None),
    ],
)
def test_times_on_the_walls_clock(text: str, start: time | None, stop: time | None) -> None:
    phrase = only(text)
    assert (wall(phrase.start), wall(phrase.stop)) == (start, stop)


def test_what_may_be_read_on_both_clocks_is_kept_with_both() -> None:
    start = only("after 9:30").start
    assert start is not None
    assert (start.wall, start.file_s, start.is_half_day) == (time(9, 30), 570.0, True)
    later = only("after 25:10").start
    assert later is not None
    assert (later.wall, later.file_s) == (None, 1510.0)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on Tuesday", Day(weekday=1)),
        ("on 14 March", Day(month=3, day=14)),
        ("on the 14th of March 2026", Day(on=date(2026, 3, 14))),
        ("on March 14, 2026", Day(on=date(2026, 3, 14))),
        ("on Saturday, 14 March, who came", Day(month=3, day=14)),
        ("on 2026-03-14", Day(on=date(2026, 3, 14))),
        ("yesterday", Day(days_ago=1)),
        ("who came today", Day(days_ago=0)),
    ],
)
def test_days(text: str, day: Day) -> None:
    assert only(text).day == day


def test_parts_of_a_day() -> None:
    morning = only("on Tuesday morning")
    assert (morning.day, wall(morning.start), wall(morning.stop)) == (Day(weekday=1), time(5), time(12))
    assert only("this afternoon").day == Day(days_ago=0)


@pytest.mark.parametrize(
    ("text", "edge"),
    [
        ("in the first five minutes", Edge(False, 300.0)),
        ("in the last minute of the video", Edge(True, 60.0)),
        ("during the final 30 seconds", Edge(True, 30.0)),
        ("in the second half", None),
        ("in the first half", Edge(False, share=0.5)),
        ("within the first 90 seconds", Edge(False, 90.0)),
    ],
)
def test_the_first_and_last_part(text: str, edge: Edge | None) -> None:
    assert [phrase.edge for phrase in find_times(text)] == ([edge] if edge else [])


@pytest.mark.parametrize(
    "text",
    [
        "flights between 200 and 300 metres",
        "between 10 and 11 apples",
        "after 5 minutes of cooking",
        "the first time he says hello",
        "in the first place",
        "chapter 3 to 5",
        "on 31 February",
        "after 9:75",
        "after 13 pm",
        "the last minute",
        "when does she say that we meet at 3 pm",
        "after the war",
    ],
)
def test_what_is_no_time_stays_words(text: str) -> None:
    assert find_times(text) == []


def test_doubtful_words_are_marked() -> None:
    assert only("between 10 and 11").is_weak
    assert only("at 3 pm").is_weak
    assert only("due on Friday").is_weak
    assert not only("after 9:30").is_weak


def test_the_word_between_two_phrases_belongs_to_neither() -> None:
    text = "what is said after 0:30 and before 0:55"
    left = text
    for phrase in reversed(find_times(text)):
        left = left[: phrase.begin] + left[phrase.end :]
    assert left.split() == ["what", "is", "said"]


@given(st.text(max_size=60))
def test_any_text_is_read_in_order_and_without_overlap(text: str) -> None:
    found = find_times(text)
    assert all(0 <= one.begin < one.end <= len(text) for one in found)
    assert all(one.end <= other.begin for one, other in pairwise(found))
