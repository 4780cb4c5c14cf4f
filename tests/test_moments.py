"""Candidates into moments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.evidence import Candidate
from videoindex.query.moments import merge_candidates, merge_open
from videoindex.types import Box, Event, Span


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


def test_one_sentence_in_captions_and_in_speech_is_one_moment() -> None:
    heard = candidate(10.0, 13.0, "the bridge will be closed", 0.9)
    shown = candidate(13.4, 15.0, "The bridge will be closed.", 0.8, "captions")
    later = candidate(60.0, 63.0, "The bridge will be closed.", 0.8, "captions")
    merged = merge_candidates([heard, shown, later], merge_gap_s=2.0)
    assert [moment.span for moment in merged] == [Span(10.0, 13.0), Span(60.0, 63.0)]


def test_visitors_at_once_are_several_and_their_count_is_none() -> None:
    walks = "a person wearing a black top enters from the left, leaves at the right"
    one, other = candidate(0, 20, walks, source="objects"), candidate(2, 21, walks, source="objects")
    after = candidate(20.5, 30, walks, source="objects")
    count = candidate(2, 20, "two people in view", 0.7, "objects")
    merged = merge_candidates([one, other, after, count], merge_gap_s=2.0)
    assert sorted(moment.span for moment in merged) == [Span(0, 20), Span(2, 21), Span(20.5, 30)]


def test_a_long_slide_does_not_keep_far_apart_moments_together() -> None:
    slide = candidate(0, 4000, "Whales", 0.6, "screen_text")
    said = [candidate(at, at + 3, f"whale number {at}", 0.9) for at in range(0, 4000, 100)]
    merged = merge_candidates([slide, *said], merge_gap_s=2.0)
    assert len(merged) == len(said)
    assert sum(len(moment.events) for moment in merged) == len(said) + 1


def line(start_s: float, end_s: float, text: str, top_px: float) -> Event:
    span = Span(start_s, end_s)
    box = Box(start_s, 0.0, top_px, 100.0, top_px + 20.0)
    return Event.observed("v", span, text, source="screen_text", model="m", confidence=0.9, boxes=[box])


def test_lines_that_come_together_are_a_page_under_the_topmost() -> None:
    lines = [
        line(10, 99, "Course, page 2", 700),
        line(10.2, 30, "The Waggle Dance", 40),
        line(10.4, 30, "food: right of the sun", 300),
        line(20, 30, "a late bullet", 400),
        line(30, 50, "Distance and Duration", 40),
    ]
    pages = merge_open(lines, merge_gap_s=2.0)
    assert [page.events[0].text for page in pages] == [
        "The Waggle Dance",
        "a late bullet",
        "Distance and Duration",
    ]
    assert pages[0].span == Span(10.2, 30)
    assert len(pages[0].events) == 3
    slides = merge_open(lines, merge_gap_s=2.0, slides=True)
    assert [page.events[0].text for page in slides] == ["The Waggle Dance", "Distance and Duration"]


def test_sentences_of_an_open_question_stay_apart() -> None:
    events = [candidate(at, at + 3, text).events[0] for at, text in ((0, "One fish."), (2, "Two whales."))]
    assert [moment.span.start_s for moment in merge_open(events, merge_gap_s=2.0)] == [0, 2]
