"""What ``read`` prints: documents of fixed keys, and text that a terminal shows as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from videoindex.query.read_answers import DataBox
from videoindex.query.read_lines import ReadLine
from videoindex.query.read_page import Page, Reading
from videoindex.query.read_render import reading_json, reading_text, steps_json, steps_text
from videoindex.query.read_steps import Step, Steps
from videoindex.types import Box, Gap, Span, Video

VIDEO = Video("v1", Path("/films/a.mp4"), Span(5.0, 95.0), 1280, 720, 25.0, False)
DATED = replace(VIDEO, recorded_at=datetime(2026, 3, 1, 10, 0, tzinfo=UTC))
BOX = Box(7.0, 10.04, 20.0, 30.06, 40.0)
TEXT = Page(7.00049, 6.96, "Title\nbelow", (ReadLine("Title", 0.98765, BOX),), notes=("a note",))
DATA = Page(7.0, 6.96, data={"total": 98, "größe": None}, boxes=(DataBox("/total", BOX),))
STEPS = Steps(
    VIDEO,
    Span(5.0, 65.0),
    "qwen (m)",
    (Step(7.25, "click", "Save", "", BOX), Step(9.0, "type", "", "two\nlines")),
    (Gap("v1", Span(60.0, 65.0), "torn", "read"),),
    ("looked at every 0.5 s",),
)


def test_a_page_of_text_is_one_document() -> None:
    assert json.loads(json.dumps(reading_json(Reading(DATED, "r", (TEXT,), False, ("alone",))))) == {
        "path": "/films/a.mp4",
        "video_id": "v1",
        "width_px": 1280,
        "height_px": 720,
        "reader": "r",
        "instants": [
            {
                "at_s": 7.0,
                "frame_s": 6.96,
                "wall_clock": "2026-03-01T10:00:02.000+00:00",
                "text": "Title\nbelow",
                "lines": [{"text": "Title", "confidence": 0.9877, "box_px": [10.0, 20.0, 30.1, 40.0]}],
                "notes": ["a note"],
            }
        ],
        "notes": ["alone"],
    }


def test_a_page_of_data_has_the_users_document_and_its_boxes() -> None:
    (page,) = reading_json(Reading(VIDEO, "r", (DATA,), True))["instants"]
    assert page == {
        "at_s": 7.0,
        "frame_s": 6.96,
        "wall_clock": None,
        "data": {"total": 98, "größe": None},
        "boxes": [{"path": "/total", "box_px": [10.0, 20.0, 30.1, 40.0]}],
        "notes": [],
    }


def test_steps_are_one_document() -> None:
    assert json.loads(json.dumps(steps_json(STEPS))) == {
        "path": "/films/a.mp4",
        "video_id": "v1",
        "width_px": 1280,
        "height_px": 720,
        "reader": "qwen (m)",
        "start_s": 5.0,
        "end_s": 65.0,
        "steps": [
            {
                "at_s": 7.25,
                "action": "click",
                "target": "Save",
                "box_px": [10.0, 20.0, 30.1, 40.0],
                "text": "",
            },
            {"at_s": 9.0, "action": "type", "target": "", "box_px": None, "text": "two\nlines"},
        ],
        "gaps": [{"start_s": 60.0, "end_s": 65.0, "reason": "torn"}],
        "notes": ["looked at every 0.5 s"],
    }


def test_pages_stand_one_below_the_other_and_say_who_read_them() -> None:
    lines = reading_text(
        Reading(DATED, "r", (TEXT, replace(TEXT, at_s=9.0, text="")), False, ("alone",))
    ).splitlines()
    assert lines == [
        "0:00:07.0 (2026-03-01T10:00:02.000+00:00)  a.mp4",
        "Title",
        "below",
        "[a note]",
        "",
        "0:00:09.0 (2026-03-01T10:00:04.000+00:00)  a.mp4",
        "[a note]",
        "",
        "[reader: r]",
        "[alone]",
    ]


def test_data_is_printed_as_json() -> None:
    text = reading_text(Reading(VIDEO, "r", (DATA,), True))
    assert json.loads(text[text.index("{") : text.rindex("}") + 1]) == DATA.data
    assert "größe" in text


def test_steps_are_lines_with_their_gaps_and_notes() -> None:
    assert steps_text(STEPS).splitlines() == [
        "0:00:05.0-0:01:05.0  a.mp4",
        "  0:00:07.2  click          Save  at 10, 20, 30, 40 px",
        '  0:00:09.0  type           "two / lines"',
        "  gap 0:01:00.0-0:01:05.0: torn",
        "",
        "[reader: qwen (m)]",
        "[looked at every 0.5 s]",
    ]
    assert "  no steps" in steps_text(replace(STEPS, steps=())).splitlines()


def test_nothing_read_in_a_picture_steers_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jhello\rworld\u202e"
    page = replace(TEXT, text=evil)
    step = Step(7.0, "click", evil, evil)
    shown = [
        reading_text(Reading(VIDEO, "r", (page,), False)),
        reading_text(Reading(VIDEO, "r", (replace(DATA, data={"a": "\u202e\u009b"}),), True)),
        steps_text(replace(STEPS, steps=(step,))),
    ]
    for text in shown:
        assert all(char.isprintable() or char == "\n" for char in text)
    assert "hello" in shown[0]
