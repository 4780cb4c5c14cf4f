"""An index that is killed anywhere and run again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import slides

from videoindex.config import load_settings, open_store

DURATION_S = 60.0
SETTINGS = """
[index]
observers = ["captions", "screen_text"]
[screen_text]
segment_looks = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of slides with captions, and settings that cut it into small pieces of work."""
    folder = tmp_path_factory.mktemp("killed")
    titles = ["Aperture Synthesis", "Copper Alloys", "Tidal Locking", "Glacial Valleys", "Early Printing"]
    lines = [slides.Planted(title, 12.0 * i + 2, 12.0 * i + 10) for i, title in enumerate(titles)]
    slides.record(folder / "talk.mp4", slides.plain((240, 240, 235), 640, 360), lines, DURATION_S, fps=8)
    cues = [f"{i + 1}\n00:00:{12 * i + 3:02d},000 --> 00:00:{12 * i + 6:02d},000\nA word on {title}.\n"
            for i, title in enumerate(titles)]  # fmt: skip
    (folder / "talk.srt").write_text("\n".join(cues))
    (folder / "settings.toml").write_text(SETTINGS)
    return folder


def start(folder: Path, db: str) -> subprocess.Popen[bytes]:
    """``videoindex index`` in a session of its own, so that what it leaves behind can be found."""
    line = ["index", "talk.mp4", "--db", db, "--config", "settings.toml", "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", f"from videoindex.cli import main; main({line!r})"],
        cwd=folder,
        env={**os.environ, "PREFECT_HOME": str(folder / "prefect")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(folder: Path, db: str) -> None:
    out, err = start(folder, db).communicate(timeout=300)
    assert [video["status"] for video in json.loads(out)["videos"]] == ["indexed"], err.decode()


def processes_of(session: int) -> Iterator[str]:
    """The command lines of a session's living processes."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, own_session = (entry / "stat").read_text().rsplit(") ", 1)[1].split()[:4]
                if int(own_session) == session and state != "Z":
                    yield (entry / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue


def artifacts(folder: Path, db: str) -> dict[Path, int]:
    """Finished observations and when each was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / db / "artifacts").glob("*/observations/*.json")}


def kill_after(folder: Path, db: str, finished: int, wait_s: float) -> None:
    """Runs an index and kills it ``wait_s`` after it has finished so many segments (-1: while it starts)."""
    process = start(folder, db)
    while process.poll() is None and finished >= 0 and len(artifacts(folder, db)) < finished:
        time.sleep(0.01)
    time.sleep(wait_s)
    assert process.poll() is None, "the index ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    end_s = time.monotonic() + 30.0
    while left := list(processes_of(process.pid)):
        assert time.monotonic() < end_s, f"left behind: {left}"
        time.sleep(0.1)


def test_a_killed_index_goes_on_where_it_stopped(folder: Path) -> None:
    finish(folder, "whole")
    whole = list(open_store(load_settings(db=str(folder / "whole"))).events())
    assert {event.source for event in whole} == {"captions", "screen_text"}
    chance = random.Random(5)
    kept: dict[Path, int] = {}
    for finished in (-1, 1, 3):
        kill_after(folder, "killed", finished, chance.uniform(0.0, 0.3) if finished >= 0 else 2.0)
        now = artifacts(folder, "killed")
        assert kept.items() <= now.items(), "a finished segment was observed again"
        kept = now
    finish(folder, "killed")
    done = artifacts(folder, "killed")
    assert len(kept) >= 3
    assert kept.items() <= done.items(), "a finished segment was observed again"
    assert [path.name for path in sorted(done)] == [path.name for path in sorted(artifacts(folder, "whole"))]
    store = open_store(load_settings(db=str(folder / "killed")))
    assert store.verify() == []
    assert list(store.events()) == whole
