"""Truth and predictions of temporal grounding as JSONL files, read strictly.

Truth holds one query a line::

    {"video": "room.mp4", "query": "a man in a red shirt enters", "windows": [[12.0, 20.5]], "kind": "visual"}

``windows`` are all the intervals in which the query is true, in seconds on the file's own clock; an empty list
says that it never happens (a negative). ``kind`` is a word of the author's choice by which figures are broken
down, and ``notes`` (optional) is free text. Predictions are JSONL too, ``windows`` ranked best first and
``scores`` optional::

    {"video": "room.mp4", "query": "a man in a red shirt enters", "windows": [[11.8, 20.0]], "scores": [0.8]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from videoindex.errors import UsageError
from videoindex.types import Span

__all__ = ["GroundingQuery", "Prediction", "SampleTruth", "load_predictions", "load_truth", "save_truth"]


@dataclass(frozen=True, slots=True)
class GroundingQuery:
    """A query with its true ``windows`` (none: it never happens). Law: a "negative" has no windows."""

    video: str
    query: str
    windows: tuple[Span, ...]
    kind: str
    notes: str = ""

    def __post_init__(self) -> None:
        if not (self.video.strip() and self.query.strip() and self.kind.strip()):
            raise ValueError("video, query and kind must not be empty")
        if self.kind == "negative" and self.windows:
            raise ValueError("a query of kind 'negative' must have no windows")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Ranked windows for one query about one video, best first."""

    video: str
    query: str
    windows: tuple[Span, ...]


_Row = TypeVar("_Row", GroundingQuery, Prediction)


def _check_fields(row: object, required: set[str], optional: set[str]) -> dict[str, object]:
    if not isinstance(row, dict):
        raise ValueError(f"expected an object, got {type(row).__name__}")
    if missing := sorted(required - row.keys()):
        raise ValueError(f"missing {', '.join(missing)}")
    if unknown := sorted(row.keys() - required - optional):
        raise ValueError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(required | optional))}")
    for name in ("video", "query", "kind", "notes"):
        if name in row and not isinstance(row[name], str):
            raise ValueError(f"{name} must be text, got {row[name]!r}")
    return row


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _windows(value: object) -> tuple[Span, ...]:
    if not isinstance(value, list):
        raise ValueError(f"windows must be a list of [start_s, end_s], got {value!r}")
    for window in value:
        if not (isinstance(window, list) and len(window) == 2 and all(_is_number(at_s) for at_s in window)):
            raise ValueError(f"a window must be [start_s, end_s] in seconds, got {window!r}")
    return tuple(Span(float(start_s), float(end_s)) for start_s, end_s in value)


def _truth_row(row: object) -> GroundingQuery:
    fields = _check_fields(row, {"video", "query", "windows", "kind"}, {"notes"})
    return GroundingQuery(
        video=str(fields["video"]),
        query=str(fields["query"]),
        windows=_windows(fields["windows"]),
        kind=str(fields["kind"]),
        notes=str(fields.get("notes", "")),
    )


def _prediction_row(row: object, min_score: float) -> Prediction:
    fields = _check_fields(row, {"video", "query", "windows"}, {"scores"})
    windows = _windows(fields["windows"])
    scores = fields.get("scores", [1.0] * len(windows))
    if not (isinstance(scores, list) and all(_is_number(score) for score in scores)):
        raise ValueError(f"scores must be a list of numbers, got {scores!r}")
    if len(scores) != len(windows):
        raise ValueError(f"scores and windows must be equally many, got {len(scores)} and {len(windows)}")
    kept = tuple(window for window, score in zip(windows, scores, strict=True) if score >= min_score)
    return Prediction(str(fields["video"]), str(fields["query"]), kept)


def _numbered_rows(path: Path) -> list[tuple[int, object]]:
    """Parsed lines with their numbers; blank lines are passed over."""
    try:
        # Not splitlines(): JSON text may hold other line separators, such as U+2028, unescaped.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); give a JSONL file, one query a line") from error
    rows: list[tuple[int, object]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append((number, json.loads(line)))
            except json.JSONDecodeError as error:
                raise UsageError(f"{path}, line {number}: not JSON ({error}); mend this line") from error
    return rows


def _load(path: Path, parse: Callable[[object], _Row]) -> tuple[_Row, ...]:
    parsed: list[_Row] = []
    seen: dict[tuple[str, str], int] = {}
    for number, raw in _numbered_rows(path):
        try:
            row = parse(raw)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}; mend this line") from error
        first = seen.setdefault((row.video, row.query), number)
        if first != number:
            raise UsageError(
                f"{path}, line {number}: {row.query!r} for {row.video} already stands in line {first}; remove one"
            )
        parsed.append(row)
    if not parsed:
        raise UsageError(f"{path}: holds no query; give a JSONL file, one query a line")
    return tuple(parsed)


def load_truth(path: Path) -> tuple[GroundingQuery, ...]:
    """Reads truth. Raises UsageError naming the file, the line and what is wrong with it."""
    return _load(path, _truth_row)


def save_truth(queries: Iterable[GroundingQuery], path: Path) -> None:
    """Writes truth in the format that `load_truth` reads."""
    lines = []
    for query in queries:
        windows = [[round(window.start_s, 3), round(window.end_s, 3)] for window in query.windows]
        row = {"video": query.video, "query": query.query, "windows": windows, "kind": query.kind}
        lines.append(json.dumps(row | ({"notes": query.notes} if query.notes else {}), ensure_ascii=False))
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def load_predictions(path: Path, min_score: float = 0.0) -> tuple[Prediction, ...]:
    """Reads predictions, dropping windows that score under ``min_score``. Raises UsageError, as `load_truth`."""
    return _load(path, lambda row: _prediction_row(row, min_score))


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
