"""Short films in which coloured cards are held up at known seconds: what the small model was trained to see."""

from __future__ import annotations

import functools
import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import slides
from PIL import Image

from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Span, Video

COLOURS = {
    "red": (215, 30, 35),
    "orange": (240, 130, 20),
    "yellow": (235, 215, 30),
    "green": (35, 170, 60),
    "blue": (35, 80, 215),
    "purple": (150, 40, 200),
}
SIZE_PX = (384, 256)
# One look a second, in the middle of it; a look is six cells of the size that the model knows.
SAMPLING = SamplingSettings(
    adaptive=False, min_pixels=4 * 1024, max_pixels=6 * 1024, token_budget=2_048, reserved_tokens=1_400
)


@dataclass(frozen=True)
class Film:
    """A film and its truth: which card is held up over which seconds, and a colour that never is."""

    video: Video
    cards: tuple[tuple[str, Span], ...]
    absent: str


def make_film(folder: Path, seed: int, seconds: int, cards: int = 1) -> Film:
    """A film of ``seconds`` with ``cards`` of different colours, each for one to three whole seconds."""
    draw = random.Random(seed)
    colours = draw.sample(sorted(COLOURS), cards + 1)
    spans = _apart(draw, seconds, cards)
    shown = tuple(zip(colours, spans, strict=False))
    scenes = (
        photograph("chelsea.png"),
        photograph("rocket.jpg"),
        slides.plain((205, 200, 190), *SIZE_PX),
        slides.plain((60, 70, 80), *SIZE_PX),
    )
    scene, noise = draw.choice(scenes), np.random.default_rng(seed)
    left, top = draw.randint(0, 100), draw.randint(0, 60)

    def picture(at_s: float) -> slides.Picture:
        rgb_HWC = scene(at_s)
        for colour, span in shown:
            if at_s in span:
                rgb_HWC[top : top + 190, left : left + 280] = COLOURS[colour]
        rough = rgb_HWC + noise.normal(0, 4, rgb_HWC.shape)
        return np.clip(rough, 0, 255).astype(np.uint8)

    words = slides.Planted("Tuesday, in the yard", 0.0, float(seconds), 20, 20, 18)
    path = folder / f"film_{seed}.mp4"
    return Film(slides.record(path, picture, [words], float(seconds), fps=10), shown, colours[-1])


@functools.cache
def photograph(name: str) -> Callable[[float], slides.Picture]:
    """A camera that sways over a photograph of scikit-image's, one that the model was not trained on."""
    (folder,) = find_spec("skimage").submodule_search_locations
    with Image.open(Path(folder) / "data" / name) as picture:
        wide_HWC = np.asarray(picture.convert("RGB").resize((SIZE_PX[0] + 40, SIZE_PX[1] + 40)))

    def shot(at_s: float) -> slides.Picture:
        left, top = (round(20 + 20 * math.sin(at_s / pace)) for pace in (3, 5))
        return wide_HWC[top : top + SIZE_PX[1], left : left + SIZE_PX[0]].copy()

    return shot


def _apart(draw: random.Random, seconds: int, count: int) -> list[Span]:
    """Spans of whole seconds with at least one second between them."""
    while True:
        starts = sorted(draw.sample(range(seconds), count))
        spans = [Span(float(start), float(min(seconds, start + draw.randint(1, 3)))) for start in starts]
        if all(a.end_s < b.start_s for a, b in pairwise(spans)):
            return spans


def seen_card(text: str) -> str:
    """The colour that an event names; empty where it names none."""
    found = re.search(rf"\b({'|'.join(COLOURS)}) card\b", text)
    return found[1] if found else ""
