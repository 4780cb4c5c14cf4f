"""Looking again, closing in on a change and answering by steps, over HTTP with every kind of server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import planted
import pytest
from barred import BarReader
from looking import FPS, Film, film, moment
from standin_server import Seen, StandIn

from videoindex.index.records import Filters
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.perception.vlm.dialects import DIALECTS
from videoindex.perception.vlm.server import Server
from videoindex.perception.vlm.settings import ServerSettings, VlmSettings
from videoindex.query.agent import run_agent
from videoindex.query.agent_tools import open_tools
from videoindex.query.look import Verdict, look
from videoindex.query.look_settings import SecondLookSettings, StateSettings
from videoindex.query.state import find_change, state_question

# Larger than a server's floor for pictures, so that it leaves them as they are.
SETTINGS = SecondLookSettings(min_pixels=65_536, widen_s=3.0, state=StateSettings(grid=3, precision_s=1.0))


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return film(tmp_path_factory.mktemp("e2e") / "yard.mp4", 20)


def is_there(number: int | None) -> bool:
    """The bag lies there from 8 to 12.2 s."""
    return number is not None and 8 <= number / FPS < 12.2


def bag(seen: Seen) -> list[float]:
    """The times before the pictures that show the bag, by the pixels that came over the wire."""
    shown = [(marker, planted.read(pictures[-1])) for marker, pictures in seen.looks]
    assert shown
    assert all(number is not None for _, number in shown)
    return [float(re.findall(r"[\d.]+", marker)[0]) for marker, number in shown if is_there(number)]


def answers(seen: Seen) -> dict[str, Any]:
    if "The statement" in seen.question:
        said: dict[str, Any] = {"answer": "yes" if bag(seen) else "no", "reason": "I see it."}
    elif "The search believes" in seen.question:
        at = bag(seen)
        said = {"answer": "yes", "start": at[0], "end": at[-1], "at": at[0], "reason": "I see it."}
    elif "The question: " in seen.question and not seen.question.startswith("The recordings"):
        said = {"says": "A bag.", "at": bag(seen)}
    elif "Step 1" not in seen.question:
        said = {"action": "look_at", "video": "v1", "start_s": 6, "end_s": 14, "question": "Is there a bag?"}
    else:
        said = {
            "action": "answer",
            "found": True,
            "text": "A bag",
            "cites": [{"video": "v1", "start_s": 8, "end_s": 12}],
        }
    return {"content": json.dumps(said)}


@pytest.fixture(params=DIALECTS)
def vlm(request: pytest.FixtureRequest) -> Iterator[Server]:
    with StandIn(request.param, answers) as server:
        own = ServerSettings(url=server.url, retries=0, timeout_s=20.0)
        yield Server(VlmSettings(backend=request.param, model=server.model, server=own))


def test_a_moment_is_tightened_to_what_the_server_was_shown(yard: Film, vlm: Server) -> None:
    found = [moment(yard.video, 6.0, 15.0)]
    (one,) = look("When is the bag there?", found, {yard.video.id: yard.video}, vlm, PyavDecoder(), SETTINGS).looks
    assert one.verdict is Verdict.TIGHTENED
    assert one.span.start_s == pytest.approx(8.0, abs=0.5)
    assert one.span.end_s == pytest.approx(12.2, abs=0.5)


def test_a_change_is_closed_in_on_by_stills(yard: Film, vlm: Server) -> None:
    question = state_question("when did the bag disappear")
    assert question is not None
    made = find_change(question, yard.video, vlm, PyavDecoder(), SETTINGS)
    (span,) = made.spans
    assert span.start_s < 12.2 <= span.end_s
    assert span.duration_s <= 1.0


def test_a_model_without_pictures_answers_by_steps(yard: Film, vlm: Server) -> None:
    tools = open_tools(lambda *_: [], Filters(), vlm, PyavDecoder(), BarReader(), SETTINGS)
    made = run_agent("When is the bag there?", [yard.video], vlm, tools, SETTINGS)
    assert made.sentence == "A bag: 0:00:08.0-0:00:12.0 in yard.mp4."
    assert len(made.steps) == 2
