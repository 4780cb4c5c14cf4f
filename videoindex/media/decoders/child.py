"""The process that decodes for guard.py, run as ``python -m videoindex.media.decoders.child``.

It reads one request a line from its socket, writes each batch's pixels into shared memory and its times as a line
of JSON, and waits for ``next`` before it overwrites them. When its parent goes away, it ends.
"""

from __future__ import annotations

import importlib
import json
import mmap
import os
import queue
import resource
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from videoindex.errors import VideoIndexError
from videoindex.media.decoders.base import Decoder
from videoindex.types import Span, Video

__all__ = ["Request", "load_decoder", "main"]

# Enough for its own messages on standard error; a decoder has no business writing files.
_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What to decode, and how much shared memory and processor time there is for it."""

    video: Video
    at_s_T: tuple[float, ...]
    size_px: tuple[int, int]
    batch_frames: int
    pixel_bytes: int
    cpu_s: int

    def to_json(self) -> str:
        video = self.video
        return json.dumps(
            {
                "path": str(video.path),
                "id": video.id,
                "span_s": [video.span.start_s, video.span.end_s],
                "displayed_px": [video.width_px, video.height_px],
                "average_fps": video.average_fps,
                "at_s_T": self.at_s_T,
                "size_px": self.size_px,
                "batch_frames": self.batch_frames,
                "pixel_bytes": self.pixel_bytes,
                "cpu_s": self.cpu_s,
            }
        )

    @classmethod
    def from_json(cls, line: str) -> Request:
        said = json.loads(line)
        video = Video(
            id=said["id"],
            path=Path(said["path"]),
            span=Span(*said["span_s"]),
            width_px=said["displayed_px"][0],
            height_px=said["displayed_px"][1],
            average_fps=said["average_fps"],
            has_audio=False,
        )
        size_px = (int(said["size_px"][0]), int(said["size_px"][1]))
        at_s_T = tuple(said["at_s_T"])
        return cls(video, at_s_T, size_px, said["batch_frames"], said["pixel_bytes"], said["cpu_s"])


def load_decoder(factory: str) -> Decoder:
    """The decoder that ``module:callable`` makes."""
    module, _, attribute = factory.partition(":")
    decoder: Decoder = getattr(importlib.import_module(module), attribute)()
    return decoder


def main(socket_fd: int, pixels_fd: int, factory: str, memory_mib: int) -> None:
    """Serves requests until the parent hangs up: a socket to it, the shared memory, ``module:callable`` that makes
    the decoder, and the limit on address space in MiB (0 for none)."""
    if memory_mib:
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line_to_parent = socket.socket(fileno=socket_fd).makefile("rw", encoding="utf-8", newline="\n")
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(line_to_parent, lines), daemon=True).start()
    decoder: Decoder | None = None
    while True:
        request = Request.from_json(lines.get())
        try:
            decoder = decoder or load_decoder(factory)
            _serve(decoder, request, pixels_fd, lines, line_to_parent)
            _say(line_to_parent, {"done": True})
        except (VideoIndexError, MemoryError, OSError, RuntimeError, ValueError, ImportError) as error:
            _say(line_to_parent, {"error": type(error).__name__, "message": str(error)})


def _listen(from_parent: TextIO, lines: queue.Queue[str]) -> None:
    for line in from_parent:
        lines.put(line)
    os._exit(0)  # the parent is gone; a decoder that hangs must not outlive it


def _serve(decoder: Decoder, request: Request, pixels_fd: int, lines: queue.Queue[str], to_parent: TextIO) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard_s = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + request.cpu_s, hard_s))
    with mmap.mmap(pixels_fd, request.pixel_bytes) as shared:
        batches = decoder.frames(request.video, request.at_s_T, request.size_px, request.batch_frames)
        for frames in batches:
            shared.seek(0)
            shared.write(np.ascontiguousarray(frames.rgb_THWC).data)
            times = {"at_s_T": frames.at_s_T.tolist(), "pts_s_T": frames.pts_s_T.tolist()}
            _say(to_parent, {**times, "size_px": [frames.rgb_THWC.shape[2], frames.rgb_THWC.shape[1]]})
            if lines.get().strip() != "next":
                close = getattr(batches, "close", None)
                if close is not None:
                    close()
                return


def _say(to_parent: TextIO, said: dict[str, object]) -> None:
    to_parent.write(json.dumps(said) + "\n")
    to_parent.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
