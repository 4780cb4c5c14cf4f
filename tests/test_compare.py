"""Two runs side by side: rows are paired by key, and what cannot be compared is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.compare import compare_runs, comparison_document, comparison_text, load_run
from videoindex.evaluation.grounding import judge_predictions, report_document
from videoindex.evaluation.truth import GroundingQuery, PredictedWindow, Prediction
from videoindex.types import Span


def row(key: str, score: float | bool | None, video: str = "v", **more: object) -> dict[str, object]:
    return {"key": key, "score": score, "video": video, **more}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(one) for one in rows))
    return path


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Twelve videos, two kinds; B finds two queries more, and is worse at one."""
    a = [row(f"q{at}", at < 6, f"v{at}", kind="ocr" if at % 2 else "speech") for at in range(12)]
    b = [row(f"q{at}", 0 < at < 8, f"v{at}", kind="ocr" if at % 2 else "speech") for at in range(12)]
    return lines(tmp_path / "a.jsonl", *a), lines(tmp_path / "b.jsonl", *reversed(b))


def test_rows_are_paired_by_key_in_whatever_order_they_stand(runs: tuple[Path, Path]) -> None:
    found = compare_runs(load_run(runs[0]), load_run(runs[1]))
    assert (found.whole.queries, found.whole.videos) == (12, 12)
    assert (found.whole.mean_a, found.whole.mean_b) == (0.5, pytest.approx(7 / 12))
    assert (found.whole.better, found.whole.worse) == (2, 1)
    assert found.whole.p == 1.0
    assert {kind: (part.queries, part.better) for kind, part in found.by_kind.items()} == {
        "speech": (6, 1), "ocr": (6, 1)
    }  # fmt: skip


def test_a_document_of_eval_grounding_is_a_run(tmp_path: Path) -> None:
    truth = [GroundingQuery(f"{name}.mp4", "a cat", (Span(0, 10),), "visual") for name in "abc"]
    for name, end_s in (("one", 5), ("two", 10)):
        predictions = [Prediction(query.video, query.query, (PredictedWindow(0, end_s),)) for query in truth]
        document = report_document(judge_predictions(truth, predictions))
        (tmp_path / f"{name}.json").write_text(json.dumps(document, indent=2))
    found = compare_runs(load_run(tmp_path / "one.json"), load_run(tmp_path / "two.json"))
    assert (found.whole.mean_a, found.whole.mean_b, found.whole.videos, found.by_kind) == (0.5, 1.0, 3, {})
    by_precision = compare_runs(*(load_run(tmp_path / f"{name}.json", "ap") for name in ("one", "two")))
    assert (by_precision.whole.mean_a, by_precision.whole.mean_b) == (pytest.approx(0.1), 1.0)


def test_the_folder_of_a_needle_run_is_a_run_and_its_haystack_the_cluster(tmp_path: Path) -> None:
    trials = [row(f"k{at}", 1.0, cluster=f"hay{at % 2}", truth=[[at, at + 2]], arm="index") for at in range(4)]
    lines(tmp_path / "trials.jsonl", *({name: one[name] for name in one if name != "video"} for one in trials))
    run = load_run(tmp_path)
    assert run.path == tmp_path / "trials.jsonl"
    assert {one.cluster for one in run.rows.values()} == {"hay0", "hay1"}
    assert run.rows["k3"].truth == "[[3, 5]]"


def test_arms_of_one_run_are_kept_apart_or_compared_with_each_other(tmp_path: Path) -> None:
    both = lines(
        tmp_path / "trials.jsonl",
        *(row(f"k{at}", arm == "ask", f"hay{at}", arm=arm) for arm in ("index", "ask") for at in range(3)),
    )
    assert list(load_run(both).rows)[:2] == ["k0 (index)", "k1 (index)"]
    found = compare_runs(load_run(both, arm="index"), load_run(both, arm="ask"))
    assert (found.whole.queries, found.whole.mean) == (3, 1.0)
    with pytest.raises(UsageError, match="no row is of the arm 'direct'; its arms are index, ask"):
        load_run(both, arm="direct")


def test_with_a_level_a_score_counts_from_there_on(tmp_path: Path) -> None:
    a = lines(tmp_path / "a", row("x", 0.5, "v"), row("y", 0.4999, "w"))
    b = lines(tmp_path / "b", row("x", 0.7, "v"), row("y", 0.6, "w"))
    found = compare_runs(load_run(a), load_run(b), level=0.5)
    assert (found.whole.mean_a, found.whole.mean_b, found.whole.test) == (0.5, 1.0, "McNemar's exact test")


