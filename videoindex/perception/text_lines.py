"""Lines of text and their lifetimes: pure functions, no pixels and no models.

A line is read at single instants; here readings of one line are recognised as the same line (unchanged, grown
letter by letter, moved), and the lifetimes that come out are cleaned and put together into what a person would
call one thing on the screen: lines that appear together and vanish together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from videoindex.types import Box, Span

__all__ = [
    "SeenLine",
    "TextLine",
    "box_iou",
    "clean_text",
    "fold_counters",
    "group_lines",
    "is_growth",
    "is_junk",
    "joined_text",
    "match_lines",
    "merge_repeats",
    "merged_reading",
    "reading_order",
    "same_text",
]

_SIMILAR = 85.0  # similarity (rapidfuzz ratio, 0..100) from which two readings are one text
_LONG_SIMILAR = 80.0  # the same for two readings in the very same place
_SAME_PLACE_IOU = 0.5


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line as read at one instant, ``box.at_s``."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line and its lifetime: ``box`` is where it stood at the start, ``looks`` the frames it was seen in.

    ``crosses`` says that it lives on beyond the stretch that was watched, before or behind.
    """

    text: str
    confidence: float
    box: Box
    span: Span
    looks: int = 1
    crosses: bool = False


def clean_text(text: str) -> str:
    """Compatibility forms unified (full-width colons and the like) and white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _folded(text: str) -> str:
    """What two readings are compared by: letters and digits only, case dropped."""
    return "".join(char for char in clean_text(text).casefold() if char.isalnum())


def same_text(one: str, other: str, least_ratio: float = _SIMILAR) -> bool:
    """Whether two readings are one text misread. Different digits make different texts: 3/42 is not 4/42."""
    a, b = _folded(one), _folded(other)
    if a == b:
        return True
    if re.findall(r"\d", a) != re.findall(r"\d", b):
        return False
    return min(len(a), len(b)) >= 4 and fuzz.ratio(a, b) >= least_ratio


def is_growth(old: str, new: str) -> bool:
    """Whether ``new`` is ``old`` typed further or deleted from: one begins with the other."""
    a, b = _folded(old), _folded(new)
    if not a or not b or a == b:
        return False
    short, long = sorted((a, b), key=len)
    if len(short) < 4:
        return long.startswith(short)
    return fuzz.ratio(short, long[: len(short)]) >= _SIMILAR


def box_iou(one: Box, other: Box) -> float:
    """Intersection over union of two rectangles, in [0, 1]; their instants play no part."""
    wide = min(one.right_px, other.right_px) - max(one.left_px, other.left_px)
    high = min(one.bottom_px, other.bottom_px) - max(one.top_px, other.top_px)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (_area(one) + _area(other) - wide * high)


def _area(box: Box) -> float:
    return (box.right_px - box.left_px) * (box.bottom_px - box.top_px)


def _height(box: Box) -> float:
    return box.bottom_px - box.top_px


def _same_start(one: Box, other: Box) -> bool:
    """Whether two lines begin at the same place, within half a line's height."""
    slack = 0.5 * max(_height(one), _height(other))
    middle_one, middle_other = (one.top_px + one.bottom_px) / 2, (other.top_px + other.bottom_px) / 2
    return abs(one.left_px - other.left_px) <= slack and abs(middle_one - middle_other) <= slack


def match_lines(known: Sequence[SeenLine], seen: Sequence[SeenLine]) -> list[int | None]:
    """For each line seen now, the index of the known line that it continues, or None for a new one.

    The surest first: the same text in the same place, then a misreading or a growth of what stood there, then
    the same text moved elsewhere, nearest first. No known line is given twice. A crossing pair of equal lines
    keeps the nearer one.
    """
    ranked: list[tuple[int, float, int, int]] = []
    for i, now in enumerate(seen):
        for j, before in enumerate(known):
            rank = _rank(before, now)
            if rank is not None:
                apart = abs(before.box.left_px - now.box.left_px) + abs(before.box.top_px - now.box.top_px)
                ranked.append((rank, apart, i, j))
    matched: list[int | None] = [None] * len(seen)
    taken: set[int] = set()
    for _, _, i, j in sorted(ranked):
        if matched[i] is None and j not in taken:
            matched[i] = j
            taken.add(j)
    return matched


def _rank(before: SeenLine, now: SeenLine) -> int | None:
    in_place = box_iou(before.box, now.box) >= _SAME_PLACE_IOU
    if in_place and same_text(before.text, now.text, _LONG_SIMILAR):
        return 0
    if _same_start(before.box, now.box) and is_growth(before.text, now.text):
        return 1
    if same_text(before.text, now.text) and 0.6 <= _height(before.box) / max(_height(now.box), 1e-6) <= 1 / 0.6:
        return 2
    return None


