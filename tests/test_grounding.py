"""Grounding reports: answered, failed and unjudged queries are kept apart, and figures follow from rows."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from videoindex.errors import BackendError
from videoindex.evaluation.grounding import ask_product, judge_predictions, report_document, report_table
from videoindex.evaluation.truth import GroundingQuery, Prediction
from videoindex.types import Span

VIDEO = "a.mp4"
TRUTH = (
    GroundingQuery(VIDEO, "a cat", (Span(0, 10), Span(50, 60)), "visual"),
    GroundingQuery(VIDEO, "a dog", (Span(20, 30),), "visual"),
    GroundingQuery(VIDEO, "someone says hello", (Span(5, 6),), "speech"),
    GroundingQuery(VIDEO, "a giraffe", (), "negative"),
    GroundingQuery(VIDEO, "a ship", (), "negative"),
)
ANSWERS = {
    "a cat": (Span(50, 60), Span(0, 1)),
    "a dog": (Span(20, 24),),
    "someone says hello": (),
    "a giraffe": (),
    "a ship": (Span(1, 2),),
}


def answer(path: Path, query: str) -> Sequence[Span]:
    return ANSWERS[query]


@pytest.fixture
def videos_dir(tmp_path: Path) -> Path:
    (tmp_path / VIDEO).write_bytes(b"\0")
    return tmp_path


def test_figures_follow_from_rows(videos_dir: Path) -> None:
    report = ask_product(TRUTH, videos_dir, answer)
    assert report.ious == pytest.approx((1.0, 0.4, 0.0))
    assert [report.recall_at_1(level).hits for level in (0.3, 0.5, 0.7)] == [2, 1, 1]
    assert report.mean_iou == pytest.approx(1.4 / 3)
    assert (report.false_finds.hits, report.false_finds.n) == (1, 2)
    assert report.empty_answers == 1
    assert report.kinds == ("visual", "speech", "negative")
    assert report.of_kind("visual").mean_iou == pytest.approx(0.7)


def test_given_predictions_score_as_the_same_answers_of_the_product(videos_dir: Path) -> None:
    predictions = [Prediction(VIDEO, query, windows) for query, windows in ANSWERS.items()]
    assert judge_predictions(TRUTH, predictions) == ask_product(TRUTH, videos_dir, answer)


def test_a_failed_query_counts_as_zero_and_on_a_negative_as_a_false_find(videos_dir: Path) -> None:
    def fail(path: Path, query: str) -> Sequence[Span]:
        raise BackendError("the model is missing")

    report = ask_product(TRUTH, videos_dir, fail)
    assert report.count("failed") == 5
    assert report.mean_iou == 0.0
    assert (report.false_finds.hits, report.false_finds.n) == (2, 2)
    assert report.empty_answers == 0
    assert "failed: a.mp4: 'a cat': the model is missing" in report_table(report)


def test_a_defect_is_not_taken_for_a_failed_query(videos_dir: Path) -> None:
    def break_down(path: Path, query: str) -> Sequence[Span]:
        raise KeyError(query)

    with pytest.raises(KeyError):
        ask_product(TRUTH, videos_dir, break_down)


def test_an_absent_recording_is_unjudged_and_not_scored(tmp_path: Path) -> None:
    report = ask_product(TRUTH, tmp_path, answer)
    assert report.count("unjudged") == 5
    assert report.mean_iou is None
    assert report.false_finds.n == 0
    assert report.rows[0].reason.endswith("a.mp4 is not there")


def test_a_query_without_a_row_of_predictions_is_unjudged() -> None:
    report = judge_predictions(TRUTH, [Prediction(VIDEO, "a dog", (Span(20, 30),))])
    assert [row.outcome for row in report.rows] == ["unjudged", "answered", "unjudged", "unjudged", "unjudged"]
    assert report.ious == (1.0,)


def test_the_same_query_about_two_videos_is_two_queries() -> None:
    twice = [GroundingQuery(name, "a cat", (Span(0, 10),), "visual") for name in ("a.mp4", "b.mp4")]
    report = judge_predictions(
        twice, [Prediction("b.mp4", "a cat", (Span(0, 10),)), Prediction("a.mp4", "a cat", ())]
    )
    assert report.ious == (0.0, 1.0)


def test_the_json_report_is_one_document_with_counts_beside_every_share(videos_dir: Path) -> None:
    document = json.loads(json.dumps(report_document(ask_product(TRUTH, videos_dir, answer))))
    assert document["all"]["recall_at_1"]["0.5"]["hits"] == 1
    assert document["all"]["recall_at_1"]["0.5"]["n"] == 3
    assert 0 < document["all"]["recall_at_1"]["0.5"]["low"] < 1 / 3
    assert document["by_kind"]["negative"]["false_finds"]["value"] == 0.5
    assert document["by_kind"]["negative"]["mean_iou"] is None
    assert [row["iou"] for row in document["queries"]] == [1.0, 0.4, 0.0, None, None]
    assert document["queries"][4]["predicted"] == [[1, 2]]


def test_the_table_has_a_line_for_each_kind_and_one_for_all(videos_dir: Path) -> None:
    lines = report_table(ask_product(TRUTH, videos_dir, answer)).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == ["visual", "speech", "negative", "all"]
    assert "2/3" in lines[-1]
    assert "1/2" in lines[-1]
    assert {line.count("|") for line in lines} == {11}
