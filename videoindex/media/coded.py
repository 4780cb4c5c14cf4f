"""Reads which coded pictures lie around a cut: stamps, key pictures, and whether packets may be copied.

The recording is untrusted, so it is opened in a guarded child process, by ``coded_to_plain``. Nothing is decoded.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoindex.errors import DecodeError
from videoindex.media.clip_plan import SLACK_S, Coded
from videoindex.media.containers import lacks_stamps, open_picture_stream, picture_stream, stamped_packets
from videoindex.media.decoders.child import CallRequest
from videoindex.media.decoders.process import shared_children
from videoindex.media.decoders.selection import REORDER_LIMIT
from videoindex.media.parameter_sets import starts_afresh
from videoindex.types import Span, Video

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import InputContainer

__all__ = ["Pictures", "coded_to_plain", "read_coded"]

_LONGEST_S = 1800.0  # of reading; a file without stamps of display is read from its start
_CPU_S = 600
# A seek may land too late: then further back, and from the start at last.
_STEPS_BACK_S = (0.0, 4.0, 30.0, 240.0)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The picture stream of a recording around a cut. ``profile`` is the codec's own word for it ("High");
    ``header`` what a decoder must know beforehand; ``is_interlaced`` tells that its pictures hold two fields."""

    stream_index: int
    codec: str
    profile: str
    pixel_format: str
    is_interlaced: bool
    header: bytes
    coded: Coded


def read_coded(video: Video, span: Span) -> Pictures:
    """What is coded around ``span`` of a recording with a picture.

    Raises DecodeError where no picture can be read there, or the file crashes the demuxer; DecoderHungError.
    """
    request = CallRequest(
        f"{coded_to_plain.__module__}:{coded_to_plain.__name__}", video.path, (span.start_s, span.end_s), _CPU_S
    )
    return shared_children().call(request, "demuxer", str(video.path), _LONGEST_S, _from_plain)


def _from_plain(said: dict[str, Any]) -> Pictures:
    coded = Coded(
        Fraction(int(said["tick"][0]), int(said["tick"][1])),
        tuple(map(int, said["pts_N"])),
        tuple(map(bool, said["is_fresh_N"])),
        int(said["end_pts"]),
        bool(said["is_by_order"]),
        str(said["why_no_copy"]),
    )
    return Pictures(
        int(said["stream_index"]),
        str(said["codec"]),
        str(said["profile"]),
        str(said["pixel_format"]),
        bool(said["is_interlaced"]),
        base64.b64decode(said["header"]),
        coded,
    )


def coded_to_plain(path: Path, start_s: float, end_s: float) -> dict[str, object]:
    """:func:`read_coded` in this process, as plain data."""
    is_by_order = lacks_stamps(path)
    container = _before(path, 0.0 if is_by_order else start_s)
    try:
        stream = _pictures(container)
        tick = Fraction(stream.time_base or 1)
        context = stream.codec_context
        header = bytes(context.extradata or b"")
        reading = _Reading(context.codec.canonical_name, header, round(Fraction(end_s) / tick))
        for packet, pts in stamped_packets(container, stream, is_by_order):
            if reading.take(packet, pts):
                break
        if not reading.pts:
            raise DecodeError(f"{path}: no picture can be read at {start_s:.3f} s; it may be damaged there")
        return {
            "tick": [tick.numerator, tick.denominator],
            "pts_N": reading.pts,
            "is_fresh_N": reading.is_fresh,
            "end_pts": reading.end_pts,
            "is_by_order": is_by_order,
            "why_no_copy": reading.why_no_copy,
            "stream_index": stream.index,
            "codec": context.codec.canonical_name,
            "profile": context.profile or "",
            "pixel_format": context.pix_fmt or "",
            "is_interlaced": context.field_order not in (0, 1),
            "header": base64.b64encode(header).decode(),
        }
    finally:
        container.close()


class _Reading:
    """Takes packets in coded order, from a key picture on, until all is read that may be shown in the cut."""

    def __init__(self, codec: str, header: bytes, end_pts: int) -> None:
        self.pts: list[int] = []
        self.is_fresh: list[bool] = []
        self.end_pts = 0
        self.why_no_copy = ""
        self._codec, self._header, self._end_pts = codec, header, end_pts
        self._beyond = 0

    def take(self, packet: Packet[VideoStream], pts: int) -> bool:
        """Adds one packet; whether that was enough."""
        if packet.is_discard or (not self.pts and not packet.is_keyframe):
            return False
        is_fresh = packet.is_keyframe
        if self._codec == "h264":
            is_fresh, is_new = starts_afresh(bytes(packet), self._header)
            self._object(is_new, "its parameter sets change on the way")
        self._object(packet.pts is None, "its pictures bear no stamps")
        self._object(packet.is_corrupt, "it is damaged there")
        self._object(pts in self.pts[-REORDER_LIMIT:], "two of its pictures bear one stamp")
        self.pts.append(pts)
        self.is_fresh.append(is_fresh)
        self.end_pts = max(self.end_pts, pts + max(packet.duration or 0, 1))
        self._beyond += pts >= self._end_pts
        return self._beyond > REORDER_LIMIT

    def _object(self, is_so: bool, why: str) -> None:
        if is_so and not self.why_no_copy:
            self.why_no_copy = why


def _before(path: Path, start_s: float) -> InputContainer:
    """The file, opened so that it gives the key picture at or before ``start_s`` and all that follows."""
    import av

    container, stream = open_picture_stream(path)
    tick_s = float(stream.time_base or 1)
    for back_s in _STEPS_BACK_S:
        at = round((start_s - back_s) / tick_s)
        if at <= (stream.start_time or 0):
            break
        try:
            container.seek(at, stream=stream, backward=True)
            packets = stamped_packets(container, stream, False)
            key = next((pts for packet, pts in packets if packet.is_keyframe), None)
            if key is not None and key * tick_s <= start_s + SLACK_S:
                container.seek(at, stream=stream, backward=True)
                return container
        except av.error.FFmpegError:
            break
    container.close()
    return open_picture_stream(path)[0]


def _pictures(container: InputContainer) -> VideoStream:
    stream = picture_stream(container)
    assert stream is not None
    return stream
