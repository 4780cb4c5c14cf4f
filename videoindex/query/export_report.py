"""Marks as a report in Markdown (CommonMark), with the picture at the beginning of each.

Texts come out of recordings, and so from strangers: they stand in fenced blocks, where nothing is a link, an image
or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from videoindex.clock import format_span
from videoindex.query.export import Mark, Sheet, Written, clock_ms, one_line
from videoindex.types import Coverage

__all__ = ["Still", "report_text"]

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|!~&$])")
_SHOWN_GAPS = 20


@dataclass(frozen=True, slots=True)
class Still:
    """A saved picture: where the report finds it (a relative path with ``/``), and its true time stamp."""

    link: str
    frame_s: float


def report_text(sheet: Sheet, stills: Mapping[int, Still | None]) -> Written:
    """The report. ``stills`` are the pictures by the marks' numbers, counted from 1; None where one was wanted but
    could not be decoded."""
    blocks = [f"# {_plain(sheet.title)}"]
    if sheet.answer:
        blocks.append(_plain(sheet.answer))
    for number, mark in enumerate(sheet.marks, start=1):
        blocks += _section(number, mark)
        if number in stills:
            blocks.append(_picture(mark, stills[number]))
    if not sheet.marks:
        blocks.append("Nothing was found.")
    if sheet.coverage is not None:
        blocks += _looked_at(sheet.coverage, sheet)
    return Written("\n\n".join(blocks) + "\n")


def _section(number: int, mark: Mark) -> list[str]:
    span = format_span(mark.span.start_s, mark.span.end_s)
    facts = [f"- recording: {_code(str(mark.video.path))}"]
    if mark.wall_clock:
        facts.append(f"- wall clock: {mark.wall_clock}")
    if mark.camera:
        facts.append(f"- camera: {_plain(mark.camera)}")
    seen = f"{', '.join(_plain(source) for source in mark.sources)}; score {mark.score:.2f}"
    facts.append(f"- seen by: {seen}")
    if mark.id:
        facts.append(f"- event: {_code(mark.id)}")
    exact = f"- exact times: {mark.span.start_s:.3f} s up to, not including, {mark.span.end_s:.3f} s"
    return [f"## {number}. {span}, {_plain(mark.video.path.name)}", "\n".join([*facts, exact]), _fenced(mark.text)]


def _picture(mark: Mark, still: Still | None) -> str:
    if still is None:
        return f"No picture could be decoded at {clock_ms(mark.span.start_s)}."
    said = f"The picture at {clock_ms(mark.span.start_s)}, on display since {clock_ms(still.frame_s)}"
    return f"![{said}](<{still.link}>)"


def _looked_at(coverage: Coverage, sheet: Sheet) -> list[str]:
    lines = [f"{coverage.examined_s:,.1f} of {coverage.total_s:,.1f} s were examined."]
    if coverage.shortest_event_s:
        lines.append(f"Nothing shorter than {coverage.shortest_event_s:g} s is sure to be seen.")
    blocks = ["## What was looked at", " ".join(lines)]
    records = sheet.records or {}
    gaps = []
    for gap in coverage.gaps[:_SHOWN_GAPS]:
        record = records.get(gap.video_id)
        name = record.video.path.name if record is not None else gap.video_id
        observer = f" ({_plain(gap.observer)})" if gap.observer else ""
        span = format_span(gap.span.start_s, gap.span.end_s)
        gaps.append(f"- not examined{observer}: {_plain(name)} {span}: {_plain(gap.reason)}")
    if len(coverage.gaps) > _SHOWN_GAPS:
        gaps.append(f"- and {len(coverage.gaps) - _SHOWN_GAPS} more")
    return [*blocks, "\n".join(gaps)] if gaps else blocks


def _plain(text: str) -> str:
    """One line in which nothing is mark-up, nor a link that Markdown makes by itself."""
    escaped = _PUNCTUATION.sub(r"\\\1", one_line(text))
    return escaped.replace("://", "\\://").replace("www.", "www\\.").replace("@", "\\@")


def _code(text: str) -> str:
    """One line as code, between as many backticks as it takes."""
    line = one_line(text)
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    padding = " " if "`" in line else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def _fenced(text: str) -> str:
    """The text, line by line, in a block that no line of it can end."""
    lines = [one_line(line) for line in text.splitlines()]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return "\n".join([f"{fence}text", *lines, fence])
