"""Sound of a span of a recording: mono samples laid out on the source's own clock.

Packets are placed by their time stamps, so a stream that starts late, has holes, or was stamped unevenly is heard
at the right second: what is missing is silence. Only the asked span is decoded, and what is kept grows with the
span alone, never with the recording. Decoding runs in a guarded child process (:func:`decode_to_plain`), for the
file is untrusted; samples come back as 16 bit, which is what the resampler gives.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import DecodeError, UsageError
from videoindex.media.containers import open_container
from videoindex.media.decoders.child import CallRequest
from videoindex.media.decoders.process import Children, shared_children
from videoindex.types import Span, Video, merge_spans

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["Sound", "decode_to_plain", "read_audio", "read_sound"]

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
_CPU_S = 600
_DECODE = "videoindex.media.audio:decode_to_plain"


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
        DecodeError: the file cannot be opened, its codec is unknown, it crashes the decoder, or damage left
            nothing of the span.
        DecoderHungError: reading the span took more than five minutes.
    """
    if span.duration_s > _LONGEST_SPAN_S:
        raise UsageError(
            f"{span.duration_s:.0f} s of sound at once is too much; ask for at most an hour at a time"
        )
    return _sound_in(shared_children(), video, span, rate_hz)


def _sound_in(
    children: Children,
    video: Video,
    span: Span,
    rate_hz: int,
    function: str = _DECODE,
    idle_s: float = _LONGEST_WORK_S,
) -> Sound:
    request = CallRequest(function, video.path, (span.start_s, span.end_s, rate_hz), _CPU_S)
    where = f"{video.path} from {span.start_s:.1f} to {span.end_s:.1f} s"
    understand = partial(_understood, path=video.path, count=_sample_count(span, rate_hz))
    return children.call(request, "sound decoder", where, idle_s, understand)


def _understood(said: dict[str, Any], path: Path, count: int) -> Sound:
    """What :func:`decode_to_plain` gave. Raises KeyError, TypeError or ValueError for anything else."""
    pcm_T = np.frombuffer(base64.b64decode(said["pcm_s16le"], validate=True), "<i2")
    if len(pcm_T) != count:
        raise ValueError(f"{len(pcm_T)} samples instead of {count}")
    broken = tuple(Span(float(start_s), float(end_s)) for start_s, end_s in said["broken_s"])
    if said["break_off"]:
        _log.warning("%s breaks off while reading its sound: %s", path, said["break_off"])
    return Sound(pcm_T.astype(np.float32) / np.float32(32768), broken)


def _sample_count(span: Span, rate_hz: int) -> int:
    return max(1, round(span.duration_s * rate_hz))


def decode_to_plain(path: Path, start_s: float, end_s: float, rate_hz: int) -> dict[str, object]:
    """The sound of a span as plain data, decoded in this process; raises as :func:`read_sound` does."""
    from av.audio.stream import AudioStream

    span = Span(start_s, end_s)
    with open_container(path) as container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            raise UsageError(f"{path} has no sound; ask only recordings that have some")
        _seek(container, stream, span.start_s - _PREROLL_S)
        canvas = _Canvas(span, rate_hz)
        failures = _Failures()
        for frame in _frames(container, stream, span.end_s, failures):
            canvas.place(frame)
        canvas.flush()
    return {
        "pcm_s16le": base64.b64encode(canvas.samples_T.astype("<i2", copy=False).tobytes()).decode(),
        "broken_s": [[broken.start_s, broken.end_s] for broken in _broken(path, span, canvas, failures)],
        "break_off": failures.break_off,
    }


@dataclass(slots=True)
class _Failures:
    """Where packets could not be decoded, and why the file could not be read on, "" if it could."""

    spans: list[Span] = field(default_factory=list)
    break_off: str = ""

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
    except av.error.FFmpegError:
        return


def _frames(
    container: InputContainer, stream: AudioStream, until_s: float, failures: _Failures
) -> Iterator[AudioFrame]:
    """Decoded frames up to the one that starts at ``until_s``; packets that cannot be decoded are noted."""
    import av

    base = float(stream.time_base or 0)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
        except av.error.FFmpegError as error:
            failures.break_off = str(error)
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
    """The span's 16-bit samples, filled run by run; a run is an unbroken stretch of frames of one format."""

    def __init__(self, span: Span, rate_hz: int) -> None:
        self._span, self._rate_hz = span, rate_hz
        self.samples_T = np.zeros(_sample_count(span, rate_hz), np.int16)
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
            self.samples_T[start:end] = samples_T[start - self._write_at : end - self._write_at]
            self.heard = True
        self._write_at += len(samples_T)


def _broken(path: Path, span: Span, canvas: _Canvas, failures: _Failures) -> list[Span]:
    """The damaged parts of the span; an error when there is nothing else."""
    broken = [common for failed in merge_spans(failures.spans, 0.1) if (common := failed.intersect(span))]
    if broken and not canvas.heard:
        raise DecodeError(
            f"no sound of {path} could be decoded from {span.start_s:.1f} to {span.end_s:.1f} s; "
            "its sound is damaged there, or in a codec this build of FFmpeg does not know"
        )
    return broken
