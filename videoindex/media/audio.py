"""Sound of a span of a recording: mono samples laid out on the source's own clock.

Packets are placed by their time stamps, so a stream that starts late, has holes, or was stamped unevenly is heard
at the right second: what is missing is silence. Only the asked span is decoded, and what is kept grows with the
span alone, never with the recording.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import DecodeError, DecoderHungError, UsageError
from videoindex.media.containers import open_container
from videoindex.types import Span, Video, merge_spans

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["Sound", "read_audio", "read_sound"]

_log = logging.getLogger(__name__)

# Decoding starts this much before the span: lossy codecs need a few packets before their output is right.
_PREROLL_S = 1.0
# Time stamps may differ by this much from where the samples so far end before a new run starts: containers round
# to milliseconds, while a lost packet of any usual codec is at least 20 ms long.
_JITTER_S = 0.015
# More than an hour of sound at once is a mistake of the caller: 230 MB an hour at 16 kHz.
_LONGEST_SPAN_S = 3600.0
# Sound decodes some hundred times faster than it plays; a call that takes this long works on a trap.
_LONGEST_WORK_S = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono float32 samples in [-1, 1], sample 0 at the asked span's start; ``broken`` are damaged spans."""

    samples_T: NDArray[np.float32]
    broken: tuple[Span, ...] = ()


def read_audio(video: Video, span: Span, rate_hz: int = 16_000) -> NDArray[np.float32]:
    """The sound of ``span``: mono float32 in [-1, 1], ``round(span.duration_s * rate_hz)`` samples.

    Sample i sounds at ``span.start_s + i / rate_hz`` on the source's clock; holes in the stream are silence.
    Raises as :func:`read_sound` does.
    """
    return read_sound(video, span, rate_hz).samples_T


def read_sound(video: Video, span: Span, rate_hz: int = 16_000) -> Sound:
    """The sound of ``span`` and which parts of it are silence because their packets are damaged.

    Raises:
        UsageError: the recording has no sound, or the span is longer than an hour.
        DecodeError: the file cannot be opened, its codec is unknown, or damage left nothing of the span.
        DecoderHungError: reading the span took more than five minutes.
    """
    if span.duration_s > _LONGEST_SPAN_S:
        raise UsageError(
            f"{span.duration_s:.0f} s of sound at once is too much; ask for at most an hour at a time"
        )
    from av.audio.stream import AudioStream

    with open_container(video.path) as container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            raise UsageError(f"{video.path} has no sound; ask only recordings that have some")
        _seek(container, stream, span.start_s - _PREROLL_S)
        canvas = _Canvas(span, rate_hz)
        failures = _Failures()
        for frame in _frames(container, stream, span.end_s, failures):
            canvas.place(frame)
        canvas.flush()
    return _checked(video, span, canvas, failures)


@dataclass(slots=True)
class _Failures:
    """Where packets could not be decoded."""

    spans: list[Span]

    def __init__(self) -> None:
        self.spans = []

    def note(self, at_s: float | None, duration_s: float) -> None:
        if at_s is not None:
            self.spans.append(Span(at_s, at_s + max(duration_s, 0.02)))


def _seek(container: InputContainer, stream: AudioStream, at_s: float) -> None:
    """Goes to the last packet at or before ``at_s``; to the very start where the file cannot seek."""
    import av

    first_s = float((stream.start_time or 0) * (stream.time_base or 0))
    if at_s <= first_s or not stream.time_base:
        return
    try:
        container.seek(int(at_s / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError as error:
        _log.info("%s cannot seek its sound (%s); reading it from the start", container.name, error)


def _frames(
    container: InputContainer, stream: AudioStream, until_s: float, failures: _Failures
) -> Iterator[AudioFrame]:
    """Decoded frames up to the one that starts at ``until_s``; packets that cannot be decoded are noted."""
    import av

    base = float(stream.time_base or 0)
    packets = container.demux(stream)
    deadline_s = time.monotonic() + _LONGEST_WORK_S
    while True:
        if time.monotonic() > deadline_s:
            raise DecoderHungError(
                f"the sound of {container.name} up to {until_s:.0f} s was not read in {_LONGEST_WORK_S:.0f} s; "
                "copy the file anew, or leave it out"
            )
        try:
            packet = next(packets, None)
            if packet is None:
                return
        except av.error.FFmpegError as error:
            _log.warning("%s breaks off while reading its sound: %s", container.name, error)
            return
        packet_s = None if packet.pts is None else packet.pts * base
        if packet_s is not None and packet_s > until_s + _PREROLL_S:
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            failures.note(packet_s, (packet.duration or 0) * base)
            continue
        for frame in frames:
            if frame.time is not None and frame.time >= until_s:
                return
            yield frame


class _Canvas:
    """The span's samples, filled run by run; a run is an unbroken stretch of frames of one format."""

    def __init__(self, span: Span, rate_hz: int) -> None:
        self._span, self._rate_hz = span, rate_hz
        self.samples_T = np.zeros(max(1, round(span.duration_s * rate_hz)), np.float32)
        self.heard = False
        self._format: tuple[int, str, str] | None = None
        self._run_end_s = 0.0
        self._write_at = 0

    def place(self, frame: AudioFrame) -> None:
        """Adds one frame where its time stamp says; a frame without one follows the last."""
        from av.audio.resampler import AudioResampler

        sort = (frame.sample_rate, frame.layout.name, frame.format.name)
        at_s = self._run_end_s if frame.time is None else frame.time
        if self._format is None and frame.time is None:
            return
        if sort != self._format or abs(at_s - self._run_end_s) > _JITTER_S:
            self.flush()
            self._format, self._run_end_s = sort, at_s
            self._write_at = round((at_s - self._span.start_s) * self._rate_hz)
            # 16 bit, because the resampler then normalises its down-mix; as floats stereo would clip.
            self._resampler = AudioResampler(format="s16", layout="mono", rate=self._rate_hz)
        self._run_end_s += frame.samples / frame.sample_rate
        frame.pts = None
        for piece in self._resampler.resample(frame):
            self._write(piece)

    def flush(self) -> None:
        """Ends the run: writes what the resampler still holds back."""
        if self._format is not None:
            for piece in self._resampler.resample(None):
                self._write(piece)
        self._format = None

    def _write(self, piece: AudioFrame) -> None:
        samples_T = piece.to_ndarray().reshape(-1)
        start, end = max(0, self._write_at), min(len(self.samples_T), self._write_at + len(samples_T))
        if start < end:
            self.samples_T[start:end] = samples_T[start - self._write_at : end - self._write_at] / np.float32(
                32768
            )
            self.heard = True
        self._write_at += len(samples_T)


def _checked(video: Video, span: Span, canvas: _Canvas, failures: _Failures) -> Sound:
    broken = [common for failed in merge_spans(failures.spans, 0.1) if (common := failed.intersect(span))]
    if broken and not canvas.heard:
        raise DecodeError(
            f"no sound of {video.path} could be decoded from {span.start_s:.1f} to {span.end_s:.1f} s; "
            "its sound is damaged there, or in a codec this build of FFmpeg does not know"
        )
    return Sound(canvas.samples_T, tuple(broken))
