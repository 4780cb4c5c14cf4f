"""Answers: one sentence from events and their times, or not found with what was looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from query_corpora import YARD, Corpus, MemoryIndex, NoMeaning

from videoindex.errors import IndexStoreError, UsageError
from videoindex.index.records import Filters, ObserverCoverage
from videoindex.query.ask import Reply, ask
from videoindex.query.search import SearchSettings
from videoindex.types import Gap, Span

NEWS = Corpus(
    "news",
    3600.0,
    [
        ("speech", 10.0, 12.5, "Good evening, here is the news."),
        ("speech", 600.0, 604.0, "The bridge will be closed."),
        ("speech", 1800.0, 1804.0, "The bridge will be closed."),
        ("screen_text", 3000.0, 3010.0, "WEATHER"),
    ],
    [],
)
BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0)


def reply_to(
    question: str, corpus: Corpus = NEWS, *, every: bool = False, index: MemoryIndex | None = None
) -> Reply:
    if index is None:
        index = MemoryIndex()
        index.add(corpus, recorded_at=datetime(2026, 5, 1, 20, tzinfo=UTC))
    return ask(index, NoMeaning(), question, every=every, settings=BY_WORDS)


def test_the_best_moment_in_both_clocks() -> None:
    answer = reply_to('someone says "good evening"').answer
    assert answer.found
    assert "0:00:10.0-0:00:12.5 (2026-05-01 20:00:10 UTC) in news.mp4" in answer.text
    assert 'is said "Good evening, here is the news"' in answer.text


def test_first_last_every_and_count() -> None:
    first = reply_to('the first time they say "the bridge will be closed"').answer
    last = reply_to('the last time they say "the bridge will be closed"').answer
    assert "The first of 2: 0:10:00.0" in first.text
    assert "The last of 2: 0:30:00.0" in last.text
    assert [moment.span.start_s for moment in last.moments] == [1800.0]
    for answer in (
        reply_to('how often do they say "the bridge will be closed"').answer,
        reply_to('someone says "the bridge will be closed"', every=True).answer,
    ):
        assert answer.text.startswith("Found 2 times: 0:10:00.0-0:10:04.0")
        assert len(answer.moments) == 2


def test_counted_visits_name_the_file_once_and_say_what_is_counted() -> None:
    text = reply_to("how many people are there", YARD).answer.text
    assert text.count(" in yard.mp4") == 1
    assert "counts twice" in text
    assert "counts twice" not in reply_to('how often do they say "the bridge will be closed"').answer.text


def test_what_was_not_checked_is_named() -> None:
    text = reply_to("a bearded man in a blue jacket at the fence", YARD).answer.text
    assert "a person wearing a blue top" in text
    assert "Not checked" in text
    assert "bearded" in text


def test_not_found_says_what_was_looked_at() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    gap = Gap("news", Span(724.0, 812.0), "corrupt packets", "speech")
    index.cover([ObserverCoverage("news", "speech", (Span(0, 724), Span(812, 3600)), (gap,), 2.0)])
    answer = reply_to('someone says "election results"', index=index).answer
    assert not answer.found
    assert answer.text == (
        "Not found: 3,512 of 3,600 s examined; nothing shorter than 2 s is sure to be seen; "
        "gap 0:12:04.0-0:13:32.0 (speech: corrupt packets)."
    )


def test_a_picture_that_nobody_can_check_is_said_plainly() -> None:
    text = reply_to("a spaceship lands").answer.text
    assert text.startswith("Not found")
    assert "spaceship" in text
    assert "vision-language model" in text


def test_an_observer_that_never_looked_is_named() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    index.cover([ObserverCoverage("news", "screen_text", (Span(0, 3600),), (), 1.0)])
    text = reply_to('someone says "election results"', index=index).answer.text
    assert "no observer of speech" in text


def test_an_empty_index_names_the_next_step() -> None:
    answer = reply_to("a dog", index=MemoryIndex()).answer
    assert not answer.found
    assert "videoindex index PATH" in answer.text


def test_a_question_without_words_and_a_filter_without_videos_are_usage_errors() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    with pytest.raises(UsageError, match="no word"):
        ask(index, NoMeaning(), "?")
    with pytest.raises(UsageError, match="indexed are news"):
        ask(index, NoMeaning(), "a dog", filters=Filters(video_ids=("gone",)))


def test_cited_times_lie_inside_examined_spans() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    index.cover([ObserverCoverage("news", "speech", (Span(0, 602.0),), (), 1.0)])
    with pytest.raises(IndexStoreError, match="no observer examined"):
        reply_to('every time they say "the bridge will be closed"', index=index)
    index.cover([ObserverCoverage("news", "speech", (Span(0, 602.0), Span(1801.0, 1803.0)), (), 1.0)])
    moments = reply_to('every time they say "the bridge will be closed"', index=index).answer.moments
    assert [(moment.span.start_s, moment.span.end_s) for moment in moments] == [(600.0, 602.0), (1801.0, 1803.0)]
