"""Which looks at a span of a screen recording a model is shown, in which windows, and how they are decoded."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from videoindex.media.decoders.base import Decoder
from videoindex.media.scan import ScanSettings, scan
from videoindex.perception.vlm.base import Looks
from videoindex.query.read import ReadSettings
from videoindex.sampling.mrope import FrameSize, patch_tokens
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair, uniform_pairs
from videoindex.types import Frames, Scan, Span, Video

__all__ = ["PartDecoder", "Window", "changed_pairs", "decoded_looks", "fine", "plan_windows", "scan_part"]

_CHANGED_SHARE = 0.02  # of a block's pixels
# Blocks of a scan for steps: 20 x 20 px of a picture 640 px wide, in which the tick of a check box is a change.
_FINE_ROWS, _FINE_COLUMNS, _FINE_WIDTH_PX = 18, 32, 640


@dataclass(frozen=True, slots=True, eq=False)
class PartDecoder:
    """A Decoder of a part of ``whole``: a decoder may count its times from the start of the recording it is given,
    so it is always given the whole one."""

    decoder: Decoder
    whole: Video

    @property
    def name(self) -> str:
        return self.decoder.name

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames; ``video`` is the part."""
        return self.decoder.frames(self.whole, at_s_T, size_px, batch_frames)


@dataclass(frozen=True, slots=True)
class Window:
    """What one question is about: ``span``, and ``pairs``, the looks shown for it. Of these the first ``before``
    (0 or 1) belong to the window before: they show what there was to begin with."""

    span: Span
    pairs: tuple[Pair, ...]
    before: int


def fine(settings: ScanSettings, video: Video, rate_hz: float) -> ScanSettings:
    """The settings of a scan that sees what happens on a screen, for looks of ``rate_hz``."""
    return replace(
        settings,
        rate_hz=max(settings.rate_hz, 2 * rate_hz),
        rows=_FINE_ROWS,
        columns=_FINE_COLUMNS,
        width_px=max(64, min(_FINE_WIDTH_PX, video.width_px)),
    )


def scan_part(video: Video, span: Span, decoder: Decoder, settings: ScanSettings) -> Scan:
    """What changed when in ``span``. Raises DecodeError where nothing of it can be decoded."""
    with tempfile.TemporaryDirectory(prefix="videoindex-read-") as folder:
        part = replace(video, span=span)
        seen = scan(part, Path(folder), settings, decoder=PartDecoder(decoder, video))
    return replace(seen, thumbnails=())


def changed_pairs(span: Span, seen: Scan, rate_hz: float) -> list[Pair]:
    """Looks of ``rate_hz``, less those at which nothing changed since the last kept one. The first is kept."""
    interval_s = 1.0 / rate_hz
    pairs = uniform_pairs(span, SamplingSettings(rate_hz=rate_hz, heartbeat_s=max(10.0, interval_s)))
    level = math.ceil(_CHANGED_SHARE * 255)
    fired_T = (seen.change_TRC >= level).any(axis=(1, 2))
    changes_T = np.concatenate(([0], np.cumsum(fired_T)))
    counts = changes_T[np.searchsorted(seen.pts_s_T, [pair.second_s for pair in pairs], side="right")]
    kept = [0]
    for k in range(1, len(pairs)):
        if counts[k] > counts[kept[-1]]:
            kept.append(k)
    return [pairs[k] for k in kept]


def plan_windows(pairs: Sequence[Pair], span: Span, size: FrameSize, settings: ReadSettings) -> list[Window]:
    """Windows that tile ``span``, each of as many looks as its tokens and the settings allow, at least one."""
    look_tokens = patch_tokens(span.end_s, size)
    each = max(1, min(settings.window_looks, settings.window_tokens // look_tokens - 1))
    firsts = range(0, len(pairs), each)
    edges_s = [span.start_s, *(pairs[first].first_s for first in firsts[1:]), span.end_s]
    return [
        Window(Span(edges_s[n], edges_s[n + 1]), tuple(pairs[max(0, first - 1) : first + each]), min(first, 1))
        for n, first in enumerate(firsts)
    ]


def decoded_looks(
    video: Video, pairs: Sequence[Pair], decoder: Decoder, size: FrameSize
) -> tuple[Looks, list[bool]]:
    """The looks that can be decoded, and of each of ``pairs`` whether it is among them: both its frames are."""
    asked_s = [at_s for pair in pairs for at_s in (pair.first_s, pair.second_s)]
    shown = {}
    for frames in decoder.frames(video, asked_s, (size.width_px, size.height_px)):
        for at_s, rgb_HWC in zip(frames.at_s_T, frames.rgb_THWC, strict=True):
            shown[float(at_s)] = rgb_HWC
    is_whole = [pair.first_s in shown and pair.second_s in shown for pair in pairs]
    at_s_T = [
        at_s
        for pair, whole in zip(pairs, is_whole, strict=True)
        if whole
        for at_s in (pair.first_s, pair.second_s)
    ]
    rgb_THWC = np.zeros((len(at_s_T), size.height_px, size.width_px, 3), np.uint8)
    for t, at_s in enumerate(at_s_T):
        rgb_THWC[t] = shown.pop(at_s)
    return Looks(rgb_THWC, np.array(at_s_T, np.float64)), is_whole
