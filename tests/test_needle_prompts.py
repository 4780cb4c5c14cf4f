"""The question about a needle, and its answer."""

from __future__ import annotations

import json

import pytest

from videoindex.evaluation.needle_prompts import NEEDLE_SCHEMA, SaidNeedle, needle_question, read_needle
from videoindex.perception.vlm.answers import UnfitError
from videoindex.perception.vlm.base import Reply
from videoindex.types import Span


def read(**said: object) -> SaidNeedle:
    return read_needle(Reply(json.dumps(said)), 1.0)


def test_the_question_states_what_is_shown_and_offers_the_options() -> None:
    asked = needle_question("Which colour is the card?", Span(10, 20), Span(0, 60), ("red", "blue"))
    assert "from 0.0 to 60.0 seconds" in asked
    assert "from 10.0 to 20.0 seconds" in asked
    assert asked.endswith("Choose one of these: red | blue.")


def test_an_answer_is_read_with_its_time() -> None:
    assert read(seen=True, start=12.5, end=14.5, answer="red") == SaidNeedle(True, Span(12.5, 14.5), "red")


def test_one_look_lasts_until_the_next() -> None:
    assert read(seen=True, start=12.5, end=12.5, answer="red").span == Span(12.5, 13.5)
    assert read(seen=True, start=12.5, end=None, answer="red").span == Span(12.5, 13.5)


def test_what_was_not_seen_has_no_time() -> None:
    assert read(seen=False, start=3, end=4, answer="") == SaidNeedle(False, None, "")
    assert read(seen=True, start=None, end=None, answer=3) == SaidNeedle(True, None, "3")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"start": 1, "end": 2}, "neither true nor false"),
        ({"seen": "yes"}, "neither true nor false"),
        ({"seen": True, "start": 5, "end": 2, "answer": ""}, "comes before"),
        ({"seen": True, "start": "soon", "end": 2, "answer": ""}, "no number of seconds"),
        ({"seen": True, "start": -1, "end": 2, "answer": ""}, "no number of seconds"),
        ({"seen": True, "start": True, "end": 2, "answer": ""}, "no number of seconds"),
        ({"seen": True, "start": 1, "end": 2, "answer": []}, '"answer" is no text'),
    ],
)
def test_answers_that_depart_from_their_form_are_refused(said: dict[str, object], why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        read(**said)


def test_no_object_is_no_answer() -> None:
    with pytest.raises(UnfitError):
        read_needle(Reply("[1, 2]"), 1.0)
    with pytest.raises(UnfitError):
        read_needle(Reply("I cannot see it."), 1.0)


def test_the_schema_is_the_form() -> None:
    import jsonschema

    schema = json.loads(NEEDLE_SCHEMA)
    jsonschema.validate({"seen": False, "start": None, "end": None, "answer": ""}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"seen": False}, schema)
