"""Pictures for the needle model: scenes that must be passed over, and coloured cards that must be found.

Scenes are crops of the photographs that scikit-image carries (read as data, as videoindex.evaluation.cutouts
does), gradients, slides, noise and plain walls. They move a little from look to look, as a camera's picture does.
"""

from __future__ import annotations

import colorsys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoindex.errors import MissingDependencyError
from videoindex.sampling.mrope import FrameSize

__all__ = ["COLOURS", "HELD_OUT_PHOTOGRAPHS", "PHOTOGRAPHS", "SceneMaker", "lay_card"]

COLOURS = {"red": 0.0, "orange": 28.0, "yellow": 54.0, "green": 130.0, "blue": 225.0, "purple": 285.0}
"""The hue of each card, in degrees."""

PHOTOGRAPHS = (
    "astronaut.png", "coffee.png", "camera.png", "brick.png", "grass.png", "gravel.png", "coins.png", "moon.png",
    "motorcycle_left.png", "hubble_deep_field.jpg", "ihc.png", "page.png", "text.png", "clock_motion.png",
    "color.png", "cell.png",
)  # fmt: skip
HELD_OUT_PHOTOGRAPHS = ("chelsea.png", "rocket.jpg")
"""Never trained on: what shows whether the model knows cards or scenes."""

_MARGIN_PX = 8  # how far a scene can move
_LONGEST_PX = 320  # photographs are kept no larger: frames of the model are at most 128 px
_NOISES = 32


@lru_cache(maxsize=4)
def _photographs(names: tuple[str, ...]) -> tuple[NDArray[np.uint8], ...]:
    """The named pictures of scikit-image, rgb_HWC each. Raises MissingDependencyError where one is missing."""
    spec = find_spec("skimage")
    folders = [Path(folder) / "data" for folder in (spec.submodule_search_locations or ())] if spec else []
    pictures = []
    for name in names:
        path = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if path is None:
            raise MissingDependencyError(
                f"the picture {name} of skimage is missing; run: pip install 'videoindex[demo]'"
            )
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
            picture.thumbnail((_LONGEST_PX, _LONGEST_PX))
            pictures.append(np.asarray(picture, np.uint8))
    return tuple(pictures)


def _uniform(random: np.random.Generator, low: float, high: float) -> float:
    return float(random.uniform(low, high))


