"""What is said to a child arrives as it was meant."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

from videoindex.media.decoders.child import CallRequest, DecodeRequest, load_decoder
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.types import Span, Video

SECONDS = some.floats(0.0, 1e6)


@given(
    some.text(min_size=1).filter(lambda name: "/" not in name and "\0" not in name),
    some.lists(SECONDS),
    some.integers(1, 9999),
)
def test_a_request_to_decode_survives_the_way(name: str, at_s_T: list[float], width_px: int) -> None:
    video = Video("id", Path("/films") / name, Span(0.1, 1e6), width_px, 48, 29.97, False)
    request = DecodeRequest("a:b", video, tuple(at_s_T), (0, 0), 8, 1 << 20, 2, 60)
    line = request.to_json()
    assert "\n" not in line
    assert DecodeRequest.from_plain(json.loads(line)["decode"]) == request


@given(some.lists(some.none() | some.text() | some.integers() | SECONDS))
def test_a_call_survives_the_way(arguments: list[str | float | None]) -> None:
    request = CallRequest("a:b", Path("/films/\udcff name.mp4"), tuple(arguments), 60)
    line = request.to_json()
    assert "\n" not in line
    assert CallRequest.from_plain(json.loads(line)["call"]) == request


def test_a_decoder_is_made_by_its_place() -> None:
    assert isinstance(load_decoder("videoindex.media.decoders.pyav:PyavDecoder"), PyavDecoder)


def test_a_child_ends_with_a_parent_that_left_its_answers_unread(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryFile() as pixels, theirs:
        fds = (theirs.fileno(), pixels.fileno())
        module = "videoindex.media.decoders.child"
        child = subprocess.Popen([sys.executable, "-m", module, *map(str, fds), "0"], pass_fds=fds)
    calling = CallRequest("no.such.module:callable", tmp_path / "film.mp4", (), 60)
    ours.sendall(f"{calling.to_json()}\n".encode())
    ours.recv(1, socket.MSG_PEEK)  # the answer is there, and stays unread: closing now resets the line
    ours.close()
    assert child.wait(30) == 0
