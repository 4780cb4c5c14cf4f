"""Timecode, against OpenTimelineIO's."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import video

from videoindex.query.timecode import STANDARD_RATES, FrameRate, frame_at_hour, frames_of, rate_of, timecode
from videoindex.types import Span

NTSC = Fraction(30_000, 1001)


@given(st.sampled_from(STANDARD_RATES), st.integers(0, 86_000 * 24))
def test_timecode_agrees_with_opentimelineio(fps: Fraction, frame: int) -> None:
    rate = FrameRate(fps)
    theirs = otio.opentime.to_timecode(otio.opentime.RationalTime(frame, float(fps)), float(fps), rate.is_drop)
    assert timecode(frame, rate) == theirs


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (0, "00:00:00;00"),
        (1799, "00:00:59;29"),
        (1800, "00:01:00;02"),  # 00:01:00;00 and ;01 are dropped
        (17_981, "00:09:59;29"),
        (17_982, "00:10:00;00"),  # but not in every tenth minute
        (107_892, "01:00:00;00"),
    ],
)
def test_drop_frame_numbers_are_those_of_the_standard(frame: int, said: str) -> None:
    assert timecode(frame, FrameRate(NTSC)) == said


@pytest.mark.parametrize("fps", STANDARD_RATES)
def test_the_frame_of_an_hour_bears_its_timecode(fps: Fraction) -> None:
    rate = FrameRate(fps)
    assert timecode(frame_at_hour(1, rate), rate)[:8] == "01:00:00"
    assert timecode(frame_at_hour(1, rate), rate)[9:] == "00"
    assert timecode(frame_at_hour(24, rate) - 1, rate).startswith("23:59:59")
    with pytest.raises(ValueError, match="ends at 24 hours"):
        timecode(frame_at_hour(24, rate), rate)


def test_only_two_rates_drop() -> None:
    assert [round(float(fps), 2) for fps in STANDARD_RATES if FrameRate(fps).is_drop] == [29.97, 59.94]
    assert FrameRate(NTSC).name == "29.97 frames a second, drop-frame"
    assert FrameRate(Fraction(25)).name == "25 frames a second, non-drop"
    assert FrameRate(Fraction(24_000, 1001)).name == "23.976 frames a second, non-drop"


@pytest.mark.parametrize(
    ("fps", "rate", "is_exact"),
    [
        (25.0, 25, True),
        (29.97, NTSC, True),
        (23.976, Fraction(24_000, 1001), True),
        (24.0, 24, True),
        (15.0, 30, True),
        (12.5, 25, True),
        (10.0, 30, True),
        (8.0, 24, True),
        (14.7, 30, False),
        (120.0, 30, False),
    ],
)
def test_a_recordings_rate_is_a_standard_one_that_holds_its_frames(
    fps: float, rate: Fraction, is_exact: bool
) -> None:
    assert rate_of(video(fps=fps)) == FrameRate(Fraction(rate), is_exact)


def test_sound_alone_has_the_usual_rate() -> None:
    assert rate_of(video(fps=0.0, width_px=0, height_px=0)) == FrameRate.usual()


@pytest.mark.parametrize(
    ("start_s", "end_s", "frames"),
    [
        (0.0, 0.04, (0, 1)),
        (0.04, 0.08, (1, 2)),
        (0.05, 0.081, (1, 3)),  # on display at 0.05 is the frame of 0.04
        (0.0397, 0.0803, (1, 2)),  # times are good to the millisecond
        (1.0, 1.001, (25, 26)),
    ],
)
def test_frames_are_those_on_display(start_s: float, end_s: float, frames: tuple[int, int]) -> None:
    assert frames_of(Span(10 + start_s, 10 + end_s), 10.0, FrameRate(Fraction(25))) == frames


@given(st.sampled_from(STANDARD_RATES), st.integers(0, 500_000), st.integers(1, 5000))
def test_frames_come_back_from_their_times_to_the_millisecond(fps: Fraction, first: int, count: int) -> None:
    start_s, end_s = (round(float(frame / fps), 3) for frame in (first, first + count))
    assert frames_of(Span(start_s, end_s), 0.0, FrameRate(fps)) == (first, first + count)
