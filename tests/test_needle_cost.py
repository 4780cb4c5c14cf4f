"""What a run takes, told before it begins."""

from __future__ import annotations

import json

import pytest
from needle_rows import SAMPLING, row, run_of, spec

from videoindex.evaluation.grid import plan_grid
from videoindex.evaluation.lengths import parse_lengths
from videoindex.evaluation.needle_cost import Cost, cost_document, cost_of, cost_text
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.sampling.mrope import fit_frame, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS

HD = (1280, 720)


def cost(run: NeedleRun, lengths_s: list[float], **more: object) -> Cost:
    todo = [(copy, len(copy.trials)) for copy in plan_grid(run.grid, lengths_s)]
    return cost_of(run, HD, todo, **more)  # type: ignore[arg-type]


def test_an_index_costs_the_footage_of_its_copies() -> None:
    found = cost(run_of(spec(trials=2, controls=3, lengths=parse_lengths("10m,20m"))), [600.0, 1200.0])
    assert (found.copies, found.trials, found.footage_s, found.tokens) == (2, 26, 1800.0, 0)
    assert found.wall_s == pytest.approx(225.0)


def test_a_model_that_sees_all_costs_the_tokens_of_every_copy() -> None:
    run = run_of(spec(arm="direct", depths=1, trials=2, controls=1, lengths=parse_lengths("60s")))
    size = fit_frame(*HD, SAMPLING.min_pixels, SAMPLING.max_pixels)
    each = VIDEO_FRAME_TOKENS + sum(patch_tokens(n + 0.5, size) for n in range(60))
    found = cost(run, [60.0])
    assert (found.copies, found.tokens, found.longest_tokens, found.yarn) == (3, 3 * each, each, None)
    assert found.wall_s is None
    assert "is known when the first are done" in cost_text(found)


def test_a_pace_comes_from_what_is_done() -> None:
    run = run_of(spec(arm="direct", depths=1, trials=1, lengths=parse_lengths("60s")))
    found = cost(run, [60.0], done=[row(0, tokens=1_000, wall_s=2.0)])
    assert found.wall_s == pytest.approx(found.tokens / 500)
    assert "at the pace of what is done" in cost_text(found)


def test_positions_beyond_the_native_context_need_yarn() -> None:
    run = run_of(spec(arm="direct", depths=1, trials=1, lengths=parse_lengths("4h")))
    found = cost(run, [4 * 3600.0])
    assert found.yarn is not None
    assert "YaRN factor" in cost_text(found)


def test_a_budget_keeps_long_copies_within_it() -> None:
    grid = spec(arm="direct", depths=1, trials=1, lengths=parse_lengths("30m"))
    assert cost(run_of(grid, budget_tokens=262_144), [1800.0]).longest_tokens <= 262_144
    assert cost(run_of(grid), [1800.0]).longest_tokens > 262_144


def test_the_document_is_plain() -> None:
    document = json.loads(json.dumps(cost_document(cost(run_of(), [600.0]))))
    assert document == {
        "copies": 1,
        "trials": 10,
        "footage_s": 600.0,
        "picture_tokens": 0,
        "longest_tokens": 0,
        "yarn_factor": None,
        "wall_s": 75.0,
    }
