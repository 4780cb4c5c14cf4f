"""What looking at a video would take, before anything is decoded. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from videoindex.errors import NotAVideoError
from videoindex.models import ModelSpec, Weights, memory_bytes, prefill_flops
from videoindex.sampling.mrope import PATCH_FRAMES, FrameSize, fit_frame, yarn_factor
from videoindex.sampling.pack import pack
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import uniform_pairs
from videoindex.types import Video

__all__ = ["Plan", "PlannedSegment", "plan"]

# One H100 or H200 in bf16 (989 TFLOP/s dense), at the share of it that good exact-attention prefills sustain.
_SUSTAINED_FLOPS = 0.5 * 989e12


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """One prompt: its span on the source's clock, its temporal patches, and the video's part of its cost."""

    start_s: float
    end_s: float
    patches: int
    tokens: int
    positions: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What looking at a whole video takes with one model.

    ``shortest_event_s``: an event that lasts this long is sure to be on display at a look's marked instant,
    wherever it begins; a shorter one may fall between two looks. ``prompt_tokens`` are those of the largest
    segment with its instructions and answer, ``memory_bytes`` is the GPU memory for them, ``prefill_s`` the time
    to read all segments on one H100-class GPU: a calculation from operation counts at half the GPU's peak, not a
    measurement, and without the time to write the answers. Looks are planned without a scan, so an adaptive run
    takes at most this.
    """

    model: ModelSpec
    weights: Weights
    segments: tuple[PlannedSegment, ...]
    size: FrameSize
    yarn_factor: float | None
    shortest_event_s: float
    prompt_tokens: int
    memory_bytes: int
    prefill_s: float

    @property
    def tokens(self) -> int:
        return sum(segment.tokens for segment in self.segments)

    @property
    def frames(self) -> int:
        """Frames that will be decoded."""
        return PATCH_FRAMES * sum(segment.patches for segment in self.segments)


def plan(video: Video, settings: SamplingSettings, model: ModelSpec, weights: Weights = "bf16") -> Plan:
    """Plans uniform looks over ``video``; decodes nothing.

    Raises NotAVideoError when the file has no picture, ConfigError when one look does not fit the budgets.
    """
    if not video.has_picture:
        raise NotAVideoError(f"{video.path} has no picture to plan looks for; its sound can still be indexed")
    size = fit_frame(video.width_px, video.height_px, settings.min_pixels, settings.max_pixels)
    segments = tuple(
        PlannedSegment(
            segment.span.start_s,
            segment.span.end_s,
            len(segment.at_s_T) // PATCH_FRAMES,
            segment.tokens,
            segment.positions,
        )
        for segment in pack(video.id, "qwen", video.span, uniform_pairs(video.span, settings), size, settings)
    )
    tokens = [segment.tokens + settings.reserved_tokens for segment in segments]
    positions = max(segment.positions for segment in segments) + settings.reserved_tokens
    return Plan(
        model=model,
        weights=weights,
        segments=segments,
        size=size,
        yarn_factor=yarn_factor(positions),
        shortest_event_s=settings.interval_s,
        prompt_tokens=max(tokens),
        memory_bytes=memory_bytes(model, max(tokens), weights),
        prefill_s=sum(prefill_flops(model, count, size.cells) for count in tokens) / _SUSTAINED_FLOPS,
    )
