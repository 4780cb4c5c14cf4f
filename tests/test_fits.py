"""What fits: laws of the arithmetic, for every model, format and number of GPUs."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from videoindex.fits import (
    GPU_COUNTS,
    LONGEST_SEGMENT_TOKENS,
    SHORTEST_SEGMENT_TOKENS,
    bytes_on_each,
    fit,
    fit_family,
    gpus_needed,
    judge,
    largest_segment,
    segment_seconds,
    served_on,
    usable_gpus,
)
from videoindex.gpus import Gpu
from videoindex.models import FORMATS, GIB, MODELS, find_model, memory_bytes
from videoindex.sampling.mrope import FrameSize
from videoindex.sampling.plan import plan
from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Span, Video

models = st.sampled_from(MODELS)
formats = st.sampled_from(FORMATS)
counts = st.sampled_from(GPU_COUNTS)
gpu_bytes = st.integers(4 * GIB, 300 * GIB)
tokens = st.integers(0, LONGEST_SEGMENT_TOKENS)


@given(models, formats, gpu_bytes, counts)
def test_the_largest_segment_fits_and_one_token_more_does_not(model, weights, memory, gpus):
    usable = int(0.9 * memory)
    largest = largest_segment(model, memory, weights, gpus)
    assert 0 <= largest <= LONGEST_SEGMENT_TOKENS
    if largest:
        assert bytes_on_each(model, largest, weights, gpus) <= usable
    if largest < LONGEST_SEGMENT_TOKENS:
        assert bytes_on_each(model, largest + 1, weights, gpus) > usable


@given(models, formats, tokens)
def test_on_one_gpu_it_is_the_memory_of_the_whole_prompt(model, weights, count):
    assert bytes_on_each(model, count, weights) == memory_bytes(model, count, weights)


@given(models, formats, gpu_bytes, st.integers(0, 100 * GIB), counts)
def test_a_larger_gpu_never_takes_a_shorter_segment(model, weights, memory, more, gpus):
    assert largest_segment(model, memory, weights, gpus) <= largest_segment(model, memory + more, weights, gpus)


@given(models, formats, gpu_bytes)
def test_more_gpus_never_take_a_shorter_segment(model, weights, memory):
    segments = [largest_segment(model, memory, weights, gpus) for gpus in usable_gpus(model, weights)]
    assert segments == sorted(segments)


@given(models, gpu_bytes, counts)
def test_lighter_weights_never_leave_less_room(model, memory, gpus):
    bf16, fp8, four = (largest_segment(model, memory, weights, gpus) for weights in FORMATS)
    assert bf16 <= fp8 <= four


@given(models, formats, gpu_bytes, st.integers(1, LONGEST_SEGMENT_TOKENS))
def test_as_few_gpus_are_needed_as_hold_the_prompt(model, weights, memory, wanted):
    needed = gpus_needed(model, weights, memory, wanted)
    for gpus in usable_gpus(model, weights):
        is_held = largest_segment(model, memory, weights, gpus) >= wanted
        assert is_held == (0 < needed <= gpus)


@given(models, formats, gpu_bytes, counts)
def test_a_row_of_the_table_is_what_its_numbers_say(model, weights, memory, gpus):
    row = fit(model, weights, memory, gpus)
    if row.gpus == 0:
        assert row.segment_tokens == 0
        assert largest_segment(model, memory, weights, max(usable_gpus(model, weights))) < SHORTEST_SEGMENT_TOKENS
    else:
        assert row.gpus >= max(count for count in usable_gpus(model, weights) if count <= gpus)
        assert row.segment_tokens == largest_segment(model, memory, weights, row.gpus) >= SHORTEST_SEGMENT_TOKENS
        assert row.segment_s > 0


def test_four_key_heads_on_eight_gpus_are_kept_twice():
    model = find_model("30B-A3B")
    per_token = [bytes_on_each(model, 1, "bf16", n) - bytes_on_each(model, 0, "bf16", n) for n in (1, 2, 4, 8)]
    kept = [count - model.input_bytes_per_token for count in per_token]
    assert kept == [96 * 1024, 48 * 1024, 24 * 1024, 24 * 1024]


def test_fp8_blocks_and_experts_are_never_cut():
    # 9,728 columns are 76 blocks of 128: four GPUs take 19 each, eight cannot.
    assert usable_gpus(find_model("4B"), "fp8") == (1, 2, 4)
    assert usable_gpus(find_model("4B"), "bf16") == (1, 2, 4, 8)
    assert usable_gpus(find_model("30B-A3B"), "fp8") == (1, 2, 4, 8)


@pytest.mark.parametrize(
    ("size", "weights", "gib", "gpus"),
    [
        ("8B", "bf16", 24, 1),
        ("8B", "bf16", 16, 2),
        ("30B-A3B", "fp8", 80, 1),
        ("235B-A22B", "bf16", 141, 4),
        ("235B-A22B", "fp8", 80, 4),
        ("235B-A22B", "bf16", 24, 0),
    ],
)
def test_known_machines(size, weights, gib, gpus):
    assert fit(find_model(size), weights, gib * GIB).gpus == gpus


def test_the_family_is_listed_once_a_size_and_format():
    rows = fit_family(80 * GIB)
    assert [(row.model.size, row.weights) for row in rows[:4]] == [
        ("2B", "bf16"), ("2B", "fp8"), ("2B", "4bit"), ("4B", "bf16"),
    ]  # fmt: skip
    assert len(rows) == 18


@given(st.integers(1, 400_000))
def test_a_segment_holds_as_much_video_as_a_plan_puts_into_it(budget):
    assume(budget > SamplingSettings().reserved_tokens + 300)
    said = segment_seconds(budget)
    size = FrameSize(640, 384)
    settings = SamplingSettings(token_budget=budget, max_pixels=size.width_px * size.height_px)
    video = Video("v", "hours.mp4", Span(0.0, 6_000.0), size.width_px, size.height_px, 25.0, has_audio=False)
    assert plan(video, settings, MODELS[0]).segments[0].patches == pytest.approx(said, abs=1)


def test_a_plan_is_judged_by_the_gpus_that_are_here():
    model, gpu = find_model("8B"), Gpu("NVIDIA L4", 23 * GIB)
    one = judge(model, "bf16", 30_000, [gpu])
    assert (one.is_enough, one.needs, one.segment_tokens) == (False, 2, largest_segment(model, 23 * GIB, "bf16"))
    two = judge(model, "bf16", 30_000, [gpu, Gpu("NVIDIA H200", 140 * GIB)])
    assert two.is_enough
    assert two.segment_tokens == largest_segment(model, 23 * GIB, "bf16", 2)
    # Three GPUs share a model as two do.
    assert judge(model, "bf16", 30_000, [gpu] * 3).segment_tokens == two.segment_tokens


@given(models, formats, gpu_bytes, st.integers(0, 9), st.integers(1, 262_144), st.integers(1, 262_144))
def test_a_server_is_started_for_no_more_than_its_gpus_hold_and_no_less_than_the_prompt(
    model, weights, memory, here, prompt, more
):
    context = max(prompt, more)
    verdict = judge(model, weights, prompt, [Gpu("some", memory)] * here)
    count, served = served_on(model, weights, verdict, context)
    assert count in usable_gpus(model, weights)
    assert prompt <= served <= context
    if verdict.needs:
        assert served <= largest_segment(model, verdict.gpu_bytes, weights, count)
    if verdict.is_enough:
        assert count <= here
        assert served == min(context, verdict.segment_tokens)


def test_gpus_of_unknown_memory_are_counted_as_none():
    verdict = judge(find_model("30B-A3B"), "bf16", 200_000, [Gpu("NVIDIA GB10", 0)])
    assert (verdict.gpus, verdict.segment_tokens, verdict.is_enough) == ((), 0, False)
    assert (verdict.gpu_bytes, verdict.needs) == (80 * GIB, 2)
