"""Candidates into moments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.evidence import Candidate
from videoindex.query.moments import merge_candidates
from videoindex.types import Event, Span


def candidate(start_s: float, end_s: float, text: str, score: float = 0.9, source: str = "speech") -> Candidate:
    event = Event.observed("v", Span(start_s, end_s), text, source=source, model="m", confidence=0.9)
    return Candidate("v", event.span, score, (event,))


def test_repeats_close_by_are_one_and_apart_are_two() -> None:
    close = merge_candidates([candidate(0, 5, "EXIT sign"), candidate(6, 9, "EXIT sign")], merge_gap_s=2.0)
    apart = merge_candidates([candidate(0, 5, "EXIT sign"), candidate(8, 9, "EXIT sign")], merge_gap_s=2.0)
    assert [moment.span for moment in close] == [Span(0, 9)]
    assert [moment.span for moment in apart] == [Span(0, 5), Span(8, 9)]


def test_the_best_candidate_keeps_its_span_and_takes_in_what_overlaps() -> None:
    slide = candidate(0, 600, "Whales and their songs", 0.7, "screen_text")
    said = candidate(100, 104, "whales sing", 0.9)
    (moment,) = merge_candidates([slide, said], merge_gap_s=2.0)
    assert moment.span == Span(100, 104)
    assert [event.source for event in moment.events] == ["speech", "screen_text"]


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(1, 20), st.sampled_from("abcdef"), st.floats(0, 1)), max_size=12
    )
)
def test_no_event_is_lost_or_told_twice_and_best_comes_first(rows: list[tuple[int, int, str, float]]) -> None:
    given_rows = [candidate(start, start + length, f"{name} word", score) for start, length, name, score in rows]
    moments = merge_candidates(given_rows, merge_gap_s=2.0)
    told = [event.id for moment in moments for event in moment.events]
    assert sorted(told) == sorted({one.events[0].id for one in given_rows})
    scores = [round(moment.score, 3) for moment in moments]
    assert scores == sorted(scores, reverse=True)
