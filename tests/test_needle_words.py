"""The words of needles."""

from __future__ import annotations

from videoindex.evaluation.needle_words import ATTRIBUTES, COLOURS, DIRECTIONS, HOLDERS, SHAPES


def test_no_word_stands_twice() -> None:
    attributes = [attribute for attribute, _ in ATTRIBUTES]
    for names in (attributes, HOLDERS, SHAPES, DIRECTIONS, tuple(COLOURS)):
        assert len(set(names)) == len(names)


def test_no_attribute_names_a_holder() -> None:
    assert not {attribute for attribute, _ in ATTRIBUTES} & set(HOLDERS)


def test_every_attribute_has_four_answers_at_least_so_that_options_can_be_offered() -> None:
    assert all(len(set(answers)) >= 4 for _, answers in ATTRIBUTES)


def test_a_two_hour_copy_has_words_for_forty_needles_and_twenty_controls() -> None:
    assert min(len(ATTRIBUTES), len(HOLDERS)) >= 60
