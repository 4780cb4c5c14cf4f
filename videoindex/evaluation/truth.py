"""Truth and predictions of temporal grounding as JSONL files, read strictly.

Truth holds one query a line::

    {"video": "room.mp4", "query": "a man in a red shirt enters", "windows": [[12.0, 20.5]], "kind": "visual"}

``windows`` are all the intervals in which the query is true, in seconds on the file's own clock; an empty list
says that it never happens (a negative). ``kind`` is a word of the author's choice by which figures are broken
down, and ``notes`` (optional) is free text. Predictions are JSONL too, ``windows`` ranked best first and
``scores`` optional::

    {"video": "room.mp4", "query": "a man in a red shirt enters", "windows": [[11.8, 20.0]], "scores": [0.8]}

The files of public benchmarks are read by `videoindex.evaluation.formats`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from videoindex.evaluation.rows import check_distinct, check_fields, number, number_pairs, parse_rows, text_field
from videoindex.types import Span

__all__ = [
    "GroundingQuery",
    "PredictedWindow",
    "Prediction",
    "SampleTruth",
    "load_predictions",
    "load_truth",
    "prediction_row",
    "save_truth",
]


@dataclass(frozen=True, slots=True)
class GroundingQuery:
    """A query with its true ``windows`` (none: it never happens). Law: a "negative" has no windows.

    ``id`` is the name that a benchmark gives it; without one it is known by its video and its words.
    """

    video: str
    query: str
    windows: tuple[Span, ...]
    kind: str
    notes: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if not (self.video.strip() and self.query.strip() and self.kind.strip()):
            raise ValueError("video, query and kind must not be empty")
        if self.kind == "negative" and self.windows:
            raise ValueError("a query of kind 'negative' must have no windows")

    @property
    def key(self) -> str:
        """By this name it is known in predictions and in reports; no two of a file share one."""
        return self.id or f"{self.video}: {self.query}"


@dataclass(frozen=True, slots=True)
class PredictedWindow:
    """``[start_s, end_s)`` as somebody predicted it, with a score. Law: all finite, ``start_s <= end_s``.

    Unlike a Span it may be an instant: models do say "from 5 to 5 seconds". An instant overlaps nothing.
    """

    start_s: float
    end_s: float
    score: float = 1.0

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (self.start_s, self.end_s, self.score)):
            raise ValueError(f"a window needs finite ends and score, got {self}")
        if self.start_s > self.end_s:
            raise ValueError(f"a window must not end before it starts, got [{self.start_s}, {self.end_s}]")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Ranked windows for one query about one video, best first; ``id`` as the query's.

    ``saliency`` is of QVHighlights alone: a score for each two seconds of the video.
    """

    video: str
    query: str
    windows: tuple[PredictedWindow, ...]
    id: str = ""
    saliency: tuple[float, ...] = ()

    @property
    def key(self) -> str:
        """That of the query it answers."""
        return self.id or f"{self.video}: {self.query}"


def _truth_row(row: object) -> GroundingQuery:
    fields = check_fields(row, {"video", "query", "windows", "kind"}, {"notes"})
    return GroundingQuery(
        video=text_field(fields, "video"),
        query=text_field(fields, "query"),
        windows=tuple(Span(*pair) for pair in number_pairs(fields["windows"], "windows")),
        kind=text_field(fields, "kind"),
        notes=text_field(fields, "notes"),
    )


def prediction_row(row: object, min_score: float = -math.inf) -> Prediction:
    """One line of predictions, without the windows that score under ``min_score``. Raises ValueError."""
    fields = check_fields(row, {"video", "query", "windows"}, {"scores"})
    pairs = number_pairs(fields["windows"], "windows")
    scores = fields.get("scores", [1.0] * len(pairs))
    if not isinstance(scores, list):
        raise ValueError(f"scores must be a list of numbers, got {scores!r}")
    if len(scores) != len(pairs):
        raise ValueError(f"scores and windows must be equally many, got {len(scores)} and {len(pairs)}")
    scored = [(*pair, number(score, "a score")) for pair, score in zip(pairs, scores, strict=True)]
    kept = tuple(PredictedWindow(*window) for window in scored if window[2] >= min_score)
    return Prediction(text_field(fields, "video"), text_field(fields, "query"), kept)


def load_truth(path: Path) -> tuple[GroundingQuery, ...]:
    """Reads truth. Raises UsageError naming the file, the line and what is wrong with it."""
    rows = parse_rows(path, _truth_row)
    check_distinct(path, ((line, row.key) for line, row in rows))
    return tuple(row for _, row in rows)


def save_truth(queries: Iterable[GroundingQuery], path: Path) -> None:
    """Writes truth in the format that `load_truth` reads."""
    lines = []
    for query in queries:
        windows = [[round(window.start_s, 3), round(window.end_s, 3)] for window in query.windows]
        row = {"video": query.video, "query": query.query, "windows": windows, "kind": query.kind}
        lines.append(json.dumps(row | ({"notes": query.notes} if query.notes else {}), ensure_ascii=False))
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def load_predictions(path: Path, min_score: float = -math.inf) -> tuple[Prediction, ...]:
    """Reads predictions, dropping windows that score under ``min_score``. Raises UsageError, as `load_truth`."""
    rows = parse_rows(path, lambda row: prediction_row(row, min_score))
    check_distinct(path, ((line, row.key) for line, row in rows))
    return tuple(row for _, row in rows)


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """A recording that was made, and what is true in it: queries with their windows, negatives among them."""

    path: Path
    duration_s: float
    queries: tuple[GroundingQuery, ...]

    @property
    def truth_path(self) -> Path:
        """Where the truth lies, in the format of `load_truth`: next to the recording."""
        return self.path.with_suffix(".truth.jsonl")

    def save(self) -> None:
        save_truth(self.queries, self.truth_path)
