"""Opens a local media file for reading: the one door to the demuxers, and it is guarded.

FFmpeg follows playlists and concat scripts into other files and on to the network (CVE-2016-1897, CVE-2017-9993).
So only the protocols a plain file needs are allowed, only demuxers of self-contained files, and the path is given
as a ``file:`` address, so that a name such as ``concat:a|b`` is a name and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from videoindex.errors import DecodeError

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer

    VideoPacket = Packet[VideoStream]
    Timed = VideoStream | AudioStream

__all__ = [
    "DEMUXERS",
    "PROTOCOLS",
    "lacks_stamps",
    "open_container",
    "open_picture_stream",
    "picture_stream",
    "stamped_packets",
]

PROTOCOLS = "file,crypto,data,pipe"

# Self-contained files only: no hls, dash, concat, image sequences, devices or network streams.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,obu,ivf,flv,asf,ogg,mxf,nut,"
    "rm,dv,gxf,wtv,dhav,gif,wav,w64,aiff,caf,mp3,aac,ac3,eac3,flac,amr"
)

# Consecutive failures to demux before the rest of a file is given up.
_MOST_FAILURES = 64


def open_container(path: Path) -> InputContainer:
    """Opens ``path`` for demuxing.

    Raises:
        DecodeError: no allowed demuxer can make sense of the file.
    """
    import av

    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": DEMUXERS}
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise DecodeError(
            f"{path} cannot be opened as a media file ({error.__class__.__name__}). "
            "It may be cut off before its index was written, or not be a video; copy it again from its source."
        ) from error


def open_picture_stream(path: Path) -> tuple[InputContainer, VideoStream]:
    """Opens ``path`` and picks its picture stream, attached cover art aside.

    Raises:
        DecodeError: the file cannot be opened, or holds no picture stream.
    """
    container = open_container(path)
    stream = picture_stream(container)
    if stream is None:
        container.close()
        raise DecodeError(f"{path} holds no picture stream; probe it again, it may have been replaced")
    return container, stream


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is not an attached picture, or None."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def stamped_packets(
    container: InputContainer, stream: VideoStream | AudioStream, is_by_order: bool
) -> Iterator[tuple[VideoPacket, int]]:
    """The stream's packets in decode order, each with its presentation stamp in ticks.

    With ``is_by_order`` the stamp is that of decoding, which numbers the slots of display. A missing stamp is
    derived from the packet before. A stretch that cannot be demuxed is passed over.
    """
    import av

    expected, failures = 0, 0
    while failures < _MOST_FAILURES:
        try:
            for packet in container.demux(cast("VideoStream", stream)):
                if packet.size == 0:
                    continue
                stamp = packet.dts if is_by_order or packet.pts is None else packet.pts
                stamp = expected if stamp is None else stamp
                expected = stamp + max(packet.duration or 0, 1)
                failures = 0
                yield packet, stamp
            return
        except av.error.FFmpegError:
            failures += 1


def lacks_stamps(path: Path) -> bool:
    """Whether the file stores no presentation stamps: the order of display must then be learnt from the decoder.

    AVI and raw streams number packets in decode order only. For MPEG-4 part 2 the demuxer puts that right,
    for H.264 and HEVC it does not.
    """
    container, stream = open_picture_stream(path)
    try:
        if stream.codec_context.codec.canonical_name in ("h264", "hevc"):
            return container.format.name in ("avi", "h264", "hevc")
        sample = [packet for packet, _ in islice(stamped_packets(container, stream, False), 32)]
    finally:
        container.close()
    return sum(packet.pts is None for packet in sample) * 2 > len(sample)
