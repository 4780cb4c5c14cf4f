"""Encodes the pictures and the sound of a cut with FFmpeg, as a process of its own through ffmpeg-python.

Times stay on the source's clock until after the cut (``-copyts``), so what is cut is what was planned by stamps.
The recording is untrusted: only local files and the formats known here are opened, there is no shell, and a run
that takes far longer than it should is stopped.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from videoindex.errors import DecodeError, DecoderHungError
from videoindex.media.clip_plan import STAMP_HZ, Piece, Window
from videoindex.media.coded import Pictures
from videoindex.media.containers import DEMUXERS, PROTOCOLS
from videoindex.types import Video

__all__ = ["Layer", "PictureForm", "SoundForm", "encode_pictures", "encode_sound", "extract_samples"]

# Decoding begins this much before the key picture, for containers whose seeking is rough.
_EARLIER_S = 1.0
# Quality, as the encoders count it: lower is better. A few pictures between copied ones must not stand out.
_ENCODERS: dict[str, dict[str, object]] = {
    "libx264": {"preset": "fast", "crf": 18},
    "libvpx-vp9": {"crf": 24, "b:v": 0, "deadline": "good", "cpu-used": 4, "row-mt": 1},
}
_BESIDE_COPIES_CRF = 14
# What a run may take: this, and so many times the length of what is decoded. 4K on one old core takes 30 times.
_PATIENCE_S, _PATIENCE_FACTOR = 300.0, 120.0
_LAST_WORDS = 400  # characters of FFmpeg's messages that an error quotes


@dataclass(frozen=True, slots=True)
class PictureForm:
    """How pictures are encoded. ``size_px`` is the frame they are fitted into, with black at two sides where the
    shapes differ, None to keep their own. ``profile`` is set for H.264 that goes beside copied pictures: same
    profile, as stored (not turned), reordered over as many places (``reorder_depth``, up to 2), parameter sets
    numbered ``set_id``. ``is_framed``: its units are
    written with their lengths, as in MP4, not after start codes."""

    encoder: str
    pixel_format: str
    set_id: int = 0
    profile: str = ""
    reorder_depth: int = 0
    is_framed: bool = True
    size_px: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SoundForm:
    """Samples of 16 bits: how many a second, and how many side by side."""

    rate_hz: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        return 2 * self.channels

    def samples(self, length: Fraction) -> int:
        """How many there are in ``length`` seconds."""
        return round(length * self.rate_hz)


@dataclass(frozen=True, slots=True)
class Layer:
    """Pictures laid over those of a window, from its start on: PNG files with alpha, of the size the recording is
    displayed in. ``files`` is one file, or (``rate_hz`` set) a pattern of numbered ones, so many a second; the
    last stays. ``turn_deg`` is the recording's clockwise turn from stored to displayed."""

    files: Path
    rate_hz: float = 0.0
    turn_deg: int = 0


# How a layer is turned back to lie on pictures as they are stored.
_TURNS_BACK: dict[int, tuple[tuple[str, tuple[int, ...]], ...]] = {
    90: (("transpose", (2,)),),
    180: (("hflip", ()), ("vflip", ())),
    270: (("transpose", (1,)),),
}


def encode_pictures(
    video: Video,
    pictures: Pictures,
    window: Window,
    piece: Piece,
    form: PictureForm,
    target: Path,
    layer: Layer | None = None,
) -> int:
    """Writes a piece's pictures to ``target``, alone, under the ``layer`` if there is one; how many there are.
    Their stamps count from the window's start; where the source is whole they are as many as the piece has, and
    better stamped by the plan.

    Raises DecodeError where FFmpeg fails or gives no picture, DecoderHungError where it takes too long.
    """
    coded = pictures.coded
    shown = coded.shown_N
    key_s = float(coded.pts_N[0] * coded.tick_s)
    stored = {"noautorotate": None} if form.profile else {}
    stream = _open(video, None if coded.is_by_order else key_s, **stored)[str(pictures.stream_index)]
    if coded.is_by_order:
        stream = stream.filter("trim", start_frame=piece.first, end_frame=piece.stop)
    else:
        # Half-way between two stamps, where rounding cannot reach.
        early = (shown[piece.first - 1] + shown[piece.first]) / 2 if piece.first else shown[piece.first] - 1
        late = (shown[piece.stop - 1] + shown[piece.stop]) / 2 if piece.stop < len(shown) else coded.end_pts
        stream = stream.filter(
            "trim", start=f"{early * float(coded.tick_s):.9f}", end=f"{late * float(coded.tick_s):.9f}"
        )
    stream = stream.filter("setpts", f"max(PTS-{float(window.start):.9f}/TB,0)")
    if layer is not None:
        stream = _under(stream, layer, is_stored=bool(form.profile))
    if form.size_px is not None:
        stream = _fitted(stream, form.size_px)
    elif not form.profile:
        stream = stream.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    options = _picture_options(form, pictures.is_interlaced and form.size_px is None)
    output = stream.filter("format", form.pixel_format).output(f"file:{target}", **options)
    length_s = float(window.end) if coded.is_by_order else float(window.end) - key_s
    said = _run(output, video.path, length_s)
    count = max((int(line[6:]) for line in said.splitlines() if line.startswith("frame=")), default=0)
    if count == 0:
        raise DecodeError(
            f"{video.path}: no picture could be decoded between {float(window.start):.3f} and "
            f"{float(window.end):.3f} s; it is damaged there. See what can be read with `videoindex probe`, and "
            "cut elsewhere"
        )
    return count


