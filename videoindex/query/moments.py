"""Candidates into moments: one for each sighting, with a span as tight as its best event. Pure.

One sighting may be told many times: a slide that grows or is read again after a cut, a sentence in the captions
and in the speech, a visit and the count of all visitors. It becomes one moment. Two visitors at once are two.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from videoindex.perception.object_words import IN_VIEW
from videoindex.query.evidence import Candidate
from videoindex.query.match import same_text
from videoindex.query.understand import OBJECTS, SCREEN_TEXT
from videoindex.types import Event, Moment, Span, merge_spans

__all__ = ["add_moments", "merge_candidates", "merge_open"]

# Two candidates that share at least this part of the shorter one are the same sighting.
_SHARED = 0.5
# Lines of a page that come within this time of each other come together.
_TOGETHER_S = 1.0
_STRETCH_S = 60.0


def merge_candidates(candidates: Sequence[Candidate], merge_gap_s: float) -> list[Moment]:
    """Moments, best first, ties in order of time.

    Repeats of one text that follow each other within ``merge_gap_s`` (a slide that grows, a line that flickers)
    become one span. Then the best candidate takes in all that overlap it by half of the shorter: the same thing
    noticed by several observers. Its own span stands, so that a sentence is not blurred to the slide behind it.
    """
    ordered = sorted(_join_repeats(candidates, merge_gap_s), key=lambda one: (-round(one.score, 3), one.span))
    return _taken_in(ordered, merge_gap_s)


def add_moments(moments: Sequence[Moment], further: Sequence[Moment], merge_gap_s: float) -> list[Moment]:
    """``moments`` as they are, then those of ``further``, in their order, that are other sightings.

    One that is the same sighting as one before it goes into that one, as further evidence.
    """
    ordered = (Candidate(one.video_id, one.span, one.score, one.events) for one in (*moments, *further))
    return _taken_in(list(ordered), merge_gap_s, kept_apart=len(moments))


def merge_open(events: Sequence[Event], merge_gap_s: float, *, slides: bool = False) -> list[Moment]:
    """All of ``events`` as moments in order of time, each of one observer: nothing says which of them matter more.

    Lines that come onto the screen together are one moment, the topmost line first: it lasts as long as that.
    With ``slides`` lines that come to a page which is there already are left out.
    """
    by_source: dict[str, list[Candidate]] = {}
    for event in events:
        one = Candidate(event.video_id, event.span, 1.0, (event,))
        by_source.setdefault(event.source, []).append(one)
    moments: list[Moment] = []
    for source, candidates in by_source.items():
        joined = sorted(_join_repeats(candidates, merge_gap_s), key=lambda one: (one.video_id, one.span))
        if source != SCREEN_TEXT:
            moments += [_moment(one, one.events) for one in joined]
        elif slides:
            moments += [page for page in _pages(joined) if not _is_added(page, joined)]
        else:
            moments += _pages(joined)
    return sorted(moments, key=lambda moment: (moment.video_id, moment.span, moment.events[0].source))


def _pages(lines: Sequence[Candidate]) -> list[Moment]:
    """Lines that begin within a second of each other as one page each; given in order of video and start."""
    groups: list[list[Candidate]] = []
    for line in lines:
        first = groups[-1][0] if groups else None
        begins = first is not None and line.span.start_s <= first.span.start_s + _TOGETHER_S
        if first is not None and first.video_id == line.video_id and begins:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_page_of(group) for group in groups]


def _page_of(lines: Sequence[Candidate]) -> Moment:
    """One page, over the span of its topmost line."""
    ordered = sorted(lines, key=lambda line: (_top_px(line.events[0]), line.span))
    events = tuple(dict.fromkeys(event for line in ordered for event in line.events))
    return Moment(ordered[0].video_id, ordered[0].span, ordered[0].score, events)


def _is_added(page: Moment, lines: Sequence[Candidate]) -> bool:
    """Whether an earlier line stands above the page as long as the page does: a slide that grows."""
    top_px = _top_px(page.events[0])
    return any(
        line.video_id == page.video_id
        and line.span.start_s < page.span.start_s - _TOGETHER_S
        and line.span.end_s >= page.span.end_s - _TOGETHER_S
        and _top_px(line.events[0]) < top_px
        for line in lines
    )


def _top_px(event: Event) -> float:
    return min((box.top_px for box in event.boxes), default=0.0)


def _moment(one: Candidate, events: Sequence[Event]) -> Moment:
    return Moment(one.video_id, one.span, one.score, tuple(events))


def _taken_in(ordered: Sequence[Candidate], merge_gap_s: float, *, kept_apart: int = 0) -> list[Moment]:
    """Each candidate that is the same sighting as one before it goes into that one; the first ``kept_apart`` stay.

    Those before it are looked up by the stretches of time they touch, so that thousands are soon merged.
    """
    kept: list[tuple[Candidate, list[Event]]] = []
    touching: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, one in enumerate(ordered):
        touched = _stretches(one, merge_gap_s) if place >= kept_apart else ()
        near = sorted({number for stretch in touched for number in touching[stretch]})
        same = next((number for number in near if _is_same(kept[number][0], one, merge_gap_s)), None)
        if same is None:
            for stretch in _stretches(one, merge_gap_s):
                touching[stretch].append(len(kept))
            kept.append((one, list(one.events)))
        else:
            events = kept[same][1]
            events.extend(event for event in one.events if event not in events)
    return [_moment(best, events) for best, events in kept]


def _stretches(one: Candidate, merge_gap_s: float) -> list[tuple[str, int]]:
    first = math.floor((one.span.start_s - merge_gap_s) / _STRETCH_S)
    last = math.floor((one.span.end_s + merge_gap_s) / _STRETCH_S)
    return [(one.video_id, number) for number in range(first, last + 1)]


def _is_same(best: Candidate, one: Candidate, merge_gap_s: float) -> bool:
    """Whether two candidates of one video tell of the same sighting."""
    first, second = best.events[0], one.events[0]
    if _is_visit(first) and _is_visit(second):
        return first.id == second.id
    if _shared(best.span, one.span) >= _SHARED:
        return True
    apart_s = max(best.span.start_s, one.span.start_s) - min(best.span.end_s, one.span.end_s)
    return first.source != second.source and apart_s <= merge_gap_s and same_text(first.text, second.text)


def _is_visit(event: Event) -> bool:
    """Whether the event is one visitor's track, not a count of all in view."""
    return event.source == OBJECTS and not event.text.endswith(IN_VIEW)


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
            if _is_visit(one.events[0]):
                continue
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
