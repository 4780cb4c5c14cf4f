"""One line of text while it is on the screen: what it was read as, its pixels, and whether they still stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from videoindex.perception.ocr import FoundText
from videoindex.perception.text_lines import SeenLine, TextLine
from videoindex.perception.text_pixels import agreement
from videoindex.types import Box, Span

__all__ = ["LiveLine", "crop", "cut_off", "overlaps"]

_RIM_PX = 3  # text this near to an edge of the searched area may go on beyond it


@dataclass(frozen=True, slots=True)
class LiveLine:
    """A line on the screen: its latest reading, where and since when, and the pixels it was read from."""

    seen: SeenLine
    first_box: Box
    start_s: float
    looks: int
    template_HW: NDArray[np.uint8]
    gain: float = 1.0
    crosses: bool = False  # whether it is on the other side of one of the span's ends, too
    lost_s: float | None = None  # the first frame in which its pixels no longer agreed

    def ended(self, end_s: float) -> TextLine | None:
        """The line as it was until ``end_s``; None when it had not begun by then."""
        if end_s <= self.start_s:
            return None
        span = Span(self.start_s, end_s)
        return TextLine(self.seen.text, self.seen.confidence, self.first_box, span, self.looks, self.crosses)

    def stands_in(self, grey_HW: NDArray[np.uint8] | None) -> bool:
        """Whether its pixels stand in their place in a frame; never where there is no frame."""
        return grey_HW is not None and agreement(self.template_HW, crop(grey_HW, self.seen.box)).stands

    def checked(self, grey_HW: NDArray[np.uint8], at_s: float) -> LiveLine:
        """The line with what the frame at ``at_s`` says of it: still standing, or lost by then."""
        now = agreement(self.template_HW, crop(grey_HW, self.seen.box))
        if now.stands:
            return replace(self, looks=self.looks + 1, gain=now.gain, lost_s=None)
        return self if self.lost_s is not None else replace(self, lost_s=at_s)


def crop(grey_HW: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of a frame under ``box``: a view."""
    return grey_HW[int(box.top_px) : int(box.bottom_px), int(box.left_px) : int(box.right_px)]


def overlaps(box: Box, area: tuple[int, int, int, int]) -> bool:
    """Whether a box and an area (left, top, right, bottom; pixels) have a part in common."""
    left, top, right, bottom = area
    return box.left_px < right and box.right_px > left and box.top_px < bottom and box.bottom_px > top


def cut_off(text: FoundText, area: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Whether text runs against an edge of the searched area that is not the picture's own edge."""
    left, top, right, bottom = text.bounds_px
    return (
        (area[0] > 0 and left <= area[0] + _RIM_PX)
        or (area[1] > 0 and top <= area[1] + _RIM_PX)
        or (area[2] < shape[1] and right >= area[2] - _RIM_PX)
        or (area[3] < shape[0] and bottom >= area[3] - _RIM_PX)
    )
