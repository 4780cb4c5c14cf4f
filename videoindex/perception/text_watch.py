"""Watching frames for text: which parts changed, whether a known line still stands, when to read again.

Reading is dear, comparing pixels is cheap. So every frame is compared, and only what changed since it was last
read is looked at again: as soon as it has come to rest, or now and then while it moves. A known line whose
pixels agree with those it was read from is still there, whatever moves around it, and is not read again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.perception.live_lines import LiveLine, crop, cut_off, overlaps
from videoindex.perception.ocr import FoundText, Reading
from videoindex.perception.text_lines import (
    SeenLine,
    TextLine,
    clean_text,
    match_lines,
    merged_reading,
)
from videoindex.perception.text_pixels import (
    TILE_PX,
    WORK_SIDE_PX,
    Tiles,
    agreement,
    changed_tiles,
    clusters,
    fewer,
    typed_so_far,
    work_picture,
)
from videoindex.types import Box, Span

__all__ = ["Reader", "TextWatch", "WatchSettings"]

_REST_GAP_S = 1.0  # frames further apart than this do not show that anything is at rest
_PAUSE_PER_LINE_S = 0.05  # after reading, a part that moves (text scrolling by) is left alone so much longer
_HISTORY_FRAMES = 16  # how many frames back the start of a line is looked for
_LEAST_READ_CONFIDENCE = 0.5
_SHARPENED_GAIN = 1.3  # contrast gained from which a line read during its fade is read again


class Reader(Protocol):
    """What finds and reads text; see :class:`videoindex.perception.ocr.TextReader`."""

    def find(self, rgb_HWC: NDArray[np.uint8], scale: float = 1.0) -> list[FoundText]: ...

    def read(self, rgb_HWC: NDArray[np.uint8], found: Sequence[FoundText]) -> list[Reading]: ...


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """``find_side_px``: the picture's shorter side when text is searched for. ``relook_s``: least time between
    two looks at a part that does not come to rest. ``patience_s``: how long a part may move before the first."""

    find_side_px: int
    relook_s: float
    patience_s: float


class TextWatch:
    """Follows the lines of text through the frames of one segment, given in order to :meth:`step`.

    Boxes are in pixels of the frames. Lines that are there in the first frame start at ``span.start_s``, and
    those still there at the end end at ``span.end_s``: what lies beyond is for the neighbouring segment.
    """

    def __init__(self, reader: Reader, span: Span, settings: WatchSettings) -> None:
        self._reader, self._span, self._settings = reader, span, settings
        self._live: list[LiveLine] = []
        self._ended: list[TextLine] = []
        self._history: deque[tuple[float, NDArray[np.uint8]]] = deque(maxlen=_HISTORY_FRAMES)
        self._small_HW: NDArray[np.uint8] | None = None  # the frame before, small
        self._read_HW: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)  # each part as it was last looked at
        self._moving_since_RC: NDArray[np.float64] = np.zeros((0, 0))
        self._looked_at_RC: NDArray[np.float64] = np.zeros((0, 0))
        self._rgb_HWC: NDArray[np.uint8] = np.zeros((0, 0, 3), np.uint8)
        self._before_HW: NDArray[np.uint8] | None = None
        self._after_HW: NDArray[np.uint8] | None = None

    def before(self, rgb_HWC: NDArray[np.uint8]) -> None:
        """Takes in a frame shortly before the span: lines that stand in it already cross the seam."""
        self._before_HW = _grey(rgb_HWC)

    def after(self, rgb_HWC: NDArray[np.uint8]) -> None:
        """Takes in the frame at the end of the span: lines that stand in it still cross the seam."""
        self._after_HW = _grey(rgb_HWC)

    def step(self, at_s: float, rgb_HWC: NDArray[np.uint8]) -> None:
        """Takes in the frame that is on display from ``at_s`` on."""
        grey_HW = _grey(rgb_HWC)
        small_HW = work_picture(grey_HW)
        self._live = [line.checked(grey_HW, at_s) for line in self._live]
        for left, top, right, bottom in self._due(at_s, small_HW):
            self._look(at_s, rgb_HWC, grey_HW, small_HW, (left, top, right, bottom))
        self._history.append((at_s, grey_HW))
        self._small_HW = small_HW
        self._rgb_HWC = rgb_HWC

    def finish(self) -> list[TextLine]:
        """All lines, the present ones as lasting until the end of the span."""
        if self._small_HW is not None and any(line.lost_s is not None for line in self._live):
            (at_s, grey_HW), rows_columns = self._history[-1], self._looked_at_RC.shape
            whole = (0, 0, rows_columns[1], rows_columns[0])
            self._look(at_s, self._rgb_HWC, grey_HW, self._small_HW, whole)
        lines = list(self._ended)
        for line in self._live:
            end_s = self._span.end_s if line.lost_s is None else line.lost_s
            crosses = line.crosses or (line.lost_s is None and line.stands_in(self._after_HW))
            ended = replace(line, crosses=crosses).ended(end_s)
            if ended is not None:
                lines.append(ended)
        return lines

    def _due(self, at_s: float, small_HW: NDArray[np.uint8]) -> list[Tiles]:
        """Where to look in this frame, as rectangles in tiles."""
        if self._small_HW is None:
            rows, columns = small_HW.shape[0] // TILE_PX, small_HW.shape[1] // TILE_PX
            self._moving_since_RC = np.full((rows, columns), math.inf)
            self._looked_at_RC = np.full((rows, columns), -math.inf)
            self._read_HW = small_HW.copy()
            return [(0, 0, columns, rows)]
        moving = changed_tiles(small_HW, self._small_HW)
        self._moving_since_RC = np.where(moving, np.minimum(self._moving_since_RC, at_s), math.inf)
        pending = changed_tiles(small_HW, self._read_HW)
        for line in self._live:
            if line.lost_s is not None:
                left, top, right, bottom = self._tiles_under(line.seen.box)
                pending[top:bottom, left:right] = True
        is_rest_seen = at_s - self._history[-1][0] <= _REST_GAP_S
        waited = at_s - self._moving_since_RC >= self._settings.patience_s
        overdue = pending & waited & (at_s - self._looked_at_RC >= self._settings.relook_s)

        def is_due(tiles: Tiles) -> bool:
            part = np.s_[tiles[1] : tiles[3], tiles[0] : tiles[2]]
            return bool(overdue[part].any()) or (is_rest_seen and not moving[part].any())

        rows, columns = moving.shape
        return fewer([tiles for tiles in clusters(pending) if is_due(tiles)], (rows, columns))

    def _look(
        self,
        at_s: float,
        rgb_HWC: NDArray[np.uint8],
        grey_HW: NDArray[np.uint8],
        small_HW: NDArray[np.uint8],
        tiles: Tiles,
    ) -> None:
        """Searches one part of the frame, reads what is new there, and brings the lines up to date."""
        whole = (0, 0, self._looked_at_RC.shape[1], self._looked_at_RC.shape[0])
        area = self._area_px(tiles, grey_HW.shape)
        found = self._find(rgb_HWC, area)
        if tiles != whole and any(cut_off(text, area, grey_HW.shape) and not self._known(text) for text in found):
            tiles, area = whole, self._area_px(whole, grey_HW.shape)
            found = self._find(rgb_HWC, area)
        claimed = {index for text in found if (index := self._known(text)) is not None}
        fresh = [text for text in found if self._known(text) is None]
        seen = _seen_lines(at_s, fresh, self._reader.read(rgb_HWC, fresh))
        self._take_in(at_s, grey_HW, seen, area, claimed)
        left, top, right, bottom = tiles
        self._looked_at_RC[top:bottom, left:right] = at_s + _PAUSE_PER_LINE_S * len(fresh)
        part = np.s_[top * TILE_PX : bottom * TILE_PX, left * TILE_PX : right * TILE_PX]
        self._read_HW[part] = small_HW[part]

    def _find(self, rgb_HWC: NDArray[np.uint8], area: tuple[int, int, int, int]) -> list[FoundText]:
        left, top, right, bottom = area
        scale = self._settings.find_side_px / min(rgb_HWC.shape[:2])
        found = self._reader.find(rgb_HWC[top:bottom, left:right], scale)
        return [text.shifted(left, top) for text in found]

    def _known(self, text: FoundText) -> int | None:
        """Which line, read surely and standing still, is found here again; None when it is to be read."""
        left, top, right, bottom = text.bounds_px
        slack = 0.35 * (bottom - top)
        for i, line in enumerate(self._live):
            box = line.seen.box
            in_place = abs(box.left_px - left) <= slack and abs(box.right_px - right) <= slack
            in_place = in_place and abs(box.top_px - top) <= slack and abs(box.bottom_px - bottom) <= slack
            sure = line.lost_s is None and line.gain <= _SHARPENED_GAIN and line.seen.confidence >= 0.9
            if in_place and sure:
                return i
        return None

    def _take_in(
        self,
        at_s: float,
        grey_HW: NDArray[np.uint8],
        seen: Sequence[SeenLine],
        area: tuple[int, int, int, int],
        claimed: set[int],
    ) -> None:
        """Continues, begins and ends lines by what was read in ``area``."""
        open_lines = [
            i
            for i, line in enumerate(self._live)
            if i not in claimed and (line.lost_s is not None or overlaps(line.seen.box, area))
        ]
        matches = match_lines([self._live[i].seen for i in open_lines], seen)
        continued: set[int] = set()
        for now, match in zip(seen, matches, strict=True):
            template_HW = crop(grey_HW, now.box).copy()
            if match is None:
                start_s = self._began_s(at_s, template_HW, now.box)
                first_box = replace(now.box, at_s=start_s)
                line = LiveLine(now, first_box, start_s, 1, template_HW)
                crosses = start_s == self._span.start_s and line.stands_in(self._before_HW)
                self._live.append(replace(line, crosses=crosses))
                continue
            i = open_lines[match]
            continued.add(i)
            line = self._live[i]
            merged = merged_reading(line.seen, now)
            self._live[i] = replace(
                line, seen=merged, looks=line.looks + 1, template_HW=template_HW, gain=1.0, lost_s=None
            )
        gone = {
            i
            for i in open_lines
            if i not in continued and self._live[i].lost_s is not None and overlaps(self._live[i].seen.box, area)
        }
        for i in gone:
            ended = self._live[i].ended(self._live[i].lost_s or at_s)
            if ended is not None:
                self._ended.append(ended)
        self._live = [line for i, line in enumerate(self._live) if i not in gone]

    def _began_s(self, at_s: float, template_HW: NDArray[np.uint8], box: Box) -> float:
        """The earliest of the frames just before in which the line stood already (whole, or its beginning)."""
        if not self._history:
            return self._span.start_s
        for then_s, then_HW in reversed(self._history):
            crop_HW = crop(then_HW, box)
            if not (agreement(template_HW, crop_HW).stands or typed_so_far(template_HW, crop_HW)):
                return at_s
            at_s = then_s
        return at_s

    def _tiles_under(self, box: Box) -> tuple[int, int, int, int]:
        rows, columns = self._looked_at_RC.shape
        shape = self._history[-1][1].shape
        tile_px = TILE_PX * max(shape) / WORK_SIDE_PX
        left, top = max(0, int(box.left_px / tile_px)), max(0, int(box.top_px / tile_px))
        right, bottom = math.ceil(box.right_px / tile_px), math.ceil(box.bottom_px / tile_px)
        return min(left, columns - 1), min(top, rows - 1), min(right, columns), min(bottom, rows)

    def _area_px(self, tiles: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
        """The part of the frame under a rectangle of tiles, widened to hold every known line it touches."""
        tile_px = TILE_PX * max(shape) / WORK_SIDE_PX
        left, top, right, bottom = (edge * tile_px for edge in tiles)
        for line in self._live:
            box = line.seen.box
            if overlaps(box, (int(left), int(top), math.ceil(right), math.ceil(bottom))):
                left, right = min(left, box.left_px), max(right, box.right_px)
                top, bottom = min(top, box.top_px), max(bottom, box.bottom_px)
        height, width = shape[:2]
        return max(0, int(left)), max(0, int(top)), min(width, math.ceil(right)), min(height, math.ceil(bottom))


def _grey(rgb_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.cvtColor(rgb_HWC, cv2.COLOR_RGB2GRAY), np.uint8)


def _seen_lines(at_s: float, found: Sequence[FoundText], readings: Sequence[Reading]) -> list[SeenLine]:
    seen = []
    for text, reading in zip(found, readings, strict=True):
        cleaned = clean_text(reading.text)
        if reading.confidence >= _LEAST_READ_CONFIDENCE and any(char.isalnum() for char in cleaned):
            left, top, right, bottom = text.bounds_px
            box = Box(at_s, max(0.0, left), max(0.0, top), right, bottom)
            seen.append(SeenLine(cleaned, reading.confidence, box))
    return seen
