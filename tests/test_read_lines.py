"""Large letters, small print and single signs of one picture are all read, each once, in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from barred import BarReader, page
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videoindex.perception.ocr import FoundText, Reading, TextReader
from videoindex.query.read_lines import read_lines

Corners = tuple[float, float, float, float]


def region(left: float, top: float, right: float, bottom: float) -> FoundText:
    return FoundText(((left, top), (right, top), (right, bottom), (left, bottom)), 0.9)


class BySize:
    """Finds other regions at other sizes of the picture; reads each as its own left and top."""

    def __init__(self, found: dict[float, list[FoundText]], confidence: float = 0.99) -> None:
        self._found, self._confidence = found, confidence
        self.scales: list[float] = []

    def find(self, rgb_HWC: NDArray[np.uint8], scale: float = 1.0) -> list[FoundText]:
        self.scales.append(scale)
        return self._found.get(round(scale, 2), [])

    def read(self, rgb_HWC: NDArray[np.uint8], found: Sequence[FoundText]) -> list[Reading]:
        return [Reading(f"at {text.bounds_px[0]:.0f} {text.bounds_px[1]:.0f}", self._confidence) for text in found]


FULL_HD = np.zeros((1080, 1920, 3), np.uint8)  # searched at 384, 736 and 1080 px: 0.36, 0.68 and 1


def test_a_small_picture_is_searched_once_and_a_large_one_at_several_sizes() -> None:
    for high, scales in (
        (360, [1.0]),
        (720, [0.53, 1.0]),
        (1080, [0.36, 0.68, 1.0]),
        (2160, [0.18, 0.34, 0.67, 1]),
    ):
        reader = BySize({})
        read_lines(np.zeros((high, high * 16 // 9, 3), np.uint8), 0.0, reader, 0.7)
        assert [round(scale, 2) for scale in reader.scales] == scales
    vast = BySize({})
    read_lines(np.zeros((5760, 5760, 3), np.uint8), 0.0, vast, 0.7)
    assert max(vast.scales) == pytest.approx(0.5)


def test_large_letters_are_taken_from_the_small_picture_and_their_pieces_left() -> None:
    whole, pieces = region(100, 100, 900, 200), [region(100, 100, 480, 200), region(520, 100, 900, 200)]
    seen = read_lines(FULL_HD, 0.0, BySize({0.36: [whole], 1.0: pieces}), 0.7)
    assert [line.box.right_px for line in seen.lines] == [900]


def test_small_print_is_taken_from_the_large_picture_and_two_lines_run_together_left() -> None:
    blurred, lines = region(100, 100, 500, 130), [region(100, 100, 500, 113), region(100, 116, 500, 129)]
    seen = read_lines(FULL_HD, 0.0, BySize({0.36: [blurred], 1.0: lines}), 0.7)
    assert [(line.box.top_px, line.box.bottom_px) for line in seen.lines] == [(100, 113), (116, 129)]


def test_what_only_the_small_picture_shows_is_kept() -> None:
    seen = read_lines(FULL_HD, 0.0, BySize({0.36: [region(700, 300, 720, 330)]}), 0.7)
    assert seen.text == "at 700 300"


def test_lines_read_with_too_little_confidence_are_counted_and_left_out() -> None:
    seen = read_lines(page(("alpha", 40, 30), ("murky", 300, 30), ("bravo", 40, 100)), 2.0, BarReader(), 0.7)
    assert ([line.text for line in seen.lines], seen.text, seen.unsure) == (["alpha", "bravo"], "alpha\nbravo", 1)
    assert seen.lines[1].box.at_s == 2.0
    assert seen.lines[1].box.top_px == pytest.approx(100, abs=1)


def test_boxes_do_not_reach_out_of_the_picture() -> None:
    found = region(-9, -4, 2000, 1090)
    (line,) = read_lines(FULL_HD, 0.0, BySize({1.0: [found]}), 0.7).lines
    assert (line.box.left_px, line.box.top_px, line.box.right_px, line.box.bottom_px) == (0, 0, 1920, 1080)


def test_all_sizes_of_letters_on_one_page_are_read() -> None:
    planted = {
        "Quarterly Invoice": (60, 40, 110),
        "Total due: 1,284.50 EUR": (60, 220, 40),
        "Terms: net 30 days": (60, 330, 14),
        "7": (900, 500, 30),
    }
    image = Image.new("RGB", (1280, 720), (240, 240, 235))
    for text, (x, y, height) in planted.items():
        ImageDraw.Draw(image).text((x, y), text, font=ImageFont.load_default(height), fill=(20, 20, 30))
    seen = read_lines(np.asarray(image), 0.0, TextReader(), 0.7)
    assert [line.text for line in seen.lines] == list(planted)
