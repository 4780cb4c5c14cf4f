"""Draws lecture slides, 1280 x 720, with Pillow's own scalable font, so that no font package is needed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videoindex.evaluation.lecture_content import Slide

__all__ = ["POINTER_RADIUS_PX", "draw_slide", "with_pointer"]

WIDTH_PX, HEIGHT_PX = 1280, 720
POINTER_RADIUS_PX = 9
_MARGIN_PX = 84

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one lecture."""

    paper: Colour
    ink: Colour
    accent: Colour
    soft: Colour


_PALETTES = (
    Palette(paper=(250, 248, 243), ink=(38, 40, 46), accent=(196, 120, 20), soft=(238, 226, 204)),
    Palette(paper=(247, 249, 251), ink=(30, 38, 48), accent=(28, 98, 150), soft=(214, 228, 238)),
)
_CODE_PAPER: Colour = (34, 38, 46)
_CODE_COLOURS: tuple[tuple[str, Colour], ...] = (
    (r"\b(def|return|for|in)\b", (224, 128, 148)),
    (r"\b(sum|sin|cos|atan2|enumerate|Counter)\b", (120, 186, 226)),
    (r"\b\d+\b", (226, 190, 110)),
)


@lru_cache(maxsize=16)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _frame(pen: ImageDraw.ImageDraw, slide: Slide, palette: Palette, footer: str) -> None:
    pen.rectangle((0, 0, WIDTH_PX, 14), fill=palette.accent)
    pen.text((_MARGIN_PX, 58), slide.title, font=_font(50), fill=palette.ink)
    pen.rectangle((_MARGIN_PX, 128, _MARGIN_PX + 96, 134), fill=palette.accent)
    pen.line((_MARGIN_PX, 668, WIDTH_PX - _MARGIN_PX, 668), fill=palette.soft, width=2)
    pen.text((_MARGIN_PX, 678), footer, font=_font(20), fill=(128, 130, 134))


def _draw_title(pen: ImageDraw.ImageDraw, slide: Slide, palette: Palette) -> None:
    pen.rectangle((0, 0, 36, HEIGHT_PX), fill=palette.accent)
    for ring in range(7):
        radius_px = 70 + 54 * ring
        pen.ellipse(
            (1130 - radius_px, 560 - radius_px, 1130 + radius_px, 560 + radius_px), outline=palette.soft, width=5
        )
    pen.text((_MARGIN_PX, 226), slide.title, font=_font(70), fill=palette.ink)
    pen.rectangle((_MARGIN_PX, 326, _MARGIN_PX + 150, 334), fill=palette.accent)
    for number, line in enumerate(slide.lines):
        pen.text((_MARGIN_PX, 366 + 58 * number), line, font=_font(34), fill=(98, 100, 106))


def _draw_bullets(pen: ImageDraw.ImageDraw, lines: tuple[str, ...], room: int, palette: Palette) -> None:
    """``room`` is how many bullets the full slide holds, so that they do not move when one is added."""
    step_px = 108 if room <= 4 else 78
    for number, line in enumerate(lines):
        y_px = 186 + step_px * number
        pen.ellipse((_MARGIN_PX + 4, y_px + 13, _MARGIN_PX + 20, y_px + 29), fill=palette.accent)
        pen.text((_MARGIN_PX + 48, y_px), line, font=_font(36 if room <= 4 else 32), fill=palette.ink)


def _draw_code(pen: ImageDraw.ImageDraw, lines: tuple[str, ...]) -> None:
    """Letters stand in columns, as in an editor, although the font is proportional."""
    pen.rounded_rectangle((_MARGIN_PX, 176, WIDTH_PX - _MARGIN_PX, 628), radius=14, fill=_CODE_PAPER)
    for number, line in enumerate(lines):
        colours: list[Colour] = [(222, 226, 230)] * len(line)
        for pattern, colour in _CODE_COLOURS:
            for match in re.finditer(pattern, line):
                colours[match.start() : match.end()] = [colour] * (match.end() - match.start())
        y_px = 206 + 66 * number
        for column, letter in enumerate(line):
            place = (_MARGIN_PX + 46 + 19 * column + 9, y_px)
            pen.text(place, letter, font=_font(31), fill=colours[column], anchor="ma")


