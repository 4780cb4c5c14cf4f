"""Laws of packing looks into segments."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.sampling.mrope import FrameSize, patch_positions, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS, pack
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair, uniform_pairs
from videoindex.types import Span

SIZE = FrameSize(640, 384)


def settings_of(token_budget: int, position_budget: int = 262_144) -> SamplingSettings:
    return SamplingSettings(token_budget=token_budget, position_budget=position_budget, reserved_tokens=100)


spans = st.builds(
    lambda start_s, length_s: Span(start_s, start_s + length_s), st.floats(0, 9e4), st.floats(0.5, 900)
)
budgets = st.builds(settings_of, st.integers(400, 40_000), st.integers(150, 4_000))


@given(spans, budgets, st.sampled_from([0.5, 1.0, 2.0]))
def test_segments_cover_the_span_keep_the_order_and_the_budgets(span, settings, rate_hz):
    pairs = uniform_pairs(span, SamplingSettings(rate_hz=rate_hz))
    segments = pack("v", "qwen", span, pairs, SIZE, settings)
    assert segments[0].span.start_s == span.start_s
    assert segments[-1].span.end_s == span.end_s
    assert all(a.span.end_s == b.span.start_s for a, b in pairwise(segments))
    frames_s = [at_s for segment in segments for at_s in segment.at_s_T]
    assert frames_s == [at_s for pair in pairs for at_s in (pair.first_s, pair.second_s)]
    for segment in segments:
        assert segment.tokens + settings.reserved_tokens <= settings.token_budget
        assert segment.positions + settings.reserved_tokens <= settings.position_budget
        assert segment.size_px == (640, 384)


@given(spans, budgets)
def test_pairs_are_never_split_and_costs_are_the_sum_of_the_patches(span, settings):
    pairs = uniform_pairs(span, SamplingSettings())
    whole = {(pair.first_s, pair.second_s) for pair in pairs}
    for segment in pack("v", "qwen", span, pairs, SIZE, settings):
        looks = list(zip(segment.at_s_T[::2], segment.at_s_T[1::2], strict=True))
        assert set(looks) <= whole
        marks = [(a + b) / 2 for a, b in looks]
        assert segment.tokens == VIDEO_FRAME_TOKENS + sum(patch_tokens(at_s, SIZE) for at_s in marks)
        assert segment.positions == VIDEO_FRAME_TOKENS + sum(patch_positions(at_s, SIZE) for at_s in marks)


@given(spans, st.integers(400, 20_000), st.integers(0, 20_000))
def test_a_larger_budget_never_makes_more_segments(span, budget, more):
    pairs = uniform_pairs(span, SamplingSettings())
    few = pack("v", "qwen", span, pairs, SIZE, settings_of(budget + more))
    many = pack("v", "qwen", span, pairs, SIZE, settings_of(budget))
    assert len(few) <= len(many)
    assert many == pack("v", "qwen", span, pairs, SIZE, settings_of(budget))


def test_a_seam_lies_midway_between_the_looks_it_parts():
    pairs = [Pair(0.4, 0.6), Pair(1.4, 1.6), Pair(2.4, 2.6)]
    two_looks = VIDEO_FRAME_TOKENS + 2 * patch_tokens(0.5, SIZE) + 100
    segments = pack("v", "qwen", Span(0.0, 3.0), pairs, SIZE, settings_of(two_looks))
    assert [segment.span for segment in segments] == [Span(0.0, 2.0), Span(2.0, 3.0)]


def test_sampling_is_one_pass_so_that_looks_keep_their_distance_across_seams():
    span = Span(0.0, 600.0)
    segments = pack("v", "qwen", span, uniform_pairs(span, SamplingSettings()), SIZE, settings_of(3_000))
    marks = [(a + b) / 2 for s in segments for a, b in zip(s.at_s_T[::2], s.at_s_T[1::2], strict=True)]
    assert len(segments) > 10
    assert [b - a for a, b in pairwise(marks)] == pytest.approx([1.0] * (len(marks) - 1))


def test_a_budget_too_small_for_one_look_is_a_setting_to_change():
    with pytest.raises(ConfigError, match=r"sampling\.token_budget \(300\).*needs 350.*max_pixels"):
        pack("v", "qwen", Span(0.0, 3.0), [Pair(0.4, 0.6)], SIZE, settings_of(300))
    with pytest.raises(ConfigError, match=r"sampling\.position_budget \(120\)"):
        pack("v", "qwen", Span(0.0, 3.0), [Pair(0.4, 0.6)], SIZE, settings_of(9_000, 120))


def test_looks_out_of_order_or_outside_are_refused():
    with pytest.raises(ValueError, match="rise"):
        pack("v", "qwen", Span(0.0, 3.0), [Pair(0.4, 0.6), Pair(0.5, 0.7)], SIZE, settings_of(9_000))
    with pytest.raises(ValueError, match="outside"):
        pack("v", "qwen", Span(0.0, 3.0), [Pair(2.9, 3.1)], SIZE, settings_of(9_000))


def test_no_looks_make_no_segments():
    assert pack("v", "qwen", Span(0.0, 3.0), [], SIZE, settings_of(9_000)) == []