def test_what_is_not_in_both_or_not_judged_is_counted_and_left_out(tmp_path: Path) -> None:
    a = lines(tmp_path / "a", row("x", 1), row("y", None), row("z", 0), row("only a", 1))
    b = lines(tmp_path / "b", row("x", 1), row("y", 1), row("z", None), row("b 1", 1), row("b 2", 1))
    found = compare_runs(load_run(a), load_run(b))
    assert (found.only_a, found.only_b, found.unjudged, found.whole.queries) == (1, 2, 2, 1)
    text = comparison_text(found)
    assert "Left out: 1 queries only in A, 2 only in B, 2 not judged." in text
    assert text.endswith("One video alone says nothing about others: there is no interval, and p is 1.")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([{"key": "x", "video": "v"}], "line 1: missing score; give what `eval grounding --json` printed"),
        ([row("x", 1.5)], r"line 1: score must lie in \[0, 1\], got 1.5"),
        ([row("x", 1), row("y", "1")], "line 2: score must be a number, got '1'"),  # type: ignore[arg-type]
        ([row("", 1)], "line 1: key, and one of video and cluster, must be there and not empty"),
        ([row("x", 1, "")], "line 1: key, and one of video and cluster"),
        ([row("x", 1), row("x", 0)], "line 2: 'x' stands there already"),
        (["x"], "line 1: expected an object, got str"),
        ([], "run: holds no row"),
        ([{"queries": [row("x", 1), {"key": "y"}]}], r"run, queries\[1\]: missing score"),
        ([{"trials": []}], "run: holds no row"),
    ],
)
def test_a_row_that_cannot_be_compared_is_named(tmp_path: Path, rows: list[Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        load_run(lines(tmp_path / "run", *rows))


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text('{"key": "x"\nnot json')
    with pytest.raises(UsageError, match="run, line 1: not JSON"):
        load_run(tmp_path / "run")
    with pytest.raises(UsageError, match=r"trials.jsonl: cannot be read"):
        load_run(tmp_path)


def test_runs_over_other_queries_or_another_truth_are_not_compared(tmp_path: Path) -> None:
    a = load_run(lines(tmp_path / "a", row("x", 1, windows=[[0, 1]])))
    for other, complaint in (
        (row("y", 1), r"share no key \(such as 'x' and 'y'\)"),
        (row("x", 1, "w"), "'x' is of v .* but of w"),
        (row("x", 1, windows=[[0, 2]]), r"'x' is of v \[\[0, 1\]\] in .*, but of v \[\[0, 2\]\] in"),
        (row("x", None), "share 1 queries, but none was judged in both"),
    ):
        with pytest.raises(UsageError, match=complaint):
            compare_runs(a, load_run(lines(tmp_path / "b", other)))


def test_the_document_and_the_table_say_the_same(runs: tuple[Path, Path]) -> None:
    found = compare_runs(load_run(runs[0]), load_run(runs[1]), level=0.5)
    document: Any = json.loads(json.dumps(comparison_document(found)))
    assert document["all"]["difference"] == pytest.approx(1 / 12)
    assert document["all"]["low"] <= 1 / 12 <= document["all"]["high"]
    assert (document["at"], document["resamples"], sorted(document["by_kind"])) == (0.5, 10000, ["ocr", "speech"])
    table = comparison_text(found).splitlines()
    low, high = document["all"]["low"], document["all"]["high"]
    assert table[4] == f"| all | 12 | 12 | 0.500 | 0.583 | +0.083 [{low:+.3f}, {high:+.3f}] | 2 | 1 | 1.000 |"
    assert table[5].endswith("compared is score >= 0.5, query by query.")
    assert table[6] == "B - A with its 95 % interval, videos resampled; p by McNemar's exact test."
    assert len(table) == 7


def test_few_videos_are_warned_about(tmp_path: Path) -> None:
    a, b = (lines(tmp_path / name, *(row(f"q{at}", at / 10, f"v{at}") for at in range(4))) for name in "ab")
    text = comparison_text(compare_runs(load_run(a), load_run(b)))
    assert text.endswith("Only 4 videos: the interval is too narrow, and p cannot fall below 0.12.")
