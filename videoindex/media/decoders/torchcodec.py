"""The Decoder over torchcodec (extra ``torchcodec``; needs a system FFmpeg)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import DecodeError, MissingDependencyError
from videoindex.media.decoders.base import Picture, batches, check_request, output_size
from videoindex.types import Frames, Video

__all__ = ["TorchcodecDecoder"]


class TorchcodecDecoder:
    """Exact seeks by torchcodec's get_frames_played_at."""

    name = "torchcodec"

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames."""
        check_request(video, at_s_T, size_px, batch_frames)
        return batches(_pictures(video, at_s_T, output_size(video, size_px), batch_frames), batch_frames)


def _pictures(
    video: Video, at_s_T: Sequence[float], size_px: tuple[int, int], batch_frames: int
) -> Iterator[Picture]:
    decoder = _open(video)
    begin_s = decoder.metadata.begin_stream_seconds or 0.0
    end_s = decoder.metadata.end_stream_seconds or video.span.end_s
    inside = [float(at_s) for at_s in at_s_T if at_s < video.span.end_s]
    for first in range(0, len(inside), batch_frames):
        asked_s = inside[first : first + batch_frames]
        # A file that does not say how long its last frame lasts ends, for torchcodec, as that frame begins.
        before_end_s = [max(begin_s, at_s + 1e-6) for at_s in asked_s if at_s < end_s - 1e-6]
        try:
            played = [*decoder.get_frames_played_at(before_end_s)] if before_end_s else []
            if len(before_end_s) < len(asked_s):
                played += [decoder.get_frame_at(len(decoder) - 1)] * (len(asked_s) - len(before_end_s))
        except (RuntimeError, IndexError, ValueError) as error:
            raise DecodeError(f"torchcodec cannot decode {video.path} near {asked_s[0]:.2f} s: {error}") from error
        for at_s, frame in zip(asked_s, played, strict=True):
            yield at_s, float(frame.pts_seconds), _scaled(np.asarray(frame.data), size_px)


def _open(video: Video) -> Any:
    try:
        make = import_module("torchcodec.decoders").VideoDecoder  # an extra: typed only where it is installed
    except (ImportError, RuntimeError, OSError) as error:
        raise MissingDependencyError(
            "torchcodec cannot be loaded; run: pip install 'videoindex[torchcodec]', and install FFmpeg"
        ) from error
    try:
        return make(str(video.path), dimension_order="NHWC")
    except (RuntimeError, ValueError) as error:
        raise DecodeError(f"torchcodec cannot open {video.path}: {error}. Try the decoder pyav.") from error


def _scaled(rgb_HWC: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    if (rgb_HWC.shape[1], rgb_HWC.shape[0]) == size_px:
        return rgb_HWC
    import cv2

    return np.asarray(cv2.resize(rgb_HWC, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)
