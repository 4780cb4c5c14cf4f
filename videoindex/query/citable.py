"""Every time that is cited lies inside a span that was examined: this is the one place that sees to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from videoindex.types import Moment, Span

__all__ = ["citable"]

_SLACK_S = 0.05
"""Rounding of times between decoder, observer and index."""


def citable(moments: Sequence[Moment], examined: Mapping[str, Sequence[Span]]) -> tuple[tuple[Moment, ...], int]:
    """The moments that may be cited, cut to what was examined, and how many may not; ``examined`` is by video."""
    inside = [_inside_examined(moment, examined.get(moment.video_id, ())) for moment in moments]
    kept = tuple(moment for moment in inside if moment is not None)
    return kept, len(moments) - len(kept)


def _inside_examined(moment: Moment, examined: Sequence[Span]) -> Moment | None:
    """The moment with its span cut to what was examined, so that every time cited can be looked up; or None."""
    inside = [common for span in examined if (common := span.intersect(moment.span)) is not None]
    if not inside:
        near = [span for span in examined if abs(span.end_s - moment.span.start_s) <= _SLACK_S]
        if not near:
            return None
        inside = [Span(max(near[0].start_s, near[0].end_s - moment.span.duration_s), near[0].end_s)]
    longest = max(inside, key=lambda span: span.duration_s)
    first, last = min(inside).start_s, max(inside).end_s
    starts_inside = any(moment.span.start_s in span for span in inside)
    return replace(moment, span=Span(first, last) if starts_inside else longest)
