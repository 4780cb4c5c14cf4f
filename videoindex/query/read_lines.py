"""Every line of text in one picture, large and small letters alike, with boxes.

One size of the picture is not enough: searched at full size, letters of a hand's breadth fall apart and single
ones are missed; searched small, small print is not seen. So the picture is searched at several sizes. What stands
high enough in a smaller one is taken from there, the rest from the next larger one. The text itself is
always read from the full picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.perception.ocr import FoundText
from videoindex.perception.text_lines import TextLine, clean_text, joined_text, reading_order
from videoindex.perception.text_watch import Reader
from videoindex.types import Box, Span

__all__ = ["PageText", "ReadLine", "read_lines"]

# The picture's shorter side, in pixels, when it is searched; its own size, up to the last of them, comes on top.
_FIND_SIDES_PX = (384, 736, 1440, 2880)
# A region found at a smaller size is taken from there when it is this high, in pixels of that size.
_CLEAR_HEIGHT_PX = 20.0
# Two regions are of one text when they share this part of the smaller one.
_SAME_SHARE = 0.4
_MOMENT_S = 1e-3  # lines are sorted by code that wants a lifetime


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line: ``confidence`` in [0, 1], ``box`` in pixels of the picture."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of a picture in reading order, their text as one, and how many ``unsure`` ones were left out."""

    lines: tuple[ReadLine, ...]
    text: str
    unsure: int


def read_lines(rgb_HWC: NDArray[np.uint8], at_s: float, reader: Reader, least_confidence: float) -> PageText:
    """All lines of a picture that are read with ``least_confidence`` or more."""
    found = _find(rgb_HWC, reader)
    known, unsure = [], 0
    for region, reading in zip(found, reader.read(rgb_HWC, found), strict=True):
        text = clean_text(reading.text)
        if not text:
            continue
        if reading.confidence < least_confidence:
            unsure += 1
            continue
        box = _cut(region, at_s, rgb_HWC.shape)
        known.append(TextLine(text, reading.confidence, box, Span(at_s, at_s + _MOMENT_S)))
    ordered = reading_order(known)
    lines = tuple(ReadLine(line.text, line.confidence, line.box) for line in ordered)
    return PageText(lines, joined_text(known), unsure)


def _find(rgb_HWC: NDArray[np.uint8], reader: Reader) -> list[FoundText]:
    """The regions of text at all sizes, each text once."""
    side_px = min(rgb_HWC.shape[:2])
    scales = [side / side_px for side in _FIND_SIDES_PX[:-1] if side < side_px]
    scales.append(min(1.0, _FIND_SIDES_PX[-1] / side_px))
    kept: list[FoundText] = []
    small: list[FoundText] = []
    for scale in scales:
        for region in reader.find(rgb_HWC, scale):
            if scale < scales[-1] and _height_px(region) * scale < _CLEAR_HEIGHT_PX:
                small.append(region)
            elif not _is_among(region, kept):
                kept.append(region)
    for region in small:  # what the larger sizes did not find again
        if not _is_among(region, kept):
            kept.append(region)
    return kept


def _is_among(region: FoundText, known: Sequence[FoundText]) -> bool:
    return any(_shared(region, other) >= _SAME_SHARE for other in known)


def _shared(one: FoundText, other: FoundText) -> float:
    """The common area of two upright rectangles, as a share of the smaller one."""
    (l1, t1, r1, b1), (l2, t2, r2, b2) = one.bounds_px, other.bounds_px
    wide, high = min(r1, r2) - max(l1, l2), min(b1, b2) - max(t1, t2)
    least = min((r1 - l1) * (b1 - t1), (r2 - l2) * (b2 - t2))
    return wide * high / least if wide > 0 and high > 0 and least > 0 else 0.0


def _height_px(region: FoundText) -> float:
    _, top, _, bottom = region.bounds_px
    return bottom - top


def _cut(region: FoundText, at_s: float, shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = region.bounds_px
    return Box(at_s, max(0.0, left), max(0.0, top), min(float(shape[1]), right), min(float(shape[0]), bottom))
