"""Where a stream begins and ends, how its frames are spaced, and what is wrong with it; nothing is decoded.

Small files are demuxed whole. Of large ones a stretch at the start, three in the middle and the end are read, so
that the effort is bounded whatever the length.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from videoindex.media.containers import stamped_packets

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer
    from av.video import VideoStream

    Stream = VideoStream | AudioStream

__all__ = ["Stretch", "Timing", "is_variable", "time_stream"]

_WHOLE_BYTES = 128 << 20
_START_PACKETS = 1500
_MIDDLE_PACKETS = 300
_MIDDLES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of packets as read, in seconds: the stamps of what is shown, in presentation order, the end of the
    last, and where the first packet marked corrupt and the first decoding stamp that runs backwards were met."""

    stamps_s: tuple[float, ...]
    end_s: float
    corrupt: int = 0
    corrupt_s: float | None = None
    backwards_s: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """``start_s`` of the first frame and ``end_s`` of the last, on the source's clock; ``damage`` in sentences."""

    start_s: float
    end_s: float
    average_fps: float
    is_variable_rate: bool
    damage: tuple[str, ...]


def time_stream(container: InputContainer, stream: Stream, size_bytes: int, is_by_order: bool) -> Timing | None:
    """Times one stream of a freshly opened container; None when not a single packet of it can be read."""
    is_whole = size_bytes <= _WHOLE_BYTES
    first = _read(container, stream, is_by_order, None if is_whole else _START_PACKETS, is_start=True)
    if first is None:
        return None
    announced_s = _announced_end_s(container, stream, first.stamps_s[0])
    stretches = (
        [first] if is_whole else [first, *_further(container, stream, size_bytes, is_by_order, announced_s)]
    )
    start_s, end_s = first.stamps_s[0], max(stretch.end_s for stretch in stretches)
    intervals_s = [b - a for stretch in stretches for a, b in pairwise(stretch.stamps_s)]
    frames = stream.frames if not is_whole and stream.frames else 0
    mean_s = (end_s - start_s) / frames if frames else statistics.fmean(intervals_s or [end_s - start_s])
    return Timing(
        start_s,
        end_s,
        1 / mean_s if mean_s > 0 else 0.0,
        is_variable(intervals_s),
        _damage(stretches, end_s, announced_s),
    )


def is_variable(intervals_s: Sequence[float]) -> bool:
    """Whether more than one interval in fifty is off the median by over a tenth (and over 2 ms, as Matroska rounds
    its stamps to 1 ms). A lone hole is damage, not a variable rate."""
    if len(intervals_s) < 2:
        return False
    median_s = statistics.median(intervals_s)
    slack_s = max(0.0021, median_s / 10)
    off = sum(abs(interval_s - median_s) > slack_s for interval_s in intervals_s)
    return off > max(1, len(intervals_s) / 50)


def _further(
    container: InputContainer, stream: Stream, size_bytes: int, is_by_order: bool, announced_s: float | None
) -> list[Stretch]:
    """Three stretches in the middle and the end of a large file, or of what is left of it."""
    header_s = (container.start_time or 0) / 1e6 + (container.duration or 0) / 1e6
    end_s = _last_present_s(stream, size_bytes, header_s if announced_s is None else announced_s)
    found = []
    for share in _MIDDLES:
        if _seek(container, stream, end_s * share):
            found.append(_read(container, stream, is_by_order, _MIDDLE_PACKETS))
    for back_s in (0.0, 4.0, 30.0, 240.0, 2000.0):
        if _seek(container, stream, end_s - back_s):
            tail = _read(container, stream, is_by_order, None)
            if tail is not None:
                found.append(tail)
                break
    return [stretch for stretch in found if stretch is not None]


def _read(
    container: InputContainer, stream: Stream, is_by_order: bool, most: int | None, is_start: bool = False
) -> Stretch | None:
    """Reads up to ``most`` packets. At the file's start, pictures before the first key are never shown."""
    tick_s = float(stream.time_base or 0)
    shown: list[tuple[int, int]] = []
    first_key: int | None = None if is_start else -(1 << 62)
    corrupt, corrupt_at, backwards_at, last_dts = 0, None, None, None
    for packet, pts in islice(stamped_packets(container, stream, is_by_order), most):
        if packet.dts is not None:
            if last_dts is not None and packet.dts < last_dts and backwards_at is None:
                backwards_at = pts
            last_dts = packet.dts
        if packet.is_corrupt:
            corrupt += 1
            corrupt_at = pts if corrupt_at is None else corrupt_at
            continue
        if first_key is None and packet.is_keyframe:
            first_key = pts
        if not packet.is_discard:
            shown.append((pts, packet.duration or 0))
    if first_key is not None:
        shown = [item for item in shown if item[0] >= first_key]
    if not shown:
        return None
    shown.sort()
    stamps_s = tuple(dict.fromkeys(pts * tick_s for pts, _ in shown))
    usual_s = statistics.median(b - a for a, b in pairwise(stamps_s)) if len(stamps_s) > 1 else 0.04
    end_s = stamps_s[-1] + (shown[-1][1] * tick_s or usual_s)
    seconds = [None if at is None else at * tick_s for at in (corrupt_at, backwards_at)]
    return Stretch(stamps_s, end_s, corrupt, *seconds)


def _announced_end_s(container: InputContainer, stream: Stream, start_s: float) -> float | None:
    """Where the header says the stream ends, None when it does not say it of this stream.

    Matroska announces one duration for all its streams, counted from 0, and the end of each in a tag, if at all.
    """
    if container.format.name.startswith("matroska"):
        tag = stream.metadata.get("DURATION", "").split(":")
        if len(tag) == 3:
            return float(tag[0]) * 3600 + float(tag[1]) * 60 + float(tag[2])
        is_alone = len(container.streams.video) + len(container.streams.audio) == 1
        return container.duration / 1e6 if is_alone and container.duration else None
    if stream.duration is not None and stream.time_base is not None:
        return start_s + float(stream.duration * stream.time_base)
    return None


def _last_present_s(stream: Stream, size_bytes: int, otherwise_s: float) -> float:
    """The stamp of the last index entry whose bytes are inside the file."""
    index = stream.index_entries
    for at in range(len(index) - 1, -1, -1):
        entry = index[at]
        if entry.pos + entry.size <= size_bytes:
            return float(entry.timestamp * (stream.time_base or 0))
    return otherwise_s


def _seek(container: InputContainer, stream: Stream, at_s: float) -> bool:
    import av

    try:
        container.seek(int(at_s / float(stream.time_base or 1)), stream=stream, backward=True)
    except av.error.FFmpegError:
        return False
    return True


def _damage(stretches: Sequence[Stretch], end_s: float, announced_s: float | None) -> tuple[str, ...]:
    sentences = []
    if announced_s is not None and announced_s - end_s > max(1.0, 0.01 * announced_s):
        sentences.append(
            f"The file ends at {end_s:.2f} s although it announces {announced_s:.2f} s: its tail is missing."
        )
    corrupt = sum(stretch.corrupt for stretch in stretches)
    if corrupt:
        at_s = next(stretch.corrupt_s for stretch in stretches if stretch.corrupt_s is not None)
        sentences.append(f"{corrupt} corrupt packets were met, the first at {at_s:.2f} s.")
    backwards_s = next((stretch.backwards_s for stretch in stretches if stretch.backwards_s is not None), None)
    if backwards_s is not None:
        sentences.append(f"Time stamps run backwards at {backwards_s:.2f} s.")
    return tuple(sentences)
