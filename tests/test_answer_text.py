"""The sentences of an answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from query_corpora import YARD, Corpus, MemoryIndex, NoMeaning

from videoindex.query.answer_text import Findings, answer_sentence, length_s
from videoindex.query.search import SearchResult, search
from videoindex.query.settings import SearchSettings
from videoindex.types import Event, Moment, Span

TALK = Corpus(
    "talk",
    600.0,
    [
        ("screen_text", 0, 60, "Whales\nand their songs"),
        ("screen_text", 0, 60, "Lecture 4"),
        ("speech", 10, 14, "Whales sing."),
        ("speech", 20, 24, "They sing for hours."),
        ("speech", 30, 34, "Nobody knows why."),
        ("speech", 40, 44, "Some songs are sad."),
        ("speech", 50, 54, "Others are not."),
        ("speech", 56, 59, "Enough of songs."),
    ],
    [],
)
BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0)


def result_of(question: str, corpus: Corpus = TALK, at: datetime | None = None, limit: int = 10) -> SearchResult:
    index = MemoryIndex()
    index.add(corpus, recorded_at=at)
    return search(index, NoMeaning(), question, settings=BY_WORDS, limit=limit)


def sentence(question: str, corpus: Corpus = TALK, at: datetime | None = None, limit: int = 10) -> str:
    result = result_of(question, corpus, at, limit)
    return answer_sentence(result, Findings(result.moments))


def test_an_open_answer_tells_some_and_counts_the_rest() -> None:
    text = sentence("what is said between 0:05 and 1:00")
    assert text.startswith('0:00:10.0-0:00:14.0 in talk.mp4: is said "Whales sing"; ')
    assert "And 1 more." in text
    assert text.endswith("Time read as 0:00:05.0-0:01:00.0 on the file's clock.")


def test_a_page_is_told_by_its_lines() -> None:
    text = sentence('what is on the screen while he says "whales sing"')
    assert "the screen reads" in text
    assert {"Whales and their songs", "Lecture 4"} <= set(text.partition('"')[2].partition('"')[0].split(" / "))
    assert 'This is while 0:00:10.0-0:00:14.0 in talk.mp4 (is said "Whales sing").' in text


def test_both_clocks_are_given_where_the_date_is_known() -> None:
    at = datetime(2026, 5, 1, 20, tzinfo=UTC)
    assert "0:00:10.0-0:00:14.0 (2026-05-01 20:00:10 UTC)" in sentence('he says "whales sing"', at=at)


def test_moments_beyond_the_limit_are_counted_in_lengths() -> None:
    assert sentence("how long are songs mentioned", limit=1).startswith("4.0 s in the 1 moments listed of 2")
    assert sentence("how long are songs mentioned").startswith("In all 7.0 s, 2 times")


def test_other_colours_are_counted_apart() -> None:
    corpus = Corpus(
        "gate",
        100.0,
        [
            ("objects", 0, 9, "a person wearing a black top enters from the left"),
            ("objects", 20, 29, "a person wearing a grey top enters from the left"),
        ],
        [],
    )
    text = sentence("how many times does a person in a black coat come in", corpus)
    assert text.startswith("Found once")
    assert "1 more fit less well, in other colours, and is not counted." in text


def test_an_anchor_that_no_observer_can_see_is_said() -> None:
    text = sentence("a man after a person opens the door", YARD)
    assert text.startswith("Not found")
    assert "could not be checked: opens" in text


def test_the_coverage_of_a_time_asked_about_is_of_that_time() -> None:
    assert sentence("when does he mention sharks after minute 5").startswith("Not found: 300 of 300 s examined")


@pytest.mark.parametrize(
    ("spans", "total_s"), [([], 0.0), ([Span(0, 4), Span(10, 11)], 5.0), ([Span(0, 4), Span(2, 6)], 8.0)]
)
def test_lengths_are_summed_each_by_itself(spans: list[Span], total_s: float) -> None:
    moments = [
        Moment("v", s, 0.9, (Event.observed("v", s, "x", source="speech", model="m", confidence=1.0),))
        for s in spans
    ]
    assert length_s(moments) == total_s
