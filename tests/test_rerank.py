"""A better order of the same moments, and only of those that have an order to better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.query.ask import ask
from videoindex.query.rerank import is_ranked, rerank
from videoindex.query.search import SearchSettings, search
from videoindex.query.understand import understand
from videoindex.types import Event, Moment, Span

TALK = Corpus(
    "talk",
    600.0,
    [
        ("speech", 10.0, 12.0, "The heron is a bird, as everybody knows, and that is all."),
        ("speech", 100.0, 103.0, "Now look, there the heron lands on the pier."),
        ("speech", 200.0, 203.0, "We spoke of the heron at length yesterday."),
    ],
    [],
)


class Likes:
    """Scores a text by the words it likes; remembers what it read."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.read: list[tuple[str, list[str]]] = []

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        self.read.append((question, list(texts)))
        return np.array([float(sum(word in text for word in self.words)) for text in texts])


def moment(text: str, at_s: float, *more: str) -> Moment:
    span = Span(at_s, at_s + 1.0)
    events = [Event.observed("v", span, one, source="speech", model="m", confidence=0.5) for one in (text, *more)]
    return Moment("v", span, 0.9 - at_s / 1000, tuple(events))


def talk_index() -> MemoryIndex:
    index = MemoryIndex()
    index.add(TALK)
    return index


def test_the_best_are_read_and_the_rest_stays_behind_them() -> None:
    moments = [moment(text, 10.0 * i) for i, text in enumerate(("a", "b", "good", "best good"))]
    likes = Likes("good", "best")
    assert rerank("q", moments, likes, 3) == (moments[2], moments[0], moments[1], moments[3])
    assert likes.read == [("q", ["a", "b", "good"])]


def test_a_moment_is_read_with_all_its_texts_each_once() -> None:
    likes = Likes("x")
    rerank("q", [moment("one  two", 0.0, "three", "one two"), moment("four", 5.0)], likes, 9)
    assert likes.read[0][1] == ["one two\nthree", "four"]


@pytest.mark.parametrize("count", [0, 1])
def test_where_there_is_no_order_nothing_is_read(count: int) -> None:
    likes = Likes("x")
    assert len(rerank("q", [moment("x", 0.0)][:count], likes, 5)) == count
    assert likes.read == []


@given(st.lists(st.sampled_from(["a", "good", "good good"]), max_size=12), st.integers(1, 15))
def test_reordering_adds_and_drops_nothing_and_ties_stand(texts: list[str], best: int) -> None:
    moments = [moment(text, float(i)) for i, text in enumerate(texts)]
    again = rerank("q", moments, Likes("good"), best)
    assert sorted(one.span for one in again) == [one.span for one in moments]
    read = [one for one in again if one in moments[:best]]
    assert read == sorted(read, key=lambda one: ("good" not in one.events[0].text, one.span))


@pytest.mark.parametrize(
    ("question", "ranked"),
    [
        ("the heron lands", True),
        ("the first time the heron lands", False),
        ("every time the heron lands", False),
        ("how often does the heron land", False),
        ("the heron after the talk", False),
        ("what is said after 0:10", False),
    ],
)
def test_an_order_of_time_is_left_alone(question: str, ranked: bool) -> None:
    assert is_ranked(understand(question)) == ranked


def test_search_puts_first_what_the_reranker_prefers() -> None:
    plain = search(talk_index(), NoMeaning(), "heron")
    likes = Likes("yesterday")
    better = search(talk_index(), NoMeaning(), "heron", reranker=likes)
    assert plain.moments[0].span.start_s != 200.0
    assert better.moments[0].span.start_s == 200.0
    assert set(better.moments) == set(plain.moments)
    assert better.total == plain.total == 3
    assert likes.read[0][0] == "heron"


def test_the_best_one_counts_even_where_only_one_is_shown() -> None:
    shown = search(talk_index(), NoMeaning(), "heron", limit=1, reranker=Likes("yesterday"))
    assert [one.span.start_s for one in shown.moments] == [200.0]


def test_only_so_many_are_read() -> None:
    settings = SearchSettings(rerank_best=2)
    likes = Likes("yesterday")
    search(talk_index(), NoMeaning(), "heron", settings=settings, reranker=likes)
    assert len(likes.read[0][1]) == 2


def test_nothing_is_found_that_was_not_found_before() -> None:
    likes = Likes("heron")
    assert not ask(talk_index(), NoMeaning(), "the pelican dives", reranker=likes).answer.found
    assert likes.read == []
