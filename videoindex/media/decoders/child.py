"""The process that reads media files, run by process.py as ``python -m videoindex.media.decoders.child``.

It reads one request a line from its socket and answers in lines of JSON. Pixels go into shared memory, in one or
two places by turns; a place is written anew only after the parent's ``next`` for what it held. When the parent
goes away, it ends.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import mmap
import os
import queue
import resource
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import VideoIndexError
from videoindex.media.decoders.base import Decoder, PictureSource
from videoindex.types import Span, Video

__all__ = ["CallRequest", "DecodeRequest", "load_decoder", "main"]

# Enough for its own messages on standard error; a decoder has no business writing files.
_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What to find out of a file. ``function`` is ``module:callable``: it takes (path, *arguments) and gives plain
    data; the arguments are plain data too, all of it fit for JSON."""

    function: str
    path: Path
    arguments: tuple[str | float | None, ...]
    cpu_s: int

    def to_json(self) -> str:
        said = {
            "function": self.function,
            "path": str(self.path),
            "arguments": self.arguments,
            "cpu_s": self.cpu_s,
        }
        return json.dumps({"call": said})

    @classmethod
    def from_plain(cls, said: dict[str, Any]) -> CallRequest:
        return cls(said["function"], Path(said["path"]), tuple(said["arguments"]), int(said["cpu_s"]))


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """What to decode, with what, and how much shared memory and processor time there is for it."""

    factory: str
    video: Video
    at_s_T: tuple[float, ...]
    size_px: tuple[int, int]
    batch_frames: int
    slot_bytes: int
    slots: int
    cpu_s: int

    def to_json(self) -> str:
        """The line that asks for it; ``from_plain`` reads back what stands under ``decode``."""
        video = self.video
        said = {
            "factory": self.factory,
            "path": str(video.path),
            "id": video.id,
            "span_s": [video.span.start_s, video.span.end_s],
            "displayed_px": [video.width_px, video.height_px],
            "average_fps": video.average_fps,
            "at_s_T": self.at_s_T,
            "size_px": self.size_px,
            "batch_frames": self.batch_frames,
            "slot_bytes": self.slot_bytes,
            "slots": self.slots,
            "cpu_s": self.cpu_s,
        }
        return json.dumps({"decode": said})

    @classmethod
    def from_plain(cls, said: dict[str, str]) -> DecodeRequest:
        """The request as it was meant. Raises KeyError or ValueError for anything else."""
        video = Video(
            id=said["id"],
            path=Path(said["path"]),
            span=Span(*map(float, said["span_s"])),
            width_px=int(said["displayed_px"][0]),
            height_px=int(said["displayed_px"][1]),
            average_fps=float(said["average_fps"]),
            has_audio=False,
        )
        return cls(
            factory=said["factory"],
            video=video,
            at_s_T=tuple(map(float, said["at_s_T"])),
            size_px=(int(said["size_px"][0]), int(said["size_px"][1])),
            batch_frames=int(said["batch_frames"]),
            slot_bytes=int(said["slot_bytes"]),
            slots=int(said["slots"]),
            cpu_s=int(said["cpu_s"]),
        )


def load_decoder(factory: str) -> Decoder:
    """The decoder that ``module:callable`` makes."""
    decoder: Decoder = _load(factory)()
    return decoder


def _load(place: str) -> Callable[..., Any]:
    module, _, attribute = place.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def main(socket_fd: int, pixels_fd: int, memory_mib: int) -> None:
    """Serves requests until the parent hangs up: a socket to it, the shared memory, and the limit on address space
    in MiB (0 for none)."""
    if memory_mib:
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    parent = _Parent(socket.socket(fileno=socket_fd).makefile("rw", encoding="utf-8", newline="\n"))
    decoders: dict[str, Decoder] = {}
    while True:
        said = json.loads(parent.lines.get())
        try:
            answer: dict[str, object] = {"done": True}
            if "call" in said:
                answer = {"gave": _call(CallRequest.from_plain(said["call"]))}
            else:
                request = DecodeRequest.from_plain(said["decode"])
                if request.factory not in decoders:
                    decoders[request.factory] = load_decoder(request.factory)
                _decode(decoders[request.factory], request, pixels_fd, parent)
        except (VideoIndexError, MemoryError, OSError, RuntimeError, ValueError, ImportError) as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        is_wanted = parent.settle()
        _give_memory_back()
        parent.say(answer if is_wanted else {"done": True})


