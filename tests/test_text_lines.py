"""The life of a line: when two readings are one, what is a counter, what belongs together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception.text_lines import (
    SeenLine,
    TextLine,
    box_iou,
    clean_text,
    fold_counters,
    group_lines,
    is_growth,
    is_junk,
    joined_text,
    match_lines,
    merge_repeats,
    merged_reading,
    reading_order,
    same_text,
)
from videoindex.types import Box, Span


def box(left: float, top: float, width: float = 200, height: float = 30) -> Box:
    return Box(0.0, left, top, left + width, top + height)


def line(text: str, start_s: float, end_s: float, at: Box | None = None, **more: float) -> TextLine:
    return TextLine(text, more.get("confidence", 0.95), at or box(10, 10), Span(start_s, end_s), looks=5)


def seen(text: str, at: Box, confidence: float = 0.95) -> SeenLine:
    return SeenLine(text, confidence, at)


def test_clean_text_unifies_forms_and_white_space() -> None:
    assert clean_text("  Total：  42\t%") == "Total: 42 %"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Gradient descent", "Gradient  Descent.", True),
        ("Gradient descent", "Gradieut descent", True),
        ("Gradient descent", "Newton's method", False),
        ("Page 3/42", "Page 4/42", False),
        ("cat", "car", False),
    ],
)
def test_same_text(one: str, other: str, same: bool) -> None:
    assert same_text(one, other) is same


@given(st.text(min_size=1, max_size=40))
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert same_text(text, text)
    assert not is_growth(text, text)


def test_growth_is_a_beginning_of_the_longer_text() -> None:
    assert is_growth("h", "help")
    assert is_growth("budget rep", "budget report 2025")
    assert not is_growth("report", "budget report")


def test_typing_takes_the_longer_text_and_deleting_keeps_it() -> None:
    start, end = seen("budget", box(10, 10, 60)), seen("budget report", box(10, 10, 130))
    assert merged_reading(start, end).text == "budget report"
    assert merged_reading(end, start).text == "budget report"


def test_the_surer_of_two_readings_stays() -> None:
    sure, unsure = seen("Gradient descent", box(10, 10), 0.99), seen("Gradieut descent", box(10, 11), 0.8)
    assert merged_reading(sure, unsure).text == "Gradient descent"
    assert merged_reading(sure, unsure).box == unsure.box


def test_scrolled_lines_keep_their_identity() -> None:
    known = [
        seen(text, box(10, 100 + 40 * i)) for i, text in enumerate(["alpha beam", "bravo coil", "delta dune"])
    ]
    now = [
        seen(text, box(10, 60 + 40 * i))
        for i, text in enumerate(["alpha beam", "bravo coil", "delta dune", "echo elm"])
    ]
    assert match_lines(known, now) == [0, 1, 2, None]


def test_a_new_text_in_an_old_place_is_a_new_line() -> None:
    assert match_lines([seen("First slide", box(10, 10))], [seen("Second point", box(10, 10))]) == [None]


def test_no_known_line_is_given_twice() -> None:
    known = [seen("Total", box(10, 10))]
    assert match_lines(known, [seen("Total", box(10, 300)), seen("Total", box(10, 12))]) == [None, 0]


def test_a_passing_pointer_does_not_split_a_line() -> None:
    merged = merge_repeats([line("Gradient descent", 0, 4), line("Gradient descent", 4.6, 9)], join_gap_s=1.0)
    assert [kept.span for kept in merged] == [Span(0, 9)]
    apart = merge_repeats([line("Gradient descent", 0, 4), line("Gradient descent", 6, 9)], join_gap_s=1.0)
    assert len(apart) == 2


def test_a_running_clock_is_one_line_and_page_numbers_are_not() -> None:
    clock = [line(f"12:00:0{i}", i, i + 1) for i in range(6)]
    assert [(kept.text, kept.span) for kept in fold_counters(clock)] == [("12:00:00", Span(0, 6))]
    pages = [line(f"Page {i}", 40 * i, 40 * (i + 1)) for i in range(4)]
    assert len(fold_counters(pages)) == 4


def test_lines_that_come_and_go_together_are_one_group() -> None:
    title, bullet, late = (
        line("Title", 0, 10, box(10, 10)),
        line("One", 0.1, 10, box(10, 60)),
        line("Two", 5, 10, box(10, 110)),
    )
    groups = group_lines([late, bullet, title], together_s=0.3)
    assert [[kept.text for kept in group] for group in groups] == [["Title", "One"], ["Two"]]


def test_lines_that_cross_a_seam_stay_alone() -> None:
    crossing = [
        TextLine(text, 0.9, box(10, top), Span(0, 5), 3, crosses=True) for text, top in (("One", 10), ("Two", 60))
    ]
    assert len(group_lines(crossing, together_s=0.3)) == 2


def test_reading_order_goes_row_by_row() -> None:
    lines = [
        line("d", 0, 1, box(300, 62)),
        line("c", 0, 1, box(10, 60)),
        line("a", 0, 1, box(10, 12)),
        line("b", 0, 1, box(300, 10)),
    ]
    assert [kept.text for kept in reading_order(lines)] == ["a", "b", "c", "d"]
    assert joined_text(lines) == "a b\nc d"


@pytest.mark.parametrize(
    ("text", "confidence", "looks", "junk"),
    [
        ("Gradient descent", 0.9, 1, False),
        ("Gradient descent", 0.6, 9, True),
        ("Gradient descent", 0.8, 1, True),
        ("x", 0.99, 9, True),
        ("OK", 0.8, 9, True),
        ("OK", 0.95, 9, False),
    ],
)
def test_junk(text: str, confidence: float, looks: int, junk: bool) -> None:
    assert is_junk(TextLine(text, confidence, box(0, 0), Span(0, 1), looks), 0.7) is junk


def test_box_iou() -> None:
    assert box_iou(box(0, 0), box(0, 0)) == 1.0
    assert box_iou(box(0, 0), box(500, 0)) == 0.0
    assert box_iou(box(0, 0, 100, 10), box(50, 0, 100, 10)) == pytest.approx(1 / 3)
