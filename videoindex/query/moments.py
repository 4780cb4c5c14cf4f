"""Candidates into moments: one for each sighting, with a span as tight as its best event. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from videoindex.query.evidence import Candidate
from videoindex.query.match import same_text
from videoindex.types import Event, Moment, Span, merge_spans

__all__ = ["merge_candidates"]

# Two candidates that share at least this part of the shorter one are the same sighting.
_SHARED = 0.5


def merge_candidates(candidates: Sequence[Candidate], merge_gap_s: float) -> list[Moment]:
    """Moments, best first, ties in order of time.

    Repeats of one text that follow each other within ``merge_gap_s`` (a slide that grows, a line that flickers)
    become one span. Then the best candidate takes in all that overlap it by half of the shorter: the same thing
    noticed by several observers. Its own span stands, so that a sentence is not blurred to the slide behind it.
    """
    ordered = sorted(_join_repeats(candidates, merge_gap_s), key=lambda one: (-round(one.score, 3), one.span))
    kept: list[tuple[Candidate, list[Event]]] = []
    for one in ordered:
        for best, events in kept:
            if best.video_id == one.video_id and _shared(best.span, one.span) >= _SHARED:
                events.extend(event for event in one.events if event not in events)
                break
        else:
            kept.append((one, list(one.events)))
    return [Moment(best.video_id, best.span, best.score, tuple(events)) for best, events in kept]


def _shared(one: Span, other: Span) -> float:
    common = one.intersect(other)
    return common.duration_s / min(one.duration_s, other.duration_s) if common else 0.0


def _join_repeats(candidates: Sequence[Candidate], merge_gap_s: float) -> list[Candidate]:
    """Joins candidates of one observer that repeat each other's text and touch or nearly touch."""
    joined: list[Candidate] = []
    latest: dict[tuple[str, str], list[int]] = {}
    for one in sorted(candidates, key=lambda c: (c.video_id, c.span)):
        row = latest.setdefault((one.video_id, one.events[0].source), [])
        row[:] = [i for i in row if one.span.start_s - joined[i].span.end_s <= merge_gap_s]
        for index in row:
            if same_text(joined[index].events[-1].text, one.events[0].text):
                joined[index] = _join(joined[index], one)
                break
        else:
            row.append(len(joined))
            joined.append(one)
    return joined


def _join(first: Candidate, second: Candidate) -> Candidate:
    span = merge_spans([first.span, second.span], join_gap_s=float("inf"))[0]
    events = (*first.events, *(event for event in second.events if event not in first.events))
    return Candidate(first.video_id, span, max(first.score, second.score), events)
