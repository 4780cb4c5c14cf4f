"""What is already written about a recording: subtitle streams, subtitle files beside it, and chapters.

Streams and chapters carry the source's own clock. A file beside the recording counts from the start of playback,
and players put that at the container's first time stamp; so that offset is added to its times.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.errors import DecodeError
from videoindex.media.containers import open_container
from videoindex.media.subtitle_text import MOST_CUES, Cue, ass_text, clean, decode_text, parse_cues
from videoindex.types import Span, Video

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = ["Cue", "Track", "chapters", "find_tracks", "read_cues"]

_log = logging.getLogger(__name__)

_SIDECAR_SUFFIXES = (".srt", ".vtt")
_MOST_SIDECAR_BYTES = 20_000_000  # the subtitles of a feature film take 0.1 MB
_MOST_PACKET_BYTES = 64_000
_MOST_CHAPTERS = 10_000
# A cue of a stream that states no end is shown this long.
_UNSTATED_S = 4.0
# Codec names of text subtitles, as FFmpeg's codec descriptors give them; the others are pictures.
_TEXT_CODECS = ("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text")
# The word in a subtitle file's name that marks it as forced.
_FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Track:
    """One track of subtitles: a stream of the recording, or a file beside it (then ``path`` is set).

    ``language`` is as stated ("en", "eng", "pt-BR"), lower case, "" when not stated. ``forced`` tracks hold only
    what is foreign to the main audience. ``digest`` changes when the content of a file does.
    """

    name: str
    language: str
    forced: bool
    digest: str
    path: Path | None = None
    stream: int = -1


def find_tracks(video: Video) -> list[Track]:
    """The text subtitles of ``video``, files first, by looking at names and headers alone (files are hashed).

    Raises DecodeError when the recording itself cannot be opened.
    """
    from av.stream import Disposition

    tracks = [_sidecar_track(video.path, path) for path in _sidecars(video.path)]
    with open_container(video.path) as container:
        for stream in container.streams.subtitles:
            codec = stream.codec_context.name if stream.codec_context is not None else ""
            if codec in _TEXT_CODECS:
                forced = bool(stream.disposition & Disposition.forced)
                language = (stream.language or "").lower().replace("und", "")
                name = f"stream {stream.index} ({codec})"
                tracks.append(Track(name, language, forced, f"{stream.index}:{codec}", stream=stream.index))
    return tracks


def read_cues(video: Video, track: Track) -> list[Cue]:
    """The cues of one track on the source's clock, in order of start, clean of tags; broken ones are logged.

    Raises DecodeError when the track cannot be read at all.
    """
    cues = _sidecar_cues(video, track.path) if track.path is not None else _stream_cues(video, track.stream)
    return sorted(cues, key=lambda cue: cue.span)


def chapters(video: Video) -> list[Cue]:
    """The titled chapters of the container, each with the span it covers; untitled ones say nothing.

    Raises DecodeError when the recording cannot be opened.
    """
    with open_container(video.path) as container:
        found = []
        for chapter in container.chapters()[:_MOST_CHAPTERS]:
            title = clean(chapter["metadata"].get("title", "")).replace("\n", " ")
            base = float(chapter["time_base"] or 0)
            start_s, end_s = chapter["start"] * base, chapter["end"] * base
            if title and start_s < end_s:
                found.append(Cue(Span(start_s, end_s), title))
    return sorted(found, key=lambda cue: cue.span)


def _sidecars(path: Path) -> list[Path]:
    """``lecture.srt``, ``lecture.en.srt`` and ``lecture.mp4.srt`` beside ``lecture.mp4``, in order of name."""
    found = []
    for candidate in path.parent.iterdir():
        if candidate.suffix.lower() not in _SIDECAR_SUFFIXES or not candidate.is_file():
            continue
        stem = candidate.name[: -len(candidate.suffix)]
        if _language_of(path, stem) is not None:
            found.append(candidate)
    return sorted(found)


def _language_of(path: Path, stem: str) -> list[str] | None:
    """The words between the recording's name and the suffix (``en.forced``), or None if it is not of that form."""
    if stem in (path.name, path.stem):
        return []
    for owner in (path.name, path.stem):
        if stem.startswith(owner + "."):
            words = stem[len(owner) + 1 :].lower().split(".")
            return words if len(words) <= 2 and all(1 < len(word) <= 10 for word in words) else None
    return None


