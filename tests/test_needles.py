"""What needles are about."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.needles import (
    KINDS,
    Kind,
    Matter,
    distractor_of,
    draw_matters,
    options,
    with_article,
)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_matters_and_no_subject_twice(kind: Kind) -> None:
    first, again = (list(draw_matters(kind, draw(3))) for _ in range(2))
    assert first == again
    assert first != list(draw_matters(kind, draw(4)))
    subjects = [matter.subject for matter in first]
    assert len(set(subjects)) == len(subjects)


def test_two_sentences_share_neither_attribute_nor_holder() -> None:
    parts = [matter.subject.split(" of the ") for matter in islice(draw_matters("overlay", draw()), 60)]
    assert len(parts) == 60
    assert len({attribute for attribute, _ in parts}) == len({holder for _, holder in parts}) == 60


def test_questions_hold_the_subject_and_not_the_answer() -> None:
    for kind in KINDS:
        for matter in draw_matters(kind, draw(1)):
            assert matter.answer not in matter.question.split("?")[0].split()
            assert all(cue.split()[0] in matter.when_question for cue in matter.cues)


def test_a_plain_card_is_asked_about_by_nothing_but_being_a_card() -> None:
    matter = next(draw_matters("still", draw(), plain=True))
    assert matter.question == "Which colour is the card that is held up?"
    assert matter.name == "a coloured card"
    assert matter.cues == ("card",)


def test_a_sentence_says_subject_and_answer() -> None:
    assert Matter("speech", "motto of the bakery", "anchor").sentence == "The motto of the bakery is anchor."
    assert Matter("still", "a star", "red").sentence == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_distractor_is_like_it_with_another_answer(kind: Kind) -> None:
    matter = next(draw_matters(kind, draw(2)))
    other = distractor_of(matter, draw(5))
    assert other.kind == kind
    assert other.subject != matter.subject
    assert other.answer != matter.answer


def test_options_hold_the_answer_once() -> None:
    matter = Matter("clip", "red", "upwards")
    offered = options(matter, 4, draw())
    assert sorted(offered) == ["downwards", "to the left", "to the right", "upwards"]
    with pytest.raises(UsageError, match="4 answers to offer, not 5"):
        options(matter, 5, draw())
    with pytest.raises(UsageError, match="not 1"):
        options(matter, 1, draw())


def test_articles_suit_their_nouns() -> None:
    assert (with_article("orange"), with_article("red")) == ("an orange", "a red")
