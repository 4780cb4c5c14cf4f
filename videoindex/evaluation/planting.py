"""Plants needles in a copy of a recording by real splicing, and verifies their times by decoding the copy."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoindex.evaluation.needle_art import draw_needle, needs_backdrop, over
from videoindex.evaluation.needles import Needle
from videoindex.evaluation.voices import say
from videoindex.media.audio import read_audio
from videoindex.media.decoders.base import Decoder
from videoindex.media.encode import Layer
from videoindex.media.overlay import Laid, Voice, overlay, shown_span
from videoindex.media.probe import Probe, probe
from videoindex.types import Span, Video

__all__ = ["Planted", "plant"]

_RATE_HZ = 16_000
_DUCKED = {"salient": 0.0, "blended": 1.0}
_SILENT_S = {"salient": 0.5, "blended": 0.0}
"""A salient sentence is spoken into silence, which begins this much earlier; a blended one among what is heard."""

_LOUDNESS = {"salient": 1.0, "blended": 0.5}
_BESIDE_S = 0.001
"""So far from a needle's first and last instant its presence and absence are looked at."""

_LATEST_S = 0.03
"""A spoken needle that is heard this much too early or late was not planted where it should be."""

_LEAST_LIKENESS = {"salient": 0.5, "blended": 0.15}
_MOST_CLIP_HZ = 30.0


@dataclass(frozen=True, slots=True)
class Planted:
    """The copy as a recording, and its needles with the spans that were verified, in the order given.

    ``faults`` tell, by number, which needles were not found where they were planted. ``shown`` are pictures of
    seen needles, decoded from the copy: rgb_HWC.
    """

    source: Probe
    needles: tuple[Needle, ...]
    faults: dict[int, str]
    shown: dict[int, NDArray[np.uint8]]
    encoded_s: float
    notes: tuple[str, ...]

    @property
    def video(self) -> Video:
        return self.source.video


def plant(source: Probe, part: Span, needles: Sequence[Needle], decoder: Decoder, output: Path) -> Planted:
    """Writes the ``part`` of ``source`` with ``needles`` in it to ``output``.

    The needles' spans count from the part's start; those that come back are what the copy shows, on its own clock,
    which begins at 0. Raises as `videoindex.media.overlay.overlay`, and MissingDependencyError without a voice.
    """
    source = replace(source, video=replace(source.video, span=part))
    seen = [number for number, needle in enumerate(needles) if needle.kind != "speech"]
    asked = [_later(needles[number].span, part.start_s) for number in seen]
    spans = dict(zip(seen, shown_span(source, asked) if seen else [], strict=True))
    with tempfile.TemporaryDirectory(prefix=".needles-", dir=output.parent) as name:
        laid = [
            Laid(span, _layer(needles[number], span, source, decoder, Path(name) / str(number)))
            for number, span in spans.items()
        ]
        voices = {n: _voice(needle, part.start_s) for n, needle in enumerate(needles) if needle.kind == "speech"}
        made = overlay(source, laid, list(voices.values()), output)
    spans |= {number: voice.span for number, voice in voices.items()}
    copy = probe(output)
    placed = tuple(needle.at(_later(spans[n], -made.from_s)) for n, needle in enumerate(needles))
    faults: dict[int, str] = {}
    shown: dict[int, NDArray[np.uint8]] = {}
    for number, needle in enumerate(placed):
        if number in voices:
            fault = _heard_fault(copy.video, needle, voices[number].samples_T)
        else:
            fault, shown[number] = _seen_fault(source.video, copy.video, needle, made.from_s, decoder)
        if fault:
            faults[number] = fault
    return Planted(copy, placed, faults, shown, made.encoded_s, made.notes)


def _later(span: Span, by_s: float) -> Span:
    return Span(span.start_s + by_s, span.end_s + by_s)


def _layer(needle: Needle, span: Span, source: Probe, decoder: Decoder, folder: Path) -> Layer:
    """The needle's pictures as files."""
    folder.mkdir()
    video = source.video
    size_px = (video.width_px, video.height_px)
    backdrop = _frame(decoder, video, span.start_s + _BESIDE_S) if needs_backdrop(needle) else None
    if needle.kind != "clip":
        Image.fromarray(draw_needle(needle, size_px, 0.0, backdrop)).save(folder / "still.png", compress_level=1)
        return Layer(folder / "still.png", turn_deg=source.rotation_deg)
    rate_hz, count = _clip_pictures(video, span)
    for number in range(count):
        picture = Image.fromarray(draw_needle(needle, size_px, number / count))
        picture.save(folder / f"{number:05}.png", compress_level=1)
    return Layer(folder / "%05d.png", rate_hz, source.rotation_deg)


