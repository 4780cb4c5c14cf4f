"""Highlights of QVHighlights: the arithmetic against its definition in fractions, and its corners."""

from __future__ import annotations

from collections.abc import Sequence

import grounding_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.evaluation.highlights import LEAST_RATINGS, ClipScores, highlight_figures, percent

ratings = st.lists(st.integers(0, 4), min_size=3, max_size=3)
# Few values, so that clips often share a score; 0 among them, which stands for what was not predicted.
predicted = st.lists(st.sampled_from([-1.5, -0.5, 0.0, 0.25, 2.0]), min_size=1, max_size=12)


@st.composite
def rated(draw: st.DrawFn) -> tuple[int, dict[int, list[int]], list[float]]:
    clips = draw(st.integers(1, 9))
    return clips, draw(st.dictionaries(st.integers(0, clips - 1), ratings)), draw(predicted)


def figures_of(
    every: Sequence[tuple[int, dict[int, list[int]], list[float]]],
) -> dict[str, dict[str, float]]:
    clips = {}
    for at, (number, by_clip, _) in enumerate(every):
        scores = tuple(tuple(map(float, three)) for three in by_clip.values())
        clips[str(at)] = ClipScores(2.0 * number + 1.5, tuple(by_clip), scores)
    return highlight_figures(clips, {str(at): tuple(scores) for at, (_, _, scores) in enumerate(every)})


@given(st.lists(rated(), min_size=1, max_size=5))
def test_highlights_are_measured_as_defined(every: list[tuple[int, dict[int, list[int]], list[float]]]) -> None:
    figures, exact = figures_of(every), oracle.highlight_figures(every)
    assert list(figures) == list(exact) == list(LEAST_RATINGS)
    for name, values in exact.items():
        assert list(figures[name]) == list(values)
        for measure, value in values.items():
            assert abs(figures[name][measure] - float(value)) <= 0.005 + 1e-9, (name, measure)


def test_one_person_who_likes_the_surest_clip_is_a_hit_for_all() -> None:
    figures = figures_of([(4, {1: [4, 0, 0]}, [0.1, 0.9, 0.2, 0.3])])
    # The one who liked it finds it at once, the two others liked nothing.
    assert figures["HL-min-VeryGood"] == {"HL-mAP": 33.33, "HL-Hit1": 100.0}


def test_a_surest_clip_behind_the_video_is_no_hit() -> None:
    assert figures_of([(2, {1: [4, 4, 4]}, [0.1, 0.2, 0.9])])["HL-min-Fair"] == {"HL-mAP": 100.0, "HL-Hit1": 0.0}


def test_clips_of_equal_score_stand_or_fall_together() -> None:
    assert figures_of([(2, {0: [2, 2, 2]}, [0.5, 0.5])])["HL-min-Fair"]["HL-mAP"] == 50.0


@pytest.mark.parametrize(
    ("duration_s", "clip_ids", "scores", "complaint"),
    [
        (1.9, (), (), "one clip of 2 s at least, got 1.9"),
        (10.0, (1,), (), "equally many, got 0 and 1"),
        (10.0, (5,), ((1.0, 1.0, 1.0),), "must lie in 0 to 4, got 5"),
        (10.0, (-1,), ((1.0, 1.0, 1.0),), "must lie in 0 to 4, got -1"),
        (10.0, (1,), ((1.0, 1.0),), r"must have 3 saliency scores, got \[1.0, 1.0\]"),
    ],
)
def test_ratings_that_fit_no_video_are_refused(
    duration_s: float, clip_ids: tuple[int, ...], scores: tuple[tuple[float, ...], ...], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        ClipScores(duration_s, clip_ids, scores)


def test_a_share_is_shown_in_percent_with_two_decimals() -> None:
    assert [percent(share) for share in (0.0, 1 / 3, 2 / 3, 1.0)] == [0.0, 33.33, 66.67, 100.0]
