"""The Decoder over decord: kept for comparison, and as a second opinion (see docs/decisions/001-decoder.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from videoindex.errors import DecodeError, MissingDependencyError
from videoindex.media.decoders.base import Picture, batches, check_request, output_size
from videoindex.types import Frames, Video

if TYPE_CHECKING:
    from decord import VideoReader

__all__ = ["DecordDecoder"]


class DecordDecoder:
    """Random access by decord's get_batch, instants mapped to frames by its own table of time stamps."""

    name = "decord"

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames."""
        check_request(video, at_s_T, size_px, batch_frames)
        return batches(_pictures(video, at_s_T, output_size(video, size_px), batch_frames), batch_frames)


def _pictures(
    video: Video, at_s_T: Sequence[float], size_px: tuple[int, int], batch_frames: int
) -> Iterator[Picture]:
    reader = _open(video, size_px)
    # decord counts from its first frame, in single precision.
    starts_s = np.asarray(reader.get_frame_timestamp(range(len(reader))))[:, 0].astype(np.float64)
    starts_s += video.span.start_s - starts_s[0]
    inside = [float(at_s) for at_s in at_s_T if at_s < video.span.end_s]
    for first in range(0, len(inside), batch_frames):
        asked_s = inside[first : first + batch_frames]
        indices = np.maximum(np.searchsorted(starts_s, np.array(asked_s) + 1e-6, side="right") - 1, 0)
        try:
            rgb_THWC = reader.get_batch(indices.tolist()).asnumpy()
        except Exception as error:  # decord raises its own untyped errors
            raise DecodeError(f"decord cannot decode {video.path} near {asked_s[0]:.2f} s: {error}") from error
        for at_s, index, rgb_HWC in zip(asked_s, indices, rgb_THWC, strict=True):
            yield at_s, float(starts_s[index]), rgb_HWC


def _open(video: Video, size_px: tuple[int, int]) -> VideoReader:
    try:
        import decord
    except ImportError as error:
        raise MissingDependencyError("decord is not installed; run: pip install decord") from error
    decord.logging.set_level(decord.logging.QUIET)
    try:
        return decord.VideoReader(str(video.path), width=size_px[0], height=size_px[1], num_threads=0)
    except Exception as error:  # decord raises its own untyped errors
        raise DecodeError(f"decord cannot open {video.path}: {error}. Try the decoder pyav.") from error
