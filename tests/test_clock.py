"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.clock import format_clock, format_dated, format_span, format_wall, parse_clock, parse_time
from videoindex.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90.25", 90.25),
        ("1:30", 90.0),
        ("90:00", 5400.0),
        ("00:02:53.633", 173.633),
        ("2:00:00", 7200.0),
        (" 0:00:01.5 ", 1.5),
        ("-0:00:01.5", -1.5),
    ],
)
def test_clock_reads_what_people_write(text: str, seconds: float) -> None:
    assert parse_clock(text) == pytest.approx(seconds)
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "1:2:3:4", "1:60", "1:60:00", "nan", "inf", "1e400", "--5", "1:-5", "9" * 40, "12:", "1h"]
)
def test_nonsense_is_a_usage_error_that_names_it(text: str) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        parse_time(text)


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-05-01T25:00", "2026-05-01T14:30:00+99:00", "2026-05-01Tnoon", "0001-01-01"]
)
def test_an_impossible_date_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="date and time"):
        parse_time(text)


@given(st.floats(min_value=-1e8, max_value=1e8))
def test_what_is_written_reads_back_to_the_tenth(at_s: float) -> None:
    assert parse_clock(format_clock(at_s)) == pytest.approx(at_s, abs=0.0501)


@given(st.floats(min_value=0, max_value=1e6), st.floats(min_value=0, max_value=1e6))
def test_written_times_keep_their_order(first_s: float, second_s: float) -> None:
    first_s, second_s = sorted((first_s, second_s))
    assert parse_clock(format_clock(first_s)) <= parse_clock(format_clock(second_s))


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse_time(text)
    except UsageError:
        return
    assert isinstance(parsed, float | datetime)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)), st.integers(-12, 12))
def test_wall_clock_reads_back(naive: datetime, offset_h: int) -> None:
    at = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(hours=offset_h)))
    assert parse_time(format_wall(at)) == at


def test_wall_clock_without_an_offset_is_local_and_aware() -> None:
    at = parse_time("2026-05-01T14:30:00")
    assert isinstance(at, datetime)
    assert at.tzinfo is not None
    assert (at.hour, at.minute) == (14, 30)


def test_writing_refuses_what_it_cannot_write() -> None:
    with pytest.raises(ValueError, match="cannot write"):
        format_clock(float("nan"))
    with pytest.raises(ValueError, match="time zone"):
        format_wall(datetime(2026, 5, 1))


def test_a_date_stands_in_brackets_after_a_time_and_an_unknown_one_not_at_all() -> None:
    assert format_dated(datetime(2026, 5, 1, 20, 0, 10, tzinfo=UTC)) == " (2026-05-01 20:00:10 UTC)"
    assert format_dated(None) == ""


def test_forms() -> None:
    assert format_clock(173.633) == "0:02:53.6"
    assert format_clock(59.96) == "0:01:00.0"
    assert format_span(3600.0, 3725.5) == "1:00:00.0-1:02:05.5"
    assert format_wall(datetime(2026, 5, 1, 14, 30, 12, 500_000, tzinfo=UTC)) == "2026-05-01T14:30:12.500+00:00"
