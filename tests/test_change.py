"""Reading a scan: what changes almost all the time is told from what changes now and then."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.media.change import busy_TRC
from videoindex.types import Scan

RATE_HZ = 4.0
SHARE = 0.2
WHOLE = [(r, c) for r in range(9) for c in range(16)]


def scan_of(looks: int, fired: list[tuple[int, int, int]], level: int = 255) -> Scan:
    """A scan of ``looks`` looks at 4 Hz in which the given (look, row, column) changed by ``level`` of 255."""
    change_TRC = np.zeros((looks, 9, 16), np.uint8)
    change_TRC[:1] = 255
    for look, row, column in fired:
        change_TRC[look, row, column] = level
    return Scan(np.arange(looks) / RATE_HZ, change_TRC, (), ())


def test_a_clock_is_busy_and_what_changes_once_beside_it_is_not():
    clock = [(n, 0, 15) for n in range(1, 1200, 4)]
    busy = busy_TRC(scan_of(1200, [*clock, (600, 5, 5)]), SHARE)
    assert busy[:, 0, 15].all()
    assert busy.sum() == 1200


def test_a_clock_is_busy_only_while_it_runs_and_half_a_minute_to_both_sides():
    clock = [(n, 0, 15) for n in range(1000, 2000)]
    times_s = np.flatnonzero(busy_TRC(scan_of(3000, clock), 1e-6)[:, 0, 15]) / RATE_HZ
    assert (times_s[0], times_s[-1]) == (250.0 - 30.0, 499.75 + 30.0)


def test_the_shares_set_how_often_and_how_much():
    every_fourth = [(n, 4, 4) for n in range(1, 1200, 4)]
    assert not busy_TRC(scan_of(1200, every_fourth), 0.3).any()
    faint = scan_of(1200, every_fourth, level=10)
    assert busy_TRC(faint, SHARE, changed_share=0.03)[:, 4, 4].all()
    assert not busy_TRC(faint, SHARE, changed_share=0.05).any()


def test_cuts_make_no_block_busy_however_many():
    cuts = [(n, r, c) for n in range(2, 400, 2) for r, c in WHOLE]
    assert not busy_TRC(scan_of(400, cuts), SHARE).any()


def test_nothing_is_busy_in_less_than_half_a_minute():
    clock = [(n, 0, 15) for n in range(1, 120)]
    assert not busy_TRC(scan_of(120, clock), SHARE).any()  # 29.75 s
    assert busy_TRC(scan_of(121, clock), SHARE).any()
    assert busy_TRC(scan_of(0, []), SHARE).shape == (0, 9, 16)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 399), st.integers(0, 8), st.integers(0, 15)), max_size=200))
def test_a_busy_block_changed_within_the_minute_around_it(fired):
    scan = scan_of(400, fired)
    busy = busy_TRC(scan, 0.02)
    for look, row, column in np.argwhere(busy):
        near = scan.change_TRC[max(0, look - 120) : look + 121, row, column]
        assert (near > 0).mean() >= 0.02
