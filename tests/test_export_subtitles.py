"""Subtitles and chapters, read back by our own reader, by FFmpeg's, and by the rules of the platform."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import AWKWARD, awkward, mark, video

from videoindex.media.subtitle_text import Cue, parse_cues
from videoindex.query.export import Sheet, Written
from videoindex.query.export_subtitles import chapters_text, srt_text, vtt_text

WRITERS = {".srt": srt_text, ".vtt": vtt_text}
SPACE = re.compile(r"\s+")


def _read_by_us(written: Written) -> list[Cue]:
    parsed = parse_cues(written.text)
    assert not parsed.problems
    return list(parsed.cues)


def _read_by_ffmpeg(written: Written, path: Path) -> list[tuple[float, float, str]]:
    """(start, end, payload) of each packet that FFmpeg's demuxer finds."""
    path.write_text(written.text, encoding="utf-8")
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        tick_s = float(stream.time_base or 0)
        return [
            (p.pts * tick_s, (p.pts + p.duration) * tick_s, bytes(p).decode())
            for p in container.demux(stream)
            if p.size and p.pts is not None and p.duration is not None
        ]


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
@pytest.mark.parametrize("start_s", [0.0, 1234.5])
def test_two_readers_find_every_cue_at_its_time(suffix: str, start_s: float, tmp_path: Path) -> None:
    sheet = awkward(video(start_s=start_s))
    written = WRITERS[suffix](sheet, start_s)
    times = [(made.span.start_s - start_s, made.span.end_s - start_s) for made in sheet.marks]
    for found in (
        [(cue.span.start_s, cue.span.end_s) for cue in _read_by_us(written)],
        [(start, end) for start, end, _ in _read_by_ffmpeg(written, tmp_path / f"x{suffix}")],
    ):
        assert found == [pytest.approx(pair, abs=6e-4) for pair in times]


def _squeezed(text: str) -> str:
    return SPACE.sub(" ", re.sub(r"[\x00-\x1f]", " ", text)).strip()


def test_webvtt_gives_every_text_back_as_it_was(tmp_path: Path) -> None:
    found = _read_by_ffmpeg(vtt_text(awkward(), 0.0), tmp_path / "x.vtt")
    assert [_squeezed(html.unescape(text)) for _, _, text in found] == [_squeezed(text) for text in AWKWARD]
    for _, _, text in found:
        assert "<" not in text
        assert "-->" not in text


def test_srt_gives_every_text_back_but_for_the_signs_it_cannot_hold(tmp_path: Path) -> None:
    written = srt_text(awkward(), 0.0)
    back = {"→": "-->", "‹": "<", "›": ">", "(\\": "{\\"}
    found = [text for _, _, text in _read_by_ffmpeg(written, tmp_path / "x.srt")]
    for sign, was in back.items():
        found = [text.replace(sign, was) for text in found]
    assert [_squeezed(text) for text in found] == [_squeezed(text) for text in AWKWARD]
    assert written.notes == ("in 4 texts signs that SRT takes for mark-up were exchanged for like ones",)
    assert not srt_text(Sheet("x", (mark(0, 1, "1 + 1"),)), 0.0).notes


def test_cues_come_in_order_of_time_and_last_at_least_a_millisecond() -> None:
    sheet = Sheet("x", (mark(5, 6, "late"), mark(1, 1.0002, "short"), mark(1, 3, "long")))
    written = srt_text(sheet, 0.0)
    assert re.findall(r"(?m)^\d+$", written.text) == ["1", "2", "3"]
    cues = _read_by_us(written)
    assert [cue.text for cue in cues] == ["short", "long", "late"]
    assert cues[0].span.duration_s == pytest.approx(0.001)


@pytest.mark.parametrize("writer", WRITERS.values())
def test_what_begins_before_playback_is_moved_to_its_start_and_told(writer: object) -> None:
    written = writer(Sheet("x", (mark(-0.5, 1, "x"),)), 0.0)  # type: ignore[operator]
    assert _read_by_us(written)[0].span.start_s == 0.0
    assert "moved to its start" in written.notes[0]


def test_nothing_found_is_an_empty_file() -> None:
    nothing = Sheet("x", ())
    assert srt_text(nothing, 0.0) == Written("")
    assert vtt_text(nothing, 0.0) == Written("WEBVTT\n")


def _chapters(written: Written) -> list[tuple[int, str]]:
    found = []
    for line in written.text.splitlines():
        times, _, title = line.partition(" ")
        parts = [int(part) for part in times.split(":")]
        found.append((sum(part * 60**n for n, part in enumerate(reversed(parts))), title))
    return found


@given(st.lists(st.tuples(st.floats(0, 4000), st.sampled_from(AWKWARD)), max_size=40), st.floats(0, 500))
def test_chapters_keep_the_rules_of_the_platform(found: list[tuple[float, str]], zero_s: float) -> None:
    one = video(start_s=zero_s)
    marks = tuple(mark(zero_s + at_s, zero_s + at_s + 1, text, one) for at_s, text in found)
    written = chapters_text(Sheet("x", marks), zero_s, one.span.end_s)
    chapters = _chapters(written)
    assert len(written.text.splitlines()) == len(chapters)
    if not marks:
        assert written.text == ""
        return
    assert chapters[0][0] == 0
    assert all(b - a >= 10 for (a, _), (b, _) in pairwise(chapters))
    assert chapters[-1][0] == 0 or chapters[-1][0] <= 3990
    assert all(title and "<" not in title and ">" not in title for _, title in chapters)


def test_each_chapter_begins_with_its_mark_and_what_is_left_out_is_named() -> None:
    marks = tuple(
        mark(at_s, at_s + 2, text)
        for at_s, text in ((62.9, "one"), (70.0, "too near"), (3725.5, "two"), (3995.0, "too late"))
    )
    written = chapters_text(Sheet("x", marks), 0.0, 4000.0)
    assert written.text == "0:00 Start\n1:02 one\n1:02:05 two\n"
    assert written.notes == ("chapters last 10 s or longer, so 2 were left out: 1:10 too near; 1:06:35 too late",)


def test_a_mark_in_the_first_ten_seconds_opens_the_list() -> None:
    written = chapters_text(Sheet("x", (mark(4.2, 5, "one"), mark(30, 31, "two"))), 0.0, 4000.0)
    assert written.text == "0:00 one\n0:30 two\n"
    assert written.notes == ("YouTube shows chapters from 3 on, and there are 2",)
