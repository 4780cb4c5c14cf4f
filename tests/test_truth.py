"""Truth and prediction files: what is written reads back, and what is wrong is named with its line."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.evaluation.truth import (
    GroundingQuery,
    PredictedWindow,
    Prediction,
    load_predictions,
    load_truth,
    save_truth,
)
from videoindex.types import Span

GOOD = '{"video": "a.mp4", "query": "a cat", "windows": [[1, 2.5]], "kind": "visual"}'

millisecond_spans = st.tuples(st.integers(0, 10**7), st.integers(1, 10**6)).map(
    lambda pair: Span(pair[0] / 1000, (pair[0] + pair[1]) / 1000)
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1).filter(str.strip)
queries = st.builds(
    GroundingQuery,
    video=texts,
    query=texts,
    windows=st.lists(millisecond_spans, max_size=3).map(tuple),
    kind=st.sampled_from(["visual", "speech", "ocr"]),
    notes=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(queries, min_size=1, max_size=5, unique_by=lambda row: (row.video, row.query)))
def test_what_is_saved_loads_again(tmp_path: Path, rows: list[GroundingQuery]) -> None:
    path = tmp_path / "truth.jsonl"
    save_truth(rows, path)
    assert load_truth(path) == tuple(rows)


def test_blank_lines_are_passed_over_but_counted(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{GOOD}\n\n\nnot json\n")
    with pytest.raises(UsageError, match=r"truth\.jsonl, line 4: not JSON"):
        load_truth(path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[1, 2]", "expected an object, got list"),
        ('{"video": "a.mp4", "query": "x", "windows": []}', "missing kind"),
        ('{"video": "a.mp4", "query": "x", "windows": [], "kind": "k", "span": 1}', "unknown span"),
        ('{"video": 7, "query": "x", "windows": [], "kind": "k"}', "video must be text, got 7"),
        ('{"video": "a.mp4", "query": "  ", "windows": [], "kind": "k"}', "must not be empty"),
        ('{"video": "a.mp4", "query": "x", "windows": 3, "kind": "k"}', "windows must be a list"),
        ('{"video": "a.mp4", "query": "x", "windows": [[1]], "kind": "k"}', r"a window must be .*got \[1\]"),
        ('{"video": "a.mp4", "query": "x", "windows": [[1, true]], "kind": "k"}', "a window must be"),
        ('{"video": "a.mp4", "query": "x", "windows": [[2, 1]], "kind": "k"}', "start < end"),
        ('{"video": "a.mp4", "query": "x", "windows": [[0, NaN]], "kind": "k"}', "finite"),
        ('{"video": "a.mp4", "query": "x", "windows": [[0, 1]], "kind": "negative"}', "must have no windows"),
        (GOOD, "already stands in line 1"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(UsageError, match=rf"truth\.jsonl, line 2: .*{complaint}"):
        load_truth(path)


def test_a_file_without_a_query_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n")
    with pytest.raises(UsageError, match="holds no query"):
        load_truth(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_truth(tmp_path / "missing.jsonl")


def test_predictions_under_the_least_score_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    row = {"video": "a.mp4", "query": "x", "windows": [[0, 1], [5, 6]], "scores": [0.9, 0.2]}
    path.write_text(json.dumps(row))
    assert load_predictions(path)[0].windows == (PredictedWindow(0, 1, 0.9), PredictedWindow(5, 6, 0.2))
    assert load_predictions(path, min_score=0.5)[0].windows == (PredictedWindow(0, 1, 0.9),)


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        ("[0.9]", "equally many, got 1 and 2"),
        ('["a", 1]', "a score must be a number, got 'a'"),
        ("0.9", "scores must be a list of numbers, got 0.9"),
        ("[0.9, NaN]", "a score must be finite"),
    ],
)
def test_scores_must_fit_the_windows(tmp_path: Path, scores: str, complaint: str) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text(f'{{"video": "a.mp4", "query": "x", "windows": [[0, 1], [5, 6]], "scores": {scores}}}')
    with pytest.raises(UsageError, match=complaint):
        load_predictions(path)


def test_a_predicted_window_may_be_an_instant_but_must_not_end_before_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text('{"video": "a.mp4", "query": "x", "windows": [[5, 5]]}')
    assert load_predictions(path)[0].windows == (PredictedWindow(5, 5, 1.0),)
    path.write_text('{"video": "a.mp4", "query": "x", "windows": [[5, 4.5]]}')
    with pytest.raises(UsageError, match=r"line 1: a window must not end before it starts, got \[5.0, 4.5\]"):
        load_predictions(path)


@pytest.mark.parametrize("ends", [(0.0, float("inf"), 1.0), (float("nan"), 1.0, 1.0), (0.0, 1.0, float("nan"))])
def test_a_predicted_window_is_finite(ends: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        PredictedWindow(*ends)


def test_an_answer_has_the_key_of_its_query() -> None:
    asked, named = (GroundingQuery("a.mp4", "a cat", (), "visual", id=name) for name in ("", "q7"))
    assert asked.key == Prediction("a.mp4", "a cat", ()).key == "a.mp4: a cat"
    assert named.key == Prediction("", "", (), "q7").key == "q7"
