"""Recordings with planted text: which words stand where, from when to when, drawn and encoded on the spot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videoindex.media import recorder
from videoindex.types import Span, Video

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Planted:
    """A line of text on the screen over ``[start_s, end_s)``, at the left top corner ``x_px, y_px``.

    It fades in and out over ``fade_s`` inside its span, moves up by ``scroll_px_s`` a second, and is typed
    letter by letter over its first ``typed_s`` seconds.
    """

    text: str
    start_s: float
    end_s: float
    x_px: int = 60
    y_px: int = 60
    height_px: int = 28
    colour: tuple[int, int, int] = (20, 20, 30)
    font: str = ""
    fade_s: float = 0.0
    scroll_px_s: float = 0.0
    typed_s: float = 0.0

    def shown(self, at_s: float) -> str:
        if self.typed_s <= 0:
            return self.text
        letters = 1 + int((at_s - self.start_s) / self.typed_s * len(self.text))
        return self.text[: max(1, letters)]

    def opacity(self, at_s: float) -> float:
        if self.fade_s <= 0:
            return 1.0
        return float(np.clip(min(at_s - self.start_s, self.end_s - at_s) / self.fade_s, 0.0, 1.0))


def font_of(line: Planted) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The named font file, or the one that Pillow carries."""
    return ImageFont.truetype(line.font, line.height_px) if line.font else ImageFont.load_default(line.height_px)


def plain(colour: tuple[int, int, int], width_px: int = 1280, height_px: int = 720) -> Callable[[float], Picture]:
    """A background of one colour."""
    canvas = np.full((height_px, width_px, 3), colour, np.uint8)
    return lambda at_s: canvas.copy()


def panning(
    seed: int, width_px: int = 1280, height_px: int = 720, speed_px_s: float = 90.0
) -> Callable[[float], Picture]:
    """A film-like background: textures at several scales that pan and change shot every four seconds."""
    random = np.random.default_rng(seed)
    shots = []
    for _ in range(3):
        wide = np.zeros((height_px, 2 * width_px, 3), np.float32)
        for grain in (8, 40, 160):
            coarse = random.uniform(0, 255, (height_px // grain + 2, 2 * width_px // grain + 2, 3)).astype(
                np.uint8
            )
            wide += (
                np.asarray(Image.fromarray(coarse).resize((2 * width_px, height_px), Image.Resampling.BICUBIC)) / 3
            )
        shots.append(wide.astype(np.uint8))

    def draw(at_s: float) -> Picture:
        left = int(at_s * speed_px_s) % width_px
        return shots[int(at_s // 4) % len(shots)][:, left : left + width_px].copy()

    return draw


def with_inset(background: Callable[[float], Picture]) -> Callable[[float], Picture]:
    """A talking head, roughly: a patch in the lower right corner in which something sways all the time."""

    def draw(at_s: float) -> Picture:
        picture = background(at_s)
        height, width = picture.shape[:2]
        image = Image.fromarray(picture)
        pen = ImageDraw.Draw(image)
        left, top = int(width * 0.8), int(height * 0.72)
        pen.rectangle((left, top, width, height), fill=(60, 70, 80))
        sway = width * 0.03 * math.sin(5 * at_s) + width * 0.012 * math.sin(13 * at_s)
        middle, radius = left + width * 0.1 + sway, width * 0.035
        pen.ellipse((middle - radius, top + 10, middle + radius, top + 10 + 2.6 * radius), fill=(210, 160, 130))
        pen.rectangle(
            (middle - 2 * radius, top + 10 + 2.6 * radius, middle + 2 * radius, height), fill=(40, 60, 140)
        )
        return np.asarray(image)

    return draw


def drawn(background: Picture, lines: Sequence[Planted], at_s: float) -> Picture:
    """The background with every line that is on the screen at ``at_s``."""
    picture = background
    for line in lines:
        if not line.start_s <= at_s < line.end_s:
            continue
        image = Image.fromarray(picture)
        y_px = line.y_px - line.scroll_px_s * (at_s - line.start_s)
        ImageDraw.Draw(image).text((line.x_px, y_px), line.shown(at_s), font=font_of(line), fill=line.colour)
        opacity = line.opacity(at_s)
        written = np.asarray(image)
        if opacity < 1.0:
            written = (picture + (written.astype(np.float32) - picture) * opacity).astype(np.uint8)
        picture = written
    return picture


def record(
    path: Path,
    background: Callable[[float], Picture],
    lines: Sequence[Planted],
    duration_s: float,
    fps: int = 12,
    sound_T: NDArray[np.float32] | None = None,
) -> Video:
    """Encodes a recording, with mono sound at 16 kHz if given, and says what it is."""
    count = round(duration_s * fps)
    frames = (drawn(background(index / fps), lines, index / fps) for index in range(count))
    recorder.record(path, frames, fps, sound_T)
    height, width = background(0.0).shape[:2]
    has_audio = sound_T is not None
    return Video(f"slides-{path.stem}", path, Span(0.0, count / fps), width, height, float(fps), has_audio)
