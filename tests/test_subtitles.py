"""Subtitles: every way a file or a stream can say when which words are shown."""

from __future__ import annotations

import logging
import os
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import spoken
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import DecodeError
from videoindex.media.subtitle_text import clean, decode_text, parse_cues
from videoindex.media.subtitles import Cue, Track, chapters, find_tracks, read_cues
from videoindex.types import Span, Video

SRT = "1\n00:00:01,000 --> 00:00:03,500\nHello <i>world</i>\n\n2\n00:00:04,000 --> 00:00:06,000\nBye, now\n"
CUES = [Cue(Span(1.0, 3.5), "Hello world"), Cue(Span(4.0, 6.0), "Bye, now")]


def cues_of(text: str) -> list[Cue]:
    return list(parse_cues(text).cues)


@pytest.mark.parametrize(
    "text",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        SRT.replace("\n", "\r"),
        "\ufeff" + SRT,
        SRT.replace("00:00:", "00:").replace(",000", ".000").replace(",500", ".500"),
        SRT.replace("\n\n2\n", "\n2\n"),
        SRT.replace("\n\n2\n", "\n\n\n\n"),
        SRT.replace(",500", ",5").replace(",000", ""),
        "WEBVTT - a title\n\nNOTE a --> remark\n\nSTYLE\n::cue { color: red }\n\nintro\n"
        "00:01.000 --> 00:03.500 align:start position:0%\n<v Ann>Hello <c.loud>world</c>\n\n"
        "00:04.000 --> 00:06.000\nBye<00:05.000>, now\n",
    ],
)
def test_dialects_of_srt_and_webvtt_give_the_same_cues(text: str) -> None:
    assert cues_of(text) == CUES


def test_out_of_order_and_overlapping_cues_are_sorted_and_kept() -> None:
    text = "2\n00:00:05,000 --> 00:00:09,000\nlate\n\n1\n00:00:01,000 --> 00:00:06,000\nearly\n"
    assert [cue.text for cue in cues_of(text)] == ["early", "late"]


def test_broken_cues_are_named_by_line_and_the_others_read() -> None:
    text = "1\n00:00:0x,000 --> 00:00:02,000\nbad\n\n2\n00:00:09,000 --> 00:00:04,000\nback\n\n" + SRT
    parsed = parse_cues(text)
    assert list(parsed.cues) == CUES
    assert parsed.problems[0].startswith("line 2: not a time range")
    assert parsed.problems[1].startswith("line 6: ends at 4.000 s")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_told_apart(encoding: str) -> None:
    text = SRT.replace("world", "café – “là”")
    decoded, named = decode_text(text.encode(encoding))
    assert cues_of(decoded)[0].text == "Hello café – “là”"
    assert (named == "windows-1252") == (encoding == "cp1252")


def test_marks_are_stripped_and_meaning_kept() -> None:
    assert (
        clean("{\\an8}<font color='red'>5 &lt; 6 &amp; 7</font>\\Nnext\\hline\u200b\x00") == "5 < 6 & 7\nnext line"
    )
    assert clean("if a < b and c > d") == "if a < b and c > d"
    assert clean("{not a style}") == "{not a style}"


@given(st.text(max_size=300))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    for cue in parse_cues(text).cues + parse_cues("00:01 --> 00:02\n" + text).cues:
        assert cue.span.start_s < cue.span.end_s
        assert cue.text == clean(cue.text).strip() or "<" in cue.text or "&" in cue.text or "{" in cue.text


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded(data: bytes) -> None:
    text, encoding = decode_text(data)
    assert isinstance(text, str)
    assert encoding


def test_text_bombs_are_bounded() -> None:
    started = time.perf_counter()
    parsed = parse_cues("00:01 --> 00:02\n" + "<" * 500_000 + "\n" + "00:0" * 200_000 + " -->\n" + "{\\" * 300_000)
    assert sum(len(cue.text) for cue in parsed.cues) <= 4_000
    many = parse_cues("00:01 --> 00:02\nx\n\n" * 210_000)
    assert len(many.cues) == 200_000
    assert "more than 200000 cues" in many.problems[-1]
    assert time.perf_counter() - started < 60  # a pattern that backtracks would take hours


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


def test_a_recording_with_nothing_written_has_none(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    assert find_tracks(video) == []
    assert chapters(video) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    video = plain_video(tmp_path)
    with pytest.raises(DecodeError, match="gone"):
        read_cues(video, Track("gone.srt", "", False, "", path=tmp_path / "gone.srt"))
