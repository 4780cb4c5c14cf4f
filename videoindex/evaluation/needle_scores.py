"""The figures of a needle run, as pure functions of its finished trials.

Recall is over trials with something to find, false finds over controls; what could not be judged is in neither.
Intervals are Wilson's at 95 %. Trials in one haystack are not independent: where there are several haystacks, a
second interval takes their number for what it is worth, by the design effect (Kish 1965, Survey Sampling, section
5.4): the variance between haystacks over that of as many independent trials says how many trials the run is
really worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median
from typing import Any

from videoindex.evaluation.metrics import Rate, wilson_bounds
from videoindex.evaluation.trials import TrialRow

__all__ = ["Figures", "Times", "by", "figures", "figures_document"]

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Times:
    """Errors of found times, in seconds: how many, their median with an interval from order statistics, the error
    that nine of ten stay below, and the median with its sign (late is positive)."""

    n: int
    median_s: float
    low_s: float
    high_s: float
    ninth_tenth_s: float
    signed_median_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """``clustered`` is the interval of ``recall`` by haystack, None with fewer than two of them."""

    recall: Rate
    clustered: tuple[float, float] | None
    right: Rate
    found: Rate
    false_finds: Rate
    times: Times | None
    mean_iou: float | None
    failed: int
    unjudged: int


def figures(rows: Sequence[TrialRow]) -> Figures:
    """All figures of these trials."""
    judged = [row for row in rows if row.score is not None]
    sought = [row for row in judged if row.task != "control"]
    controls = [row for row in judged if row.task == "control"]
    ious = [row.iou for row in sought if row.iou is not None]
    return Figures(
        recall=_rate(sought, lambda row: row.score == 1.0),
        clustered=_clustered(sought),
        right=_rate([row for row in sought if row.right is not None], lambda row: bool(row.right)),
        found=_rate([row for row in sought if row.found is not None], lambda row: bool(row.found)),
        false_finds=_rate(controls, lambda row: bool(row.is_false_find)),
        times=_times([row.offset_s for row in sought if row.found and row.offset_s is not None]),
        mean_iou=fmean(ious) if ious else None,
        failed=sum(row.outcome == "failed" for row in rows),
        unjudged=sum(row.outcome == "unjudged" for row in rows),
    )


def by(rows: Iterable[TrialRow], *names: str) -> dict[tuple[Any, ...], list[TrialRow]]:
    """The trials by the values of these fields, in order of first appearance."""
    groups: dict[tuple[Any, ...], list[TrialRow]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in names), []).append(row)
    return groups


def _rate(rows: Sequence[TrialRow], is_hit: Callable[[TrialRow], bool]) -> Rate:
    return Rate(sum(map(is_hit, rows)), len(rows))


def _clustered(rows: Sequence[TrialRow]) -> tuple[float, float] | None:
    """Wilson's interval for as many independent trials as these clustered ones are worth."""
    clusters = list(by(rows, "cluster").values())
    if len(clusters) < 2:
        return None
    n = len(rows)
    share = sum(row.score or 0.0 for row in rows) / n
    plain = share * (1 - share) / n
    # The variance of a ratio over clusters of unequal size (Cochran 1977, Sampling Techniques, section 6.3).
    off = [sum((row.score or 0.0) - share for row in cluster) for cluster in clusters]
    between = len(clusters) / (len(clusters) - 1) * sum(value * value for value in off) / n**2
    effect = max(1.0, between / plain) if plain else 1.0
    return wilson_bounds(share, n / effect)


def _times(offsets_s: Sequence[float]) -> Times | None:
    if not offsets_s:
        return None
    errors = sorted(abs(offset_s) for offset_s in offsets_s)
    n = len(errors)
    reach = NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2) * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - reach)), min(n - 1, math.ceil(n / 2 + reach))
    ninth = errors[min(n - 1, math.ceil(0.9 * n) - 1)]
    return Times(n, median(errors), errors[low], errors[high], ninth, median(offsets_s))


def figures_document(found: Figures) -> dict[str, Any]:
    """The figures as data for JSON."""
    return {
        "recall": _rate_document(found.recall),
        "recall_by_haystack": None if found.clustered is None else [round(edge, 4) for edge in found.clustered],
        "right": _rate_document(found.right),
        "found": _rate_document(found.found),
        "false_finds": _rate_document(found.false_finds),
        "time_error_s": None
        if found.times is None
        else {
            "n": found.times.n,
            "median": round(found.times.median_s, 3),
            "low": round(found.times.low_s, 3),
            "high": round(found.times.high_s, 3),
            "p90": round(found.times.ninth_tenth_s, 3),
            "signed_median": round(found.times.signed_median_s, 3),
        },
        "mean_iou": None if found.mean_iou is None else round(found.mean_iou, 4),
        "failed": found.failed,
        "unjudged": found.unjudged,
    }


def _rate_document(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {"value": rate.value, "hits": rate.hits, "n": rate.n, "low": round(low, 4), "high": round(high, 4)}
