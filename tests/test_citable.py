"""Cited times lie inside examined spans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.citable import citable
from videoindex.types import Event, Moment, Span


def moment(start_s: float, end_s: float) -> Moment:
    span = Span(start_s, end_s)
    event = Event.observed("v", span, "a text", source="speech", model="m", confidence=0.9)
    return Moment("v", span, 0.9, (event,))


def test_a_moment_is_cut_to_what_was_examined() -> None:
    kept, left_out = citable([moment(10, 20), moment(30, 40)], {"v": (Span(0, 12), Span(35, 60))})
    assert [one.span for one in kept] == [Span(10, 12), Span(35, 40)]
    assert left_out == 0


def test_a_moment_that_nobody_examined_is_left_out_and_counted() -> None:
    kept, left_out = citable([moment(10, 20), moment(30, 40)], {"v": (Span(0, 25),)})
    assert [one.span for one in kept] == [Span(10, 20)]
    assert left_out == 1
    assert citable([moment(10, 20)], {}) == ((), 1)


def test_a_rounding_past_the_end_is_forgiven() -> None:
    (kept,), left_out = citable([moment(60.02, 60.5)], {"v": (Span(0, 60),)})
    assert (kept.span.end_s, left_out) == (60.0, 0)


spans = st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=4))
def test_every_cited_start_was_examined(found: list[Span], examined: list[Span]) -> None:
    kept, left_out = citable([moment(span.start_s, span.end_s) for span in found], {"v": tuple(examined)})
    assert len(kept) + left_out == len(found)
    assert all(any(one.span.start_s in span for span in examined) for one in kept)
