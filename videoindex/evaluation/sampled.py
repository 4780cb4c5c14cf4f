"""Plants needles while frames are sampled: no copy is made, so that hours and a million tokens cost no encoding.

What a model is shown is the same as from a spliced copy, the codec's losses aside. Observers that scan the file,
or listen to it, do not see such needles: they serve the arm "direct" alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoindex.evaluation.needle_art import draw_needle, needs_backdrop, over
from videoindex.evaluation.needles import Needle
from videoindex.media.decoders.base import Decoder, output_size
from videoindex.types import Frames, Video

__all__ = ["SampledPlanting"]


@dataclass(frozen=True, slots=True, eq=False)
class SampledPlanting:
    """A Decoder of recordings with ``needles`` (their spans on the recording's own clock) in what it gives."""

    decoder: Decoder
    needles: tuple[Needle, ...]
    _backdrops: dict[tuple[int, tuple[int, int]], NDArray[np.uint8]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.decoder.name}, needles planted"

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames. A frame shows the needles whose spans hold the asked instant."""
        size_px = output_size(video, size_px)
        for frames in self.decoder.frames(video, at_s_T, size_px, batch_frames):
            rgb_THWC = frames.rgb_THWC.copy()
            for number, at_s in enumerate(frames.at_s_T.tolist()):
                for needle in self.needles:
                    if at_s in needle.span:
                        rgb_THWC[number] = self._with(needle, rgb_THWC[number], at_s, video, size_px)
            yield Frames(rgb_THWC, frames.at_s_T, frames.pts_s_T)

    def _with(
        self, needle: Needle, rgb_HWC: NDArray[np.uint8], at_s: float, video: Video, size_px: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """The frame with the needle, drawn at the recording's own size and scaled down with it."""
        if needs_backdrop(needle):
            # The picture stops at the first frame that shows the needle.
            rgb_HWC = self._backdrops.setdefault((needle.look, size_px), rgb_HWC.copy())
        share = (at_s - needle.span.start_s) / needle.span.duration_s
        rgba_HWC = draw_needle(needle, (video.width_px, video.height_px), share)
        if size_px != (video.width_px, video.height_px):
            scaled = Image.fromarray(rgba_HWC).resize(size_px, Image.Resampling.BOX, reducing_gap=3.0)
            rgba_HWC = np.asarray(scaled, np.uint8)
        return over(rgb_HWC, rgba_HWC)
