"""Retrieval, ordering, counting, controls."""

from __future__ import annotations

import numpy as np
import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.needle_words import COLOURS
from videoindex.evaluation.tasks import Matters, Task, Want, asked_about, near_misses


def matters(*, plain: bool = False, seed: int = 0) -> Matters:
    return Matters(np.random.default_rng(seed), is_plain=plain)


def want(task: Task, kind: str = "overlay") -> Want:
    return Want(task, kind, "salient", 0, "any", 0)  # type: ignore[arg-type]


def test_retrieval_plants_one_and_a_control_none() -> None:
    drawn = matters()
    sought = asked_about(want("retrieval"), drawn, 3, 0, np.random.default_rng(1))
    nothing = asked_about(want("control"), drawn, 3, 0, np.random.default_rng(1))
    assert sought.planted == sought.matters
    assert sought.answer == sought.matters[0].answer
    assert nothing.planted == ()
    assert nothing.answer == ""
    assert nothing.matters[0].subject != sought.matters[0].subject


def test_an_ordering_lists_its_needles_in_another_order_than_they_come_in() -> None:
    seen = {
        asked_about(want("ordering", "still"), matters(seed=seed), 3, 0, np.random.default_rng(seed)).question
        for seed in range(5)
    }
    asked = asked_about(want("ordering", "still"), matters(), 3, 0, np.random.default_rng(0))
    names = asked.answer.split(", ")
    assert [matter.name for matter in asked.planted] == names
    assert all(name in asked.question for name in names)
    assert len(seen) == 5


def test_a_count_is_how_often_it_is_planted() -> None:
    for seed in range(10):
        asked = asked_about(want("counting"), matters(seed=seed), 3, 0, np.random.default_rng(seed))
        assert 2 <= len(asked.planted) == int(asked.answer) <= 5
        assert len(set(asked.planted)) == 1


@pytest.mark.parametrize("task", ["retrieval", "ordering", "counting"])
def test_options_stand_once_in_every_place(task: Task) -> None:
    asked = asked_about(want(task), matters(), 4, 4, np.random.default_rng(2))
    assert len(asked.orders) == 4
    for place in range(4):
        assert len({order[place] for order in asked.orders}) == 4
    assert all(order.count(asked.answer) == 1 for order in asked.orders)


def test_more_orders_than_there_are_cannot_be_offered() -> None:
    with pytest.raises(UsageError, match="2 needles have 2 orders"):
        asked_about(want("ordering"), matters(), 2, 4, np.random.default_rng(0))


def test_plain_cards_are_told_apart_by_colour() -> None:
    asked = asked_about(want("counting", "still"), matters(plain=True), 3, 0, np.random.default_rng(0))
    assert asked.matters[0].answer in asked.question


def test_words_that_run_out_are_an_error_that_says_what_to_do() -> None:
    drawn = matters()
    taken = [drawn.take("clip") for _ in COLOURS]
    assert len({matter.subject for matter in taken}) == len(COLOURS)
    with pytest.raises(UsageError, match="make --trials fewer, or --haystacks more"):
        drawn.take("clip")


def test_near_misses_are_of_no_subject_that_is_asked_about() -> None:
    drawn, draw = matters(), np.random.default_rng(3)
    wants = [want("retrieval")] * 3
    asked = [asked_about(one, drawn, 3, 0, draw) for one in wants]
    misses = [matter for matter, _ in near_misses(asked, wants, 6, drawn, draw)]
    subjects = [matter.subject for matter in misses]
    assert len(set(subjects)) == 6
    assert not set(subjects) & {one.matters[0].subject for one in asked}
    assert {matter.subject.split(" of the ")[0] for matter in misses} == {
        one.matters[0].subject.split(" of the ")[0] for one in asked
    }
