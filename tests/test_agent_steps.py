"""Each step does its one action and grants what may be claimed of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from looking import Clock, moment

from videoindex.errors import DecodeError
from videoindex.query.agent_prompts import Action
from videoindex.query.agent_steps import Glimpse, Tools, Trail, do_action
from videoindex.query.look_budget import Budget, Meter
from videoindex.query.look_settings import AgentSettings
from videoindex.types import Span, Video

HALL = Video("hall", Path("hall.mp4"), Span(0.0, 600.0), 1280, 720, 25.0, has_audio=True)
OTHER = moment(Video("other", Path("o.mp4"), Span(0.0, 9.0), 1, 1, 1.0, has_audio=False), 1.0, 2.0)


def torn(video: Video, at_s: float) -> str:
    raise DecodeError(f"{video.path.name} is damaged")


def done(
    name: str, read_text=lambda *_: "EXIT", hall: Video = HALL, **arguments: object
) -> tuple[dict, bool, Trail, Meter]:
    found = [moment(HALL, 40.0, 44.0, text="a bag\x00"), OTHER]
    tools = Tools(
        lambda *_: found, lambda v, span, q: Glimpse("A bag.", (41.0,), (Span(40, 43),), 700), read_text, 9
    )
    trail, meter = Trail({"v1": hall}), Meter(Budget("look.agent", 9_999, 60.0), Clock())
    result, is_refused = do_action(Action(name, arguments), trail, tools, AgentSettings(), meter)
    return json.loads(result), is_refused, trail, meter


def test_a_search_grants_its_events_and_leaves_out_recordings_that_were_not_asked_about() -> None:
    result, is_refused, trail, _ = done("search_events", query="bag", source=None, after=None, before=None)
    assert not is_refused
    assert [(event["video"], event["text"]) for event in result["events"]] == [("v1", "a bag")]
    assert trail.spans == {"hall": [Span(40.0, 44.0)]}


def test_a_search_grants_no_time_outside_of_the_part_that_is_asked_about() -> None:
    asked = {"query": "bag", "source": None, "after": None, "before": None}
    *_, trail, _ = done("search_events", hall=replace(HALL, span=Span(0.0, 42.0)), **asked)
    assert trail.spans == {"hall": [Span(40.0, 42.0)]}
    *_, trail, _ = done("search_events", hall=replace(HALL, span=Span(100.0, 200.0)), **asked)
    assert trail.spans == {"hall": []}


def test_a_look_grants_what_was_shown_not_what_was_asked_for_and_costs_its_tokens() -> None:
    result, _, trail, meter = done("look_at", video="v1", start_s=590.0, end_s=650.0, question="?")
    assert result == {"says": "A bag.", "at_s": [41.0], "shown_s": [[40, 43]]}
    assert trail.spans == {"hall": [Span(40, 43)]}
    assert meter.tokens == 700


def test_a_reading_grants_its_instant_and_its_words() -> None:
    result, _, trail, _ = done("read_text", video="v1", at_s=599.95)
    assert result == {"text": "EXIT"}
    assert trail.spans == {"hall": [Span(599.95, 600.0)]}
    assert trail.texts == ["EXIT"]


def test_what_fails_grants_nothing() -> None:
    result, is_refused, trail, _ = done("read_text", torn, video="v1", at_s=5.0)
    assert (result, is_refused) == ({"failed": "hall.mp4 is damaged"}, True)
    assert (trail.spans, trail.texts) == ({}, [])
