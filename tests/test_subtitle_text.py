"""Subtitle files as text: every dialect gives the same cues, and no text or bytes break the reading."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subtitled import CUES, SRT

from videoindex.media.subtitle_text import Cue, ass_text, clean, decode_text, parse_cues


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
    assert clean("10\u00a0000&nbsp;bees\tflew") == "10 000 bees flew"


@given(st.text(max_size=300))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    for cue in parse_cues(text).cues + parse_cues("00:01 --> 00:02\n" + text).cues:
        assert cue.span.start_s < cue.span.end_s
        for line in cue.text.split("\n"):
            assert line.isprintable()
            assert line.split(" ") == line.split()
            assert line


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


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("0,0,Default,,0,0,0,,Hello, world", "Hello, world"),
        ("0,0,Default,,0,0,0,,{\\p1}m 0 0 l 9 9", ""),
        ("0,0,Default,,0,0,0,,{\\pos(1,2)}Hello", "{\\pos(1,2)}Hello"),
        ("too,few,fields", ""),
    ],
)
def test_the_text_of_an_ass_event_is_its_ninth_field_and_a_drawing_says_nothing(payload: str, text: str) -> None:
    assert ass_text(payload) == text
