"""``eval needle``: from parsed arguments to a run, and from its outcomes to files and one document."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoindex.config import Settings, open_vlm
from videoindex.errors import MissingDependencyError, UsageError
from videoindex.evaluation.grid import Arm, Copy, GridSpec, plan_grid
from videoindex.evaluation.haystacks import Haystack, make_haystack
from videoindex.evaluation.lengths import Length, parse_lengths, seconds_of
from videoindex.evaluation.needle_checks import checked
from videoindex.evaluation.needle_cost import Cost, cost_document, cost_of, cost_text
from videoindex.evaluation.needle_run import NeedleRun, copies_to_do
from videoindex.evaluation.needles import SEEN_KINDS, Kind
from videoindex.evaluation.protocols import Wish, find_protocol, merged
from videoindex.evaluation.provenance import recorded
from videoindex.evaluation.report import NeedleReport, report_document, report_text
from videoindex.evaluation.trials import TrialRow, open_run, read_rows
from videoindex.evaluation.voices import installed_voices
from videoindex.files import write_whole
from videoindex.media.probe import probe
from videoindex.sampling.settings import SamplingSettings

__all__ = ["NeedleOutcome", "run_needle_command"]

_DEFAULTS = Wish(
    prominences=("salient",),
    tasks=("retrieval",),
    parities=("any",),
    depths=5,
    trials=2,
    controls=5,
    haystacks=1,
    distractors=0,
    several=3,
    choices=0,
    needle_s=2.0,
    seed=0,
    budget_tokens=0,
    planting="splice",
)
_MADE_LENGTHS = "10m"
_LONGEST_OWN_S = 1_800.0
"""Of a longer recording of the user's own, so much is taken unless lengths are named."""

_MADE_PX = (1280, 720)


@dataclass(frozen=True, slots=True)
class NeedleOutcome:
    """What the command found: as JSON, for a person, notes, and whether all was asked without a failure."""

    document: dict[str, Any]
    text: str
    notes: tuple[str, ...]
    is_whole: bool


def run_needle_command(arguments: argparse.Namespace, settings: Settings) -> NeedleOutcome:
    """Plans, tells what it takes, runs what has no outcome yet, and writes the report into ``--output``.

    Raises UsageError for what cannot be meant, MissingDependencyError where a voice or a package is missing.
    """
    wish = _wish(arguments)
    sampling = settings.sampling
    if wish.rate_hz:
        beat_s = max(sampling.heartbeat_s, 1 / wish.rate_hz)
        sampling = dataclasses.replace(sampling, rate_hz=wish.rate_hz, heartbeat_s=beat_s)
        settings = dataclasses.replace(settings, sampling=sampling)
    run = _run(arguments, wish, settings, sampling)
    picture_px = _picture_px(run)
    lengths_s = [seconds_of(length, picture_px, sampling) for length in run.grid.lengths]
    copies = plan_grid(run.grid, lengths_s)
    rows = read_rows(arguments.output / "trials.jsonl")
    todo = [(copy, len(trials)) for copy, trials in copies_to_do(run, copies, rows)]
    cost = cost_of(run, picture_px, todo, rows)
    if arguments.dry_run:
        return NeedleOutcome({"cost": cost_document(cost)}, cost_text(cost), (), True)
    _tell(cost_text(cost) if todo else "all trials have their outcome; writing the report anew")
    return _run_and_report(run, settings, copies, rows, max(lengths_s), cost, arguments.output)


def _run_and_report(
    run: NeedleRun,
    settings: Settings,
    copies: Sequence[Copy],
    done: Sequence[TrialRow],
    longest_s: float,
    cost: Cost,
    folder: Path,
) -> NeedleOutcome:
    from pipelines.needle_eval import run_needles

    if "speech" in run.grid.kinds and not installed_voices():
        raise MissingDependencyError("no voice is installed to speak needles: pip install 'videoindex[demo]'")
    if run.is_direct:
        open_vlm(settings)
    said = _deciding(settings)
    log = open_run(folder, {"run": run.document(), "settings": said})
    haystack = _haystack(run, longest_s, folder)
    run_needles(settings, run, haystack, copies, done, folder, log, _tell)
    rows = read_rows(folder / "trials.jsonl")
    planned = [trial.key for copy in copies for trial in copy.trials]
    report = NeedleReport(
        run=run,
        rows=tuple(rows),
        planned=len(planned) * len(run.arms),
        warnings=checked(rows, planned),
        haystack=haystack.said,
        made_with=tuple(recorded(folder)),
        settings=said,
    )
    figures = report_document(report)
    files = _written(report, figures, folder)
    document = figures | {"cost": cost_document(cost), "files": files}
    text = f"{report_text(report)}\n\nReport: {files['page']}"
    failed = any(row.outcome == "failed" for row in rows)
    return NeedleOutcome(document, text, report.warnings, not failed and len(rows) == report.planned)


