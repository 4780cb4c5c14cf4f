"""Times in a question, as they are written: "between 10 and 11 on Tuesday", "after 9:30", "in the last minute".

Pure and in English. A phrase is read with every clock that it may mean; which one is meant is decided where the
recordings are known (``time_windows``). What is not in the grammar below stays words to search for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time

__all__ = ["Day", "Edge", "Point", "TimePhrase", "find_times"]


@dataclass(frozen=True, slots=True)
class Point:
    """A clock time by each clock that it may be read on, None where it cannot.

    ``is_half_day``: no am or pm is written and the hour is below 12, so that the afternoon may be meant.
    ``lasts_s`` and ``lasts_file_s`` say how long the instant lasts: "9:30" is a minute of the wall clock and a
    second of the file's.
    """

    wall: time | None
    file_s: float | None
    is_half_day: bool = False
    lasts_s: float = 60.0
    lasts_file_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Day:
    """A day by whatever is said of it: a date, a day of some year's month, a weekday (Monday is 0), days ago."""

    on: date | None = None
    month: int = 0
    day: int = 0
    weekday: int | None = None
    days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """The first or last part of a recording: ``length_s``, or else a ``share`` of it."""

    is_last: bool
    length_s: float = 0.0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class TimePhrase:
    """One phrase, at ``[begin, end)`` of the question: from ``start``, before ``stop``, on a day, at an edge.

    ``is_weak``: the words may as well be part of what was said ("due on Friday", "at 3 pm", "10 and 11"), so they
    count as a time only where a recording was running then.
    """

    words: str
    begin: int
    end: int
    start: Point | None = None
    stop: Point | None = None
    day: Day | None = None
    edge: Edge | None = None
    is_weak: bool = False


_NUMBER_WORDS = ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, start=1)} | {
    "one": 1,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "sixty": 60,
    "ninety": 90,
}
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# fmt: off
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")
# fmt: on
_PARTS = {"morning": (time(5), time(12)), "afternoon": (time(12), time(18)), "evening": (time(18), time.max)}

_NUMBER = r"(?:\d+(?:\.\d+)?|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_UNIT = r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?)"
_HALF = r"[ap]\.?m\b\.?"
_CLOCK = (
    r"(?:(?:minutes?|seconds?)\s+\d+(?::\d\d)?(?:\.\d+)?"
    rf"|\d{{1,3}}:\d\d(?::\d\d)?(?:\.\d+)?(?:\s*{_HALF})?"
    rf"|\d{{1,2}}\s*(?:{_HALF}|o'?clock)"
    rf"|{_NUMBER}\s+{_UNIT}|\d+\s*(?:s|min|h)\b"
    r"|noon|midday|midnight)"
)
_EITHER = rf"(?:{_CLOCK}|\d{{1,2}}\b(?![:.\d%]))"
_ENDS = r"(?=\s*(?:[,;.?!]|$|(?:on|in|and|but|when|what|who|does|do|did|is|are|was|were|before|after)\b))"
_DAY_PART = r"(?:\s+(?P<part>morning|afternoon|evening))?"
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d))?"
_MONTH = "(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r")\.?"
_WEEKDAY = "(?P<weekday>" + "|".join(_WEEKDAYS) + ")"
_SPANS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:any\s?time\s+)?(?:between|from)\s+(?P<start>{_EITHER})\s+(?:and|to|until|till)\s+(?P<stop>{_EITHER}){_ENDS}",
        rf"^(?P<start>{_CLOCK})\s*(?:to|until|till|-|–)\s*(?P<stop>{_CLOCK})(?=\s*(?:[:,;]|$))",
        r"\b(?:between|from|in|during)?\s*(?P<unit>minutes|seconds)\s+(?P<start>\d+)\s*(?:-|–|to|and)\s*(?P<stop>\d+)\b",
        rf"\bfrom\s+(?P<start>{_CLOCK})\s+on(?:wards?)?\b",
        rf"\b(?:after|since|later than)\s+(?:the\s+first\s+)?(?P<start>{_EITHER}){_ENDS}",
        rf"\b(?:before|until|till|up to|earlier than)\s+(?P<stop>{_EITHER}){_ENDS}",
    )
)
_AT = re.compile(rf"\b(?:exactly\s+)?(?:at|in)\s+(?:the\s+)?(?P<at>{_CLOCK}){_ENDS}", re.IGNORECASE)
_EDGE = re.compile(
    rf"\b(?:in|within|during|over)\s+the\s+(?:very\s+)?(?P<which>first|opening|initial|last|final|closing)\s+"
    rf"(?:(?P<number>{_NUMBER})\s+)?(?P<unit>{_UNIT}|half|third|quarter)\b"
    r"(?:\s+of\s+(?:the\s+|this\s+)?(?:video|recording|film|movie|clip|lecture|talk|file))?",
    re.IGNORECASE,
)
_DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bon\s+(?P<iso>\d{4}-\d\d-\d\d)\b" + _DAY_PART,
        rf"\bon\s+(?:{_WEEKDAY},?\s+)?(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b{_YEAR}{_DAY_PART}",
        rf"\bon\s+(?:{_WEEKDAY},?\s+)?{_MONTH}\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){_YEAR}{_DAY_PART}",
        rf"\bon\s+{_WEEKDAY}\b{_DAY_PART}",
        r"\bthis\s+(?P<part>morning|afternoon|evening)\b",
        r"\b(?P<relative>today|yesterday)\b(?!'s)" + _DAY_PART,
    )
)
_REPORTED = re.compile(r"\b(?:say|says|said|mentions?|explains?|tells?|told|hear|claims?)\s+that\b", re.IGNORECASE)
_JOINTS = re.compile(r"\s*(?:,|and|but)?\s*", re.IGNORECASE)


