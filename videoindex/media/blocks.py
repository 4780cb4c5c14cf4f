"""Which blocks of a picture changed: one small grey picture at a time, with a memory of one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BlockReferences"]


class BlockReferences:
    """Compares each look with every block's *settled reference*: the picture the block had when it last fired.

    A pixel differs when it is more than ``noise_levels`` (of 255) away from its reference; beside edges, where
    codecs ring and the slightest shake shows, a quarter of the contrast within 3 x 3 pixels is allowed on top. A
    block fires when at least ``fire_share`` of its pixels differ; only then does it take the new picture as its
    reference, so that a slow fade adds up until it fires, while noise never moves the reference. Light that drifts
    slower than ``drift_levels_per_s`` is followed: every pixel's reference goes towards what is seen by one level
    at a time (the sigma-delta background of Manzanera and Richefeu, 2004).
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        noise_levels: int = 14,
        fire_share: float = 0.02,
        drift_levels_per_s: float = 0.5,
    ) -> None:
        self._grid = (columns, rows)
        self._noise = noise_levels
        self._fire_level = max(1, round(fire_share * 255))
        self._drift_every_s = 1.0 / drift_levels_per_s
        self._reference_HW: NDArray[np.uint8] | None = None
        self._allowance_HW: NDArray[np.uint8] | None = None
        self._drifted_at_s = 0.0

    def look(self, grey_HW: NDArray[np.uint8], at_s: float) -> NDArray[np.uint8]:
        """The share of each block that differs from its reference, 255 being all: uint8 of rows x columns.

        ``grey_HW`` has the same shape at every look; the first is all 255.
        """
        import cv2

        if self._reference_HW is None:
            self._reference_HW, self._drifted_at_s = grey_HW.copy(), at_s
            return np.full(self._grid[::-1], 255, np.uint8)
        if self._allowance_HW is None:
            self._allowance_HW = _edge_allowance_HW(self._reference_HW)
        away_HW = cv2.subtract(cv2.absdiff(grey_HW, self._reference_HW), self._allowance_HW)
        _, differs_HW = cv2.threshold(away_HW, self._noise, 255, cv2.THRESH_BINARY)
        share_RC = np.asarray(cv2.resize(differs_HW, self._grid, interpolation=cv2.INTER_AREA), np.uint8)
        fired_RC = share_RC >= self._fire_level
        if fired_RC.any():
            high, wide = grey_HW.shape
            fired_HW = cv2.resize(fired_RC.view(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST)
            np.copyto(self._reference_HW, grey_HW, where=fired_HW.view(np.bool_))
            self._allowance_HW = None
        if at_s - self._drifted_at_s >= self._drift_every_s:
            self._drift(grey_HW)
            self._drifted_at_s = at_s
        return share_RC

    def _drift(self, grey_HW: NDArray[np.uint8]) -> None:
        assert self._reference_HW is not None
        above, below = grey_HW > self._reference_HW, grey_HW < self._reference_HW
        self._reference_HW += above.view(np.uint8)
        self._reference_HW -= below.view(np.uint8)
        self._allowance_HW = None


def _edge_allowance_HW(grey_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A quarter of the contrast within 3 x 3 pixels."""
    import cv2

    around = np.ones((3, 3), np.uint8)
    contrast_HW = cv2.subtract(cv2.dilate(grey_HW, around), cv2.erode(grey_HW, around))
    return np.asarray(contrast_HW, np.uint8) // np.uint8(4)
