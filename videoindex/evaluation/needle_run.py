"""One cell of a needle run: its copy is planted, asked about and judged. Whoever runs many of them comes from
above.

A run is all that decides its outcome, the product's own settings aside: the grid, the arms, how is planted and
what counts as right.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoindex.errors import TransientBackendError, UsageError, VideoIndexError
from videoindex.evaluation.arms import Prompt
from videoindex.evaluation.grid import Arm, Copy, GridSpec, Trial
from videoindex.evaluation.haystacks import Haystack, part_of
from videoindex.evaluation.judging import Judge, Said, ScoredBy
from videoindex.evaluation.needles import Needle
from videoindex.evaluation.planting import plant
from videoindex.evaluation.sampled import SampledPlanting
from videoindex.evaluation.trials import TrialRow
from videoindex.media.decoders.base import Decoder
from videoindex.sampling.ticks import Pair
from videoindex.types import Span, Video

__all__ = ["NeedleRun", "PlantedCopy", "Planting", "ask_all", "copies_to_do", "marks_of", "plant_copy"]

Planting: TypeAlias = Literal["splice", "sample"]

_SCORED_BY: dict[Arm, ScoredBy] = {"direct": "both", "index": "time", "ask": "both"}
_PICTURE_PX = (480, 270)
_SAME_SUFFIX = (".mp4", ".m4v", ".mov", ".mkv")


@dataclass(frozen=True, slots=True)
class NeedleRun:
    """What is asked for. ``arms`` share their copies: "index" and "ask" go together, "direct" goes by itself.

    ``scored_by`` None: an answer and its time have to be right, of a search, which gives no answer, the time.
    ``budget_tokens`` is what the pictures of arm "direct" may take (0: the settings' own size, whatever it takes).
    ``haystack`` is a recording, "" for one that is made. Raises UsageError for what does not go together.
    """

    grid: GridSpec
    arms: tuple[Arm, ...]
    scored_by: ScoredBy | None = None
    planting: Planting = "splice"
    prompt: Prompt = "question"
    budget_tokens: int = 0
    haystack: str = ""
    protocol: str = ""

    def __post_init__(self) -> None:
        if len(set(self.arms)) != len(self.arms) or not self.arms:
            raise UsageError("name at least one arm, and none twice")
        if "direct" in self.arms and len(self.arms) > 1:
            raise UsageError("--arm direct goes by itself: it has a copy for each question, an index one for many")
        if self.grid.arm != self.arms[0]:
            raise ValueError(f"the grid is planned for {self.grid.arm!r}, the first arm is {self.arms[0]!r}")
        if self.planting == "sample" and "direct" not in self.arms:
            raise UsageError(
                "--plant sample is for --arm direct: an index is made of a file, so plant by splicing"
            )
        if self.budget_tokens < 0:
            raise UsageError(f"--budget must be 0 or more tokens, got {self.budget_tokens}")
        if self.prompt == "describe" and "direct" not in self.arms:
            raise UsageError(
                "--prompt describe is for --arm direct; an index is made with your settings' own words"
            )
        if self.prompt == "describe" and self.grid.choices:
            raise UsageError("options can be offered with --prompt question alone; leave --choices out")

    @property
    def is_direct(self) -> bool:
        return self.arms == ("direct",)

    def judge(self, arm: Arm) -> Judge:
        """Times count as found up to a second off, or up to the time between two looks where that is longer."""
        tolerance_s = max(1.0, self.grid.sampling.interval_s) if arm == "direct" else 1.0
        return Judge(arm, self.scored_by or _SCORED_BY[arm], tolerance_s)

    def document(self) -> dict[str, Any]:
        """All of it, as data for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class PlantedCopy:
    """A copy to be asked about: ``part`` of ``video``. Its needles have the spans that it shows, on that clock.

    ``faults`` tell by number what was not found where it was planted; ``pictures`` are files of the run's folder.
    ``decoder`` gives what a model sees.
    """

    video: Video
    part: Span
    needles: tuple[Needle, ...]
    faults: dict[int, str]
    pictures: dict[int, str]
    decoder: Decoder
    notes: tuple[str, ...] = ()


def copies_to_do(
    run: NeedleRun, copies: Sequence[Copy], rows: Sequence[TrialRow]
) -> tuple[tuple[Copy, tuple[tuple[Arm, Trial], ...]], ...]:
    """The copies of which a trial has no outcome yet, with those trials."""
    done = {(row.arm, row.key) for row in rows}
    left = [
        (copy, tuple((arm, one) for arm in run.arms for one in copy.trials if (arm, one.key) not in done))
        for copy in copies
    ]
    return tuple((copy, trials) for copy, trials in left if trials)


def plant_copy(run: NeedleRun, haystack: Haystack, copy: Copy, decoder: Decoder, folder: Path) -> PlantedCopy:
    """Plants a copy's needles: in a file of ``folder``/copies, or while it is decoded. Pictures go to
    ``folder``/pictures.

    Raises as `videoindex.evaluation.planting.plant` does.
    """
    part = part_of(haystack, copy)
    name = re.sub(r"[^\w.-]+", "_", copy.name)
    if run.planting == "splice":
        return _spliced(haystack, part, copy, decoder, folder, name)
    video = haystack.source.video
    needles = tuple(
        one.at(Span(one.span.start_s + part.start_s, one.span.end_s + part.start_s)) for one in copy.needles
    )
    shown: dict[int, NDArray[np.uint8]] = {}
    faults: dict[int, str] = {}
    for number, needle in enumerate(needles):
        middle_s = (needle.span.start_s + needle.span.end_s) / 2
        seen = [frames.rgb_THWC[0] for frames in SampledPlanting(decoder, needles).frames(video, (middle_s,))]
        if seen:
            shown[number] = seen[0]
        else:
            faults[number] = f"the haystack cannot be decoded at {middle_s:.3f} s"
    return PlantedCopy(
        video, part, needles, faults, _saved(shown, folder, name), SampledPlanting(decoder, needles)
    )


def _spliced(haystack: Haystack, part: Span, copy: Copy, decoder: Decoder, folder: Path, name: str) -> PlantedCopy:
    suffix = haystack.source.video.path.suffix.lower()
    output = folder / "copies" / f"{name}{suffix if suffix in _SAME_SUFFIX else '.mkv'}"
    output.parent.mkdir(parents=True, exist_ok=True)
    made = plant(haystack.source, part, copy.needles, decoder, output)
    pictures = _saved(made.shown, folder, name)
    return PlantedCopy(made.video, made.video.span, made.needles, made.faults, pictures, decoder, made.notes)


def _saved(shown: dict[int, NDArray[np.uint8]], folder: Path, name: str) -> dict[int, str]:
    """Small pictures of needles as files; their names by number."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    names = {number: f"pictures/{name}-{number}.jpg" for number in shown}
    for number, rgb_HWC in shown.items():
        picture = Image.fromarray(rgb_HWC)
        picture.thumbnail(_PICTURE_PX)
        picture.save(folder / names[number], quality=82)
    return names


def marks_of(needle: Needle, pairs: Sequence[Pair]) -> tuple[float, ...]:
    """The instants of the looks of which a frame shows the needle."""
    return tuple(pair.at_s for pair in pairs if pair.first_s in needle.span or pair.second_s in needle.span)


def ask_all(
    judge: Judge,
    copy: Copy,
    trials: Sequence[Trial],
    planted: PlantedCopy,
    ask: Callable[[Trial], Said],
    pairs: Sequence[Pair] = (),
) -> list[TrialRow]:
    """Asks every trial of a planted copy, and judges what is said. ``pairs`` are the looks, where they are known.

    A question that fails is judged as failed. Raises TransientBackendError where another try may mend it.
    """
    rows = []
    for trial in trials:
        faults = [planted.faults[number] for number in trial.targets if number in planted.faults]
        if faults:
            rows.append(judge.unjudged(trial, copy, f"not planted as it should be: {faults[0]}"))
            continue
        needles = [planted.needles[number] for number in trial.targets]
        marks_s = marks_of(needles[0], pairs) if len(needles) == 1 else ()
        row = judge.row(trial, copy, _timed(ask, trial), [needle.span for needle in needles], marks_s)
        picture = planted.pictures.get(trial.targets[0], "") if trial.targets else ""
        rows.append(dataclasses.replace(row, picture=picture))
    return rows


def _timed(ask: Callable[[Trial], Said], trial: Trial) -> Said:
    started = time.monotonic()
    try:
        said = ask(trial)
    except TransientBackendError:
        raise
    except VideoIndexError as error:
        said = Said(failure=str(error))
    return dataclasses.replace(said, wall_s=time.monotonic() - started)
