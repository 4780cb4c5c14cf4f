"""Words that say who can know."""

from __future__ import annotations

import pytest

from videoindex.query.question_cues import content_text, content_words, describes_picture, sources_of


@pytest.mark.parametrize(
    ("line", "sources"),
    [
        ("he mentions the error message", ("speech", "captions")),
        ("field mentioned", ("speech", "captions")),
        ("the hives stood beside a field of clover", ()),
        ("the error message is displayed", ("screen_text", "qwen")),
        ("a sign that says closed", ("speech", "captions", "screen_text", "qwen")),
        ("the slide about whales", ("screen_text", "qwen")),
        ("the subtitles mention whales", ("speech", "captions", "screen_text", "qwen")),
        ("the left half of the screen is dark", ()),
        ("the screen shows whales", ("screen_text", "qwen")),
        ("a man reads a newspaper", ()),
        ("the sentence where we put questions written by hand", ()),
        ("whales", ()),
    ],
)
def test_cues_point_at_observers(line: str, sources: tuple[str, ...]) -> None:
    assert set(sources_of(line.split())) >= set(sources)
    assert bool(sources_of(line.split())) == bool(sources)
    assert ("screen_text" in sources_of(line.split())) == ("screen_text" in sources)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("the speaker mentions the error message", ["error", "message"]),
        ("somebody says written", ["written"]),
        ("the slide about whales is shown", ["whales"]),
        ("field mentioned", ["field"]),
        ("a man reads a newspaper", ["reads", "newspaper"]),
    ],
)
def test_what_was_said_keeps_its_own_words(line: str, words: list[str]) -> None:
    assert content_words(line.split(), sources_of(line.split())) == words


def test_the_text_to_embed_has_no_cues_and_no_leading_grammar() -> None:
    assert content_text("the slide about whale songs", ("screen_text",)) == ["whale", "songs"]
    assert content_text("the speaker mentions the error", ("speech",)) == ["error"]
    assert content_text("says", ("speech",)) == ["says"]


def test_pictures_are_told_from_topics() -> None:
    assert describes_picture(["a", "bridge"])
    assert describes_picture(["whales", "shown"])
    assert not describes_picture(["gradient", "descent"])
    assert not describes_picture([])