def _wish(arguments: argparse.Namespace) -> Wish:
    """What was said, then what the protocol says, then the defaults."""
    said = Wish(
        lengths=arguments.lengths,
        kinds=arguments.kinds,
        prominences=arguments.look,
        tasks=arguments.tasks,
        parities=arguments.parity,
        depths=arguments.depths,
        trials=arguments.trials,
        controls=arguments.controls,
        haystacks=arguments.haystacks,
        distractors=arguments.distractors,
        several=arguments.several,
        choices=arguments.choices,
        needle_s=arguments.needle_s,
        seed=arguments.seed,
        rate_hz=arguments.rate,
        budget_tokens=arguments.budget,
        planting=arguments.plant,
        scored_by=arguments.score,
    )
    protocol = find_protocol(arguments.protocol).wish if arguments.protocol else Wish()
    if "direct" not in arguments.arm:
        # An index is made of a file, with the settings' own looks.
        protocol = dataclasses.replace(protocol, planting=None, rate_hz=None, budget_tokens=None)
    return merged(merged(said, protocol), _DEFAULTS)


def _run(arguments: argparse.Namespace, wish: Wish, settings: Settings, sampling: SamplingSettings) -> NeedleRun:
    arms: tuple[Arm, ...] = arguments.arm
    values = {
        field.name: getattr(wish, field.name)
        for field in dataclasses.fields(GridSpec)
        if field.name not in ("arm", "lengths", "sampling", "kinds")
    }
    own = arguments.haystack
    grid = GridSpec(
        arm=arms[0],
        lengths=parse_lengths(wish.lengths) if wish.lengths else _own_length(own),
        sampling=sampling,
        kinds=wish.kinds or _kinds(arms, settings, own),
        **values,
    )
    return NeedleRun(
        grid=grid,
        arms=arms,
        scored_by=wish.scored_by,
        planting=wish.planting or "splice",
        prompt=arguments.prompt,
        budget_tokens=wish.budget_tokens or 0,
        haystack=str(own.resolve()) if own else "",
        protocol=arguments.protocol or "",
    )


def _own_length(own: Path | None) -> tuple[Length, ...]:
    if own is None:
        return parse_lengths(_MADE_LENGTHS)
    whole_s = probe(own).video.span.duration_s
    length_s = min(whole_s, _LONGEST_OWN_S)
    return (Length(f"{length_s:.0f}s", seconds=length_s),)


def _kinds(arms: Sequence[Arm], settings: Settings, own: Path | None) -> tuple[Kind, ...]:
    """What can be noticed at all by those who watch. Raises UsageError where that is nothing."""
    if "direct" in arms:
        return ("overlay", "still")
    observers = settings.index.observers
    kinds: list[Kind] = []
    if own is None or probe(own).video.has_picture:
        kinds += ["overlay"] if {"screen_text", "qwen"} & set(observers) else []
        kinds += ["still"] if "qwen" in observers else []
    kinds += ["speech"] if "speech" in observers and installed_voices() else []
    if not kinds:
        raise UsageError(
            f"index.observers are {', '.join(observers)}: none of them sees or hears a needle; add screen_text or "
            "speech, or name --kinds"
        )
    return tuple(kinds)


def _picture_px(run: NeedleRun) -> tuple[int, int]:
    """The size of the haystack's pictures. Raises UsageError where needles are to be seen and there are none."""
    if not run.haystack:
        return _MADE_PX
    video = probe(Path(run.haystack)).video
    seen = [kind for kind in run.grid.kinds if kind in SEEN_KINDS]
    if seen and not video.has_picture:
        raise UsageError(f"{run.haystack} has no picture to plant {seen[0]} in; say --kinds speech")
    return video.width_px, video.height_px


def _haystack(run: NeedleRun, longest_s: float, folder: Path) -> Haystack:
    if run.haystack:
        path = Path(run.haystack)
        return Haystack(probe(path), f"a copy of {path.name}")
    return make_haystack(folder / "haystack", longest_s * run.grid.haystacks, run.grid.seed, _tell)


def _deciding(settings: Settings) -> dict[str, Any]:
    """The settings that decide outcomes: all but where the index lies and how many work at once."""
    said: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings)))
    for name in ("db", "artifacts", "workers"):
        del said["index"][name]
    return said


def _written(report: NeedleReport, figures: dict[str, Any], folder: Path) -> dict[str, str]:
    """Writes the report's files; their paths by name."""
    from videoindex.evaluation.report_charts import heat_map_png, time_errors_png
    from videoindex.evaluation.report_page import report_page

    heat_map, times = heat_map_png(report.rows), time_errors_png(report.rows)
    page = report_page(report, heat_map, times, folder)
    contents = {
        "heat_map": ("heat_map.png", heat_map),
        "page": ("report.html", page.encode()),
        "figures": ("report.json", json.dumps(figures, indent=2, ensure_ascii=False).encode()),
    }
    for name, content in contents.values():
        write_whole(folder / name, content)
    files = {key: str(folder / name) for key, (name, _) in contents.items()}
    return files | {"trials": str(folder / "trials.jsonl")}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
