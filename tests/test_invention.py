"""What a transcriber invents is cut whole; what can have been said is kept as it is."""

from __future__ import annotations

from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception.invention import plausible, without_loops
from videoindex.perception.sentences import Said
from videoindex.types import Span


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("go go go go go go now", "go now"),
        ("No, no, no.", "No, no, no."),
        ("and then we and then we and then we and then we stop", "and then we stop"),
        ("a b c", "a b c"),
    ],
)
def test_loops_are_cut_and_emphasis_is_kept(text: str, kept: str) -> None:
    assert without_loops(text) == kept


def test_inventions_are_left_out() -> None:
    said = [
        Said(Span(0.0, 2.0), "We begin here."),
        Said(Span(3.0, 3.5), "Thank you."),
        Said(Span(4.0, 5.0), "Thank you."),
        Said(Span(6.0, 7.0), "one two three four five six seven eight nine ten"),
        Said(Span(8.0, 9.0), "..."),
        *(Said(Span(10.0 + k, 10.9 + k), "Again and again.") for k in range(6)),
    ]
    above_db = [30.0, 4.0, 30.0, 30.0, 30.0, *[30.0] * 6]
    texts = [piece.text for piece in plausible(said, above_db)]
    assert texts == ["We begin here.", "Thank you.", *["Again and again."] * 3]


@given(st.lists(st.sampled_from(["go", "on", "Then", "we"]), max_size=24))
def test_what_is_left_of_a_text_stands_in_it_in_order(words: list[str]) -> None:
    rest = iter(words)
    assert all(word in rest for word in without_loops(" ".join(words)).split())


@given(st.lists(st.sampled_from(["We went home.", "It rained all day.", "you", "Thank you."]), max_size=8))
def test_clear_speech_is_kept_as_it_is_save_for_a_fourth_repetition(texts: list[str]) -> None:
    said = [Said(Span(5.0 * k, 5.0 * k + 4.0), text) for k, text in enumerate(texts)]
    runs = [len(list(takewhile(texts[k].__eq__, reversed(texts[:k])))) for k in range(len(texts))]
    kept = plausible(said, [30.0] * len(said))
    assert kept == [sentence for sentence, run in zip(said, runs, strict=True) if run < 3]


def test_a_loop_is_one_round_and_not_too_quick() -> None:
    (kept,) = plausible([Said(Span(0.0, 1.0), "and so " * 20)], [30.0])
    assert kept == Said(Span(0.0, 1.0), "and so")
