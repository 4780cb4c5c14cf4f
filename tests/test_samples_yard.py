"""The empty yard: one picture for each seed, with its wall where the camera sample hides feet behind it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from videoindex.evaluation.samples_yard import HEIGHT_PX, WALL_TOP_PX, WIDTH_PX, draw_yard


@pytest.fixture(scope="module")
def yard_HWC() -> NDArray[np.uint8]:
    return draw_yard(0)


def test_a_seed_gives_one_yard_and_another_seed_another(yard_HWC: NDArray[np.uint8]) -> None:
    assert (yard_HWC.shape, yard_HWC.dtype) == ((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    assert np.array_equal(yard_HWC, draw_yard(0))
    assert not np.array_equal(yard_HWC, draw_yard(1))


def test_the_wall_begins_at_its_row_over_the_whole_width(yard_HWC: NDArray[np.uint8]) -> None:
    luma_HW = yard_HWC.mean(axis=2)
    lane_W = luma_HW[WALL_TOP_PX - 12 : WALL_TOP_PX - 4].mean(axis=0)
    coping_W = luma_HW[WALL_TOP_PX + 4 : WALL_TOP_PX + 22].mean(axis=0)
    assert (coping_W - lane_W > 20).mean() > 0.98
    assert np.argmax(np.abs(np.diff(luma_HW.mean(axis=1)[WALL_TOP_PX - 40 : WALL_TOP_PX + 10]))) in range(37, 43)


def test_no_part_is_burnt_out_or_black(yard_HWC: NDArray[np.uint8]) -> None:
    assert 0.99 < ((yard_HWC > 5) & (yard_HWC < 250)).mean() <= 1.0