def find_times(text: str) -> list[TimePhrase]:
    """The time phrases of ``text`` in order; none overlap. Nothing is read inside "says that …"."""
    reported = _REPORTED.search(text)
    readable = text[: reported.end()] if reported else text
    found: list[TimePhrase] = []
    for phrase in _read(readable):
        if all(phrase.end <= other.begin or phrase.begin >= other.end for other in found):
            found.append(phrase)
    found.sort(key=lambda phrase: phrase.begin)
    nexts: list[TimePhrase | None] = [*found[1:], None]
    return [_with_joint(text, phrase, after) for phrase, after in zip(found, nexts, strict=False)]


def _with_joint(text: str, phrase: TimePhrase, after: TimePhrase | None) -> TimePhrase:
    """The phrase with the "and" between it and the next one, which would be left over."""
    if after is not None and _JOINTS.fullmatch(text, phrase.end, after.begin):
        return replace(phrase, end=after.begin)
    return phrase


def _read(text: str) -> Iterator[TimePhrase]:
    for pattern in _SPANS:
        for match in pattern.finditer(text):
            phrase = _span_phrase(match)
            if phrase is not None:
                yield phrase
    for match in _EDGE.finditer(text):
        yield _phrase(match, edge=_edge(match))
    for pattern in _DAYS:
        for match in pattern.finditer(text):
            day = _day(match)
            if day is not None:
                yield _day_phrase(match, day)
    for match in _AT.finditer(text):
        point = _point(match["at"])
        if point is not None:
            yield _phrase(match, start=point, stop=_after(point), is_weak=True)


def _phrase(
    match: re.Match[str],
    *,
    start: Point | None = None,
    stop: Point | None = None,
    edge: Edge | None = None,
    is_weak: bool = False,
) -> TimePhrase:
    words = " ".join(match[0].split())
    return TimePhrase(words, match.start(), match.end(), start, stop, None, edge, is_weak)


def _span_phrase(match: re.Match[str]) -> TimePhrase | None:
    """A stretch from one clock time to another, or open on one side; None where a number is no time."""
    fields = match.groupdict()
    start, stop = fields.get("start"), fields.get("stop")
    if fields.get("unit"):
        start, stop = f"{fields['unit']} {start}", f"{fields['unit']} {stop}"
    if start and stop:
        start, stop = _with_unit_of(start, stop), _with_unit_of(stop, start)
    points = [_point(text) if text else None for text in (start, stop)]
    if any(text and point is None for text, point in zip((start, stop), points, strict=True)):
        return None
    is_bare = any(text is not None and text.strip().isdecimal() for text in (start, stop))
    return _phrase(match, start=points[0], stop=points[1], is_weak=is_bare)


def _with_unit_of(bare: str, other: str) -> str:
    """ "3" beside "minute 5" is minute 3, "10" beside "11 am" is 10 am."""
    if not re.fullmatch(r"\d{1,2}(?::\d\d)?", bare.strip()):
        return bare
    unit = re.match(r"(minute|second)s?\b", other, re.IGNORECASE)
    if unit and ":" not in bare:
        return f"{unit[1]} {bare}"
    counted = re.search(rf"\s({_UNIT})$", other, re.IGNORECASE)
    if counted and ":" not in bare:
        return f"{bare} {counted[1]}"
    half = re.search(rf"({_HALF})$", other, re.IGNORECASE)
    return f"{bare} {half[1]}" if half else bare


