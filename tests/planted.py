"""Videos whose pixels say which frame they are, so that truth is read from the picture itself.

Each frame shows its number as 24 large black or white blocks (16 bits of number, 8 of checksum, 6 x 4 in reading
order), which survives compression, scaling and odd sizes; a picture that is turned, torn or mixed from two frames
fails the checksum. A moving grey ramp between the blocks gives the codec something to predict.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 6, 4


@dataclass(frozen=True, slots=True)
class Planted:
    """A file and its truth: when each frame goes on display, and when the last one leaves."""

    path: Path
    times_s: tuple[float, ...]
    end_s: float
    size_px: tuple[int, int]

    def number_at(self, at_s: float) -> int:
        """The number of the frame on display at ``at_s``."""
        return max(0, int(np.searchsorted(self.times_s, at_s + 1e-6, side="right")) - 1)


def steady(fps: float, frames: int, start_s: float = 0.0) -> tuple[float, ...]:
    return tuple(start_s + n / fps for n in range(frames))


def draw(number: int, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The upright picture of frame ``number``: rgb_HWC."""
    width, height = size_px
    ramp = (np.arange(width)[None, :] * 2 + np.arange(height)[:, None] + number * 3) % 128 + 64
    rgb = np.repeat(ramp[:, :, None].astype(np.uint8), 3, axis=2)
    for at, bit in enumerate(_bits(number)):
        row, column = divmod(at, COLUMNS)
        top, bottom = (row * 10 + 1) * height // (ROWS * 10), (row * 10 + 9) * height // (ROWS * 10)
        left, right = (column * 10 + 1) * width // (COLUMNS * 10), (column * 10 + 9) * width // (COLUMNS * 10)
        rgb[top:bottom, left:right] = 235 if bit else 20
    return rgb


def read(rgb_HWC: NDArray[np.uint8]) -> int | None:
    """The number a picture shows; None when the blocks are unsure or the checksum fails."""
    height, width = rgb_HWC.shape[:2]
    bits = []
    for at in range(COLUMNS * ROWS):
        row, column = divmod(at, COLUMNS)
        top, bottom = int((row + 0.3) * height / ROWS), int((row + 0.7) * height / ROWS)
        left, right = int((column + 0.3) * width / COLUMNS), int((column + 0.7) * width / COLUMNS)
        level = float(rgb_HWC[top:bottom, left:right].mean())
        if 90 < level < 165:
            return None
        bits.append(level > 127)
    number = sum(bit << place for place, bit in enumerate(bits[:16]))
    return number if bits == _bits(number) else None


def _bits(number: int) -> list[bool]:
    check = (number * 167 + 91) & 0xFF
    return [bool(number >> place & 1) for place in range(16)] + [bool(check >> place & 1) for place in range(8)]


def write(
    path: Path,
    times_s: Sequence[float],
    *,
    size_px: tuple[int, int] = (192, 128),
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
    gop: int = 24,
    pixel_format: str | None = None,
    clockwise_deg: int = 0,
    aspect: Fraction | None = None,
    with_sound: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> Planted:
    """Writes a planted video; the container follows the suffix. ``size_px`` is as displayed, before ``aspect``."""
    stored_px = size_px[::-1] if clockwise_deg in (90, 270) else size_px
    mux_options = {".ts": {"mpegts_copyts": "1"}, ".mp4": {"movflags": "faststart"}}.get(path.suffix, {})
    with av.open(str(path), "w", options=mux_options) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=25, options=dict(options or {}))
        stream.width, stream.height = stored_px
        stream.bit_rate = 2_000_000
        stream.pix_fmt = pixel_format or ("yuvj420p" if codec == "mjpeg" else "yuv420p")
        by_frame = path.suffix == ".avi" or codec in ("mpeg4", "mpeg2video")
        stream.codec_context.time_base = Fraction(1, 25) if by_frame else Fraction(1, 12800)
        stream.codec_context.gop_size = gop
        if codec in ("libx264", "libx265", "mpeg4", "mpeg2video"):
            stream.codec_context.max_b_frames = int((options or {}).get("bf", 0))
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if clockwise_deg:
            stream.set_display_rotation(-clockwise_deg)
        tone = _add_tone(container) if with_sound else None
        time_base = stream.codec_context.time_base
        for number, time_s in enumerate(times_s):
            stored = np.ascontiguousarray(np.rot90(draw(number, size_px), clockwise_deg // 90))
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.pts = round(time_s / time_base)
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _write_tone(container, tone, times_s[-1])
    usual_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.04
    return Planted(path, tuple(times_s), times_s[-1] + usual_s, size_px)


def write_sound(path: Path, duration_s: float) -> None:
    """A file with a 440 Hz tone and no picture."""
    with av.open(str(path), "w") as container:
        _write_tone(container, _add_tone(container), duration_s)


def _add_tone(container: av.container.OutputContainer) -> av.AudioStream:
    stream = container.add_stream("aac", rate=16000)
    stream.layout = "mono"
    return stream


def _write_tone(container: av.container.OutputContainer, stream: av.AudioStream, duration_s: float) -> None:
    for start in range(0, int(duration_s * 16000), 1024):
        wave = np.sin(2 * np.pi * 440 * (start + np.arange(1024)) / 16000).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def damage_packets(planted: Planted, first: int, count: int, seed: int = 0) -> None:
    """Overwrites the coded bytes of ``count`` packets, from the ``first`` in decode order, with noise."""
    with av.open(str(planted.path)) as container:
        spots = [(p.pos, p.size) for p in container.demux(video=0) if p.size][first : first + count]
    noise = random.Random(seed)
    with planted.path.open("r+b") as file:
        for at, size in spots:
            file.seek(at)
            file.write(noise.randbytes(size))


def cut_tail(planted: Planted, share: float) -> None:
    """Leaves the first ``share`` of the file's bytes."""
    size_bytes = planted.path.stat().st_size
    with planted.path.open("r+b") as file:
        file.truncate(int(size_bytes * share))
