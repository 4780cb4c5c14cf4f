"""Needles as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from needle_rows import WRITTEN, needle

from videoindex.evaluation.needle_art import draw_needle, needs_backdrop, over
from videoindex.evaluation.needle_words import COLOURS, SHAPES
from videoindex.evaluation.needles import Matter

SIZE = (640, 360)
GREY = np.full((360, 640, 3), 120, np.uint8)


def test_the_same_needle_is_drawn_the_same_way_and_another_elsewhere() -> None:
    first, again = (draw_needle(needle(), SIZE) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw_needle(needle(look=8), SIZE))
    assert first.shape == (360, 640, 4)


def test_a_salient_sentence_is_dark_on_its_plate_and_leaves_the_rest_alone() -> None:
    rgba = draw_needle(needle(), SIZE)
    plate = rgba[rgba[..., 3] == 255]
    assert 0.01 < len(plate) / (360 * 640) < 0.3
    assert plate.min() < 40
    assert plate[:, :3].max() > 240
    mixed = over(GREY, rgba)
    assert np.array_equal(mixed[rgba[..., 3] == 0], GREY[rgba[..., 3] == 0])


def test_a_blended_sentence_lets_the_picture_through() -> None:
    alpha = draw_needle(needle(prominence="blended"), SIZE)[..., 3]
    assert 0 < alpha.max() < 255


@pytest.mark.parametrize("colour", COLOURS)
def test_a_card_is_of_its_colour(colour: str) -> None:
    rgba = draw_needle(needle(Matter("still", "", colour)), SIZE)
    shown = rgba[rgba[..., 3] == 255][:, :3]
    assert np.array_equal(np.unique(shown, axis=0), [COLOURS[colour]])
    assert len(shown) / (360 * 640) == pytest.approx(0.49, abs=0.01)


def test_shapes_on_cards_differ() -> None:
    drawn = {shape: draw_needle(needle(Matter("still", shape, "red")), SIZE).tobytes() for shape in SHAPES}
    assert len(set(drawn.values())) == len(SHAPES)


@pytest.mark.parametrize(
    ("way", "axis", "sign"),
    [("to the right", 1, 1), ("to the left", 1, -1), ("downwards", 0, 1), ("upwards", 0, -1)],
)
def test_a_ball_moves_its_way(way: str, axis: int, sign: int) -> None:
    ball = needle(Matter("clip", "red", way))

    def middle(share: float) -> float:
        rgba = draw_needle(ball, SIZE, share)
        places = np.argwhere(np.all(rgba[..., :3] == COLOURS["red"], axis=-1))
        return float(places.mean(axis=0)[axis])

    assert sign * (middle(0.9) - middle(0.1)) > 100


def test_only_a_salient_card_stops_the_picture() -> None:
    card = needle(Matter("still", "a star", "red"))
    assert needs_backdrop(card)
    assert not needs_backdrop(needle(Matter("still", "a star", "red"), prominence="blended"))
    assert not needs_backdrop(needle(WRITTEN))
    rgba = draw_needle(card, SIZE, 0.0, GREY)
    assert np.all(rgba[..., 3] == 255)
    assert np.array_equal(rgba[0, 0, :3], GREY[0, 0]) or np.array_equal(rgba[-1, -1, :3], GREY[-1, -1])


def test_speech_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="cannot be seen"):
        draw_needle(needle(Matter("speech", "tea of the choir", "lemon")), SIZE)
