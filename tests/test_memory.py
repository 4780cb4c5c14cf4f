"""What a showing is said to take, held against what it takes; and what is refused, with the way out."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_models import make, noise, showing
from torch.profiler import ProfilerActivity, profile

from videoindex.errors import ConfigError
from videoindex.models import MODELS, find_model
from videoindex.perception.vlm.decode import Choice, generate
from videoindex.perception.vlm.loading import load
from videoindex.perception.vlm.memory import Load, check_fits, free_bytes, largest_prefix, predict
from videoindex.perception.vlm.prefill import read, slice_looks
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize

GIB = 2**30
LOAD = Load(4_096, 4_080, 8, 512, 2_048, 2, 151_936)


def peak_bytes(work: Callable[[], Any], folder: Path) -> tuple[Any, int]:
    """The result of ``work`` and the most tensor memory that was allocated at once while it ran."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        result = work()
    recorded.export_chrome_trace(str(folder / "trace.json"))
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    marks = sorted((e for e in events if e.get("name") == "[memory]"), key=lambda e: e["ts"])
    before = marks[0]["args"]["Total Allocated"] - marks[0]["args"]["Bytes"]
    return result, max(mark["args"]["Total Allocated"] for mark in marks) - before


@pytest.mark.parametrize(("hidden", "chunk_tokens"), [(64, 1_024), (768, 256), (768, 1_500)])
def test_the_prediction_is_what_is_taken(hidden: int, chunk_tokens: int, tmp_path: Path) -> None:
    size, rows = FrameSize(128, 128), 6
    with tempfile.TemporaryDirectory() as folder:
        where = make(Path(folder), "dense", layers=3, hidden=hidden)
        model = load(VlmSettings(model=str(where), local=LocalSettings(dtype="float32", device="cpu")))
    shown = showing(noise(60, size), size)
    questions = [f"when is it, for the {i}th time?" for i in range(rows)]
    with torch.inference_mode():
        kept, reading = peak_bytes(lambda: read(model, shown, chunk_tokens), tmp_path)
        _, asking = peak_bytes(lambda: generate(model, kept, questions, 40, Choice()), tmp_path)
    tokens = kept.prefix.length
    asked = len(model.tokenizer(questions[0])["input_ids"]) + len(kept.frame.after)
    slice_cells = slice_looks(shown, chunk_tokens) * size.cells
    memory = predict(
        model.spec, tokens, Load(chunk_tokens, slice_cells, rows, asked, 40, 4, model.spec.text.vocabulary)
    )
    assert 0.9 < (memory.kept + max(memory.seeing, memory.reading)) / reading < 1.4
    assert 0.8 < memory.asking / asking < 1.6


@given(st.sampled_from(MODELS), st.integers(1, 400), st.integers(256, 16_384), st.integers(1, 16))
def test_the_largest_prefix_fits_and_one_token_more_does_not(spec, gib: int, chunk_tokens: int, rows: int) -> None:
    load = replace(LOAD, chunk_tokens=chunk_tokens, rows=rows)
    tokens = largest_prefix(spec, gib * GIB, load)
    if tokens:
        assert predict(spec, tokens, load).peak <= gib * GIB
    assert predict(spec, tokens + 1, load).peak > gib * GIB


def test_what_fits_is_planned_and_what_does_not_is_refused_with_the_budget_that_would() -> None:
    spec = find_model("8B")
    assert check_fits(spec, 32_768, 20 * GIB, LOAD, "a.mp4").peak < 20 * GIB
    with pytest.raises(
        ConfigError, match=r"a\.mp4 needs .* GiB.*sampling\.token_budget to \d+ or less"
    ) as refused:
        check_fits(spec, 262_144, 20 * GIB, LOAD, "a.mp4")
    budget = int(re.search(r"token_budget to (\d+)", str(refused.value))[1])
    check_fits(spec, budget, 20 * GIB, LOAD, "a.mp4")


def test_where_no_budget_helps_the_other_dials_are_named() -> None:
    with pytest.raises(ConfigError, match=r"chunk_tokens .*batch_windows .*four_bit"):
        check_fits(find_model("8B"), 1_000, GIB // 8, LOAD, "a.mp4")


def test_free_memory_is_the_limit_or_most_of_what_the_machine_has() -> None:
    cpu = torch.device("cpu")
    assert free_bytes(cpu, 1.5) == int(1.5 * GIB)
    assert GIB // 4 < free_bytes(cpu, 0.0) < 2**44
