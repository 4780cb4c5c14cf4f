"""What a question is taken to mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.query.understand import Which, understand


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ('the title "Launching rockets"', ("Launching rockets",)),
        ("she says “it's over” twice", ("it's over",)),
        ("the sign 'no entry'", ("no entry",)),
        ("it's Anna's turn", ()),
        ("a key labelled command", ("command",)),
        ('a key labelled "shift"', ("shift",)),
        ("an empty quotation \"\" and '...'", ()),
    ],
)
def test_quoted_phrases(text: str, quotes: tuple[str, ...]) -> None:
    assert understand(text).quotes == quotes


@pytest.mark.parametrize(
    ("text", "asked", "not_asked"),
    [
        ("the narrator mentions whales", "speech", "screen_text"),
        ("he asks who is there", "captions", "objects"),
        ("the slide about whales", "screen_text", "speech"),
        ("whales are written on the screen", "screen_text", "speech"),
        ("the subtitles mention whales", "captions", "objects"),
    ],
)
def test_cue_words_choose_the_observers(text: str, asked: str, not_asked: str) -> None:
    sources = understand(text).sources
    assert asked in sources
    assert not_asked not in sources


@pytest.mark.parametrize(
    "text", ["whales", "a whale jumps out of the water", "the left half of the screen is dark"]
)
def test_without_a_cue_every_observer_is_asked(text: str) -> None:
    assert understand(text).sources == ()


def test_cues_and_frames_are_no_content() -> None:
    assert understand("At what second does the narrator mention whales?").content == ("whales",)
    assert understand("show me the slide about whale songs").content == ("whale", "songs")
    assert understand("How many times do they say hello?").content == ("hello",)


def test_a_cue_is_content_where_there_is_nothing_else() -> None:
    assert understand("the logo").content == ("logo",)


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("when does a car arrive", Which.BEST),
        ("the first time a car arrives", Which.FIRST),
        ("when is the first car seen", Which.FIRST),
        ("the last person to leave", Which.LAST),
        ("every time a car arrives", Which.EVERY),
        ("all moments in which a dog is seen", Which.EVERY),
        ("how often does a car arrive", Which.COUNT),
        ("how many people come in", Which.COUNT),
    ],
)
def test_which_moments_are_wanted(text: str, which: Which) -> None:
    assert understand(text).which is which


def test_the_frame_around_a_scene_is_taken_off() -> None:
    plain = understand("a red car arrives").scene
    for asked in (
        "when does a red car arrive?",
        "show me every time a red car arrives",
        "how often does a red car arrive",
        "at what second does a red car arrive",
        "is there a moment when a red car arrives?",
    ):
        scene = understand(asked).scene
        assert (scene.wanted, scene.motions, scene.unverifiable) == (plain.wanted, plain.motions, ()), asked


@pytest.mark.parametrize("text", ["a bridge collapses", "two dogs", "a close-up of a hand", "someone waves"])
def test_a_described_picture_is_told_from_a_topic(text: str) -> None:
    assert understand(text).pictured
    assert not understand("gradient descent").pictured
    assert not understand(f'the text "{text}"').pictured


@pytest.mark.parametrize("text", ["", "   ", "?!", '""', "when is it", "the"])
def test_a_question_without_a_word_to_search_for_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"no word to search for|every recording is full of"):
        understand(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        question = understand(text)
    except UsageError:
        return
    assert question.search_text.strip()
    assert question.content or question.quotes or question.scene.about_objects
