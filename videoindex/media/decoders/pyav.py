"""Exact frames from PyAV at the cost of what is looked at.

One reader demuxes the file once and decides, per packet, whether its picture is wanted. Groups of pictures that
hold no wanted one are never decoded (and jumped over where the container has an index); pictures that no other
refers to are decoded only when wanted; what follows the last wanted picture of a group is left out. Groups are
independent, so several lanes, each with its own single-threaded codec context, decode them side by side.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.media.containers import lacks_stamps, open_picture_stream, stamped_packets
from videoindex.media.decoders.base import Picture, batches, check_request, output_size
from videoindex.media.decoders.bitstream import Importance, importance, syntax_of
from videoindex.media.decoders.selection import (
    REORDER_LIMIT,
    Assigner,
    Part,
    PartLimits,
    PartMaker,
    Pick,
    to_ticks,
)
from videoindex.media.orientation import Orientation, orientation_of
from videoindex.types import Frames, Video

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream

    VideoPacket = Packet[VideoStream]

__all__ = ["PyavDecoder", "PyavSettings"]

_MiB = 1 << 20
_AvPart: TypeAlias = "Part[VideoPacket]"
_Stamped: TypeAlias = "tuple[VideoPacket, int]"

# Looking for a later key costs a seek; below this distance reading on is cheaper.
_JUMP_S = 4.0


@dataclass(frozen=True, slots=True)
class PyavSettings:
    """``lanes``: groups decoded side by side, 0 for one per core, at most 4. ``held_mib``: pixels kept waiting."""

    lanes: int = 0
    held_mib: int = 64

    def __post_init__(self) -> None:
        if self.lanes < 0:
            raise ConfigError(f"lanes must be 0 (one per core) or more, got {self.lanes}")
        if self.held_mib < 1:
            raise ConfigError(f"held_mib must be at least 1, got {self.held_mib}")

    @property
    def lane_count(self) -> int:
        return self.lanes or min(os.cpu_count() or 1, 4)


class PyavDecoder:
    """The Decoder over PyAV. Safe to use from several threads: each call opens its own containers."""

    name = "pyav"

    def __init__(self, settings: PyavSettings | None = None) -> None:
        self._settings = settings or PyavSettings()

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames."""
        check_request(video, at_s_T, size_px, batch_frames)
        return batches(self.pictures(video, at_s_T, size_px), batch_frames)

    def pictures(self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int]) -> Iterator[Picture]:
        """See PictureSource."""
        if not len(at_s_T):
            return
        size_px = output_size(video, size_px)
        lanes_n = self._settings.lane_count
        frame_bytes = size_px[0] * size_px[1] * 3
        wanted = max(1, self._settings.held_mib * _MiB // (frame_bytes * lanes_n * 2))
        is_by_order = lacks_stamps(video.path)
        lanes = [_Lane(video, size_px, is_by_order) for _ in range(lanes_n)]
        reader = _Reader(video, at_s_T, PartLimits(wanted=min(wanted, 64)), is_by_order)
        threads = [ThreadPoolExecutor(1, thread_name_prefix="decode") for _ in lanes]
        waiting: deque[Future[list[_Shown]]] = deque()
        next_asked = 0
        try:
            parts = reader.parts()
            while True:
                part = next(parts, None)
                if part is not None:
                    at = part.group % lanes_n
                    waiting.append(threads[at].submit(lanes[at].decode, part))
                while waiting and (part is None or len(waiting) > 2 * lanes_n or waiting[0].done()):
                    for shown in waiting.popleft().result():
                        for i in range(max(next_asked, shown.asked.start), shown.asked.stop):
                            yield float(at_s_T[i]), shown.pts * reader.seconds_per_tick, shown.rgb_HWC
                            next_asked = i + 1
                if part is None:
                    return
        finally:
            for thread in threads:
                thread.shutdown(wait=True, cancel_futures=True)
            reader.close()


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A decoded picture and the asked instants at which it is on display."""

    asked: range
    pts: int
    rgb_HWC: NDArray[np.uint8]


class _Reader:
    """Demuxes one file in decode order and plans what to decode."""

    def __init__(self, video: Video, at_s_T: Sequence[float], limits: PartLimits, is_by_order: bool) -> None:
        self._path = video.path
        self._container, self._stream = open_picture_stream(video.path)
        assert self._stream.time_base is not None
        self.seconds_per_tick = float(self._stream.time_base)
        self._asked = to_ticks(at_s_T, self.seconds_per_tick)
        self._end = math.ceil(video.span.end_s / self.seconds_per_tick - 1e-3)
        self._limits = limits
        self._jump_ticks = int(_JUMP_S / self.seconds_per_tick)
        self._may_jump_blind = True
        # The instant that a jump was last weighed for. One jump each, so that reading always advances: an index
        # may name keys by decode time, and the key that it promises then lies behind the instant after all.
        self._weighed = -1
        self.is_by_order = is_by_order

    def close(self) -> None:
        self._container.close()

    def parts(self) -> Iterator[_AvPart]:
        """The parts to decode, in order."""
        maker: PartMaker[VideoPacket] = PartMaker(self._limits, is_one_group=self.is_by_order)
        is_near = self._asked[0] - (self._stream.start_time or 0) <= self._jump_ticks
        from_start = is_near or self.is_by_order
        stretch = self._from_start() if from_start else self._from_key(self._asked[0])
        while True:
            assigner: Assigner[VideoPacket] = Assigner(self._asked, self._end, from_start)
            target = yield from self._stretch(stretch, assigner, maker)
            for pick in assigner.finish(target):
                yield from maker.push(pick)
            yield from maker.finish()
            if target is None:
                return
            stretch, from_start = self._from_key(target), False

    def _stretch(
        self, stretch: Iterator[_Stamped], assigner: Assigner[VideoPacket], maker: PartMaker[VideoPacket]
    ) -> Generator[_AvPart, None, int | None]:
        """Reads on until the end, or until it pays to jump; returns the instant to jump to."""
        cursor, since_passed = 0, 0
        for packet, pts in stretch:
            for pick in assigner.push(packet, pts, packet.is_keyframe, packet.size):
                yield from maker.push(pick)
            since_passed += 1
            while cursor < len(self._asked) and self._asked[cursor] < pts:
                cursor, since_passed = cursor + 1, 0
            if since_passed <= REORDER_LIMIT:
                continue  # a picture shown before this one, and maybe wanted, may be yet to come
            if cursor == len(self._asked):
                return None
            if self._asked[cursor] - pts > self._jump_ticks and self._weighed != cursor:
                self._weighed = cursor
                if self._is_jump_worth(pts, self._asked[cursor]):
                    return self._asked[cursor]
        return None

    def _is_jump_worth(self, pts: int, target: int) -> bool:
        """Whether a later key lies between here and ``target``, as far as the container's index tells."""
        if self.is_by_order:
            return False
        index = self._stream.index_entries
        at = index.search_timestamp(target, backward=True) if len(index) else -1
        if at >= 0 and index[at].timestamp > pts:
            return True
        return self._may_jump_blind and target - pts > 4 * self._jump_ticks

    def _from_start(self) -> Iterator[_Stamped]:
        return self._decodable(stamped_packets(self._container, self._stream, self.is_by_order))

    def _from_key(self, target: int) -> Iterator[_Stamped]:
        """Packets from the last key at or before ``target``; from the start where the container cannot seek."""
        import av

        for back_ticks in (0, self._jump_ticks, 4 * self._jump_ticks, 16 * self._jump_ticks):
            try:
                self._container.seek(target - back_ticks, stream=self._stream, backward=True)
            except av.error.FFmpegError:
                break
            packets = self._from_start()
            first = next(packets, None)
            if first is not None and first[1] <= target:
                return chain([first], packets)
        self._container.close()
        self._container, self._stream = open_picture_stream(self._path)
        return self._from_start()

    @staticmethod
    def _decodable(packets: Iterator[_Stamped]) -> Iterator[_Stamped]:
        """Leaves out what precedes the first key, and the pictures that hang on a key before it."""
        first_pts: int | None = None
        for packet, pts in packets:
            if first_pts is None and packet.is_keyframe:
                first_pts = pts
            if first_pts is not None and pts >= first_pts:
                yield packet, pts


class _Lane:
    """One single-threaded codec context that decodes parts handed to it in order."""

    def __init__(self, video: Video, size_px: tuple[int, int], is_by_order: bool) -> None:
        from av.video.reformatter import VideoReformatter

        # The codec context outlives its container, whose index of five hours would take 20 MiB a lane.
        container, stream = open_picture_stream(video.path)
        self._context = stream.codec_context
        container.close()
        self._context.thread_count = 1
        self._context.options = {"err_detect": "explode"}
        self._size_px = size_px
        self._scaler = VideoReformatter()
        self._orientation: Orientation | None = None
        is_progressive = self._context.field_order in (0, 1)
        may_drop = is_progressive and not is_by_order
        self._syntax = syntax_of(self._context.name, self._context.extradata or b"") if may_drop else None
        self._is_by_order = is_by_order
        self._asked: dict[int, range] = {}
        self._slots: deque[int] = deque()
        self._is_broken = False

    def decode(self, part: _AvPart) -> list[_Shown]:
        """Decodes a part and gives what of it is to be shown. After an error in a picture that others refer to,
        the rest of the group is left out: whatever the codec makes of it would be a guess."""
        shown: list[_Shown] = []
        if part.opens:
            self._restart()
        for pick in part.picks:
            if self._is_broken and self._is_by_order and pick.is_key:
                self._restart()
            if self._is_broken:
                continue
            if pick.is_wanted:
                self._asked.setdefault(pick.pts, pick.asked)
            if self._is_by_order:
                self._slots.append(pick.pts)
            shown += self._show(self._feed(pick))
        if part.closes:
            shown += self._show(self._drain())
        return shown

    def _restart(self) -> None:
        self._context.flush_buffers()
        self._asked.clear()
        self._slots.clear()
        self._is_broken = False

    def _feed(self, pick: Pick[VideoPacket]) -> list[VideoFrame]:
        import av

        weight = Importance.NEEDED if self._syntax is None else importance(bytes(pick.packet), self._syntax)
        if weight is Importance.DISPOSABLE and not pick.is_wanted:
            return []
        if weight is Importance.BROKEN or pick.packet.is_corrupt:
            self._is_broken = True
            return []
        try:
            return self._context.decode(pick.packet)
        except av.error.FFmpegError:
            self._is_broken = weight is not Importance.DISPOSABLE
            return []

    def _drain(self) -> list[VideoFrame]:
        import av

        try:
            return self._context.decode(None)
        except av.error.FFmpegError:
            return []  # the pictures still inside are lost; their instants stay absent

    def _show(self, frames: list[VideoFrame]) -> list[_Shown]:
        shown: list[_Shown] = []
        for frame in frames:
            pts = frame.pts
            if self._is_by_order:
                pts = self._slots.popleft() if self._slots else None
            asked = None if pts is None or frame.is_corrupt else self._asked.pop(pts, None)
            if asked is not None and pts is not None:
                shown.append(_Shown(asked, pts, self._rgb_HWC(frame)))
        return shown

    def _rgb_HWC(self, frame: VideoFrame) -> NDArray[np.uint8]:
        # Read once: a frame and the container of its side data hold each other, so that asking every frame would
        # keep hundreds of full pictures until the cycle collector comes by.
        if self._orientation is None:
            self._orientation = orientation_of(frame)
        orientation = self._orientation
        width_px, height_px = self._size_px[::-1] if orientation.is_transposed else self._size_px
        way = "AREA" if width_px < frame.width else "BICUBIC"
        scaled = self._scaler.reformat(frame, width_px, height_px, "rgb24", interpolation=way, threads=1)
        # A view: the picture is copied once, to where it is wanted; its rows may be padded.
        plane = scaled.planes[0]
        stored_HWC: NDArray[np.uint8] = np.ndarray(
            (height_px, width_px, 3), np.uint8, memoryview(plane), strides=(plane.line_size, 3, 1)
        )
        return orientation.apply(stored_HWC)
