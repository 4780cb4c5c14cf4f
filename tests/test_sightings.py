"""Tracks against described scenes."""

from __future__ import annotations

import pytest

from videoindex.index.records import Hit
from videoindex.query.scene import read_scene
from videoindex.query.settings import SearchSettings
from videoindex.query.sightings import canonical_text, read_sightings
from videoindex.types import Event, Span


def scores(description: str, *texts: str) -> list[float]:
    hits = [
        Hit(Event.observed("v", Span(0, 9), text, source="objects", model="m", confidence=0.8), 0.1, None, 0.0)
        for text in texts
    ]
    return [one.score for one in read_sightings(read_scene(description), hits, SearchSettings())]


def test_the_colours_asked_for_come_first_and_dark_ones_may_be_mistaken() -> None:
    right, shade, wrong_part = scores(
        "a man in a black jacket",
        "a person wearing a black top enters",
        "a person wearing a grey top enters",
        "a person wearing a white top and black trousers enters",
    )
    assert right > shade > wrong_part >= SearchSettings().confident


@pytest.mark.parametrize(
    ("description", "better", "worse"),
    [
        # The same, not told, another one: for each garment.
        ("a grey shirt and blue jeans", "a grey top and blue trousers", "a grey top"),
        ("a grey shirt and blue jeans", "a grey top", "a grey top and grey trousers"),
        ("a grey shirt and blue jeans", "a grey top and grey trousers", "a grey top and red trousers"),
        ("clothes all in black", "a black top and black trousers", "black trousers"),
        ("clothes all in black", "black trousers", "a white top and black trousers"),
        ("a dark coat", "a black top", "a blue top"),
        ("a light coat", "a white top", "a brown top"),
    ],
)
def test_a_garment_not_told_ranks_between_the_right_colour_and_another(
    description: str, better: str, worse: str
) -> None:
    first, second = scores(
        f"a man in {description}", *(f"a person wearing {worn} enters" for worn in (better, worse))
    )
    assert first > second


def test_a_track_of_no_told_colour_answers_no_question_for_a_colour() -> None:
    assert scores("a man in a red coat", "a person enters", "a person wearing black trousers enters") == []
    assert scores("a dark car", "a car enters", "a white car enters", "a blue car enters") == scores(
        "a dark car", "a blue car enters"
    )


@pytest.mark.parametrize(
    ("description", "track"),
    [
        ("a red car", "a blue car drives to the left"),
        ("two people", "a person enters"),
        ("a dog", "a cat enters"),
        ("a person enters from the left", "a person enters from the right"),
        ("a person leaves", "a person stands still"),
        ("a car drives by", "a red car is parked"),
        ("nobody", "a person enters"),
        ("a man sits", "a person stands still"),
        ("a man with a dog", "a person enters"),
    ],
)
def test_what_was_seen_otherwise_is_no_sighting(description: str, track: str) -> None:
    assert scores(description, track) == []


def test_company_must_be_there_at_the_same_time() -> None:
    assert len(scores("a man with a dog", "a person enters", "a dog enters")) == 1


def test_the_index_is_asked_in_the_words_of_events() -> None:
    assert canonical_text(read_scene("two guys")) == "people in view"
    assert canonical_text(read_scene("a lady in a navy blouse arrives")) == "person blue top enters"
    assert canonical_text(read_scene("the yard is empty")).startswith("nobody in view")


def test_a_visitor_who_fits_in_part_scores_far_below_one_who_fits() -> None:
    right, other = scores(
        "a man in a black coat", "a person wearing a black top enters", "a person wearing a grey top"
    )
    assert right > 0.9
    assert SearchSettings().confident <= other < 0.75


@pytest.mark.parametrize("text", ["a person comes by", "a person comes past", "a person passes"])
def test_coming_by_needs_no_entrance(text: str) -> None:
    assert len(scores(text, "a person wearing a black top walks to the left")) == 1
    assert scores("a person comes in", "a person wearing a black top walks to the left, leaves at the left") == []
