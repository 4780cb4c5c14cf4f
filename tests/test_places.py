"""Recordings and cameras that a question names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord
from videoindex.query.places import find_places
from videoindex.types import Span, Video


def record(path: str, camera: str | None = None) -> VideoRecord:
    video = Video(path, Path("/v") / path, Span(0.0, 60.0), 640, 360, 25.0, True)
    return VideoRecord(video, camera, "key", datetime(2026, 1, 1, tzinfo=UTC))


RECORDS = [
    record("lecture_2.mp4"),
    record("lecture.mkv"),
    record("my holiday film.mp4"),
    record("a/take.mov"),
    record("b/take.mov"),
    record("front.mp4", "yard"),
    record("back.mp4", "cam 03"),
]


def left(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The words left, and the recordings and cameras named."""
    places = find_places(text, RECORDS)
    rest = text
    for place in reversed(places):
        rest = f"{rest[: place.begin]} {rest[place.end :]}"
    ids = tuple(video_id for place in places for video_id in place.video_ids)
    return " ".join(rest.split()), ids, tuple(place.camera for place in places if place.camera)


@pytest.mark.parametrize(
    ("text", "rest", "ids"),
    [
        ("the slide in lecture_2.mp4", "the slide", ("lecture_2.mp4",)),
        ("in the video lecture_2, when is a slide shown", ", when is a slide shown", ("lecture_2.mp4",)),
        ("in Lecture.MKV the slide", "the slide", ("lecture.mkv",)),
        ("when do we swim in my holiday film.mp4?", "when do we swim ?", ("my holiday film.mp4",)),
        ("a dog in take.mov", "a dog", ("a/take.mov", "b/take.mov")),
        ("in the video lecture a slide", "a slide", ("lecture.mkv",)),
    ],
)
def test_recordings_by_name(text: str, rest: str, ids: tuple[str, ...]) -> None:
    assert left(text) == (rest, ids, ())


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a dog on the yard camera", "a dog"),
        ("on camera yard, a dog", ", a dog"),
        ("when did the yard camera see a dog", "when did see a dog"),
        ("on the camera called yard, a dog", ", a dog"),
    ],
)
def test_cameras_by_name(text: str, rest: str) -> None:
    assert left(text) == (rest, (), ("yard",))


def test_a_camera_whose_name_says_that_it_is_one() -> None:
    assert left("a dog on cam 03") == ("a dog", (), ("cam 03",))


@pytest.mark.parametrize(
    "text", ["a dog in the yard", "caught on camera", "in the lecture he says", "the front camera", "a take of it"]
)
def test_ordinary_words_are_no_names(text: str) -> None:
    assert find_places(text, RECORDS) == []


def test_a_file_that_is_not_indexed_is_refused_but_one_on_the_screen_is_not() -> None:
    with pytest.raises(UsageError, match=r"other\.mp4 is not indexed"):
        find_places("a dog in other.mp4", RECORDS)
    assert find_places("the command ffmpeg -i other.mp4 is typed", RECORDS) == []
    assert find_places("a dog in other.mp4", []) == []


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    try:
        found = find_places(text, RECORDS)
    except UsageError:
        return
    assert all(0 <= one.begin < one.end <= len(text) for one in found)
