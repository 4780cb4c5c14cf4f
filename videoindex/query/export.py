"""What is exported: moments or events as marks on recordings; and the plainest of the formats, CSV.

The other formats are in export_subtitles.py, export_timeline.py and export_report.py. Each gives a ``Written``:
the whole text, and notes on what was changed or left out to fit the format.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category

from videoindex.clock import format_wall
from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord
from videoindex.types import Coverage, Event, Moment, Span, Video

__all__ = [
    "COLUMNS",
    "Mark",
    "Sheet",
    "Written",
    "clock_ms",
    "csv_text",
    "marks_of_events",
    "marks_of_moments",
    "one_line",
    "one_recording",
]

COLUMNS = (
    "number", "id", "video_id", "path", "camera", "start_s", "end_s", "start", "end", "wall_clock", "score",
    "sources", "model", "text",
)  # fmt: skip

# A spreadsheet takes a cell that begins so for a formula, and may run it (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Mark:
    """A text over a span of a recording. ``score`` in [0, 1] is a moment's, or an event's confidence; ``id`` is an
    event's, empty for a moment; ``model`` made the text."""

    video: Video
    camera: str
    span: Span
    text: str
    sources: tuple[str, ...]
    score: float
    model: str = ""
    id: str = ""

    @property
    def wall_clock(self) -> str:
        """When it begins, ISO 8601, or the empty string."""
        at = self.video.wall_clock(self.span.start_s)
        return "" if at is None else format_wall(at)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that one export holds: its title (the question), the answer's sentence where there is one, the marks in
    the order of the result, and what was looked at, with the recordings that gaps are in by id."""

    title: str
    marks: tuple[Mark, ...]
    answer: str = ""
    coverage: Coverage | None = None
    records: Mapping[str, VideoRecord] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An export as text, and notes in sentences."""

    text: str
    notes: tuple[str, ...] = ()


def marks_of_moments(moments: Sequence[Moment], records: Mapping[str, VideoRecord]) -> tuple[Mark, ...]:
    """A mark for each moment, with the text of its best event."""
    marks = []
    for moment in moments:
        record, best = records[moment.video_id], moment.events[0]
        sources = tuple(dict.fromkeys(event.source for event in moment.events))
        marks.append(
            Mark(record.video, record.camera or "", moment.span, best.text, sources, moment.score, best.model)
        )
    return tuple(marks)


def marks_of_events(events: Sequence[Event], records: Mapping[str, VideoRecord]) -> tuple[Mark, ...]:
    """A mark for each event of the recordings in ``records``."""
    return tuple(
        Mark(
            records[event.video_id].video,
            records[event.video_id].camera or "",
            event.span,
            event.text,
            (event.source,),
            event.confidence,
            event.model,
            event.id,
        )
        for event in events
    )


def one_recording(marks: Sequence[Mark], format_name: str) -> Video | None:
    """The recording that all marks are on, None without marks. Raises UsageError where they are on several."""
    videos = {mark.video.id: mark.video for mark in marks}
    if len(videos) > 1:
        names = ", ".join(sorted(video.path.name for video in videos.values())[:5])
        raise UsageError(
            f"{format_name} counts the time of one recording, and these are on {len(videos)} ({names}): choose "
            "one with --video, or another format, such as csv or otio"
        )
    return next(iter(videos.values()), None)


def csv_text(sheet: Sheet) -> Written:
    """RFC 4180: quoted where needed, lines ended by CR LF, a header line. Seconds to the millisecond.

    Text that a spreadsheet would take for a formula has an apostrophe set before it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    guarded = 0
    for number, mark in enumerate(sheet.marks, start=1):
        texts = [str(mark.video.path), mark.camera, " ".join(mark.sources), mark.model, mark.text]
        safe = [f"'{text}" if text.startswith(_FORMULA_STARTS) else text for text in texts]
        guarded += sum(a != b for a, b in zip(texts, safe, strict=True))
        path, camera, sources, model, text = safe
        start_s, end_s = mark.span.start_s, mark.span.end_s
        times = (f"{start_s:.3f}", f"{end_s:.3f}", clock_ms(start_s), clock_ms(end_s), mark.wall_clock)
        writer.writerow(
            (number, mark.id, mark.video.id, path, camera, *times, f"{mark.score:.4f}", sources, model, text)
        )
    notes = (f"{guarded} texts begin like formulas: an apostrophe was set before them",) if guarded else ()
    return Written(file.getvalue(), notes)


def clock_ms(at_s: float) -> str:
    """``h:mm:ss.mmm``; ``videoindex.clock.parse_clock`` reads it back."""
    millis = round(at_s * 1000)
    seconds, milli = divmod(abs(millis), 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{'-' if millis < 0 else ''}{hour}:{minute:02d}:{second:02d}.{milli:03d}"


def one_line(text: str, longest: int = 0) -> str:
    """The text without line breaks and other control characters, cut to ``longest`` characters where that is
    set."""
    line = " ".join("".join(" " if category(char) == "Cc" else char for char in text).split())
    return line if not longest or len(line) <= longest else line[: longest - 1].rstrip() + "…"
