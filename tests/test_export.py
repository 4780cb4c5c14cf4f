"""Marks, and CSV read back by the csv module."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import AWKWARD, BEGAN, awkward, mark, record, video

from videoindex.clock import parse_clock
from videoindex.errors import UsageError
from videoindex.query.export import (
    COLUMNS,
    Sheet,
    clock_ms,
    csv_text,
    marks_of_events,
    marks_of_moments,
    one_line,
    one_recording,
)
from videoindex.types import Event, Moment, Span


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_moment_becomes_a_mark_with_the_text_of_its_best_event() -> None:
    one = video(recorded_at=BEGAN)
    best, other = (
        Event.observed(one.id, Span(1.0, 2.0), text, source=source, model="m", confidence=0.5)
        for text, source in (("best", "speech"), ("other", "screen_text"))
    )
    (made,) = marks_of_moments(
        [Moment(one.id, Span(0.5, 2.5), 0.9, (best, other, best))], {one.id: record(one, "door")}
    )
    assert (made.text, made.sources, made.score, made.camera, made.id) == (
        "best", ("speech", "screen_text"), 0.9, "door", "",
    )  # fmt: skip
    assert made.span == Span(0.5, 2.5)
    assert made.wall_clock == "2026-05-01T12:00:00.500+00:00"
    (made,) = marks_of_events([best], {one.id: record(one)})
    assert (made.id, made.score, made.sources) == (best.id, 0.5, ("speech",))


def test_csv_gives_every_text_and_time_back() -> None:
    sheet = awkward()
    rows = _rows(csv_text(sheet).text)
    assert tuple(rows[0]) == COLUMNS
    assert [row["text"].removeprefix("'") for row in rows] == list(AWKWARD)
    for row, made in zip(rows, sheet.marks, strict=True):
        assert float(row["start_s"]) == pytest.approx(made.span.start_s, abs=5e-4)
        assert parse_clock(row["end"]) == pytest.approx(made.span.end_s, abs=5e-4)
        assert (row["path"], row["score"]) == ("/films/film.mp4", "0.7500")
    assert [row["number"] for row in rows] == [str(n + 1) for n in range(len(AWKWARD))]


def test_no_cell_of_a_csv_is_a_formula() -> None:
    sheet = Sheet("x", (*awkward().marks, mark(0, 1, "x", video("=cmd.mp4"), camera="@cam", sources=("-a",))))
    written = csv_text(sheet)
    for row in _rows(written.text):
        for name in ("text", "camera", "sources", "model", "path"):
            assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert written.notes == ("7 texts begin like formulas: an apostrophe was set before them",)
    assert not csv_text(Sheet("x", (mark(0, 1, "x = 1"),))).notes


def test_a_csv_of_nothing_is_its_header() -> None:
    assert csv_text(Sheet("x", ())).text == ",".join(COLUMNS) + "\r\n"


def test_marks_on_several_recordings_are_refused_where_one_is_meant() -> None:
    one, other = video("a.mp4"), video("b.mp4")
    assert one_recording([mark(0, 1, "x", one), mark(2, 3, "y", one)], "SRT") == one
    assert one_recording([], "SRT") is None
    with pytest.raises(UsageError, match=r"SRT counts the time of one recording.*a\.mp4, b\.mp4.*--video"):
        one_recording([mark(0, 1, "x", one), mark(2, 3, "y", other)], "SRT")


@given(st.floats(-1e5, 1e7))
def test_clock_times_are_good_to_the_millisecond(at_s: float) -> None:
    assert parse_clock(clock_ms(at_s)) == pytest.approx(at_s, abs=5.1e-4)


def test_one_line_has_no_line_breaks_and_ends_with_an_ellipsis_where_it_is_cut() -> None:
    assert one_line("a\r\n b\x07\tc ") == "a b c"
    assert one_line("family 👨‍👩‍👧 of") == "family 👨‍👩‍👧 of"
    assert one_line("abcdefgh", 5) == "abcd…"
