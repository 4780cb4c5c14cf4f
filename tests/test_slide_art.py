"""Drawn slides: a line that is added changes its own place only, and everything stays on the slide."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.evaluation.lecture_content import LECTURES, Slide
from videoindex.evaluation.slide_art import HEIGHT_PX, POINTER_RADIUS_PX, WIDTH_PX, draw_slide, with_pointer

SLIDES = [slide for lecture in LECTURES for slide in lecture.opening]


@pytest.mark.parametrize("slide", [s for s in SLIDES if s.layout in ("bullets", "code")], ids=lambda s: s.title)
def test_each_line_adds_to_the_slide_below_the_lines_before(slide: Slide) -> None:
    pictures = [draw_slide(slide, count, 0, "footer") for count in range(len(slide.lines) + 1)]
    lowest = 150  # below the title
    for before, after in pairwise(pictures):
        rows = np.flatnonzero((before != after).any(axis=(1, 2)))
        assert len(rows)
        assert rows[0] > lowest - 12  # a letter may reach below its line
        assert rows[-1] < 660
        lowest = rows[-1]


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
@pytest.mark.parametrize("palette", [0, 1])
def test_a_slide_fills_its_middle_and_leaves_its_right_edge_free(slide: Slide, palette: int) -> None:
    picture_HWC = draw_slide(slide, len(slide.lines), palette, "footer")
    assert (picture_HWC.shape, picture_HWC.dtype) == ((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    paper = picture_HWC[-1, -1]
    inked_HW = (np.abs(picture_HWC.astype(int) - paper) > 60).any(axis=2)
    assert inked_HW[150:650].mean() > 0.002
    if slide.layout != "title":  # whose rings run over the edge on purpose
        assert not inked_HW[20:, -40:].any()


def test_palettes_take_turns_and_the_footer_is_shown() -> None:
    slide = SLIDES[1]
    assert np.array_equal(draw_slide(slide, 2, 0, "a"), draw_slide(slide, 2, 2, "a"))
    assert not np.array_equal(draw_slide(slide, 2, 0, "a"), draw_slide(slide, 2, 1, "a"))
    rows = np.flatnonzero((draw_slide(slide, 2, 0, "a") != draw_slide(slide, 2, 0, "b")).any(axis=(1, 2)))
    assert 668 < rows[0] <= rows[-1] < 720


SLIDE_HWC = np.full((120, 200, 3), 240, np.uint8)


@given(st.integers(20, 180), st.integers(20, 100))
def test_the_pointer_is_a_red_dot_on_a_copy(x_px: int, y_px: int) -> None:
    pointed = with_pointer(SLIDE_HWC, x_px, y_px)
    assert (SLIDE_HWC == 240).all()
    assert tuple(pointed[y_px, x_px]) == (232, 32, 36)
    rows, columns = np.mgrid[0:120, 0:200]
    away_px = np.hypot(rows - y_px, columns - x_px)
    assert (pointed[away_px > POINTER_RADIUS_PX + 1] == 240).all()
    assert (pointed[away_px <= POINTER_RADIUS_PX][:, 1] < 60).all()
