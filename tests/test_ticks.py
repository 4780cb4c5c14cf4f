"""Laws of choosing instants."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair, adaptive_pairs, uniform_pairs
from videoindex.types import Scan, Span

starts_s = st.floats(-10.0, 1e5)
lengths_s = st.floats(0.01, 300.0)
rates_hz = st.sampled_from([0.2, 0.5, 1.0, 2.0, 3.7])
gaps_s = st.floats(0.001, 3.0)


def scan_with_changes(span: Span, changed_at_s: list[float], rate_hz: float = 4.0) -> Scan:
    """A scan of looks at ``rate_hz`` whose first block fires at the first look from each given time on."""
    pts_s_T = np.arange(span.start_s, span.end_s, 1 / rate_hz)
    change_TRC = np.zeros((len(pts_s_T), 9, 16), np.uint8)
    change_TRC[0] = 255
    for at_s in changed_at_s:
        change_TRC[min(int(np.searchsorted(pts_s_T, at_s)), len(pts_s_T) - 1), 0, 0] = 255
    return Scan(pts_s_T, change_TRC, (), ())


@given(starts_s, lengths_s, rates_hz, gaps_s)
def test_uniform_pairs_lie_in_the_span_in_order_and_leave_no_longer_gap_than_an_interval(
    start_s, length_s, rate_hz, gap_s
):
    span = Span(start_s, start_s + length_s)
    settings = SamplingSettings(rate_hz=rate_hz, pair_gap_s=gap_s)
    pairs = uniform_pairs(span, settings)
    assert all(pair.first_s in span and pair.second_s in span for pair in pairs)
    assert all(before.second_s < after.first_s for before, after in pairwise(pairs))
    marks = [span.start_s, *(pair.at_s for pair in pairs), span.end_s]
    assert max(b - a for a, b in pairwise(marks)) <= settings.interval_s * (1 + 1e-6) + 1e-6
    assert all(pair.second_s - pair.first_s <= gap_s + 1e-6 for pair in pairs)


@given(starts_s, st.integers(1, 200), rates_hz)
def test_an_event_of_one_interval_is_on_display_at_some_marked_instant(start_s, intervals, rate_hz):
    settings = SamplingSettings(rate_hz=rate_hz)
    span = Span(start_s, start_s + intervals * settings.interval_s)
    marks = [pair.at_s for pair in uniform_pairs(span, settings)]
    assert len(marks) == intervals
    for k in range(intervals * 3 - 2):
        event_s = span.start_s + k / 3 * settings.interval_s
        assert any(event_s - 1e-6 <= at_s <= event_s + settings.interval_s + 1e-6 for at_s in marks)


def test_a_pair_lies_close_round_its_marked_instant():
    pairs = uniform_pairs(Span(100.0, 102.0), SamplingSettings(rate_hz=1.0, pair_gap_s=0.1))
    assert [pair.at_s for pair in pairs] == pytest.approx([100.5, 101.5])
    assert [pair.second_s - pair.first_s for pair in pairs] == pytest.approx([0.1, 0.1])


@given(st.lists(st.floats(0.0, 119.0), max_size=6), st.sampled_from([1.0, 2.0]), st.floats(2.0, 60.0))
def test_adaptive_pairs_are_a_subset_that_keeps_the_first_the_changes_and_the_heartbeat(
    changes_s, rate_hz, heartbeat_s
):
    span = Span(0.0, 120.0)
    settings = SamplingSettings(rate_hz=rate_hz, heartbeat_s=heartbeat_s)
    scan = scan_with_changes(span, changes_s)
    every, kept = uniform_pairs(span, settings), adaptive_pairs(span, scan, settings)
    assert set(kept) <= set(every)
    assert kept[0] == every[0]
    assert kept == sorted(kept, key=lambda pair: pair.at_s)
    assert all(b.at_s - a.at_s <= heartbeat_s + 1e-6 for a, b in pairwise(kept))
    for at_s in scan.pts_s_T[scan.change_TRC.max(axis=(1, 2)) > 0][1:]:
        after = next((pair for pair in every if pair.second_s >= at_s), None)
        assert after is None or after in kept or after == every[0]


def test_a_still_picture_is_looked_at_on_the_heartbeat_alone():
    span = Span(0.0, 100.0)
    kept = adaptive_pairs(span, scan_with_changes(span, []), SamplingSettings(rate_hz=1.0, heartbeat_s=10.0))
    assert [pair.at_s for pair in kept] == pytest.approx([0.5 + 10 * k for k in range(10)])


def test_where_the_scan_saw_nothing_every_pair_is_kept():
    span = Span(0.0, 30.0)
    blind = Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())
    settings = SamplingSettings()
    assert adaptive_pairs(span, blind, settings) == uniform_pairs(span, settings)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("rate_hz", 0.0),
        ("rate_hz", float("nan")),
        ("pair_gap_s", -1.0),
        ("changed_share", 1.5),
        ("heartbeat_s", 0.5),
        ("min_pixels", 1000),
        ("max_pixels", 2048),
        ("reserved_tokens", 32_768),
    ],
)
def test_a_setting_out_of_range_is_named(setting, value):
    with pytest.raises(ConfigError, match=f"sampling.{setting}"):
        SamplingSettings(**{setting: value})


def test_a_pair_must_rise():
    with pytest.raises(ValueError, match="rising"):
        Pair(2.0, 2.0)


def test_sampling_imports_no_model_library():
    source = "".join(path.read_text() for path in (Path(__file__).parents[1] / "videoindex/sampling").glob("*.py"))
    assert "import torch" not in source
    assert "import av" not in source
