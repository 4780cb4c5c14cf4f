"""Reports over public benchmarks: their own figures, to be set beside published ones, and every query.

QVHighlights has an evaluation of its own, and its document is kept (`videoindex.evaluation.qvhighlights`).
Charades-STA and ActivityNet Captions have none: their papers report R@1 at IoU 0.3, 0.5 and 0.7, and mIoU, in
percent, over all queries (`videoindex.evaluation.metrics` says which conventions are followed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from videoindex.evaluation.formats import Benchmark
from videoindex.evaluation.grounding import (
    GroundingReport,
    figures_document,
    judge_predictions,
    report_document,
    report_table,
    row_document,
    unanswered_lines,
)
from videoindex.evaluation.highlights import percent
from videoindex.evaluation.metrics import IOU_LEVELS
from videoindex.evaluation.qvhighlights import qvhighlights_figures, qvhighlights_table
from videoindex.evaluation.truth import Prediction

__all__ = ["benchmark_document", "benchmark_notes", "benchmark_text", "judge_answers"]


def judge_answers(benchmark: Benchmark, answers: Sequence[Prediction]) -> GroundingReport:
    """Sets predictions beside the truth: rows in the order of the truth, a public benchmark's in theirs.

    QVHighlights' script adds up in the order of the predictions, and the last bit of a sum is one of its order.
    """
    if benchmark.format == "videoindex":
        return judge_predictions(benchmark.queries, answers)
    queries = {query.key: query for query in benchmark.queries}
    return judge_predictions([queries[answer.key] for answer in answers], answers)


def benchmark_document(
    benchmark: Benchmark, report: GroundingReport, answers: Sequence[Prediction] = ()
) -> dict[str, object]:
    """What ``eval grounding --json`` prints.

    For a public benchmark: its own figures (``brief`` and, of QVHighlights, all that its script prints); then
    ``format``, the figures with counts and intervals under ``all``, and every row under ``queries``.
    """
    if benchmark.format == "videoindex":
        return report_document(report)
    if benchmark.format == "qvhighlights":
        saliency = {answer.key: answer.saliency for answer in answers if answer.saliency}
        own: dict[str, object] = dict(qvhighlights_figures(report.rows, benchmark.clips, saliency))
    else:
        own = {"brief": _brief(report)}
    rows = [row_document(row) for row in report.rows]
    return {**own, "format": benchmark.format, "all": figures_document(report), "queries": rows}


def _brief(report: GroundingReport) -> dict[str, float | None]:
    """R@1 and mIoU in percent, with two decimals, as papers give them."""
    recall = {f"R1@{level}": report.recall_at_1(level).value for level in IOU_LEVELS}
    shares: Mapping[str, float | None] = {**recall, "mIoU": report.mean_iou}
    return {name: None if share is None else percent(share) for name, share in shares.items()}


def benchmark_text(benchmark: Benchmark, report: GroundingReport, document: Mapping[str, object]) -> str:
    """The figures of ``document`` for a person: Markdown, then what failed."""
    if benchmark.format == "videoindex":
        return report_table(report)
    brief = document["brief"]
    assert isinstance(brief, dict)
    if benchmark.format == "qvhighlights":
        return "\n".join([qvhighlights_table(report.rows, brief), *unanswered_lines(report)])
    header = " | ".join(brief)
    values = " | ".join("-" if value is None else f"{value:.2f}" for value in brief.values())
    lines = [f"| queries | {header} |", "|" + "---|" * (len(brief) + 1), f"| {len(report.rows)} | {values} |"]
    return "\n".join([*lines, *unanswered_lines(report)])


def benchmark_notes(benchmark: Benchmark, report: GroundingReport) -> tuple[str, ...]:
    """What a reader of the figures must know beside them."""
    notes = []
    if benchmark.left_out:
        notes.append(
            f"{benchmark.path}: {len(benchmark.left_out)} queries are left out, for their window does not end "
            f"after it starts; the first is {benchmark.left_out[0]!r}"
        )
    if benchmark.format == "qvhighlights" and report.empty_answers:
        notes.append(
            f"{report.empty_answers} queries have no predicted window and count as 0; the benchmark's own script "
            "stops at them"
        )
    return tuple(notes)
