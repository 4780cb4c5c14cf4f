"""``videoindex ask --look`` and ``--agent`` as commands, with a server over HTTP that sees planted pixels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest
from asked import BAG, CONFIG, Bench, make_bench
from looking import FPS
from PIL import Image
from standin_server import Seen, StandIn
from test_second_look import answers

# Larger than a server's floor for pictures, so that it leaves them as they are.
LARGE = CONFIG.replace("min_pixels = 1024", "min_pixels = 65536")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("ask"))


def says(seen: Seen) -> dict[str, Any]:
    """As the model of the second look's own test, which knows one recording: here the yard may be another."""
    said = answers(seen)
    name = next((json.loads(row)["video"] for row in seen.question.splitlines() if '"yard.mp4"' in row), "v1")
    return {"content": said["content"].replace('"v1"', f'"{name}"')}


def ask(bench: Bench, *line: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    with StandIn("vllm", says) as server:
        served = f'model = "{server.model}"\n[vlm.server]\nurl = "{server.url}"\nretries = 0\n'
        (bench.folder / "server.toml").write_text(LARGE.replace('model = "a-model"\n', served))
        everywhere = ["--db", str(bench.folder / "db"), "--config", str(bench.folder / "server.toml")]
        ran = subprocess.run(
            [sys.executable, "-c", f"from videoindex.cli import main; main({['ask', *line, *everywhere]!r})"],
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ran.returncode == code, ran.stderr
    return ran


def test_a_moment_is_tightened_and_its_picture_saved(bench: Bench, tmp_path: Path) -> None:
    ran = ask(
        bench, "when is a brown bag on the bench before 0:25?", "--look", "--json", "--evidence", str(tmp_path)
    )
    document = json.loads(ran.stdout)
    (moment,) = document["moments"]
    assert moment["start_s"] == pytest.approx(BAG.start_s, abs=0.5)
    assert moment["end_s"] == pytest.approx(BAG.end_s, abs=0.5)
    assert [look["verdict"] for look in document["looks"]] == ["tightened"]
    number = planted.read(np.asarray(Image.open(moment["evidence"])))
    assert number is not None
    assert number / FPS in BAG


def test_a_change_is_told_to_the_half_second(bench: Bench) -> None:
    document = json.loads(
        ask(bench, "when did the bag disappear?", "--look", "--json", "--video", "yard.mp4").stdout
    )
    (moment,) = document["moments"]
    assert moment["start_s"] < BAG.end_s <= moment["end_s"]
    assert moment["end_s"] - moment["start_s"] <= 0.5


def test_steps_go_to_standard_error_and_the_answer_to_standard_output(bench: Bench) -> None:
    ran = ask(bench, "when is the bag there?", "--agent", "--video", "yard.mp4")
    assert ran.stdout.startswith("A bag: 0:00:08.0-0:00:12.0 in yard.mp4.")
    assert ' 1. {"action": "look_at"' in ran.stderr
    assert ' 2. {"action": "answer"' in ran.stderr
