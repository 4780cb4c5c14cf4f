"""Where streams begin and end and how their frames are spaced, from packets alone."""

from __future__ import annotations

from pathlib import Path

import planted
import pytest

from videoindex.media import timing
from videoindex.media.containers import open_container, picture_stream
from videoindex.media.timing import is_variable, time_stream


@pytest.mark.parametrize(
    ("intervals_s", "variable"),
    [
        ([0.04] * 100, False),
        ([0.033, 0.034, 0.033] * 30, False),
        ([0.04] * 60 + [7.0] + [0.04] * 60, False),
        ([0.04, 0.08] * 30, True),
        ([0.04], False),
        ([], False),
    ],
)
def test_tells_rounding_and_lone_holes_from_a_variable_rate(intervals_s: list[float], variable: bool) -> None:
    assert is_variable(intervals_s) is variable


@pytest.mark.parametrize("whole_bytes", [128 << 20, 0])
def test_a_large_file_read_in_stretches_is_timed_as_one_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole_bytes: int
) -> None:
    monkeypatch.setattr(timing, "_WHOLE_BYTES", whole_bytes)
    monkeypatch.setattr(timing, "_START_PACKETS", 60)
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 400, start_s=2.0))
    with open_container(film.path) as container:
        picture = picture_stream(container)
        assert picture is not None
        found = time_stream(container, picture, film.path.stat().st_size, is_by_order=False)
    assert found is not None
    assert (found.start_s, found.end_s) == pytest.approx((2.0, 18.0), abs=0.002)
    assert found.average_fps == pytest.approx(25.0, rel=0.01)
    assert not found.is_variable_rate
    assert found.damage == ()
