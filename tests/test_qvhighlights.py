"""QVHighlights' figures, held against their definition in fractions, and against what the benchmark printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import grounding_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.evaluation.formats import load_answers, load_benchmark
from videoindex.evaluation.grounding import GroundingRow
from videoindex.evaluation.published import benchmark_document, judge_answers
from videoindex.evaluation.qvhighlights import LENGTHS_S, qvhighlights_figures, qvhighlights_table, rows_of_length
from videoindex.evaluation.truth import GroundingQuery, PredictedWindow
from videoindex.types import Span

# Eight queries of our own making, and what the script of github.com/jayleicn/moment_detr gave for them.
FILES = Path(__file__).parent / "benchmark_files"
TRUTH, PREDICTIONS = FILES / "qvhighlights_truth.jsonl", FILES / "qvhighlights_predictions.jsonl"
FIGURES = FILES / "qvhighlights_figures.json"

# Quarters of seconds are exact as floats, so that what reaches a level in fractions reaches it here.
quarters = st.integers(0, 600).map(lambda count: Fraction(count, 4))
pairs = st.tuples(quarters, quarters).map(lambda pair: (min(pair), max(pair)))
scores = st.sampled_from([0.1, 0.5, 0.5001, 0.9])


@st.composite
def asked(draw: st.DrawFn) -> oracle.Asked:
    """True windows, and predictions among which are shifted copies of them, so that all levels are reached."""
    truth = draw(st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=4, unique=True))
    moved = st.tuples(st.sampled_from(truth), st.integers(-8, 8), st.integers(-8, 8)).map(
        lambda near: (near[0][0] + Fraction(near[1], 4), near[0][1] + Fraction(near[2], 4))
    )
    windows = st.one_of(pairs, moved.filter(lambda pair: pair[0] <= pair[1]))
    predicted = draw(st.lists(st.tuples(windows, scores), max_size=13))
    return truth, [(*window, score) for window, score in predicted]


def rows_of(every: Sequence[oracle.Asked]) -> list[GroundingRow]:
    rows = []
    for at, (truth, predicted) in enumerate(every):
        windows = tuple(Span(float(start), float(end)) for start, end in truth)
        given_ = tuple(PredictedWindow(float(start), float(end), score) for start, end, score in predicted)
        query = GroundingQuery("v", "q", windows, "qvhighlights", id=str(at))
        rows.append(GroundingRow(query, "answered", given_))
    return rows


def assert_is_rounded(figures: object, exact: dict[str, dict[str, Fraction]]) -> None:
    """Every figure is the exact one with two decimals."""
    assert isinstance(figures, dict)
    assert {name: list(values) for name, values in figures.items()} == {n: list(v) for n, v in exact.items()}
    for name, values in exact.items():
        for level, value in values.items():
            shown = figures[name][level]
            assert abs(shown - float(value)) <= 0.005 + 1e-9, (name, level)
            assert shown == round(shown, 2)


@given(st.lists(asked(), min_size=1, max_size=6))
def test_moments_are_measured_as_defined(every: list[oracle.Asked]) -> None:
    figures = qvhighlights_figures(rows_of(every), {}, {})
    assert_is_rounded(figures["full"], oracle.moment_figures(every))
    for name in oracle.LENGTHS:
        part = oracle.of_length(every, name)
        if part:
            assert_is_rounded(figures[name], oracle.moment_figures(part))
        else:
            assert {value for values in figures[name].values() for value in values.values()} == {None}


@given(st.lists(asked(), min_size=1, max_size=4))
def test_the_brief_repeats_what_the_full_document_says(every: list[oracle.Asked]) -> None:
    figures = qvhighlights_figures(rows_of(every), {}, {})
    brief = figures["brief"]
    assert list(brief) == sorted(brief)
    assert brief["MR-full-R1@0.7"] == figures["full"]["MR-R1"]["0.7"]
    assert brief["MR-full-mAP@0.75"] == figures["full"]["MR-mAP"]["0.75"]
    assert {name: brief[f"MR-{name}-mAP"] for name in ("full", *LENGTHS_S)} == {
        name: figures[name]["MR-mAP"]["average"] for name in ("full", *LENGTHS_S)
    }


@pytest.mark.parametrize("with_highlights", [True, False])
def test_the_document_is_that_of_the_benchmarks_own_script(tmp_path: Path, with_highlights: bool) -> None:
    answers = [json.loads(line) for line in PREDICTIONS.read_text().splitlines()]
    expected = json.loads(FIGURES.read_text())
    if not with_highlights:
        answers = [{name: row[name] for name in row if name != "pred_saliency_scores"} for row in answers]
        expected = {name: row for name, row in expected.items() if not name.startswith("HL")}
        expected["brief"] = {name: row for name, row in expected["brief"].items() if not name.startswith("HL")}
    (tmp_path / "predictions.jsonl").write_text("\n".join(map(json.dumps, answers)))
    benchmark = load_benchmark(TRUTH, "qvhighlights")
    given_ = load_answers(tmp_path / "predictions.jsonl", benchmark)
    document = benchmark_document(benchmark, judge_answers(benchmark, given_), given_)
    assert {name: document[name] for name in expected} == expected
    assert list(document)[: len(expected)] == list(expected)
    assert list(document["brief"]) == list(expected["brief"])  # type: ignore[call-overload]


def row(truth: list[tuple[float, float]], predicted: list[tuple[float, float, float]]) -> GroundingRow:
    query = GroundingQuery("v", "q", tuple(Span(*pair) for pair in truth), "qvhighlights")
    return GroundingRow(query, "answered", tuple(PredictedWindow(*window) for window in predicted))


def test_a_length_counts_its_upper_end_and_a_query_counts_once_for_each_of_its_lengths() -> None:
    both = row([(0, 10), (20, 50.5)], [])
    parts = {name: rows_of_length([both], length_s) for name, length_s in LENGTHS_S.items()}
    assert [len(part) for part in parts.values()] == [1, 0, 1]
    assert parts["short"][0].query.windows == (Span(0, 10),)
    assert parts["long"][0].query.windows == (Span(20, 50.5),)


def test_recall_goes_by_the_first_of_the_list_and_precision_by_the_score() -> None:
    figures = qvhighlights_figures([row([(0, 20)], [(40, 60, 0.1), (0, 20, 0.9)])], {}, {})
    assert figures["full"]["MR-R1"]["0.5"] == 0.0
    assert figures["full"]["MR-mAP"]["0.5"] == 100.0


def test_the_eleventh_window_is_not_looked_at_however_sure() -> None:
    wrong = [(100.0, 110.0, 0.1)] * 10
    beyond, within = ([*wrong[first:], (0, 20, 0.9)] for first in (0, 1))
    assert qvhighlights_figures([row([(0, 20)], beyond)], {}, {})["full"]["MR-mAP"]["0.5"] == 0.0
    assert qvhighlights_figures([row([(0, 20)], within)], {}, {})["full"]["MR-mAP"]["0.5"] == 100.0


def test_windows_are_not_thinned_out_and_each_true_window_is_found_once() -> None:
    twice = row([(0, 20), (40, 60)], [(0, 20, 0.9), (0, 20, 0.8), (40, 60, 0.7)])
    # Found at ranks 1 and 3: (1/1 + 2/3) / 2.
    assert qvhighlights_figures([twice], {}, {})["full"]["MR-mAP"]["0.5"] == 83.33


def test_a_query_without_a_prediction_counts_as_zero() -> None:
    figures = qvhighlights_figures([row([(0, 20)], [(0, 20, 1.0)]), row([(0, 20)], [])], {}, {})
    assert (figures["full"]["MR-R1"]["0.5"], figures["full"]["MR-mAP"]["average"]) == (50.0, 50.0)


def test_the_table_has_a_line_for_each_length_and_one_for_all() -> None:
    rows = [row([(0, 20)], [(0, 15, 1.0)]), row([(0, 40)], [])]
    table = qvhighlights_table(rows, {"HL-min-Fair-mAP": 12.5, "MR-full-mAP": 1.0}).splitlines()
    assert table[2] == "| short (0-10 s) | 0 | - | - | - | - | - |"
    assert table[3] == "| middle (10-30 s) | 1 | 100.00 | 100.00 | 100.00 | 100.00 | 60.00 |"
    assert table[5] == "| all | 2 | 50.00 | 50.00 | 50.00 | 50.00 | 30.00 |"
    assert table[6:] == ["HL-min-Fair-mAP: 12.50"]
