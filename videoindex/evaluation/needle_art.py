"""Draws needles, with Pillow's own font: the same needle looks the same in every recording of one size. Pure."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videoindex.evaluation.needle_words import COLOURS, SHAPES
from videoindex.evaluation.needles import Needle

__all__ = ["draw_needle", "needs_backdrop", "over"]

_INK = (24, 26, 30)
_PAPER = (250, 249, 245)
_BLENDED_ALPHA = 150
"""Of 255: how much a blended needle covers of what lies behind it."""

_WAYS = {"to the right": (1, 0), "to the left": (-1, 0), "upwards": (0, -1), "downwards": (0, 1)}


def needs_backdrop(needle: Needle) -> bool:
    """Whether the needle stops the recording's own picture: it is then drawn onto the one on display."""
    return needle.kind == "still" and needle.prominence == "salient"


def draw_needle(
    needle: Needle, size_px: tuple[int, int], share: float = 0.0, backdrop_HWC: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """The needle at ``share`` in [0, 1) of its time, as RGBA uint8 (H, W, 4) to be laid over a picture of
    ``size_px`` (width, height). With ``backdrop_HWC``, RGB of that size, nothing shines through.

    Raises ValueError for a needle that is not seen.
    """
    picture = Image.new("RGBA", size_px, (0, 0, 0, 0))
    if backdrop_HWC is not None:
        picture.paste(Image.fromarray(backdrop_HWC))
    draw = np.random.default_rng(needle.look)
    if needle.kind == "overlay":
        _write(picture, needle, draw)
    elif needle.kind == "still":
        _hold_up(picture, needle, draw)
    elif needle.kind == "clip":
        _move(picture, needle, share, draw)
    else:
        raise ValueError(f"a needle of kind {needle.kind} cannot be seen")
    return np.asarray(picture, np.uint8)


def over(rgb_HWC: NDArray[np.uint8], rgba_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the needle laid over it."""
    alpha_HW1 = rgba_HWC[..., 3:].astype(np.float32) / 255
    mixed = rgba_HWC[..., :3] * alpha_HW1 + rgb_HWC * (1 - alpha_HW1)
    return np.asarray(np.rint(mixed), np.uint8)


@lru_cache(maxsize=32)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _write(picture: Image.Image, needle: Needle, draw: np.random.Generator) -> None:
    """A sentence: dark on a white plate, or, blended, smaller and half transparent on the bare picture."""
    is_salient = needle.prominence == "salient"
    width, height = picture.size
    size_px = max(10, round(height * (0.055 if is_salient else 0.038)))
    lines = _broken(needle.matter.sentence, _font(size_px), round(width * 0.86))
    step_px = round(size_px * 1.35)
    wide = max(round(_font(size_px).getlength(line)) for line in lines)
    high = step_px * len(lines)
    pad_px = round(size_px * 0.6)
    left = pad_px + round(float(draw.random()) * max(0, width - wide - 4 * pad_px)) + pad_px
    top = pad_px + round(float(draw.uniform(0.1, 0.9)) * max(0, height - high - 4 * pad_px)) + pad_px
    pen = ImageDraw.Draw(picture)
    if is_salient:
        plate = (left - pad_px, top - pad_px, left + wide + pad_px, top + high + pad_px // 2)
        pen.rounded_rectangle(plate, radius=pad_px // 2, fill=(*_PAPER, 255), outline=(*_INK, 255), width=2)
    ink = (*_INK, 255) if is_salient else (255, 255, 255, _BLENDED_ALPHA)
    edge_px, edge = (0 if is_salient else max(1, size_px // 16)), (*_INK, _BLENDED_ALPHA)
    for number, line in enumerate(lines):
        place = (left, top + number * step_px)
        pen.text(place, line, font=_font(size_px), fill=ink, stroke_width=edge_px, stroke_fill=edge)


def _broken(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, most_px: int) -> list[str]:
    """The words in lines of at most ``most_px``."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= most_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _hold_up(picture: Image.Image, needle: Needle, draw: np.random.Generator) -> None:
    """A card, with its shape in white where it has one."""
    is_salient = needle.prominence == "salient"
    width, height = picture.size
    share = 0.7 if is_salient else 0.22
    card_w, card_h = round(width * share), round(height * share)
    left = round(float(draw.random()) * (width - card_w))
    top = round(float(draw.random()) * (height - card_h))
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    alpha = 255 if is_salient else _BLENDED_ALPHA
    pen.rectangle((left, top, left + card_w - 1, top + card_h - 1), fill=(*COLOURS[needle.matter.answer], alpha))
    if needle.matter.subject:
        shape, count = SHAPES[needle.matter.subject]
        radius = min(0.34 * card_h, 0.4 * card_w / count)
        for number in range(count):
            middle = (left + card_w * (number + 0.5) / count, top + card_h / 2)
            _shape(pen, shape, middle, radius, (255, 255, 255, alpha))
    picture.alpha_composite(layer)


def _shape(
    pen: ImageDraw.ImageDraw,
    shape: str,
    middle: tuple[float, float],
    radius: float,
    fill: tuple[int, int, int, int],
) -> None:
    x, y = middle
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        pen.ellipse(box, fill=fill)
    elif shape == "ring":
        pen.ellipse(box, outline=fill, width=max(2, round(radius * 0.35)))
    elif shape == "square":
        pen.rectangle(
            tuple(0.85 * (edge - at) + at for edge, at in zip(box, (x, y, x, y), strict=True)), fill=fill
        )
    elif shape == "cross":
        arm = radius * 0.32
        pen.rectangle((x - radius, y - arm, x + radius, y + arm), fill=fill)
        pen.rectangle((x - arm, y - radius, x + arm, y + radius), fill=fill)
    else:
        pen.polygon([(x + radius * px, y + radius * py) for px, py in _CORNERS[shape]], fill=fill)


def _star() -> list[tuple[float, float]]:
    turns = [(math.pi * number / 5, 1.0 if number % 2 == 0 else 0.42) for number in range(10)]
    return [(reach * math.sin(turn), -reach * math.cos(turn)) for turn, reach in turns]


def _heart() -> list[tuple[float, float]]:
    turns = [2 * math.pi * number / 40 for number in range(40)]
    return [
        (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 17)
        for t in turns
    ]


_CORNERS = {
    "star": _star(),
    "heart": _heart(),
    "triangle": [(0.0, -1.0), (0.95, 0.75), (-0.95, 0.75)],
    "diamond": [(0.0, -1.0), (0.75, 0.0), (0.0, 1.0), (-0.75, 0.0)],
}


def _move(picture: Image.Image, needle: Needle, share: float, draw: np.random.Generator) -> None:
    """A ball that crosses the picture in its way, on a plain ground, or, blended, over the running picture."""
    is_salient = needle.prominence == "salient"
    width, height = picture.size
    layer = Image.new("RGBA", picture.size, (236, 234, 228, 255) if is_salient else (0, 0, 0, 0))
    radius = height * (0.13 if is_salient else 0.08)
    ways, (x_way, y_way) = float(draw.uniform(0.3, 0.7)), _WAYS[needle.matter.answer]
    along = 0.15 + 0.7 * min(1.0, max(0.0, share))
    x = width * (along if x_way > 0 else 1 - along if x_way < 0 else ways)
    y = height * (along if y_way > 0 else 1 - along if y_way < 0 else ways)
    colour = COLOURS[needle.matter.subject] if needle.matter.subject else COLOURS["red"]
    fill = (*colour, 255 if is_salient else _BLENDED_ALPHA + 60)
    ImageDraw.Draw(layer).ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    picture.alpha_composite(layer)
