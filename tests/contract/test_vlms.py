"""What every vision-language model must do, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from small_models import NEEDLE, noise, showing
from standin_server import StandIn

from videoindex.perception.vlm.base import Form, Vlm
from videoindex.perception.vlm.local import Local
from videoindex.perception.vlm.scripted import Scripted
from videoindex.perception.vlm.server import Server
from videoindex.perception.vlm.settings import BACKENDS, LocalSettings, ServerSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize

SIZE = FrameSize(64, 64)
LOOKS = noise(6, SIZE)
FORM = Form(12)
MAKERS: dict[str, Callable[[], Vlm]] = {
    "local": lambda: Local(VlmSettings(model=str(NEEDLE), local=LocalSettings(device="cpu"))),
    "scripted": lambda: Scripted(lambda shown, question: f"{len(shown.looks)} looks, {question}"),
}


SERVERS = BACKENDS[1:]


@pytest.fixture(params=[*MAKERS, *SERVERS])
def vlm(request: pytest.FixtureRequest) -> Iterator[Vlm]:
    if request.param in MAKERS:
        yield MAKERS[request.param]()
        return
    with StandIn(request.param) as stand_in:
        server = ServerSettings(url=stand_in.url, retries=0)
        yield Server(VlmSettings(backend=request.param, model=stand_in.model, server=server))


def test_it_says_what_it_is(vlm: Vlm) -> None:
    assert vlm.model.strip()
    assert vlm.fingerprint.strip()


def test_there_is_one_reply_for_each_question_in_order(vlm: Vlm) -> None:
    questions = ["when?", "where is it, and since when?", "who?"]
    with vlm.watch(showing(LOOKS, SIZE)) as viewing:
        together = viewing.ask(questions, FORM)
        singly = [viewing.ask([question], FORM)[0] for question in questions]
    assert together == singly


def test_what_was_asked_before_changes_nothing(vlm: Vlm) -> None:
    with vlm.watch(showing(LOOKS, SIZE)) as viewing:
        viewing.ask(["what came before?"], FORM)
        late = viewing.ask(["when?"], FORM)
    with vlm.watch(showing(LOOKS, SIZE)) as viewing:
        assert viewing.ask(["when?"], FORM) == late


def test_batches_of_looks_are_one_showing(vlm: Vlm) -> None:
    replies = []
    for batch in (1, 4, 100):
        with vlm.watch(showing(LOOKS, SIZE, batch=batch)) as viewing:
            replies.append(viewing.ask(["when?"], FORM))
    assert replies[0] == replies[1] == replies[2]


def test_nothing_asked_is_nothing_answered(vlm: Vlm) -> None:
    with vlm.watch(showing(LOOKS, SIZE)) as viewing:
        assert viewing.ask([], FORM) == []
