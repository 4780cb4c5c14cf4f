"""The Vlm behind a server, over real HTTP, against stand-ins that check what each kind of server requires."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from standin_server import Failure, Seen, StandIn, gives, hangs, resets, says

from videoindex.errors import BackendError, ConfigError, TransientBackendError
from videoindex.perception.qwen_prompt import SCHEMA
from videoindex.perception.vlm import server_faults
from videoindex.perception.vlm.base import Form, Looks, Reply, Showing
from videoindex.perception.vlm.dialects import DIALECTS
from videoindex.perception.vlm.server import Server
from videoindex.perception.vlm.settings import ServerSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize, marker
from videoindex.types import Span

SIZE = FrameSize(384, 256)
FORM = Form(200, SCHEMA)
KINDS = tuple(DIALECTS)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_faults, "_FIRST_PAUSE_S", 0.001)


def planted(looks: int, size: FrameSize = SIZE, *, still: bool = False) -> Looks:
    """Pictures that no other picture here is like: a ramp over a colour that says which it is."""
    ramp_WC = np.linspace(0, 60, size.width_px)[:, None]
    at_s, pictures = [], []
    for look in range(looks):
        for half in range(2):
            colour = np.array([20 + 29 * look % 160, 40 + 100 * (half and not still), 180 - 37 * look % 160])
            pictures.append(np.broadcast_to(ramp_WC + colour, (size.height_px, size.width_px, 3)))
            at_s.append(7.25 + 2 * look + (0.1 * half if not still else 0.0))
    return Looks(np.stack(pictures).astype(np.uint8), np.array(at_s))


def shows(looks: Looks, *, size: FrameSize = SIZE, stills: bool = False, batch: int = 2) -> Showing:
    cuts = range(0, len(looks), batch)
    parts = (
        Looks(looks.rgb_THWC[2 * c : 2 * (c + batch)], looks.at_s_T[2 * c : 2 * (c + batch)]) for c in cuts
    )  # fmt: skip
    return Showing("yard.mp4", Span(7.0, 60.0), "Watch closely.", parts, looks.marks_s, size, stills)


def settings(server: StandIn, **changes: object) -> VlmSettings:
    own = ServerSettings(url=server.url, retries=2, timeout_s=20.0)
    return VlmSettings(backend=server.kind, model=server.model, server=replace(own, **changes))


@pytest.fixture(params=KINDS)
def standin(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with StandIn(request.param) as server:
        yield server


@pytest.fixture
def vllm() -> Iterator[StandIn]:
    with StandIn("vllm") as server:
        yield server


def ask(server: StandIn, *questions: str, looks: Looks | None = None, **changes: object) -> list[Reply]:
    with Server(settings(server, **changes)).watch(shows(looks or planted(3))) as viewing:
        return viewing.ask(questions or ("When?",), FORM)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_the_server_sees_the_planted_pictures_behind_their_markers(standin: StandIn) -> None:
    looks = planted(5)
    assert ask(standin, "When?", "Where?", looks=looks) == [
        Reply("about When?", tokens=7),
        Reply("about Where?", tokens=7),
    ]
    assert [seen.question for seen in standin.seen] == ["When?", "Where?"]
    per_look = 2 if standin.kind == "vllm" else 1
    for seen in standin.seen:
        assert seen.instructions == "Watch closely."
        assert [text for text, _ in seen.looks] == [marker(mark_s) for mark_s in looks.marks_s]
        assert seen.schema == (None if standin.kind == "openai" else json.loads(SCHEMA))
        for i, (_, pictures) in enumerate(seen.looks):
            assert len(pictures) == per_look
            for half, picture in enumerate(pictures):
                apart = [difference(picture, other) for other in looks.rgb_THWC]
                assert int(np.argmin(apart)) == 2 * i + half
                assert apart[2 * i + half] < 3


def test_more_than_32_pictures_all_arrive(vllm: StandIn) -> None:
    looks = planted(40, FrameSize(64, 64))
    with Server(settings(vllm)).watch(shows(looks, size=FrameSize(64, 64))) as viewing:
        viewing.ask(["When?"], FORM)
    assert len(vllm.seen[0].looks) == 40


def test_stills_arrive_to_the_last_bit(standin: StandIn) -> None:
    looks = planted(2, still=True)
    with Server(settings(standin)).watch(shows(looks, stills=True)) as viewing:
        viewing.ask(["Read it."], FORM)
    shown = standin.seen[0].looks
    assert [text for text, _ in shown] == ["<7.2 seconds>", "<9.2 seconds>"]
    assert all(np.array_equal(pictures[0], looks.rgb_THWC[2 * i]) for i, (_, pictures) in enumerate(shown))


def test_all_before_the_question_is_the_same_bytes(standin: StandIn) -> None:
    server = Server(settings(standin))
    with server.watch(shows(planted(3))) as viewing:
        viewing.ask(["First?", "Second, and longer?", "Third?"], FORM)
    with server.watch(shows(planted(3), batch=1)) as viewing:
        viewing.ask(["Asked later?"], FORM)
    heads = []
    for seen in standin.seen:
        head, found, tail = seen.raw.rpartition(seen.question.encode())
        heads.append(head)
        assert found
        assert b"data:" not in tail
    assert len(heads) == 4
    assert len(set(heads)) == 1


def test_the_first_question_is_asked_alone_and_then_never_again(vllm: StandIn) -> None:
    with Server(settings(vllm, concurrency=2)).watch(shows(planted(2))) as viewing:
        viewing.ask(["a", "b", "c"], FORM)
        assert vllm.steps[:2] == ["begins", "ends"]
        assert vllm.seen[0].question == "a"
        vllm.meeting = threading.Barrier(2)
        viewing.ask(["d", "e"], FORM)  # they meet at the server: neither waited for the other


@pytest.mark.parametrize("bound", [1, 3])
def test_no_more_requests_are_under_way_than_allowed_whatever_the_viewings(vllm: StandIn, bound: int) -> None:
    server = Server(settings(vllm, concurrency=bound))
    questions = [f"q{i}" for i in range(6)]

    def view(name: str) -> list[str]:
        with server.watch(shows(planted(2))) as viewing:
            viewing.ask([name], FORM)
            ready.wait(20)
            return [reply.text for reply in viewing.ask([f"{name} {question}" for question in questions], FORM)]

    def meet() -> None:
        vllm.most_under_way = 0
        vllm.meeting = threading.Barrier(bound)

    ready = threading.Barrier(3, action=meet)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(view, ("x", "y", "z")))
    assert answers == [[f"about {name} {question}" for question in questions] for name in ("x", "y", "z")]
    assert vllm.most_under_way == bound


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_faults_of_transport_are_tried_again(vllm: StandIn, status: int) -> None:
    vllm.failures += [says(status, "busy"), resets]
    assert ask(vllm)[0].text == "about When?"
    assert len(vllm.requests) == 3
    assert len(set(vllm.requests)) == 1


def test_an_answer_that_does_not_come_in_time_is_tried_again_and_then_given_up(vllm: StandIn) -> None:
    vllm.failures += [hangs, hangs]
    with pytest.raises(TransientBackendError, match=r"no answer within 0\.3 s; raise vlm\.server\.timeout_s"):
        ask(vllm, timeout_s=0.3, retries=1)
    assert len(vllm.requests) == 2


def test_what_stays_broken_is_given_up_as_something_that_may_mend(vllm: StandIn) -> None:
    vllm.failures += [says(503, "The engine is loading")] * 3
    with pytest.raises(TransientBackendError) as caught:
        ask(vllm)
    said = str(caught.value)
    assert vllm.url in said
    assert 'yard.mp4 0:00:07.0-0:01:00.0: status 503: "The engine is loading"' in said
    assert "tried 3 times" in said
    assert len(vllm.requests) == 3


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (says(400, "bad things"), 'status 400: "bad things"'),
        (says(401, "no key"), "key_variable"),
        (says(409, "conflict"), 'status 409: "conflict"'),
        (says(422, "odd field"), 'status 422: "odd field"'),
        (says(500, "CUDA error"), 'status 500: "CUDA error"; look into the server\'s log'),
        (gives(b"<html>hello</html>"), "its answer is not JSON: <html>hello</html>"),
        (
            gives(b'{"object": "error", "message": "overloaded mind"}'),
            "its answer holds no message: overloaded mind",
        ),
        (gives(b'{"choices": []}'), "its answer holds no message"),
        (gives(b""), "its answer is not JSON: \\(empty\\)"),
    ],
)
def test_other_faults_are_told_at_once_and_not_tried_again(vllm: StandIn, failure: Failure, words: str) -> None:
    vllm.failures.append(failure)
    with pytest.raises(BackendError, match=words) as caught:
        ask(vllm)
    assert not isinstance(caught.value, TransientBackendError)
    assert len(vllm.requests) == 1


def test_the_server_says_how_long_to_wait(vllm: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", _instead_of_waiting(threading.Event.wait, waited))
    vllm.failures += [says(429, "later", {"Retry-After": "17"}), says(503, "later")]
    ask(vllm)
    assert waited[0] == 17.0
    assert waited[1] < 0.01


def _instead_of_waiting(real: Callable[..., bool], waited: list[float]) -> Callable[..., bool]:
    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout is not None and (timeout == 17.0 or timeout < 0.01):
            waited.append(timeout)
            return event.is_set()
        return real(event, timeout)

    return wait


def test_longer_than_an_answer_may_take_nobody_waits(vllm: StandIn) -> None:
    vllm.failures.append(says(429, "come back tomorrow", {"Retry-After": "86400"}))
    with pytest.raises(TransientBackendError, match="come back tomorrow"):
        ask(vllm)
    assert len(vllm.requests) == 1


def test_a_server_that_is_not_there_is_named_with_the_command_that_starts_it() -> None:
    with StandIn("vllm") as server:
        gone = settings(server, retries=1)
    with (
        Server(gone).watch(shows(planted(1))) as viewing,
        pytest.raises(TransientBackendError, match=r"cannot be reached: .*refused.*; start it: vllm serve Qwen/"),
    ):
        viewing.ask(["When?"], FORM)


def test_vllm_without_trust_says_how_to_start_it(vllm: StandIn) -> None:
    vllm.trusts_requests = False
    with pytest.raises(BackendError, match="start vLLM with --trust-request-mm-kwargs"):
        ask(vllm)


def test_a_vllm_that_ignores_times_is_refused_before_it_is_shown_anything(vllm: StandIn) -> None:
    vllm.version = "0.19.1"
    with pytest.raises(BackendError, match=r"is vLLM 0\.19\.1, which ignores the times.*0\.20\.0 or later"):
        ask(vllm)
    assert vllm.requests == []
    vllm.version = "0.20.0"
    assert ask(vllm)[0].text == "about When?"


def test_a_segment_that_vllm_has_no_room_for_is_answered_with_the_flag_that_makes_room(vllm: StandIn) -> None:
    vllm.encoder_cache = 3 * 96
    assert ask(vllm)[0].text == "about When?"
    with pytest.raises(BackendError, match=r"384 embedding tokens.*start vLLM with --max-num-batched-tokens"):
        ask(vllm, looks=planted(4))


def test_a_model_that_is_not_there_is_answered_with_those_that_are(standin: StandIn) -> None:
    wrong = replace(settings(standin), model="Qwen/Qwen3-VL-4B-Instruct")
    with (
        Server(wrong).watch(shows(planted(1))) as viewing,
        pytest.raises(
            BackendError, match=r"status 404: .*set vlm\.model to one that the server has: Qwen/Qwen3-VL-8B"
        ),
    ):
        viewing.ask(["When?"], FORM)


def test_a_redirect_is_not_followed(vllm: StandIn) -> None:
    vllm.failures.append(lambda handler: handler.give(307, b"", {"Location": f"{vllm.url}/chat/completions"}))
    with pytest.raises(BackendError, match=r"status 307: .*answers elsewhere.*redirects are not followed"):
        ask(vllm)
    assert len(vllm.requests) == 1


def test_a_server_that_read_too_little_is_found_out(standin: StandIn) -> None:
    standin.prompt_tokens = 150  # three looks take 3 * (96 + 2 + 7)
    if standin.kind == "openai":  # how another model counts is not known
        assert ask(standin)[0].text == "about When?"
    else:
        with pytest.raises(BackendError, match=r"read 150 tokens where the pictures alone take 313"):
            ask(standin)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thoughts_are_kept_apart_wherever_they_stand(vllm: StandIn, field: str) -> None:
    vllm.answer = lambda seen: {"content": "{}", field: "hm, well"}
    assert ask(vllm) == [Reply("{}", "hm, well", tokens=7)]
    vllm.answer = lambda seen: {"content": "<think>\nhm\n</think>\n\n{}"}
    assert ask(vllm) == [Reply("{}", "hm", tokens=7)]
    vllm.answer, vllm.finish_reason = lambda seen: {"content": None, field: "hm, and then"}, "length"
    assert ask(vllm) == [Reply("", "hm, and then", is_cut=True, tokens=7)]


def test_a_key_is_sent_and_never_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("YARD_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-another")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: mine")
    caplog.set_level("DEBUG")
    with StandIn("vllm", key="sk-very-secret") as server:
        assert ask(server, key_variable="YARD_KEY")[0].text == "about When?"
        server.failures += [says(503, "you sent Bearer sk-very-secret"), says(401, "is sk-very-secret a key?")]
        with pytest.raises(BackendError, match=r"is \.\.\. a key\?.*set YARD_KEY to a key") as caught:
            ask(server, key_variable="YARD_KEY")
        with pytest.raises(BackendError, match=r"set vlm\.server\.key_variable"):
            ask(server)
        assert "sk-another" not in repr(server.headers)
    assert "secret" not in f"{caught.value!r}{caught.value}"
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize(("schema", "kind", "is_asked"), [("always", "openai", True), ("never", "vllm", False)])
def test_the_settings_may_know_better_whether_a_server_holds_to_a_schema(
    schema: str, kind: str, is_asked: bool
) -> None:
    with StandIn(kind, takes_schemas=is_asked) as server:
        ask(server, schema=schema)
        assert (server.seen[0].schema is not None) == is_asked


def test_a_key_that_is_named_must_be_there(vllm: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        ask(vllm, key_variable="NO_SUCH_KEY")
    assert vllm.requests == []


def test_one_failing_question_fails_the_lot_and_begins_no_more(vllm: StandIn) -> None:
    vllm.answer = _fails_at("b")
    with pytest.raises(BackendError, match="its answer's message is no text"):
        ask(vllm, *"abcdefgh", concurrency=1)
    assert len(vllm.requests) <= 3


def _fails_at(question: str) -> Callable[[Seen], dict[str, object]]:
    return lambda seen: {"content": 5 if seen.question == question else "fine"}


def test_replies_come_in_the_order_of_the_questions(vllm: StandIn) -> None:
    later = threading.Event()

    def answer(seen: Seen) -> dict[str, str]:
        if seen.question == "b":
            later.wait(20)  # the second is answered last
        if seen.question == "d":
            later.set()
        return {"content": seen.question.upper()}

    vllm.answer = answer
    assert [reply.text for reply in ask(vllm, *"abcd", concurrency=2)] == list("ABCD")


def test_a_showing_of_nothing_cannot_be_asked_about(vllm: StandIn) -> None:
    nothing = Showing("dark.mp4", Span(0.0, 9.0), "Watch.", (), (1.0,), SIZE)
    with Server(settings(vllm)).watch(nothing) as viewing:
        assert viewing.ask([], FORM) == []
        with pytest.raises(BackendError, match=r"dark\.mp4 .*no pictures"):
            viewing.ask(["When?"], FORM)
    assert vllm.requests == []


def test_the_fingerprint_holds_what_changes_answers_and_not_the_place(vllm: StandIn) -> None:
    base = settings(vllm)
    same = [
        base,
        replace(base, server=replace(base.server, url="http://elsewhere:1/v1", retries=9, concurrency=1)),
    ]
    assert len({Server(one).fingerprint for one in same}) == 1
    others = [
        replace(base, backend="openai"),
        replace(base, model="other"),
        replace(base, temperature=0.5),
        replace(base, temperature=0.5, seed=3),
        replace(base, server=replace(base.server, jpeg_quality=50)),
        replace(base, server=replace(base.server, schema="never")),
    ]
    prints = [Server(one).fingerprint for one in [base, *others]]
    assert all(one != other for one, other in pairwise(sorted(prints)))
    assert Server(base).model == vllm.model


def test_a_seed_goes_with_a_temperature(vllm: StandIn) -> None:
    ask(vllm)
    assert b'"seed"' not in vllm.requests[0]
    with Server(replace(settings(vllm), temperature=0.7, seed=11)).watch(shows(planted(1))) as viewing:
        viewing.ask(["When?"], FORM)
    assert b'"seed":11' in vllm.requests[1]
    assert b'"temperature":0.7' in vllm.requests[1]


def test_the_settings_that_the_page_on_servers_shows_are_settings() -> None:
    page = (Path(__file__).parent.parent / "docs" / "servers.md").read_text()
    shown = [tomllib.loads(block)["vlm"] for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)]
    made = [VlmSettings(**(vlm | {"server": ServerSettings(**vlm["server"])})) for vlm in shown]
    assert [one.backend for one in made] == list(KINDS)
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    for one in made:
        assert one.model in commands
        port = one.server.url.removesuffix("/v1").rpartition(":")[2]
        assert f"--port {port}" in commands or one.backend == "ollama"


def test_the_local_backend_is_no_server() -> None:
    with pytest.raises(ConfigError, match="is no server"):
        Server(VlmSettings())
