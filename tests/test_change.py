"""Reading a scan: where things move, and when the picture has settled."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.media.change import (
    SettleSettings,
    busy_TRC,
    changed_box_px,
    changed_spans,
    settled_instants,
    settled_looks,
)
from videoindex.types import Scan, Span, Video

RATE_HZ = 4.0


def scan_of(looks: int, fired: list[tuple[int, int, int]]) -> Scan:
    """A scan of ``looks`` looks at 4 Hz in which the given (look, row, column) fire fully."""
    change_TRC = np.zeros((looks, 9, 16), np.uint8)
    change_TRC[0] = 255
    for look, row, column in fired:
        change_TRC[look, row, column] = 255
    return Scan(np.arange(looks) / RATE_HZ, change_TRC, (), ())


def video_of(looks: int) -> Video:
    return Video("v", Path("v.mp4"), Span(0.0, looks / RATE_HZ), 1280, 720, 25.0, has_audio=False)


events = st.lists(st.tuples(st.integers(1, 159), st.integers(0, 8), st.integers(0, 15)), max_size=30)


def test_movement_lasts_from_the_look_before_to_the_look_after():
    scan = scan_of(80, [(n, 3, 3) for n in range(20, 29)])
    assert changed_spans(video_of(80), scan) == [Span(19 / 4, 29 / 4)]


def test_movement_close_together_is_one_span_and_few_blocks_can_be_ignored():
    scan = scan_of(80, [(20, 3, 3), (22, 3, 3), (60, 3, 3), (60, 3, 4)])
    assert len(changed_spans(video_of(80), scan, join_gap_s=1.0)) == 2
    assert changed_spans(video_of(80), scan, min_blocks=2) == [Span(59 / 4, 61 / 4)]


def test_a_still_scan_has_no_movement_and_an_empty_one_neither():
    assert changed_spans(video_of(40), scan_of(40, [])) == []
    empty = Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())
    assert changed_spans(video_of(40), empty) == []
    assert settled_looks(empty) == []


@given(events)
def test_every_change_lies_in_a_span(fired):
    scan = scan_of(160, fired)
    spans = changed_spans(video_of(160), scan)
    assert all(before.end_s < after.start_s for before, after in pairwise(spans))
    assert all(any(look / RATE_HZ in span for span in spans) for look, _, _ in fired)


def test_a_new_slide_is_read_once_right_after_it_came():
    whole = [(40, r, c) for r in range(9) for c in range(16)]
    looks = settled_looks(scan_of(120, whole))
    assert [look.at_s for look in looks] == [0.0, 10.25]
    assert looks[1].changed_from_s == 10.0
    assert looks[1].changed_RC.all()


def test_a_fade_is_read_when_it_is_over_and_began_where_it_began():
    looks = settled_looks(scan_of(120, [(n, 4, 4) for n in range(40, 48)]))
    assert [look.at_s for look in looks] == [0.0, 12.0]
    assert looks[1].changed_from_s == 10.0
    assert np.argwhere(looks[1].changed_RC).tolist() == [[4, 4]]


def test_what_never_rests_is_read_when_patience_runs_out():
    moving = [(n, 4, 4 + n % 8) for n in range(1, 100)]
    settled = settled_instants(scan_of(100, moving), SettleSettings(patience_s=4.0, busy_window_s=1000.0))
    assert all(b - a <= 4.0 + 2 / RATE_HZ for a, b in pairwise(settled))


def test_a_clock_is_left_to_the_heartbeat_and_does_not_hide_the_rest():
    clock = [(n, 0, 15) for n in range(1, 1200, 4)]
    scan = scan_of(1200, [*clock, (600, 5, 5)])
    looks = settled_looks(scan, SettleSettings(heartbeat_s=60.0))
    assert busy_TRC(scan)[100:, 0, 15].all()
    assert not busy_TRC(scan)[:, 5, 5].any()
    assert len(looks) <= 2 + 300 / 60 + 1
    (slide,) = [look for look in looks if look.changed_RC[5, 5] and look.at_s > 0]
    assert slide.at_s == 150.25
    assert not slide.changed_RC[0, 15]
    beats = [look for look in looks[1:] if look is not slide]
    assert beats
    assert all(look.changed_RC[0, 15] for look in beats)


def test_a_film_is_not_taken_for_a_clock():
    cuts = [(n, r, c) for n in range(8, 400, 8) for r in range(9) for c in range(16)]
    motion = [(n, r, c) for n in range(1, 400) if n % 8 < 4 for r in range(8) for c in range(15)]
    settled = settled_instants(scan_of(400, [*cuts, *motion]))
    assert len(settled) >= 45


@settings(max_examples=60)
@given(events, st.sampled_from([1.0, 4.0]), st.sampled_from([5.0, 60.0]))
def test_every_change_is_read_within_patience_and_never_longer_than_a_heartbeat_apart(
    fired, patience_s, heartbeat_s
):
    # A window longer than the scan leaves no block busy.
    rules = SettleSettings(patience_s=patience_s, heartbeat_s=heartbeat_s, busy_window_s=1e6)
    scan = scan_of(160, fired)
    looks = settled_looks(scan, rules)
    times = [look.at_s for look in looks]
    assert times[0] == 0.0
    assert times == sorted(set(times))
    assert all(b - a <= heartbeat_s + 1 / RATE_HZ for a, b in pairwise(times))
    for look, row, column in fired:
        at_s = look / RATE_HZ
        reading = next(s for s in looks if s.at_s >= at_s and s.changed_RC[row, column])
        assert reading.at_s <= at_s + patience_s + 1 / RATE_HZ
        assert reading.changed_from_s <= at_s


def test_the_box_round_changed_blocks():
    changed_RC = np.zeros((9, 16), bool)
    assert changed_box_px(changed_RC, 1280, 720) is None
    changed_RC[2, 5] = changed_RC[3, 7] = True
    assert changed_box_px(changed_RC, 1280, 720) == (400, 160, 640, 320)
    changed_RC[8, 15] = True
    assert changed_box_px(changed_RC, 641, 361) == (200, 80, 641, 361)


@pytest.mark.parametrize(("name", "value"), [("changed_share", 0.0), ("busy_share", 2.0), ("patience_s", -1.0),
                                             ("heartbeat_s", float("inf")), ("quiet_s", -0.1)])  # fmt: skip
def test_a_setting_out_of_range_is_named(name, value):
    with pytest.raises(ConfigError, match=f"settle.{name}"):
        SettleSettings(**{name: value})
