"""Moments in relation to other events: after, before, between, while. Interval arithmetic, pure.

Times are compared on one axis for each camera whose recordings are dated (files follow each other there), and for
each recording by itself otherwise.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from videoindex.index.records import Filters, VideoRecord
from videoindex.query.relation_words import Edge, Relation
from videoindex.query.understand import Question, Which
from videoindex.types import Moment, Span

__all__ = ["Related", "Stretch", "around", "close_anchors", "pick", "stretches"]

_SLACK_S = 0.5
"""Two observers date the same instant this much apart."""

_SHORTEST_OVERLAP_S = 0.25
_CLOSE_SCORE = 0.1
_REACH_S = 900.0
"""How far from an anchor an open question looks."""

_EVER = math.inf


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time that an anchor opens, on one axis: ``[start_s, end_s)``, perhaps without end."""

    axis: str
    start_s: float
    end_s: float
    anchors: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A moment and the anchors it was found by."""

    moment: Moment
    anchors: tuple[Moment, ...]


def close_anchors(moments: Sequence[Moment], which: Which) -> list[Moment]:
    """The sightings of an anchor that count: those about as sure as the best, or the first or last of them."""
    if not moments:
        return []
    best = max(moment.score for moment in moments)
    close = [moment for moment in moments if moment.score >= best - _CLOSE_SCORE]
    close.sort(key=lambda moment: (moment.video_id, moment.span))
    if which is Which.FIRST:
        return close[:1]
    return close[-1:] if which is Which.LAST else close


def stretches(
    relation: Relation,
    anchors: Sequence[Sequence[Moment]],
    edges: Sequence[Edge | None],
    records: Mapping[str, VideoRecord],
) -> list[Stretch]:
    """The time that the anchors open, one for each sighting (for each pair, where there are two anchors)."""
    if relation is Relation.BETWEEN:
        there = _between(anchors[0], anchors[1], edges, records)
        return there or _between(anchors[1], anchors[0], (edges[1], edges[0]), records)
    found: list[Stretch] = []
    for anchor in anchors[0]:
        axis, offset_s = _axis(records[anchor.video_id])
        if relation is Relation.AFTER:
            found.append(Stretch(axis, offset_s + _point(anchor, edges[0] or Edge.END), _EVER, (anchor,)))
        elif relation is Relation.BEFORE:
            found.append(Stretch(axis, -_EVER, offset_s + _point(anchor, edges[0] or Edge.START), (anchor,)))
        else:
            span = anchor.span
            found.append(Stretch(axis, offset_s + span.start_s, offset_s + span.end_s, (anchor,)))
    return sorted(found, key=lambda one: (one.axis, one.start_s, one.end_s))


def _between(
    firsts: Sequence[Moment],
    seconds: Sequence[Moment],
    edges: Sequence[Edge | None],
    records: Mapping[str, VideoRecord],
) -> list[Stretch]:
    """From each first anchor to the next second one."""
    found: list[Stretch] = []
    for first in firsts:
        axis, offset_s = _axis(records[first.video_id])
        start_s = offset_s + _point(first, edges[0] or Edge.END)
        ends: list[tuple[float, Moment]] = []
        for second in seconds:
            other_axis, other_s = _axis(records[second.video_id])
            end_s = other_s + _point(second, edges[1] or Edge.START)
            if other_axis == axis and end_s > start_s:
                ends.append((end_s, second))
        if ends:
            end_s, second = min(ends, key=lambda pair: pair[0])
            found.append(Stretch(axis, start_s, end_s, (first, second)))
    return found


def _point(moment: Moment, edge: Edge) -> float:
    return moment.span.start_s if edge is Edge.START else moment.span.end_s


def _axis(record: VideoRecord) -> tuple[str, float]:
    """The name of the axis that a recording lies on, and its offset there."""
    video = record.video
    if record.camera is None or video.recorded_at is None:
        return f"video {video.id}", 0.0
    return f"camera {record.camera}", video.recorded_at.timestamp() - video.span.start_s


def around(within: Sequence[Stretch], records: Mapping[str, VideoRecord]) -> list[Filters]:
    """Where an open question is looked for: the anchor's recording, in the stretch, not endlessly far from it."""
    found: list[Filters] = []
    for stretch in within:
        record = records[stretch.anchors[0].video_id]
        offset_s = _axis(record)[1]
        start_s = max(stretch.start_s, stretch.end_s - _REACH_S) if stretch.end_s < _EVER else stretch.start_s
        end_s = min(stretch.end_s, start_s + _REACH_S)
        found.append(
            Filters(
                video_ids=(record.video.id,),
                after_s=start_s - offset_s - _SLACK_S,
                before_s=end_s - offset_s,
            )
        )
    return found


