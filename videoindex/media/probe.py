"""What a file is: identity, time, picture, streams and damage, without decoding more than its first frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.errors import DecodeError, NotAVideoError
from videoindex.media.containers import lacks_stamps, open_container, picture_stream
from videoindex.media.identity import content_id, has_media_magic, refuse_non_video
from videoindex.media.orientation import UPRIGHT, Orientation, orientation_of
from videoindex.media.recorded_at import recorded_at as find_recorded_at
from videoindex.media.timing import time_stream
from videoindex.types import Span, Video

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

__all__ = ["AudioTrack", "Probe", "SubtitleTrack", "probe"]

# Packets tried for a first frame before the picture is called undecodable.
_FIRST_FRAME_PACKETS = 300


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


@dataclass(frozen=True, slots=True)
class _Look:
    """What the first decoded frame shows: (width, height) as displayed, and its orientation."""

    size_px: tuple[int, int]
    orientation: Orientation
    damage: tuple[str, ...] = ()


def probe(path: Path, recorded_at: datetime | None = None) -> Probe:
    """Looks into ``path`` and says what it is. ``recorded_at`` is the user's word and beats what the file says.

    The effort is bounded: about a second for a file of any size. A file with sound only is a Video of 0 x 0 px.

    Raises:
        NotAVideoError: missing, a folder, empty, a still image, text, or no known media format.
        DecodeError: a media file damaged so that nothing can be read from it.
        UsageError: ``recorded_at`` without a time zone.
    """
    path = Path(path).absolute()
    refuse_non_video(path)
    container = _open(path)
    try:
        return _probe(path, container, recorded_at)
    finally:
        container.close()


def _probe(path: Path, container: InputContainer, flag: datetime | None) -> Probe:
    picture = picture_stream(container)
    timed = picture or next(iter(container.streams.audio), None)
    if timed is None:
        raise NotAVideoError(f"{path} holds neither picture nor sound ({container.format.name}); nothing to index")
    look = _first_look(path, picture) if picture is not None else _Look((0, 0), UPRIGHT)
    size_bytes = path.stat().st_size
    is_by_order = picture is not None and lacks_stamps(path)
    timing = time_stream(container, timed, size_bytes, is_by_order)
    if timing is None or timing.end_s <= timing.start_s:
        raise DecodeError(f"{path}: not one whole packet can be read from it; copy it again from its source")
    if picture is not None and container.format.name == "gif" and timing.end_s - timing.start_s < 0.2:
        raise NotAVideoError(f"{path} is a still image (GIF), not a video, whatever its name says")
    recorded = find_recorded_at(path, container.metadata, flag, datetime.now(UTC))
    return Probe(
        video=Video(
            id=content_id(path),
            path=path,
            span=Span(timing.start_s, timing.end_s),
            width_px=look.size_px[0],
            height_px=look.size_px[1],
            average_fps=timing.average_fps if picture is not None else 0.0,
            has_audio=bool(container.streams.audio),
            recorded_at=recorded.at if recorded else None,
        ),
        container=container.format.name,
        codec=picture.codec_context.codec.canonical_name if picture is not None else "",
        pixel_format=(picture.codec_context.pix_fmt or "") if picture is not None else "",
        is_variable_rate=picture is not None and timing.is_variable_rate,
        rotation_deg=look.orientation.clockwise_deg,
        audio=_audio_tracks(container),
        subtitles=_subtitle_tracks(container),
        chapters=len(container.chapters()),
        damage=timing.damage + look.damage,
        recorded_at_source=recorded.source if recorded else "",
        size_bytes=size_bytes,
    )


def _open(path: Path) -> InputContainer:
    """Opens the container, or says in a user's words why it cannot be."""
    try:
        return open_container(path)
    except DecodeError as error:
        if not has_media_magic(path):
            raise NotAVideoError(
                f"{path} is in no media format known here; check that it is a recording"
            ) from error
        if _lacks_movie_box(path):
            raise DecodeError(
                f"{path} has no index (moov box): the recording was cut off before it was finished. "
                "Copy it again from its source, or let a repair tool rebuild it."
            ) from error
        raise


def _lacks_movie_box(path: Path) -> bool:
    """Whether an MP4 or MOV file ends before its moov box (ISO/IEC 14496-12, 4.2: size, type, [64-bit size])."""
    at, size_bytes = 0, path.stat().st_size
    with path.open("rb") as file:
        for _ in range(1000):
            file.seek(at)
            head = file.read(16)
            if len(head) < 8 or not head[4:8].isalnum():
                return at > 0
            if head[4:8] == b"moov":
                return False
            length = int.from_bytes(head[:4], "big")
            length = int.from_bytes(head[8:16], "big") if length == 1 else length or size_bytes
            at += max(length, 8)
    return False


def _first_look(path: Path, stream: VideoStream) -> _Look:
    """Decodes one frame for its orientation; where none can be, takes the header's size and names the damage."""
    import av

    with open_container(path) as container:
        again = picture_stream(container)
        assert again is not None
        for packet in islice(container.demux(again), _FIRST_FRAME_PACKETS):
            try:
                frames = again.codec_context.decode(packet if packet.size else None)
            except av.error.FFmpegError:
                continue
            if frames:
                orientation = orientation_of(frames[0])
                return _Look(_displayed_px(stream, orientation), orientation)
    damage = ("The picture cannot be decoded: none of its first frames gave an image.",)
    return _Look(_displayed_px(stream, UPRIGHT), UPRIGHT, damage)


def _displayed_px(stream: VideoStream, orientation: Orientation) -> tuple[int, int]:
    """Width and height as displayed: pixels made square, then turned."""
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    width_px = round(context.width * aspect) if aspect else context.width
    return (context.height, width_px) if orientation.is_transposed else (width_px, context.height)


def _audio_tracks(container: InputContainer) -> tuple[AudioTrack, ...]:
    return tuple(
        AudioTrack(
            stream.index,
            stream.codec_context.name,
            stream.codec_context.sample_rate or 0,
            stream.codec_context.channels,
            stream.metadata.get("language", ""),
        )
        for stream in container.streams.audio
    )


def _subtitle_tracks(container: InputContainer) -> tuple[SubtitleTrack, ...]:
    pictures = ("dvd_subtitle", "dvdsub", "hdmv_pgs_subtitle", "pgssub", "dvb_subtitle", "dvbsub", "xsub")
    return tuple(
        SubtitleTrack(
            stream.index,
            stream.codec_context.name,
            stream.metadata.get("language", ""),
            stream.codec_context.name not in pictures,
        )
        for stream in container.streams.subtitles
    )
