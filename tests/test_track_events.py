"""Sentences, spans, counts and emptiness for tracks whose paths are known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.perception.colours import Palette
from videoindex.perception.detector import Detection
from videoindex.perception.object_words import COLOURS, NOBODY
from videoindex.perception.track_events import (
    Scene,
    count_wordings,
    describe,
    nobody_wordings,
    visit_span,
    visit_wordings,
)
from videoindex.perception.tracking import Sighting, Track
from videoindex.types import Span

SCENE = Scene(Span(0.0, 100.0), 1000, 600)


def _all(word: str) -> Palette:
    return tuple(1.0 if word == colour else 0.0 for colour in COLOURS)


def _track(
    path_px: list[tuple[float, float]],
    label: str = "person",
    height_px: float = 200,
    colours: tuple[str, str] | None = None,
    *,
    open_start: bool = False,
    open_end: bool = False,
    moved: bool = True,
) -> Track:
    """Along (second, left) corners, four sightings a second; feet at 500 px."""
    (upper, lower) = (_all(colours[0]), _all(colours[1])) if colours else (None, None)
    sightings = []
    for (from_s, from_px), (to_s, to_px) in pairwise(path_px):
        steps = max(round((to_s - from_s) * 4), 1)
        for k in range(steps):
            left_px = from_px + (to_px - from_px) * k / steps
            box = Detection(label, 0.8, left_px, 500 - height_px, left_px + 80, 500)
            sightings.append(Sighting(from_s + (to_s - from_s) * k / steps, box, upper, lower))
    return Track(label, tuple(sightings), open_start, open_end, moved)


@pytest.mark.parametrize(
    ("track", "text"),
    [
        (
            _track([(10, 0), (15, 920)], colours=("black", "blue")),
            "a person wearing a black top and blue trousers enters from the left, walks to the right, "
            "leaves at the right",
        ),
        (
            _track([(10, 920), (13, 500), (30, 500), (33, 920)]),
            "a person enters from the right, stands still, leaves at the right",
        ),
        (
            _track([(10, 920), (15, 0)], "car", colours=("red", "grey")),
            "a red car enters from the right, drives to the left, leaves at the left",
        ),
        (
            _track([(0, 400), (100, 400)], "car", open_start=True, open_end=True, moved=False),
            "a car is parked",
        ),
        (
            _track([(0, 400), (60, 400)], open_start=True, open_end=True),
            "a person stands still",
        ),
        (
            _track([(0, 400), (2, 420)], open_start=True, open_end=True),
            "a person in view",
        ),
        (
            _track([(10, 0), (14, 920)], "bicycle", colours=("orange", "orange")),
            "an orange bicycle enters from the left, rides to the right, leaves at the right",
        ),
        (
            _track([(10, 0), (20, 920)], height_px=60),
            "a person enters from the left, walks to the right, leaves at the right, far away",
        ),
    ],
)
def test_sentences(track: Track, text: str) -> None:
    assert describe(track, SCENE) == text


def test_who_comes_nearer_walks_towards_the_camera() -> None:
    boxes = [Detection("person", 0.8, 450 - k, 300 - 5 * k, 500 + k, 400 + 5 * k) for k in range(40)]
    nearer = Track("person", tuple(Sighting(10 + k / 4, box) for k, box in enumerate(boxes)), True, True)
    assert "towards the camera" in describe(nearer, SCENE)
    away = Track("person", tuple(Sighting(10 + k / 4, box) for k, box in enumerate(reversed(boxes))), True, True)
    assert "away from the camera" in describe(away, SCENE)


def test_open_ends_reach_the_ends_of_the_scene_and_closed_ones_do_not() -> None:
    assert visit_span(_track([(10, 0), (15, 900)]), SCENE) == Span(10, 15)
    assert visit_span(_track([(10, 0), (15, 900)], open_end=True), SCENE) == Span(10, 100)
    assert visit_span(_track([(10, 0), (15, 900)], open_start=True), SCENE) == Span(0, 15)


def test_counts_where_visits_overlap() -> None:
    tracks = [_track([(10, 0), (30, 900)]), _track([(20, 0), (40, 900)]), _track([(25, 0), (35, 900)], "dog")]
    (two,) = count_wordings(tracks, SCENE)
    assert (two.text, two.span) == ("two people in view", Span(20, 30))
    crowd = [_track([(k, 0), (50 + k, 900)]) for k in range(12)]
    texts = [wording.text for wording in count_wordings(crowd, SCENE)]
    assert "nine people in view" in texts
    assert "12 people in view" in texts


def test_nobody_is_the_complement_of_people_and_of_what_was_not_seen() -> None:
    assert [w.span for w in nobody_wordings([], SCENE)] == [SCENE.span]
    assert [w.span for w in nobody_wordings([_track([(10, 0), (30, 900)], "car")], SCENE)] == [SCENE.span]
    empty = nobody_wordings([_track([(10, 0), (30, 900)])], SCENE, unseen=[Span(50, 60)])
    assert [w.span for w in empty] == [Span(0, 10), Span(30, 50), Span(60, 100)]
    assert {w.text for w in empty} == {NOBODY}


def test_trousers_need_legs_to_be_seen() -> None:
    path_px: list[tuple[float, float]] = [(10, 0), (15, 920)]
    slender = describe(_track(path_px, colours=("red", "red")), SCENE)
    assert "a red top and red trousers" in slender
    stout = describe(_track(path_px, colours=("red", "red"), height_px=140), SCENE)
    assert "wearing a red top enters" in stout
    assert "blue trousers" in describe(_track(path_px, colours=("red", "blue"), height_px=140), SCENE)
    seldom = _track(path_px, colours=("red", "blue"))
    hidden = [replace(sighting, lower=None) for sighting in seldom.sightings[:12]]
    seldom = replace(seldom, sightings=(*hidden, *seldom.sightings[12:]))
    assert "trousers" not in describe(seldom, SCENE)


visits = st.lists(st.tuples(st.integers(0, 80), st.integers(2, 19)), min_size=1, max_size=6)


@settings(deadline=None)
@given(visits)
def test_presence_and_emptiness_tile_the_scene(starts: list[tuple[int, int]]) -> None:
    tracks = [_track([(start_s, 0), (start_s + long_s, 900)]) for start_s, long_s in starts]
    visited = [wording.span for wording in visit_wordings(tracks, SCENE)]
    empty = [wording.span for wording in nobody_wordings(tracks, SCENE)]
    counted = [wording.span for wording in count_wordings(tracks, SCENE)]
    for span in (*visited, *empty, *counted):
        assert SCENE.span.start_s <= span.start_s < span.end_s <= SCENE.span.end_s
    for second in range(100):
        at_s = second + 0.5
        present = sum(at_s in span for span in visited)
        assert (present > 0) != any(at_s in span for span in empty)
        assert (present > 1) == any(at_s in span for span in counted)
