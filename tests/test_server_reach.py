"""What `doctor` and the errors know of a server."""

from __future__ import annotations

import pytest
from standin_server import StandIn

from videoindex.errors import BackendError
from videoindex.perception.vlm import server_reach
from videoindex.perception.vlm.dialects import DIALECTS
from videoindex.perception.vlm.server_reach import Reached, reach, refuse_deaf_to_times
from videoindex.perception.vlm.settings import ServerSettings, VlmSettings


def settings(server: StandIn, url: str = "") -> VlmSettings:
    return VlmSettings(backend=server.kind, model=server.model, server=ServerSettings(url=url or server.url))


@pytest.mark.parametrize(
    ("kind", "version", "context_tokens"),
    [
        ("vllm", "0.33.0", 65_536),
        ("sglang", "0.5.23", 65_536),
        ("llamacpp", "b7000-abcdef0", 32_768),
        ("ollama", "0.14.1", None),
        ("openai", "", None),
    ],
)
def test_each_kind_says_what_it_is(kind: str, version: str, context_tokens: int | None) -> None:
    with StandIn(kind) as server:
        assert reach(settings(server)) == Reached(server.url, (server.model,), version, context_tokens)
    assert kind in DIALECTS


def test_an_older_sglang_says_its_version_elsewhere() -> None:
    with StandIn("sglang", version="0.5.3") as server:
        assert reach(settings(server)).version == "0.5.3"


def test_ollama_tells_its_context_once_the_model_is_loaded() -> None:
    with StandIn("ollama") as server:
        server.seen.append(None)  # type: ignore[arg-type]
        assert reach(settings(server)).context_tokens == 4_096


def test_a_trailing_slash_does_no_harm() -> None:
    with StandIn("vllm") as server:
        assert reach(settings(server, f"{server.url}/")).version == "0.33.0"


def test_a_server_that_is_not_there_is_told_with_the_command_that_starts_it() -> None:
    with StandIn("vllm") as server:
        gone = settings(server)
    with pytest.raises(BackendError, match=r"/v1: cannot be reached: .*start it: vllm serve"):
        reach(gone)


def test_a_server_of_another_protocol_is_told_so() -> None:
    with StandIn("openai") as server, pytest.raises(BackendError, match=r"status 404.*must end in /v1|status 404"):
        reach(settings(server, server.root))


def test_a_hanging_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(server_reach, "_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/v1"
        with pytest.raises(BackendError, match=r"no answer within 0\.2 s"):
            reach(VlmSettings(backend="vllm", server=ServerSettings(url=url)))


def test_a_key_is_needed_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARD_KEY", "sk-wrong")
    with StandIn("vllm", key="sk-right") as server:
        own = ServerSettings(url=server.url, key_variable="YARD_KEY")
        with pytest.raises(BackendError, match="set YARD_KEY to a key") as caught:
            reach(VlmSettings(backend="vllm", server=own))
        assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(("version", "is_deaf"), [("0.19.1", True), ("0.20.0", False), ("0.33.0", False)])
def test_a_vllm_that_ignores_times_is_refused(version: str, is_deaf: bool) -> None:
    with StandIn("vllm", version=version) as server:
        if is_deaf:
            with pytest.raises(BackendError, match=r"ignores the times.*pip install -U vllm"):
                refuse_deaf_to_times(settings(server))
        else:
            refuse_deaf_to_times(settings(server))


def test_servers_that_tell_no_version_are_left_to_the_first_question() -> None:
    for kind in ("openai", "sglang", "llamacpp", "ollama"):
        with StandIn(kind) as server:
            refuse_deaf_to_times(settings(server))
            assert server.gets == []
    with StandIn("openai") as plain:
        refuse_deaf_to_times(VlmSettings(backend="vllm", server=ServerSettings(url=plain.url)))
        assert plain.gets == ["/version"]
