"""When to look, for scans whose movement is planted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.perception.look_plan import LookSettings, plan_looks, plan_pieces
from videoindex.types import Scan, Span


def _scan(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    times_T = np.arange(round(seconds * 4)) / 4
    change_TRC = np.zeros((len(times_T), 9, 16), np.uint8)
    change_TRC[0] = 255
    return times_T, change_TRC


def _looks(times_T: np.ndarray, change_TRC: np.ndarray) -> np.ndarray:
    return np.asarray(plan_looks(Scan(times_T, change_TRC, (), ())))


def _between(looks: np.ndarray, start_s: float, end_s: float) -> int:
    return int(((looks >= start_s) & (looks < end_s)).sum())


def test_a_walker_is_watched_closely_and_an_empty_scene_seldom() -> None:
    times_T, change_TRC = _scan(600)
    for k in range(40):  # crosses the picture from 300 to 310 s
        change_TRC[1200 + k, 4:7, min(k * 16 // 40, 15)] = 100
    looks = _looks(times_T, change_TRC)
    assert _between(looks, 300, 310) == 40
    assert _between(looks, 10, 290) <= 5
    assert np.diff(looks).max() <= 60.5
    assert looks[0] == 0.0


def test_a_slide_lecture_costs_about_one_look_a_slide() -> None:
    times_T, change_TRC = _scan(3600)
    change_TRC[np.arange(160, 14400, 160)] = 200  # a slide every 40 s
    looks = _looks(times_T, change_TRC)
    assert len(looks) <= 2.2 * 90 + 10
    for flip_s in range(40, 3600, 40):
        assert _between(looks, flip_s, flip_s + 1.0) >= 1


def test_a_speaker_in_the_corner_is_looked_at_every_few_seconds() -> None:
    times_T, change_TRC = _scan(1200)
    change_TRC[1:, 6:9, 13:16] = 120
    looks = _looks(times_T, change_TRC)
    assert _between(looks, 100, 1100) <= 1000 / 5 + 5


def test_someone_at_a_table_is_looked_at_twice_a_second() -> None:
    times_T, change_TRC = _scan(300)
    change_TRC[400:480:2, 4:7, 7:9] = 60  # small movements from 100 to 120 s
    looks = _looks(times_T, change_TRC)
    assert 38 <= _between(looks, 100, 120) <= 60


def test_looks_go_on_after_the_last_movement() -> None:
    times_T, change_TRC = _scan(200)
    change_TRC[400:440, 4:7, 7:9] = 60  # from 100 to 110 s in one place, so that it is not new for long
    looks = _looks(times_T, change_TRC)
    assert _between(looks, 110, 113.5) >= 6
    assert _between(looks, 114, 160) <= 1


def test_an_empty_scan_has_no_looks() -> None:
    assert plan_looks(Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())) == ()


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=60, unique=True),
    st.integers(2, 20),
)
def test_pieces_tile_the_span_and_keep_every_look(ticks: list[int], most_looks: int) -> None:
    looks = tuple(tick / 4 for tick in sorted(ticks))
    whole = Span(0.0, 101.0)
    pieces = plan_pieces(looks, whole, most_looks)
    assert pieces[0][0].start_s == whole.start_s
    assert pieces[-1][0].end_s == whole.end_s
    for (before, _), (after, _) in pairwise(pieces):
        assert before.end_s == after.start_s
    assert tuple(at_s for _, inside in pieces for at_s in inside) == looks
    for span, inside in pieces:
        assert len(inside) <= most_looks
        assert all(at_s in span for at_s in inside)


def test_pieces_are_cut_where_nothing_moves() -> None:
    looks = (*(k / 4 for k in range(60)), *(100 + k / 4 for k in range(60)))
    first, second = plan_pieces(looks, Span(0.0, 120.0), 80)
    assert first[0].end_s == pytest.approx((14.75 + 100) / 2)
    assert len(first[1]) == len(second[1]) == 60


@pytest.mark.parametrize(
    "change",
    [{"changed_share": 0.0}, {"busy_share": 1.5}, {"heartbeat_s": 0.0}, {"flip_s": -1.0}, {"most_looks": 1}],
)
def test_settings_out_of_range_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"objects\.looks"):
        LookSettings(**change)  # type: ignore[arg-type]