def pick(
    question: Question,
    moments: Sequence[Moment],
    within: Sequence[Stretch],
    records: Mapping[str, VideoRecord],
) -> list[Related]:
    """The moments that lie in the stretches, in the order that the question wants.

    "X after Y" is, for each Y, the X that comes next; with "every" or "how many" it is all X from the first Y on.
    "X while Y" is cut to the time in which both are there.
    """
    relation, which = question.relation, question.which
    if relation is Relation.WHILE:
        found_at_once = _overlapping(_placed(moments, records, at_end=False), within)
        return _together(found_at_once) if question.is_open else found_at_once
    placed = _placed(moments, records, at_end=question.wants_end)
    backwards = relation is Relation.BEFORE
    takes_all = relation is Relation.BETWEEN or which in (Which.EVERY, Which.COUNT)
    takes_all = takes_all or which is (Which.FIRST if backwards else Which.LAST)
    found: dict[int, tuple[str, float, Related]] = {}
    for stretch in _widest(within, relation) if takes_all and not question.is_open else within:
        for one in _begun_in(placed, stretch, backwards=backwards):
            if not _is_anchor(one.moment, stretch):
                related = Related(one.moment, stretch.anchors)
                found.setdefault(id(one.moment), (stretch.axis, one.at_s, related))
                if not (takes_all or question.is_open):
                    break
    ordered = [related for *_, related in sorted(found.values(), key=lambda one: one[:2])]
    if which is Which.LAST or (backwards and which is Which.BEST):
        ordered.reverse()
    return ordered


@dataclass(frozen=True, slots=True)
class _Placed:
    """A moment on its axis: where it begins (or ends, where that is asked for), and the offset of the axis."""

    moment: Moment
    at_s: float
    offset_s: float


def _placed(
    moments: Sequence[Moment], records: Mapping[str, VideoRecord], *, at_end: bool
) -> dict[str, list[_Placed]]:
    """The moments of each axis, in order of time."""
    axes = {video_id: _axis(records[video_id]) for video_id in {moment.video_id for moment in moments}}
    placed: dict[str, list[_Placed]] = {}
    for moment in moments:
        axis, offset_s = axes[moment.video_id]
        at_s = moment.span.end_s if at_end else moment.span.start_s
        placed.setdefault(axis, []).append(_Placed(moment, offset_s + at_s, offset_s))
    for row in placed.values():
        row.sort(key=lambda one: one.at_s)
    return placed


def _begun_in(placed: Mapping[str, Sequence[_Placed]], stretch: Stretch, *, backwards: bool) -> Iterator[_Placed]:
    """The moments that begin in the stretch, from its near end on."""
    row = placed.get(stretch.axis, ())
    first = bisect.bisect_left(row, stretch.start_s - _SLACK_S, key=lambda one: one.at_s)
    last = bisect.bisect_left(row, stretch.end_s, key=lambda one: one.at_s)
    yield from (row[number] for number in (range(last - 1, first - 1, -1) if backwards else range(first, last)))


def _widest(within: Sequence[Stretch], relation: Relation | None) -> list[Stretch]:
    """Of stretches without end, the one of each axis that holds the others; all others as they are."""
    if relation is Relation.BETWEEN:
        return list(within)
    widest: dict[str, Stretch] = {}
    for stretch in within:
        known = widest.get(stretch.axis)
        is_wider = known is None or stretch.start_s < known.start_s or stretch.end_s > known.end_s
        if is_wider:
            widest[stretch.axis] = stretch
    return list(widest.values())


def _is_anchor(moment: Moment, stretch: Stretch) -> bool:
    return any(moment.events[0].id == event.id for anchor in stretch.anchors for event in anchor.events)


def _overlapping(placed: Mapping[str, Sequence[_Placed]], within: Sequence[Stretch]) -> list[Related]:
    """The moments that are there in the stretches, each cut to what they have in common."""
    longest_s = {axis: max(one.moment.span.duration_s for one in row) for axis, row in placed.items()}
    found: list[Related] = []
    for stretch in within:
        row = placed.get(stretch.axis, ())
        start_s = stretch.start_s - longest_s.get(stretch.axis, 0.0)
        first = bisect.bisect_left(row, start_s, key=lambda one: one.at_s)
        last = bisect.bisect_left(row, stretch.end_s, key=lambda one: one.at_s)
        for one in row[first:last]:
            span = Span(stretch.start_s - one.offset_s, stretch.end_s - one.offset_s)
            common = one.moment.span.intersect(span)
            least_s = min(_SHORTEST_OVERLAP_S, one.moment.span.duration_s / 2)
            if common is not None and common.duration_s >= least_s and not _is_anchor(one.moment, stretch):
                found.append(Related(replace(one.moment, span=common), stretch.anchors))
    return found


def _together(found: Sequence[Related]) -> list[Related]:
    """What one observer tells of the same span as one moment: the lines of a page that stand there together."""
    joined: dict[tuple[str, Span, str], Related] = {}
    for one in found:
        key = (one.moment.video_id, one.moment.span, one.moment.events[0].source)
        known = joined.get(key)
        if known is not None:
            events = tuple(dict.fromkeys((*known.moment.events, *one.moment.events)))
            joined[key] = Related(replace(known.moment, events=events), known.anchors)
        else:
            joined[key] = one
    return list(joined.values())
