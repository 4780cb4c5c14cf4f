"""What an observer asked for and was not given. Pure."""

from __future__ import annotations

from collections.abc import Container

from videoindex.types import Gap, Segment, Span, merge_spans

__all__ = ["undecoded"]


def undecoded(segment: Segment, seen_s: Container[float]) -> tuple[Gap, ...]:
    """The gaps of a segment: from each instant that is not among the decoded ones, ``seen_s``, to the next."""
    ends_s = [*segment.at_s_T[1:], segment.span.end_s]
    asked = zip(segment.at_s_T, ends_s, strict=False)  # a segment without instants has no gaps
    missing = [Span(at_s, end_s) for at_s, end_s in asked if at_s not in seen_s]
    return tuple(
        Gap(segment.video_id, span, "could not be decoded", segment.observer) for span in merge_spans(missing)
    )
