"""QVHighlights' files are read as the benchmark reads them, and what it would stumble over is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.formats_qvhighlights import load_qvhighlights, load_qvhighlights_answers
from videoindex.evaluation.highlights import ClipScores
from videoindex.evaluation.truth import PredictedWindow
from videoindex.types import Span

ASKED: dict[str, Any] = {
    "qid": 31,
    "query": "A man walks in.",
    "duration": 150,
    "vid": "abc_60.0_210.0",
    "relevant_windows": [[4, 8.5], [20, 30]],
    "relevant_clip_ids": [2, 3],
    "saliency_scores": [[4, 4, 2], [0, 1, 3]],
}
ANSWERED: dict[str, Any] = {
    "qid": 31,
    "query": "A man walks in.",
    "vid": "abc_60.0_210.0",
    "pred_relevant_windows": [[0, 70, 0.9986], [78, 146.5, -3]],
    "pred_saliency_scores": [-0.2452, 1],
}


def written(folder: Path, *rows: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_a_query_is_read_with_its_windows_and_its_ratings(tmp_path: Path) -> None:
    ((query, clips),) = load_qvhighlights(written(tmp_path, ASKED))
    assert (query.id, query.key, query.video, query.query) == ("31", "31", "abc_60.0_210.0", "A man walks in.")
    assert query.windows == (Span(4, 8.5), Span(20, 30))
    assert clips == ClipScores(150.0, (2, 3), ((4.0, 4.0, 2.0), (0.0, 1.0, 3.0)))


def test_ratings_may_be_absent_and_further_fields_are_passed_over(tmp_path: Path) -> None:
    bare = {name: ASKED[name] for name in ("qid", "query", "vid", "relevant_windows")}
    ((_, clips),) = load_qvhighlights(written(tmp_path, bare | {"difficulty": "high"}))
    assert clips is None


def test_a_prediction_keeps_the_order_and_the_scores_of_its_windows(tmp_path: Path) -> None:
    (answer,) = load_qvhighlights_answers(written(tmp_path, ANSWERED))
    assert answer.key == "31"
    assert answer.windows == (PredictedWindow(0, 70, 0.9986), PredictedWindow(78, 146.5, -3))
    assert answer.saliency == (-0.2452, 1.0)
    bare = {name: ANSWERED[name] for name in ("qid", "pred_relevant_windows")}
    (answer,) = load_qvhighlights_answers(written(tmp_path, bare))
    assert (answer.key, answer.saliency) == ("31", ())


def test_a_qid_may_be_text(tmp_path: Path) -> None:
    assert load_qvhighlights(written(tmp_path, ASKED | {"qid": "a7"}))[0][0].key == "a7"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"qid": True}, "qid must be a whole number or text, got True"),
        ({"qid": " "}, "qid must be a whole number or text, got ' '"),
        ({"qid": 1.5}, "qid must be a whole number or text, got 1.5"),
        ({"query": 7}, "query must be text, got 7"),
        ({"relevant_windows": []}, "relevant_windows must not be empty"),
        ({"relevant_windows": [[8, 4]]}, "start < end"),
        ({"relevant_windows": [[8]]}, r"a window must be \[start_s, end_s\]"),
        ({"relevant_clip_ids": [2, 3.0]}, r"relevant_clip_ids must be a list of whole numbers, got \[2, 3.0\]"),
        ({"relevant_clip_ids": [2, 75]}, "a clip's id must lie in 0 to 74, got 75"),
        ({"saliency_scores": [4, 4]}, "saliency_scores must be a list of three scores each"),
        ({"saliency_scores": [[4, 4, 2], [0, 1, "3"]]}, "a saliency score must be a number, got '3'"),
        ({"duration": "150"}, "duration must be a number, got '150'"),
        ({}, "qid 31 already stands in line 1"),
    ],
)
def test_a_wrong_query_is_named(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=f"rows.jsonl, line 2: .*{complaint}"):
        load_qvhighlights(written(tmp_path, ASKED, ASKED | change))


@pytest.mark.parametrize("name", ["qid", "query", "vid", "duration", "relevant_clip_ids"])
def test_a_missing_field_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"line 1: missing {name}"):
        load_qvhighlights(written(tmp_path, {key: ASKED[key] for key in ASKED if key != name}))


def test_the_test_split_is_known_by_its_missing_windows(tmp_path: Path) -> None:
    hidden = {key: ASKED[key] for key in ("qid", "query", "vid", "duration")}
    with pytest.raises(UsageError, match="as in the test split, which only the benchmark's server judges"):
        load_qvhighlights(written(tmp_path, hidden))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"pred_relevant_windows": [[0, 70]]}, r"must be \[start_s, end_s, score\], got \[0, 70\]"),
        ({"pred_relevant_windows": {"0": 1}}, "pred_relevant_windows must be a list"),
        ({"pred_relevant_windows": [[0, 70, None]]}, r"each of \[0, 70, None\] must be a number"),
        ({"pred_relevant_windows": [[70, 0, 1]]}, "must not end before it starts"),
        ({"pred_saliency_scores": 1}, "pred_saliency_scores must be a list of numbers, got 1"),
        ({"pred_saliency_scores": [float("nan")]}, "a saliency score must be finite"),
        ({}, "qid 31 already stands in line 1"),
    ],
)
def test_a_wrong_prediction_is_named(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=f"rows.jsonl, line 2: .*{complaint}"):
        load_qvhighlights_answers(written(tmp_path, ANSWERED, ANSWERED | change))
