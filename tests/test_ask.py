"""Answers: one sentence from events and their times, or not found with what was looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from query_corpora import YARD, Corpus, MemoryIndex, NoMeaning

from videoindex.errors import UsageError
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
    index.cover([ObserverCoverage("news", "speech", (Span(0, 602.0), Span(1801.0, 1803.0)), (), 1.0)])
    moments = reply_to('every time they say "the bridge will be closed"', index=index).answer.moments
    assert [(moment.span.start_s, moment.span.end_s) for moment in moments] == [(600.0, 602.0), (1801.0, 1803.0)]


def test_a_moment_that_was_never_examined_is_left_out_and_it_is_said() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    index.cover([ObserverCoverage("news", "speech", (Span(0, 602.0),), (), 1.0)])
    answer = reply_to('every time they say "the bridge will be closed"', index=index).answer
    assert [moment.span.start_s for moment in answer.moments] == [600.0]
    assert answer.text.startswith("Found once")
    assert "One moment is left out" in answer.text
    index.cover([ObserverCoverage("news", "speech", (Span(0, 5.0),), (), 1.0)])
    nothing = reply_to('every time they say "the bridge will be closed"', index=index).answer
    assert not nothing.found
    assert "2 moments are left out" in nothing.text


def test_a_recording_that_has_moved_is_named_and_the_answer_stands() -> None:
    index = MemoryIndex()
    index.add(NEWS)
    question = 'someone says "good evening"'
    there = ask(index, NoMeaning(), question, settings=BY_WORDS, is_there=lambda path: True)
    gone = ask(index, NoMeaning(), question, settings=BY_WORDS, is_there=lambda path: False)
    assert (there.moved, gone.moved) == ((), (Path("/videos/news.mp4"),))
    assert "/videos/news.mp4 is not there any more: the times stand" in gone.answer.text
    assert gone.answer.text.startswith(there.answer.text)


def test_lengths_are_summed_and_given_one_by_one() -> None:
    reply = reply_to('how long is "the bridge will be closed" said')
    assert reply.length_s == 8.0
    assert reply.answer.text.startswith("In all 8.0 s, 2 times: 4.0 s at 0:10:00.0-0:10:04.0")
    assert reply_to('someone says "good evening"').length_s is None


def test_the_other_event_is_cited_too() -> None:
    reply = reply_to('what is said after they say "good evening"')
    assert [moment.span.start_s for moment in reply.answer.moments] == [600.0]
    assert [anchor.span.start_s for anchor in reply.result.anchors] == [10.0]
    assert "This is after 0:00:10.0-0:00:12.5" in reply.answer.text


def test_a_missing_anchor_is_named() -> None:
    text = reply_to('what is said after they say "election results"').answer.text
    assert text.startswith(
        'Not found: "they say "election results"" was not found, so nothing after it can be told.'
    )
    nothing = reply_to('who comes after they say "good evening"').answer.text
    assert "nothing of the kind after 0:00:10.0" in nothing


def test_the_second_time_and_no_tenth() -> None:
    second = reply_to('the second time they say "the bridge will be closed"').answer
    assert [moment.span.start_s for moment in second.moments] == [1800.0]
    assert second.text.startswith("Number 2 of 2")
    tenth = reply_to('the tenth time they say "the bridge will be closed"').answer
    assert tenth.text.startswith("Not found: only 2 of them.")


def test_how_a_time_was_read_is_said() -> None:
    answer = reply_to("what is said after 20:05").answer
    assert [moment.span.start_s for moment in answer.moments] == [600.0, 1800.0]
    assert "Time read as 20:05:00-24:00:00 on 2026-05-01 (UTC)." in answer.text


def test_who_leaves_is_told_by_the_end() -> None:
    text = reply_to("when does the dog leave", YARD).answer.text
    assert text.startswith("Ends at 0:20:15.0 (2026-05-01 20:20:15 UTC): 0:20:00.0-0:20:15.0")


def test_a_relation_that_was_not_understood_is_not_kept_silent() -> None:
    text = reply_to("a dog between the first and the last fence", YARD).answer.text
    assert 'Not read as a relation in time: "between".' in text
