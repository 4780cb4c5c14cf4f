"""What moved between two looks, and which windows of the picture are worth a detector's time. Pure.

Looks are compared as small grey pictures (averaging kills noise). A shift of the whole picture (a shaking camera)
is measured by phase correlation and undone; a change of light, which leaves the structure in place, is told from
a cut by the correlation of the two pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videoindex.perception.detector import Crop

__all__ = ["Motion", "compare", "moved_share", "plan_crops", "small_grey", "whole"]

SMALL_WIDTH_PX: Final = 160
# Grey levels by which a pixel of the small picture must differ, and multiples of the picture's own noise.
CHANGED_LEVELS: Final = 10
CHANGED_NOISES: Final = 6.0
SMALLEST_REGION_PX: Final = 6
# In a dark, flat picture less than that tells a cut: this share of its contrast, and at least so many levels.
CUT_CONTRASTS: Final = 0.3
CUT_LEVELS: Final = 3.0
FLAT_LEVELS: Final = 5.0
WHOLE_CHANGE: Final = 0.5
CUT_CORRELATION: Final = 0.55
LIGHT_CORRELATION: Final = 0.85
SHAKE_PX: Final = (0.25, 6.0)
SHAKE_RESPONSE: Final = 0.3
MARGIN: Final = 1.5
SMALLEST_CROP: Final = 0.35
MOST_CROPS: Final = 3
JOIN_COST: Final = 1.25


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """``moved_HW`` marks the changed pixels of the small picture; ``cut`` says that another scene began.

    ``regions`` are the windows around what moved, in pixels of the looked-at picture; none after a cut or when
    only the light changed.
    """

    moved_HW: NDArray[np.bool_]
    regions: tuple[Crop, ...]
    cut: bool


def small_grey(rgb_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The picture as ``compare`` wants it: grey, float32, 160 px wide."""
    height_px, width_px = rgb_HWC.shape[:2]
    size_px = (SMALL_WIDTH_PX, max(1, round(SMALL_WIDTH_PX * height_px / width_px)))
    small_HWC = cv2.resize(rgb_HWC, size_px, interpolation=cv2.INTER_AREA)
    grey_HW = cv2.cvtColor(small_HWC, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey_HW, (3, 3), 0), dtype=np.float32)


def compare(before_HW: NDArray[np.float32], now_HW: NDArray[np.float32], size_px: tuple[int, int]) -> Motion:
    """What moved from one small grey picture to the next; ``size_px`` is (width, height) of the full picture."""
    steady_HW = _unshaken(before_HW, now_HW)
    difference_HW = np.abs(now_HW - steady_HW)
    least = max(CHANGED_LEVELS, CHANGED_NOISES * float(np.median(difference_HW)))
    moved_HW = difference_HW > least
    if (before_HW.std() < FLAT_LEVELS) != (now_HW.std() < FLAT_LEVELS):  # to or from black
        return Motion(np.zeros_like(moved_HW), (), cut=True)
    contrast = float(max(before_HW.std(), now_HW.std()))
    changed = float(np.mean(difference_HW > min(CHANGED_LEVELS, max(CUT_LEVELS, CUT_CONTRASTS * contrast))))
    if changed > WHOLE_CHANGE:
        alike = _correlation(steady_HW, now_HW)
        if alike < CUT_CORRELATION or alike > LIGHT_CORRELATION:
            return Motion(np.zeros_like(moved_HW), (), cut=alike < CUT_CORRELATION)
    return Motion(moved_HW, _regions(moved_HW, size_px), cut=False)


def _unshaken(before_HW: NDArray[np.float32], now_HW: NDArray[np.float32]) -> NDArray[np.float32]:
    """``before_HW`` shifted onto ``now_HW`` where the whole picture moved a little; else as it was."""
    height_px, width_px = now_HW.shape
    window_HW = cv2.createHanningWindow((width_px, height_px), cv2.CV_32F)
    # Copies, for OpenCV 5.0 multiplies the window into the pictures it is given.
    (right_px, down_px), response = cv2.phaseCorrelate(before_HW.copy(), now_HW.copy(), window_HW)
    distance_px = float(np.hypot(right_px, down_px))
    if response < SHAKE_RESPONSE or not SHAKE_PX[0] <= distance_px <= SHAKE_PX[1]:
        return before_HW
    shift_23 = np.array([[1, 0, right_px], [0, 1, down_px]], dtype=np.float32)
    shifted = cv2.warpAffine(before_HW, shift_23, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE)
    shifted_HW = np.asarray(shifted, dtype=np.float32)
    better = np.mean(np.abs(now_HW - shifted_HW)) < np.mean(np.abs(now_HW - before_HW))
    return shifted_HW if better else before_HW


