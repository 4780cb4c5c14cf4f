"""One writer at a time: an advisory lock beside a local index, naming who holds it."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from videoindex.errors import IndexBusyError

__all__ = ["WriterLock"]


class WriterLock:
    """Held while a process writes; the kernel lets go of it when the process dies, however it dies.

    Re-entrant, and shared by the threads of one process, whose writes it serialises. ``path`` None (an index in
    an object store) serialises the threads of this process only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._threads = threading.RLock()
        self._depth = 0
        self._file: IO[str] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises IndexBusyError at once when another process holds the lock."""
        with self._threads:
            if self._depth == 0 and self._path is not None:
                self._file = _locked(self._path)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._file is not None:
                    self._file.close()
                    self._file = None


def _locked(path: Path) -> IO[str]:
    """The open lock file with this process's id in it. It is never deleted: that would let two writers in."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise IndexBusyError(
            f"{path.parent} is being written to by process {holder}: wait until it is done, or stop it, and run "
            "again (searching works meanwhile)"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
