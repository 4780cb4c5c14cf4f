"""Text for a reader without a model: every text is a strip of bars in its own colour, found and read by that."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videoindex.perception.ocr import FoundText, Reading

COLOURS = {"alpha": (190, 0, 0), "bravo": (0, 0, 190), "delta": (0, 110, 0), "murky": (90, 0, 90)}
HEIGHT_PX, WIDTH_PX = 24, 150


def strip(text: str) -> NDArray[np.uint8]:
    """The bars of one text, as rgb_HWC on white."""
    random = np.random.default_rng(COLOURS[text])
    bars_W = np.repeat(random.permutation(WIDTH_PX // 3) % 2 == 0, 3)
    bars_W[[0, -1]] = True
    return np.where(bars_W[None, :, None], np.uint8(COLOURS[text]), np.uint8(250)).repeat(HEIGHT_PX, axis=0)


def page(*texts: tuple[str, int, int]) -> NDArray[np.uint8]:
    """A white page of 640 x 360 with texts, each with its left and top."""
    rgb_HWC = np.full((360, 640, 3), 250, np.uint8)
    for text, left_px, top_px in texts:
        rgb_HWC[top_px : top_px + HEIGHT_PX, left_px : left_px + WIDTH_PX] = strip(text)
    return rgb_HWC


class BarReader:
    """Finds strips and reads them by their colour; "murky" it cannot make out. Remembers what it has read."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def find(self, rgb_HWC: NDArray[np.uint8], scale: float = 1.0) -> list[FoundText]:
        inked_HW = (rgb_HWC.min(axis=2) < 200).astype(np.uint8)
        joined_HW = cv2.morphologyEx(inked_HW, cv2.MORPH_CLOSE, np.ones((1, 31), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(joined_HW)
        return [
            FoundText(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), 0.9)
            for x, y, w, h, _ in stats[1:count].astype(float)
        ]

    def read(self, rgb_HWC: NDArray[np.uint8], found: Sequence[FoundText]) -> list[Reading]:
        return [self._read(rgb_HWC, text) for text in found]

    def _read(self, rgb_HWC: NDArray[np.uint8], found: FoundText) -> Reading:
        left, top, right, bottom = (int(edge) for edge in found.bounds_px)
        part = rgb_HWC[top:bottom, left:right]
        ink = part[part.min(axis=2) < 200].mean(axis=0)
        text = min(COLOURS, key=lambda name: float(np.abs(ink - COLOURS[name]).sum()))
        self.texts.append(text)
        return Reading(text, 0.3 if text == "murky" else 0.99)
