"""The empty yard that the camera sample looks at: one generated picture, 1280 x 720."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["HEIGHT_PX", "WALL_TOP_PX", "WIDTH_PX", "draw_yard"]

WIDTH_PX, HEIGHT_PX = 1280, 720
WALL_TOP_PX = 588
"""Upper edge of the low wall nearest to the camera; whoever passes is hidden below it."""

_HORIZON_PX = 300
_FACADE_FOOT_PX = 432
_KERB_PX = 470
_SCALE = 2  # drawn larger, then reduced, so that edges are smooth


def _rectangle(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], fill: tuple[int, int, int]
) -> None:
    draw.rectangle([round(edge * _SCALE) for edge in box], fill=fill)


def _draw_window(
    draw: ImageDraw.ImageDraw, left_px: float, top_px: float, width_px: float, height_px: float
) -> None:
    right_px, bottom_px = left_px + width_px, top_px + height_px
    _rectangle(draw, (left_px - 7, top_px - 7, right_px + 7, bottom_px + 7), (214, 205, 190))
    _rectangle(draw, (left_px - 12, bottom_px + 6, right_px + 12, bottom_px + 14), (190, 181, 168))
    for row in range(int(height_px)):
        share = row / height_px
        shade = (int(74 + 66 * (1 - share)), int(92 + 70 * (1 - share)), int(108 + 72 * (1 - share)))
        _rectangle(draw, (left_px, top_px + row, right_px, top_px + row + 1), shade)
    middle_px = left_px + width_px / 2
    _rectangle(draw, (middle_px - 3, top_px, middle_px + 3, bottom_px), (226, 219, 206))
    _rectangle(
        draw, (left_px, top_px + height_px * 0.34, right_px, top_px + height_px * 0.34 + 5), (226, 219, 206)
    )


def _draw_facade(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """A brick building with windows, a roller door and a door."""
    _rectangle(draw, (0, 0, WIDTH_PX, _FACADE_FOOT_PX), (141, 92, 74))
    for row, top_px in enumerate(range(0, _FACADE_FOOT_PX, 13)):
        for left_px in range(-40 + (row % 2) * 19, WIDTH_PX, 38):
            tone = rng.normal(0, 8)
            brick = (int(158 + tone), int(101 + tone * 0.8), int(80 + tone * 0.7))
            _rectangle(draw, (left_px, top_px, left_px + 35, top_px + 10.5), brick)
    _rectangle(draw, (0, _FACADE_FOOT_PX - 34, WIDTH_PX, _FACADE_FOOT_PX), (120, 113, 106))
    for left_px in (70, 310, 980):
        _draw_window(draw, left_px, 120, 150, 190)
    _rectangle(draw, (548, 110, 888, _FACADE_FOOT_PX), (96, 92, 88))
    for top_px in range(124, _FACADE_FOOT_PX, 15):
        _rectangle(draw, (562, top_px, 874, top_px + 12), (168, 176, 178))
        _rectangle(draw, (562, top_px + 10, 874, top_px + 13), (128, 136, 139))
    _rectangle(draw, (1178, 170, 1262, _FACADE_FOOT_PX), (82, 76, 70))
    _rectangle(draw, (1186, 178, 1254, _FACADE_FOOT_PX), (44, 84, 82))
    _rectangle(draw, (1196, 192, 1244, 268), (120, 142, 150))


def _draw_ground(draw: ImageDraw.ImageDraw) -> None:
    """Pavement, kerb and the lane, lighter towards the camera."""
    _rectangle(draw, (0, _FACADE_FOOT_PX, WIDTH_PX, _KERB_PX), (164, 158, 150))
    for column in range(-30, 34):
        far_px, near_px = 640 + column * 46, 640 + column * 58
        corners = [(far_px * _SCALE, _FACADE_FOOT_PX * _SCALE), (near_px * _SCALE, _KERB_PX * _SCALE)]
        draw.line(corners, fill=(146, 140, 133), width=3)
    _rectangle(draw, (0, _KERB_PX, WIDTH_PX, _KERB_PX + 8), (196, 192, 184))
    for row in range(_KERB_PX + 8, WALL_TOP_PX):
        tone = 96 + int(22 * (row - _KERB_PX) / (WALL_TOP_PX - _KERB_PX))
        _rectangle(draw, (0, row, WIDTH_PX, row + 1), (tone, tone, tone + 2))
    for left_px in range(-60, WIDTH_PX, 260):
        _rectangle(draw, (left_px, 492, left_px + 130, 497), (206, 204, 196))


def _draw_wall(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """The low wall in front, with its coping stones."""
    _rectangle(draw, (0, WALL_TOP_PX, WIDTH_PX, HEIGHT_PX), (126, 121, 113))
    for row, top_px in enumerate(range(WALL_TOP_PX + 34, HEIGHT_PX, 50)):
        for left_px in range(-170 + (row % 2) * 85, WIDTH_PX, 170):
            tone = int(rng.normal(0, 5))
            stone = (148 + tone, 141 + tone, 131 + tone)
            _rectangle(draw, (left_px, top_px, left_px + 164, top_px + 44), stone)
    _rectangle(draw, (0, WALL_TOP_PX, WIDTH_PX, WALL_TOP_PX + 26), (188, 182, 172))
    _rectangle(draw, (0, WALL_TOP_PX + 26, WIDTH_PX, WALL_TOP_PX + 34), (92, 88, 82))
    for left_px in range(140, WIDTH_PX, 320):
        _rectangle(draw, (left_px, WALL_TOP_PX, left_px + 3, WALL_TOP_PX + 26), (150, 145, 136))


def _lit(rgb_HWC: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Grain of the materials, sun from the upper left, and the lens's vignette."""
    height_px, width_px = rgb_HWC.shape[:2]
    grain = rng.normal(0, 1, (height_px, width_px)).astype(np.float32)
    coarse = cv2.resize(
        rng.normal(0, 1, (45, 80)).astype(np.float32), (width_px, height_px), interpolation=cv2.INTER_CUBIC
    )
    texture = 3.0 * cv2.GaussianBlur(grain, (0, 0), 0.8) + 2.5 * coarse
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    sun = 1.10 - 0.16 * (x / width_px) - 0.05 * (y / height_px)
    from_middle = ((x / width_px - 0.5) ** 2 + (y / height_px - 0.5) ** 2) / 0.5
    light = sun * (1.0 - 0.22 * from_middle)
    below_eaves = np.clip((y - 0) / 70.0, 0.55, 1.0)  # the shadow that the roof throws
    return np.asarray((rgb_HWC + texture[..., None]) * (light * below_eaves)[..., None], np.float32)


def draw_yard(seed: int) -> NDArray[np.uint8]:
    """The yard as uint8 RGB, 720 x 1280 x 3; the same for the same seed."""
    rng = np.random.default_rng((seed, 1))
    picture = Image.new("RGB", (WIDTH_PX * _SCALE, HEIGHT_PX * _SCALE))
    draw = ImageDraw.Draw(picture)
    _draw_facade(draw, rng)
    _draw_ground(draw)
    _draw_wall(draw, rng)
    small = picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS)
    lit = _lit(np.asarray(small, np.float32), rng)
    return np.asarray(np.clip(cv2.GaussianBlur(lit, (0, 0), 0.7), 0, 255), np.uint8)
