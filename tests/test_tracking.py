"""Tracks from made-up detections: hysteresis, standing still, occlusion, false parts, cuts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.perception.detector import Detection
from videoindex.perception.tracking import Sighting, Track, Tracker, TrackingSettings


def _box(left_px: float, score: float = 0.8, label: str = "person", width_px: float = 80) -> Detection:
    return Detection(label, score, left_px, 100, left_px + width_px, 300)


def _stirred(_: Detection) -> bool:
    return True


def _still(_: Detection) -> bool:
    return False


def _track(
    looks: list[tuple[float, list[Detection]]], moved: Callable[[Detection], bool] = _stirred
) -> list[Track]:
    tracker = Tracker()
    tracker.look(-0.25, [], _still)
    for at_s, boxes in looks:
        tracker.look(at_s, [Sighting(at_s, box) for box in boxes], moved)
    return tracker.finish()


def _walk(
    start_s: float, seconds: float, left_px: float = 0, score: float = 0.8
) -> list[tuple[float, list[Detection]]]:
    """Four looks a second at someone who walks 100 px a second to the right."""
    return [(start_s + k / 4, [_box(left_px + 25 * k, score)]) for k in range(round(seconds * 4))]


def test_one_walk_is_one_track() -> None:
    (track,) = _track(_walk(1.0, 5.0))
    assert (track.start_s, track.end_s) == (1.0, 5.75)
    assert track.label == "person"
    assert not track.open_start
    assert track.open_end


def test_a_walk_that_is_over_has_a_closed_end() -> None:
    (track,) = _track(_walk(1.0, 2.0) + [(3.0 + k / 4, []) for k in range(16)])
    assert track.end_s == 2.75
    assert not track.open_end


def test_unsure_detections_carry_a_track_on_but_make_none() -> None:
    assert _track(_walk(1.0, 5.0, score=0.5)) == []
    (track,) = _track(_walk(1.0, 1.0, 0, score=0.5) + _walk(2.0, 1.0, 100) + _walk(3.0, 1.0, 200, score=0.45))
    assert (track.start_s, track.end_s) == (1.0, 3.75)


def test_a_flash_is_no_track() -> None:
    assert _track(_walk(1.0, 0.5)) == []


def test_short_misses_are_bridged_and_long_ones_end_a_visit_when_something_moved() -> None:
    short = [*_walk(1.0, 2.0), (3.0, []), (3.5, []), *_walk(4.0, 2.0, 300)]
    (track,) = _track(short)
    assert (track.start_s, track.end_s) == (1.0, 5.75)
    long = _walk(1.0, 2.0) + [(3.0 + k / 2, []) for k in range(8)] + _walk(7.0, 2.0, 175)
    assert len(_track(long)) == 2


def test_who_stands_where_nothing_moves_is_still_there() -> None:
    tracker = Tracker()
    tracker.look(0.0, [], _still)
    for at_s, boxes in _walk(1.0, 2.0):
        tracker.look(at_s, [Sighting(at_s, box) for box in boxes], _stirred)
    for at_s in (3.0, 33.0, 63.0):
        tracker.look(at_s, [], _still)
    tracker.look(93.0, [Sighting(93.0, _box(175))], _stirred)
    (track,) = tracker.finish()
    assert (track.start_s, track.end_s) == (1.0, 93.0)


def test_what_never_moved_must_be_sure() -> None:
    def poster(score: float) -> list[tuple[float, list[Detection]]]:
        return [(k * 10.0, [_box(50, score)]) for k in range(6)]

    assert _track(poster(0.62), _still) == []
    (track,) = _track(poster(0.75), _still)
    assert not track.moved


def test_two_who_cross_stay_two() -> None:
    looks = [(k / 4, [_box(25.0 * k), _box(600 - 25.0 * k, label="person", width_px=120)]) for k in range(1, 24)]
    tracks = _track(looks)
    assert len(tracks) == 2
    assert all(track.end_s - track.start_s > 5 for track in tracks)


def test_a_part_of_someone_is_not_someone_else() -> None:
    looks = [
        (at_s, [*boxes, Detection("person", 0.9, boxes[0].left_px + 10, 120, boxes[0].left_px + 50, 160)])
        for at_s, boxes in _walk(1.0, 4.0)
    ]
    hair = [
        (at_s, [*boxes, Detection("cat", 0.7, boxes[0].left_px + 10, 105, boxes[0].left_px + 60, 150)])
        for at_s, boxes in _walk(1.0, 4.0)
    ]
    # The first look may start both; from then on the part is taken for a part.
    assert [track.label for track in _track(_walk(0.0, 1.0, -100) + looks)] == ["person"]
    assert [track.label for track in _track(_walk(0.0, 1.0, -100) + hair)] == ["person"]


def test_the_label_is_a_vote() -> None:
    looks = [(k / 4, [_box(20.0 * k, label="truck" if k % 4 == 0 else "car", width_px=160)]) for k in range(1, 17)]
    (track,) = _track(looks)
    assert track.label == "car"


def test_a_cut_ends_and_opens_scenes() -> None:
    tracker = Tracker()
    for at_s, boxes in _walk(0.0, 3.0):
        tracker.look(at_s, [Sighting(at_s, box) for box in boxes], _stirred)
    tracker.cut()
    for at_s, boxes in _walk(3.0, 3.0, 300):
        tracker.look(at_s, [Sighting(at_s, box) for box in boxes], _stirred)
    before, after = tracker.finish()
    assert before.open_end
    assert after.open_start
    assert after.start_s == 3.0


def test_looks_out_of_order_are_refused() -> None:
    tracker = Tracker()
    tracker.look(2.0, [], _still)
    with pytest.raises(ValueError, match="in order"):
        tracker.look(2.0, [], _still)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(0, 900), st.floats(0.4, 1.0), st.sampled_from(["person", "car"])), max_size=4
        ),
        max_size=25,
    )
)
def test_every_sighting_is_in_one_track_at_most_and_tracks_keep_their_law(
    looks: list[list[tuple[float, float, str]]],
) -> None:
    settings = TrackingSettings()
    tracks = _track(
        [(k / 4, [_box(x, score, label) for x, score, label in boxes]) for k, boxes in enumerate(looks)]
    )
    used = [(s.at_s, id(s)) for track in tracks for s in track.sightings]
    assert len(used) == len(set(used))
    for track in tracks:
        times = [s.at_s for s in track.sightings]
        assert times == sorted(set(times))
        assert len(times) >= settings.least_sightings
        assert max(s.box.score for s in track.sightings) >= settings.start_score


@pytest.mark.parametrize(
    "change",
    [{"start_score": 0.0}, {"continue_score": 0.7}, {"bridge_s": -1.0}, {"least_sightings": 0}],
)
def test_settings_out_of_range_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"objects\.tracking"):
        TrackingSettings(**change)  # type: ignore[arg-type]
