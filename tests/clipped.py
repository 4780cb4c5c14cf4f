"""What a clip shows and says, read from its pixels and samples by the product's own readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import planted
from numpy.typing import NDArray

from videoindex.media.audio import read_audio
from videoindex.media.clip import Clip, Cut, cut
from videoindex.media.orientation import orientation_of
from videoindex.media.probe import probe
from videoindex.types import Span

SIZE = (128, 72)
# B-pictures, and key pictures only where the group ends: every number of a test is known beforehand.
CODED = {"bf": "2", "x264-params": "scenecut=0"}
RATE_HZ = 16_000


@dataclass(frozen=True)
class Shown:
    """One picture of a clip: when it appears, counted from the first, its number, and its (width, height)."""

    at_s: float
    number: int | None
    size_px: tuple[int, int]


def shown_in(path: Path, crop_px: tuple[int, int, int, int] | None = None) -> list[Shown]:
    """Every picture, in order of display, upright; ``crop_px`` (left, top, right, bottom) is where it is read."""
    with av.open(str(path)) as container:
        found = []
        for frame in container.decode(video=0):
            upright = orientation_of(frame).apply(frame.to_ndarray(format="rgb24"))
            left, top, right, bottom = crop_px or (0, 0, upright.shape[1], upright.shape[0])
            number = planted.read(np.ascontiguousarray(upright[top:bottom, left:right]))
            found.append(Shown(float(frame.time or 0.0), number, (upright.shape[1], upright.shape[0])))
    return [Shown(one.at_s - found[0].at_s, one.number, one.size_px) for one in found]


def numbers(path: Path) -> list[int | None]:
    return [one.number for one in shown_in(path)]


def cut_out(path: Path, start_s: float, end_s: float, output: Path) -> Clip:
    return cut([Cut(probe(path), Span(start_s, end_s))], output)


def noise(duration_s: float) -> NDArray[np.float32]:
    """Sound of which every stretch differs from every other: what is heard says when it was."""
    raw = np.random.default_rng(7).standard_normal(int(duration_s * RATE_HZ))
    return (0.2 * np.convolve(raw, np.ones(4) / 4, "same")).astype(np.float32)


def first_heard_s(clip: Path) -> float:
    """How long after the first picture noise begins to be heard."""
    here = probe(clip).video
    heard_T = read_audio(here, Span(here.span.start_s, here.span.start_s + 1.0), RATE_HZ)
    return int(np.argmax(np.abs(heard_T) > 0.02)) / RATE_HZ


def lag_s(source: Path, span: Span, clip: Path, at_s: float = 0.0) -> tuple[float, float]:
    """How much later than in the source the sound of ``span`` comes in the clip, where it should begin at ``at_s``
    after the first picture; and the correlation of both at that lag, 1 for the same sound."""
    here, there = probe(clip).video, probe(source).video
    begin_s = (here.span.start_s if here.has_picture else 0.0) + at_s
    heard_T = read_audio(here, Span(begin_s, begin_s + span.duration_s), RATE_HZ)
    said_T = read_audio(there, span, RATE_HZ)
    size = min(len(heard_T), len(said_T))
    heard_T, said_T = heard_T[:size], said_T[:size]
    spectrum = np.fft.rfft(said_T, 2 * size).conj() * np.fft.rfft(heard_T, 2 * size)
    likeness_T = np.fft.irfft(spectrum)
    best = int(np.argmax(likeness_T))
    power = float(np.sqrt(np.sum(said_T**2) * np.sum(heard_T**2)))
    return (best - 2 * size if best > size else best) / RATE_HZ, float(likeness_T[best]) / power