def _point(text: str) -> Point | None:
    """One clock time, None when it cannot be one ("25 o'clock")."""
    plain = text.strip().lower()
    if plain in ("noon", "midday", "midnight"):
        return Point(time(0 if plain == "midnight" else 12), None)
    counted = re.fullmatch(r"(minute|second)s?\s+([\d:.]+)", plain)
    if counted:
        minutes, _, seconds = counted[2].rpartition(":")
        unit_s = 1.0 if counted[1] == "second" else 60.0
        at_s = int(minutes) * 60 + float(seconds) if minutes else float(counted[2]) * unit_s
        return Point(None, at_s, lasts_file_s=1.0 if minutes else unit_s)
    amount = re.fullmatch(rf"({_NUMBER})\s*({_UNIT}|s|min|h)", plain)
    if amount:
        return Point(None, _number(amount[1]) * _UNITS_S[amount[2][0]])
    match = re.fullmatch(rf"(\d+)(?::(\d\d))?(?::(\d\d))?(\.\d+)?\s*({_HALF}|o'?clock)?", plain)
    return _clock_point(match) if match else None


def _clock_point(match: re.Match[str]) -> Point | None:
    first, second, third, fraction, mark = match.groups()
    hour, minute, whole_s = int(first), int(second or 0), int(third or 0)
    if minute > 59 or whole_s > 59:
        return None
    half = (mark or "")[:1] if mark and not mark.startswith("o") else ""
    if half and not 1 <= hour <= 12:
        return None
    file_s: float | None = None
    if second is not None and not mark:
        file_s = hour * 3600 + minute * 60 + whole_s if third else hour * 60 + minute
        file_s = float(file_s) + float(fraction or 0)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    wall = time(hour, minute, whole_s) if hour < 24 and not fraction else None
    if wall is None and file_s is None:
        return None
    is_half_day = not half and 1 <= hour < 12 and not first.startswith("0")
    return Point(wall, file_s, is_half_day, 1.0 if third else 60.0)


def _after(point: Point) -> Point:
    """The end of the instant that ``point`` names."""
    wall, lasts_s = point.wall, point.lasts_s
    if wall is not None:
        second = wall.hour * 3600 + wall.minute * 60 + wall.second + int(lasts_s)
        wall = time.max if second >= 86400 else time(second // 3600, second // 60 % 60, second % 60)
    file_s = None if point.file_s is None else point.file_s + point.lasts_file_s
    return Point(wall, file_s, point.is_half_day)


def _number(text: str) -> float:
    return float(_NUMBERS[text.lower()]) if text.lower() in _NUMBERS else float(text)


def _edge(match: re.Match[str]) -> Edge:
    is_last = match["which"].lower() in ("last", "final", "closing")
    number = _number(match["number"]) if match["number"] else 1.0
    unit = match["unit"].lower()
    share = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}.get(unit)
    if share is not None:
        return Edge(is_last, share=min(1.0, number * share))
    return Edge(is_last, length_s=number * _UNITS_S[unit[0]])


def _day(match: re.Match[str]) -> Day | None:
    """The day of a match; None when there is no such day."""
    fields = match.groupdict()
    if fields.get("iso"):
        try:
            return Day(on=date.fromisoformat(fields["iso"]))
        except ValueError:
            return None
    if fields.get("month"):
        month = next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(fields["month"].lower()[:3]))
        try:
            on = date(int(fields["year"] or 2024), month, int(fields["day"]))
        except ValueError:
            return None
        return Day(on=on) if fields["year"] else Day(month=month, day=on.day)
    if fields.get("weekday"):
        return Day(weekday=_WEEKDAYS.index(fields["weekday"].lower()))
    return Day(days_ago=1 if (fields.get("relative") or "").lower() == "yesterday" else 0)


def _day_phrase(match: re.Match[str], day: Day) -> TimePhrase:
    """A day, or its morning, afternoon or evening."""
    words = " ".join(match[0].split())
    part = (match.groupdict().get("part") or "").lower()
    start, stop = (Point(at, None) for at in _PARTS[part]) if part else (None, None)
    return TimePhrase(words, match.start(), match.end(), start, stop, day, None, is_weak=True)
