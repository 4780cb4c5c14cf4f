"""What makes a block fire, and what must not."""

import numpy as np
import pytest

from videoindex.media.blocks import BlockReferences

HIGH, WIDE = 180, 320
GREY = np.full((HIGH, WIDE), 120, np.uint8)


def looks(pictures, rate_hz: float = 4.0, **settings) -> np.ndarray:
    """The rows of change for a list of grey pictures."""
    blocks = BlockReferences(9, 16, **settings)
    return np.stack([blocks.look(picture, n / rate_hz) for n, picture in enumerate(pictures)])


def with_patch(value: int, top: int = 40, left: int = 100, side: int = 20) -> np.ndarray:
    picture = GREY.copy()
    picture[top : top + side, left : left + side] = value
    return picture


def test_the_first_look_is_all_new_and_a_still_picture_never_changes():
    change_TRC = looks([GREY] * 5)
    assert (change_TRC[0] == 255).all()
    assert not change_TRC[1:].any()


def test_a_cut_fires_once_in_the_block_where_it_happened():
    change_TRC = looks([GREY] + [with_patch(200)] * 4)
    assert change_TRC[1, 2, 5] == 255  # rows 40-59 and columns 100-119 of 320 x 180
    assert np.count_nonzero(change_TRC[1]) == 1
    assert not change_TRC[2:].any()


def test_something_that_moves_fires_at_every_look():
    change_TRC = looks([with_patch(220, left=20 * n) for n in range(10)])
    assert (change_TRC[1:].max(axis=(1, 2)) == 255).all()


def test_a_slow_fade_adds_up_until_it_fires():
    fade = [np.full((HIGH, WIDE), 60 + n, np.uint8) for n in range(100)]  # one level a look, four a second
    change_TRC = looks(fade, noise_levels=14)
    fired = np.flatnonzero(change_TRC[1:].max(axis=(1, 2)) == 255)
    assert 4 <= len(fired) <= 7


def test_light_that_drifts_slower_than_the_limit_is_followed_silently():
    drift = [np.full((HIGH, WIDE), 60 + n // 16, np.uint8) for n in range(1600)]  # a level in four seconds
    assert not looks(drift, drift_levels_per_s=0.5)[1:].any()
    assert looks(drift, drift_levels_per_s=0.01)[1:].any()


@pytest.mark.parametrize("sigma", [2.0, 4.0])
def test_noise_never_fires(sigma):
    random = np.random.default_rng(3)
    noisy = [np.clip(GREY + random.normal(0, sigma / 1.4, GREY.shape), 0, 255).astype(np.uint8) for _ in range(80)]
    change_TRC = looks(noisy)
    assert change_TRC[1:].max() < round(0.02 * 255)


def test_a_letter_fires_its_block():
    letter = GREY.copy()
    letter[45:50, 105:107] = 20  # about 20 x 8 px of a 720p picture
    assert looks([GREY, letter])[1, 2, 5] >= round(0.02 * 255)


def test_what_is_too_small_to_fire_does_not_become_the_reference():
    speck = GREY.copy()
    speck[45:47, 105:107] = 250  # 4 of 400 pixels
    change_TRC = looks([GREY, speck, speck, GREY])
    assert 0 < change_TRC[1, 2, 5] == change_TRC[2, 2, 5] < round(0.02 * 255)
    assert change_TRC[3, 2, 5] == 0


def test_any_size_of_picture_gives_the_whole_grid():
    for high, wide in ((568, 320), (10, 64), (241, 319)):
        picture = np.zeros((high, wide), np.uint8)
        blocks = BlockReferences(9, 16)
        blocks.look(picture, 0.0)
        assert (blocks.look(picture + np.uint8(99), 0.25) == 255).all()
