"""Qwen3-VL's arithmetic: sizes, markers, tokens, positions. Pure.

Read in transformers 5.23.0, ``models/qwen3_vl``: ``video_processing_qwen3_vl.smart_resize``,
``processing_qwen3_vl.Qwen3VLProcessor.replace_video_token`` and ``modeling_qwen3_vl.Qwen3VLModel.get_rope_index``.
A frame is cut into patches of 16 px; two frames make one temporal patch; 2 x 2 patches merge into one token. So
one *cell* of 32 x 32 px of a frame pair is one token, and every temporal patch is written into the prompt as

    <12.5 seconds><|vision_start|> cells ... <|vision_end|>
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError

__all__ = [
    "CELL_PX",
    "CONTEXT_POSITIONS",
    "PATCH_FRAMES",
    "FrameSize",
    "fit_frame",
    "marker",
    "marker_tokens",
    "patch_positions",
    "patch_tokens",
    "position_ids",
    "yarn_factor",
]

CELL_PX = 32  # patch_size 16 x merge_size 2
PATCH_FRAMES = 2  # temporal_patch_size
CONTEXT_POSITIONS = 262_144  # max_position_embeddings of every released Qwen3-VL
_ASPECT_LIMIT = 200  # smart_resize refuses more
_YARN_FACTORS = (2.0, 3.0)  # 3 x 262,144 is room for 1M tokens of video, since cells share positions


@dataclass(frozen=True, slots=True)
class FrameSize:
    """A frame as Qwen3-VL takes it. Law: both sides are positive multiples of ``CELL_PX``."""

    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        for side_px in (self.width_px, self.height_px):
            if side_px <= 0 or side_px % CELL_PX:
                raise ValueError(
                    f"frame sides must be multiples of {CELL_PX} px, got {self.width_px} x {self.height_px}"
                )

    @property
    def cells(self) -> int:
        """Tokens that the pixels of one temporal patch take."""
        return (self.width_px // CELL_PX) * (self.height_px // CELL_PX)

    @property
    def longest_cells(self) -> int:
        """Positions that the pixels of one temporal patch take."""
        return max(self.width_px, self.height_px) // CELL_PX


def fit_frame(width_px: int, height_px: int, min_pixels: int, max_pixels: int) -> FrameSize:
    """The size a frame is resized to: about its own aspect, area between both bounds, in whole cells.

    This is ``smart_resize`` for one frame (its bounds count the pixels of all frames together; here they are per
    frame, the per-frame cap that the reference implementation qwen-vl-utils has too). Rounding is to the nearest
    even cell count at ties, as Python's ``round``; an area above the cap is rounded down, one below the floor up.
    Raises ConfigError for empty frames, an aspect over 200 : 1 and bounds that leave no size.
    """
    if width_px <= 0 or height_px <= 0:
        raise ConfigError(f"a picture of {width_px} x {height_px} px cannot be shown to a model")
    if not CELL_PX * CELL_PX <= min_pixels <= max_pixels:
        raise ConfigError(
            f"sampling.min_pixels ({min_pixels}) must be at least {CELL_PX * CELL_PX} (one cell) "
            f"and at most sampling.max_pixels ({max_pixels})"
        )
    wide, high = width_px, height_px
    if wide < CELL_PX or high < CELL_PX:
        grow = max(CELL_PX / high, CELL_PX / wide)
        wide, high = int(wide * grow), int(high * grow)
    if max(wide, high) / min(wide, high) > _ASPECT_LIMIT:
        raise ConfigError(
            f"a picture of {width_px} x {height_px} px is longer than {_ASPECT_LIMIT} : 1; crop it first"
        )
    fitted_w, fitted_h = round(wide / CELL_PX) * CELL_PX, round(high / CELL_PX) * CELL_PX
    if fitted_w * fitted_h > max_pixels:
        shrink = math.sqrt(wide * high / max_pixels)
        fitted_w = max(CELL_PX, math.floor(wide / shrink / CELL_PX) * CELL_PX)
        fitted_h = max(CELL_PX, math.floor(high / shrink / CELL_PX) * CELL_PX)
    elif fitted_w * fitted_h < min_pixels:
        grow = math.sqrt(min_pixels / (wide * high))
        fitted_w = math.ceil(wide * grow / CELL_PX) * CELL_PX
        fitted_h = math.ceil(high * grow / CELL_PX) * CELL_PX
    return FrameSize(fitted_w, fitted_h)


def marker(at_s: float) -> str:
    """The text before a temporal patch, e.g. ``<12.5 seconds>``: the mean of its two frames' times."""
    return f"<{at_s:.1f} seconds>"


def marker_tokens(at_s: float) -> int:
    """Tokens of :func:`marker` in Qwen's tokenizer: ``<``, each digit and the point, `` seconds``, ``>``."""
    return len(f"{at_s:.1f}") + 3


def patch_tokens(at_s: float, size: FrameSize) -> int:
    """Tokens of one temporal patch: its marker, vision start and end, its cells."""
    return marker_tokens(at_s) + 2 + size.cells


def patch_positions(at_s: float, size: FrameSize) -> int:
    """How far one temporal patch moves the position counter: far less than its tokens.

    The cells of a patch share one temporal position and span ``max(rows, columns)`` (``get_rope_index``).
    """
    return marker_tokens(at_s) + 2 + size.longest_cells


def position_ids(
    at_s_P: Sequence[float], size: FrameSize, text_before: int = 0, text_after: int = 0
) -> NDArray[np.int64]:
    """Position ids (temporal, row, column) of a whole prompt: int64, shape (3, tokens).

    The prompt is ``text_before`` text tokens, the temporal patches marked ``at_s_P``, ``text_after`` text tokens.
    Text has equal ids in all three rows; the cells of a patch keep the temporal id of its start and count rows
    and columns from there (``get_rope_index``, ``get_vision_position_ids``).
    """
    rows, columns = size.height_px // CELL_PX, size.width_px // CELL_PX
    cell_ids = np.stack([np.zeros((rows, columns), np.int64), *np.indices((rows, columns))]).reshape(3, -1)
    blocks: list[NDArray[np.int64]] = []
    at = 0
    text = text_before
    for marked_s in at_s_P:
        text += marker_tokens(marked_s) + 1  # ... and <|vision_start|>
        blocks += [_text_ids(at, text), cell_ids + (at + text)]
        at += text + size.longest_cells
        text = 1  # <|vision_end|> opens the next run of text
    blocks.append(_text_ids(at, text + text_after))
    return np.concatenate(blocks, axis=1)


def _text_ids(start: int, count: int) -> NDArray[np.int64]:
    return np.broadcast_to(np.arange(start, start + count, dtype=np.int64), (3, count))


def yarn_factor(positions: int) -> float | None:
    """The YaRN factor a prompt of so many *positions* needs, None when it fits the native context.

    Only positions count, not tokens: 1,800 frames at 672 x 352 are 218 thousand tokens but 29 thousand positions.
    Raises ConfigError when not even the largest factor is enough.
    """
    if positions <= CONTEXT_POSITIONS:
        return None
    for factor in _YARN_FACTORS:
        if positions <= factor * CONTEXT_POSITIONS:
            return factor
    raise ConfigError(
        f"{positions} positions are more than Qwen3-VL can tell apart "
        f"({int(_YARN_FACTORS[-1] * CONTEXT_POSITIONS)} with YaRN); lower sampling.position_budget"
    )