def _under(stream: Any, layer: Layer, *, is_stored: bool) -> Any:
    import ffmpeg

    own = {"framerate": f"{layer.rate_hz:.6f}"} if layer.rate_hz else {}
    above = ffmpeg.input(f"file:{layer.files}", format="image2", **own)
    for name, values in _TURNS_BACK.get(layer.turn_deg % 360, ()) if is_stored else ():
        above = above.filter(name, *values)
    # The last picture stays for ever and the shorter input ends it all: so there are as many as below the layer.
    return ffmpeg.overlay(stream, above.filter("tpad", stop=-1, stop_mode="clone"), shortest=1)


def _picture_options(form: PictureForm, is_interlaced: bool) -> dict[str, object]:
    options: dict[str, object] = {
        "vcodec": form.encoder,
        "fps_mode": "passthrough",
        "enc_time_base": f"1:{STAMP_HZ}",
        "map_metadata": -1,
        "progress": "pipe:1",
        **_ENCODERS[form.encoder],
    }
    if is_interlaced:
        options["flags"] = "+ildct+ilme"
    if form.encoder == "libx264":
        options["x264-params"] = f"sps-id={form.set_id}"
    if form.profile:
        pyramid = "normal" if form.reorder_depth > 1 else "none"
        options["x264-params"] = f"sps-id={form.set_id}:b-pyramid={pyramid}"
        options |= {"profile:v": form.profile, "bf": 3 if form.reorder_depth else 0, "crf": _BESIDE_COPIES_CRF}
    return options


def _fitted(stream: Any, size_px: tuple[int, int]) -> Any:
    """Pixels made square, then the picture scaled into the frame and set in its middle."""
    width, height = size_px
    stream = stream.filter("scale", "iw*sar", "ih").filter("setsar", 1)
    stream = stream.filter("scale", width, height, force_original_aspect_ratio="decrease", force_divisible_by=2)
    return stream.filter("pad", width, height, "(ow-iw)/2", "(oh-ih)/2").filter("setsar", 1)


def extract_samples(
    video: Video, stream_index: int, ends: tuple[Fraction, Fraction], form: SoundForm, count: int, target: Path
) -> None:
    """Writes exactly ``count`` samples, from the first of the ``ends`` on, to ``target`` (s16le, interleaved);
    silence where there is no sound. Raises as :func:`encode_pictures` does, but silence is no error.
    """
    start_s, end_s = map(float, ends)
    stream = _open(video, start_s)[str(stream_index)]
    stream = stream.filter("atrim", start=f"{start_s:.6f}", end=f"{end_s:.6f}")
    stream = stream.filter("asetpts", f"PTS-{start_s:.9f}/TB")
    # Holes become silence, from 20 ms on: containers round stamps to the millisecond.
    resample = {"async": 1, "first_pts": 0, "min_hard_comp": 0.02}
    stream = stream.filter("aresample", form.rate_hz, **resample)
    stream = stream.filter("apad", whole_len=count).filter("atrim", end_sample=count)
    output = stream.output(f"file:{target}", format="s16le", acodec="pcm_s16le", ac=form.channels, ar=form.rate_hz)
    _run(output, video.path, end_s - start_s)
    os.truncate(target, count * form.frame_bytes)


def encode_sound(samples: Path, form: SoundForm, encoder: str, target: Path) -> None:
    """Encodes a file of samples (s16le, interleaved) to ``target``."""
    import ffmpeg

    raw = ffmpeg.input(f"file:{samples}", format="s16le", ar=form.rate_hz, ac=form.channels)
    length_s = samples.stat().st_size / (form.rate_hz * form.frame_bytes)
    _run(raw.output(f"file:{target}", acodec=encoder, **{"b:a": "192k"}), samples, length_s)


def _open(video: Video, near_s: float | None, **options: object) -> Any:
    """A recording as FFmpeg's input, to be read from a little before ``near_s`` on (None: from its start)."""
    import ffmpeg

    # A seek before the first stamp fails in some containers, and is not needed.
    is_seeking = near_s is not None and near_s - _EARLIER_S > video.span.start_s
    where = {"ss": f"{near_s - _EARLIER_S:.6f}"} if near_s is not None and is_seeking else {}
    return ffmpeg.input(
        f"file:{video.path}",
        protocol_whitelist=PROTOCOLS,
        format_whitelist=DEMUXERS,
        copyts=None,
        seek_timestamp=1,
        noaccurate_seek=None,
        **where,
        **options,
    )


def _run(output: Any, source: Path, length_s: float) -> str:
    """Runs FFmpeg; what it writes to standard output."""
    import ffmpeg
    import imageio_ffmpeg

    patience_s = _PATIENCE_S + _PATIENCE_FACTOR * max(0.0, length_s)
    quiet = output.global_args("-hide_banner", "-nostdin", "-loglevel", "error")
    process = ffmpeg.run_async(
        quiet, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdout=True, pipe_stderr=True, overwrite_output=True
    )
    with process:
        try:
            said, complaint = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            raise DecoderHungError(
                f"FFmpeg was stopped after {patience_s:.0f} s over {length_s:.1f} s of {source}; cut less of it, "
                "or try a fresh copy of the file"
            ) from None
        finally:
            process.kill()
    if process.returncode != 0:
        words = " ".join(complaint.decode(errors="replace").split())[-_LAST_WORDS:]
        raise DecodeError(
            f"FFmpeg could not cut {source} (exit {process.returncode}): {words or 'it gave no reason'}. "
            "See what can be read of the file with `videoindex probe`"
        )
    return str(said.decode(errors="replace"))
