"""Loudness over time: known levels, and voices and pauses planted at known times."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spoken
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from videoindex.perception.loudness import STEP_S, levels_db, noise_floor_db, pauses, quietest_s, trimmed
from videoindex.types import Span


def test_levels_find_voice_and_pauses() -> None:
    samples_T = np.random.default_rng(0).normal(0, 1e-3, 6 * 16_000).astype(np.float32)
    for start_s in (1.0, 3.0):
        samples_T[round(start_s * 16_000) : round((start_s + 1.5) * 16_000)] += spoken.tone(1.5, 300)
    levels_T = levels_db(samples_T, 16_000)
    floor_db = noise_floor_db(levels_T)
    span = trimmed(levels_T, Span(0.6, 5.2), floor_db)
    assert (span.start_s, span.end_s) == pytest.approx((1.0, 4.5), abs=0.03)
    (pause,) = pauses(levels_T, span, floor_db)
    assert (pause.start_s, pause.end_s) == pytest.approx((2.5, 3.0), abs=0.03)
    assert 2.5 < quietest_s(levels_T[200:400], 1.0) + 2.0 < 3.0


def test_of_equally_quiet_points_the_nearest_is_taken() -> None:
    assert quietest_s(levels_db(np.zeros(20 * 16_000, np.float32), 16_000), 10.0) == pytest.approx(10.0, abs=0.02)


@given(st.floats(0.001, 1.0))
def test_a_tone_has_the_level_of_its_root_mean_square(level: float) -> None:
    levels_T = levels_db(spoken.tone(0.5, 1000, level=level), spoken.RATE_HZ)
    assert len(levels_T) == 50
    assert levels_T == pytest.approx(20 * math.log10(level / math.sqrt(2)), abs=0.05)


def test_digital_silence_is_100_db_down_and_less_than_a_step_has_no_level() -> None:
    assert levels_db(np.zeros(1600, np.float32), spoken.RATE_HZ) == pytest.approx(-100.0)
    assert len(levels_db(np.zeros(159, np.float32), spoken.RATE_HZ)) == 0
    assert noise_floor_db(np.zeros(0, np.float32)) == -100.0


def spoken_between(loud: list[tuple[int, int]], steps: int, voice_db: float = -20.0) -> NDArray[np.float32]:
    levels_T = np.full(steps, -60.0, np.float32)
    for first, end in loud:
        levels_T[first:end] = voice_db
    return levels_T


def test_pauses_are_inside_the_span_and_long_enough() -> None:
    levels_T = spoken_between([(10, 50), (61, 100), (112, 150)], 200)
    (pause,) = pauses(levels_T, Span(0.0, 1.8), -60.0)
    assert (pause.start_s, pause.end_s) == pytest.approx((1.0, 1.12))


def test_a_voice_that_the_noise_hides_is_neither_trimmed_nor_parted() -> None:
    levels_T = spoken_between([(10, 50), (80, 150)], 200, voice_db=-52.0)
    assert trimmed(levels_T, Span(0.0, 2.0), -60.0) == Span(0.0, 2.0)
    assert pauses(levels_T, Span(0.0, 2.0), -60.0) == []


@given(st.integers(50, 150), st.floats(0.0, 2.0))
def test_the_quietest_half_second_is_where_it_was_planted(first: int, near_s: float) -> None:
    levels_T = np.full(250, -20.0, np.float32)
    levels_T[first : first + 40] = -70.0
    assert quietest_s(levels_T, near_s) == pytest.approx((first + 20) * STEP_S, abs=0.03)
    assert quietest_s(levels_T[:39], near_s) == near_s
