"""What was looked at and done, as JSON and as text."""

from __future__ import annotations

import json

from scripted import a_video

from videoindex.query.agent_steps import Step
from videoindex.query.look_answers import Held, Verdict
from videoindex.query.look_render import shown_json, shown_text, steps_json
from videoindex.query.look_reply import Shown

VIDEO = a_video()
WINDOW = Shown(VIDEO, 12.0004, 14.5, Verdict.TIGHTENED, "A man holds a bag.")
PICTURE = Shown(VIDEO, 30.0, 30.0, Held.CANNOT_TELL, "It is dark.")


def test_json_of_looks_is_plain() -> None:
    window, picture = json.loads(json.dumps(shown_json([WINDOW, PICTURE])))
    assert window == {
        "video_id": VIDEO.id,
        "path": str(VIDEO.path),
        "start_s": 12.0,
        "end_s": 14.5,
        "verdict": "tightened",
        "reason": "A man holds a bag.",
    }
    assert (picture["start_s"], picture["end_s"], picture["verdict"]) == (30.0, 30.0, "cannot tell")


def test_text_has_a_line_for_each_window_and_none_for_single_pictures() -> None:
    assert shown_text([WINDOW, PICTURE]).splitlines() == [
        "Looked again:",
        "    tightened   0:00:12.0-0:00:14.5  night.mp4  A man holds a bag.",
    ]
    assert shown_text([PICTURE]) == ""


def test_json_of_steps_holds_the_action_or_null() -> None:
    steps = [
        Step(1, '{"action": "read_text", "video": "v1", "at_s": 3}', '{"text": "EXIT"}', False, 120, 0.12345),
        Step(2, "", "no action that can be used", True, 80, 1.0),
    ]
    first, second = json.loads(json.dumps(steps_json(steps)))
    assert first == {
        "number": 1,
        "action": {"action": "read_text", "video": "v1", "at_s": 3},
        "result": '{"text": "EXIT"}',
        "refused": False,
        "tokens": 120,
        "seconds": 0.123,
    }
    assert (second["action"], second["refused"]) == (None, True)
