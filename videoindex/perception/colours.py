"""Which of the eleven basic colour words a patch of a picture has. Pure.

Pixels are named by fixed borders in hue, saturation and value, set by hand from the usual names of the hue circle
(red 0, yellow 60, green 120, blue 240 degrees); a palette is the share of each name over many pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from videoindex.perception.object_words import COLOURS

__all__ = ["Palette", "dominant", "is_monochrome", "mean_palette", "paint", "palette", "similarity", "without"]

# The share of each of ``COLOURS``, in that order; sums to 1.
Palette = tuple[float, ...]

# Upper hue borders in degrees; above the last one hue is red again.
HUE_BORDERS: Final = ((16, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (255, "blue"), (290, "purple"))
# Bright, this close to orange, a red is called orange (of the X11 colours "coral" and "orangered", at 16 degrees,
# but not "tomato", at 9); dark, it is a red in the shade.
BRIGHT_ORANGE_FROM_HUE: Final = 12
PINK_FROM_HUE: Final = 290
RED_FROM_HUE: Final = 345
BLACK_BELOW_VALUE: Final = 0.20
# Dark cloth has unsteady saturation: the darker, the more of it is needed to be called a colour.
DARK_BELOW_VALUE: Final = 0.30
DARK_SATURATION: Final = 0.45
WHITE_FROM_VALUE: Final = 0.80
GREY_BELOW_SATURATION: Final = 0.20
BROWN_BELOW_VALUE: Final = 0.62
PINK_BELOW_SATURATION: Final = 0.50
PINK_FROM_VALUE: Final = 0.75
MOST_PIXELS: Final = 4096
NAME_AT_LEAST: Final = 0.40
NAME_LEAD: Final = 0.08
VIVID: Final = frozenset(COLOURS) - {"black", "white", "grey", "brown"}
PAINT_AT_LEAST: Final = 0.12
PAINT_LEAD: Final = 1.5
LEAST_DIFFERENT: Final = 0.1
MONOCHROME_CHROMA: Final = 6


def palette(rgb_HWC: NDArray[np.uint8]) -> Palette:
    """Shares of the colour words over the pixels of a uint8 RGB patch; raises ValueError when it has none."""
    rgb_N3 = rgb_HWC.reshape(-1, 3)
    if not len(rgb_N3):
        raise ValueError("a patch with no pixels has no colours")
    rgb_N3 = rgb_N3[:: max(1, len(rgb_N3) // MOST_PIXELS)]
    names_N = _names(rgb_N3.astype(np.float32) / 255.0)
    counts_K = np.bincount(names_N, minlength=len(COLOURS))
    return tuple((counts_K / len(names_N)).tolist())


def mean_palette(palettes: Sequence[Palette]) -> Palette:
    """The average of palettes, each with the same weight; empty gives all zeros."""
    if not palettes:
        return (0.0,) * len(COLOURS)
    return tuple(np.mean(np.asarray(palettes), axis=0).tolist())


def without(inside: Palette, around: Palette) -> Palette:
    """What ``inside`` has more of than ``around``, as a palette: the object without the background in its box."""
    more = [max(a - b, 0.0) for a, b in zip(inside, around, strict=True)]
    total = sum(more)
    return tuple(share / total for share in more) if total >= LEAST_DIFFERENT else inside


def similarity(one: Palette, other: Palette) -> float:
    """Histogram intersection (Swain and Ballard, 1991), in [0, 1]."""
    return float(sum(min(a, b) for a, b in zip(one, other, strict=True)))


def dominant(colours: Palette) -> str | None:
    """The word for a patch, or None when no colour is clearly ahead: better no word than a wrong one."""
    order = sorted(range(len(colours)), key=lambda k: -colours[k])
    first, second = colours[order[0]], colours[order[1]]
    return COLOURS[order[0]] if first >= NAME_AT_LEAST and first - second >= NAME_LEAD else None


def paint(colours: Palette) -> str | None:
    """The word for a vehicle or an animal: any clear hue before black, white and grey.

    Tyres, windows and the road behind it are grey or dark whatever its paint. Brown is what shade, rust and bricks
    make of warm hues: it outweighs a hue only where there is more of it.
    """
    vivid = [share if word in VIVID else 0.0 for word, share in zip(COLOURS, colours, strict=True)]
    order = sorted(range(len(vivid)), key=lambda k: -vivid[k])
    first, second = vivid[order[0]], vivid[order[1]]
    clear = first >= PAINT_AT_LEAST and first >= max(PAINT_LEAD * second, colours[COLOURS.index("brown")])
    return COLOURS[order[0]] if clear else dominant(colours)


def is_monochrome(rgb_HWC: NDArray[np.uint8]) -> bool:
    """Whether a picture is grey throughout, as cameras give under infrared light: its colours then say nothing."""
    sample_N3 = rgb_HWC[::8, ::8].reshape(-1, 3).astype(np.int16)
    chroma_N = sample_N3.max(axis=1) - sample_N3.min(axis=1)
    return bool(np.percentile(chroma_N, 95) <= MONOCHROME_CHROMA)


def _names(rgb_N3: NDArray[np.float32]) -> NDArray[np.intp]:
    """The index into ``COLOURS`` of each pixel (RGB in [0, 1])."""
    hue_N, saturation_N, value_N = _hsv(rgb_N3)
    index = {word: k for k, word in enumerate(COLOURS)}
    names_N = np.full(len(rgb_N3), index["red"])
    for upper, word in reversed(HUE_BORDERS):
        names_N[hue_N < upper] = index[word]
    names_N[(hue_N >= PINK_FROM_HUE) & (hue_N < RED_FROM_HUE)] = index["pink"]
    reddish_N = (hue_N < HUE_BORDERS[0][0]) | (hue_N >= RED_FROM_HUE)
    names_N[reddish_N & (saturation_N < PINK_BELOW_SATURATION) & (value_N >= PINK_FROM_VALUE)] = index["pink"]
    tan_N = (hue_N < HUE_BORDERS[1][0]) & ((value_N < BROWN_BELOW_VALUE) | (saturation_N < PINK_BELOW_SATURATION))
    names_N[tan_N & ((hue_N >= HUE_BORDERS[0][0]) | (saturation_N < PINK_BELOW_SATURATION))] = index["brown"]
    glowing_N = (value_N >= BROWN_BELOW_VALUE) & (saturation_N >= PINK_BELOW_SATURATION)
    names_N[(hue_N >= BRIGHT_ORANGE_FROM_HUE) & (hue_N < HUE_BORDERS[0][0]) & glowing_N] = index["orange"]
    pale_N = saturation_N < GREY_BELOW_SATURATION
    dim_N = (value_N < DARK_BELOW_VALUE) & (saturation_N < DARK_SATURATION)
    names_N[pale_N & (value_N >= WHITE_FROM_VALUE)] = index["white"]
    names_N[pale_N & (value_N < WHITE_FROM_VALUE)] = index["grey"]
    names_N[dim_N] = index["black"]
    names_N[value_N < BLACK_BELOW_VALUE] = index["black"]
    return names_N


def _hsv(rgb_N3: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees [0, 360), saturation and value in [0, 1] (Smith, 1978)."""
    red_N, green_N, blue_N = rgb_N3[:, 0], rgb_N3[:, 1], rgb_N3[:, 2]
    value_N, low_N = rgb_N3.max(axis=1), rgb_N3.min(axis=1)
    chroma_N = value_N - low_N
    safe_N = np.where(chroma_N > 0, chroma_N, 1)
    hue_N = np.where(
        value_N == red_N,
        (green_N - blue_N) / safe_N % 6,
        np.where(value_N == green_N, (blue_N - red_N) / safe_N + 2, (red_N - green_N) / safe_N + 4),
    )
    return 60 * hue_N, chroma_N / np.maximum(value_N, 1e-6), value_N
