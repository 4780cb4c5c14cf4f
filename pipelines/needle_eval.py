"""The needle flow: for each copy, plant, index where an index is asked, ask, judge, write down.

Where a model sees the whole copy, copies run side by side (``index.workers`` at once); where an index is made of
them, their segments do, as in any ingest. Only the flow itself writes outcomes down, each as soon as it is there:
a run that was stopped is gone on with by what has none.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from prefect import flow, task
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from pipelines.ingest import TASK, Recording, ingest
from pipelines.own_server import configured_server
from pipelines.progress import Progress, terminal_progress
from videoindex.config import Settings, open_backends, open_store, open_vlm
from videoindex.errors import MissingDependencyError, TransientBackendError, UsageError, VideoIndexError
from videoindex.evaluation.arms import Asking, Direct, Searching
from videoindex.evaluation.grid import Arm, Copy, Trial
from videoindex.evaluation.haystacks import Haystack
from videoindex.evaluation.judging import Said
from videoindex.evaluation.lengths import fitting_size
from videoindex.evaluation.needle_run import NeedleRun, PlantedCopy, ask_all, copies_to_do, plant_copy
from videoindex.evaluation.trials import TrialLog, TrialRow
from videoindex.media.decoders import open_decoder

__all__ = ["Told", "needle_eval", "run_needles"]

Told: TypeAlias = Callable[[str], None]
_Trials: TypeAlias = tuple[tuple[Arm, Trial], ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A copy with those of its trials that have no outcome yet."""

    copy: Copy
    trials: _Trials

    def of(self, arm: Arm) -> list[Trial]:
        return [trial for own, trial in self.trials if own == arm]


@task(name="plant", **TASK)
def plant_task(settings: Settings, run: NeedleRun, haystack: Haystack, copy: Copy, folder: Path) -> PlantedCopy:
    """Writes the copy with its needles, and verifies them."""
    return plant_copy(run, haystack, copy, open_decoder(settings.index.decoder), folder)


@task(name="show and ask", **TASK)
def direct_task(
    settings: Settings, run: NeedleRun, haystack: Haystack, cell: _Cell, folder: Path
) -> list[TrialRow]:
    """Plants a copy and asks a model that sees all of it."""
    planted = plant_copy(run, haystack, cell.copy, open_decoder(settings.index.decoder), folder)
    with _removed(run, planted):
        video, part = planted.video, planted.part
        size = fitting_size(
            (video.width_px, video.height_px), part.duration_s, settings.sampling, run.budget_tokens
        )
        direct = Direct(
            open_vlm(settings), planted.decoder, settings.sampling, size, run.prompt, settings.qwen.answer_tokens
        )
        return ask_all(
            run.judge("direct"),
            cell.copy,
            cell.of("direct"),
            planted,
            lambda trial: direct.ask(video, part, trial),
            direct.looks(part),
        )


@task(name="ask", **TASK)
def ask_task(
    settings: Settings, run: NeedleRun, cell: _Cell, planted: PlantedCopy, video_id: str
) -> list[TrialRow]:
    """Asks the index what it remembers of a copy."""
    store, embedder = open_store(settings), open_backends(settings).embedder
    rows = []
    for arm in run.arms:
        asked = (Searching if arm == "index" else Asking)(store, embedder, settings.search, video_id)
        rows += ask_all(run.judge(arm), cell.copy, cell.of(arm), planted, asked.ask)
    return rows


@flow(name="videoindex-needles", validate_parameters=False, persist_result=False)
def needle_eval(
    settings: Settings,
    run: NeedleRun,
    haystack: Haystack,
    cells: list[_Cell],
    folder: Path,
    log: TrialLog,
    told: Told,
    progress: Progress,
) -> None:
    """Runs ``cells`` and appends their outcomes to ``log``."""
    runs = _direct_cells if run.is_direct else _indexed_cells
    for done, (cell, rows) in enumerate(runs(settings, run, haystack, cells, folder, progress), start=1):
        log.add(rows)
        right = sum(row.score == 1.0 for row in rows)
        told(f"{done} of {len(cells)} copies: {cell.copy.name}, {right} of {len(rows)} right")


def _direct_cells(
    settings: Settings,
    run: NeedleRun,
    haystack: Haystack,
    cells: Sequence[_Cell],
    folder: Path,
    _: Progress,
) -> Iterator[tuple[_Cell, list[TrialRow]]]:
    futures = {direct_task.submit(settings, run, haystack, cell, folder): cell for cell in cells}
    for future in as_completed(list(futures)):
        cell = futures[future]
        try:
            rows = future.result()
        except (MissingDependencyError, UsageError):
            raise
        except TransientBackendError as error:
            rows = _failed(run, cell, str(error))
        except VideoIndexError as error:
            rows = _unjudged(run, cell, str(error))
        yield cell, rows


def _indexed_cells(
    settings: Settings,
    run: NeedleRun,
    haystack: Haystack,
    cells: Sequence[_Cell],
    folder: Path,
    progress: Progress,
) -> Iterator[tuple[_Cell, list[TrialRow]]]:
    for cell in cells:
        try:
            planted = plant_task(settings, run, haystack, cell.copy, folder)
        except (MissingDependencyError, UsageError):
            raise
        except VideoIndexError as error:
            yield cell, _unjudged(run, cell, str(error))
            continue
        with _removed(run, planted):
            runner: Any = ThreadPoolTaskRunner(max_workers=settings.index.workers)
            made = ingest.with_options(task_runner=runner)
            (outcome,) = made(settings, [Recording(planted.video.path)], False, progress)
            if outcome.video_id is None:
                yield cell, _failed(run, cell, outcome.reason or "it could not be indexed")
            else:
                yield cell, ask_task(settings, run, cell, planted, outcome.video_id)


@contextlib.contextmanager
def _removed(run: NeedleRun, planted: PlantedCopy) -> Iterator[None]:
    """The copy's file goes when its outcomes are there; a run that is stopped leaves it."""
    yield
    if run.planting == "splice":
        planted.video.path.unlink(missing_ok=True)


def _failed(run: NeedleRun, cell: _Cell, reason: str) -> list[TrialRow]:
    said = Said(failure=reason)
    spans = [needle.span for needle in cell.copy.needles]
    return [
        run.judge(arm).row(trial, cell.copy, said, [spans[number] for number in trial.targets])
        for arm, trial in cell.trials
    ]


def _unjudged(run: NeedleRun, cell: _Cell, reason: str) -> list[TrialRow]:
    return [run.judge(arm).unjudged(trial, cell.copy, reason) for arm, trial in cell.trials]


def run_needles(
    settings: Settings,
    run: NeedleRun,
    haystack: Haystack,
    copies: Sequence[Copy],
    rows: Sequence[TrialRow],
    folder: Path,
    log: TrialLog,
    told: Told = lambda _: None,
) -> None:
    """Runs what has no outcome in ``rows`` yet, on this machine's threads. The index lies in ``folder``, the
    user's own is left alone.

    Raises MissingDependencyError where a voice or a package is missing, UsageError for what cannot be meant.
    """
    own = dataclasses.replace(settings.index, db=str(folder / "index"), artifacts="")
    settings = dataclasses.replace(settings, index=own)
    cells = [_Cell(copy, trials) for copy, trials in copies_to_do(run, copies, rows)]
    if not cells:
        return
    runner: Any = ThreadPoolTaskRunner(max_workers=settings.index.workers)
    progress = terminal_progress()
    with configured_server():
        needle_eval.with_options(task_runner=runner)(settings, run, haystack, cells, folder, log, told, progress)
