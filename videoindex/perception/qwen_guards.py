"""From what a model said to events that can be trusted in time. Pure.

Times are cut to the asked window; what lies outside it is rejected. Repetition is how a model fails when it has
lost the thread: the same thing said of one look after another is one event, a run of events that goes round in
circles is cut where the circle closes, and the rest of the window becomes a gap.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from videoindex.perception.qwen_answer import SaidEvent
from videoindex.types import Box, Span

__all__ = ["Guarded", "SeenEvent", "guard"]

_LOOP_ROUNDS = 3  # how often the same events must come round to be a loop
_LOOP_EVENTS = 4  # the longest round that is looked for
_ROUNDING_S = 0.051  # markers are written with one decimal
_LONGEST_TEXT = 600  # characters
_STUTTER = re.compile(r"\b(.{2,60}?)(?:[\s,.;]+\1\b){3,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event whose ``span`` lies inside its window; ``boxes`` in pixels, at instants inside the span."""

    span: Span
    text: str
    confidence: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Guarded:
    """The events of one window, the rest of it that must not be believed, and what was rejected, in sentences."""

    events: tuple[SeenEvent, ...]
    lost: Span | None
    reason: str
    rejected: tuple[str, ...]


def guard(
    said: Sequence[SaidEvent],
    window: Span,
    marks_s: Sequence[float],
    size_px: tuple[int, int],
    *,
    is_cut: bool = False,
) -> Guarded:
    """Holds the events of one answer against the window and the looks, marked ``marks_s``, that were shown.

    ``size_px`` is (width, height) of the picture as displayed; ``is_cut`` says that the answer broke off, so that
    what comes after its last event is not known.
    """
    rejected: list[str] = []
    timed: list[tuple[SaidEvent, Span]] = []
    for event in said:
        span = _span(event, window, marks_s)
        if isinstance(span, Span):
            timed.append((event, span))
        else:
            rejected.append(span)
    whole = _before_loop([event for event, _ in timed])
    looped = whole < len(timed)
    kept = _merged(timed[:whole], marks_s)
    reason = "the model repeated itself" if looped else "the model's answer was cut off" if is_cut else ""
    known_s = max((span.end_s for _, span in kept), default=window.start_s)
    lost = Span(known_s, window.end_s) if reason and known_s < window.end_s else None
    return Guarded(
        tuple(_seen(event, span, size_px) for event, span in kept), lost, reason if lost else "", tuple(rejected)
    )


def _span(event: SaidEvent, window: Span, marks_s: Sequence[float]) -> Span | str:
    """The event's time inside the window, or why it has none.

    Times that were copied from markers become the exact instants of these looks. What begins and ends with one
    look lasts until the next one.
    """
    start_s, end_s = _snapped(event.start_s, marks_s), _snapped(event.end_s, marks_s)
    said = f"{event.start_s:g}..{event.end_s:g} s ({event.what[:40]!r})"
    if end_s < start_s:
        return f"{said} ends before it begins"
    if end_s == start_s:
        following = bisect_right(marks_s, start_s + 1e-6)
        end_s = marks_s[following] if following < len(marks_s) else window.end_s
    if start_s >= window.end_s or end_s <= window.start_s:
        return f"{said} lies outside {window.start_s:.1f}..{window.end_s:.1f} s, which was asked about"
    return Span(max(start_s, window.start_s), min(end_s, window.end_s))


def _snapped(at_s: float, marks_s: Sequence[float]) -> float:
    """The instant of the look whose marker says ``at_s``; the time itself where there is none."""
    after = bisect_left(marks_s, at_s)
    near = [mark_s for mark_s in marks_s[max(0, after - 1) : after + 1] if abs(mark_s - at_s) <= _ROUNDING_S]
    return min(near, key=lambda mark_s: abs(mark_s - at_s), default=at_s)


def _before_loop(events: Sequence[SaidEvent]) -> int:
    """How many events stand before a round of one to four texts that is gone through three times or more begins
    anew.

    Of the loop, the first round is kept: it is what the model saw before it lost the thread. One text that is said
    again and again of neighbouring looks is no loop but one event, as long as the times go on.
    """
    keys = [_key(event) for event in events]
    for start in range(len(keys)):
        for length in range(1, _LOOP_EVENTS + 1):
            unit = keys[start : start + length]
            if length > 1 and len(set(unit)) == 1:
                continue  # one text again and again: that is looked at as a round of one
            rounds = 1
            while keys[start + rounds * length : start + (rounds + 1) * length] == unit:
                rounds += 1
            if rounds >= _LOOP_ROUNDS and not (length == 1 and _goes_on(events[start : start + rounds])):
                return start + length
    return len(keys)


def _goes_on(events: Sequence[SaidEvent]) -> bool:
    return all(later.start_s > earlier.start_s for earlier, later in pairwise(events))


def _key(event: SaidEvent) -> str:
    return " ".join(re.findall(r"\w+", f"{event.what} {event.text}".casefold()))


def _merged(timed: Sequence[tuple[SaidEvent, Span]], marks_s: Sequence[float]) -> list[tuple[SaidEvent, Span]]:
    """In order of time; the same thing said of overlapping or neighbouring looks is one event."""
    merged: list[tuple[SaidEvent, Span]] = []
    latest: dict[str, int] = {}
    for event, span in sorted(timed, key=lambda item: item[1]):
        before = latest.get(_key(event))
        if before is not None and _adjoin(merged[before][1], span, marks_s):
            first, earlier = merged[before]
            joined = replace(
                first, confidence=max(first.confidence, event.confidence), boxes=first.boxes + event.boxes
            )
            merged[before] = (joined, Span(earlier.start_s, max(earlier.end_s, span.end_s)))
            continue
        latest[_key(event)] = len(merged)
        merged.append((event, span))
    return merged


def _adjoin(earlier: Span, later: Span, marks_s: Sequence[float]) -> bool:
    """Whether no look lies between the two that shows neither."""
    if later.start_s <= earlier.end_s:
        return True
    return bisect_left(marks_s, later.start_s) <= bisect_right(marks_s, earlier.end_s)


def _seen(event: SaidEvent, span: Span, size_px: tuple[int, int]) -> SeenEvent:
    what = _STUTTER.sub(r"\1", event.what)[:_LONGEST_TEXT].strip()
    shown = _STUTTER.sub(r"\1", event.text)[:_LONGEST_TEXT].strip()
    text = f'{what} On screen: "{shown}"' if shown else what
    width_px, height_px = size_px
    boxes = []
    for box in event.boxes:
        sides = (box.left * width_px, box.top * height_px, box.right * width_px, box.bottom * height_px)
        if box.at_s in span and sides[0] < sides[2] and sides[1] < sides[3]:
            boxes.append(Box(box.at_s, *sides))
    return SeenEvent(span, text, event.confidence, tuple(boxes))
