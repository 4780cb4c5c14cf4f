"""What a model may write, and how it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from videoindex.perception.qwen_answer import SaidBox, SaidEvent, read_events
from videoindex.perception.vlm.answers import UnfitError
from videoindex.perception.vlm.base import Reply

EVENT = {
    "start": 12.5,
    "end": 14.5,
    "what": "a  dog\nbarks",
    "text": "WOOF",
    "boxes": [{"at": 13.5, "label": "dog", "bbox_2d": [0, 250, 500, 1000]}],
    "confidence": 0.9,
}


def read(*events: object) -> tuple[SaidEvent, ...]:
    return read_events(Reply(json.dumps({"events": list(events)})))


def changed(**fields: Any) -> dict[str, Any]:
    return {**EVENT, **fields}


def test_an_event_is_read_whole() -> None:
    box = SaidBox(13.5, 0.0, 0.25, 0.5, 1.0)
    assert read(EVENT) == (SaidEvent(12.5, 14.5, "a dog barks", "WOOF", (box,), 0.9),)


def test_nothing_seen_is_an_answer() -> None:
    assert read() == ()


def test_the_bare_list_of_the_authors_prompt_is_read_too() -> None:
    said = [{"start": "0:12.50", "end": "00:14.5", "what": "a dog barks"}]
    (event,) = read_events(Reply(f"```json\n{json.dumps(said)}\n```"))
    assert (event.start_s, event.end_s, event.text, event.boxes) == (12.5, 14.5, "", ())


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (7, 7.0),
        ("7", 7.0),
        ("7.25 seconds", 7.25),
        ("<7.5 seconds>", 7.5),
        ("02:03.25", 123.25),
        ("1:02:03", 3723.0),
        ("75:00", 4500.0),
    ],
)
def test_times_are_seconds_or_a_clock(written: object, seconds: float) -> None:
    (event,) = read(changed(start=written, end=5000))
    assert event.start_s == seconds


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"start": "soon"}, r"events\[0\]\.start"),
        ({"start": None}, r"events\[0\]\.start"),
        ({"end": True}, r"events\[0\]\.end"),
        ({"end": [1]}, r"events\[0\]\.end"),
        ({"what": ""}, r"events\[0\]\.what is empty"),
        ({"what": 3}, r"events\[0\]\.what"),
        ({"text": ["a"]}, r"events\[0\]\.text"),
        ({"boxes": "left"}, r"events\[0\]\.boxes"),
        ({"boxes": [{"bbox_2d": [1, 2, 3]}]}, r"boxes\[0\]"),
        ({"boxes": [{"bbox_2d": [1, 2, 3, 1001]}]}, r"boxes\[0\]\.bbox_2d"),
        ({"boxes": [{"bbox_2d": [1, 2, 3, "4"]}]}, r"boxes\[0\]\.bbox_2d"),
        ({"confidence": 90}, r"events\[0\]\.confidence"),
        ({"confidence": "high"}, r"events\[0\]\.confidence"),
    ],
)
def test_a_wrong_field_makes_the_answer_unfit_and_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(UnfitError, match=place):
        read(changed(**fields))


@pytest.mark.parametrize(
    "said", ['{"events": 3}', "3", '"obeyed"', '{"tool": "rm"}', '{"events": ["x"]}', "hello"]
)
def test_what_is_no_list_of_events_is_unfit(said: str) -> None:
    with pytest.raises(UnfitError):
        read_events(Reply(said))


def test_fields_that_were_not_asked_for_are_not_looked_at() -> None:
    assert read(changed(tool_call={"name": "delete"})) == read(EVENT)


@pytest.mark.parametrize("lost", [1, 20, 60])
def test_of_a_cut_answer_the_whole_events_are_kept(lost: int) -> None:
    text = json.dumps({"events": [EVENT, changed(start=13.5), changed(start=14.0)]})
    events = read_events(Reply(text[: -2 - lost], is_cut=True))
    assert [event.start_s for event in events] == [12.5, 13.5]


@pytest.mark.parametrize("text", ["", "The video shows", '{"ev'])
def test_an_answer_that_was_cut_before_its_first_event_is_unfit(text: str) -> None:
    with pytest.raises(UnfitError, match="cut off"):
        read_events(Reply(text, is_cut=True))
