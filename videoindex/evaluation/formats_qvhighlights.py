"""QVHighlights' files, JSONL (Lei et al. 2021; github.com/jayleicn/moment_detr, data and standalone_eval).

A line of truth: ``qid``, ``query``, ``vid``, ``relevant_windows`` as [[start_s, end_s], …] and, for highlights,
``duration`` (s), ``relevant_clip_ids`` (clips of two seconds, from 0) and ``saliency_scores`` (three for each).
A line of predictions: ``qid``, ``pred_relevant_windows`` as [[start_s, end_s, score], …] and, for highlights,
``pred_saliency_scores`` (one for each clip of the video). Further fields are passed over, as by the benchmark.
"""

from __future__ import annotations

from pathlib import Path

from videoindex.evaluation.highlights import ClipScores
from videoindex.evaluation.rows import check_distinct, check_fields, number, number_pairs, parse_rows, text_field
from videoindex.evaluation.truth import GroundingQuery, PredictedWindow, Prediction
from videoindex.types import Span

__all__ = ["load_qvhighlights", "load_qvhighlights_answers"]


def load_qvhighlights(path: Path) -> list[tuple[GroundingQuery, ClipScores | None]]:
    """The queries, their qid as ``id``, each with the scores of its clips where the file has them.

    Raises UsageError naming the file, the line and what is wrong with it.
    """
    rows = parse_rows(path, _query_row)
    check_distinct(path, ((line, f"qid {query.id}") for line, (query, _) in rows))
    return [row for _, row in rows]


def load_qvhighlights_answers(path: Path) -> list[Prediction]:
    """The predictions, their qid as ``id``. Raises UsageError as `load_qvhighlights`."""
    rows = parse_rows(path, _answer_row)
    check_distinct(path, ((line, f"qid {row.id}") for line, row in rows))
    return [row for _, row in rows]


def _qid(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise ValueError(f"qid must be a whole number or text, got {value!r}")
    return str(value)


def _query_row(row: object) -> tuple[GroundingQuery, ClipScores | None]:
    fields = check_fields(row, {"qid", "query", "vid"})
    if "relevant_windows" not in fields:
        raise ValueError(
            "missing relevant_windows, as in the test split, which only the benchmark's server judges"
        )
    windows = tuple(Span(*pair) for pair in number_pairs(fields["relevant_windows"], "relevant_windows"))
    if not windows:
        raise ValueError("relevant_windows must not be empty: the benchmark asks for what happens")
    vid, query = text_field(fields, "vid"), text_field(fields, "query")
    asked = GroundingQuery(vid, query, windows, "qvhighlights", id=_qid(fields["qid"]))
    if "saliency_scores" not in fields:
        return asked, None
    scored = check_fields(row, {"duration", "relevant_clip_ids", "saliency_scores"})
    return asked, _clip_scores(scored)


def _clip_scores(fields: dict[str, object]) -> ClipScores:
    clip_ids, scores = fields["relevant_clip_ids"], fields["saliency_scores"]
    if not isinstance(clip_ids, list) or not all(type(clip_id) is int for clip_id in clip_ids):
        raise ValueError(f"relevant_clip_ids must be a list of whole numbers, got {clip_ids!r}")
    if not isinstance(scores, list) or not all(isinstance(each, list) for each in scores):
        raise ValueError(f"saliency_scores must be a list of three scores each, got {scores!r}")
    rated = tuple(tuple(number(score, "a saliency score") for score in each) for each in scores)
    return ClipScores(number(fields["duration"], "duration"), tuple(clip_ids), rated)


def _answer_row(row: object) -> Prediction:
    fields = check_fields(row, {"qid", "pred_relevant_windows"})
    windows = fields["pred_relevant_windows"]
    if not isinstance(windows, list):
        raise ValueError(f"pred_relevant_windows must be a list of [start_s, end_s, score], got {windows!r}")
    saliency = fields.get("pred_saliency_scores", [])
    if not isinstance(saliency, list):
        raise ValueError(f"pred_saliency_scores must be a list of numbers, got {saliency!r}")
    return Prediction(
        text_field(fields, "vid"),
        text_field(fields, "query"),
        tuple(_scored_window(window) for window in windows),
        _qid(fields["qid"]),
        tuple(number(score, "a saliency score") for score in saliency),
    )


def _scored_window(window: object) -> PredictedWindow:
    if not (isinstance(window, list) and len(window) == 3):
        raise ValueError(f"a predicted window must be [start_s, end_s, score], got {window!r}")
    return PredictedWindow(*(number(value, f"each of {window!r}") for value in window))
