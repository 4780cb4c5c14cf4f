"""What stands around the thing asked for, and which of its moments are wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.question_frames import Which, read_frame


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("When does a red car arrive?", "a red car arrive"),
        ("At which point do we hear that whales sing", "whales sing"),
        ("Show me all moments when clouds are mentioned", "clouds are mentioned"),
        ("first mention of clouds", "clouds"),
        ("every occurrence of the spoken word whale", "the spoken word whale"),
        ("Could you please tell me when a dog appears?", "a dog appears"),
        ("How many visits by a postman are there", "a postman are there"),
        ("is there ever a dog", "a dog"),
        ("when do we see a dog for the first time", "a dog"),
        ("on how many occasions is a dog seen", "a dog seen"),
        ("what's the time when a dog turns up", "a dog appears"),
        ("When do we first get to see a dog?", "a dog"),
        ("How many separate visits does a dog make?", "a dog"),
        ("Whenever a dog is seen", "a dog is seen"),
        ("When did the first visit of a dog begin?", "a dog"),
        ("When is list first mentioned?", "list mentioned"),
        ("list the dogs", "the dogs"),
    ],
)
def test_frames_are_taken_off(text: str, bare: str) -> None:
    assert read_frame(text).bare == bare


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("When is a dog first seen?", Which.FIRST),
        ("the earliest moment that shows a dog", Which.FIRST),
        ("When does she bring up whales for the first time?", Which.FIRST),
        ("What is said first", Which.FIRST),
        ("When was a dog last seen", Which.LAST),
        ("final mention of whales", Which.LAST),
        ("When do we first get to see a dog?", Which.FIRST),
        ("Whenever a dog is seen", Which.EVERY),
        ("Where does she mention whales? All places, please.", Which.EVERY),
        ("In which places are whales talked about?", Which.EVERY),
        ("Every sentence with the word whale in it", Which.EVERY),
        ("what is the number of mentions of whales?", Which.COUNT),
        ("How often does the word whale come up?", Which.COUNT),
        ("find the sentence: they mark each of them", Which.BEST),
        ("when did a dog pass most recently", Which.LAST),
        ("At what times does a dog pass?", Which.EVERY),
        ("When does a dog pass? List all.", Which.EVERY),
        ("each occasion when a dog is seen", Which.EVERY),
        ("count the times a dog passes", Which.COUNT),
        ("on how many occasions does he cough", Which.COUNT),
        ("when does a dog pass", Which.BEST),
    ],
)
def test_which_moments_are_wanted(text: str, which: Which) -> None:
    assert read_frame(text).which is which


@pytest.mark.parametrize(
    "text",
    [
        "When does she say that the first source is the sun?",
        "he says every document has terms",
        "the speaker mentions the last of the Mohicans",
        "a person walks to the left",
    ],
)
def test_what_is_reported_chooses_nothing(text: str) -> None:
    frame = read_frame(text)
    assert frame.which is Which.BEST
    assert text.rstrip("?").endswith(frame.bare.split(maxsplit=2)[-1])


def test_ordinals_in_what_is_reported_stay() -> None:
    frame = read_frame("the first time he says the first source is the sun")
    assert frame.which is Which.FIRST
    assert frame.bare == "he says the first source is the sun"


@pytest.mark.parametrize(
    ("text", "nth"),
    [("the second time a dog passes", 2), ("when is it mentioned for the 3rd time", 3), ("the first time", 1)],
)
def test_the_nth_time(text: str, nth: int) -> None:
    frame = read_frame(text)
    assert (frame.which, frame.nth) == (Which.FIRST, nth)


@pytest.mark.parametrize(
    "text",
    [
        "How long does a dog stay?",
        "for how many seconds is a dog in view",
        "how much time does a dog spend there",
        "what is the duration of a dog",
        "the length of a dog",
    ],
)
def test_lengths_are_asked_for(text: str) -> None:
    frame = read_frame(text)
    assert frame.is_how_long
    assert frame.which is Which.EVERY
    assert "dog" in frame.bare
    assert not {"stay", "spend", "long", "seconds"} & set(frame.bare.split())


@pytest.mark.parametrize("text", ["how long ago was it", "when does she say how long it takes", "how many dogs"])
def test_other_questions_are_not_about_lengths(text: str) -> None:
    assert not read_frame(text).is_how_long


def test_open_questions_begin_like_one() -> None:
    assert read_frame("what is said").starts_open
    assert read_frame("Can you tell me which slide is shown?").starts_open
    assert not read_frame("the logo").starts_open


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    frame = read_frame(text)
    assert frame.nth >= 1
    assert frame.bare or not any(letter.isalnum() for letter in frame.cued)
