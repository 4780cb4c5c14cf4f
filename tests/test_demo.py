from __future__ import annotations

from pathlib import Path

import pytest

from videoindex import demo
from videoindex.config import Settings
from videoindex.demo import QUESTIONS, Asked, Demo, run_demo
from videoindex.errors import VideoIndexError
from videoindex.query.ask import Reply
from videoindex.query.search import SearchResult
from videoindex.query.understand import understand
from videoindex.types import Answer, Coverage, Event, Moment, Span


def reply(*spans: Span) -> Reply:
    def moment(span: Span) -> Moment:
        event = Event.observed("v1", span, "a title", source="screen_text", model="m", confidence=0.9)
        return Moment("v1", span, 0.9, (event,))

    moments = tuple(moment(span) for span in spans)
    coverage = Coverage()
    result = SearchResult(understand("a title"), moments, len(moments), False, coverage, (), frozenset(), {})
    return Reply(Answer("an answer", moments, coverage), result)


@pytest.mark.parametrize(
    ("found", "truth", "is_right"),
    [
        ([Span(10, 20)], (Span(11, 20),), True),
        ([Span(10, 20)], (Span(50, 60), Span(11, 20)), True),
        ([Span(10, 20)], (Span(18, 40),), False),
        ([Span(50, 60), Span(10, 20)], (Span(10, 20),), False),
        ([Span(10, 20)], (), False),
        ([], (), True),
        ([], (Span(10, 20),), False),
        ([], None, True),
    ],
)
def test_an_answer_is_right_when_its_first_moment_is(
    found: list[Span], truth: tuple[Span, ...] | None, is_right: bool
) -> None:
    asked = Asked("when?", reply(*found), truth)
    assert asked.is_right is is_right
    made = Demo((Path("a.mp4"),), 2.0, 60.0, (Asked("who?", reply(), ()), asked), "db")
    assert made.is_right is is_right
    assert ("WRONG" in made.text()) is not is_right


def test_what_is_shown_beside_an_answer_is_how_it_was_made() -> None:
    made = Demo(
        (Path("a.mp4"),), 2.0, 60.0, (Asked("when?", reply(), (Span(61, 62),)), Asked("who?", reply(), ())), "db"
    )
    text = made.text()
    assert "Indexed 0:01:00.0 of recordings in 2 s." in text
    assert "WRONG; as made: 0:01:01.0-0:01:02.0" in text
    assert "right; as made: it never happens" in text
    assert "--db db" in text


def test_every_question_of_the_demo_has_its_truth_in_the_sample_that_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in ("samples_lecture", "samples_camera"):
        monkeypatch.setattr(f"videoindex.evaluation.{where}.record", lambda *_: None)
    (tmp_path / "recordings").mkdir()
    questions = demo._sample_questions(tmp_path)
    assert [question for _, question, _ in questions] == [question for _, question, _ in QUESTIONS]
    assert [bool(windows) for _, _, windows in questions] == [True, True, True, False, False]
    assert len({file for file, _, _ in questions}) == 2


def test_a_file_that_cannot_be_indexed_is_the_demo_s_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.ingest import Outcome, Recording
    from pipelines.progress import Progress

    def fails(settings: Settings, recordings: list[Recording], *, progress: Progress) -> list[Outcome]:
        assert settings.index.db == str(tmp_path / "here" / "index")
        return [Outcome(one.path, None, "failed", f"{one.path} is empty", 0.0, {}, 0.1) for one in recordings]

    monkeypatch.setattr("pipelines.ingest.run_ingest", fails)
    with pytest.raises(VideoIndexError, match=r"my\.mp4 is empty"):
        run_demo(Settings(), tmp_path / "here", tmp_path / "my.mp4", "when?")
