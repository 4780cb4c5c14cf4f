"""A real server of another maker, ``transformers serve``, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parent / "serve_small_model.py"


@contextmanager
def serving(model: Path, hub: Path) -> Iterator[str]:
    """Where it answers, ``http://…/v1``, once it serves ``model``; ``hub`` is its empty cache. Its end is waited
    for."""
    line = [sys.executable, str(LAUNCHER), "serve", str(model)]
    own = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*line, "--host", "127.0.0.1", "--port", "0", "--device", "cpu", "--dtype", "float32"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **own},
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        for words in process.stdout:
            said.append(words)
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", words):
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield f"{found[1]}/v1"
                return
        pytest.fail(f"transformers serve did not start: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(60)
