"""Whole indexing, all observers: multiples of real time by kind of video, and peak memory against length.

    python benchmarks/indexing.py                      # two 10-minute recordings, then one repeated to 5 hours
    python benchmarks/indexing.py --minutes 2 --long-hours 0

Recordings are the product's own samples, made once and kept in ``--folder``; the long one repeats the lecture's
packets without encoding them anew. Each run is `videoindex index --json` in a process of its own, on a fresh
index. Memory is the largest sum of resident sizes over that process and its children, read ten times a second from
/proc (Linux); pages that they share are counted once for each. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from videoindex.evaluation.samples import make_camera, make_lecture

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One recording indexed from nothing."""

    name: str
    duration_s: float
    wall_s: float
    cpu_s: float
    peak_mib: float
    events: dict[str, int]

    @property
    def times_real_time(self) -> float:
        return self.duration_s / self.wall_s


def _family(pid: int) -> list[int]:
    """The process and all that descend from it and still run."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(child))]


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _watch_memory(pid: int, stop: threading.Event, peak_bytes: list[int]) -> None:
    while not stop.wait(0.1):
        peak_bytes[0] = max(peak_bytes[0], sum(_resident_bytes(member) for member in _family(pid)))


def index_once(name: str, path: Path) -> Run:
    """Runs `videoindex index` on one file with a fresh index; stops the benchmark when it fails."""
    command = Path(sys.executable).with_name("videoindex")
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        before = os.times()
        process = subprocess.Popen(
            [str(command), "index", str(path), "--db", f"{folder}/index", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        stop, peak_bytes = threading.Event(), [0]
        watcher = threading.Thread(target=_watch_memory, args=(process.pid, stop, peak_bytes))
        watcher.start()
        printed, _ = process.communicate()
        stop.set()
        watcher.join()
        wall_s, after = time.perf_counter() - started_s, os.times()
    if process.returncode != 0:
        raise SystemExit(f"videoindex index {path} ended with {process.returncode}: {printed}")
    (video,) = json.loads(printed)["videos"]
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(name, video["duration_s"], wall_s, cpu_s, peak_bytes[0] / _MIB, video["events"])


def repeated(path: Path, hours: float, out: Path) -> Path:
    """``path`` over and over until ``hours`` are full, its packets copied as they are."""
    if not out.exists():
        import imageio_ffmpeg

        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        copy = ["-stream_loop", "-1", "-i", str(path), "-t", str(hours * 3600), "-c", "copy", "-y", str(out)]
        subprocess.run([ffmpeg, "-v", "error", *copy], check=True)
    return out


def _speed_table(runs: list[Run]) -> str:
    lines = [
        "| recording | length | wall | times real time | CPU | peak memory | events |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        events = ", ".join(f"{observer} {count}" for observer, count in sorted(run.events.items()))
        lines.append(
            f"| {run.name} | {run.duration_s / 60:.0f} min | {run.wall_s:.0f} s | {run.times_real_time:.1f} "
            f"| {run.cpu_s:.0f} s | {run.peak_mib:,.0f} MiB | {events} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the recordings made")
    parser.add_argument(
        "--activity", type=float, default=0.2, help="share of the camera's time with somebody in it"
    )
    parser.add_argument(
        "--long-hours", type=float, default=5.0, help="length of the repeated lecture; 0 leaves it out"
    )
    parser.add_argument("--folder", type=Path, help="keeps the recordings made here (default: a temporary folder)")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="videoindex-benchmark-"))
    lecture, camera = (
        folder / f"lecture-{args.minutes:g}.mp4",
        folder / f"camera-{args.minutes:g}-{args.activity:g}.mp4",
    )
    try:
        if not lecture.exists():
            make_lecture(lecture, args.minutes, seed=0, fps=25)
        if not camera.exists():
            make_camera(camera, args.minutes, args.activity, seed=0, fps=25)
        runs = [index_once("slide lecture", lecture), index_once(f"camera, {args.activity:.0%} active", camera)]
        if args.long_hours > 0:
            long = repeated(
                lecture, args.long_hours, folder / f"lecture-{args.minutes:g}-x-{args.long_hours:g}h.mp4"
            )
            runs.append(index_once("slide lecture, repeated", long))
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print(_speed_table(runs))
        if args.long_hours > 0:
            print(
                f"\nPeak memory of the long one against the short one: {runs[2].peak_mib / runs[0].peak_mib:.2f}"
            )
    finally:
        if args.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
