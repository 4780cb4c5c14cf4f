"""Sentences: split at their ends only, joined from cues without losing a word, each line said once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception.sentences import Said, join_sentences, split_said, split_sentences, without_rolling
from videoindex.types import Span


def said(*pieces: tuple[float, float, str]) -> list[Said]:
    return [Said(Span(start_s, end_s), text) for start_s, end_s, text in pieces]


def test_rolling_captions_say_each_line_once() -> None:
    rolled = without_rolling(
        said(
            (0.0, 2.0, "so today we look"),
            (2.0, 2.01, "so today we look"),
            (2.01, 4.0, "so today we look\nat the river"),
            (4.0, 4.01, "at the river"),
            (4.01, 6.0, "at the river\nin the winter"),
        )
    )
    assert [piece.text for piece in rolled] == ["so today we look", "at the river", "in the winter"]
    assert [piece.span.start_s for piece in rolled] == [0.0, 2.01, 4.01]
    assert [piece.text for piece in join_sentences(rolled)] == ["so today we look at the river in the winter"]


def test_a_line_that_grows_word_by_word_is_said_once() -> None:
    grown = without_rolling(said((0.0, 1.0, "the"), (1.0, 2.0, "the river"), (2.0, 3.0, "the river froze")))
    assert join_sentences(grown) == said((0.0, 3.0, "the river froze"))


def test_a_line_said_again_later_is_kept() -> None:
    cues = said((0.0, 1.0, "Yes."), (5.0, 6.0, "Yes."))
    assert without_rolling(cues) == cues


def test_overlapping_cues_keep_their_times() -> None:
    cues = said((0.0, 9.0, "A long note."), (3.0, 5.0, "A short one."))
    assert without_rolling(cues) == cues


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith paid 3.5 dollars. He left.", ["Mr. Smith paid 3.5 dollars.", "He left."]),
        ("J. Smith wrote it, e.g. in the U.S. Senate.", ["J. Smith wrote it, e.g. in the U.S. Senate."]),
        ("He said “stop.” Then he left…", ["He said “stop.”", "Then he left…"]),
        ("Well... maybe.", ["Well... maybe."]),
        ("no mark at all", ["no mark at all"]),
        ("", []),
    ],
)
def test_sentences_are_split_at_their_ends_only(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_a_line_of_two_sentences_is_cut_at_the_pause_between_them() -> None:
    line = Said(Span(10.0, 16.0), "This is the first sentence. And here is the second one.")
    first, second = split_said(line, [Span(11.0, 11.2), Span(13.1, 13.5), Span(15.2, 15.3)])
    assert (first.span, second.span) == (Span(10.0, 13.1), Span(13.5, 16.0))


def test_speakers_and_asides_stand_alone() -> None:
    joined = join_sentences(
        said((0.0, 4.0, "- Where is it\n- over there"), (4.0, 5.0, "[Applause]"), (5.0, 6.0, "so"))
    )
    assert [piece.text for piece in joined] == ["Where is it", "over there", "[Applause]", "so"]


def test_text_without_punctuation_is_bounded() -> None:
    joined = join_sentences(said(*[(k * 1.0, k + 1.0, "word word word") for k in range(200)]))
    assert max(piece.span.duration_s for piece in joined) <= 20
    assert sum(len(piece.text.split()) for piece in joined) == 600


WORDS = st.lists(
    st.sampled_from(["a", "dog", "ran.", "Then", "Dr.", "[noise]", "why?", "- So"]), min_size=1, max_size=6
)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 5), WORDS), max_size=12))
def test_joining_loses_no_word_and_keeps_order(cues: list[tuple[float, float, list[str]]]) -> None:
    at_s = 0.0
    pieces = []
    for gap_s, duration_s, words in cues:
        pieces.append(Said(Span(at_s + gap_s, at_s + gap_s + duration_s), " ".join(words)))
        at_s += gap_s + duration_s
    joined = join_sentences(pieces)
    before = " ".join(piece.text for piece in pieces).replace("- ", "").split()
    assert " ".join(piece.text for piece in joined).replace("- ", "").split() == before
    assert [piece.span for piece in joined] == sorted(piece.span for piece in joined)


SENTENCES = ["Yes.", "We went home early.", "Why not?", "It was late"]


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8))
def test_a_split_keeps_the_text_fills_the_span_and_gives_each_sentence_time(sentences: list[str]) -> None:
    line = Said(Span(10.0, 30.0), " ".join(sentences))
    pieces = split_said(line)
    assert " ".join(piece.text for piece in pieces) == line.text
    assert (pieces[0].span.start_s, pieces[-1].span.end_s) == (10.0, 30.0)
    assert all(first.span.end_s == then.span.start_s for first, then in pairwise(pieces))
