"""What may be claimed: cites inside what was granted, and no time in the text that a cite does not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception.vlm.answers import UnfitError
from videoindex.query.agent_claims import Claim, Granted, check_claim
from videoindex.query.agent_prompts import Action
from videoindex.types import Span, Video, merge_spans

HALL = Video("hall", Path("hall.mp4"), Span(0.0, 7_200.0), 1280, 720, 25.0, has_audio=True)
DATED = replace(HALL, recorded_at=datetime(2026, 5, 1, 9, 0, tzinfo=UTC))


def claim(
    text: str,
    *cites: tuple[float, float],
    spans: tuple[Span, ...] = (Span(40.0, 400.0),),
    texts: tuple[str, ...] = (),
    video: Video = HALL,
) -> Claim:
    named: list[Any] = [{"video": "v1", "start_s": start_s, "end_s": end_s} for start_s, end_s in cites]
    action = Action("answer", {"found": bool(cites), "text": text, "cites": named})
    return check_claim(action, {"v1": video}, Granted({"hall": spans}, texts))


@pytest.mark.parametrize(
    "text",
    [
        "A bag stands there",
        "At 1:15 a bag is put down",
        "From 0:01:15 on a bag stands there",
        "At 75 seconds a bag is put down",
        "At 1.25 min it is put down",
        "It stays for 500 seconds",
        "3 of 4 people, ratio 3:1",
        "Within 90 minutes",
    ],
)
def test_times_in_the_text_that_a_cite_holds_and_numbers_that_are_no_times_pass(text: str) -> None:
    assert claim(text, (70.0, 80.0)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "At 5:12 a bag is put down",
        "At 1:15:00 a bag is put down",
        "From 12 seconds on",
        "until 200 s",
        "At second 99",
        "at 7 minutes",
        "At 9:01 am",
        'The sign reads "5:12"',
        "It is 09:01",
    ],
)
def test_times_in_the_text_that_no_cite_holds_are_refused(text: str) -> None:
    with pytest.raises(UnfitError, match="lies in no cite"):
        claim(text, (70.0, 80.0))


def test_a_clock_in_the_picture_may_be_quoted_from_a_result_and_only_so() -> None:
    shown = ("Departures\n17:45 Utrecht",)
    assert claim('The board says "17:45 Utrecht"', (70.0, 80.0), texts=shown).found
    for text in ("The train leaves 17:45", 'The board says "17:46 Utrecht"'):
        with pytest.raises(UnfitError, match="lies in no cite"):
            claim(text, (70.0, 80.0), texts=shown)


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("At 9:01 a bag is put down", True),
        ("At 09:01:15 a bag is put down", True),
        ("At 9:01 a.m. a bag is put down", True),
        ("At 9:01 pm a bag is put down", False),
        ("At 09:03 a bag is put down", False),
        ("At 09:01:40 a bag is put down", False),
    ],
)
def test_the_wall_clock_counts_where_the_recording_has_one(text: str, is_held: bool) -> None:
    if is_held:
        assert claim(text, (70.0, 80.0), video=DATED).found
    else:
        with pytest.raises(UnfitError, match="lies in no cite"):
            claim(text, (70.0, 80.0), video=DATED)


def test_an_instant_lasts_a_moment_inside_what_was_granted() -> None:
    assert claim("There", (70.0, 70.0)).cites[0].span == Span(70.0, 70.1)
    assert claim("There", (400.0, 400.0)).cites[0].span == Span(399.9, 400.0)
    assert claim("There", (39.96, 41.0)).cites[0].span == Span(40.0, 41.0)


def test_events_that_touch_are_one_stretch_and_a_hole_is_not_cited_over() -> None:
    touching = (Span(40.0, 50.0), Span(50.0, 60.0))
    assert claim("There", (45.0, 55.0), spans=touching).cites[0].span == Span(45.0, 55.0)
    with pytest.raises(UnfitError, match=r"of v1 these are 40\.0-50\.0, 52\.0-60\.0"):
        claim("There", (45.0, 55.0), spans=(Span(40.0, 50.0), Span(52.0, 60.0)))


span_lists = st.lists(
    st.builds(lambda a, d: Span(a, a + d), st.floats(0, 1_000), st.floats(0.05, 200)), max_size=6
)


@given(span_lists, st.floats(-10, 1_300), st.floats(0, 100))
def test_whatever_is_cited_what_counts_was_granted(spans: list[Span], start_s: float, length_s: float) -> None:
    try:
        (cite,) = claim("There", (start_s, start_s + length_s), spans=tuple(spans)).cites
    except UnfitError:
        pieces = merge_spans(spans)
        assert not any(start_s in piece and start_s + length_s < piece.end_s for piece in pieces)
        return
    granted = merge_spans(spans, join_gap_s=0.051)
    assert any(piece.start_s <= cite.span.start_s < cite.span.end_s <= piece.end_s for piece in granted)


def test_words_are_one_printable_line() -> None:
    assert claim("A\x1b[31m bag\n there", (70.0, 80.0)).text == "A [31m bag there"
    with pytest.raises(UnfitError, match="holds no word"):
        claim("\x07 ", (70.0, 80.0))