def _correlation(one_HW: NDArray[np.float32], other_HW: NDArray[np.float32]) -> float:
    """Pearson correlation of two pictures; 0 when one of them is flat."""
    one_N, other_N = (one_HW - one_HW.mean()).ravel(), (other_HW - other_HW.mean()).ravel()
    norm = float(np.linalg.norm(one_N) * np.linalg.norm(other_N))
    return float(one_N @ other_N) / norm if norm > 1e-6 else 0.0


def _regions(moved_HW: NDArray[np.bool_], size_px: tuple[int, int]) -> tuple[Crop, ...]:
    near_HW = cv2.dilate(moved_HW.astype(np.uint8), np.ones((5, 5), np.uint8))
    count, labels_HW, stats_N5, _ = cv2.connectedComponentsWithStats(near_HW)
    across, down = size_px[0] / moved_HW.shape[1], size_px[1] / moved_HW.shape[0]
    regions: list[Crop] = []
    for k in range(1, count):
        if int(moved_HW[labels_HW == k].sum()) < SMALLEST_REGION_PX:
            continue
        left, top, width, height = (int(v) for v in stats_N5[k, :4])
        regions.append(
            Crop(int(left * across), int(top * down), round((left + width) * across), round((top + height) * down))
        )
    return tuple(sorted(regions, key=lambda r: -r.width_px * r.height_px))


def moved_share(motion: Motion, left: float, top: float, right: float, bottom: float) -> float:
    """The share of a window that moved; the window is given in shares of the picture's width and height."""
    height_px, width_px = motion.moved_HW.shape
    rows = slice(int(max(top, 0) * height_px), max(int(np.ceil(min(bottom, 1) * height_px)), 1))
    columns = slice(int(max(left, 0) * width_px), max(int(np.ceil(min(right, 1) * width_px)), 1))
    window_HW = motion.moved_HW[rows, columns]
    return float(window_HW.mean()) if window_HW.size else 0.0


def whole(size_px: tuple[int, int]) -> Crop:
    """The crop that is the whole picture of (width, height)."""
    return Crop(0, 0, size_px[0], size_px[1])


def plan_crops(regions: Sequence[Crop], size_px: tuple[int, int]) -> tuple[Crop, ...]:
    """Square windows with a margin around ``regions``, joined where one does for two; at most three.

    The detector sees 320 x 320 pixels whatever the window, so a far person is only seen in a window of its own.
    """
    windows: list[Crop] = []
    for region in _united(regions):
        window = _square(region, size_px)
        while (other := _joinable(window, windows, size_px)) is not None:
            windows.remove(other)
            window = _square(_union(window, other), size_px, margin=1.0)
        windows.append(window)
    if len(windows) <= MOST_CROPS:
        return tuple(windows)
    return (whole(size_px), *windows[: MOST_CROPS - 1])


def _united(regions: Sequence[Crop]) -> list[Crop]:
    """Overlapping regions as one, so that no window cuts through an object; largest first."""
    united: list[Crop] = []
    for region in regions:
        while (other := next((u for u in united if u.overlaps(region)), None)) is not None:
            united.remove(other)
            region = _union(region, other)
        united.append(region)
    return sorted(united, key=lambda u: (-u.width_px * u.height_px, u.left_px, u.top_px))


def _joinable(window: Crop, windows: Sequence[Crop], size_px: tuple[int, int]) -> Crop | None:
    for other in windows:
        both = _square(_union(window, other), size_px, margin=1.0)
        separate_px = window.width_px * window.height_px + other.width_px * other.height_px
        if both.width_px * both.height_px <= JOIN_COST * separate_px:
            return other
    return None


def _union(one: Crop, other: Crop) -> Crop:
    return Crop(
        min(one.left_px, other.left_px),
        min(one.top_px, other.top_px),
        max(one.right_px, other.right_px),
        max(one.bottom_px, other.bottom_px),
    )


def _square(region: Crop, size_px: tuple[int, int], margin: float = MARGIN) -> Crop:
    """The square around a region, moved to lie inside the picture and clipped where it is too large for it."""
    side_px = max(margin * max(region.width_px, region.height_px), SMALLEST_CROP * min(size_px))
    width_px, height_px = min(round(side_px), size_px[0]), min(round(side_px), size_px[1])
    left_px = min(max((region.left_px + region.right_px - width_px) // 2, 0), size_px[0] - width_px)
    top_px = min(max((region.top_px + region.bottom_px - height_px) // 2, 0), size_px[1] - height_px)
    return Crop(left_px, top_px, left_px + width_px, top_px + height_px)
