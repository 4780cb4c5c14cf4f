"""What pixels alone say: which tiles changed, where to look, and whether a line still stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slides import Planted, drawn, plain

from videoindex.perception.text_pixels import (
    TILE_PX,
    WORK_SIDE_PX,
    agreement,
    changed_tiles,
    clusters,
    fewer,
    typed_so_far,
    work_picture,
)

WHITE = (250, 250, 245)
ROWS, COLUMNS = 9, 16


def test_agreement_tells_a_faded_line_from_another() -> None:
    def crop(text: str, opacity: float = 1.0) -> np.ndarray:
        page = plain(WHITE, 400, 60)(0.0)
        written = drawn(page, [Planted(text, 0, 1, 20, 15, 28)], 0.0)
        return (page + (written.astype(float) - page) * opacity)[..., 1].astype(np.uint8)

    template = crop("expected value")
    assert agreement(template, template).gain == pytest.approx(1.0)
    half = agreement(template, crop("expected value", 0.5))
    assert half.stands
    assert half.gain == pytest.approx(0.5, abs=0.02)
    assert not agreement(template, crop("expected value", 0.2)).stands
    assert not agreement(template, crop("expected volume")).stands
    assert not agreement(template, crop("")).stands
    assert typed_so_far(template[:, 20:], crop("expec")[:, 20:])
    assert not typed_so_far(template[:, 20:], crop("rando")[:, 20:])
    assert not typed_so_far(template[:, 20:], crop("")[:, 20:])


def test_a_letter_changes_its_tile_and_noise_changes_none() -> None:
    page = np.full((ROWS * TILE_PX, COLUMNS * TILE_PX), 240, np.uint8)
    noisy = page - np.random.default_rng(0).integers(0, 15, page.shape).astype(np.uint8)
    assert not changed_tiles(page, noisy).any()
    noisy[3 * TILE_PX + 4 : 3 * TILE_PX + 8, 5 * TILE_PX + 4 : 5 * TILE_PX + 8] = 20
    assert np.argwhere(changed_tiles(page, noisy)).tolist() == [[3, 5]]
    assert (changed_tiles(page, noisy) == changed_tiles(noisy, page)).all()


marked_tiles = st.sets(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), max_size=12)


@given(marked_tiles)
def test_clusters_hold_every_marked_tile_with_its_rim_whether_many_or_fewer(marked: set[tuple[int, int]]) -> None:
    tiles_RC = np.zeros((ROWS, COLUMNS), bool)
    for row, column in marked:
        tiles_RC[row, column] = True
    many = clusters(tiles_RC)
    for rects in (many, fewer(many, tiles_RC.shape)):
        for row, column in marked:
            assert any(
                left <= max(column - 1, 0)
                and min(column + 2, COLUMNS) <= right
                and top <= max(row - 1, 0)
                and min(row + 2, ROWS) <= bottom
                for left, top, right, bottom in rects
            )
        assert all(
            0 <= left < right <= COLUMNS and 0 <= top < bottom <= ROWS for left, top, right, bottom in rects
        )
    assert len(fewer(many, tiles_RC.shape)) <= 4


def test_few_small_rectangles_stay_and_many_become_one() -> None:
    few = [(0, 0, 3, 3), (10, 5, 13, 8)]
    assert fewer(few, (ROWS, COLUMNS)) == few
    assert fewer([*few, (0, 0, 16, 5)], (ROWS, COLUMNS)) == [(0, 0, 16, 8)]
    assert fewer([(k, k, k + 1, k + 1) for k in range(5)], (ROWS, COLUMNS)) == [(0, 0, 5, 5)]


@pytest.mark.parametrize("shape_HW", [(1080, 1920), (720, 405), (37, 640), (100, 100)])
def test_the_work_picture_has_its_side_and_whole_tiles(shape_HW: tuple[int, int]) -> None:
    small_HW = work_picture(np.full(shape_HW, 77, np.uint8))
    assert max(small_HW.shape) == WORK_SIDE_PX
    assert all(side % TILE_PX == 0 for side in small_HW.shape)
    assert (small_HW == 77).all()
