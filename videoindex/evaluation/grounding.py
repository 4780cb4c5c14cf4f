"""`eval grounding`: does a query find the seconds in which it is true?

A query ends in one of three ways, kept apart in the report:

- **answered**: with windows or, just as legally, with none (right for a negative, 0 for any other);
- **failed**: asking raised an error. It counts as 0, and on a negative as a false find, never as a good silence;
- **unjudged**: there is nothing to judge, the recording or the row of predictions being absent. Not scored.

The files are described in `videoindex.evaluation.truth` and, those of public benchmarks, in
`videoindex.evaluation.formats`; the measures in `videoindex.evaluation.metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from videoindex.errors import VideoIndexError
from videoindex.evaluation.metrics import (
    AP_LEVELS,
    IOU_LEVELS,
    Rate,
    average_precision,
    first_iou,
    mean_average_precision,
    mean_iou,
    recall_at_1,
)
from videoindex.evaluation.truth import GroundingQuery, PredictedWindow, Prediction
from videoindex.types import Span

__all__ = [
    "GroundingReport",
    "GroundingRow",
    "Predict",
    "ask_product",
    "figures_document",
    "judge_predictions",
    "report_document",
    "report_table",
    "row_document",
    "unanswered_lines",
]

Predict = Callable[[Path, str], Sequence[Span]]
"""Asks the product one query about one recording; returns its windows, best first."""


@dataclass(frozen=True, slots=True)
class GroundingRow:
    """How one query ended; ``reason`` says why it failed or could not be judged."""

    query: GroundingQuery
    outcome: Literal["answered", "failed", "unjudged"]
    predicted: tuple[PredictedWindow, ...] = ()
    reason: str = ""

    @property
    def is_negative(self) -> bool:
        return not self.query.windows

    @property
    def iou(self) -> float:
        """IoU of the first prediction with the best true window; raises ValueError on a negative."""
        return first_iou(self.predicted, self.query.windows)

    @property
    def precision(self) -> tuple[float, ...]:
        """Average precision at each of AP_LEVELS; raises ValueError on a negative."""
        return average_precision(self.predicted, self.query.windows)

    @property
    def is_false_find(self) -> bool:
        """Whether a negative was answered with a window, or failed."""
        return self.is_negative and (bool(self.predicted) or self.outcome == "failed")

    @property
    def score(self) -> float | None:
        """What runs are compared by, in [0, 1]: the IoU; of a negative, 1 for no false find. None: unjudged."""
        if self.outcome == "unjudged":
            return None
        return float(not self.is_false_find) if self.is_negative else self.iou


@dataclass(frozen=True, slots=True)
class GroundingReport:
    """All rows of one evaluation, in the order of the truth file. Figures are computed from rows, never stored."""

    rows: tuple[GroundingRow, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.query.kind for row in self.rows))

    def of_kind(self, kind: str) -> GroundingReport:
        return GroundingReport(tuple(row for row in self.rows if row.query.kind == kind))

    def count(self, outcome: Literal["answered", "failed", "unjudged"]) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def judged(self) -> tuple[GroundingRow, ...]:
        """The judged queries that have true windows."""
        return tuple(row for row in self.rows if row.outcome != "unjudged" and not row.is_negative)

    @property
    def ious(self) -> tuple[float, ...]:
        """IoUs of the judged queries that have true windows."""
        return tuple(row.iou for row in self.judged)

    @property
    def empty_answers(self) -> int:
        """Queries with true windows that were answered with none."""
        return sum(row.outcome == "answered" and not row.is_negative and not row.predicted for row in self.rows)

    def recall_at_1(self, level: float) -> Rate:
        return recall_at_1(self.ious, level)

    @property
    def mean_iou(self) -> float | None:
        return mean_iou(self.ious)

    @property
    def mean_precision(self) -> tuple[float, ...] | None:
        """mAP at each of AP_LEVELS; None where no query with true windows was judged."""
        return mean_average_precision([row.precision for row in self.judged])

    @property
    def false_finds(self) -> Rate:
        """False finds among the judged negatives."""
        negatives = [row for row in self.rows if row.outcome != "unjudged" and row.is_negative]
        return Rate(sum(row.is_false_find for row in negatives), len(negatives))


def judge_predictions(truth: Sequence[GroundingQuery], predictions: Iterable[Prediction]) -> GroundingReport:
    """Sets given predictions beside the truth. A query that no prediction row names is unjudged."""
    by_key: Mapping[str, Prediction] = {row.key: row for row in predictions}
    rows = []
    for query in truth:
        prediction = by_key.get(query.key)
        if prediction is None:
            rows.append(GroundingRow(query, "unjudged", reason="the predictions hold no row for this query"))
        else:
            rows.append(GroundingRow(query, "answered", prediction.windows))
    return GroundingReport(tuple(rows))


def ask_product(
    truth: Sequence[GroundingQuery], files: Mapping[str, Path | None], predict: Predict
) -> GroundingReport:
    """Asks ``predict`` every query; ``files`` says where the recording is that ``video`` names.

    An error of videoindex's own tree makes the query "failed"; any other is a defect and is raised. A recording
    that is not there makes its queries "unjudged".
    """
    rows = []
    for query in truth:
        path = files.get(query.video)
        if path is None or not path.is_file():
            rows.append(GroundingRow(query, "unjudged", reason=f"{path or query.video} is not there"))
            continue
        try:
            found = predict(path, query.query)
        except VideoIndexError as error:
            rows.append(GroundingRow(query, "failed", reason=str(error)))
        else:
            windows = tuple(PredictedWindow(span.start_s, span.end_s) for span in found)
            rows.append(GroundingRow(query, "answered", windows))
    return GroundingReport(tuple(rows))


def _rate_document(rate: Rate) -> dict[str, object]:
    low, high = rate.interval
    return {"value": rate.value, "hits": rate.hits, "n": rate.n, "low": round(low, 4), "high": round(high, 4)}


def _precision_document(precision: tuple[float, ...] | None) -> dict[str, float] | None:
    if precision is None:
        return None
    levels = {str(level): value for level, value in zip(AP_LEVELS, precision, strict=True)}
    return {"average": fmean(precision), **levels}


def figures_document(report: GroundingReport) -> dict[str, object]:
    """The figures over all rows of a report; shares carry their counts and 95 % Wilson intervals."""
    return {
        "queries": len(report.rows),
        "answered": report.count("answered"),
        "failed": report.count("failed"),
        "unjudged": report.count("unjudged"),
        "empty_answers": report.empty_answers,
        "recall_at_1": {str(level): _rate_document(report.recall_at_1(level)) for level in IOU_LEVELS},
        "mean_iou": report.mean_iou,
        "map": _precision_document(report.mean_precision),
        "false_finds": _rate_document(report.false_finds),
    }


def row_document(row: GroundingRow) -> dict[str, object]:
    """One query and how it ended; ``key`` and ``score`` are what `videoindex.evaluation.compare` goes by."""
    is_scored = not (row.is_negative or row.outcome == "unjudged")
    return {
        "key": row.query.key,
        "video": row.query.video,
        "query": row.query.query,
        "kind": row.query.kind,
        "windows": [[window.start_s, window.end_s] for window in row.query.windows],
        "outcome": row.outcome,
        "predicted": [[window.start_s, window.end_s] for window in row.predicted],
        "iou": row.iou if is_scored else None,
        "ap": fmean(row.precision) if is_scored else None,
        "score": row.score,
        "reason": row.reason or None,
    }


def report_document(report: GroundingReport) -> dict[str, object]:
    """What ``eval grounding --json`` prints: ``all`` figures, those ``by_kind``, every row under ``queries``."""
    return {
        "all": figures_document(report),
        "by_kind": {kind: figures_document(report.of_kind(kind)) for kind in report.kinds},
        "queries": [row_document(row) for row in report.rows],
    }


def _rate_text(rate: Rate) -> str:
    if rate.value is None:
        return "-"
    low, high = rate.interval
    return f"{rate.value:.2f} [{low:.2f}, {high:.2f}] {rate.hits}/{rate.n}"


def report_table(report: GroundingReport) -> str:
    """A Markdown table by kind (shares with 95 % Wilson intervals), then what failed or could not be judged."""
    levels = [f"R@1 IoU≥{level}" for level in IOU_LEVELS]
    header = ["kind", "queries", *levels, "mIoU", "mAP", "false finds", "empty", "failed", "unjudged"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    parts = [(kind, report.of_kind(kind)) for kind in report.kinds]
    for name, part in [*parts, ("all", report)]:
        rates = [_rate_text(part.recall_at_1(level)) for level in IOU_LEVELS]
        iou = "-" if part.mean_iou is None else f"{part.mean_iou:.2f}"
        precision = "-" if part.mean_precision is None else f"{fmean(part.mean_precision):.2f}"
        counts = [str(part.empty_answers), str(part.count("failed")), str(part.count("unjudged"))]
        cells = [name, str(len(part.rows)), *rates, iou, precision, _rate_text(part.false_finds), *counts]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, *unanswered_lines(report)])


def unanswered_lines(report: GroundingReport) -> list[str]:
    """A line for each query that failed or could not be judged."""
    return [
        f"{row.outcome}: {row.query.video}: {row.query.query!r}: {row.reason}"
        for row in report.rows
        if row.outcome != "answered"
    ]