def _clip_pictures(video: Video, span: Span) -> tuple[float, int]:
    """How many pictures a second a moving needle has, and how many in all."""
    rate_hz = min(_MOST_CLIP_HZ, video.average_fps or _MOST_CLIP_HZ)
    return rate_hz, max(1, math.ceil(span.duration_s * rate_hz - 1e-6))


def _voice(needle: Needle, from_s: float) -> Voice:
    samples_T = say(needle.matter.sentence, _RATE_HZ) * _LOUDNESS[needle.prominence]
    return Voice(
        needle.span.start_s + from_s,
        samples_T.astype(np.float32),
        _DUCKED[needle.prominence],
        _SILENT_S[needle.prominence],
    )


def _frame(decoder: Decoder, video: Video, at_s: float) -> NDArray[np.uint8] | None:
    """The picture on display at an instant, None where it cannot be decoded."""
    for frames in decoder.frames(video, (at_s,)):
        for rgb_HWC in frames.rgb_THWC:
            return np.asarray(rgb_HWC)
    return None


def _seen_fault(
    source: Video, copy: Video, needle: Needle, from_s: float, decoder: Decoder
) -> tuple[str, NDArray[np.uint8]]:
    """Why a seen needle is not where it was planted, "" where it is; and its picture, from the copy's own
    frames."""
    span = needle.span
    inside_s = [span.start_s + _BESIDE_S, (span.start_s + span.end_s) / 2, span.end_s - _BESIDE_S]
    outside_s = [at_s for at_s in (span.start_s - _BESIDE_S, span.end_s + _BESIDE_S) if at_s in copy.span]
    backdrop = _frame(decoder, source, span.start_s + from_s + _BESIDE_S) if needs_backdrop(needle) else None
    size_px = (copy.width_px, copy.height_px)
    picture: NDArray[np.uint8] = np.zeros((size_px[1], size_px[0], 3), np.uint8)
    for at_s in (*inside_s, *outside_s):
        shown, behind = _frame(decoder, copy, at_s), _frame(decoder, source, at_s + from_s)
        if shown is None or behind is None:
            return f"the copy cannot be decoded at {at_s:.3f} s", picture
        rgba_HWC = draw_needle(needle, size_px, _share(source, span, at_s), backdrop)
        is_there = _is_there(shown, behind, rgba_HWC)
        if is_there != (at_s in span):
            seen = "is" if is_there else "is not"
            return f"the copy was decoded at {at_s:.3f} s: the needle {seen} there", picture
        if at_s == inside_s[1]:
            picture = shown
    return "", picture


def _share(video: Video, span: Span, at_s: float) -> float:
    """Of a moving needle, the share of its time at which the picture on display at ``at_s`` was drawn."""
    rate_hz, count = _clip_pictures(video, span)
    return min(count - 1, max(0, int((at_s - span.start_s) * rate_hz))) / count


def _is_there(shown: NDArray[np.uint8], behind: NDArray[np.uint8], rgba_HWC: NDArray[np.uint8]) -> bool:
    """Whether a picture looks more like the one with the needle than like the one without."""
    under_HW = rgba_HWC[..., 3] > 0
    with_needle, found, without = (
        picture[under_HW].astype(np.int16) for picture in (over(behind, rgba_HWC), shown, behind)
    )
    return bool(np.abs(found - with_needle).mean() < np.abs(found - without).mean())


def _heard_fault(copy: Video, needle: Needle, samples_T: NDArray[np.float32]) -> str:
    """Why a spoken needle is not where it was planted, "" where it is: the place where the copy's sound is most
    like what was spoken."""
    around = Span(max(copy.span.start_s, needle.span.start_s - 0.5), min(copy.span.end_s, needle.span.end_s + 0.5))
    heard_T = read_audio(copy, around, _RATE_HZ)
    if len(heard_T) < len(samples_T):
        return "the copy's sound ends before the needle does"
    match_T = np.fft.irfft(np.fft.rfft(heard_T) * np.conj(np.fft.rfft(samples_T, len(heard_T))), len(heard_T))
    place = int(np.argmax(match_T[: len(heard_T) - len(samples_T) + 1]))
    heard = heard_T[place : place + len(samples_T)]
    likeness = float(match_T[place] / max(1e-9, float(np.linalg.norm(heard) * np.linalg.norm(samples_T))))
    late_s = around.start_s + place / _RATE_HZ - needle.span.start_s
    if likeness < _LEAST_LIKENESS[needle.prominence] or abs(late_s) > _LATEST_S:
        return f"the copy's sound is {likeness:.2f} like the needle's, {late_s:+.3f} s from its place"
    return ""
