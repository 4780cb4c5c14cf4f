"""The vocabulary hangs together: every word a question may use leads to a word that events use."""

from __future__ import annotations

import pytest

from videoindex.perception import object_words as words


def test_every_class_has_a_plural_and_is_its_own_synonym() -> None:
    assert set(words.PLURALS) == set(words.CLASSES)
    for label in words.CLASSES:
        assert words.SYNONYMS[label] == label
        assert words.SYNONYMS[words.PLURALS[label]] == label


@pytest.mark.parametrize(
    ("table", "targets"),
    [
        (words.SYNONYMS, words.CLASSES),
        (words.COLOUR_SYNONYMS, words.COLOURS),
        (words.MOTION_SYNONYMS, words.MOTIONS),
        (words.CLOTHING_SYNONYMS, words.PARTS),
    ],
)
def test_synonyms_lead_to_words_of_events(table: dict[str, str], targets: tuple[str, ...]) -> None:
    assert set(table.values()) <= set(targets)
    assert all(word == word.lower() for word in table)


def test_groups_hold_classes_and_kinds_do_not_overlap() -> None:
    assert all(set(members) <= set(words.CLASSES) for members in words.GROUPS.values())
    assert not words.VEHICLES & words.ANIMALS
    assert words.VEHICLES | words.ANIMALS | {"person"} == set(words.CLASSES)


def test_a_synonym_is_not_also_a_group_or_a_colour() -> None:
    assert not set(words.SYNONYMS) & set(words.GROUPS)
    assert not set(words.SYNONYMS) & set(words.COLOURS)
