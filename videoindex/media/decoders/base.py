"""What every decoder promises, and the small things all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import DecodeError, UsageError
from videoindex.types import Frames, Video

__all__ = ["Decoder", "Picture", "PictureSource", "batches", "check_request", "output_size"]

Picture = tuple[float, float, NDArray[np.uint8]]
"""(asked second, true second, rgb_HWC)"""


class Decoder(Protocol):
    """Gives the frames on display at asked instants."""

    @property
    def name(self) -> str: ...

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """The frames on display at the rising instants ``at_s_T``, in order, ``batch_frames`` at a time.

        The frame on display at t is the one with the largest time stamp <= t; before the first frame it is the
        first. Pixels are RGB, rotated as displayed, scaled to ``size_px`` (width, height), or to the video's
        displayed size for (0, 0). An instant that cannot be decoded (a damaged stretch, or past the end) is
        absent: a wrong picture is never given in its place. Memory does not grow with the video's length.

        Raises:
            UsageError: instants that do not rise, a size or batch below 1.
            DecodeError: the file cannot be opened, or has no picture.
            DecoderHungError: a guarded decoder gave nothing in time and was stopped.
        """
        ...


@runtime_checkable
class PictureSource(Protocol):
    """A Decoder that can give its pictures one by one, to be copied once, straight to where they are wanted."""

    def pictures(self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int]) -> Iterator[Picture]:
        """As Decoder.frames, for a request that was checked."""
        ...


def check_request(video: Video, at_s_T: Sequence[float], size_px: tuple[int, int], batch_frames: int) -> None:
    """Raises UsageError or DecodeError when the request cannot be met as put."""
    if not video.has_picture:
        raise DecodeError(f"{video.path} has no picture to decode: it holds sound only. Use its speech instead.")
    if batch_frames < 1:
        raise UsageError(f"batch_frames must be at least 1, got {batch_frames}")
    if size_px != (0, 0) and min(size_px) < 1:
        raise UsageError(f"size_px must be (0, 0) or two positive numbers, got {size_px}")
    for earlier_s, later_s in pairwise(at_s_T):
        if later_s <= earlier_s:
            raise UsageError(f"instants to decode must rise, got {earlier_s} then {later_s} for {video.path}")


def output_size(video: Video, size_px: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the frames to give."""
    return (video.width_px, video.height_px) if size_px == (0, 0) else size_px


def batches(pictures: Iterable[Picture], batch_frames: int) -> Iterator[Frames]:
    """Groups pictures into Frames of ``batch_frames``; the last may be shorter."""
    held: list[Picture] = []
    for picture in pictures:
        held.append(picture)
        if len(held) == batch_frames:
            yield _stack(held)
            held = []
    if held:
        yield _stack(held)


def _stack(held: list[Picture]) -> Frames:
    return Frames(
        np.stack([rgb_HWC for _, _, rgb_HWC in held]),
        np.array([at_s for at_s, _, _ in held], dtype=np.float64),
        np.array([pts_s for _, pts_s, _ in held], dtype=np.float64),
    )
