"""A server that nobody stops must not be left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pipelines import own_server
from pipelines.own_server import configured_server

SERVES = """
import json, sys, time
from pipelines.own_server import own_server_url
print(json.dumps([own_server_url(), own_server_url()]), flush=True)
if sys.argv[1] == "stay":
    time.sleep(600)
"""


def serving(folder: Path, then: str) -> tuple[subprocess.Popen[str], str]:
    """A process that has started its server, and the server's address."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVES, then],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
    )
    assert process.stdout is not None
    first, second = json.loads(process.stdout.readline())
    assert first == second, "one process started two servers"
    return process, first


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=20) as reply:
            return reply.status == 200
    except OSError:
        return False


def falls_silent(url: str, within_s: float = 30.0) -> bool:
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if not answers(url):
            return True
        time.sleep(0.2)
    return False


def test_a_server_answers_and_dies_with_a_killed_parent(tmp_path: Path) -> None:
    process, url = serving(tmp_path, "stay")
    assert answers(url)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert falls_silent(url)


def test_a_server_is_gone_when_its_parent_has_ended(tmp_path: Path) -> None:
    process, url = serving(tmp_path, "end")
    assert process.wait(60) == 0
    assert not answers(url)


def test_a_server_that_is_configured_is_used() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://prefect.example/api"}), configured_server():
        assert PREFECT_API_URL.value() == "http://prefect.example/api"


@pytest.mark.parametrize(
    ("spared", "then"), [("", "127.0.0.1"), ("corp.example", "corp.example,127.0.0.1"), ("*", "*")]
)
def test_a_proxy_is_not_asked_for_a_server_of_our_own(
    spared: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, spared)
    own_server._reach_directly("127.0.0.1")
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == then
