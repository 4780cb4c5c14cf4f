"""A plan is arithmetic over what a probe knows."""

from pathlib import Path

import pytest

from videoindex.errors import NotAVideoError
from videoindex.models import FORMATS, find_model, memory_bytes
from videoindex.sampling.plan import plan
from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Span, Video

HOUR = Video("v", Path("hour.mp4"), Span(2.0, 3602.0), 1280, 720, 25.0, has_audio=True)


def test_an_hour_is_covered_within_the_budget():
    settings = SamplingSettings(rate_hz=0.5, token_budget=32_768)
    result = plan(HOUR, settings, find_model("8b"))
    assert (result.segments[0].start_s, result.segments[-1].end_s) == (2.0, 3602.0)
    assert sum(segment.patches for segment in result.segments) == 1_800
    assert result.frames == 3_600
    assert all(segment.tokens + settings.reserved_tokens <= 32_768 for segment in result.segments)
    assert (result.size.width_px, result.size.height_px) == (640, 352)
    assert result.yarn_factor is None
    assert result.shortest_event_s == 2.0
    assert result.tokens == sum(segment.tokens for segment in result.segments)


def test_the_memory_is_that_of_the_longest_prompt_in_the_format_of_the_weights():
    settings, model = SamplingSettings(), find_model("30b")
    plans = {weights: plan(HOUR, settings, model, weights) for weights in FORMATS}
    for weights, made in plans.items():
        longest = max(segment.tokens for segment in made.segments) + settings.reserved_tokens
        assert (made.weights, made.prompt_tokens) == (weights, longest)
        assert made.prompt_tokens <= settings.token_budget
        assert made.memory_bytes == memory_bytes(model, longest, weights)
    assert plans["4bit"].memory_bytes < plans["fp8"].memory_bytes < plans["bf16"].memory_bytes


def test_one_long_segment_costs_more_time_and_memory_than_many_short_ones():
    model = find_model("8b")
    short = plan(HOUR, SamplingSettings(rate_hz=0.25, token_budget=32_768), model)
    long = plan(HOUR, SamplingSettings(rate_hz=0.25, token_budget=262_144), model)
    assert len(long.segments) == 1 < len(short.segments)
    assert long.prefill_s > 2 * short.prefill_s
    assert long.memory_bytes > short.memory_bytes


def test_yarn_is_planned_where_positions_need_it():
    settings = SamplingSettings(
        rate_hz=4.0, token_budget=10_000_000, position_budget=600_000, max_pixels=32 * 32 * 64
    )
    assert plan(HOUR, settings, find_model("2b")).yarn_factor == 2.0


def test_sound_alone_has_no_looks_to_plan():
    sound = Video("v", Path("talk.m4a"), Span(0.0, 60.0), 0, 0, 0.0, has_audio=True)
    with pytest.raises(NotAVideoError, match=r"talk\.m4a"):
        plan(sound, SamplingSettings(), find_model("8b"))
