"""What a question is taken to mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord
from videoindex.query.relation_words import Edge, Relation
from videoindex.query.understand import Which, understand
from videoindex.types import Span, Video

NOW = datetime(2026, 3, 18, tzinfo=UTC)
TALK = Video("talk", Path("/v/talk.mp4"), Span(0.0, 600.0), 640, 360, 25.0, True)
RECORDS = [VideoRecord(TALK, "yard", "key", NOW)]


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


@pytest.mark.parametrize("text", ["what is said", "which slide is shown", "what happens", "what is on the screen"])
def test_an_open_question_needs_a_time_or_another_event(text: str) -> None:
    with pytest.raises(UsageError, match=r"a time \(between 0:30 and 1:00\), or another event"):
        understand(text)
    assert understand(f"{text} between 0:30 and 1:00", RECORDS, NOW).is_open
    assert understand(f'{text} after he says "goodbye"').is_open
    assert understand(f"{text} in talk.mp4", RECORDS, NOW).is_open


def test_the_first_slide_is_an_open_question_too() -> None:
    question = understand("what is the first slide")
    assert (question.is_open, question.is_title, question.which) == (True, True, Which.FIRST)


def test_times_and_names_are_taken_out_of_the_words() -> None:
    question = understand("in talk.mp4, when does he mention whales after minute 2?", RECORDS, NOW)
    assert question.content == ("whales",)
    assert question.video_ids == ("talk",)
    assert [phrase.words for phrase in question.times] == ["after minute 2"]
    assert understand("a dog on the yard camera", RECORDS, NOW).cameras == ("yard",)
    assert understand("whales between 10 and 11", RECORDS, NOW).content == ("whales", "between", "10", "11")


def test_times_inside_quotations_and_reports_are_words() -> None:
    assert understand('he says "after 9:30"', RECORDS, NOW).times == ()
    assert understand("she says that we meet after 9:30", RECORDS, NOW).times == ()


def test_a_relation_has_its_anchor() -> None:
    question = understand('when does a man leave after the slide "Whales" appears and before the dog comes in?')
    assert question.relation is Relation.BETWEEN
    first, second = question.anchors
    assert (first.question.quotes, first.edge) == (("Whales",), Edge.START)
    assert (second.question.scene.wanted[0].classes, second.edge) == (("dog",), Edge.START)
    assert question.scene.wanted[0].classes == ("person",)
    assert question.wants_end


def test_each_anchor_keeps_its_own_quotation() -> None:
    question = understand('what is said between the slide "One" and the slide "Two"')
    assert [anchor.question.quotes for anchor in question.anchors] == [("One",), ("Two",)]


def test_relation_words_that_are_not_understood_are_kept_and_named() -> None:
    question = understand("a dog between the trees")
    assert (question.relation, question.unread) == (None, ("between",))
    assert understand("peace after the war").unread == ()


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("when does the man leave", True),
        ("when does the slide about whales disappear", True),
        ("a man comes in and leaves", False),
        ("how long until the man leaves", True),
        ("when does she say that he leaves", False),
    ],
)
def test_the_end_is_wanted_of_what_leaves(text: str, wants: bool) -> None:
    assert understand(text).wants_end is wants


def test_numbers_in_words_are_looked_for_as_digits() -> None:
    assert understand("he mentions three hundred whales").content == ("300", "whales")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        question = understand(text)
    except UsageError:
        return
    assert question.search_text.strip()
    assert question.content or question.quotes or question.scene.about_objects or question.is_open
