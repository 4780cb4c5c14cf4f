"""Single pictures of a recording, saved as JPEG: evidence that a person can look at."""

from __future__ import annotations

import os
from pathlib import Path

from videoindex.media.decoders.base import Decoder
from videoindex.types import Video

__all__ = ["save_still"]

_QUALITY = 90


def save_still(decoder: Decoder, video: Video, at_s: float, path: Path) -> float | None:
    """Saves the picture on display at ``at_s`` in its own size; its time stamp, or None where none can be decoded.

    The file appears when complete. Raises as ``Decoder.frames`` does, and OSError where it cannot be written.
    """
    from PIL import Image

    for frames in decoder.frames(video, (at_s,)):
        if len(frames):
            partial = path.with_name(f".{path.name}.partial")
            try:
                Image.fromarray(frames.rgb_THWC[0]).save(partial, format="JPEG", quality=_QUALITY)
                os.replace(partial, path)
            finally:
                partial.unlink(missing_ok=True)
            return float(frames.pts_s_T[0])
    return None
