"""Movement between two pictures with known changes: a moved square, shaken cameras, lamps, cuts and noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.perception.detector import Crop
from videoindex.perception.motion import Motion, compare, moved_share, plan_crops, small_grey, whole

SIZE_PX = (960, 540)


def _room(seed: int = 1) -> np.ndarray:
    """A room of a few large grey shapes."""
    rng = np.random.default_rng(seed)
    room_HWC = np.full((540, 960, 3), 150, np.uint8)
    for _ in range(40):
        x, y = rng.integers(0, 900), rng.integers(0, 500)
        room_HWC[y : y + 60, x : x + 90] = rng.integers(60, 230)
    return room_HWC


def _with_square(room_HWC: np.ndarray, left_px: int, top_px: int, side_px: int = 100) -> np.ndarray:
    picture_HWC = room_HWC.copy()
    picture_HWC[top_px : top_px + side_px, left_px : left_px + side_px] = 10
    return picture_HWC


def _compare(before_HWC: np.ndarray, now_HWC: np.ndarray) -> Motion:
    return compare(small_grey(before_HWC), small_grey(now_HWC), SIZE_PX)


def test_what_moved_is_inside_a_region_and_nothing_else_is() -> None:
    motion = _compare(_with_square(_room(), 300, 200), _with_square(_room(), 340, 200))
    assert not motion.cut
    assert len(motion.regions) <= 2
    left, right = min(r.left_px for r in motion.regions), max(r.right_px for r in motion.regions)
    assert 270 <= left <= 305
    assert 435 <= right <= 470
    assert moved_share(motion, 300 / 960, 200 / 540, 340 / 960, 300 / 540) > 0.5
    assert moved_share(motion, 0.7, 0.0, 1.0, 1.0) == 0.0


def test_pictures_are_left_as_they_were() -> None:
    before_HW, now_HW = small_grey(_room()), small_grey(_with_square(_room(), 300, 200))
    copies = before_HW.copy(), now_HW.copy()
    compare(before_HW, now_HW, SIZE_PX)
    assert np.array_equal(before_HW, copies[0])
    assert np.array_equal(now_HW, copies[1])


def test_noise_is_no_movement() -> None:
    rng = np.random.default_rng(5)
    noisy = [np.clip(_room() + rng.normal(0, 12, (540, 960, 3)), 0, 255).astype(np.uint8) for _ in range(2)]
    assert _compare(*noisy).regions == ()


def test_a_shaking_camera_is_no_movement() -> None:
    shaken_HWC = np.roll(_room(), (6, 9), axis=(0, 1))
    regions = _compare(_room(), shaken_HWC).regions
    inner = [r for r in regions if r.left_px > 40 and r.top_px > 40 and r.right_px < 920 and r.bottom_px < 500]
    assert inner == []


@pytest.mark.parametrize("gain", [0.6, 1.5])
def test_a_lamp_is_neither_movement_nor_a_cut(gain: float) -> None:
    motion = _compare(_room(), np.clip(_room() * gain, 0, 255).astype(np.uint8))
    assert motion.regions == ()
    assert not motion.cut


def test_another_scene_and_black_are_cuts() -> None:
    assert _compare(_room(1), 255 - _room(2)).cut
    assert _compare(_room(1), np.zeros_like(_room())).cut
    assert not _compare(_room(1), _room(1)).cut


crops = st.builds(
    lambda x, y, w, h: Crop(x, y, min(x + w, 960), min(y + h, 540)),
    st.integers(0, 940),
    st.integers(0, 520),
    st.integers(2, 400),
    st.integers(2, 400),
)


@settings(deadline=None)
@given(st.lists(crops, max_size=9))
def test_windows_lie_in_the_picture_and_cover_every_region(regions: list[Crop]) -> None:
    windows = plan_crops(regions, SIZE_PX)
    assert len(windows) <= 3
    for window in windows:
        assert 0 <= window.left_px < window.right_px <= SIZE_PX[0]
        assert 0 <= window.top_px < window.bottom_px <= SIZE_PX[1]
    for region in regions:
        assert any(
            w.left_px <= region.left_px
            and w.top_px <= region.top_px
            and w.right_px >= region.right_px
            and w.bottom_px >= region.bottom_px
            for w in windows
        )


def test_a_far_object_gets_a_window_of_its_own() -> None:
    (window,) = plan_crops([Crop(700, 100, 720, 150)], SIZE_PX)
    assert window.width_px == window.height_px < SIZE_PX[1] / 2
    assert whole(SIZE_PX) == Crop(0, 0, 960, 540)
