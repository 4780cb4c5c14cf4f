"""Peak memory of a scan over 10 minutes and over 5 hours of video, and its speed next to decord.

    python benchmarks/scan_memory.py [--minutes 10 300] [--speed-seconds 120] [--runs 3]

The recordings are made on the spot: one minute of a textured scene that pans, with sensor noise, H.264 in groups
of 250 pictures, its packets copied until the wanted length is there. Memory is the largest resident set of any one
process (the scan's own and every child it starts), each length in a fresh process. Speed is measured on 720p,
scan and decord taking turns, medians of ``--runs``. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

FPS = 25
GROUP_FRAMES = 250


def make_clip(path: Path, seconds: int, width_px: int, height_px: int) -> None:
    """Encodes a pan over a smooth random texture, a moving square and sensor noise."""
    import av
    import cv2

    random = np.random.default_rng(7)
    small = random.integers(0, 255, (24, 64, 3), dtype=np.uint8)
    scene_HWC = cv2.resize(small, (width_px * 2, height_px), interpolation=cv2.INTER_CUBIC)
    noise_NHWC = random.normal(0, 3, (8, height_px, width_px, 1)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.options = {"preset": "medium", "crf": "26", "g": str(GROUP_FRAMES), "x264-params": "scenecut=0"}
        for number in range(seconds * FPS):
            left = (number // 2) % width_px
            picture_HWC = scene_HWC[:, left : left + width_px].astype(np.int16) + noise_NHWC[number % 8]
            x = (number * 5) % (width_px - 60)
            picture_HWC[height_px // 2 : height_px // 2 + 60, x : x + 60] = (230, 40, 40)
            frame = av.VideoFrame.from_ndarray(np.clip(picture_HWC, 0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def repeat_clip(clip: Path, path: Path, times: int) -> None:
    """Copies the packets of ``clip`` end to end, ``times`` over: hours of video in seconds."""
    import av

    with av.open(str(path), "w") as target:
        stream = None
        offset = 0
        for _ in range(times):
            with av.open(str(clip)) as source:
                shown = source.streams.video[0]
                stream = stream or target.add_stream_from_template(shown)
                ends = []
                for packet in source.demux(shown):
                    if packet.dts is None or packet.pts is None:
                        continue
                    ends.append(packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    target.mux(packet)
            offset += max(ends)


def scan_once(path: Path, rate_hz: float) -> int:
    """Scans ``path`` with what a user gets and returns the number of looks."""
    from videoindex.media.decoders import open_decoder
    from videoindex.media.probe import probe
    from videoindex.media.scan import ScanSettings, scan

    decoder = open_decoder()
    with tempfile.TemporaryDirectory() as thumbnails:
        seen = scan(probe(path).video, Path(thumbnails), ScanSettings(rate_hz=rate_hz), decoder=decoder)
    decoder.close()  # ends the child that probed and decoded: only of ended children are time and memory known
    return len(seen.pts_s_T)


def sample_once(path: Path) -> int:
    """Decodes one full-size frame a second as an observer does and returns how many came."""
    from videoindex.media.decoders import open_decoder
    from videoindex.media.probe import probe

    video = probe(path).video
    instants = np.arange(video.span.start_s, video.span.end_s, 1.0).tolist()
    decoder = open_decoder()
    count = sum(len(frames) for frames in decoder.frames(video, instants))
    decoder.close()  # as in scan_once
    return count


def decord_once(path: Path) -> int:
    """The same instants with decord's get_batch, 32 at a time as it recommends."""
    import decord

    reader = decord.VideoReader(str(path))
    rate = reader.get_avg_fps()
    wanted = [round(second * rate) for second in range(int(len(reader) / rate))]
    return sum(len(reader.get_batch(wanted[i : i + 32]).asnumpy()) for i in range(0, len(wanted), 32))


@dataclass(frozen=True)
class Run:
    wall_s: float
    cpu_s: float
    peak_mib: float
    count: int


