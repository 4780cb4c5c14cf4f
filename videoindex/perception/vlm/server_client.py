"""The connection to a model server: the official ``openai`` client, held to this one server.

It follows no redirects, tries nothing twice (the caller knows which faults a second try may mend), and reaches
loopback addresses directly, whatever proxy the environment names. Of the headers that the client adds, those that
carry the environment's accounts or describe this machine are not sent.
"""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from videoindex.errors import ConfigError
from videoindex.perception.vlm.settings import ServerSettings

if TYPE_CHECKING:
    import openai

__all__ = ["connect", "is_loopback", "key_of"]

_CONNECT_S = 10.0
# By the last of them the client itself knows that its caller wants the answer as it came.
_HEADERS = {
    *("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"),
    "x-stainless-raw-response",
}


def connect(server: ServerSettings, timeout_s: float) -> openai.OpenAI:
    """A client for ``server``. Raises ConfigError when its key is named but not there."""
    import openai

    key = key_of(server)

    def dress(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in _HEADERS]:
            del request.headers[name]
        if key:
            request.headers["Authorization"] = f"Bearer {key}"

    http_client = openai.DefaultHttpxClient(
        timeout=openai.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
        follow_redirects=False,
        trust_env=not is_loopback(server.url),
        event_hooks={"request": [dress]},
    )
    # The client refuses to be made without a key; what is sent is decided above.
    return openai.OpenAI(base_url=server.url, api_key=key or "none", max_retries=0, http_client=http_client)


def key_of(server: ServerSettings) -> str:
    """The server's key; empty where none is named. Raises ConfigError when it is named but not there, or odd."""
    if not server.key_variable:
        return ""
    key = os.environ.get(server.key_variable, "").strip()
    if not key:
        raise ConfigError(
            f"vlm.server.key_variable names {server.key_variable}, which the environment does not set: "
            f"export {server.key_variable}=... or leave the setting empty"
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"the key in {server.key_variable} holds a character that no key has, such as a line break: export it "
            "anew"
        )
    return key


def is_loopback(url: str) -> bool:
    """Whether ``url`` leads to this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
