"""What a model is shown that is only asked about words. Pure."""

from __future__ import annotations

import numpy as np

from videoindex.perception.vlm.base import Looks, Showing
from videoindex.sampling.mrope import FrameSize
from videoindex.types import Span

__all__ = ["BLANK", "blank_showing"]

BLANK = FrameSize(64, 64)
"""Every backend answers about pictures: where there are none, a grey one of this size stands in."""


def blank_showing(name: str, instructions: str) -> Showing:
    """``instructions`` and one grey picture; ``name`` says in messages what it is for."""
    rgb_THWC = np.full((2, BLANK.height_px, BLANK.width_px, 3), 128, np.uint8)
    looks = Looks(rgb_THWC, np.zeros(2))
    return Showing(name, Span(0.0, 1.0), instructions, (looks,), looks.marks_s, BLANK, stills=True)
