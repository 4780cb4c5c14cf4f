"""Laws of the grounding measures."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from videoindex.evaluation.metrics import (
    AP_LEVELS,
    IOU_LEVELS,
    Rate,
    average_precision,
    first_iou,
    iou,
    mean_average_precision,
    mean_iou,
    recall_at_1,
    wilson_interval,
)
from videoindex.evaluation.truth import PredictedWindow
from videoindex.types import Span

spans = st.builds(
    lambda start_s, duration_s: Span(start_s, start_s + duration_s),
    st.floats(0, 1e4, allow_nan=False),
    st.floats(0.05, 1e3, allow_nan=False),
)
truths = st.lists(spans, min_size=1, max_size=4, unique=True)
ranked = st.lists(
    st.builds(lambda span, score: PredictedWindow(span.start_s, span.end_s, score), spans, st.floats(0, 1)),
    max_size=12,
)
counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
ious = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(counts)
def test_wilson_interval_holds_the_share_and_stays_inside_0_and_1(counted: tuple[int, int]) -> None:
    hits, n = counted
    low, high = wilson_interval(hits, n)
    assert 0.0 <= low <= hits / n <= high <= 1.0


@given(counts)
def test_wilson_interval_mirrors_when_hits_and_misses_are_swapped(counted: tuple[int, int]) -> None:
    hits, n = counted
    low, high = wilson_interval(hits, n)
    mirror_low, mirror_high = wilson_interval(n - hits, n)
    assert low == pytest.approx(1 - mirror_high, abs=1e-9)
    assert high == pytest.approx(1 - mirror_low, abs=1e-9)


@given(counts, st.integers(2, 10))
def test_wilson_interval_narrows_with_more_of_the_same(counted: tuple[int, int], times: int) -> None:
    hits, n = counted
    low, high = wilson_interval(hits, n)
    narrow_low, narrow_high = wilson_interval(hits * times, n * times)
    assert narrow_high - narrow_low < high - low


@given(counts)
def test_wilson_bounds_solve_the_score_equation(counted: tuple[int, int]) -> None:
    hits, n = counted
    for bound in wilson_interval(hits, n):
        assume(1e-6 < bound < 1 - 1e-6)
        z = abs(hits / n - bound) / math.sqrt(bound * (1 - bound) / n)
        assert z == pytest.approx(1.959964, rel=1e-4)


def test_wilson_interval_of_nothing_knows_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert Rate(0, 0).value is None


@pytest.mark.parametrize(("hits", "n", "confidence"), [(-1, 3, 0.95), (4, 3, 0.95), (1, 3, 0.0), (1, 3, 1.0)])
def test_wilson_interval_rejects_what_is_no_proportion(hits: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="got"):
        wilson_interval(hits, n, confidence)


def test_a_rate_cannot_hit_more_often_than_it_was_tried() -> None:
    with pytest.raises(ValueError, match="got 3 of 2"):
        Rate(3, 2)


@given(spans, st.lists(spans, max_size=5))
def test_a_true_window_predicted_first_has_iou_1(truth: Span, others: list[Span]) -> None:
    assert first_iou([truth, *others], [*others, truth]) == pytest.approx(1.0)


@given(spans, st.lists(spans, max_size=5), st.lists(spans, min_size=1, max_size=5))
def test_only_the_first_prediction_counts(first: Span, rest: list[Span], truth: list[Span]) -> None:
    assert first_iou([first, *rest], truth) == first_iou([first], truth)


@given(st.lists(spans, min_size=1, max_size=4), st.lists(spans, min_size=1, max_size=4), spans)
def test_more_true_windows_never_lower_the_iou(predicted: list[Span], truth: list[Span], extra: Span) -> None:
    assert first_iou(predicted, [*truth, extra]) >= first_iou(predicted, truth)


@given(st.lists(spans, min_size=1, max_size=4))
def test_no_prediction_counts_as_zero(truth: list[Span]) -> None:
    assert first_iou([], truth) == 0.0


def test_a_negative_has_no_iou() -> None:
    with pytest.raises(ValueError, match="false finds"):
        first_iou([Span(0, 1)], [])


@given(ious)
def test_recall_falls_as_the_level_rises(values: list[float]) -> None:
    hits = [recall_at_1(values, level).hits for level in IOU_LEVELS]
    assert hits == sorted(hits, reverse=True)


@given(ious)
def test_mean_iou_is_bounded_by_recall(values: list[float]) -> None:
    # Markov: a mean over [0, 1] is at least level * share reaching it, and at most level * rest + share.
    mean = mean_iou(values)
    assert mean is not None
    for level in IOU_LEVELS:
        share = recall_at_1(values, level).value
        assert share is not None
        assert level * share - 1e-9 <= mean <= share + level * (1 - share) + 1e-9


def test_a_level_that_is_just_reached_counts() -> None:
    # [0, 3) of [0, 10): IoU 0.3 exactly.
    iou = first_iou([Span(0, 3)], [Span(0, 10)])
    assert [recall_at_1([iou], level).hits for level in IOU_LEVELS] == [1, 0, 0]


def test_nothing_judged_has_no_mean() -> None:
    assert mean_iou([]) is None


@given(spans, spans)
def test_iou_does_not_mind_which_comes_first(one: Span, other: Span) -> None:
    assert iou(one, other) == iou(other, one)
    assert 0.0 <= iou(one, other) <= 1.0


@given(spans)
def test_an_instant_overlaps_nothing(true: Span) -> None:
    middle_s = (true.start_s + true.end_s) / 2
    assert iou(PredictedWindow(middle_s, middle_s), true) == 0.0


@given(ranked, truths)
def test_precision_lies_in_0_to_1_and_falls_as_the_level_rises_from_a_single_window(
    predicted: list[PredictedWindow], truth: list[Span]
) -> None:
    values = average_precision(predicted, truth[:1])
    assert all(0.0 <= value <= 1.0 for value in values)
    assert list(values) == sorted(values, reverse=True)


@given(truths)
def test_all_that_is_true_and_nothing_else_has_precision_1(truth: list[Span]) -> None:
    predicted = [PredictedWindow(span.start_s, span.end_s) for span in truth]
    assert average_precision(predicted, truth, levels=(0.99,)) == pytest.approx((1.0,))


@given(ranked, truths, spans)
def test_a_wrong_window_less_sure_than_all_others_costs_nothing(
    predicted: list[PredictedWindow], truth: list[Span], wrong: Span
) -> None:
    last = PredictedWindow(wrong.start_s + 1e6, wrong.end_s + 1e6, -1.0)
    assert average_precision([*predicted[:9], last], truth) == average_precision(predicted[:9], truth)


@given(ranked, truths)
def test_only_the_first_ten_windows_enter_the_precision(
    predicted: list[PredictedWindow], truth: list[Span]
) -> None:
    assert average_precision(predicted, truth) == average_precision(predicted[:10], truth)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("rr", 1.0),
        ("rw", 0.5),
        ("wr", 0.25),
        ("rwr", (1 + 2 / 3) / 2),
        ("wrr", 2 / 3),  # found at ranks 2 and 3 with 1/2 and 2/3: the better precision counts for both
        ("", 0.0),
    ],
)
def test_precision_of_two_true_windows_by_hand(order: str, expected: float) -> None:
    truth = [Span(0, 10), Span(20, 30)]
    right = iter(truth)
    windows = [next(right) if letter == "r" else Span(50, 60) for letter in order]
    predicted = [PredictedWindow(span.start_s, span.end_s) for span in windows]
    assert average_precision(predicted, truth) == pytest.approx((expected,) * len(AP_LEVELS))


def test_a_window_takes_the_best_true_window_that_is_free() -> None:
    truth = [Span(0, 10), Span(0, 12)]
    near_both = [PredictedWindow(0, 10, 0.9), PredictedWindow(0, 10, 0.8)]
    # The second of them is left with [0, 12): IoU 10/12.
    assert average_precision(near_both, truth, levels=(0.8, 0.85)) == pytest.approx((1.0, 0.5))


def test_windows_of_one_score_rank_as_they_are_listed() -> None:
    right, wrong = PredictedWindow(0, 10, 0.5), PredictedWindow(50, 60, 0.5)
    assert average_precision([right, wrong], [Span(0, 10)], (0.5,)) == (1.0,)
    assert average_precision([wrong, right], [Span(0, 10)], (0.5,)) == (0.5,)


def test_a_negative_has_no_precision() -> None:
    with pytest.raises(ValueError, match="false finds"):
        average_precision([PredictedWindow(0, 1)], [])


def test_mean_precision_is_taken_level_by_level() -> None:
    assert mean_average_precision([(1.0, 0.5), (0.0, 0.25)]) == (0.5, 0.375)
    assert mean_average_precision([]) is None
