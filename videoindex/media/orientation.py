"""How a stored picture is turned to be displayed, read from the display matrix (ISO/IEC 14496-12, 6.2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame
    from av.buffer import Buffer

__all__ = ["UPRIGHT", "Orientation", "orientation_of"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways a picture can lie: first transposed, then mirrored left-right and top-bottom."""

    is_transposed: bool = False
    is_mirrored: bool = False
    is_flipped: bool = False

    @property
    def clockwise_deg(self) -> int:
        """The turn to display, mirroring aside: 0, 90, 180 or 270."""
        if self.is_transposed:
            return 90 if self.is_mirrored else 270
        return 180 if self.is_mirrored and self.is_flipped else 0

    def apply(self, rgb_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture as displayed: a view, its pixels are not copied."""
        if self.is_transposed:
            rgb_HWC = rgb_HWC.transpose(1, 0, 2)
        if self.is_mirrored:
            rgb_HWC = rgb_HWC[:, ::-1]
        if self.is_flipped:
            rgb_HWC = rgb_HWC[::-1]
        return rgb_HWC


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation a decoded frame carries; turns that are no multiple of 90 degrees are left as stored."""
    sides = cast("Mapping[str, Buffer]", frame.side_data)  # the package declares its keys too narrowly
    matrix = sides.get("DISPLAYMATRIX")
    return UPRIGHT if matrix is None else _from_matrix(np.frombuffer(memoryview(matrix), dtype=np.int32))


def _from_matrix(matrix_9: NDArray[np.int32]) -> Orientation:
    """x' = a x + c y, y' = b x + d y, with (a, b, u, c, d, v, x, y, w) in 16.16 fixed point."""
    a, b, c, d = (int(matrix_9[i]) for i in (0, 1, 3, 4))
    if a == 0 and d == 0 and b and c:
        return Orientation(True, is_mirrored=c < 0, is_flipped=b < 0)
    if b == 0 and c == 0:
        return Orientation(False, is_mirrored=a < 0, is_flipped=d < 0)
    return UPRIGHT
