"""Lays pictures and sounds over parts of a recording, in a copy of it whose clock begins at 0.

Only what is touched is encoded anew, up to the next picture that a copy can go on from; all else is copied packet
by packet, so that hours take little longer than seconds. A recording whose codec cannot stand beside encoded
pictures is encoded as a whole. The copy appears under its name when it is complete.
"""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import UsageError
from videoindex.media.clip_forms import Container, container_of
from videoindex.media.clip_pictures import PicturePlan, plan_pictures, write_pieces
from videoindex.media.clip_plan import SLACK_S, Coded, Piece
from videoindex.media.clip_sound import sound_track
from videoindex.media.coded import read_coded
from videoindex.media.encode import Layer, SoundForm, encode_sound, extract_samples
from videoindex.media.probe import Probe
from videoindex.media.splice import SoundTrack, SpliceJob, splice
from videoindex.types import Span

__all__ = ["Laid", "Overlaid", "Voice", "overlay", "shown_span"]

_PATIENCE_S, _PATIENCE_FACTOR = 300.0, 10.0
_VOICE_HZ = 16_000
_PCM_PEAK = 32_767


@dataclass(frozen=True, slots=True)
class Laid:
    """Pictures over ``span`` of a recording (its own clock), which begins and ends with pictures of it."""

    span: Span
    layer: Layer


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """Sound that begins at ``at_s``: mono float32 in [-1, 1] at 16 kHz. What sounds there already is kept at
    ``ducked`` of its loudness, in [0, 1], from ``beside_s`` before it until ``beside_s`` after it."""

    at_s: float
    samples_T: NDArray[np.float32]
    ducked: float = 1.0
    beside_s: float = 0.0

    @property
    def span(self) -> Span:
        return Span(self.at_s, self.at_s + len(self.samples_T) / _VOICE_HZ)


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The copy. Its clock is the recording's less ``from_s``; ``encoded_s`` of its pictures are not copied.
    ``notes`` say in sentences what was encoded and why."""

    path: Path
    from_s: float
    encoded_s: float
    notes: tuple[str, ...]


def shown_span(source: Probe, spans: Sequence[Span]) -> list[Span]:
    """Each span moved to the pictures of the recording that it can begin and end with: the first whose stamp lies
    in it, and the first after it. Law: at least one picture long.

    Raises DecodeError where the recording cannot be read, UsageError where a span lies outside it.
    """
    coded = read_coded(source.video, source.video.span).coded
    shown = coded.shown_N
    return [_snapped(source, coded, shown, span) for span in spans]


def _snapped(source: Probe, coded: Coded, shown: Sequence[int], span: Span) -> Span:
    slack = Fraction(SLACK_S)
    first = bisect_left(shown, (Fraction(span.start_s) - slack) / coded.tick_s)
    stop = max(first + 1, bisect_left(shown, (Fraction(span.end_s) - slack) / coded.tick_s))
    if first >= len(shown):
        raise UsageError(f"{source.video.path} has no picture at {span.start_s:.3f} s; choose a place inside it")
    end = shown[stop] if stop < len(shown) else coded.end_pts
    return Span(float(shown[first] * coded.tick_s), float(end * coded.tick_s))


def overlay(source: Probe, laid: Sequence[Laid], voices: Sequence[Voice], output: Path) -> Overlaid:
    """Writes a copy of ``source`` with ``laid`` pictures and ``voices`` to ``output``, whose suffix says its kind.

    The spans of ``laid`` are as `shown_span` gives them. Raises UsageError where they overlap, DecodeError where
    nothing can be decoded, DecoderHungError where it takes far longer than it should.
    """
    container = container_of(output)
    laid = sorted(laid, key=lambda one: one.span)
    cuts, over = _cuts(source, laid)
    with tempfile.TemporaryDirectory(prefix=f".{output.stem[:40]}-", dir=output.parent) as name:
        folder = Path(name)
        plan = _planned(source, cuts, over, container)
        layers = {number: one.layer for number, one in over.items()}
        pieces, missing = write_pieces(plan, folder, layers)
        sound, why_sound = _sound(source, voices, container, folder)
        length_s = source.video.span.duration_s
        job = SpliceJob(
            output=str(folder / f"whole{output.suffix}"),
            format=container.format,
            pictures=pieces,
            end_at=plan.starts_at[-1] if plan.shots else 0,
            sound=sound,
            keeps_lead=container.keeps_lead,
            options=container.options,
            metadata={"comment": f"{source.video.path.name} with things planted in it by videoindex"},
        )
        splice(job, _PATIENCE_S + _PATIENCE_FACTOR * length_s)
        os.replace(job.output, output)
    encoded_s = length_s - sum(shot.copied_s for shot in plan.shots) if plan.shots else 0.0
    return Overlaid(output, source.video.span.start_s, encoded_s, (*plan.notes, *missing, *why_sound))


def _cuts(source: Probe, laid: Sequence[Laid]) -> tuple[list[Span], dict[int, Laid]]:
    """The whole recording as spans, and which of them lie under pictures."""
    whole = source.video.span
    cuts: list[Span] = []
    over: dict[int, Laid] = {}
    at_s = whole.start_s
    for one in laid:
        if one.span.start_s < at_s or one.span.end_s > whole.end_s + SLACK_S:
            raise UsageError(
                f"{source.video.path}: pictures over {one.span.start_s:.3f} to {one.span.end_s:.3f} s overlap "
                "others or leave the recording"
            )
        if one.span.start_s - at_s > SLACK_S:
            cuts.append(Span(at_s, one.span.start_s))
        over[len(cuts)] = one
        cuts.append(one.span)
        at_s = one.span.end_s
    if whole.end_s - at_s > SLACK_S or not cuts:
        cuts.append(Span(at_s, whole.end_s))
    return cuts, over


def _planned(source: Probe, cuts: Sequence[Span], over: dict[int, Laid], container: Container) -> PicturePlan:
    """The plan of a reel of these cuts, with those that lie under pictures encoded from end to end."""
    if not source.video.has_picture:
        return PicturePlan((), ())
    plan = plan_pictures([(source, span) for span in cuts], container)
    shots = tuple(
        replace(shot, pieces=(Piece(False, shot.window.first, shot.window.stop),)) if number in over else shot
        for number, shot in enumerate(plan.shots)
    )
    return PicturePlan(shots, plan.notes)


def _sound(
    source: Probe, voices: Sequence[Voice], container: Container, folder: Path
) -> tuple[SoundTrack | None, tuple[str, ...]]:
    """The recording's sound as it is or, with voices, encoded anew with them in it."""
    span = source.video.span
    ends = (Fraction(span.start_s), Fraction(span.end_s))
    if not voices:
        return sound_track([(source, ends)], container, folder)
    track = source.audio[0] if source.audio else None
    form = SoundForm(track.rate_hz if track else _VOICE_HZ, min(max(track.channels, 1), 2) if track else 1)
    count, samples = form.samples(ends[1] - ends[0]), folder / "samples.s16le"
    if track is not None:
        extract_samples(source.video, track.stream_index, ends, form, count, samples)
    else:
        with samples.open("wb") as file:
            file.truncate(count * form.frame_bytes)
    pcm_TC = np.memmap(samples, np.int16, "r+", shape=(count, form.channels))
    for voice in voices:
        _mix(pcm_TC, voice, span.start_s, form.rate_hz)
    pcm_TC.flush()
    target = folder / ("sound.m4a" if container.sound == "aac" else "sound.mka")
    encode_sound(samples, form, container.sound, target)
    samples.unlink()
    return SoundTrack(str(target), 0), ("the sound was encoded anew, with voices in it",)


def _mix(pcm_TC: NDArray[np.int16], voice: Voice, from_s: float, rate_hz: int) -> None:
    """Adds a voice in place; what does not fit behind the end is lost."""
    wanted = round(len(voice.samples_T) * rate_hz / _VOICE_HZ)
    at_N = np.arange(wanted) * (_VOICE_HZ / rate_hz)
    samples_T = np.interp(at_N, np.arange(len(voice.samples_T)), voice.samples_T)
    first, beside = round((voice.at_s - from_s) * rate_hz), round(voice.beside_s * rate_hz)
    under_TC = pcm_TC[max(0, first - beside) : first + wanted + beside]
    under_TC[:] = np.rint(under_TC * voice.ducked).astype(np.int16)
    part_TC = pcm_TC[first : first + wanted]
    mixed = part_TC + (samples_T[: len(part_TC)] * _PCM_PEAK)[:, None]
    part_TC[:] = np.clip(np.rint(mixed), -_PCM_PEAK - 1, _PCM_PEAK).astype(np.int16)
