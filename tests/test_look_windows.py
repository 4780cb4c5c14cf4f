"""Which windows are looked at: inside the recording, within the budget, a look in the middle of every moment."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking import moment

from videoindex.errors import ConfigError
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import (
    LeftOut,
    LookWindow,
    only_heard,
    plan_look,
    propose_windows,
    seen_moment,
    shown_spans,
    window_around,
)
from videoindex.types import Moment, Span, Video

HOUR = Video("hour", Path("hour.mp4"), Span(0.0, 3_600.0), 1280, 720, 25.0, has_audio=True)
SETTINGS = SecondLookSettings()


@given(
    start_s=st.floats(-50, 3_640),
    length_s=st.floats(0.001, 3_000),
    first_s=st.floats(0, 1e5),
    rate_hz=st.floats(0.05, 25),
    window_tokens=st.integers(300, 60_000),
    widen_s=st.floats(0, 120),
)
def test_looks_lie_inside_the_window_close_enough_and_within_its_tokens(
    start_s: float, length_s: float, first_s: float, rate_hz: float, window_tokens: int, widen_s: float
) -> None:
    video = replace(HOUR, span=Span(first_s, first_s + 3_600))
    candidate = Span(first_s + start_s, first_s + start_s + length_s)
    settings = SecondLookSettings(rate_hz=rate_hz, window_tokens=window_tokens, widen_s=widen_s)
    if candidate.intersect(video.span) is None:
        with pytest.raises(ValueError, match="lies outside"):
            window_around(video, candidate, settings)
        return
    window = window_around(video, candidate, settings)
    assert video.span.start_s <= window.span.start_s <= window.candidate.start_s
    assert window.candidate.end_s <= window.span.end_s <= video.span.end_s
    assert all(pair.first_s in window.span and pair.second_s in window.span for pair in window.pairs)
    assert all(before.second_s < after.first_s for before, after in pairwise(window.pairs))
    assert window.tokens <= window_tokens
    assert window.interval_s >= 1 / rate_hz - 1e-9
    marks_s = [pair.at_s for pair in window.pairs]
    middle_s = (window.candidate.start_s + window.candidate.end_s) / 2
    slack_s = 1e-6
    assert min(abs(mark_s - middle_s) for mark_s in marks_s) < slack_s
    within_s = window.interval_s + slack_s + 0.1
    assert all(b - a <= window.interval_s + slack_s for a, b in pairwise(marks_s))
    assert marks_s[0] - window.span.start_s <= within_s
    assert window.span.end_s - marks_s[-1] <= within_s


def test_a_short_moment_is_watched_as_often_as_the_settings_say() -> None:
    window = window_around(HOUR, Span(50.0, 52.0), SETTINGS)
    assert window.span == Span(40.0, 62.0)
    assert (window.interval_s, len(window.pairs)) == (0.5, 43)
    assert (window.size.width_px, window.size.height_px) == (640, 352)


def test_a_long_moment_is_watched_less_often_rather_than_in_part() -> None:
    window = window_around(HOUR, Span(600.0, 1_200.0), SETTINGS)
    assert window.span == Span(590.0, 1_210.0)
    assert window.interval_s > 5
    assert window.tokens <= SETTINGS.window_tokens < window.tokens + 600


def test_moments_are_taken_in_the_order_given_until_the_windows_are_used_up() -> None:
    moments = [moment(HOUR, 100.0 * k, 100.0 * k + 2) for k in (3, 1, 2, 0)]
    plan = plan_look(moments, {"hour": HOUR}, replace(SETTINGS, windows=3), 1_000)
    assert [window.candidate.start_s for window in plan.windows] == [300, 100, 200]
    assert plan.parts[3] == LeftOut("look.windows (3) allows no more")


def test_windows_and_the_text_beside_them_stay_within_the_tokens() -> None:
    moments = [moment(HOUR, 100.0 * k, 100.0 * k + 2) for k in range(1, 6)]
    one = window_around(HOUR, Span(100.0, 102.0), SETTINGS).tokens
    for budget, expected in ((2 * (one + 1_000) + 100, 2), (one + 999, 0), (SETTINGS.token_budget, 5)):
        plan = plan_look(moments, {"hour": HOUR}, replace(SETTINGS, token_budget=budget), 1_000)
        assert len(plan.windows) == expected
        assert sum(window.tokens + 1_000 for window in plan.windows) <= budget


def test_a_smaller_window_may_still_fit_where_a_larger_one_did_not() -> None:
    moments = [moment(HOUR, 100, 400), moment(HOUR, 0, 1)]
    plan = plan_look(moments, {"hour": HOUR}, replace(SETTINGS, token_budget=8_000), 1_000)
    assert [isinstance(part, LookWindow) for part in plan.parts] == [False, True]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (moment(HOUR, 5_000, 5_001), "lies outside hour.mp4, which ends at 3600.0 s"),
        (moment(replace(HOUR, id="other"), 1, 2), "video other is not among those asked about"),
        (moment(HOUR, 1, 2, "speech"), "which pictures do not show"),
        (moment(HOUR, 1, 2, "captions"), "which pictures do not show"),
    ],
)
def test_what_cannot_be_looked_at_says_why(found: Moment, reason: str) -> None:
    (part,) = plan_look([found], {"hour": HOUR}, SETTINGS, 1_000).parts
    assert isinstance(part, LeftOut)
    assert reason in part.reason


def test_a_moment_that_was_also_seen_can_be_looked_at() -> None:
    heard, seen = moment(HOUR, 1, 2, "speech"), moment(HOUR, 1, 2, "screen_text")
    assert only_heard(heard)
    assert not only_heard(replace(heard, events=heard.events + seen.events))


def test_only_the_best_of_what_scored_too_low_is_proposed() -> None:
    below = [moment(HOUR, 100.0 * k, 100.0 * k + 2, score=score) for k, score in enumerate((0.1, 0.4, 0.3, 0.4))]
    proposed = propose_windows(below, replace(SETTINGS, windows=3))
    assert [(one.span.start_s, one.score) for one in proposed] == [(100, 0.4), (300, 0.4), (200, 0.3)]
    assert propose_windows([], SETTINGS) == ()


@given(st.lists(st.sampled_from([10.5 + 0.5 * k for k in range(8)]), unique=True).map(sorted))
def test_what_was_shown_has_a_hole_where_a_look_is_missing(marks_s: list[float]) -> None:
    """Of the window from 10 to 14.4 s, with looks at 10.5, 11 ... 14, some were not decoded."""
    window = Span(10.0, 14.4)
    shown = shown_spans(window, marks_s, 0.5)
    assert all(window.start_s <= span.start_s and span.end_s <= window.end_s for span in shown)
    for k in range(8):
        mark_s = 10.5 + 0.5 * k
        assert any(mark_s in span for span in shown) is (mark_s in marks_s)
    assert any(window.start_s in span for span in shown) is (10.5 in marks_s)
    assert any(14.3 in span for span in shown) is (14.0 in marks_s)


def test_a_moment_that_was_seen_is_marked_as_such_and_always_the_same() -> None:
    one = seen_moment("hour", Span(1.0, 2.0), "the bag goes", "scripted")
    assert one == seen_moment("hour", Span(1.0, 2.0), "the bag goes", "scripted")
    assert (one.events[0].source, one.events[0].model, one.events[0].verified) == ("look", "scripted", True)


def test_a_window_that_holds_no_look_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"look\.window_tokens \(200\) is too small for one look of 640 x 352"):
        window_around(HOUR, Span(1, 2), replace(SETTINGS, window_tokens=200))
