"""How long a haystack is: in time, or in tokens of a prompt. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from videoindex.errors import UsageError
from videoindex.sampling.mrope import FrameSize, fit_frame, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS
from videoindex.sampling.settings import SamplingSettings

__all__ = ["Length", "fitting_size", "parse_lengths", "seconds_of"]

_TIME = re.compile(r"(\d+(?:\.\d+)?)(s|m|min|h)")
_TOKENS = re.compile(r"(\d+(?:\.\d+)?)([kKM])")
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_COUNTS = {"k": 1_024, "K": 1_024, "M": 1_048_576}


@dataclass(frozen=True, slots=True)
class Length:
    """``seconds`` of footage, or as many as fill ``tokens`` of video; one of the two is 0. ``label`` as it was
    said."""

    label: str
    seconds: float = 0.0
    tokens: int = 0


def parse_lengths(text: str) -> tuple[Length, ...]:
    """``90s,5m,2h`` in time, ``16k,256k,1M`` in tokens (k = 1,024). Raises UsageError naming what is neither."""
    found = []
    for part in (part.strip() for part in text.split(",")):
        if time := _TIME.fullmatch(part):
            found.append(Length(part, seconds=float(time[1]) * _SECONDS[time[2]]))
        elif tokens := _TOKENS.fullmatch(part):
            found.append(Length(part, tokens=round(float(tokens[1]) * _COUNTS[tokens[2]])))
        else:
            raise UsageError(f"{part!r} is no length: say 90s, 5m or 2h of time, or 16k, 256k or 1M of tokens")
        if found[-1].seconds == 0 and found[-1].tokens == 0:
            raise UsageError(f"{part!r} is no length: it must be more than 0")
    return tuple(dict.fromkeys(found))


def seconds_of(length: Length, picture_px: tuple[int, int], sampling: SamplingSettings) -> float:
    """The seconds whose looks fill the length's tokens, to the whole look; its own seconds where it has them.

    Raises UsageError where not even one look fits.
    """
    if length.seconds:
        return length.seconds
    size = fit_frame(*picture_px, sampling.min_pixels, sampling.max_pixels)
    left, looks = length.tokens - VIDEO_FRAME_TOKENS, 0
    while True:
        cost = patch_tokens((looks + 0.5) * sampling.interval_s, size)
        if cost > left:
            break
        left, looks = left - cost, looks + 1
    if not looks:
        raise UsageError(f"{length.label} tokens hold no look of {size.width_px} x {size.height_px} px")
    return looks * sampling.interval_s


def fitting_size(
    picture_px: tuple[int, int], length_s: float, sampling: SamplingSettings, budget_tokens: int
) -> FrameSize:
    """The largest pictures of which ``length_s`` of looks stay within ``budget_tokens`` (0: no such limit).

    With a budget, longer footage is shown in smaller pictures, as the authors of Qwen3-VL do it. Raises UsageError
    where even the smallest pictures are too many.
    """
    if not budget_tokens:
        return fit_frame(*picture_px, sampling.min_pixels, sampling.max_pixels)
    looks = max(1, round(length_s / sampling.interval_s))
    cap = sampling.max_pixels
    while cap >= sampling.min_pixels:
        size = fit_frame(*picture_px, sampling.min_pixels, cap)
        if looks * patch_tokens(length_s, size) + VIDEO_FRAME_TOKENS <= budget_tokens:
            return size
        cap = min(cap, size.width_px * size.height_px) - 1
    raise UsageError(
        f"{looks:,} looks of {length_s:g} s do not fit {budget_tokens:,} tokens however small; raise the budget, "
        "lower sampling.min_pixels or sampling.rate_hz"
    )
