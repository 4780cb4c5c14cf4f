"""Marks as subtitles (SRT, WebVTT) and as YouTube chapters.

These count from the start of playback, which players put at the container's first time stamp; so that is taken off
the times of the recording's own clock (``zero_s``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from videoindex.query.export import Mark, Sheet, Written, one_line
from videoindex.types import Span

__all__ = ["chapters_text", "srt_text", "vtt_text"]

# What players read as mark-up in SRT, which knows no way to escape it: the signs are exchanged for like ones.
_SRT_SIGNS = (("-->", "→"), ("<", "‹"), (">", "›"), ("{\\", "(\\"))
# YouTube Help, "Video chapters": the first at 0:00, three or more, in ascending order, 10 s or longer each.
_SHORTEST_CHAPTER_S = 10
_LEAST_CHAPTERS = 3
_LONGEST_TITLE = 100
_OPENING = "Start"
_SHOWN_LEFT_OUT = 5


def srt_text(sheet: Sheet, zero_s: float) -> Written:
    """SubRip: numbered cues in order of time, to the millisecond. Text that players would take for mark-up has its
    signs exchanged for like ones: ``‹b›``, ``→``."""
    blocks, changed, cut = [], 0, 0
    for number, (mark, start_ms, end_ms) in enumerate(_cues(sheet.marks, zero_s), start=1):
        text = _lines(mark.text)
        plain = text
        for sign, like in _SRT_SIGNS:
            plain = plain.replace(sign, like)
        changed += plain != text
        cut += start_ms > round((mark.span.start_s - zero_s) * 1000)
        blocks.append(f"{number}\n{_stamp(start_ms, ',')} --> {_stamp(end_ms, ',')}\n{plain}\n")
    notes = (
        [f"in {changed} texts signs that SRT takes for mark-up were exchanged for like ones"] if changed else []
    )
    return Written("\n".join(blocks), (*notes, *_cut_note(cut)))


def vtt_text(sheet: Sheet, zero_s: float) -> Written:
    """WebVTT (W3C): cues in order of time, to the millisecond; text is escaped, so that none of it is mark-up."""
    blocks, cut = ["WEBVTT\n"], 0
    for mark, start_ms, end_ms in _cues(sheet.marks, zero_s):
        text = html.escape(_lines(mark.text), quote=False)
        cut += start_ms > round((mark.span.start_s - zero_s) * 1000)
        blocks.append(f"{_stamp(start_ms, '.')} --> {_stamp(end_ms, '.')}\n{text}\n")
    return Written("\n".join(blocks), _cut_note(cut))


def chapters_text(sheet: Sheet, zero_s: float, ends_s: float) -> Written:
    """Lines of a YouTube description: ``m:ss title``, whole seconds rounded down, the first at 0:00.

    Chapters are 10 s or longer there: marks that begin within 10 s of the chapter before them, or less than 10 s
    before the end (``ends_s``, on the recording's clock), are left out, and named in a note.
    """
    chapters: list[tuple[int, str]] = []
    left_out: list[str] = []
    last_s = int(ends_s - zero_s) - _SHORTEST_CHAPTER_S
    for mark, start_ms, _ in _cues(sheet.marks, zero_s):
        at_s, title = start_ms // 1000, _title(mark.text)
        if not chapters and 0 < at_s < _SHORTEST_CHAPTER_S:
            at_s = 0
        elif not chapters and at_s > 0:
            chapters.append((0, _OPENING))
        if (not chapters or at_s - chapters[-1][0] >= _SHORTEST_CHAPTER_S) and (at_s <= last_s or at_s == 0):
            chapters.append((at_s, title))
        else:
            left_out.append(f"{_minutes(at_s)} {title}")
    notes = []
    if left_out:
        named = "; ".join(left_out[:_SHOWN_LEFT_OUT]) + ("; ..." if len(left_out) > _SHOWN_LEFT_OUT else "")
        notes.append(f"chapters last 10 s or longer, so {len(left_out)} were left out: {named}")
    if len(chapters) < _LEAST_CHAPTERS:
        notes.append(f"YouTube shows chapters from {_LEAST_CHAPTERS} on, and there are {len(chapters)}")
    return Written("".join(f"{_minutes(at_s)} {title}\n" for at_s, title in chapters), tuple(notes))


def _cues(marks: Sequence[Mark], zero_s: float) -> list[tuple[Mark, int, int]]:
    """The marks in order of time, with start and end in milliseconds of playback. A cue lasts at least one."""
    cues = []
    for mark in sorted(marks, key=lambda mark: (mark.span, mark.text)):
        start_ms, end_ms = (max(0, round((at_s - zero_s) * 1000)) for at_s in _ends(mark.span))
        cues.append((mark, start_ms, max(end_ms, start_ms + 1)))
    return cues


def _ends(span: Span) -> tuple[float, float]:
    return span.start_s, span.end_s


def _cut_note(cut: int) -> tuple[str, ...]:
    return (f"{cut} marks begin before playback does, and were moved to its start",) if cut else ()


def _lines(text: str) -> str:
    """The text's lines without the empty ones, which would end a cue, and without control characters."""
    lines = (one_line(line) for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text))
    return "\n".join(line for line in lines if line)


def _title(text: str) -> str:
    """One line; angle brackets are not allowed in a YouTube description."""
    return one_line(text.replace("<", "‹").replace(">", "›"), _LONGEST_TITLE)


def _stamp(millis: int, mark: str) -> str:
    seconds, milli = divmod(millis, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{milli:03d}"


def _minutes(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
