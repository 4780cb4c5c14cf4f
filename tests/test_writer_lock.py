"""One writer: another process is refused and told who, threads of one process take turns, the dead let go."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from videoindex.errors import IndexBusyError
from videoindex.index.writer_lock import WriterLock

HOLD = """
import sys, time
from pathlib import Path
from videoindex.index.writer_lock import WriterLock
with WriterLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_holder_in_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(IndexBusyError, match=f"process {holder.pid}: wait"), WriterLock(path).held():
            pass
    finally:
        holder.kill()
        holder.wait()
    with WriterLock(path).held():
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_is_reentrant_and_free_after_its_outermost_block(tmp_path: Path) -> None:
    lock, other = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    with lock.held():
        with lock.held():
            pass
        with pytest.raises(IndexBusyError), other.held():
            pass
    with other.held():
        pass


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    lock, other = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    with pytest.raises(KeyError), lock.held():
        raise KeyError
    with other.held():
        pass


@pytest.mark.parametrize("local", [True, False])
def test_threads_of_one_process_take_turns(tmp_path: Path, local: bool) -> None:
    lock = WriterLock(tmp_path / "lock" if local else None)
    inside, most = 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(20):
            with lock.held():
                inside += 1
                most = max(most, inside)
                threading.Event().wait(0.0005)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
