"""Spelling variants of one word fold together; questions keep the words that carry content."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from videoindex.index.words import folded, query_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"), ("Prüfung", "prufung"), ("élève", "Eleve"), ("cœur", "coeur"), ("Łódź", "lodz"),
        ("ﬁle", "file"), ("ÅRHUS", "arhus"), ("Smørrebrød", "smorrebrod"), ("e\u0301", "é"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_fold_together(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_scripts_without_spaces_become_single_characters() -> None:
    assert folded("北京天安门").split() == list("北京天安门")
    assert query_words("天安门").split() == list("天安门")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When does the red car enter?", "red car enter"),
        ("Wo ist die Straße?", "strasse"),
        ("ERR_42: v1.2.3 (fatal)", "err_42 v1 2 3 fatal"),
        ("to be or not to be", "to be or not"),
        ("car car CAR", "car"),
        ("?! -- \"'", ""),
    ],
)
def test_a_question_keeps_its_content_words(question: str, words: str) -> None:
    assert query_words(question) == words


@given(st.text())
def test_no_question_keeps_more_than_words_and_spaces(question: str) -> None:
    words = query_words(question)
    assert len(words.split()) <= 64
    assert all(letter == " " or letter == "_" or letter.isalnum() or letter.isidentifier() for letter in words)


@given(st.text())
@example("℠")
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)).split() == folded(text).split()
