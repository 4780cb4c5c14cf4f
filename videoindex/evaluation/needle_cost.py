"""What a needle run will take, told before it begins. Pure.

Work is counted exactly: copies, questions, seconds of footage, tokens of pictures. Time is a guess from a pace:
that of this run's own finished trials, else, for indexing, the one measured in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from videoindex.clock import format_clock
from videoindex.evaluation.grid import Copy
from videoindex.evaluation.lengths import fitting_size
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.evaluation.trials import TrialRow
from videoindex.sampling.mrope import patch_positions, patch_tokens, yarn_factor
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS
from videoindex.sampling.ticks import uniform_pairs
from videoindex.types import Span

__all__ = ["Cost", "cost_document", "cost_of", "cost_text"]

INDEXED_PER_S = 8.0
"""Seconds of footage planted and indexed in one: the embedded default on 2 cores, docs/benchmarks.md."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``copies`` with ``trials`` are still to do. ``tokens`` are the pictures' of all of them, 0 where an index is
    asked; ``longest_tokens`` those of the longest, which has ``yarn`` as its YaRN factor (None: needs none).
    ``wall_s`` None: no pace is known."""

    copies: int
    trials: int
    footage_s: float
    tokens: int
    longest_tokens: int
    yarn: float | None
    wall_s: float | None


def cost_of(
    run: NeedleRun,
    picture_px: tuple[int, int],
    todo: Sequence[tuple[Copy, int]],
    done: Sequence[TrialRow] = (),
) -> Cost:
    """What is left: copies, each with the number of its trials. ``done`` are finished trials, for their pace.

    Raises ConfigError where a copy's positions are beyond what YaRN reaches, UsageError where pictures cannot be
    made small enough for the run's budget.
    """
    footage_s = sum(copy.length_s for copy, _ in todo)
    trials = sum(count for _, count in todo)
    if not run.is_direct:
        return Cost(len(todo), trials, footage_s, 0, 0, None, footage_s / INDEXED_PER_S)
    sizes = {copy.length_s: _prompt(run, picture_px, copy.length_s) for copy, _ in todo}
    tokens = sum(sizes[copy.length_s][0] for copy, _ in todo)
    longest, positions = max(sizes.values(), default=(0, 0))
    paced = [row for row in done if row.tokens and row.wall_s]
    pace = sum(row.tokens for row in paced) / sum(row.wall_s for row in paced) if paced else 0.0
    wall_s = tokens / pace if pace else None
    return Cost(len(todo), trials, footage_s, tokens, longest, yarn_factor(positions), wall_s)


def _prompt(run: NeedleRun, picture_px: tuple[int, int], length_s: float) -> tuple[int, int]:
    """Tokens and positions of the pictures of a copy."""
    sampling = run.grid.sampling
    size = fitting_size(picture_px, length_s, sampling, run.budget_tokens)
    marks_s = [pair.at_s for pair in uniform_pairs(Span(0.0, length_s), sampling)]
    tokens = VIDEO_FRAME_TOKENS + sum(patch_tokens(at_s, size) for at_s in marks_s)
    return tokens, VIDEO_FRAME_TOKENS + sum(patch_positions(at_s, size) for at_s in marks_s)


def cost_text(cost: Cost) -> str:
    """In a sentence or two."""
    copies = "1 copy" if cost.copies == 1 else f"{cost.copies} copies"
    said = f"{cost.trials} questions about {copies}, {format_clock(cost.footage_s)} of footage in all"
    if cost.tokens:
        said += f"; {cost.tokens:,} tokens of pictures, {cost.longest_tokens:,} at most in one prompt"
        said += f" (YaRN factor {cost.yarn:g})" if cost.yarn else ""
    if cost.wall_s is None:
        return f"{said}. How long it takes is known when the first are done."
    pace = "of what is done" if cost.tokens else "of the embedded default on 2 cores"
    return f"{said}. About {format_clock(cost.wall_s)} at the pace {pace}."


def cost_document(cost: Cost) -> dict[str, Any]:
    """As data for JSON."""
    return {
        "copies": cost.copies,
        "trials": cost.trials,
        "footage_s": round(cost.footage_s, 3),
        "picture_tokens": cost.tokens,
        "longest_tokens": cost.longest_tokens,
        "yarn_factor": cost.yarn,
        "wall_s": None if cost.wall_s is None else round(cost.wall_s, 1),
    }
