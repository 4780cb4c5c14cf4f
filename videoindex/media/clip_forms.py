"""What each kind of output file can hold: containers by suffix, and who encodes what for them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from videoindex.errors import UsageError

__all__ = ["CONTAINERS", "Container", "container_of"]

_AAC, _OPUS = "aac", "libopus"


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file. ``format`` is FFmpeg's muxer; ``pictures`` the encoder of pictures, "" for sound alone;
    ``copied_pictures`` and ``copied_sounds`` the codecs that it takes as they are. ``keeps_turn`` tells whether
    it can say that pictures are to be turned for display, ``keeps_lead`` whether packets may lie before its time 0
    (to be decoded, not played), ``keeps_decode_times`` whether it stores when packets are to be decoded."""

    format: str
    pictures: str
    sound: str
    copied_pictures: tuple[str, ...] = ()
    copied_sounds: tuple[str, ...] = ()
    keeps_turn: bool = True
    keeps_lead: bool = False
    keeps_decode_times: bool = True
    options: dict[str, str] = field(default_factory=dict)


# PCM and FLAC are never copied: their packets may be long, and encoding them cuts to the sample. MP3 is copied
# only where packets before the clip's 0 can be kept: it refers back.
_MP4_PICTURES = ("h264", "hevc", "av1", "vp9", "mpeg4")
_MP4_SOUNDS = ("aac", "mp3", "ac3", "eac3", "opus")
# The index of an MP4 goes first, so that it plays while it is still being loaded. Tags of any name are written:
# the usual time of creation is in whole seconds.
_MP4_OPTIONS = {"movflags": "+faststart+use_metadata_tags"}

CONTAINERS: dict[str, Container] = {
    ".mp4": Container("mp4", "libx264", _AAC, _MP4_PICTURES, _MP4_SOUNDS, keeps_lead=True, options=_MP4_OPTIONS),
    ".m4v": Container("mp4", "libx264", _AAC, _MP4_PICTURES, _MP4_SOUNDS, keeps_lead=True, options=_MP4_OPTIONS),
    ".mov": Container(
        "mov",
        "libx264",
        _AAC,
        ("h264", "hevc", "mpeg4", "mjpeg", "prores"),
        ("aac", "mp3", "ac3"),
        keeps_lead=True,
        options=_MP4_OPTIONS,
    ),
    ".mkv": Container(
        "matroska",
        "libx264",
        _AAC,
        (*_MP4_PICTURES, "vp8", "mpeg2video", "mpeg1video", "mjpeg", "theora", "prores"),
        ("aac", "ac3", "eac3", "opus", "vorbis", "mp2"),
        keeps_decode_times=False,
    ),
    ".webm": Container(
        "webm", "libvpx-vp9", _OPUS, ("vp8", "vp9", "av1"), ("opus", "vorbis"), keeps_decode_times=False
    ),
    ".ts": Container(
        "mpegts",
        "libx264",
        _AAC,
        ("h264", "hevc", "mpeg2video", "mpeg1video"),
        ("aac", "mp2", "ac3", "eac3"),
        keeps_turn=False,
    ),
    ".m4a": Container("ipod", "", _AAC, copied_sounds=("aac",), keeps_lead=True, options=_MP4_OPTIONS),
    ".mp3": Container("mp3", "", "libmp3lame", keeps_lead=True),
    ".opus": Container("opus", "", _OPUS, keeps_lead=True),
    ".flac": Container("flac", "", "flac"),
    ".wav": Container("wav", "", "pcm_s16le"),
}


def container_of(output: Path) -> Container:
    """The kind of file that a name's suffix asks for. Raises UsageError where there is none."""
    suffix = output.suffix.lower()
    if suffix not in CONTAINERS:
        raise UsageError(
            f"{output}: {f'{suffix} is no kind of file that' if suffix else 'the name has no suffix by which'} "
            f"a clip can be written; name it {', '.join(CONTAINERS)}"
        )
    return CONTAINERS[suffix]
