"""Decoding one instant a second, side by side: ours, decord, PyAV of every frame, the ffmpeg fps filter.

    python benchmarks/decode.py [--seconds 300] [--repeats 3] [--work DIR]

Makes two 720p25 H.264 recordings (x264 defaults, group of 250): a moving test card, and a quiet scene with sensor
noise. A piece of 50 s is encoded and repeated by stream copy. Every candidate runs in a process of its own, the
candidates take turns, and medians are printed. CPU seconds include children; the asked instants lie in the middle
of a frame, and the error is how many frames what was given lies from what was on display.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FPS = 25
SIZE_PX = (1280, 720)
PIECE_S = 50
SOURCES = {
    "test card": "testsrc2=size=1280x720:rate=25",
    "quiet scene": "smptehdbars=size=1280x720:rate=25,noise=alls=6:allf=t",
}


@dataclass(frozen=True, slots=True)
class Run:
    wall_s: float
    cpu_s: float
    peak_mib: float
    frames: int
    error_frames: float


def asked(seconds: int) -> list[float]:
    """One instant a second, in the middle of a frame's time on display."""
    return [second + 0.5 + 0.5 / FPS for second in range(seconds)]


def ours(path: Path, seconds: int) -> Iterator[float]:
    """open_decoder: PyAV, selective, in its guarded child."""
    from videoindex.media.decoders import open_decoder
    from videoindex.media.probe import probe

    decoder = open_decoder("pyav")
    for frames in decoder.frames(probe(path).video, asked(seconds)):
        yield from frames.pts_s_T.tolist()
    decoder.close()  # ends the child, so that its processor time is counted


def ours_bare(path: Path, seconds: int) -> Iterator[float]:
    """The same without the child process."""
    from videoindex.media.decoders.pyav import PyavDecoder
    from videoindex.media.probe import probe

    for frames in PyavDecoder().frames(probe(path).video, asked(seconds)):
        yield from frames.pts_s_T.tolist()


def decord_batches(path: Path, seconds: int) -> Iterator[float]:
    """decord get_batch, eight at a time."""
    import decord

    reader = decord.VideoReader(str(path))
    indices = [int(at_s * FPS) for at_s in asked(seconds)]
    for first in range(0, len(indices), 8):
        some = indices[first : first + 8]
        reader.get_batch(some).asnumpy()
        yield from (float(reader.get_frame_timestamp(index)[0]) for index in some)


def pyav_every_frame(path: Path, seconds: int) -> Iterator[float]:
    """PyAV decoding every frame with its own threads, the wanted ones converted."""
    import av

    wanted = iter([*asked(seconds), float("inf")])
    next_s = next(wanted)
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            if frame.time + 1 / FPS > next_s:
                frame.to_ndarray(format="rgb24")
                yield frame.time
                next_s = next(wanted)


def ffmpeg_fps_filter(path: Path, seconds: int) -> Iterator[float]:
    """ffmpeg's fps filter through ffmpeg-python; it gives no stamps, so its nominal ones are taken."""
    import ffmpeg
    import imageio_ffmpeg

    stream = ffmpeg.input(str(path)).filter("fps", fps=1).output("pipe:", format="rawvideo", pix_fmt="rgb24")
    process = ffmpeg.run_async(stream, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdout=True, quiet=True)
    for second in range(seconds):
        if len(process.stdout.read(SIZE_PX[0] * SIZE_PX[1] * 3)) == 0:
            break
        yield second + 0.5
    process.kill()
    process.wait()


CANDIDATES: dict[str, Callable[[Path, int], Iterator[float]]] = {
    "ours": ours,
    "ours, no child": ours_bare,
    "decord get_batch": decord_batches,
    "PyAV every frame": pyav_every_frame,
    "ffmpeg fps filter": ffmpeg_fps_filter,
}


def make(folder: Path, name: str, seconds: int) -> Path:
    """A recording of ``seconds``, made once."""
    import imageio_ffmpeg

    path = folder / f"{name.replace(' ', '_')}_{seconds}.mp4"
    if path.exists():
        return path
    tool = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    piece = folder / f"{name.replace(' ', '_')}_piece.mp4"
    source = ["-f", "lavfi", "-i", SOURCES[name], "-t", str(min(PIECE_S, seconds))]
    subprocess.run([*tool, *source, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(piece)], check=True)
    loops = str(max(0, -(-seconds // PIECE_S) - 1))
    subprocess.run(
        [*tool, "-stream_loop", loops, "-i", str(piece), "-t", str(seconds), "-c", "copy", str(path)], check=True
    )
    return path


def measure(candidate: str, path: Path, seconds: int) -> Run:
    """Runs one candidate here and now; meant for a process of its own."""
    started_s = time.perf_counter()
    given_s = list(CANDIDATES[candidate](path, seconds))
    wall_s = time.perf_counter() - started_s
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    off = [abs(at_s - 0.5 / FPS - pts_s) * FPS for at_s, pts_s in zip(asked(seconds), given_s, strict=False)]
    return Run(wall_s, cpu_s, (own.ru_maxrss + children.ru_maxrss) / 1024, len(given_s), max(off, default=0.0))


def measure_apart(candidate: str, path: Path, seconds: int) -> Run:
    """``measure`` in a fresh process."""
    command = [sys.executable, __file__, "--one", candidate, "--file", str(path), "--seconds", str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def table(runs: dict[str, list[Run]]) -> str:
    """Medians as Markdown, with ratios to decord."""

    def median(candidate: str, field: str) -> float:
        return statistics.median(getattr(run, field) for run in runs[candidate])

    lines = [
        "| candidate | wall s | CPU s | peak MiB | frames | error, frames | faster than decord, wall | CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for candidate, measured in runs.items():
        wall_s, cpu_s = median(candidate, "wall_s"), median(candidate, "cpu_s")
        ratios = [median("decord get_batch", f) / v for f, v in (("wall_s", wall_s), ("cpu_s", cpu_s))]
        peak_mib, error = median(candidate, "peak_mib"), median(candidate, "error_frames")
        cells = f"{wall_s:.1f} | {cpu_s:.1f} | {peak_mib:.0f} | {measured[0].frames} | {error:.2f}"
        lines.append(f"| {candidate} | {cells} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "videoindex-bench")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run = measure(options.one, options.file, options.seconds)
        print(json.dumps({name: getattr(run, name) for name in Run.__slots__}))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        path = make(options.work, name, options.seconds)
        runs: dict[str, list[Run]] = {candidate: [] for candidate in CANDIDATES}
        for _ in range(options.repeats):
            for candidate in CANDIDATES:
                runs[candidate].append(measure_apart(candidate, path, options.seconds))
        print(f"\n{name}: {path.stat().st_size / 1e6:.0f} MB, {options.seconds} s, {options.repeats} runs each\n")
        print(table(runs), flush=True)


if __name__ == "__main__":
    main()
