"""The definitions of temporal grounding once more, by enumeration and in fractions: slow, and never rounded.

Windows are (start, end) in fractions of seconds, predictions (start, end, score), the order that of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

Window: TypeAlias = tuple[Fraction, Fraction]
Scored: TypeAlias = tuple[Fraction, Fraction, float]
Asked: TypeAlias = tuple[Sequence[Window], Sequence[Scored]]

LEVELS = tuple(Fraction(percent, 100) for percent in range(50, 100, 5))
LENGTHS = {"short": (0, 10), "middle": (10, 30), "long": (30, 150)}
RATERS = range(3)


def mean(values: Iterable[Fraction | int]) -> Fraction:
    listed = list(values)
    return sum(listed, Fraction(0)) / len(listed)


def overlap(one: Window, other: Window) -> Fraction:
    common = max(Fraction(0), min(one[1], other[1]) - max(one[0], other[0]))
    union = (one[1] - one[0]) + (other[1] - other[0]) - common
    return common / union if union else Fraction(0)


def first_overlap(truth: Sequence[Window], predicted: Sequence[Scored]) -> Fraction:
    """Of the first of the list, the best over the true windows."""
    return max(overlap(predicted[0][:2], window) for window in truth) if predicted else Fraction(0)


def precision(truth: Sequence[Window], predicted: Sequence[Scored], level: Fraction) -> Fraction:
    """Ten windows at most; by falling score; each takes its best free true window of that level.

    For each k-th true window found, the best precision at any rank that has found k or more; then their sum over
    the number of true windows.
    """
    ranked = sorted(predicted[:10], key=lambda window: window[2], reverse=True)
    free = list(truth)
    found_at: list[int] = []
    for rank, window in enumerate(ranked, start=1):
        fitting = [true for true in free if overlap(window[:2], true) >= level]
        if fitting:
            best = max(overlap(window[:2], true) for true in fitting)
            free.remove([true for true in fitting if overlap(window[:2], true) == best][-1])
            found_at.append(rank)
    precisions = [Fraction(count, rank) for count, rank in enumerate(found_at, start=1)]
    return sum((max(precisions[k:]) for k in range(len(precisions))), Fraction(0)) / len(truth)


def of_length(asked: Sequence[Asked], name: str) -> list[Asked]:
    over, up_to = LENGTHS[name]
    kept = [([w for w in truth if over < w[1] - w[0] <= up_to], predicted) for truth, predicted in asked]
    return [(truth, predicted) for truth, predicted in kept if truth]


def moment_figures(asked: Sequence[Asked]) -> dict[str, dict[str, Fraction]]:
    """MR-mAP and MR-R1 in percent, by level."""
    maps = {str(float(level)): 100 * mean(precision(*one, level) for one in asked) for level in LEVELS}
    recall = {
        str(float(level)): 100 * mean(int(first_overlap(*one) >= level) for one in asked) for level in LEVELS
    }
    return {"MR-mAP": {**maps, "average": mean(maps.values())}, "MR-R1": recall}


def highlight_figures(
    rated: Sequence[tuple[int, Mapping[int, Sequence[int]], Sequence[float]]],
) -> dict[str, dict[str, Fraction]]:
    """HL-mAP and HL-Hit1 in percent; each query has its number of clips, its ratings by clip, predicted scores."""
    figures = {}
    for name, least in (("HL-min-Fair", 2), ("HL-min-Good", 3), ("HL-min-VeryGood", 4)):
        hits, precisions = [], []
        for clips, ratings, scores in rated:
            surest = list(scores).index(max(scores))
            hits.append(int(surest < clips and max(ratings.get(surest, (0,))) >= least))
            padded = [*scores[:clips], *[0.0] * (clips - len(scores))]
            for rater in RATERS:
                liked = [clip in ratings and ratings[clip][rater] >= least for clip in range(clips)]
                precisions.append(_clip_precision(liked, padded))
        figures[name] = {"HL-mAP": 100 * mean(precisions), "HL-Hit1": 100 * mean(hits)}
    return figures


def _clip_precision(liked: Sequence[bool], scores: Sequence[float]) -> Fraction:
    """At each threshold, a count found and a precision; for each count, the best at it or at a higher one."""
    if not any(liked) or all(liked):
        return Fraction(int(all(liked)))
    points = []
    for threshold in set(scores):
        chosen = [good for good, score in zip(liked, scores, strict=True) if score >= threshold]
        points.append((sum(chosen), Fraction(sum(chosen), len(chosen))))
    counts = {count for count, _ in points if count}
    return mean(max(p for count, p in points if count >= reached) for reached in counts)
