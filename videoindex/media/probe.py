"""What a file is: identity, time, picture, streams and damage, without decoding more than its first frame.

The file is parsed in the guarded child process that later decodes it: it is untrusted, and the index of a
five-hour MP4 would stay in the memory of whoever opened it. What comes back is plain data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from videoindex.media.decoders.child import CallRequest
from videoindex.media.decoders.process import Children, shared_children
from videoindex.media.identity import refuse_non_video
from videoindex.types import Span, Video

__all__ = ["AudioTrack", "Probe", "SubtitleTrack", "probe"]

_INSPECT = "videoindex.media.inspection:inspect_to_plain"
_CPU_S = 600


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound stream. ``language`` is the container's tag, often ISO 639-2, empty when it has none."""

    stream_index: int
    codec: str
    rate_hz: int
    channels: int
    language: str


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One subtitle stream; ``is_text`` is False for pictures of text (DVD, Blu-ray)."""

    stream_index: int
    codec: str
    language: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is. ``codec`` and ``pixel_format`` are of the picture, empty without one; ``rotation_deg`` is
    the clockwise turn from stored to displayed; ``damage`` holds sentences for a person, empty when sound;
    ``recorded_at_source`` is ``flag``, ``metadata``, ``file name`` or empty."""

    video: Video
    container: str
    codec: str
    pixel_format: str
    is_variable_rate: bool
    rotation_deg: int
    audio: tuple[AudioTrack, ...]
    subtitles: tuple[SubtitleTrack, ...]
    chapters: int
    damage: tuple[str, ...]
    recorded_at_source: str
    size_bytes: int

    def to_plain(self) -> dict[str, object]:
        """As data for JSON; the path stays behind."""
        video = self.video
        plain = {
            name: getattr(self, name) for name in self.__slots__ if name not in ("video", "audio", "subtitles")
        }
        return {
            **plain,
            "video": {
                "id": video.id,
                "span_s": [video.span.start_s, video.span.end_s],
                "displayed_px": [video.width_px, video.height_px],
                "average_fps": video.average_fps,
                "has_audio": video.has_audio,
                "recorded_at": video.recorded_at.isoformat() if video.recorded_at else None,
            },
            "audio": [[t.stream_index, t.codec, t.rate_hz, t.channels, t.language] for t in self.audio],
            "subtitles": [[t.stream_index, t.codec, t.language, t.is_text] for t in self.subtitles],
        }

    @classmethod
    def from_plain(cls, said: dict[str, Any], path: Path) -> Probe:
        """What ``to_plain`` gave of ``path``. Raises KeyError, TypeError or ValueError for anything else."""
        video = said["video"]
        recorded_at = datetime.fromisoformat(video["recorded_at"]) if video["recorded_at"] is not None else None
        return cls(
            video=Video(
                id=str(video["id"]),
                path=path,
                span=Span(*map(float, video["span_s"])),
                width_px=int(video["displayed_px"][0]),
                height_px=int(video["displayed_px"][1]),
                average_fps=float(video["average_fps"]),
                has_audio=bool(video["has_audio"]),
                recorded_at=recorded_at,
            ),
            container=str(said["container"]),
            codec=str(said["codec"]),
            pixel_format=str(said["pixel_format"]),
            is_variable_rate=bool(said["is_variable_rate"]),
            rotation_deg=int(said["rotation_deg"]),
            audio=tuple(
                AudioTrack(int(i), str(c), int(r), int(n), str(lang)) for i, c, r, n, lang in said["audio"]
            ),
            subtitles=tuple(
                SubtitleTrack(int(i), str(c), str(lang), bool(t)) for i, c, lang, t in said["subtitles"]
            ),
            chapters=int(said["chapters"]),
            damage=tuple(map(str, said["damage"])),
            recorded_at_source=str(said["recorded_at_source"]),
            size_bytes=int(said["size_bytes"]),
        )


def probe(path: Path, recorded_at: datetime | None = None) -> Probe:
    """Looks into ``path`` and says what it is. ``recorded_at`` is the user's word and beats what the file says.

    The effort is bounded: about a second for a file of any size. A file with sound only is a Video of 0 x 0 px.

    Raises:
        NotAVideoError: missing, a folder, empty, a still image, text, or no known media format.
        DecodeError: a media file damaged so that nothing can be read from it, or that crashes the demuxer.
        DecoderHungError: the demuxer hung and was stopped.
        UsageError: ``recorded_at`` without a time zone.
    """
    path = Path(path).absolute()
    refuse_non_video(path)
    return _probe_in(shared_children(), path, recorded_at)


def _probe_in(
    children: Children, path: Path, recorded_at: datetime | None, function: str = _INSPECT, idle_s: float = 60.0
) -> Probe:
    stated = recorded_at.isoformat() if recorded_at else None
    request = CallRequest(function, path, (stated,), _CPU_S)
    return children.call(request, "demuxer", str(path), idle_s, lambda said: Probe.from_plain(said, path))
