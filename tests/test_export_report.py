"""The report, read by a Markdown parser's rules: what is text stays text."""

from __future__ import annotations

import re

from marked import AWKWARD, BEGAN, awkward, mark, record, video

from videoindex.query.export import Sheet, one_line
from videoindex.query.export_report import Still, report_text
from videoindex.types import Coverage, Gap, Span


def _fenced(markdown: str) -> tuple[list[str], str]:
    """The content of the fenced blocks (CommonMark 0.31, 4.5), and all that stands outside them."""
    blocks, outside, fence = [], [], ""
    for line in markdown.splitlines():
        if fence:
            if re.fullmatch(rf"`{{{len(fence)},}}\s*", line):
                fence = ""
            else:
                blocks[-1].append(line)
        elif opened := re.match(r"(`{3,})[^`]*$", line):
            fence = opened[1]
            blocks.append([])
        else:
            outside.append(line)
    assert not fence
    return ["\n".join(block) for block in blocks], "\n".join(outside)


def test_every_text_stands_in_a_block_that_it_cannot_leave() -> None:
    blocks, outside = _fenced(report_text(awkward(), {}).text)
    assert blocks == ["\n".join(one_line(line) for line in text.splitlines()) for text in AWKWARD]
    assert "evil" not in outside
    assert "<script>" not in outside


def test_titles_names_and_answers_are_no_mark_up() -> None:
    nasty = "![x](http://evil/x.png) <img src=x> *a* `b` www.evil.org a@b.c # d\nnext"
    one = video("a*b[c](http:evil)`.mp4")
    sheet = Sheet(nasty, (mark(0, 1, "x", one, camera=nasty, sources=(nasty,)),), answer=nasty)
    _, outside = _fenced(report_text(sheet, {}).text)
    recording = next(line for line in outside.splitlines() if line.startswith("- recording: "))
    assert recording == "- recording: `` /films/a*b[c](http:evil)`.mp4 ``"
    outside = outside.replace(recording, "")
    for pattern in (r"(?<!\\)!\[", r"(?<!\\)\]\(", r"(?<!\\)<", r"(?<!\\)\*a", r"http://", r"www\.e", r"a@b"):
        assert not re.search(pattern, outside), pattern


def test_a_section_says_all_that_is_known() -> None:
    one = video(recorded_at=BEGAN)
    sheet = Sheet(
        "when?", (mark(12.25, 14.8, "hello", one, camera="door", sources=("speech", "captions"), id="abc"),)
    )
    text = report_text(sheet, {1: Still("r_frames/001.jpg", 12.24)}).text
    for said in (
        "# when?\n",
        "## 1. 0:00:12.2-0:00:14.8, film.mp4",
        "- recording: `/films/film.mp4`",
        "- wall clock: 2026-05-01T12:00:12.250+00:00",
        "- camera: door",
        "- seen by: speech, captions; score 0.75",
        "- event: `abc`",
        "- exact times: 12.250 s up to, not including, 14.800 s",
        "```text\nhello\n```",
        "![The picture at 0:00:12.250, on display since 0:00:12.240](<r_frames/001.jpg>)",
    ):
        assert said in text


def test_a_picture_that_could_not_be_decoded_is_told() -> None:
    text = report_text(Sheet("x", (mark(1, 2, "a"), mark(3, 4, "b"))), {1: None}).text
    assert text.count("No picture could be decoded at 0:00:01.000.") == 1
    assert "![" not in text


def test_what_was_looked_at_closes_the_report() -> None:
    one = video()
    gaps = tuple(Gap(one.id, Span(10 * n, 10 * n + 5), "its <b>sound</b> is damaged", "speech") for n in range(25))
    coverage = Coverage({one.id: (Span(0, 3512.5),)}, gaps, 2.0, 4000.0)
    text = report_text(Sheet("x", (), "Not found.", coverage, {one.id: record(one)}), {}).text
    assert "Nothing was found." in text
    assert "3,512.5 of 4,000.0 s were examined. Nothing shorter than 2 s is sure to be seen." in text
    assert text.count("- not examined (speech): film.mp4 0:0") == 20
    assert "- and 5 more" in text
    assert "<b>" not in text.replace("\\<b", "")
