"""Subtitle files as text, made into cues: SRT and WebVTT, and the marks-up that subtitle streams carry.

Pure. Nothing here trusts its input: sizes are bounded, a broken cue is skipped and named with its line, and no
pattern backtracks over more than one line.
"""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass

from videoindex.types import Span

__all__ = ["MOST_CUES", "Cue", "CueText", "ass_text", "clean", "decode_text", "parse_cues"]

MOST_CUES = 200_000  # ten hours of a cue every 0.2 s
_MOST_CUE_CHARS = 2_000
_MOST_PROBLEMS = 20

# 01:02:03,456 in SRT; hours may be missing, the mark may be a comma or a dot, one to three digits may follow it.
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[,.](\d{1,3}))?"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-{{1,3}}>\s*{_TIME}(?:\s.*)?$")
# <i>, </font>, <v Ann>, <00:05.000>; but not the signs in "a < b".
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>|</?[a-zA-Z]?>|<[\d:.]{1,20}>")
# {\an8} of ASS, {y:i} of MicroDVD.
_BRACES = re.compile(r"\{(?:\\|[a-zA-Z]:)[^{}\n]{0,200}\}")
_SPACE = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Cue:
    """A text shown over ``span``; its lines are kept apart by newlines."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class CueText:
    """What a subtitle file holds: cues in order of start, and what was wrong, each with its line number."""

    cues: tuple[Cue, ...]
    problems: tuple[str, ...]


def decode_text(data: bytes) -> tuple[str, str]:
    """The text of a subtitle file and the encoding it was read in.

    A byte-order mark decides; then UTF-16 shows by its zero bytes; then UTF-8 if the whole is valid; else it is
    taken for Windows-1252, the commonest old one, in which every byte has some meaning.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    head = data[:2000]
    if head.count(0) > len(head) // 4:
        encoding = "utf-16-le" if head[1::2].count(0) >= head[0::2].count(0) else "utf-16-be"
        return data.decode(encoding, errors="replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "windows-1252"


def parse_cues(text: str) -> CueText:
    """The cues of an SRT or WebVTT file, told apart by their lines alone.

    A cue is a timing line and the lines below it up to an empty one or the next timing line, so missing numbers,
    missing empty lines and blank lines in excess do no harm.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").split("\n")
    cues: list[Cue] = []
    problems: list[str] = []
    number = 0
    while number < len(lines) and len(cues) < MOST_CUES:
        timing = _TIMING.match(lines[number][:200])
        if timing is None:
            if "-->" in lines[number] and not lines[number].startswith("NOTE"):
                problems.append(f"line {number + 1}: not a time range: {lines[number][:60]!r}")
            number += 1
            continue
        body, after = _body(lines, number + 1)
        problem = _append(cues, timing, body)
        if problem:
            problems.append(f"line {number + 1}: {problem}")
        number = after
    if len(cues) == MOST_CUES:
        problems.append(f"line {number + 1}: more than {MOST_CUES} cues; the rest is left out")
    return CueText(tuple(sorted(cues, key=lambda cue: cue.span)), tuple(problems[:_MOST_PROBLEMS]))


def clean(text: str) -> str:
    """A cue's text as read aloud: no tags, styles or entities, single spaces, one newline between its lines."""
    text = text[: 2 * _MOST_CUE_CHARS].replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    text = html.unescape(_BRACES.sub("", _TAG.sub("", text)))
    visible = "".join(char for char in text if char.isspace() or char.isprintable())
    lines = (_SPACE.sub(" ", line).strip() for line in visible.split("\n"))
    return "\n".join(line for line in lines if line)[:_MOST_CUE_CHARS]


def ass_text(payload: str) -> str:
    """The text field of an ASS event as stored in a container: the ninth of its comma-separated fields.

    Matroska's codec page, S_TEXT/ASS: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text.
    Drawings (text after ``{\\p1}``) say nothing and give "".
    """
    fields = payload.split(",", 8)
    text = fields[8] if len(fields) == 9 else ""
    return "" if re.search(r"\\p[1-9]", text) else text


def _body(lines: list[str], first: int) -> tuple[str, int]:
    """The text lines from ``first`` on, and the number of the line after them."""
    number = first
    while number < len(lines) and lines[number].strip() and "-->" not in lines[number]:
        number += 1
    last = number
    if number < len(lines) and "-->" in lines[number] and last > first and lines[last - 1].strip().isdigit():
        last -= 1  # the next cue's number, with no empty line before it
    return "\n".join(lines[first:last]), number


def _append(cues: list[Cue], timing: re.Match[str], body: str) -> str:
    """Adds the cue, or says what is wrong with it; an empty cue is no fault and adds nothing."""
    start_s, end_s = _seconds(timing.group(1, 2, 3, 4)), _seconds(timing.group(5, 6, 7, 8))
    if end_s <= start_s:
        return f"ends at {end_s:.3f} s, not after its start at {start_s:.3f} s"
    text = clean(body)
    if text:
        cues.append(Cue(Span(start_s, end_s), text))
    return ""


def _seconds(fields: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = fields
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000