JOBS: dict[str, Callable[[Path], int]] = {
    "scan, 4 looks a second": lambda path: scan_once(path, 4.0),
    "scan, 1 look a second": lambda path: scan_once(path, 1.0),
    "frames, 1 a second, full size": sample_once,
    "decord get_batch, 1 a second, full size": decord_once,
}


def run_apart(job: str, path: Path) -> Run:
    """Runs a job in a fresh process; times exclude the interpreter's start and imports of the first call."""
    output = subprocess.run(
        [sys.executable, __file__, "--job", job, str(path)], check=True, capture_output=True, text=True
    ).stdout
    return Run(*(float(word) for word in output.split()[:3]), count=int(output.split()[3]))


def cpu_s() -> float:
    """CPU seconds of this process and of the children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def own_peak_kib() -> int:
    """Peak resident set of this program alone: ru_maxrss keeps the peak of the process that started it."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


def do_job(job: str, path: Path) -> None:
    began_s, began_cpu_s = time.perf_counter(), cpu_s()
    count = JOBS[job](path)
    wall_s, used_s = time.perf_counter() - began_s, cpu_s() - began_cpu_s
    peak_kib = max(own_peak_kib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(wall_s, used_s, peak_kib / 1024, count)


def memory_table(folder: Path, minutes: list[int], size_px: tuple[int, int]) -> None:
    clip = folder / "minute.mp4"
    make_clip(clip, 60, *size_px)
    print(f"\nScan of {size_px[0]}x{size_px[1]} at {FPS} fps:\n")
    print("| video | looks | wall s | times real time | peak MiB | ratio |\n|---|---|---|---|---|---|")
    first_mib = 0.0
    for length_min in minutes:
        path = folder / f"{length_min}.mp4"
        repeat_clip(clip, path, length_min)
        run = run_apart("scan, 4 looks a second", path)
        first_mib = first_mib or run.peak_mib
        print(
            f"| {length_min} min | {run.count} | {run.wall_s:.1f} | {length_min * 60 / run.wall_s:.0f} "
            f"| {run.peak_mib:.0f} | {run.peak_mib / first_mib:.2f} |",
            flush=True,
        )
        path.unlink()


def speed_table(folder: Path, seconds: int, runs: int) -> None:
    clip = folder / "speed.mp4"
    make_clip(clip, seconds, 1280, 720)
    results: dict[str, list[Run]] = {job: [] for job in JOBS}
    for _ in range(runs):
        for job, done in results.items():
            done.append(run_apart(job, clip))
    print(
        f"\n{seconds} s of 1280x720 at {FPS} fps, groups of {GROUP_FRAMES}, {os.cpu_count()} cores, {runs} runs:\n"
    )
    print(
        "| job | wall s | CPU s | peak MiB | times real time | decord: wall | CPU |\n|---|---|---|---|---|---|---|"
    )
    wall = {job: statistics.median(run.wall_s for run in done) for job, done in results.items()}
    cpu = {job: statistics.median(run.cpu_s for run in done) for job, done in results.items()}
    rival = list(JOBS)[-1]
    for job, done in results.items():
        peak = max(run.peak_mib for run in done)
        print(
            f"| {job} | {wall[job]:.2f} | {cpu[job]:.2f} | {peak:.0f} | {seconds / wall[job]:.0f} "
            f"| {wall[rival] / wall[job]:.2f} | {cpu[rival] / cpu[job]:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, nargs="*", default=[10, 300])
    parser.add_argument("--size", type=int, nargs=2, default=(640, 360), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--speed-seconds", type=int, default=120)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        do_job(arguments.job[0], Path(arguments.job[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.speed_seconds:
            speed_table(Path(folder), arguments.speed_seconds, arguments.runs)
        if arguments.minutes:
            memory_table(Path(folder), arguments.minutes, tuple(arguments.size))


if __name__ == "__main__":
    main()
