"""The connection: where it leads, which headers and whose key it carries."""

from __future__ import annotations

import pytest
from standin_server import StandIn

from videoindex.errors import ConfigError
from videoindex.perception.vlm.server_client import connect, is_loopback, key_of
from videoindex.perception.vlm.settings import ServerSettings


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.1.2.3/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://0.0.0.0:8000/v1", False),
        ("http://192.168.1.5:8000/v1", False),
        ("https://localhost.example.com/v1", False),
        ("https://models.example.com/v1", False),
    ],
)
def test_loopback_addresses_are_those_of_this_machine(url: str, is_here: bool) -> None:
    assert is_loopback(url) == is_here


def test_a_proxy_of_the_environment_is_not_asked_for_a_loopback_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn("openai") as proxy, StandIn("openai") as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.root)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with connect(ServerSettings(url=server.url), 5.0) as client:
            assert client.get("/models", cast_to=object) == {
                "object": "list",
                "data": [{"id": server.model, "object": "model"}],
            }
        assert (proxy.gets, server.gets) == ([], ["/v1/models"])


def test_another_address_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn("openai") as proxy:
        monkeypatch.setenv("http_proxy", proxy.root)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with connect(ServerSettings(url="http://models.example/v1"), 5.0) as client, pytest.raises(Exception):  # noqa: B017, PT011
            client.get("/models", cast_to=object)
        assert proxy.gets == ["http://models.example/v1/models"]


def test_a_key_is_read_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARD_KEY", " sk-1\n")
    assert key_of(ServerSettings(key_variable="YARD_KEY")) == "sk-1"
    assert key_of(ServerSettings()) == ""
    monkeypatch.setenv("YARD_KEY", " ")
    with pytest.raises(ConfigError, match=r"names YARD_KEY.*export YARD_KEY="):
        key_of(ServerSettings(key_variable="YARD_KEY"))


def test_a_key_that_no_header_can_hold_is_refused_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("sk-one\nX-Evil: 1", "sk-schlüssel"):
        monkeypatch.setenv("YARD_KEY", key)
        with pytest.raises(ConfigError, match="YARD_KEY") as caught:
            key_of(ServerSettings(key_variable="YARD_KEY"))
        assert "sk-" not in str(caught.value)


def test_a_url_may_not_carry_a_password() -> None:
    with pytest.raises(ConfigError, match="no user and password") as caught:
        ServerSettings(url="http://me:secret@127.0.0.1:8000/v1")
    assert "secret" not in str(caught.value)
