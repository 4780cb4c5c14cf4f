"""Visits: tracks joined over an occlusion, and ends that follow the movement to the border."""

from __future__ import annotations

import pytest

from videoindex.perception.detector import Crop, Detection
from videoindex.perception.tracking import Sighting, Track
from videoindex.perception.visits import Stir, join_tracks, reach_out

SIZE_PX = (1000, 600)


def _track(start_s: float, end_s: float, left_px: float, speed_px_s: float = 0.0, label: str = "person") -> Track:
    sightings = []
    for k in range(round((end_s - start_s) * 4) + 1):
        x = left_px + speed_px_s * k / 4
        sightings.append(Sighting(start_s + k / 4, Detection(label, 0.8, x, 200, x + 100, 500)))
    return Track(label, tuple(sightings))


def test_an_occlusion_is_bridged() -> None:
    (whole,) = join_tracks([_track(1, 4, 300, 50), _track(6, 9, 500, 50)], 5.0, SIZE_PX)
    assert (whole.start_s, whole.end_s) == (1, 9)


@pytest.mark.parametrize(
    "later",
    [
        _track(12, 14, 500),  # too late
        _track(6, 9, 800),  # too far away
        _track(6, 9, 500, label="dog"),  # something else
        _track(3, 9, 500),  # at the same time
        _track(6, 9, 890),  # comes in at the right
    ],
)
def test_others_stay_apart(later: Track) -> None:
    assert len(join_tracks([_track(1, 4, 300, 50), later], 5.0, SIZE_PX)) == 2


def test_who_left_at_the_side_and_the_next_one_stay_apart() -> None:
    assert len(join_tracks([_track(1, 4, 750, 50), _track(6, 9, 800)], 5.0, SIZE_PX)) == 2


def _stir(at_s: float, left_px: int, right_px: int) -> Stir:
    return Stir(at_s - 0.25, at_s, (Crop(left_px, 200, right_px, 500),))


def test_ends_follow_the_movement_to_the_border() -> None:
    stirs = [
        Stir(8.75, 9.0, ()),
        *(_stir(9.25 + k / 4, 0, 20 + 50 * k) for k in range(4)),
        Stir(14.0, 14.25, (Crop(780, 200, 990, 500),)),
        Stir(14.25, 14.5, (Crop(900, 200, 1000, 500),)),
        Stir(14.5, 14.75, ()),
    ]
    track = reach_out(_track(10.0, 14.0, 60, 180), stirs, SIZE_PX)
    assert (track.start_s, track.end_s) == (9.25, 14.5)
    assert (track.came_at, track.went_at) == ("left", "right")


def test_movement_elsewhere_and_long_ago_does_not_count() -> None:
    far = [_stir(9.25 + k / 4, 700, 800) for k in range(4)]
    assert reach_out(_track(10.0, 14.0, 60), far, SIZE_PX).start_s == 10.0
    always = [_stir(k / 4, 50, 150) for k in range(1, 100)]
    track = reach_out(_track(10.0, 14.0, 60), always, SIZE_PX)
    assert 8.5 <= track.start_s <= 10.0
    assert 14.0 <= track.end_s <= 15.5


def test_open_ends_stay() -> None:
    whole = Track("person", _track(10.0, 14.0, 60).sightings, open_start=True, open_end=True)
    track = reach_out(whole, [_stir(k / 4, 50, 150) for k in range(1, 100)], SIZE_PX)
    assert (track.start_s, track.end_s) == (10.0, 14.0)
