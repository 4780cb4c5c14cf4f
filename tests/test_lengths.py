"""Lengths in time and in tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from needle_rows import SAMPLING

from videoindex.errors import UsageError
from videoindex.evaluation.lengths import Length, fitting_size, parse_lengths, seconds_of
from videoindex.sampling.mrope import patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS

HD = (1280, 720)


def test_lengths_are_read_in_time_and_in_tokens() -> None:
    assert parse_lengths("90s, 5m,2h,16k,1M") == (
        Length("90s", seconds=90.0),
        Length("5m", seconds=300.0),
        Length("2h", seconds=7200.0),
        Length("16k", tokens=16_384),
        Length("1M", tokens=1_048_576),
    )


def test_a_length_named_twice_counts_once() -> None:
    assert parse_lengths("5m,5m") == (Length("5m", seconds=300.0),)


@pytest.mark.parametrize("text", ["", "5", "5x", "m", "-5m", "0s", "5m;6m"])
def test_what_is_no_length_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="is no length"):
        parse_lengths(text)


def test_tokens_become_the_seconds_whose_looks_fill_them() -> None:
    (length,) = parse_lengths("16k")
    seconds = seconds_of(length, HD, SAMPLING)
    size = fitting_size(HD, seconds, SAMPLING, 0)
    used = VIDEO_FRAME_TOKENS + sum(patch_tokens(k + 0.5, size) for k in range(round(seconds)))
    assert used <= 16_384 < used + patch_tokens(seconds + 0.5, size)


def test_seconds_stay_as_they_are() -> None:
    assert seconds_of(Length("5m", seconds=300.0), HD, SAMPLING) == 300.0


def test_too_few_tokens_are_refused() -> None:
    with pytest.raises(UsageError, match="hold no look"):
        seconds_of(Length("0.1k", tokens=100), HD, SAMPLING)


def test_longer_footage_is_shown_in_smaller_pictures_within_the_budget() -> None:
    budget = 32_768
    sizes = [fitting_size(HD, seconds, SAMPLING, budget) for seconds in (60.0, 300.0, 900.0)]
    areas = [size.width_px * size.height_px for size in sizes]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > areas[-1]
    for size, seconds in zip(sizes, (60, 300, 900), strict=True):
        assert sum(patch_tokens(k + 0.5, size) for k in range(seconds)) + VIDEO_FRAME_TOKENS <= budget


def test_a_budget_that_nothing_fits_is_refused() -> None:
    with pytest.raises(UsageError, match="do not fit"):
        fitting_size(HD, 7200.0, replace(SAMPLING, min_pixels=200_000), 1_000)