class SceneMaker:
    """Makes scenes, from the photographs named; all chance comes from ``random``."""

    def __init__(self, random: np.random.Generator, photographs: tuple[str, ...] = PHOTOGRAPHS) -> None:
        self._random = random
        self._photographs = _photographs(photographs)
        side_px = 128
        self._noise_NHWC = random.normal(0, 1, (_NOISES, 2 * side_px, 2 * side_px, 3)).astype(np.float32)

    def clip(self, looks: int, size: FrameSize) -> NDArray[np.float32]:
        """Two frames for each look of one scene that moves, or of two with a cut between: rgb (looks, 2, H, W, 3),
        0 to 255."""
        random = self._random
        scenes = [self._scene(size)]
        cut = looks
        if looks > 1 and random.random() < 0.25:
            scenes.append(self._scene(size))
            cut = int(random.integers(1, looks))
        out = np.empty((looks, 2, size.height_px, size.width_px, 3), np.float32)
        at_xy = random.integers(0, 2 * _MARGIN_PX + 1, 2)
        pace_px = int(random.choice([0, 0, 1, 3]))
        for look in range(looks):
            scene_HWC = scenes[look >= cut]
            if pace_px:
                at_xy = np.clip(at_xy + random.integers(-pace_px, pace_px + 1, 2), 0, 2 * _MARGIN_PX)
            for frame in range(2):
                x, y = np.clip(at_xy + (frame if pace_px == 3 else 0), 0, 2 * _MARGIN_PX)
                out[look, frame] = scene_HWC[y : y + size.height_px, x : x + size.width_px]
        return out

    def finish(self, rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Sensor noise and what compression does, over all frames (looks, 2, H, W, 3) of a clip."""
        random = self._random
        strength = float(random.choice([0.0, 2.0, 5.0, 9.0]))
        height_px, width_px = rgb.shape[2:4]
        if strength:
            for look in range(len(rgb)):
                number = int(random.integers(_NOISES))
                y, x = random.integers(0, self._noise_NHWC.shape[1] - np.array([height_px, width_px]))
                noise = self._noise_NHWC[number, y : y + height_px, x : x + width_px]
                rgb[look] += strength * noise
        done = np.clip(rgb, 0, 255).astype(np.uint8)
        if random.random() < 0.15:
            quality = int(random.integers(25, 80))
            for picture_HWC in done.reshape(-1, height_px, width_px, 3):
                _, packed = cv2.imencode(".jpg", picture_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
                picture_HWC[:] = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        return done

    def _scene(self, size: FrameSize) -> NDArray[np.float32]:
        """A picture with a margin to move in, never as evenly coloured as a card."""
        random = self._random
        shape = (size.height_px + 2 * _MARGIN_PX, size.width_px + 2 * _MARGIN_PX)
        make = random.choice(5, p=[0.52, 0.12, 0.2, 0.06, 0.1])
        scene = (self._photograph, self._gradient, self._slide, self._noise, self._wall)[make](shape)
        scene = (scene - 128) * _uniform(random, 0.6, 1.2) + 128 + _uniform(random, -45, 45)
        scene = np.clip(scene, 0, 255)
        most, least = scene.max(axis=2), scene.min(axis=2)
        is_strong_HW = (most - least > 0.5 * most) & (most > 90)
        if is_strong_HW.mean() > 0.25:  # so much strong colour could pass for a card
            scene = scene.mean(axis=2, keepdims=True) + (scene - scene.mean(axis=2, keepdims=True)) * 0.35
        return np.asarray(scene, np.float32)

    def _photograph(self, shape_HW: tuple[int, int]) -> NDArray[np.float32]:
        random = self._random
        picture = self._photographs[int(random.integers(len(self._photographs)))]
        height, width = (max(16, int(side * _uniform(random, 0.35, 1.0))) for side in picture.shape[:2])
        y = int(random.integers(picture.shape[0] - height + 1))
        x = int(random.integers(picture.shape[1] - width + 1))
        crop = picture[y : y + height, x : x + width]
        if random.random() < 0.5:
            crop = crop[:, ::-1]
        scene = cv2.resize(np.ascontiguousarray(crop), shape_HW[::-1], interpolation=cv2.INTER_AREA)
        if random.random() < 0.25:
            scene = cv2.GaussianBlur(scene, (0, 0), _uniform(random, 0.6, 3.0))
        return np.asarray(scene, np.float32)

    def _gradient(self, shape_HW: tuple[int, int]) -> NDArray[np.float32]:
        corners = self._random.uniform(0, 255, (2, 2, 1)) + self._random.uniform(-22, 22, (2, 2, 3))
        return np.asarray(cv2.resize(corners.astype(np.float32), shape_HW[::-1], interpolation=cv2.INTER_LINEAR))

    def _slide(self, shape_HW: tuple[int, int]) -> NDArray[np.float32]:
        """A page, light or dark, with strokes for words, and at times a small coloured box."""
        random = self._random
        ground, ink = (235.0, 30.0) if random.random() < 0.7 else (25.0, 225.0)
        scene = np.full((*shape_HW, 3), ground + _uniform(random, -20, 20), np.float32)
        line_px = int(random.integers(4, 12))
        for y in range(int(random.integers(2, 12)), shape_HW[0] - 3, line_px + int(random.integers(1, 6))):
            x = int(random.integers(2, 14))
            while x < shape_HW[1] - 4 and random.random() < 0.9:
                word_px = int(random.integers(3, 22))
                scene[y : y + max(1, line_px // 2), x : x + word_px] = ink + _uniform(random, -15, 15)
                x += word_px + int(random.integers(2, 7))
        if random.random() < 0.3:
            y, x = (int(random.integers(0, side - 12)) for side in shape_HW)
            scene[y : y + int(random.integers(5, 14)), x : x + int(random.integers(5, 22))] = _card_rgb(random)
        return scene

    def _noise(self, shape_HW: tuple[int, int]) -> NDArray[np.float32]:
        random = self._random
        coarse = tuple(max(2, side // int(random.choice([4, 8, 16, 32]))) for side in shape_HW)
        scene = random.uniform(40, 215, (*coarse, 1)) + random.uniform(-30, 30, (*coarse, 3))
        return np.asarray(cv2.resize(scene.astype(np.float32), shape_HW[::-1], interpolation=cv2.INTER_LINEAR))

    def _wall(self, shape_HW: tuple[int, int]) -> NDArray[np.float32]:
        tone = self._random.uniform(0, 255, (1, 1, 1)) + self._random.uniform(-22, 22, (1, 1, 3))
        return np.broadcast_to(tone, (*shape_HW, 3)).astype(np.float32)


def _card_rgb(random: np.random.Generator, colour: str | None = None) -> NDArray[np.float32]:
    """A card's colour, or any card's, a little off as cameras and codecs have it: rgb, 0 to 255."""
    hue = COLOURS[colour] if colour else _uniform(random, 0, 360)
    hue += _uniform(random, -6, 6)
    rgb = colorsys.hsv_to_rgb(hue / 360 % 1.0, _uniform(random, 0.78, 1.0), _uniform(random, 0.72, 1.0))
    return np.array(rgb, np.float32) * 255


def lay_card(rgb: NDArray[np.float32], shown: NDArray[np.bool_], colour: str, random: np.random.Generator) -> None:
    """Paints one card into the frames (looks, 2, H, W, 3) that ``shown`` (looks, 2) names, in place.

    It covers 45 to 100 % of the picture, lies in one place, and is lit a little unevenly.
    """
    height_px, width_px = rgb.shape[2:4]
    share = 1.0 if random.random() < 0.3 else _uniform(random, 0.45, 1.0)
    across = _uniform(random, share, 1.0)
    high, wide = round(height_px * share / across), round(width_px * across)
    y, x = int(random.integers(height_px - high + 1)), int(random.integers(width_px - wide + 1))
    light = 1 + np.linspace(_uniform(random, -0.08, 0.08), _uniform(random, -0.08, 0.08), wide, dtype=np.float32)
    card_HWC = np.broadcast_to(_card_rgb(random, colour) * light[None, :, None], (high, wide, 3))
    for look, frame in np.argwhere(shown):
        rgb[look, frame, y : y + high, x : x + wide] = card_HWC
