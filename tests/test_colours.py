"""Colour words: known paints get their names, whatever noise and however many pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.perception.colours import dominant, is_monochrome, mean_palette, paint, palette, similarity
from videoindex.perception.object_words import COLOURS

PAINTS = {
    "black": (15, 15, 18),
    "white": (240, 240, 238),
    "grey": (128, 130, 128),
    "red": (200, 25, 30),
    "orange": (240, 140, 20),
    "yellow": (240, 225, 30),
    "green": (30, 140, 50),
    "blue": (30, 60, 180),
    "purple": (120, 30, 170),
    "pink": (245, 130, 190),
    "brown": (115, 70, 35),
}


def _patch(rgb: tuple[int, int, int], noise: float = 4.0, side_px: int = 40) -> np.ndarray:
    rng = np.random.default_rng(7)
    pixels = np.asarray(rgb, float) + rng.normal(0, noise, (side_px, side_px, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("word", COLOURS)
def test_every_word_is_said_of_its_paint(word: str) -> None:
    assert dominant(palette(_patch(PAINTS[word]))) == word


@pytest.mark.parametrize("word", ["red", "green", "blue", "yellow"])
def test_a_colour_keeps_its_name_in_half_the_light(word: str) -> None:
    dim = tuple(round(0.55 * level) for level in PAINTS[word])
    assert dominant(palette(_patch((dim[0], dim[1], dim[2]), noise=2.0))) in {
        word,
        "brown" if word == "yellow" else word,
    }


def test_no_word_when_two_colours_share_the_patch() -> None:
    halves = np.concatenate([_patch(PAINTS["red"]), _patch(PAINTS["blue"])])
    assert dominant(palette(halves)) is None


def test_paint_prefers_a_hue_to_the_grey_around_it() -> None:
    car = np.concatenate([_patch(PAINTS["grey"], side_px=60), _patch(PAINTS["red"], side_px=60)[:20]])
    assert dominant(palette(car)) == "grey"
    assert paint(palette(car)) == "red"
    assert paint(palette(_patch(PAINTS["white"]))) == "white"


def test_bricks_do_not_outweigh_paint_and_a_brown_coat_is_brown() -> None:
    def share(**parts: float) -> tuple[float, ...]:
        return tuple(parts.get(word, 0.0) for word in COLOURS)

    assert paint(share(black=0.3, grey=0.4, red=0.17, brown=0.13)) == "red"
    assert paint(share(brown=0.7, orange=0.3)) == "brown"
    assert paint(share(grey=0.8, red=0.1, blue=0.1)) == "grey"


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 90))
def test_a_palette_is_a_distribution(rgb: tuple[int, int, int], side_px: int) -> None:
    colours = palette(np.full((side_px, side_px, 3), rgb, np.uint8))
    assert len(colours) == len(COLOURS)
    assert sum(colours) == pytest.approx(1.0)
    assert max(colours) == 1.0
    assert similarity(colours, colours) == pytest.approx(1.0)


def test_different_paints_are_not_similar_and_means_lie_between() -> None:
    red, blue = palette(_patch(PAINTS["red"])), palette(_patch(PAINTS["blue"]))
    assert similarity(red, blue) < 0.05
    assert similarity(mean_palette([red, blue]), red) == pytest.approx(0.5, abs=0.03)
    assert sum(mean_palette([])) == 0.0


def test_infrared_pictures_are_told_from_dull_ones() -> None:
    rng = np.random.default_rng(3)
    grey_HW = rng.integers(0, 200, (90, 160), dtype=np.uint8)
    assert is_monochrome(np.repeat(grey_HW[..., None], 3, axis=2))
    assert not is_monochrome(_patch(PAINTS["brown"], side_px=90))


def test_an_empty_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="no pixels"):
        palette(np.zeros((0, 4, 3), np.uint8))
