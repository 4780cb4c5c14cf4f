"""Probing: identity, time, picture, streams, date and damage, against files whose making is known."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import cv2
import planted
import pytest

from videoindex.errors import DecodeError, DecoderHungError, MediaError, NotAVideoError, UsageError
from videoindex.media.decoders.process import Children
from videoindex.media.inspection import inspect
from videoindex.media.probe import _probe_in, probe

STEADY = planted.steady(25, 50)


def test_says_what_a_sound_file_is(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mkv", planted.steady(25, 50, start_s=5.0), with_sound=True)
    found = probe(film.path)
    video = found.video
    assert (video.width_px, video.height_px) == film.size_px
    assert video.span.start_s == pytest.approx(5.0, abs=0.002)
    assert video.span.end_s == pytest.approx(7.0, abs=0.002)
    assert video.average_fps == pytest.approx(25.0, rel=0.01)
    assert video.has_audio
    assert [(track.codec, track.rate_hz, track.channels) for track in found.audio] == [("aac", 16000, 1)]
    assert (found.codec, found.pixel_format, found.damage) == ("h264", "yuv420p", ())
    assert not found.is_variable_rate
    assert video.recorded_at is None
    assert found.recorded_at_source == ""
    assert found.size_bytes == film.path.stat().st_size


def _jpeg(path: Path) -> None:
    _, coded = cv2.imencode(".jpg", planted.draw(1, (64, 48)))
    path.write_bytes(coded.tobytes())


def _png(path: Path) -> None:
    _, coded = cv2.imencode(".png", planted.draw(1, (64, 48)))
    path.write_bytes(coded.tobytes())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), r"is empty \(0 bytes\)"),
        (lambda path: path.write_text("Dear diary,\n" * 400), "is a text file"),
        (lambda path: path.write_text("#EXTM3U\nhttp://example.org/a.ts\n"), "playlists are not followed"),
        (lambda path: path.write_text("ffconcat version 1.0\nfile /etc/passwd\n"), "playlists are not followed"),
        (_jpeg, r"is a still image \(JPEG\)"),
        (_png, r"is a still image \(PNG\)"),
        (lambda path: path.write_bytes(random.Random(1).randbytes(9000)), "no media format known here"),
    ],
)
def test_what_is_no_video_is_refused_with_the_reason(tmp_path: Path, make, said: str) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(NotAVideoError, match=said) as caught:
        probe(path)
    assert str(path) in str(caught.value)


def test_carries_when_it_was_recorded(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "a.mp4", STEADY, metadata={"creation_time": "2024-01-31T13:25:30Z"})
    found = probe(film.path)
    assert found.video.recorded_at == datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC)
    assert found.recorded_at_source == "metadata"
    flag = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert probe(film.path, flag).video.recorded_at == flag
    with pytest.raises(UsageError, match="time zone"):
        probe(film.path, datetime(2020, 1, 1))


def test_says_in_another_process_what_is_said_in_this_one(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mkv", STEADY, with_sound=True, clockwise_deg=0)
    assert probe(film.path) == inspect(film.path)


def test_nothing_is_parsed_here_and_the_child_is_the_one_that_decodes(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", STEADY)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from videoindex.media.probe import probe\nfrom videoindex.media.decoders import open_decoder\n"
        "from videoindex.media.decoders.process import shared_children\n"
        f"video = probe(Path({str(film.path)!r})).video\nchildren = list(shared_children().idle)\n"
        "assert sum(len(frames) for frames in open_decoder().frames(video, [0.1, 1.0])) == 2\n"
        "assert children == shared_children().idle and len(children) == 1\nprint('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("function", "kind", "said"),
    [
        ("hang", DecoderHungError, r"The demuxer gave nothing for 3 s in .*film\.mp4 and was stopped"),
        ("crash", DecodeError, r"The demuxer crashed in .*film\.mp4 \(SIGSEGV"),
        ("babble", DecodeError, r"The demuxer answered nonsense about .*film\.mp4"),
    ],
)
def test_a_demuxer_that_fails_costs_one_file(
    tmp_path: Path, function: str, kind: type[MediaError], said: str
) -> None:
    children = Children(memory_mib=2048)
    with pytest.raises(kind, match=said):
        _probe_in(children, tmp_path / "film.mp4", None, f"broken_decoders:{function}", idle_s=3.0)
    film = planted.write(tmp_path / "film.mp4", STEADY)
    assert _probe_in(children, film.path, None).video == probe(film.path).video
    children.close()
