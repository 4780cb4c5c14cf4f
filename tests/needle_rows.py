"""Finished trials, grids and small haystacks for the tests of the needle harness."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import slides
from PIL import Image

from videoindex.evaluation.grid import Copy, GridSpec, Trial
from videoindex.evaluation.lengths import parse_lengths
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.evaluation.needles import Matter, Needle
from videoindex.evaluation.report import NeedleReport
from videoindex.evaluation.trials import TrialRow
from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Span

SAMPLING = SamplingSettings(adaptive=False)
WRITTEN = Matter("overlay", "password of the choir", "lantern")

_PLAIN = TrialRow(
    key="10m/retrieval/overlay/salient/depth 10%/0/seed 0",
    arm="index",
    task="retrieval",
    kind="overlay",
    prominence="salient",
    length="10m",
    length_s=600.0,
    depth=0.1,
    parity="any",
    cluster="10m-0",
    outcome="answered",
    score=1.0,
    right=True,
    found=True,
    offset_s=0.1,
    iou=0.9,
    is_false_find=None,
    is_on_mark=None,
    question="What is the password of the choir?",
    answer="lantern",
    said="The password of the choir is lantern.",
    predicted=((12.1, 14.1),),
    truth=((12.0, 14.0),),
    reason="",
    wall_s=0.5,
    tokens=0,
)


def row(number: int = 0, **changes: Any) -> TrialRow:
    """A needle that was found; ``number`` and what is changed tell it from others."""
    made = dataclasses.replace(_PLAIN, **changes)
    depth = "" if made.depth is None else f"/depth {made.depth:.0%}"
    parity = "" if made.parity == "any" else f"/{made.parity}"
    key = f"{made.length}/{made.task}/{made.kind}/{made.prominence}{depth}{parity}/{number}/seed 0"
    return made if "key" in changes else dataclasses.replace(made, key=key)


def missed(number: int = 0, **changes: Any) -> TrialRow:
    """A needle that was not found."""
    nothing: dict[str, Any] = {"score": 0.0, "right": None, "found": False, "offset_s": None, "iou": 0.0}
    return row(number, **(nothing | {"said": "not found", "predicted": ()} | changes))


def control(number: int = 0, *, false_find: bool = False, **changes: Any) -> TrialRow:
    """A question about what is not there."""
    nothing: dict[str, Any] = {
        "task": "control",
        "prominence": "none",
        "depth": None,
        "right": None,
        "found": None,
    }
    nothing |= {"offset_s": None, "iou": None, "answer": "", "truth": (), "predicted": ()}
    return row(number, **(nothing | {"is_false_find": false_find, "score": float(not false_find)} | changes))


def spec(**changes: Any) -> GridSpec:
    """A grid for an index of ten minutes."""
    plain: dict[str, Any] = {"arm": "index", "lengths": parse_lengths("10m"), "sampling": SAMPLING, "trials": 2}
    return GridSpec(**(plain | changes))


def run_of(grid: GridSpec | None = None, **changes: Any) -> NeedleRun:
    grid = grid or spec()
    return NeedleRun(**({"grid": grid, "arms": (grid.arm,)} | changes))


def needle(matter: Matter = WRITTEN, start_s: float = 1.0, end_s: float = 3.0, **changes: Any) -> Needle:
    return dataclasses.replace(Needle(matter, "salient", Span(start_s, end_s), 7), **changes)


def trial(matter: Matter = WRITTEN, **changes: Any) -> Trial:
    plain = Trial(
        key="10m/retrieval/overlay/salient/depth 10%/0/seed 0",
        task="retrieval",
        kind=matter.kind,
        prominence="salient",
        depth=0.1,
        parity="any",
        matters=(matter,),
        targets=(0,),
        question=matter.question,
        answer=matter.answer,
    )
    return dataclasses.replace(plain, **changes)


def copy_of(*trials: Trial, needles: tuple[Needle, ...] = (), length_s: float = 600.0) -> Copy:
    return Copy("10m-0", parse_lengths("10m")[0], length_s, 0, 0.0, needles or (needle(),), trials or (trial(),))


def report_of(*rows: TrialRow, run: NeedleRun | None = None, **changes: Any) -> NeedleReport:
    plain: dict[str, Any] = {
        "run": run or run_of(),
        "rows": rows,
        "planned": len(rows),
        "warnings": (),
        "haystack": "made: one piece",
        "made_with": ({"python": "3.11", "git revision": "0123456789ab"},),
        "settings": {"search": {"limit": 10}},
    }
    return NeedleReport(**(plain | changes))


def picture_in(folder: Path, name: str = "pictures/one.jpg") -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (48, 27), (200, 60, 40)).save(folder / name)
    return name


def film(path: Path, seconds: float, colour: tuple[int, int, int] = (70, 110, 140), fps: int = 10) -> Path:
    """A recording of one colour with a line of text, silent, 384 x 256."""
    words = slides.Planted("Tuesday, in the yard", 0.0, seconds, 20, 20, 18)
    slides.record(path, slides.plain(colour, 384, 256), [words], seconds, fps=fps)
    return path