def _sidecar_track(video_path: Path, path: Path) -> Track:
    words = _language_of(video_path, path.name[: -len(path.suffix)]) or []
    language = next((word for word in words if word not in (_FORCED, "sdh", "cc", "hi")), "")
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_MOST_SIDECAR_BYTES + 1)).hexdigest()
    except OSError as error:
        digest = f"unreadable: {error.strerror}"  # read_cues says so in full
    return Track(path.name, language, _FORCED in words, digest, path=path)


def _sidecar_cues(video: Video, path: Path) -> list[Cue]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_SIDECAR_BYTES + 1)
    except OSError as error:
        raise DecodeError(f"{path} cannot be read ({error}); mend or remove it") from error
    if len(data) > _MOST_SIDECAR_BYTES:
        raise DecodeError(f"{path} is larger than {_MOST_SIDECAR_BYTES} bytes, too large for subtitles; remove it")
    text, encoding = decode_text(data)
    if encoding == "windows-1252":
        _log.warning("%s states no encoding and is not UTF-8; read as Windows-1252. Save it as UTF-8 if odd", path)
    parsed = parse_cues(text)
    for problem in parsed.problems:
        _log.warning("%s, %s", path, problem)
    if data.strip() and not parsed.cues:
        raise DecodeError(f"{path} holds no subtitle that can be read; mend or remove it")
    offset_s = _playback_start_s(video)
    return [Cue(Span(cue.span.start_s + offset_s, cue.span.end_s + offset_s), cue.text) for cue in parsed.cues]


def _playback_start_s(video: Video) -> float:
    """The container's first time stamp, which players show as 0."""
    with open_container(video.path) as container:
        return video.span.start_s if container.start_time is None else container.start_time / 1e6


def _stream_cues(video: Video, index: int) -> list[Cue]:
    import av

    with open_container(video.path) as container:
        stream = container.streams[index]
        _read_only(container, index)
        read = _READERS.get(stream.codec_context.name if stream.codec_context else "", _plain)
        base = float(stream.time_base or 0)
        cues: list[Cue] = []
        try:
            for packet in container.demux(stream):
                if packet.pts is None or packet.size > _MOST_PACKET_BYTES:
                    continue
                text = clean(read(bytes(packet)))
                start_s, duration_s = packet.pts * base, (packet.duration or 0) * base
                if text:
                    cues.append(Cue(Span(start_s, start_s + (duration_s or _UNSTATED_S)), text))
                if len(cues) >= MOST_CUES:
                    break
        except av.error.FFmpegError as error:
            if not cues:
                raise DecodeError(
                    f"the subtitles in stream {index} of {video.path} cannot be read: {error}"
                ) from error
            _log.warning("the subtitles in stream %d of %s break off: %s", index, video.path, error)
    return cues


def _read_only(container: InputContainer, index: int) -> None:
    """Lets the demuxer skip all other streams, which spares reading most of an MP4 file."""
    from av.stream import Discard

    for other in container.streams:
        if other.index != index:
            other.discard = Discard.all


def _plain(payload: bytes) -> str:
    return payload.decode("utf-8", errors="replace")


def _ass(payload: bytes) -> str:
    return ass_text(_plain(payload))


def _mov_text(payload: bytes) -> str:
    """3GPP timed text (TS 26.245): two bytes of length, the text, then style boxes; UTF-16 has its own mark."""
    text = payload[2 : 2 + int.from_bytes(payload[:2], "big")]
    return text.decode("utf-16" if text[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8", errors="replace")


_READERS: dict[str, Callable[[bytes], str]] = {"ass": _ass, "ssa": _ass, "mov_text": _mov_text}
