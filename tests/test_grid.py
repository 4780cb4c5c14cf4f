"""The grid of a needle run."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needle_rows import SAMPLING, spec

from videoindex.errors import UsageError
from videoindex.evaluation.grid import plan_grid
from videoindex.evaluation.lengths import parse_lengths
from videoindex.sampling.ticks import uniform_pairs
from videoindex.types import Span


def test_the_same_seed_plans_the_same_run_and_another_another() -> None:
    first, again, other = (plan_grid(spec(seed=seed), [600.0]) for seed in (1, 1, 2))
    assert first == again
    assert first[0].needles != other[0].needles


def test_every_cell_has_its_trials_and_every_length_its_controls() -> None:
    copies = plan_grid(
        spec(kinds=("overlay", "speech"), depths=5, trials=4, controls=6, lengths=parse_lengths("1h,2h")),
        [3600.0, 7200.0],
    )
    cells = Counter(
        (copy.length.label, one.kind, one.depth) for copy in copies for one in copy.trials if one.targets
    )
    assert set(cells.values()) == {4}
    assert len(cells) == 2 * 2 * 5
    controls = Counter(copy.length.label for copy in copies for one in copy.trials if one.task == "control")
    assert controls == {"1h": 6, "2h": 6}
    keys = [one.key for copy in copies for one in copy.trials]
    assert len(set(keys)) == len(keys)


def test_a_needle_lies_in_its_band_of_depth() -> None:
    (copy,) = plan_grid(spec(depths=5, trials=3), [600.0])
    for one in copy.trials:
        span = copy.needles[one.targets[0]].span
        assert one.depth is not None
        assert (one.depth - 0.1) * 600 <= span.start_s
        assert span.end_s <= (one.depth + 0.1) * 600
        assert span.duration_s == pytest.approx(2.0)


@given(seed=st.integers(0, 10_000))
def test_needles_of_one_copy_never_come_closer_than_three_seconds(seed: int) -> None:
    (copy,) = plan_grid(spec(kinds=("overlay", "speech"), trials=3, distractors=4, seed=seed), [600.0])
    spans = sorted(needle.span for needle in copy.needles)
    assert all(b.start_s - a.end_s >= 3.0 - 1e-9 for a, b in pairwise(spans))
    assert spans[0].start_s >= 0
    assert spans[-1].end_s <= 600


def test_a_model_that_sees_the_copy_has_one_for_each_question() -> None:
    copies = plan_grid(spec(arm="direct", depths=2, trials=2, controls=1, distractors=2), [60.0])
    assert [len(copy.trials) for copy in copies] == [1] * 5
    assert [len(copy.needles) for copy in copies] == [3, 3, 3, 3, 2]


def test_parity_says_with_which_frame_of_a_look_a_needle_begins() -> None:
    pairs = uniform_pairs(Span(0.0, 60.0), SAMPLING)
    for parity in ("first", "second"):
        for copy in plan_grid(spec(arm="direct", parities=(parity,), depths=3, trials=4), [60.0]):
            span = copy.needles[0].span
            first = next(pair for pair in pairs if pair.second_s in span)
            assert (first.first_s in span) == (parity == "first")


@pytest.mark.parametrize("parity", ["first", "second"])
def test_a_needle_of_one_frame_shows_on_that_frame_alone(parity: str) -> None:
    pairs = uniform_pairs(Span(0.0, 60.0), SAMPLING)
    for copy in plan_grid(spec(arm="direct", parities=(parity,), needle_s=0.0, depths=4), [60.0]):
        shown = [
            (name, pair.at_s)
            for pair in pairs
            for name, at_s in (("first", pair.first_s), ("second", pair.second_s))
            if at_s in copy.needles[0].span
        ]
        assert [name for name, _ in shown] == [parity]


def test_bands_as_long_as_a_needle_give_each_look_its_needle() -> None:
    copies = plan_grid(spec(arm="direct", parities=("first",), needle_s=1.0, depths=4, trials=1), [4.0])
    assert [copy.needles[0].span.start_s for copy in copies] == [0.0, 1.0, 2.0, 3.0]


def test_needles_of_one_question_come_in_the_order_of_its_answer() -> None:
    (copy,) = plan_grid(spec(tasks=("ordering",), kinds=("still",), several=3, trials=2), [600.0])
    for one in copy.trials:
        placed = sorted((copy.needles[number] for number in one.targets), key=lambda needle: needle.span)
        assert ", ".join(needle.matter.name for needle in placed) == one.answer


def test_several_haystacks_lie_apart_and_share_the_trials() -> None:
    copies = plan_grid(spec(haystacks=2, trials=4), [600.0])
    assert [copy.place for copy in copies] == [0.0, 1.0]
    assert [len(copy.trials) for copy in copies] == [10, 10]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"depths": 0}, "depths must be 1 or more"),
        ({"controls": -1}, "controls must be 0 or more"),
        ({"several": 7}, "several must lie in 2..6"),
        ({"arm": "direct", "kinds": ("speech",)}, "does not hear"),
        ({"kinds": ("clip",), "needle_s": 0.0}, "cannot show a movement"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        spec(**changes)


def test_a_copy_too_short_for_its_needles_is_refused_with_what_to_change() -> None:
    with pytest.raises(UsageError, match="make --lengths longer, --trials fewer, or --haystacks more"):
        plan_grid(spec(trials=10), [60.0])


def test_one_frame_needs_a_parity() -> None:
    with pytest.raises(UsageError, match="needs a parity"):
        plan_grid(spec(arm="direct", needle_s=0.0), [60.0])
