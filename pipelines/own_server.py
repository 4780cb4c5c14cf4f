"""A Prefect server for this process alone, run as ``python -m pipelines.own_server`` by the process it serves.

Where no server is configured, Prefect starts a temporary one itself, but that one lives on when its parent is
killed. This one hears of its parent's end, however that came, and ends too.
"""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from videoindex.errors import BackendError

if TYPE_CHECKING:
    import uvicorn

__all__ = ["configured_server", "main", "own_server_url"]

_HOST = "127.0.0.1"
# Starting takes 7 s on an idle machine; a busy one gets its time.
_START_S = 180.0
# What the server has for writing down the last events of a run.
_STOP_S = 5.0


@contextmanager
def configured_server() -> Iterator[None]:
    """Flows inside run against the server that the user has configured, or against one of this process's own."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    if PREFECT_API_URL.value():
        yield
        return
    with temporary_settings({PREFECT_API_URL: own_server_url()}):
        yield


@functools.cache
def own_server_url() -> str:
    """The address of this process's own server, which the first call starts. Raises BackendError if it cannot."""
    _reach_directly(_HOST)
    with socket.create_server((_HOST, 0)) as listening:
        url = f"http://{_HOST}:{listening.getsockname()[1]}/api"
        process = subprocess.Popen(
            # -P: the working directory may hold anything; our own import path is handed over instead.
            [sys.executable, "-P", "-m", "pipelines.own_server", str(listening.fileno())],
            pass_fds=(listening.fileno(),),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        )
    atexit.register(_stop, process)
    try:
        # The socket listens already: the request waits in its queue until the server answers.
        with urllib.request.urlopen(f"{url}/health", timeout=_START_S):
            return url
    except (urllib.error.URLError, OSError) as error:
        _stop(process)
        raise BackendError(
            f"Prefect's temporary server did not start ({error}); run `prefect server start` elsewhere and set "
            "PREFECT_API_URL to it"
        ) from error


def _reach_directly(host: str) -> None:
    """Keeps requests to ``host`` from a proxy that the environment names, whose own loopback it would be."""
    if urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        for name in ("no_proxy", "NO_PROXY"):
            os.environ[name] = f"{spared},{host}".lstrip(",")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Hangs up, which the server hears, and waits until it is gone."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_S + 1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(socket_fd: int) -> None:
    """Serves Prefect's API on a listening socket until standard input ends."""
    running: list[uvicorn.Server] = []
    threading.Thread(target=_end_with_parent, args=(running,), daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=True, final=True)
    running.append(uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on")))
    running[0].run(sockets=[socket.socket(fileno=socket_fd)])


def _end_with_parent(running: list[uvicorn.Server]) -> None:
    """Waits for the parent to hang up, then lets a running server finish, but not for long."""
    os.read(sys.stdin.fileno(), 1)
    if running:
        running[0].should_exit = True
        time.sleep(_STOP_S)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
