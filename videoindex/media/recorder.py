"""Writes pictures and sound as an H.264 + AAC file: how recordings with known truth are made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

__all__ = ["record"]

_SOUND_BLOCK = 1024
"""Samples an AAC frame."""


def record(
    path: Path,
    frames_HWC: Iterable[NDArray[np.uint8]],
    fps: int,
    sound_T: NDArray[np.float32] | None = None,
    rate_hz: int = 16_000,
    key_frame_every_s: float = 10.0,
) -> None:
    """Writes RGB frames of equal, even size, and mono sound in [-1, 1], to the MP4 file ``path``.

    Frame i is shown from ``i / fps`` seconds on; sample j sounds at ``j / rate_hz``. A frame that is the same
    object as the one before is converted only once, so still pictures are cheap. The file appears when complete.
    """
    import av

    partial = path.with_name(f".{path.stem}.partial{path.suffix or '.mp4'}")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            _write(container, frames_HWC, fps, sound_T, rate_hz, round(key_frame_every_s * fps))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write(
    container: OutputContainer,
    frames_HWC: Iterable[NDArray[np.uint8]],
    fps: int,
    sound_T: NDArray[np.float32] | None,
    rate_hz: int,
    gop_frames: int,
) -> None:
    stream = container.add_stream("libx264", rate=fps)
    stream.pix_fmt = "yuv420p"
    stream.options = {"preset": "veryfast", "crf": "23", "g": str(gop_frames), "x264-params": "scenecut=0"}
    sound_stream = None if sound_T is None else container.add_stream("aac", rate=rate_hz, layout="mono")
    sound = iter(()) if sound_T is None else _sound_frames(sound_T, rate_hz)
    for number, frame in enumerate(_picture_frames(frames_HWC, stream)):
        frame.pts, frame.time_base = number, Fraction(1, fps)
        container.mux(stream.encode(frame))
        if sound_stream is not None:
            _write_sound_until(container, sound_stream, sound, (number + 1) / fps)
    container.mux(stream.encode(None))
    if sound_stream is not None:
        _write_sound_until(container, sound_stream, sound, float("inf"))
        container.mux(sound_stream.encode(None))


def _picture_frames(frames_HWC: Iterable[NDArray[np.uint8]], stream: VideoStream) -> Iterator[av.VideoFrame]:
    import av

    last: NDArray[np.uint8] | None = None
    planes: NDArray[np.uint8] | None = None
    for rgb_HWC in frames_HWC:
        if last is None:
            stream.height, stream.width = rgb_HWC.shape[:2]
        if planes is None or rgb_HWC is not last:
            converted = av.VideoFrame.from_ndarray(rgb_HWC, format="rgb24").reformat(format="yuv420p")
            planes, last = np.asarray(converted.to_ndarray(), np.uint8), rgb_HWC
        yield av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _sound_frames(sound_T: NDArray[np.float32], rate_hz: int) -> Iterator[av.AudioFrame]:
    import av

    for start in range(0, len(sound_T), _SOUND_BLOCK):
        block = np.ascontiguousarray(sound_T[None, start : start + _SOUND_BLOCK], np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
        yield frame


def _write_sound_until(
    container: OutputContainer, stream: AudioStream, frames: Iterator[av.AudioFrame], until_s: float
) -> None:
    for frame in frames:
        container.mux(stream.encode(frame))
        if frame.time is not None and frame.time >= until_s:
            return
