"""The ``eval`` commands: from parsed arguments to one document and one text for a person."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.config import Settings, open_backends, open_reranker, open_store
from videoindex.errors import UsageError, VideoIndexError
from videoindex.index.records import Filters

if TYPE_CHECKING:
    from videoindex.evaluation.formats import Benchmark
    from videoindex.evaluation.grounding import GroundingReport
    from videoindex.types import Span

__all__ = ["Evaluated", "evaluate"]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an ``eval`` command found: as JSON, for a person, its exit status, and notes for standard error."""

    document: object
    text: str
    code: int = 0
    notes: tuple[str, ...] = ()


def evaluate(arguments: argparse.Namespace, settings: Settings) -> Evaluated:
    """Runs the ``eval`` command that ``arguments.kind`` names. Raises VideoIndexError (UsageError: bad usage)."""
    kinds: dict[str, Callable[[argparse.Namespace, Settings], Evaluated]] = {
        "grounding": _grounding,
        "compare": _compare,
        "needle": _needle,
    }
    return kinds[arguments.kind](arguments, settings)


def _grounding(arguments: argparse.Namespace, settings: Settings) -> Evaluated:
    from videoindex.evaluation.formats import load_answers, load_benchmark
    from videoindex.evaluation.published import benchmark_document, benchmark_notes, benchmark_text, judge_answers

    benchmark = load_benchmark(arguments.truth, arguments.format)
    if arguments.predictions is None:
        report = _asked(benchmark, arguments.videos or arguments.truth.parent, settings)
        document = benchmark_document(benchmark, report)
    else:
        answers = load_answers(arguments.predictions, benchmark)
        report = judge_answers(benchmark, answers)
        document = benchmark_document(benchmark, report, answers)
    text = benchmark_text(benchmark, report, document)
    return Evaluated(document, text, 1 if report.count("failed") else 0, benchmark_notes(benchmark, report))


def _asked(benchmark: Benchmark, folder: Path, settings: Settings) -> GroundingReport:
    """Indexes the recordings that the truth names, and asks the index every query."""
    from pipelines.ingest import Recording, run_ingest
    from pipelines.progress import terminal_progress
    from videoindex.evaluation.grounding import ask_product

    names = dict.fromkeys(query.video for query in benchmark.queries)
    files = {name: recording_file(folder, name) for name in names}
    missing = [name for name, file in files.items() if file is None]
    if missing:
        raise UsageError(f"{folder / missing[0]}: named by {benchmark.path}, but not there; give --videos DIR")
    recordings = [Recording(file, None, None) for file in files.values() if file is not None]
    outcomes = run_ingest(settings, recordings, overwrite=False, progress=terminal_progress())
    ids = {outcome.path: (outcome.video_id, outcome.reason) for outcome in outcomes}
    search = cache(partial(_searcher, settings))  # opened when first asked: there may be no index to open

    def predict(path: Path, query: str) -> Sequence[Span]:
        video_id, reason = ids[path]
        if video_id is None:
            raise VideoIndexError(reason or f"{path} could not be indexed")
        return search()(video_id, query)

    return ask_product(benchmark.queries, files, predict)


def recording_file(folder: Path, name: str) -> Path | None:
    """The recording ``name`` in ``folder``, None where it is not there.

    Benchmarks name recordings without the suffix of their file: the one media file of that name is meant. Raises
    UsageError where there are several.
    """
    from videoindex.index.ingest import MEDIA_SUFFIXES

    path = folder / name
    if path.exists():
        return path
    named = (path.with_name(path.name + suffix) for suffix in sorted(MEDIA_SUFFIXES))
    found = [file for file in named if file.is_file()]
    if len(found) > 1:
        raise UsageError(f"{path} may be {found[0].name} or {found[1].name}; keep one of them in {path.parent}")
    return found[0] if found else None


def _searcher(settings: Settings) -> Callable[[str, str], Sequence[Span]]:
    """Asks the index as ``search`` does, one recording at a time."""
    from videoindex.query.search import search

    store, embedder, reranker = open_store(settings), open_backends(settings).embedder, open_reranker(settings)

    def spans(video_id: str, query: str) -> Sequence[Span]:
        only = Filters(video_ids=(video_id,))
        found = search(store, embedder, query, filters=only, settings=settings.search, reranker=reranker)
        return [moment.span for moment in found.moments]

    return spans


def _compare(arguments: argparse.Namespace, _: Settings) -> Evaluated:
    from videoindex.evaluation.compare import compare_runs, comparison_document, comparison_text, load_run

    arm_a, arm_b = arguments.arms or (None, None)
    a = load_run(arguments.a, arguments.measure, arm_a)
    b = load_run(arguments.b, arguments.measure, arm_b)
    found = compare_runs(a, b, arguments.measure, arguments.at)
    return Evaluated(comparison_document(found), comparison_text(found))


def _needle(arguments: argparse.Namespace, settings: Settings) -> Evaluated:
    from videoindex.needle_evaluating import run_needle_command

    done = run_needle_command(arguments, settings)
    return Evaluated(done.document, done.text, 0 if done.is_whole else 1, done.notes)
