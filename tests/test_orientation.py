"""All eight ways a picture can lie, each against the matrix that ISO/IEC 14496-12 gives it."""

from __future__ import annotations

import numpy as np
import pytest

from videoindex.media.orientation import UPRIGHT, Orientation, _from_matrix

ONE = 1 << 16


def _shown(stored_HW: np.ndarray, a: int, b: int, c: int, d: int) -> np.ndarray:
    """The picture as the matrix puts it, pixel by pixel: x' = a x + c y, y' = b x + d y, shifted to start at 0."""
    places = {
        (a * x + c * y, b * x + d * y): stored_HW[y, x]
        for y in range(stored_HW.shape[0])
        for x in range(stored_HW.shape[1])
    }
    xs, ys = sorted({x for x, _ in places}), sorted({y for _, y in places})
    return np.array([[places[x, y] for x in xs] for y in ys])


@pytest.mark.parametrize(
    "turn",
    [
        (1, 0, 0, 1),
        (-1, 0, 0, 1),
        (1, 0, 0, -1),
        (-1, 0, 0, -1),
        (0, 1, 1, 0),
        (0, 1, -1, 0),
        (0, -1, 1, 0),
        (0, -1, -1, 0),
    ],
)
def test_displays_what_the_matrix_says(turn: tuple[int, int, int, int]) -> None:
    a, b, c, d = turn
    stored_HWC = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    matrix = np.array([a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30], np.int32)
    shown_HWC = _from_matrix(matrix).apply(stored_HWC)
    assert shown_HWC[:, :, 0].tolist() == _shown(stored_HWC[:, :, 0], a, b, c, d).tolist()


@pytest.mark.parametrize(("b", "c", "clockwise_deg"), [(ONE, -ONE, 90), (-ONE, ONE, 270)])
def test_names_the_turn(b: int, c: int, clockwise_deg: int) -> None:
    assert _from_matrix(np.array([0, b, 0, c, 0, 0, 0, 0, 1 << 30], np.int32)).clockwise_deg == clockwise_deg


def test_a_slanted_picture_is_left_as_stored() -> None:
    slanted = np.array([ONE, ONE // 2, 0, -ONE // 2, ONE, 0, 0, 0, 1 << 30], np.int32)
    assert _from_matrix(slanted) == UPRIGHT == Orientation()
