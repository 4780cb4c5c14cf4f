"""What pixels alone say about text: which parts differ, and whether a known line still stands in its place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TILE_PX",
    "WORK_SIDE_PX",
    "Agreement",
    "Tiles",
    "agreement",
    "changed_tiles",
    "clusters",
    "fewer",
    "typed_so_far",
    "work_picture",
]

WORK_SIDE_PX = 640  # frames are compared at this length of their longer side
TILE_PX = 20  # ... in tiles of this side
_PIXEL_STEP = 20  # luma steps from which a pixel counts as changed: well above the noise of a codec
_TILE_SHARE = 0.02  # share of changed pixels from which a tile counts as changed: one small letter
_STANDS_CORRELATION = 0.55  # of a line's least agreeing piece
_STANDS_GAIN = 0.35  # contrast left, of that when it was read: a fading line is gone below this
_LEAST_DEVIATION = 6.0  # luma: a piece of a line with less contrast holds no strokes


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well pixels agree with a line's: the correlation of the least agreeing piece, and the contrast gain."""

    correlation: float
    gain: float

    @property
    def stands(self) -> bool:
        return self.correlation >= _STANDS_CORRELATION and self.gain >= _STANDS_GAIN


def agreement(template_HW: NDArray[np.uint8], now_HW: NDArray[np.uint8]) -> Agreement:
    """Compares a line's pixels with those that stand in its place now, piece by piece along the line.

    A piece is about as long as one and a half heights; pieces with no strokes in the template do not count.
    The gain is the least-squares factor from the template's contrast to the contrast of now.
    """
    height, width = template_HW.shape
    pieces = max(1, round(width / (1.5 * height)))
    least, dot_sum, square_sum = 1.0, 0.0, 0.0
    for i in range(pieces):
        part = slice(i * width // pieces, (i + 1) * width // pieces)
        then = template_HW[:, part].astype(np.float32)
        now = now_HW[:, part].astype(np.float32)
        then -= then.mean()
        now -= now.mean()
        squares, dot = float((then * then).sum()), float((then * now).sum())
        if squares < _LEAST_DEVIATION**2 * then.size:
            continue
        dot_sum, square_sum = dot_sum + dot, square_sum + squares
        least = min(least, dot / math.sqrt(squares * max(float((now * now).sum()), 1e-6)))
    if square_sum == 0.0:
        return Agreement(0.0, 0.0)
    return Agreement(least, dot_sum / square_sum)


def changed_tiles(one_HW: NDArray[np.uint8], other_HW: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which tiles of two small grey pictures (sides multiples of the tile) differ visibly."""
    height, width = one_HW.shape
    differ = (np.maximum(one_HW, other_HW) - np.minimum(one_HW, other_HW)) > _PIXEL_STEP
    share = differ.reshape(height // TILE_PX, TILE_PX, width // TILE_PX, TILE_PX).mean(axis=(1, 3))
    return np.asarray(share >= _TILE_SHARE)


Tiles = tuple[int, int, int, int]
"""A rectangle of tiles: left, top, right, bottom; right and bottom exclusive."""


def clusters(tiles_RC: NDArray[np.bool_]) -> list[Tiles]:
    """Rectangles round the groups of marked tiles, each with a rim of one tile."""
    import cv2

    grown = cv2.dilate(tiles_RC.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:count]]


def fewer(rects: list[Tiles], shape_RC: tuple[int, int]) -> list[Tiles]:
    """Many rectangles, or some that cover half of the picture, become one: one search costs less than many."""
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in rects)
    if len(rects) <= 1 or (len(rects) <= 4 and area <= 0.5 * shape_RC[0] * shape_RC[1]):
        return rects
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return [(min(lefts), min(tops), max(rights), max(bottoms))]


def work_picture(grey_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame at working size, its sides padded to whole tiles."""
    import cv2

    height, width = grey_HW.shape
    scale = WORK_SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(grey_HW, size, interpolation=cv2.INTER_AREA)
    padding = [(0, -length % TILE_PX) for length in small.shape]
    return np.pad(small, padding, mode="edge")


def typed_so_far(template_HW: NDArray[np.uint8], now_HW: NDArray[np.uint8]) -> bool:
    """Whether what stands in the line's place is the line's own beginning, with nothing behind it yet."""
    height, width = template_HW.shape
    written = np.flatnonzero(now_HW.std(axis=0) > 2 * _LEAST_DEVIATION)
    end_px = int(written[-1]) + 1 if len(written) else 0
    if not 0.3 * height <= end_px <= width - 0.3 * height:
        return False
    return agreement(template_HW[:, :end_px], now_HW[:, :end_px]).stands