class _Parent:
    """The line to the parent, and how many announced batches it has not yet let go."""

    def __init__(self, line: TextIO) -> None:
        self._line = line
        self._unread = 0
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for line in self._line:
                self.lines.put(line)
        finally:
            # The parent is gone, by an end of lines or, where it left an answer unread, by a reset; a decoder that
            # hangs must not outlive it.
            os._exit(0)

    def say(self, said: dict[str, object]) -> None:
        self._line.write(json.dumps(said) + "\n")
        self._line.flush()

    def announce(self, said: dict[str, object]) -> None:
        """Says that a batch lies in shared memory."""
        self._unread += 1
        self.say(said)

    def settle(self, most: int = 0) -> bool:
        """Waits until the parent holds at most ``most`` batches; False when it wants no more."""
        while self._unread > most:
            if self.lines.get().strip() != "next":
                self._unread = 0
                return False
            self._unread -= 1
        return True


def _call(request: CallRequest) -> object:
    _limit_cpu(request.cpu_s)
    return _load(request.function)(request.path, *request.arguments)


def _decode(decoder: Decoder, request: DecodeRequest, pixels_fd: int, parent: _Parent) -> None:
    _limit_cpu(request.cpu_s)
    shared = np.frombuffer(mmap.mmap(pixels_fd, request.slot_bytes * request.slots), np.uint8)
    slots = shared.reshape(request.slots, request.slot_bytes)
    work = _write_pictures if isinstance(decoder, PictureSource) else _write_batches
    for said in work(decoder, request, slots, parent):  # type: ignore[arg-type]
        parent.announce(said)


def _write_pictures(
    decoder: PictureSource, request: DecodeRequest, slots: NDArray[np.uint8], parent: _Parent
) -> Iterator[dict[str, object]]:
    """Writes each picture straight to its place."""
    number, size_px = 0, [0, 0]
    at_s: list[float] = []
    pts_s: list[float] = []
    for picture_s, true_s, rgb_HWC in decoder.pictures(request.video, request.at_s_T, request.size_px):
        if not at_s and not parent.settle(request.slots - 1):
            return
        first = len(at_s) * rgb_HWC.size
        place = slots[number % request.slots, first : first + rgb_HWC.size]
        place.reshape(rgb_HWC.shape)[...] = rgb_HWC
        at_s.append(picture_s)
        pts_s.append(true_s)
        size_px = [rgb_HWC.shape[1], rgb_HWC.shape[0]]
        if len(at_s) == request.batch_frames:
            yield {"at_s_T": at_s, "pts_s_T": pts_s, "size_px": size_px}
            number, at_s, pts_s = number + 1, [], []
    if at_s:
        yield {"at_s_T": at_s, "pts_s_T": pts_s, "size_px": size_px}


def _write_batches(
    decoder: Decoder, request: DecodeRequest, slots: NDArray[np.uint8], parent: _Parent
) -> Iterator[dict[str, object]]:
    """Copies each batch to its place."""
    frames_in_order = decoder.frames(request.video, request.at_s_T, request.size_px, request.batch_frames)
    for number, frames in enumerate(frames_in_order):
        if not parent.settle(request.slots - 1):
            return
        rgb_THWC = frames.rgb_THWC
        slots[number % request.slots, : rgb_THWC.size].reshape(rgb_THWC.shape)[...] = rgb_THWC
        times = {"at_s_T": frames.at_s_T.tolist(), "pts_s_T": frames.pts_s_T.tolist()}
        yield {**times, "size_px": [rgb_THWC.shape[2], rgb_THWC.shape[1]]}


def _give_memory_back() -> None:
    """Lets go of freed memory, where the C library can: opening the next long file needs its room for a moment."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _limit_cpu(cpu_s: int) -> None:
    """Grants this much processor time from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard_s = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_s, hard_s))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
