"""Child processes in which untrusted files are parsed and decoded, kept so that their start is paid once.

A child is started afresh (never forked), holds only what its work needs, is limited in memory, processor time and
file size, gives pixels through shared memory, and is kept for the next call, whatever that is about.
Messages are JSON: a child that was taken over can hand up no code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from typing import IO, Any, TypeVar

from videoindex import errors
from videoindex.errors import DecodeError, DecoderHungError, VideoIndexError
from videoindex.media.decoders.child import CallRequest

__all__ = ["MEMORY_MIB", "Child", "Children", "shared_children"]

MEMORY_MIB = 4096
"""Address space of a child unless set otherwise."""

# Blocks from 1 MiB on go back to the system when freed: what opening a five-hour MP4 takes for a moment, 35 MiB,
# would else stay. Fresh pages for each picture cost 3 % of its decoding.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
_INTERRUPT_S = 5.0


_T = TypeVar("_T")


class CrashError(DecodeError):
    """The process ended on its own, or is out of its mind: it is of no more use."""


class Child:
    """One process, its socket and the memory it shares with us."""

    def __init__(self, memory_mib: int) -> None:
        ours, theirs = socket.socketpair()
        self._pixels = _scratch_file()
        self._stderr = _scratch_file()
        fds = (theirs.fileno(), self._pixels.fileno())
        module = "videoindex.media.decoders.child"
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            self._process = subprocess.Popen(
                # -P: the working directory may hold anything; our own import path is handed over instead.
                [sys.executable, "-P", "-m", module, str(fds[0]), str(fds[1]), str(memory_mib)],
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=self._stderr,
                stderr=self._stderr,
                env={**_MALLOC, **os.environ, "PYTHONPATH": path},
            )
        self._socket = ours
        self._lines = ours.makefile("r", encoding="utf-8", newline="\n")

    def shared_fd(self, size_bytes: int) -> int:
        """The descriptor of the shared memory, made ``size_bytes`` long."""
        if self._pixels.seek(0, os.SEEK_END) != size_bytes:
            os.ftruncate(self._pixels.fileno(), size_bytes)
        return self._pixels.fileno()

    def tell(self, line: str) -> None:
        """Sends one line."""
        with contextlib.suppress(OSError):  # a dead child is found, and named, by the next read
            self._socket.sendall(line.encode() + b"\n")

    def hear(self, who: str, where: str, idle_s: float) -> dict[str, object]:
        """The next message. ``who`` works on what ``where``: both are named when it fails.

        Raises:
            DecoderHungError: nothing came within ``idle_s``.
            CrashError: the process ended.
            VideoIndexError: the error that the child reported, of the same class.
        """
        self._socket.settimeout(idle_s)
        try:
            line = self._lines.readline()
        except TimeoutError as error:
            raise DecoderHungError(
                f"The {who} gave nothing for {idle_s:g} s in {where} and was stopped. "
                "Try a fresh copy of the file or another decoder, or leave the file out."
            ) from error
        except OSError:
            line = ""
        if not line:
            raise CrashError(
                f"The {who} crashed in {where} ({self._last_words()}). "
                "The rest of the index is unharmed; try another decoder, or a fresh copy of the file."
            )
        said: dict[str, object] = json.loads(line)
        if "error" in said:
            raise _as_error(str(said["error"]), str(said["message"]), who, where)
        return said

    def interrupt(self) -> bool:
        """Asks a child to drop its request; whether it is fit for another."""
        self._socket.settimeout(_INTERRUPT_S)
        try:
            self.tell("stop")
            # Batches may have been announced before it heard of the stop.
            return any("done" in json.loads(line) for line in self._lines)
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

    def _last_words(self) -> str:
        code = self._process.wait(10)
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 2000))
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        ending = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return f"{ending}: {lines[-1]}" if lines else ending


class Children:
    """Children under one limit on memory, at most ``keep`` of them kept waiting. Safe to use from many threads."""

    def __init__(self, memory_mib: int = MEMORY_MIB, keep: int = 2) -> None:
        self._memory_mib = memory_mib
        self._keep = keep
        self._lock = threading.Lock()
        self.idle: list[Child] = []
        weakref.finalize(self, _stop_all, self.idle)

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Child]:
        """A child for one call. It is kept unless it hung, crashed or could not be interrupted."""
        with self._lock:
            child = self.idle.pop() if self.idle else None
        child = child or Child(self._memory_mib)
        is_sound = False
        try:
            yield child
            is_sound = True
        except GeneratorExit:
            is_sound = child.interrupt()
            raise
        except (DecoderHungError, CrashError):
            raise
        except VideoIndexError:
            is_sound = True
            raise
        finally:
            self._give_back(child, is_sound)

    def call(
        self, request: CallRequest, who: str, where: str, idle_s: float, understand: Callable[[Any], _T]
    ) -> _T:
        """What ``understand`` makes of the answer to ``request``.

        Raises as :meth:`Child.hear` does, and DecodeError for an answer that cannot be understood.
        """
        with self.borrow() as child:
            child.tell(request.to_json())
            said = child.hear(who, where, idle_s)
            try:
                return understand(said["gave"])
            except (LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
                raise CrashError(
                    f"The {who} answered nonsense about {where} ({error}); leave the file out"
                ) from error

    def close(self) -> None:
        """Ends the children that wait for work."""
        with self._lock:
            _stop_all(self.idle)

    def _give_back(self, child: Child, is_sound: bool) -> None:
        with self._lock:
            if is_sound and len(self.idle) < self._keep:
                self.idle.append(child)
                return
        child.stop()


@cache
def shared_children() -> Children:
    """The children of this process: the one that probed a file is the one that decodes it."""
    return Children()


def _scratch_file() -> IO[bytes]:
    """An unnamed file in memory where the system has them, else a temporary one: freed when both sides let go."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("frames"), "w+b")
    return tempfile.TemporaryFile()  # closed by Child.stop


def _as_error(kind: str, message: str, who: str, where: str) -> VideoIndexError:
    """The error a child reported, as the same class of our tree; anything else is the decoder's failure."""
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, VideoIndexError):
        return known(message)
    return DecodeError(f"The {who} failed in {where} ({kind}: {message}). Try another decoder.")


def _stop_all(children: list[Child]) -> None:
    while children:
        children.pop().stop()
