"""Which clock, which days, which recordings a time in a question means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from videoindex.errors import UsageError
from videoindex.index.records import Filters, VideoRecord
from videoindex.query.time_windows import TimeWindows, read_windows, times_meant
from videoindex.query.time_words import find_times
from videoindex.types import Span, Video

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 14, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 17, 10, tzinfo=UTC)


def record(name: str, length_s: float, at: datetime | None = None) -> VideoRecord:
    video = Video(name, Path(f"/v/{name}.mp4"), Span(0.0, length_s), 640, 360, 25.0, True, at)
    return VideoRecord(video, None, "key", NOW)


UNDATED = [record("short", 90.0), record("long", 3600.0)]
DATED = [record("saturday", 3600.0, SATURDAY), record("tuesday", 7200.0, TUESDAY)]


def windows(text: str, records: list[VideoRecord], *, is_seen: bool = True) -> TimeWindows:
    meant = times_meant(find_times(text), records, NOW, is_seen=is_seen)
    return read_windows(meant, records, NOW)


def only(text: str, records: list[VideoRecord]) -> Filters:
    (one,) = windows(text, records).filters
    return one


def test_no_words_for_a_time_leave_everything() -> None:
    assert windows("a dog", DATED) == TimeWindows((Filters(),), ())


def test_a_date_and_hours_are_one_stretch_of_the_wall_clock() -> None:
    asked = only("between 10 and 11 on Tuesday", DATED)
    assert (asked.after_wall, asked.before_wall) == (TUESDAY, TUESDAY + timedelta(hours=1))
    assert (asked.after_s, asked.before_s) == (None, None)


def test_the_wall_clock_is_meant_where_a_recording_ran_then_and_it_is_said() -> None:
    read = windows("after 9:30", DATED)
    assert read.filters[0].after_wall == SATURDAY + timedelta(minutes=30)
    assert "09:30:00-24:00:00 on 2026-03-14" in read.notes[0]


def test_else_the_files_clock_is_meant_and_it_is_said() -> None:
    read = windows("after 9:30", UNDATED)
    assert [(one.after_s, one.before_s) for one in read.filters] == [(570.0, None)]
    assert "after 0:09:30.0 on the file's clock" in read.notes[0]


def test_both_clocks_possible_and_no_recording_at_the_wall_time_means_the_file() -> None:
    assert only("between 20:00 and 30:00", DATED).after_s == 1200.0
    asked = only("after 1:10", [*UNDATED, *DATED])
    assert (asked.after_s, asked.after_wall) == (70.0, None)


def test_hours_without_am_or_pm_are_the_afternoons_where_only_then_a_recording_ran() -> None:
    afternoon = [record("shift", 3600.0, SATURDAY.replace(hour=15))]
    asked = only("between 3 and 4", afternoon)
    assert asked.after_wall == SATURDAY.replace(hour=15)


def test_days_are_those_of_the_recordings_own_zone() -> None:
    zone = timezone(timedelta(hours=9))
    late = [record("late", 3600.0, datetime(2026, 3, 15, 1, tzinfo=zone))]
    asked = only("on Sunday", late)
    assert asked.after_wall == datetime(2026, 3, 15, 0, tzinfo=zone)


def test_a_night_reaches_into_the_next_day() -> None:
    night = [record("night", 6 * 3600.0, SATURDAY.replace(hour=21))]
    asked = only("between 22:00 and 1:00", night)
    assert asked.after_wall == SATURDAY.replace(hour=22)
    assert asked.before_wall == SATURDAY.replace(hour=1) + timedelta(days=1)


def test_every_day_with_such_an_hour_is_asked() -> None:
    week = [record(f"d{day}", 3600.0, SATURDAY + timedelta(days=day)) for day in range(7)]
    read = windows("between 9:10 and 9:20", week)
    assert len(read.filters) == 7
    assert "and 4 more days" in read.notes[0]


def test_too_many_stretches_are_refused_with_a_way_out() -> None:
    year = [record(f"d{day}", 3600.0, SATURDAY + timedelta(days=day)) for day in range(100)]
    with pytest.raises(UsageError, match="name the day"):
        windows("between 9:10 and 9:20", year)


def test_the_last_minute_is_each_recordings_own() -> None:
    read = windows("in the last minute", UNDATED)
    assert {(one.video_ids, one.after_s, one.before_s) for one in read.filters} == {
        (("short",), 30.0, 90.0),
        (("long",), 3540.0, 3600.0),
    }
    assert only("in the first minute", UNDATED).video_ids == ()


def test_a_day_and_a_part_of_the_file_go_together() -> None:
    asked = only("in the first minute on Tuesday", DATED)
    assert (asked.before_s, asked.after_wall) == (60.0, TUESDAY.replace(hour=0))


@pytest.mark.parametrize(
    "text", ["between 10 and 11", "due on Friday", "at 3 pm", "he mentions yesterday", "on Tuesday"]
)
def test_doubtful_words_stay_words_where_no_recording_ran_then(text: str) -> None:
    assert times_meant(find_times(text), UNDATED, NOW, is_seen=False) == ()


def test_today_is_a_time_only_where_dates_make_it_certain() -> None:
    assert times_meant(find_times("who came today"), UNDATED, NOW, is_seen=True) == ()
    assert only("who came yesterday", DATED).after_wall == TUESDAY.replace(hour=0)
    recorded = "2026-03-14 09:00:00 to 2026-03-17 12:00:00"
    with pytest.raises(UsageError, match=rf"\"today\" leaves nothing .* {recorded}"):
        windows("who came today", DATED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("between 2 and 3 pm on Tuesday", "run from 2026-03-14"),
        ("after 3:00:00 pm", "leaves nothing"),
        ("after minute 200", "longest ends at 2:00:00.0"),
    ],
)
def test_a_time_that_no_recording_holds_is_refused_with_what_there_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        windows(text, DATED)


def test_undated_recordings_are_told_to_have_no_date() -> None:
    with pytest.raises(UsageError, match="none has a known date"):
        windows("after 3 pm", UNDATED)
