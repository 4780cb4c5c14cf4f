"""Finding the moments of one thing."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from query_corpora import YARD, Corpus, MemoryIndex, NoMeaning

from videoindex.index.records import Filters, Hit
from videoindex.query.find import Finder, Found, consulted_for
from videoindex.query.scope import scope_of
from videoindex.query.settings import SearchSettings
from videoindex.query.understand import understand

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0, candidates=4, most_candidates=16)


class Counting(MemoryIndex):
    """Remembers how deep it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.depths: list[int] = []

    def hybrid(
        self, text: str, vector_D: NDArray[np.float32], filters: Filters | None = None, *, limit: int = 20
    ) -> list[Hit]:
        self.depths.append(limit)
        return super().hybrid(text, vector_D, filters, limit=limit)


def find(index: MemoryIndex, text: str, settings: SearchSettings = BY_WORDS) -> Found:
    known = index.videos()
    question = understand(text, known, NOW)
    return Finder(index, NoMeaning(), settings).find(question, scope_of(question, known, Filters(), NOW))


def chimes(count: int) -> Corpus:
    rows = [("speech", 10.0 * n, 10.0 * n + 2, f"the bell rings, number {n}") for n in range(count)]
    return Corpus("tower", 10.0 * count + 10, rows, [])


def test_all_are_fetched_where_all_are_asked_for() -> None:
    index = Counting()
    index.add(chimes(12))
    every = find(index, "every time the bell rings")
    assert (len(every.moments), every.at_least) == (12, False)
    assert index.depths == [4, 16]


def test_the_best_need_no_more_than_the_first_hits() -> None:
    index = Counting()
    index.add(chimes(12))
    assert find(index, "the bell rings").at_least
    assert index.depths == [4]


def test_what_is_beyond_the_deepest_look_is_said_to_be_at_least() -> None:
    index = Counting()
    index.add(chimes(40))
    assert find(index, "how often does the bell ring").at_least


def test_other_shades_are_not_counted_where_the_colour_itself_is_seen() -> None:
    index = MemoryIndex()
    index.add(
        Corpus(
            "gate",
            100.0,
            [
                ("objects", 0, 9, "a person wearing a black top enters from the left"),
                ("objects", 20, 29, "a person wearing a grey top enters from the left"),
                ("objects", 40, 49, "a person wearing a black top enters from the left"),
            ],
            [],
        )
    )
    every = find(index, "every time a person in a black coat is seen")
    assert [moment.span.start_s for moment in every.moments] == [0, 40]
    assert every.weaker == 1
    assert len(find(index, "a person in a black coat").moments) == 3


def test_two_visitors_at_once_are_two() -> None:
    index = MemoryIndex()
    index.add(YARD)
    assert len(find(index, "how many people are there").moments) == 5


def test_an_open_question_gives_all_in_order_of_time() -> None:
    index = MemoryIndex()
    index.add(YARD)
    found = find(index, "what happens between 0:20 and 5:10")
    assert [moment.events[0].text.split(",")[0] for moment in found.moments] == [
        "a grey car is parked",
        "CAM 03 BACK YARD",
        "a person wearing a white top and black trousers enters from the left",
        "a red car enters from the right",
    ]


def test_the_callers_observers_come_first() -> None:
    question = understand("the narrator mentions whales")
    assert consulted_for(question, Filters()) == ("speech", "captions")
    assert consulted_for(question, Filters(sources=("captions",))) == ("captions",)
    assert consulted_for(question, Filters(sources=("objects",))) == ("objects",)
