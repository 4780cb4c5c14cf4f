"""What is already written about a recording: subtitle streams, subtitle files beside it, and chapters.

Streams and chapters carry the source's own clock. A file beside the recording counts from the start of playback,
and players put that at the container's first time stamp; so that offset is added to its times.

The recording is untrusted, so it is opened in a guarded child process, by the functions named ``..._to_plain``.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from videoindex.errors import DecodeError
from videoindex.media.containers import open_container
from videoindex.media.decoders.child import CallRequest
from videoindex.media.decoders.process import shared_children
from videoindex.media.subtitle_text import MOST_CUES, Cue, ass_text, clean, decode_text, parse_cues
from videoindex.types import Span, Video

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = [
    "Cue",
    "Track",
    "chapters",
    "chapters_to_plain",
    "cues_to_plain",
    "find_tracks",
    "playback_start_s",
    "read_cues",
    "start_to_plain",
    "streams_to_plain",
]

_log = logging.getLogger(__name__)

_SIDECAR_SUFFIXES = (".srt", ".vtt")
_MOST_SIDECAR_BYTES = 20_000_000  # the subtitles of a feature film take 0.1 MB
_MOST_PACKET_BYTES = 64_000
_MOST_CHAPTERS = 10_000
# A cue of a stream that states no end is shown this long.
_UNSTATED_S = 4.0
# Codec names of text subtitles, as FFmpeg's codec descriptors give them; the others are pictures.
_TEXT_CODECS = ("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text")
# Opening takes about a second; reading all cues of a stream may mean reading all of a large file.
_LONGEST_OPENING_S = 60.0
_LONGEST_READING_S = 1800.0
_CPU_S = 600
# The word in a subtitle file's name that marks it as forced.
_FORCED = "forced"

_T = TypeVar("_T")
# A cue as data for JSON: start and end in seconds, and the text.
_PlainCue = tuple[float, float, str]


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

    Raises DecodeError when the recording itself cannot be opened or crashes the demuxer, DecoderHungError when it
    hangs it; so do the other functions here.
    """
    files = [_sidecar_track(video.path, path) for path in _sidecars(video.path)]
    return files + _in_child(video, streams_to_plain, lambda said: [_stream_track(*stream) for stream in said])


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
    return sorted(_in_child(video, chapters_to_plain, _as_cues), key=lambda cue: cue.span)


def _in_child(
    video: Video,
    function: Callable[..., object],
    understand: Callable[[Any], _T],
    arguments: tuple[int, ...] = (),
    idle_s: float = _LONGEST_OPENING_S,
) -> _T:
    """What ``understand`` makes of what ``function`` gives in a child."""
    request = CallRequest(f"{function.__module__}:{function.__name__}", video.path, arguments, _CPU_S)
    return shared_children().call(request, "subtitle demuxer", str(video.path), idle_s, understand)


def _as_cues(said: list[_PlainCue]) -> list[Cue]:
    return [Cue(Span(float(start_s), float(end_s)), str(text)) for start_s, end_s, text in said]


def _stream_track(index: int, codec: str, language: str, forced: bool) -> Track:
    name = f"stream {int(index)} ({codec})"
    return Track(name, str(language), bool(forced), f"{index}:{codec}", stream=int(index))


def streams_to_plain(path: Path) -> list[tuple[int, str, str, bool]]:
    """Of every stream of text subtitles: its index, codec, language, and whether it is forced."""
    from av.stream import Disposition

    found = []
    with open_container(path) as container:
        for stream in container.streams.subtitles:
            codec = stream.codec_context.name if stream.codec_context is not None else ""
            if codec in _TEXT_CODECS:
                forced = bool(stream.disposition & Disposition.forced)
                found.append((stream.index, codec, (stream.language or "").lower().replace("und", ""), forced))
    return found


def chapters_to_plain(path: Path) -> list[_PlainCue]:
    """The titled chapters, in the container's order."""
    found = []
    with open_container(path) as container:
        for chapter in container.chapters()[:_MOST_CHAPTERS]:
            title = clean(chapter["metadata"].get("title", "")).replace("\n", " ")
            base = float(chapter["time_base"] or 0)
            start_s, end_s = chapter["start"] * base, chapter["end"] * base
            if title and start_s < end_s:
                found.append((start_s, end_s, title))
    return found


def start_to_plain(path: Path) -> float | None:
    """The container's first time stamp in seconds, if it has any."""
    with open_container(path) as container:
        return None if container.start_time is None else container.start_time / 1e6


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
    offset_s = playback_start_s(video)
    return [Cue(Span(cue.span.start_s + offset_s, cue.span.end_s + offset_s), cue.text) for cue in parsed.cues]


def playback_start_s(video: Video) -> float:
    """The container's first time stamp, which players show as 0. Raises as ``find_tracks`` does."""
    start_s = _in_child(video, start_to_plain, lambda said: None if said is None else float(said))
    return video.span.start_s if start_s is None else start_s


def _stream_cues(video: Video, index: int) -> list[Cue]:
    def understand(said: dict[str, Any]) -> list[Cue]:
        if said["break_off"]:
            _log.warning("the subtitles in stream %d of %s break off: %s", index, video.path, said["break_off"])
        return _as_cues(said["cues"])

    return _in_child(video, cues_to_plain, understand, (index,), _LONGEST_READING_S)


def cues_to_plain(path: Path, index: int) -> dict[str, object]:
    """The ``cues`` of a stream, in the file's order, and why they ``break_off`` ("" if they do not)."""
    import av

    cues: list[_PlainCue] = []
    break_off = ""
    with open_container(path) as container:
        stream = container.streams[index]
        _read_only(container, index)
        read = _READERS.get(stream.codec_context.name if stream.codec_context else "", _plain)
        base = float(stream.time_base or 0)
        try:
            for packet in container.demux(stream):
                if packet.pts is None or packet.size > _MOST_PACKET_BYTES:
                    continue
                text = clean(read(bytes(packet)))
                start_s, duration_s = packet.pts * base, (packet.duration or 0) * base
                if text:
                    cues.append((start_s, start_s + (duration_s or _UNSTATED_S), text))
                if len(cues) >= MOST_CUES:
                    break
        except av.error.FFmpegError as error:
            if not cues:
                raise DecodeError(f"the subtitles in stream {index} of {path} cannot be read: {error}") from error
            break_off = str(error)
    return {"cues": cues, "break_off": break_off}


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
