"""From a question to moments: evidence, merging, thresholds, filters, coverage."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from query_corpora import YARD, Corpus, MemoryIndex, NoMeaning, Remembered
from query_described import PICNIC
from query_heldout import HELD_OUT

from videoindex.errors import UsageError
from videoindex.index.embed import SentenceEmbedder
from videoindex.index.records import Filters, ObserverCoverage
from videoindex.query.search import SearchResult, SearchSettings, search
from videoindex.query.understand import understand
from videoindex.types import Gap, Span

TALK = Corpus(
    "talk",
    100.0,
    [
        ("screen_text", 0, 10, "Whales"),
        ("screen_text", 10, 20, "Whales\nBlue whale 30 m"),
        ("speech", 12, 15, "The blue whale is the longest animal"),
        ("speech", 15.5, 18, "that has ever lived on earth."),
        ("screen_text", 40, 50, "Dolphins"),
        ("speech", 42, 45, "Dolphins sleep with one half of the brain."),
        ("speech", 80, 84, "Dolphins sleep with one half of the brain."),
    ],
    [],
)


def found(corpus: Corpus, query: str, filters: Filters | None = None, limit: int = 10) -> SearchResult:
    """A search by words alone: whole lexical coverage decides."""
    index = MemoryIndex()
    index.add(corpus)
    return search(index, NoMeaning(), query, filters=filters or Filters(), limit=limit, settings=BY_WORDS)


BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0)


def spans(result: SearchResult) -> list[tuple[float, float]]:
    return [(moment.span.start_s, moment.span.end_s) for moment in result.moments]


def test_unseen_recordings_reach_the_promised_rates() -> None:
    embedder = Remembered(SentenceEmbedder())
    embedder.learn([understand(query).search_text for corpus in HELD_OUT for _, query, _ in corpus.questions])
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for corpus in HELD_OUT:
        index = MemoryIndex(embedder)
        index.add(corpus)
        for kind, query, windows in corpus.questions:
            moments = search(index, embedder, query).moments
            asked[kind] += 1
            first_fits = bool(moments) and any(moments[0].span.iou(Span(*window)) >= 0.3 for window in windows)
            right[kind] += first_fits if windows else not moments
    assert asked.total() >= 100
    assert right["ocr"] + right["speech"] >= 0.8 * (asked["ocr"] + asked["speech"]), right
    assert right["object"] >= 0.6 * asked["object"], right
    assert right["negative"] >= 0.8 * asked["negative"], right


def test_a_growing_slide_is_one_moment_with_its_whole_span() -> None:
    assert spans(found(TALK, 'the title "Whales"')) == [(0, 20)]
    assert spans(found(TALK, 'the text "Blue whale 30 m"')) == [(10, 20)]


def test_a_sentence_cut_in_two_is_found_whole() -> None:
    assert spans(found(TALK, 'he says "the longest animal that has ever lived"')) == [(12, 18)]


def test_a_sentence_is_not_blurred_to_the_slide_behind_it() -> None:
    result = found(TALK, "dolphins sleep half brain")
    assert spans(result) == [(42, 45), (80, 84)]


def test_what_two_observers_noticed_is_one_moment() -> None:
    first = found(TALK, "dolphins").moments[0]
    assert {event.source for event in first.events} == {"screen_text", "speech"}
    assert (first.span.start_s, first.span.end_s) == (40, 50)


def test_first_last_every_and_limit() -> None:
    assert spans(found(TALK, 'the last time they say "dolphins sleep"'))[0] == (80, 84)
    assert spans(found(TALK, 'the first time they say "dolphins sleep"'))[0] == (42, 45)
    every = found(TALK, 'every time they say "dolphins sleep"', limit=1)
    assert (every.total, len(every.moments)) == (2, 1)


def test_the_right_observer_is_asked() -> None:
    assert found(TALK, 'someone says "Blue whale 30 m"').moments == ()
    assert found(TALK, "dolphins", Filters(sources=("speech",))).consulted == ("speech",)


def test_objects_need_every_class_and_count() -> None:
    assert spans(found(YARD, "two people in the yard")) == [(620, 660)]
    assert found(YARD, "three people in the yard").moments == ()
    assert found(YARD, "a man with a cat").moments == ()
    assert spans(found(YARD, "a person with a bicycle")) == [(2000, 2009)]


def test_colours_order_the_sightings_and_other_hues_are_other_people() -> None:
    assert spans(found(YARD, "a man in a blue jacket and grey trousers"))[0] == (600, 660)
    assert found(YARD, "a person in a pink coat").moments == ()


def test_motions_that_were_told_otherwise_do_not_fit() -> None:
    assert (300, 330) in spans(found(YARD, "a car drives to the left"))
    assert found(YARD, "a car drives to the right").moments == ()
    assert spans(found(YARD, "a parked car")) == [(0, 3600)]


def test_coverage_counts_what_was_looked_at_within_the_filters() -> None:
    index = MemoryIndex()
    gap = Gap("talk", Span(30, 40), "corrupt packets", "speech")
    index.add(TALK)
    index.cover(
        [
            ObserverCoverage("talk", "speech", (Span(0, 30), Span(40, 100)), (gap,), 0.5),
            ObserverCoverage("talk", "screen_text", (Span(0, 60),), (), 2.0),
        ]
    )
    heard = search(index, NoMeaning(), 'someone says "sharks"').coverage
    assert heard.examined_s == 90
    assert heard.total_s == 100
    assert heard.gaps == (gap,)
    assert heard.shortest_event_s == 0.5
    either = search(index, NoMeaning(), "sharks", filters=Filters(after_s=35.0)).coverage
    assert either.examined == {"talk": (Span(35, 100),)}
    assert either.total_s == 65
    assert either.gaps[0].span == Span(35, 40)
    assert either.shortest_event_s == 2.0


def test_filters_that_leave_nothing_are_usage_errors_that_say_what_there_is() -> None:
    with pytest.raises(UsageError, match="indexed are talk"):
        found(TALK, "dolphins", Filters(video_ids=("other",)))
    with pytest.raises(UsageError, match="known are none"):
        found(TALK, "dolphins", Filters(cameras=("gate",)))
    with pytest.raises(UsageError, match="longest ends at 100"):
        found(TALK, "dolphins", Filters(after_s=500.0))
    with pytest.raises(UsageError, match="known date"):
        found(TALK, "dolphins", Filters(after_wall=datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(UsageError, match="limit 0"):
        found(TALK, "dolphins", limit=0)


def test_wall_clock_filters_and_order() -> None:
    index = MemoryIndex()
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    later = Corpus("a_later", TALK.end_s, TALK.events, [])
    index.add(later, recorded_at=noon + timedelta(hours=2))
    index.add(TALK, recorded_at=noon)
    first = search(index, NoMeaning(), 'the first time they say "dolphins sleep"').moments[0]
    assert (first.video_id, first.span.start_s) == ("talk", 42)
    after = Filters(after_wall=noon + timedelta(seconds=90))
    assert set(search(index, NoMeaning(), "dolphins", filters=after).records) == {"talk", "a_later"}
    hour = Filters(after_wall=noon + timedelta(hours=1))
    assert set(search(index, NoMeaning(), "dolphins", filters=hour).records) == {"a_later"}


def test_an_empty_index_is_no_error() -> None:
    result = search(MemoryIndex(), NoMeaning(), "dolphins")
    assert result.moments == ()
    assert result.coverage.total_s == 0


def test_described_recordings_reach_the_promised_rates() -> None:
    embedder = Remembered(SentenceEmbedder())
    index = MemoryIndex(embedder)
    index.add(PICNIC)
    embedder.learn([understand(query).search_text for _, query, _ in PICNIC.questions])
    found = false = 0
    for _, query, windows in PICNIC.questions:
        moments = search(index, embedder, query).moments
        fits = bool(moments) and any(moments[0].span.iou(Span(*window)) >= 0.3 for window in windows)
        found += fits
        false += bool(moments) and not windows
    asked = sum(bool(windows) for *_, windows in PICNIC.questions)
    assert found >= 0.9 * asked
    assert false <= 0.1 * (len(PICNIC.questions) - asked)


def test_moments_in_relation_come_with_their_anchors() -> None:
    result = found(TALK, 'what is said after the slide "Dolphins" is shown')
    assert spans(result) == [(42, 45), (80, 84)]
    assert [anchor.span.start_s for anchor in result.anchors] == [40]
    assert set(result.consulted) == {"speech", "captions", "screen_text", "qwen"}


def test_a_missing_anchor_is_told_apart_from_nothing_beside_it() -> None:
    missing = found(TALK, 'what is said after the slide "Sharks" is shown')
    assert [question.quotes for question in missing.missing] == [("Sharks",)]
    nothing = found(TALK, 'what is said after he says "dolphins sleep with one half", before the slide "Whales"')
    assert nothing.moments == ()
    last = found(TALK, 'which slide comes after the slide "Dolphins"')
    assert (last.moments, last.missing) == ((), ())
    assert [anchor.span.start_s for anchor in last.anchors] == [40]


def test_a_time_in_the_question_is_a_filter() -> None:
    assert spans(found(TALK, "when does he mention dolphins after 1:00")) == [(80, 84)]
    assert found(TALK, "when does he mention dolphins after 1:00").coverage.total_s == 40
    with pytest.raises(UsageError, match=r"\"after 3:00\" leaves nothing .* ends at 0:01:40"):
        found(TALK, "when does he mention dolphins after 3:00")


def test_whole_moments_are_given_that_reach_into_the_time() -> None:
    assert spans(found(TALK, 'he says "dolphins sleep" between 0:43 and 0:50')) == [(42, 45)]


def test_a_moment_that_nobody_examined_is_left_out() -> None:
    index = MemoryIndex()
    index.add(TALK)
    index.cover([ObserverCoverage("talk", "speech", (Span(0, 50),), (), 0.5)])
    result = search(index, NoMeaning(), 'every time they say "dolphins sleep"', settings=BY_WORDS)
    assert (result.total, result.left_out) == (1, 1)
