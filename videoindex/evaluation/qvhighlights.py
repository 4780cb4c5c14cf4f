"""QVHighlights' figures of moment retrieval, as the benchmark's own evaluation prints them.

Source: Lei et al. 2021, arXiv:2107.09609, and github.com/jayleicn/moment_detr, standalone_eval: mAP at ten IoU
levels (`videoindex.evaluation.metrics.average_precision`) and R1, over all queries and over those with a true
window of a length: above 0 to 10 s (short), above 10 to 30 s (middle), above 30 to 150 s (long). A query counts
under each length that one of its windows has, and is judged there against these windows alone. Figures are in
percent, with two decimals.

Two cases at which the benchmark's evaluation stops are decided here: a query without a predicted window counts 0,
and a length that no window has has no figures (None).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from videoindex.evaluation.grounding import GroundingRow
from videoindex.evaluation.highlights import ClipScores, highlight_figures, percent
from videoindex.evaluation.metrics import AP_LEVELS, mean_average_precision, recall_at_1

__all__ = ["LENGTHS_S", "Figures", "qvhighlights_figures", "qvhighlights_table", "rows_of_length"]

LENGTHS_S = {"short": (0.0, 10.0), "middle": (10.0, 30.0), "long": (30.0, 150.0)}
"""Above the first, up to the second."""

Figures: TypeAlias = Mapping[str, Mapping[str, float | None]]
"""Measures, each by IoU level, in percent; None where there is nothing to measure."""


def rows_of_length(rows: Sequence[GroundingRow], length_s: tuple[float, float]) -> list[GroundingRow]:
    """The queries with true windows of such a length, and only these windows."""
    over_s, up_to_s = length_s
    kept = []
    for row in rows:
        windows = tuple(window for window in row.query.windows if over_s < window.duration_s <= up_to_s)
        if windows:
            kept.append(replace(row, query=replace(row.query, windows=windows)))
    return kept


def _moment_figures(rows: Sequence[GroundingRow]) -> Figures:
    names = [str(level) for level in AP_LEVELS]
    precision = mean_average_precision([row.precision for row in rows])
    if precision is None:
        return {"MR-mAP": dict.fromkeys([*names, "average"]), "MR-R1": dict.fromkeys(names)}
    ious = [row.iou for row in rows]
    recall = [recall_at_1(ious, level) for level in AP_LEVELS]
    return {
        "MR-mAP": {
            **{name: percent(value) for name, value in zip(names, precision, strict=True)},
            "average": percent(float(np.mean(precision))),
        },
        "MR-R1": {name: percent(rate.hits / rate.n) for name, rate in zip(names, recall, strict=True)},
    }


def qvhighlights_figures(
    rows: Sequence[GroundingRow], clips: Mapping[str, ClipScores], saliency: Mapping[str, tuple[float, ...]]
) -> dict[str, Figures | Mapping[str, float | None]]:
    """The benchmark's document: ``brief``, then ``full``, ``long``, ``middle`` and ``short``, each with MR-mAP and
    MR-R1 by IoU level; where there is ``saliency``, by key, also the highlights.
    """
    moments = {name: _moment_figures(rows_of_length(rows, length_s)) for name, length_s in LENGTHS_S.items()}
    moments["full"] = _moment_figures(rows)
    brief = {f"MR-{name}-mAP": figures["MR-mAP"]["average"] for name, figures in moments.items()}
    brief |= {f"MR-full-mAP@{level}": moments["full"]["MR-mAP"][level] for level in ("0.5", "0.75")}
    brief |= {f"MR-full-R1@{level}": moments["full"]["MR-R1"][level] for level in ("0.5", "0.7")}
    brief = dict(sorted(brief.items()))
    highlights = highlight_figures(clips, saliency) if saliency else {}
    for name, measures in highlights.items():
        brief |= {f"{name}-{measure.removeprefix('HL-')}": value for measure, value in measures.items()}
    return {"brief": brief, **dict(sorted(highlights.items())), **dict(sorted(moments.items()))}


def qvhighlights_table(rows: Sequence[GroundingRow], brief: Mapping[str, float | None]) -> str:
    """Markdown: a line for each length and one for all; then the highlights, where ``brief`` has them."""
    header = ["windows", "queries", "R1@0.5", "R1@0.7", "mAP@0.5", "mAP@0.75", "mAP"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    parts = {f"{name} ({a:g}-{b:g} s)": rows_of_length(rows, (a, b)) for name, (a, b) in LENGTHS_S.items()}
    for name, part in [*parts.items(), ("all", list(rows))]:
        figures = _moment_figures(part)
        recall, precision = figures["MR-R1"], figures["MR-mAP"]
        values = [recall["0.5"], recall["0.7"], precision["0.5"], precision["0.75"], precision["average"]]
        cells = [name, str(len(part)), *("-" if value is None else f"{value:.2f}" for value in values)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, *(f"{name}: {value:.2f}" for name, value in brief.items() if name.startswith("HL"))])
