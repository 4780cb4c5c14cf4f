"""Numbers said in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.number_words import with_digits

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("three hundred twenty nine foragers", "329 foragers"),
        ("one thousand three hundred and fifty", "1350"),
        ("one million two hundred thousand", "1200000"),
        ("eighteen hundred metres", "1800 metres"),
        ("nineteen sixty two", "1962"),
        ("two thousand and six", "2006"),
        ("360 thousand articles", "360000 articles"),
        ("fifty one milliseconds", "51 milliseconds"),
        ("forty six seven", "46 7"),
        ("lecture four", "lecture four"),
        ("one of two hundred and the rest", "one of 200 and the rest"),
        ("12 hundred and hundred whales", "1200 and hundred whales"),
        ("9 two hundred and thousand", "9 200 and thousand"),
        ("a hundred", "a hundred"),
        ("", ""),
    ],
)
def test_runs_of_number_words_become_digits(said: str, written: str) -> None:
    assert with_digits(said.split()) == written.split()


@given(st.integers(1, 9), st.integers(2, 9), st.integers(1, 9))
def test_hundreds_tens_and_units(hundreds: int, tens: int, units: int) -> None:
    said = [UNITS[hundreds - 1], "hundred", TENS[tens - 2], UNITS[units - 1]]
    assert with_digits(said) == [str(100 * hundreds + 10 * tens + units)]


@given(st.lists(st.sampled_from(["whale", "and", "the", "12", "hundred"]), max_size=6))
def test_other_words_stay(words: list[str]) -> None:
    kept = with_digits(words)
    assert [word for word in kept if not word.isdecimal()] == [
        word for i, word in enumerate(words) if not word.isdecimal() and not _scales(words, i)
    ]


def _scales(words: list[str], at: int) -> bool:
    """Whether the word belongs to a number in digits before it."""
    before = words[:at]
    while before and before[-1] == "hundred":
        before = before[:-1]
    return words[at] == "hundred" and bool(before) and before[-1].isdecimal()