def _draw_table(pen: ImageDraw.ImageDraw, lines: tuple[str, ...], palette: Palette) -> None:
    rows = [line.split("|") for line in lines]
    width_px, height_px = (WIDTH_PX - 2 * _MARGIN_PX) / len(rows[0]), 84
    for number, row in enumerate(rows):
        y_px = 186 + height_px * number
        fill = palette.accent if number == 0 else palette.soft if number % 2 == 0 else palette.paper
        pen.rectangle((_MARGIN_PX, y_px, WIDTH_PX - _MARGIN_PX, y_px + height_px), fill=fill)
        for column, cell in enumerate(row):
            colour = (255, 255, 255) if number == 0 else palette.ink
            pen.text((_MARGIN_PX + 28 + width_px * column, y_px + 22), cell, font=_font(33), fill=colour)
    pen.rectangle(
        (_MARGIN_PX, 186, WIDTH_PX - _MARGIN_PX, 186 + height_px * len(rows)), outline=palette.soft, width=2
    )


def _arrow(
    pen: ImageDraw.ImageDraw, start: tuple[float, float], angle_deg: float, length_px: float, fill: Colour
) -> None:
    """An arrow from ``start``; the angle counts clockwise from straight up."""
    turn = math.radians(angle_deg)
    tip = (start[0] + length_px * math.sin(turn), start[1] - length_px * math.cos(turn))
    pen.line((*start, *tip), fill=fill, width=8)
    for side in (-1, 1):
        back = turn + side * 2.6
        pen.line((*tip, tip[0] + 34 * math.sin(back), tip[1] - 34 * math.cos(back)), fill=fill, width=8)


def _draw_diagram(pen: ImageDraw.ImageDraw, lines: tuple[str, ...], palette: Palette) -> None:
    """Two arrows from one point, 40 degrees apart, and a figure of eight about the tilted one."""
    centre = (360.0, 560.0)
    pen.rounded_rectangle((_MARGIN_PX, 176, 690, 640), radius=18, fill=palette.soft)
    for side in (-1, 1):
        turn = math.radians(40)
        middle = (centre[0] + 150 * math.sin(turn) + side * 82 * math.cos(turn), centre[1] - 150 * math.cos(turn))
        y_px = middle[1] + side * 82 * math.sin(turn)
        pen.ellipse((middle[0] - 80, y_px - 80, middle[0] + 80, y_px + 80), outline=(160, 152, 138), width=4)
    _arrow(pen, centre, 0, 330, palette.ink)
    _arrow(pen, centre, 40, 300, palette.accent)
    pen.arc(
        (centre[0] - 150, centre[1] - 150, centre[0] + 150, centre[1] + 150), -90, -50, fill=palette.ink, width=4
    )
    for number, line in enumerate(lines):
        colour = palette.accent if number == 0 else palette.ink
        pen.text((730, 270 + 90 * number), line, font=_font(31), fill=colour)


def draw_slide(slide: Slide, shown_lines: int, palette_number: int, footer: str) -> NDArray[np.uint8]:
    """The slide with its first ``shown_lines`` lines, as uint8 RGB, 720 x 1280 x 3."""
    palette = _PALETTES[palette_number % len(_PALETTES)]
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), palette.paper)
    pen = ImageDraw.Draw(picture)
    lines = slide.lines[:shown_lines]
    if slide.layout == "title":
        _draw_title(pen, slide, palette)
        return np.asarray(picture, np.uint8)
    _frame(pen, slide, palette, footer)
    if slide.layout == "bullets":
        _draw_bullets(pen, lines, len(slide.lines), palette)
    elif slide.layout == "code":
        _draw_code(pen, lines)
    elif slide.layout == "table":
        _draw_table(pen, lines, palette)
    else:
        _draw_diagram(pen, lines, palette)
    return np.asarray(picture, np.uint8)


def with_pointer(slide_HWC: NDArray[np.uint8], x_px: int, y_px: int) -> NDArray[np.uint8]:
    """A copy of the slide with the red dot of a laser pointer at (x, y)."""
    pointed = slide_HWC.copy()
    reach_px = POINTER_RADIUS_PX + 3
    rows, columns = np.mgrid[-reach_px : reach_px + 1, -reach_px : reach_px + 1]
    glow = np.clip(POINTER_RADIUS_PX + 1 - np.hypot(rows, columns), 0, 1)[..., None]
    patch = pointed[y_px - reach_px : y_px + reach_px + 1, x_px - reach_px : x_px + reach_px + 1]
    patch[:] = (np.array([232, 32, 36]) * glow + patch * (1 - glow)).astype(np.uint8)
    return pointed
