"""What needles are planted in: a user's own recording, or footage made here when there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from videoindex.errors import UsageError
from videoindex.evaluation.grid import Copy
from videoindex.evaluation.samples import make_camera, make_lecture
from videoindex.media.join import join
from videoindex.media.probe import Probe, probe
from videoindex.types import Span

__all__ = ["MADE", "Haystack", "make_haystack", "part_of"]

MADE = "made"
"""Names footage that is made, where a user names none."""

PIECE_S = 600.0
_SHORTEST_S = 30.0
_CAMERA_EVERY = 4
_FPS = 15


@dataclass(frozen=True, slots=True)
class Haystack:
    """A recording to plant in; ``said`` tells in a sentence what it is, for the report."""

    source: Probe
    said: str


def make_haystack(
    folder: Path, length_s: float, seed: int, told: Callable[[str], None] = lambda _: None
) -> Haystack:
    """Footage of at least ``length_s`` in ``folder``, made unless it is there: lectures, every fourth piece of ten
    minutes a yard camera, all different. About a tenth of its length in CPU time.

    Raises MissingDependencyError where `pip install 'videoindex[demo]'` has not been run.
    """
    count = max(1, math.ceil(length_s / PIECE_S))
    piece_s = max(_SHORTEST_S, math.ceil(length_s / count))
    path = folder / f"made_{count}x{piece_s:.0f}s_{seed}.mp4"
    said = f"made: {count} pieces of {piece_s:.0f} s, narrated lectures and a yard camera, seed {seed}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pieces = [_piece(folder, number, piece_s, seed, told) for number in range(count)]
        join([probe(piece) for piece in pieces], path)
        for piece in pieces:
            piece.unlink()
            piece.with_suffix(".truth.jsonl").unlink(missing_ok=True)
    return Haystack(probe(path), said)


def _piece(folder: Path, number: int, piece_s: float, seed: int, told: Callable[[str], None]) -> Path:
    path = folder / f"piece_{piece_s:.0f}s_{seed}_{number}.mp4"
    if not path.exists():
        told(f"making piece {number + 1} of the haystack")
        if number % _CAMERA_EVERY == _CAMERA_EVERY - 1:
            make_camera(path, piece_s / 60, seed=seed + number, fps=_FPS)
        else:
            make_lecture(path, piece_s / 60, seed=2 * seed + number, fps=_FPS)
    return path


def part_of(haystack: Haystack, copy: Copy) -> Span:
    """The part of the haystack that a copy is of: as long as the copy, from its drawn place on.

    Raises UsageError where the recording is too short.
    """
    whole = haystack.source.video.span
    spare_s = whole.duration_s - copy.length_s
    if spare_s < -0.5:
        raise UsageError(
            f"{haystack.source.video.path} lasts {whole.duration_s:.0f} s, too short for {copy.length.label}; "
            "name shorter --lengths, or a longer --haystack"
        )
    start_s = whole.start_s + round(max(0.0, spare_s) * copy.place, 3)
    return Span(start_s, min(whole.end_s, start_s + copy.length_s))
