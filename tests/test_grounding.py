"""Grounding reports: answered, failed and unjudged queries are kept apart, and figures follow from rows."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from videoindex.errors import BackendError
from videoindex.evaluation.grounding import (
    GroundingReport,
    GroundingRow,
    ask_product,
    judge_predictions,
    report_document,
    report_table,
)
from videoindex.evaluation.truth import GroundingQuery, PredictedWindow, Prediction
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


def predicted(*spans: Span) -> tuple[PredictedWindow, ...]:
    return tuple(PredictedWindow(span.start_s, span.end_s) for span in spans)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path | None]:
    (tmp_path / VIDEO).write_bytes(b"\0")
    return {VIDEO: tmp_path / VIDEO}


def test_figures_follow_from_rows(files: dict[str, Path | None]) -> None:
    report = ask_product(TRUTH, files, answer)
    assert report.ious == pytest.approx((1.0, 0.4, 0.0))
    assert [report.recall_at_1(level).hits for level in (0.3, 0.5, 0.7)] == [2, 1, 1]
    assert report.mean_iou == pytest.approx(1.4 / 3)
    assert (report.false_finds.hits, report.false_finds.n) == (1, 2)
    assert report.empty_answers == 1
    assert report.kinds == ("visual", "speech", "negative")
    assert report.of_kind("visual").mean_iou == pytest.approx(0.7)


def test_given_predictions_score_as_the_same_answers_of_the_product(files: dict[str, Path | None]) -> None:
    predictions = [Prediction(VIDEO, query, predicted(*windows)) for query, windows in ANSWERS.items()]
    assert judge_predictions(TRUTH, predictions) == ask_product(TRUTH, files, answer)


def test_a_failed_query_counts_as_zero_and_on_a_negative_as_a_false_find(files: dict[str, Path | None]) -> None:
    def fail(path: Path, query: str) -> Sequence[Span]:
        raise BackendError("the model is missing")

    report = ask_product(TRUTH, files, fail)
    assert report.count("failed") == 5
    assert report.mean_iou == 0.0
    assert (report.false_finds.hits, report.false_finds.n) == (2, 2)
    assert report.empty_answers == 0
    assert "failed: a.mp4: 'a cat': the model is missing" in report_table(report)


def test_a_defect_is_not_taken_for_a_failed_query(files: dict[str, Path | None]) -> None:
    def break_down(path: Path, query: str) -> Sequence[Span]:
        raise KeyError(query)

    with pytest.raises(KeyError):
        ask_product(TRUTH, files, break_down)


def test_an_absent_recording_is_unjudged_and_not_scored(tmp_path: Path) -> None:
    report = ask_product(TRUTH, {VIDEO: tmp_path / VIDEO}, answer)
    assert report == ask_product(TRUTH, {VIDEO: tmp_path / VIDEO, "b.mp4": tmp_path}, answer)
    assert report.count("unjudged") == 5
    assert report.mean_iou is None
    assert report.false_finds.n == 0
    assert report.rows[0].reason.endswith("a.mp4 is not there")


def test_a_query_without_a_row_of_predictions_is_unjudged() -> None:
    report = judge_predictions(TRUTH, [Prediction(VIDEO, "a dog", predicted(Span(20, 30)))])
    assert [row.outcome for row in report.rows] == ["unjudged", "answered", "unjudged", "unjudged", "unjudged"]
    assert report.ious == (1.0,)


def test_the_same_query_about_two_videos_is_two_queries() -> None:
    twice = [GroundingQuery(name, "a cat", (Span(0, 10),), "visual") for name in ("a.mp4", "b.mp4")]
    report = judge_predictions(
        twice, [Prediction("b.mp4", "a cat", predicted(Span(0, 10))), Prediction("a.mp4", "a cat", ())]
    )
    assert report.ious == (0.0, 1.0)


def test_the_json_report_is_one_document_with_counts_beside_every_share(files: dict[str, Path | None]) -> None:
    document = json.loads(json.dumps(report_document(ask_product(TRUTH, files, answer))))
    assert document["all"]["recall_at_1"]["0.5"]["hits"] == 1
    assert document["all"]["recall_at_1"]["0.5"]["n"] == 3
    assert 0 < document["all"]["recall_at_1"]["0.5"]["low"] < 1 / 3
    assert document["by_kind"]["negative"]["false_finds"]["value"] == 0.5
    assert document["by_kind"]["negative"]["mean_iou"] is None
    assert [row["iou"] for row in document["queries"]] == [1.0, 0.4, 0.0, None, None]
    assert document["queries"][4]["predicted"] == [[1, 2]]


def test_the_table_has_a_line_for_each_kind_and_one_for_all(files: dict[str, Path | None]) -> None:
    lines = report_table(ask_product(TRUTH, files, answer)).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == ["visual", "speech", "negative", "all"]
    assert "2/3" in lines[-1]
    assert "1/2" in lines[-1]
    assert {line.count("|") for line in lines} == {12}


def test_precision_is_reported_beside_recall(files: dict[str, Path | None]) -> None:
    report = ask_product(TRUTH, files, answer)
    # The cat is found first of its two windows, the dog not half, the greeting not at all.
    assert report.mean_precision == pytest.approx((0.5 / 3,) * 10)
    document = report_document(report)
    assert document["all"]["map"]["average"] == pytest.approx(0.5 / 3)  # type: ignore[index]
    assert document["by_kind"]["negative"]["map"] is None  # type: ignore[index]
    assert [row["ap"] for row in document["queries"]] == [0.5, 0.0, 0.0, None, None]  # type: ignore[union-attr]
    assert report_table(report).splitlines()[2].split(" | ")[6] == "0.25"


def test_the_score_that_runs_are_compared_by_is_the_iou_or_a_good_silence(files: dict[str, Path | None]) -> None:
    rows = [*ask_product(TRUTH, files, answer).rows, GroundingRow(TRUTH[0], "unjudged")]
    assert [row.score for row in rows] == [1.0, pytest.approx(0.4), 0.0, 1.0, 0.0, None]
    assert GroundingRow(TRUTH[3], "failed").score == 0.0


def test_every_row_has_its_key_and_its_end(files: dict[str, Path | None]) -> None:
    rows = [*ask_product(TRUTH, files, answer).rows, GroundingRow(TRUTH[0], "unjudged", reason="gone")]
    document = json.loads(json.dumps(report_document(GroundingReport(tuple(rows)))))
    assert [row["key"] for row in document["queries"][:2]] == ["a.mp4: a cat", "a.mp4: a dog"]
    assert [document["queries"][-1][name] for name in ("outcome", "iou", "ap", "score", "reason")] == [
        "unjudged", None, None, None, "gone"
    ]  # fmt: skip
