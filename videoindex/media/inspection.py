"""Looks into a media file: the part of probing that parses it, run in a guarded child (see probe.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.errors import DecodeError, NotAVideoError
from videoindex.media.containers import lacks_stamps, open_container, picture_stream
from videoindex.media.identity import content_id, has_media_magic
from videoindex.media.orientation import UPRIGHT, Orientation, orientation_of
from videoindex.media.probe import AudioTrack, Probe, SubtitleTrack
from videoindex.media.recorded_at import recorded_at as find_recorded_at
from videoindex.media.timing import time_stream
from videoindex.types import Span, Video

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

__all__ = ["inspect", "inspect_to_plain"]

# Packets tried for a first frame before the picture is called undecodable.
_FIRST_FRAME_PACKETS = 300


@dataclass(frozen=True, slots=True)
class _Look:
    """What the first decoded frame shows: (width, height) as displayed, and its orientation."""

    size_px: tuple[int, int]
    orientation: Orientation
    damage: tuple[str, ...] = ()


def inspect_to_plain(path: Path, recorded_at: str | None) -> dict[str, object]:
    """:func:`inspect` from and to plain data, for another process; ``recorded_at`` is in ISO 8601."""
    return inspect(path, datetime.fromisoformat(recorded_at) if recorded_at else None).to_plain()


def inspect(path: Path, recorded_at: datetime | None = None) -> Probe:
    """Parses ``path``, an absolute path of a file that may be a video; raises as ``probe`` does."""
    # One container at a time: each holds the file's index, 20 MiB for five hours of MP4.
    with _open(path) as container:
        if not container.streams.video and not container.streams.audio:
            raise NotAVideoError(
                f"{path} holds neither picture nor sound ({container.format.name}); nothing to index"
            )
        picture = picture_stream(container)
        look = _first_look(container, picture) if picture is not None else _Look((0, 0), UPRIGHT)
    is_by_order = look.size_px != (0, 0) and lacks_stamps(path)
    with open_container(path) as container:
        return _inspect(path, container, look, is_by_order, recorded_at)


def _inspect(
    path: Path, container: InputContainer, look: _Look, is_by_order: bool, flag: datetime | None
) -> Probe:
    picture = picture_stream(container)
    timed = picture or next(iter(container.streams.audio), None)
    if timed is None:
        raise NotAVideoError(f"{path} holds neither picture nor sound ({container.format.name}); nothing to index")
    size_bytes = path.stat().st_size
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


def _first_look(container: InputContainer, stream: VideoStream) -> _Look:
    """Decodes one frame for its orientation; where none can be, takes the header's size and names the damage."""
    import av

    for packet in islice(container.demux(stream), _FIRST_FRAME_PACKETS):
        try:
            frames = stream.codec_context.decode(packet if packet.size else None)
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
