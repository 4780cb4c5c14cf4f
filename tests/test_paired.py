"""Paired comparison: laws of the difference, its interval and its p, and p held against other ways to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from videoindex.evaluation.paired import RESAMPLES, Pair, difference

# Sixteenths are exact as floats: sums do not depend on their order.
scores = st.integers(0, 16).map(lambda count: count / 16)
few = st.lists(st.builds(Pair, st.sampled_from("abcdef"), scores, scores), min_size=1, max_size=12)
yes_no = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=25)


@given(few)
@settings(max_examples=25)
def test_swapping_the_runs_mirrors_the_difference(pairs: list[Pair]) -> None:
    there = difference(pairs)
    back = difference([replace(pair, a=pair.b, b=pair.a) for pair in pairs])
    assert back.mean == pytest.approx(-there.mean)
    assert (back.better, back.worse, back.p) == (there.worse, there.better, there.p)
    assert (back.low is None) == (there.low is None)
    if there.low is not None and there.high is not None:
        assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


@given(few)
@settings(max_examples=25)
def test_the_interval_holds_the_difference_and_p_is_a_probability(pairs: list[Pair]) -> None:
    found = difference(pairs)
    assert found.mean == pytest.approx(fmean(pair.b - pair.a for pair in pairs))
    assert 0.0 < found.p <= 1.0
    assert found.videos == len({pair.video for pair in pairs})
    assert (found.low is None) == (found.videos == 1)
    if found.low is not None and found.high is not None:
        assert -1.0 <= found.low <= found.high <= 1.0


@given(few)
@settings(max_examples=25)
def test_the_same_seed_gives_the_same_figures(pairs: list[Pair]) -> None:
    assert difference(pairs, 3) == difference(pairs, 3)


@given(yes_no)
@settings(max_examples=25)
def test_of_hits_and_misses_in_videos_of_their_own_p_is_that_of_a_fair_coin(
    pairs: list[tuple[bool, bool]],
) -> None:
    better, worse = sum(b > a for a, b in pairs), sum(a > b for a, b in pairs)
    found = difference([Pair(str(at), float(a), float(b)) for at, (a, b) in enumerate(pairs)])
    assert found.test == "McNemar's exact test"
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert found.p == pytest.approx(expected)


@given(few)
@settings(max_examples=25)
def test_with_few_videos_p_counts_every_swap_of_whole_videos(pairs: list[Pair]) -> None:
    sums = dict.fromkeys({pair.video for pair in pairs}, 0.0)
    for pair in pairs:
        sums[pair.video] += pair.b - pair.a
    assume(len(sums) < len(pairs))
    swaps = [sum(sign * value for sign, value in zip(signs, sums.values(), strict=True))
             for signs in product((1, -1), repeat=len(sums))]  # fmt: skip
    as_far = sum(abs(value) >= abs(sum(sums.values())) for value in swaps)
    assert difference(pairs).p == pytest.approx(as_far / len(swaps))


def test_many_videos_are_swapped_at_random_and_p_is_near_the_exact_one() -> None:
    # Twenty videos of two queries, 14 better and 6 worse by the same: the exact p is that of a coin.
    pairs = [Pair(str(video), 0.25, 0.5 if video < 14 else 0.0) for video in range(20) for _ in range(2)]
    found = difference(pairs)
    assert found.test == f"sign-flip test over videos, {RESAMPLES:,} draws"
    assert found.p == pytest.approx(binomtest(14, 20).pvalue, abs=0.02)


def test_more_queries_about_one_video_make_it_no_surer() -> None:
    once = [Pair(str(video), 0.0, value) for video, value in enumerate((0.5, 0.25, 0.75, 0.5))]
    many = [pair for pair in once for _ in range(50)]
    assert difference(many).p == difference(once).p
    assert (difference(many).low, difference(many).high) == (difference(once).low, difference(once).high)


def test_one_video_alone_shows_nothing() -> None:
    found = difference([Pair("a", 0.0, 1.0)] * 30)
    assert (found.mean, found.low, found.high, found.p) == (1.0, None, None, 1.0)


def test_runs_that_do_not_differ_have_p_1() -> None:
    found = difference([Pair(video, 0.5, 0.5) for video in "abc"])
    assert (found.mean, found.low, found.high, found.p, found.test) == (0.0, 0.0, 0.0, 1.0, "no video differs")


def test_the_interval_holds_what_is_true_about_as_often_as_it_says() -> None:
    """Videos drawn with a true difference of 0.1: of 100 intervals about 95 hold it."""
    draw = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        gains = np.repeat(draw.normal(0.1, 0.1, 30), 3) + draw.normal(0, 0.05, 90)
        pairs = [Pair(str(at // 3), 0.4, 0.4 + float(gain)) for at, gain in enumerate(gains)]
        found = difference(pairs)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.1 <= found.high
    assert 88 <= held <= 99


def test_a_difference_needs_pairs() -> None:
    with pytest.raises(ValueError, match="one pair at least"):
        difference([])
