"""Subtitles: every way a file beside a recording or a stream in it can say when which words are shown."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import broken_decoders
import numpy as np
import pytest
import spoken
from subtitled import CUES, SRT

from videoindex.errors import DecodeError
from videoindex.media import subtitles
from videoindex.media.subtitles import Cue, Track, chapters, find_tracks, read_cues
from videoindex.types import Span, Video


def plain_video(folder: Path, name: str = "lecture.mkv", start_s: float = 0.0) -> Video:
    path = folder / name
    spoken.write_sound(path, spoken.tone(10.0, 440), codec="pcm_s16le", start_s=start_s)
    return spoken.video_of(path, Span(start_s, start_s + 10.0))


def test_files_beside_the_recording_are_found_by_name(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    for name in ("lecture.srt", "lecture.en.srt", "lecture.pt-BR.forced.vtt", "lecture.mkv.srt", "LECTURE.txt"):
        (tmp_path / name).write_text(SRT)
    for name in ("lecture2.srt", "lecture part two of the series.srt", "lecture.a.b.c.srt", "other.srt"):
        (tmp_path / name).write_text(SRT)
    (tmp_path / "lecture.de.srt").mkdir()
    found = {track.name: (track.language, track.forced) for track in find_tracks(video)}
    assert found == {
        "lecture.srt": ("", False),
        "lecture.en.srt": ("en", False),
        "lecture.mkv.srt": ("", False),
        "lecture.pt-BR.forced.vtt": ("pt-br", True),
    }


def test_a_changed_file_has_another_digest(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    side = tmp_path / "lecture.srt"
    side.write_text(SRT)
    before = find_tracks(video)[0].digest
    os.utime(side, (1, 1))
    assert find_tracks(video)[0].digest == before
    side.write_text(SRT.replace("Bye", "Goodbye"))
    assert find_tracks(video)[0].digest != before


def test_a_file_that_may_not_be_read_is_a_track_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, side, opened = plain_video(tmp_path), tmp_path / "lecture.srt", Path.open
    side.write_text(SRT)

    def refused(path: Path, *args: str) -> object:
        if path == side:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr(Path, "open", refused)
    (track,) = find_tracks(video)
    with pytest.raises(DecodeError, match=r"lecture.srt cannot be read .*Permission denied"):
        read_cues(video, track)


def test_times_of_a_file_count_from_the_start_of_playback(tmp_path: Path) -> None:
    video = plain_video(tmp_path, start_s=100.0)
    (tmp_path / "lecture.srt").write_text(SRT)
    cues = read_cues(video, find_tracks(video)[0])
    assert [cue.span.start_s for cue in cues] == pytest.approx([101.0, 104.0], abs=0.01)


def test_an_unreadable_file_is_named_and_an_odd_one_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = plain_video(tmp_path)
    side = tmp_path / "lecture.srt"
    side.write_text("this is no subtitle")
    with pytest.raises(DecodeError, match=r"lecture\.srt holds no subtitle"):
        read_cues(video, find_tracks(video)[0])
    side.write_bytes(SRT.replace("world", "caf\u00e9").encode("cp1252"))
    with caplog.at_level(logging.WARNING):
        assert read_cues(video, find_tracks(video)[0])[0].text == "Hello café"
    assert "Windows-1252" in caplog.text


STREAMS = [
    ("a.mkv", "subrip", b"Hello <i>world</i>", b"Bye, now"),
    ("a.mkv", "ass", b"0,0,Default,,0,0,0,,{\\i1}Hello{\\i0} world", b"1,0,Default,,0,0,0,,Bye, now"),
    ("a.mkv", "webvtt", b"Hello <b>world</b>", b"Bye, now"),
    ("a.mp4", "mov_text", b"\x00\x0bHello world", b"\x00\x08Bye, now"),
]


def write_subtitled(path: Path, codec: str, first: bytes, second: bytes) -> None:
    """A file with a track of text, as another program's muxer would have written it, and two chapters."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=16_000, layout="mono")
        text = container.add_mux_stream(codec)
        text.time_base = Fraction(1, 1000)
        text.metadata["language"] = "eng"
        container.set_chapters(
            [
                {"id": 1, "start": 0, "end": 5000, "time_base": Fraction(1, 1000), "metadata": {"title": "Intro"}},
                {
                    "id": 2,
                    "start": 5000,
                    "end": 9000,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "Main"},
                },
            ]
        )
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000 * 10), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(sound.encode(frame) + sound.encode(None))
        for data, start_ms, end_ms in ((first, 1000, 3500), (second, 4000, 6000)):
            packet = av.Packet(data)
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts = packet.dts = start_ms
            packet.duration = end_ms - start_ms
            container.mux(packet)


@pytest.mark.parametrize(("name", "codec", "first", "second"), STREAMS)
def test_streams_and_chapters_of_a_container(
    tmp_path: Path, name: str, codec: str, first: bytes, second: bytes
) -> None:
    path = tmp_path / name
    write_subtitled(path, codec, first, second)
    video = spoken.video_of(path, Span(0.0, 10.0))
    tracks = find_tracks(video)
    assert [(track.language, track.forced, track.path) for track in tracks] == [("eng", False, None)]
    assert read_cues(video, tracks[0]) == CUES
    assert chapters(video) == [Cue(Span(0.0, 5.0), "Intro"), Cue(Span(5.0, 9.0), "Main")]


def test_nothing_of_the_recording_is_parsed_here(tmp_path: Path) -> None:
    name, codec, first, second = STREAMS[0]
    write_subtitled(tmp_path / name, codec, first, second)
    (tmp_path / "a.srt").write_text(SRT)
    script = (
        "import sys\nfrom pathlib import Path\nfrom videoindex.media.probe import probe\n"
        "from videoindex.media.subtitles import chapters, find_tracks, read_cues\n"
        f"video = probe(Path({str(tmp_path / name)!r})).video\n"
        "assert [len(read_cues(video, track)) for track in find_tracks(video)] == [2, 2]\n"
        "assert len(chapters(video)) == 2\nprint('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("streams_to_plain", broken_decoders.crash, r"subtitle demuxer crashed in .*lecture\.mkv \(SIGSEGV"),
        ("streams_to_plain", broken_decoders.babble, r"subtitle demuxer answered nonsense about .*lecture\.mkv"),
        ("chapters_to_plain", broken_decoders.crash, r"subtitle demuxer crashed in .*lecture\.mkv \(SIGSEGV"),
        ("chapters_to_plain", broken_decoders.babble, r"subtitle demuxer answered nonsense about .*lecture\.mkv"),
    ],
)
def test_a_demuxer_that_fails_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: str, theirs: Callable[..., object], said: str
) -> None:
    video = plain_video(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(subtitles, ours, theirs)
        with pytest.raises(DecodeError, match=said):
            assert (find_tracks(video), chapters(video)) == ([], [])
    assert (find_tracks(video), chapters(video)) == ([], [])


def test_a_recording_with_nothing_written_has_none(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    assert find_tracks(video) == []
    assert chapters(video) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    with pytest.raises(DecodeError, match="gone"):
        read_cues(video, Track("gone.srt", "", False, "", path=tmp_path / "gone.srt"))
