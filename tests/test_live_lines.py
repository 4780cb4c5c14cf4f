"""A line on the screen: it stands while its pixels do, is lost once, and may come back."""

from __future__ import annotations

import numpy as np
import pytest
from barred import HEIGHT_PX, WIDTH_PX, page
from numpy.typing import NDArray

from videoindex.perception.live_lines import LiveLine, crop, cut_off, overlaps
from videoindex.perception.ocr import FoundText
from videoindex.perception.text_lines import SeenLine
from videoindex.types import Box, Span

BOX = Box(1.0, 40.0, 60.0, 40.0 + WIDTH_PX, 60.0 + HEIGHT_PX)


def grey(*texts: tuple[str, int, int]) -> NDArray[np.uint8]:
    return page(*texts).mean(axis=2).astype(np.uint8)


SHOWN, EMPTY, OTHER = grey(("alpha", 40, 60)), grey(), grey(("bravo", 40, 60))
LINE = LiveLine(SeenLine("alpha", 0.9, BOX), BOX, 1.0, 1, crop(SHOWN, BOX))


def test_a_line_stands_in_frames_that_show_it() -> None:
    assert LINE.stands_in(SHOWN)
    assert not LINE.stands_in(EMPTY)
    assert not LINE.stands_in(OTHER)
    assert not LINE.stands_in(None)


def test_a_line_is_lost_at_the_first_frame_without_it_and_found_again() -> None:
    stood = LINE.checked(SHOWN, 1.5)
    assert (stood.looks, stood.lost_s) == (2, None)
    lost = stood.checked(EMPTY, 2.0).checked(OTHER, 2.5)
    assert (lost.looks, lost.lost_s) == (2, 2.0)
    assert lost.checked(SHOWN, 3.0).lost_s is None


def test_contrast_is_told_against_the_reading() -> None:
    half = (SHOWN.astype(int) + EMPTY) // 2
    assert LINE.checked(half.astype(np.uint8), 2.0).gain == pytest.approx(0.5, abs=0.02)


def test_a_line_ends_after_it_began() -> None:
    ended = LINE.ended(4.0)
    assert ended is not None
    assert (ended.text, ended.span, ended.box) == ("alpha", Span(1.0, 4.0), BOX)
    assert LINE.ended(1.0) is None


def test_boxes_that_only_touch_do_not_overlap() -> None:
    right, bottom = int(BOX.right_px), int(BOX.bottom_px)
    assert overlaps(BOX, (right - 1, bottom - 1, 640, 360))
    assert not overlaps(BOX, (right, 0, 640, 360))
    assert not overlaps(BOX, (0, bottom, 640, 360))


@pytest.mark.parametrize(
    ("area", "cut"),
    [
        ((0, 0, 640, 360), False),  # the picture's own edges cut nothing
        ((0, 0, 200, 360), True),
        ((100, 0, 640, 360), True),
        ((90, 30, 210, 130), False),
        ((0, 98, 640, 360), True),
        ((0, 0, 640, 122), True),
    ],
)
def test_text_at_an_inner_edge_of_the_area_is_cut_off(area: tuple[int, int, int, int], cut: bool) -> None:
    text = FoundText(((100.0, 100.0), (200.0, 100.0), (200.0, 120.0), (100.0, 120.0)), 0.9)
    assert cut_off(text, area, (360, 640)) is cut
