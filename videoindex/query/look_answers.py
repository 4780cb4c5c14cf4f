"""What a model said at a second look, read strictly and held against the pictures that it was shown. Pure.

An answer that departs from its form, or names a time at which no picture was shown, is unfit: it is asked for once
more, and is then "not judged". A verdict is never made up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from videoindex.perception.vlm.answers import UnfitError, parse_json
from videoindex.perception.vlm.base import Reply
from videoindex.query.look_prompts import DESCRIBE_SCHEMA, LOOK_SCHEMA, STATE_SCHEMA
from videoindex.query.look_windows import LookWindow
from videoindex.query.read_schema import Schema, fault_in
from videoindex.types import Span

__all__ = [
    "Held",
    "Said",
    "Seen",
    "Verdict",
    "plain",
    "read_description",
    "read_holds",
    "read_look",
    "read_strictly",
]

_ROUNDING_S = 0.051  # markers are written with one decimal
_LONGEST_REASON = 300  # characters


class Verdict(StrEnum):
    """What became of a moment that was looked at again."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    TIGHTENED = "tightened"
    NOT_JUDGED = "not judged"


class Held(StrEnum):
    """Whether a statement holds in a picture."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Said:
    """A judged window: its ``span`` after the look, and ``at_s``, the look that shows it best, if one does."""

    verdict: Verdict
    span: Span
    at_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model said of a span in its own words, and the looks that it says show it."""

    text: str
    at_s: tuple[float, ...]


def read_look(reply: Reply, window: LookWindow, marks_s: Sequence[float]) -> Said:
    """The verdict on ``window``, of which the looks marked ``marks_s`` were shown.

    "Yes" confirms the moment where the model's first and last pictures lie within a look's distance of its ends;
    its own span then stands. Else the span becomes what the model saw: from the first look that shows it to the
    first that no longer does, cut to the window. Raises UnfitError.
    """
    said = read_strictly(reply, LOOK_SCHEMA)
    reason = plain(said["reason"])
    if said["answer"] == Held.NO:
        return Said(Verdict.REJECTED, window.candidate, None, reason)
    if said["answer"] == Held.CANNOT_TELL:
        return Said(Verdict.NOT_JUDGED, window.candidate, None, reason or "the model could not tell")
    start_s = _shown(said["start"], "start", marks_s, window.interval_s)
    end_s = _shown(said["end"], "end", marks_s, window.interval_s)
    at_s = _shown(said["at"], "at", marks_s, window.interval_s)
    if not start_s <= at_s <= end_s:
        raise UnfitError(
            f'"start" ({start_s:.1f}), "at" ({at_s:.1f}) and "end" ({end_s:.1f}) must follow each other'
        )
    span = _until_next(start_s, end_s, window, marks_s)
    if _alike(span, window.candidate, window.interval_s):
        return Said(Verdict.CONFIRMED, window.candidate, at_s, reason)
    return Said(Verdict.TIGHTENED, span, at_s, reason)


def read_description(reply: Reply, interval_s: float, marks_s: Sequence[float]) -> Seen:
    """What the model says, with those of its times at which a picture was shown. Raises UnfitError."""
    said = read_strictly(reply, DESCRIBE_SCHEMA)
    text = plain(said["says"])
    if not text:
        raise UnfitError('"says" holds no word')
    at_s = {mark_s for one in said["at"] if (mark_s := _nearest(one, marks_s, interval_s)) is not None}
    return Seen(text, tuple(sorted(at_s)))


def read_holds(reply: Reply) -> tuple[Held, str]:
    """Whether the statement holds, and why. Raises UnfitError."""
    said = read_strictly(reply, STATE_SCHEMA)
    return Held(said["answer"]), plain(said["reason"])


def read_strictly(reply: Reply, schema: Schema) -> dict[str, Any]:
    """The one JSON object of an answer. Raises UnfitError saying where it departs from ``schema``."""
    said = parse_json(reply.text)
    fault = fault_in(said, schema)
    if fault is not None:
        raise UnfitError(fault)
    assert isinstance(said, dict)
    return said


def plain(text: str) -> str:
    """A model's words, fit to be shown: one line, no control characters, not too long."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _LONGEST_REASON else words[: _LONGEST_REASON - 1].rstrip() + "…"


def _shown(at_s: float | None, name: str, marks_s: Sequence[float], interval_s: float) -> float:
    if at_s is None:
        raise UnfitError(f'"{name}" is null, but "answer" is "yes"')
    mark_s = _nearest(at_s, marks_s, interval_s)
    if mark_s is None:
        raise UnfitError(
            f'"{name}" ({at_s:g}) is no time at which a picture was shown: they lie from {marks_s[0]:.1f} to '
            f"{marks_s[-1]:.1f} seconds"
        )
    return mark_s


def _nearest(at_s: float, marks_s: Sequence[float], interval_s: float) -> float | None:
    """The look closest to ``at_s``, None where none is as close as half the way to its neighbour."""
    mark_s = min(marks_s, key=lambda mark_s: abs(mark_s - at_s))
    return mark_s if abs(mark_s - at_s) <= max(interval_s / 2, _ROUNDING_S) + 1e-9 else None


def _until_next(start_s: float, end_s: float, window: LookWindow, marks_s: Sequence[float]) -> Span:
    """From the look at ``start_s`` to the one after ``end_s``, where that was decoded, inside the window."""
    after = bisect_right(marks_s, end_s)
    next_s = marks_s[after] if after < len(marks_s) else window.span.end_s
    return Span(start_s, min(next_s, end_s + window.interval_s, window.span.end_s))


def _alike(span: Span, candidate: Span, within_s: float) -> bool:
    starts_s, ends_s = span.start_s - candidate.start_s, span.end_s - candidate.end_s
    return abs(starts_s) <= within_s + 1e-9 and abs(ends_s) <= within_s + 1e-9
