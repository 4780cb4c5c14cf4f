"""The report as one page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from needle_rows import control, missed, picture_in, report_of, row, run_of, spec

from videoindex.evaluation.report import NeedleReport
from videoindex.evaluation.report_page import report_page

ROWS = (row(0), missed(1), control(0), row(2, outcome="unjudged", score=None, reason="not planted"))


def page(folder: Path, *rows: object, **changes: object) -> str:
    report: NeedleReport = report_of(*(rows or ROWS), **changes)  # type: ignore[arg-type]
    return report_page(report, b"heat", b"times", folder)


class _Tags(HTMLParser):
    """Which elements there are, and whether each is closed in its turn."""

    void = frozenset({"meta", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(text)
    assert parser.open == []
    return parser.seen


def test_the_page_is_whole_and_needs_nothing_beside_itself(tmp_path: Path) -> None:
    picture = picture_in(tmp_path)
    text = page(tmp_path, row(0, picture=picture), run=run_of(spec(), protocol="v-niah"))
    sources = [attrs["src"] or "" for tag, attrs in tags(text) if tag == "img"]
    assert len(sources) == 3
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"<(script|link|iframe)|https?://|url\(|@import", text)


def test_needles_stand_with_question_truth_and_answer_and_what_went_wrong_comes_first(tmp_path: Path) -> None:
    text = page(tmp_path)
    states = re.findall(r'<article class="(\w+)">', text)
    assert states == ["wrong", "unjudged", "right", "right"]
    assert "What is the password of the choir?" in text
    assert "lantern (12.00-14.00 s)" in text
    assert "not planted" in text


def test_what_a_recording_or_a_model_says_is_shown_as_text(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script><img src=x onerror=y>'
    text = page(
        tmp_path,
        row(0, said=evil, question=evil, answer=evil, reason=evil),
        haystack=evil,
        warnings=(evil,),
        made_with=({evil: evil},),
        settings={evil: evil},
    )
    assert not [tag for tag, _ in tags(text) if tag == "script"]
    assert not [attrs for _, attrs in tags(text) if "onerror" in attrs]


def test_warnings_figures_versions_settings_and_revision_are_there(tmp_path: Path) -> None:
    text = page(tmp_path, warnings=("a clock is shifted",))
    for said in ("a clock is shifted", "1 of 2, 0.50", "0123456789ab", "<summary>Settings</summary>", "limit"):
        assert said in text
    assert "a distraction to the others" in text


def test_planting_while_sampling_is_stated(tmp_path: Path) -> None:
    run = run_of(spec(arm="direct"), planting="sample")
    assert "no copy was encoded" in page(tmp_path, row(0, arm="direct"), run=run)


def test_a_protocol_is_cited(tmp_path: Path) -> None:
    text = page(tmp_path, run=run_of(spec(), protocol="vnbench"))
    assert "arXiv:2406.09367" in text
    assert "Ours differs" in text
