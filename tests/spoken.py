"""Recordings whose sound is known: clicks and sentences planted at known times, in chosen containers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from videoindex.evaluation.voices import say
from videoindex.perception.sentences import Said
from videoindex.types import Span, Video

RATE_HZ = 16_000


def video_of(path: Path, span: Span, has_audio: bool = True) -> Video:
    """A Video for a file of sound alone, without probing it."""
    return Video(
        id=f"test-{path.name}", path=path, span=span, width_px=0, height_px=0, average_fps=0.0, has_audio=has_audio
    )


def tone(duration_s: float, hz: float, rate_hz: int = RATE_HZ, level: float = 0.3) -> NDArray[np.float32]:
    at_s_T = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.asarray(level * np.sin(2 * np.pi * hz * at_s_T), dtype=np.float32)


def bursts(duration_s: float, every_s: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """50 ms of a 1 kHz tone at every whole multiple of ``every_s``, silence between."""
    samples_T = np.zeros(round(duration_s * rate_hz), np.float32)
    burst = tone(0.05, 1000, rate_hz, 0.8)
    for start_s in np.arange(0, duration_s - 0.05, every_s):
        start = round(start_s * rate_hz)
        samples_T[start : start + len(burst)] = burst
    return samples_T


def onsets_s(samples_T: NDArray[np.float32], rate_hz: int = RATE_HZ, level: float = 0.1) -> list[float]:
    """Where sound sets in after at least 100 ms of silence, in seconds from sample 0."""
    loud = np.flatnonzero(np.abs(samples_T) > level)
    if not len(loud):
        return []
    first = np.concatenate([[True], np.diff(loud) > rate_hz // 10])
    return [float(index / rate_hz) for index in loud[first]]


def write_sound(
    path: Path,
    samples_CT: NDArray[np.float32],
    *,
    codec: str,
    rate_hz: int = RATE_HZ,
    start_s: float = 0.0,
    hole: Span | None = None,
) -> None:
    """Writes sound (one row a channel) whose first sample sounds at ``start_s``.

    Encoded packets that would sound inside ``hole`` are left out, so that their time stamps are missing too.
    """
    channels = samples_CT if samples_CT.ndim == 2 else samples_CT[None]
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        sample_format = stream.codec_context.format.name
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
        first = round(start_s * rate_hz)

        def mux(packets: list[av.Packet]) -> None:
            for packet in packets:
                at_s = float(packet.pts * packet.time_base)
                if hole is None or at_s not in hole:
                    container.mux(packet)

        for begin in range(0, channels.shape[1], 1024):
            block = np.ascontiguousarray(channels[:, begin : begin + 1024], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), first + begin
            for ready in resampler.resample(frame):
                mux(stream.encode(ready))
        mux(stream.encode(None))


SENTENCES = (
    "The river was frozen for most of the winter.",
    "Please close the window before you leave the room.",
    "A good index makes every search fast.",
    "The bridge was built in nineteen thirty seven.",
    "She bought three apples and a loaf of bread.",
)


def narrated(sentences: Sequence[str], gap_s: float = 1.0) -> tuple[NDArray[np.float32], list[Said]]:
    """The sentences read aloud ``gap_s`` apart in a quiet room, from ``gap_s`` on, and when each is said."""
    silence = np.zeros(round(gap_s * RATE_HZ), np.float32)
    pieces, truth, at_s = [silence], [], gap_s
    for sentence in sentences:
        voice = say(sentence)
        truth.append(Said(Span(at_s, at_s + len(voice) / RATE_HZ), sentence))
        pieces += [voice, silence]
        at_s += (len(voice) + len(silence)) / RATE_HZ
    samples_T = np.concatenate(pieces)
    hiss = np.random.default_rng(3).normal(0, 5e-4, len(samples_T))
    return np.asarray(samples_T + hiss, dtype=np.float32), truth


def music(duration_s: float, level: float = 0.2) -> NDArray[np.float32]:
    """Decaying chords of five harmonics, two a second, with a drum on every other one."""
    rng = np.random.default_rng(11)
    samples_T = np.zeros(round(duration_s * RATE_HZ))
    beat = RATE_HZ // 2
    at_s_T = np.arange(beat) / RATE_HZ
    for number, start in enumerate(range(0, len(samples_T) - beat, beat)):
        for hz in rng.choice([147, 196, 220, 247, 262, 330], 3):
            for harmonic in range(1, 6):
                tone_T = np.exp(-3 * at_s_T) * np.sin(2 * np.pi * hz * harmonic * at_s_T) / harmonic
                samples_T[start : start + beat] += tone_T
        if number % 2:
            samples_T[start : start + 1600] += rng.normal(0, 1, 1600) * np.exp(-np.arange(1600) / 300)
    return np.asarray(level * samples_T / np.abs(samples_T).max(), dtype=np.float32)


def word_errors(said: str, heard: str) -> float:
    """Word error rate: edits between the two, in words, over the words said."""

    def words(text: str) -> list[str]:
        return re.findall(r"[a-z']+", text.lower())

    return float(Levenshtein.distance(words(said), words(heard)) / max(1, len(words(said))))