def merged_reading(before: SeenLine, now: SeenLine) -> SeenLine:
    """One line out of what was known of it and what is read of it now, at its place of now.

    A line that grew takes the longer text; of two readings of one text the surer one stays. What was deleted
    from stays as it was at its fullest, until it is typed further.
    """
    if not same_text(before.text, now.text, _LONG_SIMILAR) and is_growth(before.text, now.text):
        fullest = now if len(_folded(now.text)) > len(_folded(before.text)) else before
        return replace(now, text=fullest.text, confidence=fullest.confidence)
    surer = now if now.confidence >= before.confidence else before
    return replace(now, text=surer.text, confidence=surer.confidence)


def is_junk(line: TextLine, least_confidence: float) -> bool:
    """Whether a line is more likely a texture than text: unsure, too short, or short and seen but once."""
    letters = sum(char.isalnum() for char in line.text)
    if letters < 2 or line.confidence < least_confidence:
        return True
    if letters <= 3:
        return line.confidence < 0.5 + 0.5 * least_confidence
    return line.looks < 2 and line.confidence < 0.9


def merge_repeats(lines: Sequence[TextLine], join_gap_s: float) -> list[TextLine]:
    """Readings of one text in one place become one line, also across a short absence of ``join_gap_s``."""
    merged: list[TextLine] = []
    for line in sorted(lines, key=lambda line: (line.span, line.box.top_px, line.box.left_px)):
        for i, kept in enumerate(merged):
            near = line.span.start_s <= kept.span.end_s + join_gap_s
            if near and box_iou(kept.box, line.box) >= 0.3 and same_text(kept.text, line.text):
                merged[i] = _union(kept, line)
                break
        else:
            merged.append(line)
    return merged


def _union(one: TextLine, other: TextLine) -> TextLine:
    surer = one if one.confidence >= other.confidence else other
    span = Span(min(one.span.start_s, other.span.start_s), max(one.span.end_s, other.span.end_s))
    crosses = one.crosses or other.crosses
    return TextLine(surer.text, surer.confidence, one.box, span, one.looks + other.looks, crosses)


def fold_counters(lines: Sequence[TextLine], longest_s: float = 10.0, least_run: int = 3) -> list[TextLine]:
    """A clock or counter becomes one line, whose text is its first reading.

    A run of at least ``least_run`` lines in one place that differ in their digits only, each living at most
    ``longest_s`` (the last one excepted) and following the one before at once, is a counter.
    """
    runs: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.span):
        for run in runs:
            last = run[-1]
            follows = abs(line.span.start_s - last.span.end_s) <= 1.0 and last.span.duration_s <= longest_s
            if (
                follows
                and box_iou(last.box, line.box) >= _SAME_PLACE_IOU
                and _differ_in_digits(last.text, line.text)
            ):
                run.append(line)
                break
        else:
            runs.append([line])
    folded: list[TextLine] = []
    for run in runs:
        if len(run) < least_run:
            folded.extend(run)
        else:
            span = Span(run[0].span.start_s, max(line.span.end_s for line in run))
            crosses = any(line.crosses for line in run)
            looks = sum(line.looks for line in run)
            folded.append(replace(run[0], span=span, looks=looks, crosses=crosses))
    return folded


def _differ_in_digits(one: str, other: str) -> bool:
    masked_one, masked_other = (re.sub(r"\d+", "0", _folded(text)) for text in (one, other))
    return masked_one == masked_other and "0" in masked_one


def group_lines(lines: Sequence[TextLine], together_s: float) -> list[tuple[TextLine, ...]]:
    """Lines that appear together and vanish together (within ``together_s``), each group in reading order.

    A line that crosses an end of the watched stretch stays alone: which lines it comes or goes with is not
    known on this side, and only equal texts can be joined across the seam.
    """
    groups: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.span):
        for group in groups:
            first = group[0].span
            if (
                not (line.crosses or group[0].crosses)
                and abs(first.start_s - line.span.start_s) <= together_s
                and abs(first.end_s - line.span.end_s) <= together_s
            ):
                group.append(line)
                break
        else:
            groups.append([line])
    return [tuple(reading_order(group)) for group in groups]


def reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """From top to bottom; lines whose middles lie within half a height of each other from left to right."""
    return [line for row in _rows(lines) for line in row]


def joined_text(lines: Sequence[TextLine]) -> str:
    """The text of lines in reading order: rows on lines of their own, pieces of one row with a space between."""
    return "\n".join(" ".join(line.text for line in row) for row in _rows(lines))


def _rows(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (line.box.top_px + line.box.bottom_px, line.box.left_px)):
        middle = (line.box.top_px + line.box.bottom_px) / 2
        if rows:
            first = rows[-1][0].box
            apart = abs(middle - (first.top_px + first.bottom_px) / 2)
            if apart <= 0.5 * min(_height(first), _height(line.box)):
                rows[-1].append(line)
                continue
        rows.append([line])
    return [sorted(row, key=lambda line: line.box.left_px) for row in rows]
