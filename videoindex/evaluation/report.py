"""What a needle run found: as one document, and as a text for a person. Pure.

The same figures stand in both and on the page of `videoindex.evaluation.report_page`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from videoindex.evaluation.metrics import Rate
from videoindex.evaluation.needle_run import NeedleRun
from videoindex.evaluation.needle_scores import Figures, Times, by, figures, figures_document
from videoindex.evaluation.protocols import find_protocol
from videoindex.evaluation.trials import TrialRow

__all__ = ["Group", "NeedleReport", "groups", "health_sentences", "rate_text", "report_document", "report_text"]

_KINDS = {"overlay": "written", "still": "held up", "clip": "moving", "speech": "spoken"}


@dataclass(frozen=True, slots=True)
class NeedleReport:
    """A run with its finished trials. ``warnings`` are what `videoindex.evaluation.needle_checks` says of them;
    ``haystack`` tells what was planted in; ``made_with`` are versions by name, one entry for each change;
    ``settings`` the product's own as data."""

    run: NeedleRun
    rows: tuple[TrialRow, ...]
    planned: int
    warnings: tuple[str, ...]
    haystack: str
    made_with: tuple[dict[str, str], ...]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Trials that belong together, and their figures. ``name`` tells what they share."""

    name: str
    figures: Figures


def groups(rows: Sequence[TrialRow]) -> list[Group]:
    """What was sought, by arm, task, kind and prominence; controls, by arm."""
    sought = [row for row in rows if row.task != "control"]
    found = [
        Group(f"{arm}: {task}, {kind}, {prominence}", figures(own))
        for (arm, task, kind, prominence), own in by(sought, "arm", "task", "kind", "prominence").items()
    ]
    controls = by([row for row in rows if row.task == "control"], "arm")
    return found + [Group(f"{arm}: controls", figures(own)) for (arm,), own in controls.items()]


def rate_text(rate: Rate) -> str:
    """``20 of 20, 1.00 [0.84-1.00]``."""
    if not rate.n:
        return "-"
    low, high = rate.interval
    return f"{rate.hits} of {rate.n}, {rate.value:.2f} [{low:.2f}-{high:.2f}]"


def times_text(times: Times | None) -> str:
    """``0.13 s [0.10-0.20]``."""
    return "-" if times is None else f"{times.median_s:.2f} s [{times.low_s:.2f}-{times.high_s:.2f}]"


def report_text(report: NeedleReport) -> str:
    """The figures as tables. What is wrong with the run is told by its warnings."""
    lines = [f"{len(report.rows)} of {report.planned} trials in {report.haystack}", ""]
    lines += _table(
        ("", "found and right", "median error", "9 of 10 within", "failed", "unjudged"),
        [_line(group) for group in groups(report.rows)],
    )
    depths = by([row for row in report.rows if row.depth is not None], "arm", "length", "kind", "depth")
    if depths:
        lines += ["", "By depth:"]
        lines += _table(("arm", "length", "kind", "at", "recall"), [_depth_line(*one) for one in depths.items()])
    lines += ["", *health_sentences(report)] if report.run.haystack else []
    return "\n".join(lines)


def _line(group: Group) -> tuple[str, ...]:
    own = group.figures
    is_control = own.false_finds.n > 0
    rate = f"{own.false_finds.hits} of {own.false_finds.n} found falsely" if is_control else rate_text(own.recall)
    ninth = "-" if own.times is None else f"{own.times.ninth_tenth_s:.2f} s"
    return group.name, rate, times_text(own.times), ninth, str(own.failed), str(own.unjudged)


def _depth_line(key: tuple[Any, ...], rows: Sequence[TrialRow]) -> tuple[str, ...]:
    arm, length, kind, depth = key
    return arm, length, kind, f"{depth:.0%}", rate_text(figures(rows).recall)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    wide = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in (head, *rows)]


def health_sentences(report: NeedleReport) -> list[str]:
    """For a user's own recording: what share of such events the settings would find, by kind, and the false
    finds."""
    lasting = f"{report.run.grid.needle_s:g}-second" if report.run.grid.needle_s else "one-frame"
    said = []
    for (arm, kind, prominence), own in by(report.rows, "arm", "kind", "prominence").items():
        recall = figures([row for row in own if row.task == "retrieval"]).recall
        if recall.n:
            low, high = recall.interval
            event = "sentences" if kind == "speech" else f"{lasting} events"
            said.append(
                f"Of {prominence} {_KINDS[kind]} {event} in this recording, "
                f"`{'search' if arm == 'index' else arm}` "
                f"with these settings finds {recall.value:.0%} ({recall.hits} of {recall.n}; likely {low:.0%} to "
                f"{high:.0%})."
            )
    false_finds = figures(report.rows).false_finds
    if false_finds.n:
        said.append(f"Asked {false_finds.n} times for what is not there, it claimed {false_finds.hits} finds.")
    return said


def report_document(report: NeedleReport) -> dict[str, Any]:
    """All figures as data for JSON; the trials themselves stand in trials.jsonl."""
    rows = report.rows
    protocol = find_protocol(report.run.protocol) if report.run.protocol else None
    cells = by([row for row in rows if row.depth is not None], "arm", "length", "kind", "depth")
    return {
        "trials": len(rows),
        "planned": report.planned,
        "haystack": report.haystack,
        "arms": {arm: figures_document(figures(own)) for (arm,), own in by(rows, "arm").items()},
        "groups": {group.name: figures_document(group.figures) for group in groups(rows)},
        "cells": [
            {
                "arm": arm,
                "length": length,
                "kind": kind,
                "depth": depth,
                **{k: v for k, v in figures_document(figures(own)).items() if k in ("recall", "time_error_s")},
            }
            for (arm, length, kind, depth), own in cells.items()
        ],
        "health": health_sentences(report) if report.run.haystack else [],
        "warnings": list(report.warnings),
        "protocol": None if protocol is None else {"source": protocol.source, "differs": protocol.differs},
        "run": report.run.document(),
        "settings": report.settings,
        "made_with": list(report.made_with),
    }
