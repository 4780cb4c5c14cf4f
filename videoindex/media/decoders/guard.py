"""Decodes in a child process with limits, and stops it when it hangs.

Recordings are untrusted and decoders are large C programs: a crash, a hang (dmlc/decord#363) or a memory bomb in
one of them must not take the index down. The child is started afresh (never forked), holds only what decoding
needs, is limited in memory, processor time and file size, gives its pixels through shared memory, and is kept for
the next call, so that its start is paid once. Messages are JSON: a child that was taken over can hand up no code.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from videoindex import errors
from videoindex.errors import ConfigError, DecodeError, DecoderHungError, VideoIndexError
from videoindex.media.decoders.base import check_request, output_size
from videoindex.media.decoders.child import Request
from videoindex.types import Frames, Video

__all__ = ["GuardSettings", "Guarded"]


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """``idle_s``: longest wait for the next batch; ``memory_mib``: address space of a child, 0 for no limit;
    ``cpu_s``: processor time for one call; ``keep``: children kept waiting between calls."""

    idle_s: float = 60.0
    memory_mib: int = 4096
    cpu_s: int = 36_000
    keep: int = 2

    def __post_init__(self) -> None:
        if self.idle_s <= 0:
            raise ConfigError(f"idle_s must be above 0, got {self.idle_s}")
        if self.memory_mib < 0 or 0 < self.memory_mib < 256:
            raise ConfigError(f"memory_mib must be 0 (no limit) or at least 256, got {self.memory_mib}")
        if self.cpu_s < 1:
            raise ConfigError(f"cpu_s must be at least 1, got {self.cpu_s}")
        if self.keep < 0:
            raise ConfigError(f"keep must be 0 or more, got {self.keep}")


class Guarded:
    """A Decoder that runs another one in a child process. Safe to use from several threads.

    ``factory`` is ``module:callable``, which makes the decoder to guard; ``name`` is what messages call it.
    """

    def __init__(self, name: str, factory: str, settings: GuardSettings | None = None) -> None:
        self.name = name
        self._factory = factory
        self._settings = settings or GuardSettings()
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._close = weakref.finalize(self, _stop_all, self._idle)

    def close(self) -> None:
        """Ends the children that wait for work."""
        self._close()

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames. Also raises DecoderHungError after ``idle_s`` without a batch, and DecodeError when
        the decoder crashes; both name the file and the second."""
        check_request(video, at_s_T, size_px, batch_frames)
        width_px, height_px = output_size(video, size_px)
        pixel_bytes = max(1, min(batch_frames, len(at_s_T)) * width_px * height_px * 3)
        at_s = tuple(float(at) for at in at_s_T)
        return self._frames(Request(video, at_s, size_px, batch_frames, pixel_bytes, self._settings.cpu_s))

    def _frames(self, request: Request) -> Iterator[Frames]:
        if not request.at_s_T:
            return
        child = self._borrow()
        is_sound = False
        try:
            yield from child.run(request, self.name, self._settings.idle_s)
            is_sound = True
        except GeneratorExit:
            is_sound = child.interrupt()
            raise
        except (DecoderHungError, _CrashError):
            raise
        except VideoIndexError:
            is_sound = True
            raise
        finally:
            self._give_back(child, is_sound)

    def _borrow(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Child(self._factory, self._settings.memory_mib)

    def _give_back(self, child: _Child, is_sound: bool) -> None:
        with self._lock:
            if is_sound and len(self._idle) < self._settings.keep:
                self._idle.append(child)
                return
        child.stop()


class _CrashError(DecodeError):
    """The decoder's process ended on its own."""


class _Child:
    """One decoding process, its socket and the memory it shares with us."""

    def __init__(self, factory: str, memory_mib: int) -> None:
        ours, theirs = socket.socketpair()
        self._pixels = _scratch_file()
        self._stderr = _scratch_file()
        fds = (theirs.fileno(), self._pixels.fileno())
        module = "videoindex.media.decoders.child"
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            self._process = subprocess.Popen(
                # -P: the working directory may hold anything; our own import path is handed over instead.
                [sys.executable, "-P", "-m", module, str(fds[0]), str(fds[1]), factory, str(memory_mib)],
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=self._stderr,
                stderr=self._stderr,
                # Blocks from 1 MiB on go back when freed: the index of a five-hour MP4 would else be held twice.
                env={"MALLOC_MMAP_THRESHOLD_": str(1 << 20), **os.environ, "PYTHONPATH": path},
            )
        self._socket = ours
        self._lines = ours.makefile("r", encoding="utf-8", newline="\n")

    def run(self, request: Request, decoder: str, idle_s: float) -> Iterator[Frames]:
        """Sends a request and yields its batches."""
        if self._pixels.seek(0, os.SEEK_END) != request.pixel_bytes:
            os.ftruncate(self._pixels.fileno(), request.pixel_bytes)
        self._socket.settimeout(idle_s)
        self._tell(request.to_json())
        next_s = request.at_s_T[0]
        with mmap.mmap(self._pixels.fileno(), request.pixel_bytes) as shared:
            while True:
                said = self._hear(request, decoder, idle_s, next_s)
                if "done" in said:
                    return
                frames = _copy(said, shared)
                yield frames
                given = bisect_right(request.at_s_T, float(frames.at_s_T[-1]))
                next_s = request.at_s_T[min(given, len(request.at_s_T) - 1)]
                self._tell("next")

    def interrupt(self) -> bool:
        """Asks a child that waits for ``next`` to drop its request; whether it is fit for another."""
        self._socket.settimeout(5.0)
        try:
            self._tell("stop")
            return "done" in json.loads(self._lines.readline() or "{}")
        except (OSError, ValueError):
            return False

    def stop(self) -> None:
        """Kills the process and frees what it held."""
        self._process.kill()
        self._process.wait()
        self._lines.close()
        self._socket.close()
        self._pixels.close()
        self._stderr.close()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a dead child is found, and named, by the next read
            self._socket.sendall(line.encode() + b"\n")

    def _hear(self, request: Request, decoder: str, idle_s: float, next_s: float) -> dict[str, object]:
        where = f"{request.video.path} at {next_s:.2f} s"
        try:
            line = self._lines.readline()
        except TimeoutError as error:
            raise DecoderHungError(
                f"The decoder {decoder} gave nothing for {idle_s:g} s in {where} and was stopped. "
                "Try another decoder, or raise the decoder's idle_s on a slow machine."
            ) from error
        except OSError:
            line = ""
        if not line:
            raise _CrashError(
                f"The decoder {decoder} crashed in {where} ({self._last_words()}). "
                "The rest of the index is unharmed; try another decoder, or a fresh copy of the file."
            )
        said: dict[str, object] = json.loads(line)
        if "error" in said:
            raise _as_error(str(said["error"]), str(said["message"]), decoder, where)
        return said

    def _last_words(self) -> str:
        code = self._process.wait(10)
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 2000))
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        ending = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return f"{ending}: {lines[-1]}" if lines else ending


def _scratch_file() -> IO[bytes]:
    """An unnamed file in memory where the system has them, else a temporary one: freed when both sides let go."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("frames"), "w+b")
    return tempfile.TemporaryFile()  # closed by _Child.stop


def _copy(said: dict[str, object], shared: mmap.mmap) -> Frames:
    """The batch a child announced, copied out of shared memory."""
    at_s_T = np.array(said["at_s_T"], dtype=np.float64)
    pts_s_T = np.array(said["pts_s_T"], dtype=np.float64)
    width_px, height_px = np.array(said["size_px"], dtype=np.int64).tolist()
    shape = (len(at_s_T), height_px, width_px, 3)
    pixels = np.frombuffer(shared[: int(np.prod(shape))], dtype=np.uint8)
    return Frames(pixels.reshape(shape), at_s_T, pts_s_T)


def _as_error(kind: str, message: str, decoder: str, where: str) -> VideoIndexError:
    """The error a child reported, as the same class of our tree; anything else is the decoder's failure."""
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, VideoIndexError):
        return known(message)
    return DecodeError(f"The decoder {decoder} failed in {where} ({kind}: {message}). Try another decoder.")


def _stop_all(children: list[_Child]) -> None:
    while children:
        children.pop().stop()
