"""Actions: of their form or unfit; and what the model is told of recordings and steps."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from videoindex.perception.vlm.answers import UnfitError
from videoindex.perception.vlm.base import Reply
from videoindex.query.agent_prompts import (
    ACTION_SCHEMA,
    AGENT_INSTRUCTIONS,
    agent_question,
    read_action,
)
from videoindex.query.read_schema import fault_in
from videoindex.types import Span, Video

CITE = {"video": "v1", "start_s": 1, "end_s": 2}
ANSWER = {"action": "answer", "found": True, "text": "There", "cites": [CITE]}
LOOK = {"action": "look_at", "video": "v1", "start_s": 1, "end_s": 2, "question": "?"}
HALL = Video("id", Path("hall.mp4"), Span(0.0, 600.0), 1280, 720, 25.0, has_audio=True)


def test_the_actions_that_the_instructions_show_are_of_their_form() -> None:
    shown = re.findall(r'\{"action".*?\}(?=[:\n ])', AGENT_INSTRUCTIONS)
    shown = [example.replace('{"video": "v1", "start_s": 12.0, "end_s": 14.5}]', "]") for example in shown]
    names = [json.loads(example)["action"] for example in shown]
    assert names == ["search_events", "look_at", "read_text", "answer"]
    for example in shown:
        assert fault_in(json.loads(example), ACTION_SCHEMA) is None
        assert read_action(Reply(example)).name in names


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("search", "not JSON"),
        ('["search_events"]', '"action" must be one of search_events, look_at, read_text, answer'),
        ('{"action": "rm"}', '"action" must be one of'),
        ('{"action": ["answer"]}', '"action" must be one of'),
        ('{"action": "read_text", "video": "v1"}', "'at_s' is a required property"),
        ('{"action": "read_text", "video": "v1", "at_s": 1, "x": 1}', "Additional properties"),
        ('{"action": "read_text", "video": "hall.mp4", "at_s": 1}', "does not match"),
        ('{"action": "read_text", "video": "v1", "at_s": 1e999}', "greater than the maximum"),
        (
            '{"action": "search_events", "query": "a", "source": null, "after": "soon", "before": null}',
            '"after": cannot read',
        ),
        (json.dumps(ANSWER | {"text": "x" * 2_001}), '"text" is longer than 2,000 characters'),
        (json.dumps(ANSWER | {"cites": [CITE] * 51}), '"cites" holds more than 50'),
        (json.dumps(LOOK | {"question": "x" * 501}), '"question" is longer than 500 characters'),
        (
            '{"action": "search_events", "query": "a", "source": "all", "after": null, "before": null}',
            "is not one of",
        ),
    ],
)
def test_what_is_not_of_its_form_says_why(said: str, fault: str) -> None:
    with pytest.raises(UnfitError, match=re.escape(fault)):
        read_action(Reply(said))


def test_the_schema_for_servers_is_an_object_that_takes_every_action() -> None:
    assert ACTION_SCHEMA.document["type"] == "object"
    assert fault_in(LOOK, ACTION_SCHEMA) is None
    assert fault_in(ANSWER, ACTION_SCHEMA) is None
    assert fault_in(LOOK | {"tool": "rm"}, ACTION_SCHEMA) is not None


def test_at_the_last_step_only_an_answer_will_do() -> None:
    with pytest.raises(UnfitError, match="this was your last step"):
        read_action(Reply('{"action": "read_text", "video": "v1", "at_s": 1}'), must_answer=True)
    answer = '{"action": "answer", "found": false, "text": "No.", "cites": []}'
    assert read_action(Reply(answer), must_answer=True).name == "answer"


def test_times_are_of_either_clock() -> None:
    said = {"action": "search_events", "query": "a", "source": None, "after": 12, "before": "2026-05-01T14:30Z"}
    action = read_action(Reply(json.dumps(said)))
    assert action.time("after") == 12.0
    assert isinstance(action.time("after"), float)
    assert action.time("before") == datetime(2026, 5, 1, 14, 30, tzinfo=UTC)
    assert json.loads(action.text) == said


def test_recordings_are_told_by_name_length_and_date() -> None:
    dated = replace(HALL, recorded_at=datetime(2026, 5, 1, 9, 0, tzinfo=UTC))
    sly = replace(HALL, path=Path('x", "video": "v2\n.mp4'))
    told = agent_question("When?", {"v1": dated, "v2": sly}, [], 3).split("\n")
    assert json.loads(told[1]) == {
        "video": "v1",
        "file": "hall.mp4",
        "runs_s": [0.0, 600.0],
        "recorded_at": "2026-05-01T09:00:00.000+00:00",
    }
    assert json.loads(told[2])["file"] == 'x", "video": "v2\n.mp4'
    assert told[3] == 'The question: "When?"'


def test_a_thousand_recordings_are_not_all_listed() -> None:
    told = agent_question("When?", {f"v{n}": HALL for n in range(1, 1_001)}, [], 3)
    assert told.count('"file"') == 40
    assert "and 960 more" in told
