"""From time phrases to typed filters: which clock is meant, on which days, in which recordings. Pure.

The wall clock is meant where a recording was running then, else the file's clock; how the words were taken is
always said (``TimeWindows.notes``). Days are those of the recordings' own time zones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from videoindex.clock import format_clock, format_span
from videoindex.errors import UsageError
from videoindex.index.records import Filters, VideoRecord
from videoindex.query.time_words import Day, Edge, Point, TimePhrase
from videoindex.types import Span, Video

__all__ = ["TimeWindows", "read_windows", "times_meant"]

_HALF_DAY = timedelta(hours=12)
_MOST_WINDOWS = 62
"""Stretches of time that one question is put to: two months of days."""


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """The stretches of time that a question is about, as filters of which any may pass, and how they were read."""

    filters: tuple[Filters, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _WallWindow:
    """From ``start`` to ``stop`` of the day; ``stop`` may lie on the day after ("from 22:00 to 2:00")."""

    start: time = time.min
    stop: time = time.max

    def on(self, day: date, video: Video) -> tuple[datetime, datetime]:
        zone = video.recorded_at.tzinfo if video.recorded_at else None
        begin = datetime.combine(day, self.start, zone)
        if self.stop == time.max:
            return begin, datetime.combine(day + timedelta(days=1), time.min, zone)
        end_day = day if self.start < self.stop else day + timedelta(days=1)
        return begin, datetime.combine(end_day, self.stop, zone)


def times_meant(
    phrases: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime, *, is_seen: bool
) -> tuple[TimePhrase, ...]:
    """Those of ``phrases`` that are times; the weak ones only where a recording was running then.

    ``is_seen``: the question is about neither words said nor shown, so that "today" or "at 3 pm" can be nothing
    but a time where recordings have dates.
    """
    if is_seen and any(record.video.recorded_at is not None for record in records):
        return tuple(phrases)
    days = [p for p in phrases if p.day is not None and _days_recorded([p], records, now)]
    has_clock = any(phrase.day is None and not phrase.is_weak for phrase in phrases)
    meant = []
    for phrase in phrases:
        if phrase.day is not None:
            # "after 9:30 on Tuesday" is a time even where no Tuesday was recorded: that is then said.
            is_meant = phrase in days or (has_clock and phrase.day.days_ago is None)
        else:
            is_meant = not phrase.is_weak or bool(days) or _fits_somewhere(phrase, records, now)
        if is_meant:
            meant.append(phrase)
    return tuple(meant)


def _fits_somewhere(phrase: TimePhrase, records: Sequence[VideoRecord], now: datetime) -> bool:
    points = [point for point in (phrase.start, phrase.stop) if point is not None]
    if all(point.wall is not None for point in points) and _wall_filters([phrase], records, now)[0]:
        return True
    if any(point.file_s is None for point in points):
        return False
    return any(_file_window(record.video, [phrase]) is not None for record in records)


def read_windows(phrases: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime) -> TimeWindows:
    """The filters that ``phrases`` mean together. Raises UsageError where they leave nothing of any recording."""
    if not phrases:
        return TimeWindows((Filters(),), ())
    clocks = [phrase for phrase in phrases if phrase.day is None and phrase.edge is None]
    on_wall = [phrase for phrase in phrases if phrase.day is not None]
    on_file = [phrase for phrase in phrases if phrase.edge is not None]
    if clocks and _is_wall_meant(clocks, on_wall, records, now):
        on_wall += clocks
    else:
        on_file += clocks
    notes: list[str] = []
    walls: tuple[Filters, ...] = (Filters(),)
    if on_wall:
        walls, note = _wall_filters(on_wall, records, now)
        notes.append(note)
    files: tuple[Filters, ...] = (Filters(),)
    if on_file:
        files, note = _file_filters(on_file, records)
        notes.append(note)
    if not walls or not files:
        raise UsageError(_leaves_nothing(phrases, records))
    if len(walls) * len(files) > _MOST_WINDOWS:
        raise UsageError(
            f"{_quoted(phrases)} means {len(walls) * len(files):,} stretches of time in these recordings: "
            "name the day, or the recording (--video)"
        )
    return TimeWindows(tuple(_both(wall, file) for wall in walls for file in files), tuple(notes))


def _both(wall: Filters, file: Filters) -> Filters:
    return replace(file, after_wall=wall.after_wall, before_wall=wall.before_wall)


def _is_wall_meant(
    clocks: Sequence[TimePhrase], days: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime
) -> bool:
    """Whether clock times are those of the wall.

    Where both clocks can be read ("after 1:10"), it is the wall's when a recording was running at one of the times
    named, or when no recording is long enough for the file's.
    """
    points = [point for phrase in clocks for point in (phrase.start, phrase.stop) if point is not None]
    if any(point.wall is None for point in points):
        return False
    if days or any(point.file_s is None for point in points):
        return True
    if any(_wall_filters([replace(clock, start=point, stop=_instant_after(point))], records, now)[0]
           for clock in clocks for point in (clock.start, clock.stop) if point is not None):  # fmt: skip
        return True
    fits_file = any(_file_window(record.video, clocks) is not None for record in records)
    return not fits_file and bool(_wall_filters(clocks, records, now)[0])


def _instant_after(point: Point) -> Point:
    at = datetime.combine(date.min, point.wall or time.min) + timedelta(seconds=1)
    return replace(point, wall=at.time())


def _quoted(phrases: Iterable[TimePhrase]) -> str:
    return ", ".join(f'"{phrase.words}"' for phrase in phrases)


# -- the wall clock --------------------------------------------------------------------------------------------


def _wall_filters(
    phrases: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime
) -> tuple[tuple[Filters, ...], str]:
    """One filter for each stretch in which a recording ran, and how the words were read.

    A time without am or pm is the morning's; the afternoon's where only then a recording ran.
    """
    window = _wall_window(phrases)
    found = _stretches(window, phrases, records, now)
    points = [point for phrase in phrases for point in (phrase.start, phrase.stop) if point is not None]
    if not found and points and all(point.is_half_day for point in points):
        window = _WallWindow(*(_later(at) if at not in (time.min, time.max) else at for at in
                               (window.start, window.stop)))  # fmt: skip
        found = _stretches(window, phrases, records, now)
    return tuple(Filters(after_wall=begin, before_wall=end) for begin, end in found), _wall_note(window, found)


def _wall_window(phrases: Sequence[TimePhrase]) -> _WallWindow:
    """The part of the day that all phrases leave."""
    starts = [
        phrase.start.wall for phrase in phrases if phrase.start is not None and phrase.start.wall is not None
    ]
    stops = [phrase.stop.wall for phrase in phrases if phrase.stop is not None and phrase.stop.wall is not None]
    return _WallWindow(max(starts, default=time.min), min(stops, default=time.max))


def _later(at: time) -> time:
    return (datetime.combine(date.min, at) + _HALF_DAY).time()


def _stretches(
    window: _WallWindow, phrases: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime
) -> list[tuple[datetime, datetime]]:
    """The stretches on recorded days that overlap a recording, in order; equal ones once."""
    days = [phrase.day for phrase in phrases if phrase.day is not None]
    found: set[tuple[datetime, datetime]] = set()
    for record in records:
        video = record.video
        ends = video.wall_clock(video.span.end_s)
        if video.recorded_at is None or ends is None:
            continue
        for day in _dates(video.recorded_at, ends):
            if days and not any(_is_on(day, asked, now) for asked in days):
                continue
            begin, end = window.on(day, video)
            if begin < ends and video.recorded_at < end:
                found.add((begin, end))
    return sorted(found)


def _dates(begin: datetime, end: datetime) -> list[date]:
    """The dates a recording touches, and the one before, of which a night may reach into it."""
    first = begin.date() - timedelta(days=1)
    return [first + timedelta(days=i) for i in range((end.date() - first).days + 1)]


def _days_recorded(phrases: Sequence[TimePhrase], records: Sequence[VideoRecord], now: datetime) -> bool:
    return bool(_stretches(_WallWindow(), phrases, records, now))


def _is_on(day: date, asked: Day, now: datetime) -> bool:
    if asked.on is not None:
        return day == asked.on
    if asked.month:
        return (day.month, day.day) == (asked.month, asked.day)
    if asked.weekday is not None:
        return day.weekday() == asked.weekday
    return day == now.date() - timedelta(days=asked.days_ago or 0)


def _wall_note(window: _WallWindow, found: Sequence[tuple[datetime, datetime]]) -> str:
    """``Time read as 10:00:00-11:00:00 on 2026-03-17 (UTC).``"""
    if not found:
        return ""
    days = list(dict.fromkeys(begin.date() for begin, _ in found))
    named = ", ".join(f"{day}" for day in days[:3]) + (f" and {len(days) - 3} more days" if len(days) > 3 else "")
    whole = (window.start, window.stop) == (time.min, time.max)
    stop = "24:00:00" if window.stop == time.max else f"{window.stop:%H:%M:%S}"
    hours = "all of" if whole else f"{window.start:%H:%M:%S}-{stop} on"
    return f"Time read as {hours} {named} ({found[0][0]:%Z})."


# -- the file's clock ------------------------------------------------------------------------------------------


def _file_filters(
    phrases: Sequence[TimePhrase], records: Sequence[VideoRecord]
) -> tuple[tuple[Filters, ...], str]:
    """One filter for each group of recordings that the words leave the same seconds of."""
    groups: dict[tuple[float, float], list[str]] = {}
    for record in records:
        if _file_window(record.video, phrases) is not None:
            groups.setdefault(_common_bounds(record.video, phrases), []).append(record.video.id)
    filters = tuple(
        Filters(
            video_ids=tuple(ids) if len(groups) > 1 else (),
            after_s=start_s if math.isfinite(start_s) else None,
            before_s=end_s if math.isfinite(end_s) else None,
        )
        for (start_s, end_s), ids in groups.items()
    )
    if not groups:
        return (), ""
    spans = [_span_named(start_s, end_s) for start_s, end_s in sorted(groups)]
    named = spans[0] if len(spans) == 1 else f"{spans[0]} to {spans[-1]}, depending on the length,"
    return filters, f"Time read as {named} on the file's clock."


def _span_named(start_s: float, end_s: float) -> str:
    if not math.isfinite(start_s):
        return f"before {format_clock(end_s)}"
    return f"after {format_clock(start_s)}" if not math.isfinite(end_s) else format_span(start_s, end_s)


def _file_window(video: Video, phrases: Sequence[TimePhrase]) -> Span | None:
    """What all phrases leave of the recording on its own clock, None when nothing."""
    start_s, end_s = _common_bounds(video, phrases)
    start_s, end_s = max(start_s, video.span.start_s), min(end_s, video.span.end_s)
    return Span(start_s, end_s) if start_s < end_s else None


def _common_bounds(video: Video, phrases: Sequence[TimePhrase]) -> tuple[float, float]:
    """The latest start and the earliest end of all phrases; infinite where they are open."""
    bounds = [_bounds(video, phrase) for phrase in phrases]
    return max(start_s for start_s, _ in bounds), min(end_s for _, end_s in bounds)


def _bounds(video: Video, phrase: TimePhrase) -> tuple[float, float]:
    if phrase.edge is not None:
        return _edge_bounds(video.span, phrase.edge)
    begin_s = phrase.start.file_s if phrase.start is not None else None
    stop_s = phrase.stop.file_s if phrase.stop is not None else None
    return (-math.inf if begin_s is None else begin_s, math.inf if stop_s is None else stop_s)


def _edge_bounds(span: Span, edge: Edge) -> tuple[float, float]:
    length_s = min(span.duration_s, edge.length_s or edge.share * span.duration_s)
    return (span.end_s - length_s, span.end_s) if edge.is_last else (span.start_s, span.start_s + length_s)


# -- nothing left ----------------------------------------------------------------------------------------------


def _leaves_nothing(phrases: Sequence[TimePhrase], records: Sequence[VideoRecord]) -> str:
    """Which words leave nothing, what there is instead, and the next step."""
    dated = sorted(
        (record.video.recorded_at, record.video.wall_clock(record.video.span.end_s))
        for record in records
        if record.video.recorded_at is not None
    )
    longest_s = max(record.video.span.end_s for record in records)
    there = f"the longest ends at {format_clock(longest_s)}"
    if dated:
        ends = max(end for _, end in dated if end is not None)
        there += f", and those with a date run from {dated[0][0]:%Y-%m-%d %H:%M:%S} to {ends:%Y-%m-%d %H:%M:%S %Z}"
    else:
        there += ", and none has a known date"
    return f"{_quoted(phrases)} leaves nothing of any recording asked: {there}; ask for a time within"
