"""Reports over public benchmarks: their own figures first, then counts, intervals and every query."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import grounding_oracle as oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videoindex.evaluation.formats import Benchmark, load_answers, load_benchmark
from videoindex.evaluation.grounding import GroundingReport, GroundingRow
from videoindex.evaluation.published import benchmark_document, benchmark_notes, benchmark_text, judge_answers

QUERIES = [
    {"qid": qid, "query": f"number {qid}", "vid": "v", "relevant_windows": [[0, 10 * qid]]} for qid in (1, 2, 3)
]
QV_ANSWERS = [
    {"qid": 3, "pred_relevant_windows": [[0, 30, 1]]},
    {"qid": 1, "pred_relevant_windows": []},
    {"qid": 2, "pred_relevant_windows": [[0, 12, 1]]},
]

# Whole seconds: an IoU that is a level in fractions is that level here.
ends = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)
cases = st.lists(st.tuples(ends.filter(lambda pair: pair[0] < pair[1]), ends), min_size=1, max_size=8)


def qv(folder: Path, answers: list[dict[str, Any]]) -> tuple[Benchmark, dict[str, Any], GroundingReport]:
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, QUERIES)))
    (folder / "p.jsonl").write_text("\n".join(map(json.dumps, answers)))
    benchmark = load_benchmark(folder / "t.jsonl", "qvhighlights")
    given_ = load_answers(folder / "p.jsonl", benchmark)
    report = judge_answers(benchmark, given_)
    return benchmark, json.loads(json.dumps(benchmark_document(benchmark, report, given_))), report


def write_charades(path: Path, windows: list[list[int]]) -> Path:
    path.write_text("".join(f"V{at} {start} {end}##a person sits.\n" for at, (start, end) in enumerate(windows)))
    return path


def write_activitynet(path: Path, windows: list[list[int]]) -> Path:
    videos = {f"v{at}": {"timestamps": [pair], "sentences": ["He sits."]} for at, pair in enumerate(windows)}
    path.write_text(json.dumps(videos))
    return path


@pytest.mark.parametrize(
    ("format_name", "write"), [("charades", write_charades), ("activitynet", write_activitynet)]
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(every=cases)
def test_recall_and_mean_iou_are_those_of_the_definition(
    tmp_path: Path, format_name: str, write: Any, every: list[tuple[list[int], list[int]]]
) -> None:
    benchmark = load_benchmark(write(tmp_path / "truth", [truth for truth, _ in every]), format_name)
    answers = load_answers(write(tmp_path / "given", [answer for _, answer in every]), benchmark)
    brief: Any = benchmark_document(benchmark, judge_answers(benchmark, answers), answers)["brief"]
    overlaps = [oracle.overlap((Fraction(a), Fraction(b)), (Fraction(c), Fraction(d))) for (a, b), (c, d) in every]
    exact = {
        f"R1@{level}": oracle.mean(int(o >= Fraction(str(level))) for o in overlaps) for level in (0.3, 0.5, 0.7)
    }
    exact["mIoU"] = oracle.mean(overlaps)
    assert list(brief) == list(exact)
    for name, value in exact.items():
        assert abs(brief[name] - 100 * float(value)) <= 0.005 + 1e-9


def test_the_benchmarks_own_figures_stand_first_then_counts_and_rows(tmp_path: Path) -> None:
    _, document, _ = qv(tmp_path, QV_ANSWERS)
    assert list(document) == ["brief", "full", "long", "middle", "short", "format", "all", "queries"]
    assert document["format"] == "qvhighlights"
    assert document["all"]["recall_at_1"]["0.5"] | {"low": 0, "high": 0} == {
        "value": 2 / 3, "hits": 2, "n": 3, "low": 0, "high": 0
    }  # fmt: skip
    assert [(row["key"], row["iou"]) for row in document["queries"]] == [("3", 1.0), ("1", 0.0), ("2", 0.6)]


def test_an_empty_answer_counts_as_zero_and_is_pointed_out(tmp_path: Path) -> None:
    benchmark, document, report = qv(tmp_path, QV_ANSWERS)
    assert document["brief"]["MR-full-R1@0.5"] == 66.67
    (note,) = benchmark_notes(benchmark, report)
    assert note.startswith("1 queries have no predicted window and count as 0; the benchmark's own script stops")
    benchmark, _, report = qv(tmp_path, [row | {"pred_relevant_windows": [[0, 1, 1]]} for row in QV_ANSWERS])
    assert benchmark_notes(benchmark, report) == ()


def test_what_the_truth_leaves_out_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("A 0 10##sits\nA 9 9##stands\nB 8 7##lies\n")
    benchmark = load_benchmark(tmp_path / "t.txt", "charades")
    report = judge_answers(benchmark, load_answers(tmp_path / "t.txt", benchmark))
    assert [row.iou for row in report.rows] == [1.0]
    (note,) = benchmark_notes(benchmark, report)
    assert note.endswith(
        "t.txt: 2 queries are left out, for their window does not end after it starts; the first is 'A: stands'"
    )


def test_a_person_reads_the_figures_as_papers_give_them(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("A 0 10##sits\nB 0 10##stands\n")
    (tmp_path / "p.txt").write_text("A 0 5##sits\nB 0 9##stands\n")
    benchmark = load_benchmark(tmp_path / "t.txt", "charades")
    report = judge_answers(benchmark, load_answers(tmp_path / "p.txt", benchmark))
    assert benchmark_text(benchmark, report, benchmark_document(benchmark, report)).splitlines() == [
        "| queries | R1@0.3 | R1@0.5 | R1@0.7 | mIoU |",
        "|---|---|---|---|---|",
        "| 2 | 100.00 | 100.00 | 50.00 | 70.00 |",
    ]


def test_a_query_that_failed_has_its_line(tmp_path: Path) -> None:
    benchmark, _, report = qv(tmp_path, QV_ANSWERS)
    rows = (*report.rows[:2], GroundingRow(report.rows[2].query, "failed", reason="the model is gone"))
    failed = GroundingReport(rows)
    text = benchmark_text(benchmark, failed, benchmark_document(benchmark, failed))
    assert text.splitlines()[-2].startswith("| all | 3 | 33.33 |")
    assert text.splitlines()[-1] == "failed: v: 'number 2': the model is gone"


def test_the_projects_own_truth_keeps_its_own_report(tmp_path: Path) -> None:
    rows = [{"video": "a.mp4", "query": name, "windows": [], "kind": "negative"} for name in ("a cat", "a dog")]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "p.jsonl").write_text(json.dumps({"video": "a.mp4", "query": "a dog", "windows": []}))
    benchmark = load_benchmark(tmp_path / "t.jsonl", "videoindex")
    report = judge_answers(benchmark, load_answers(tmp_path / "p.jsonl", benchmark))
    assert [row.outcome for row in report.rows] == ["unjudged", "answered"]
    document = benchmark_document(benchmark, report)
    assert list(document) == ["all", "by_kind", "queries"]
    assert "| negative | 2 |" in benchmark_text(benchmark, report, document)
    assert benchmark_notes(benchmark, report) == ()
