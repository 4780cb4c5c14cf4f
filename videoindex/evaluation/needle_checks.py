"""What a needle run says about the run itself: signs that a clock, a segment, a pairing or the scoring is broken.
Pure.

A harness is trusted when it shows what is broken on purpose. Each check has its test, over a pipeline with that
fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, median, pstdev

from videoindex.evaluation.needle_scores import by, figures
from videoindex.evaluation.trials import TrialRow

__all__ = ["checked"]

_ENOUGH = 4
"""Trials that a check wants before it says anything."""

_CLOCK_S = 0.75
_STEADY_S = 0.6
_LOST_DEPTH, _KEPT_DEPTH = 0.25, 0.75
_LEAST_ON_MARK = 0.9
_PARITY_APART = 0.5


def checked(rows: Sequence[TrialRow], planned: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with the run, in sentences; empty where nothing is. ``planned`` are the keys of all trials
    that were to be asked, controls among them."""
    checks = (_all_there, _controls, _clock, _depths, _marks, _parities)
    return tuple(sentence for check in checks for sentence in check(rows, planned))


def _all_there(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    missing = set(planned) - {row.key for row in rows}
    if missing:
        yield (
            f"{len(missing)} of {len(planned)} trials have no outcome (such as {min(missing)}): run the same "
            "command again to go on"
        )


def _controls(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    asked = sum("/control/" in key for key in planned)
    scored = figures(rows).false_finds
    if not asked:
        yield "no control was asked: a system that always claims a find would do as well; add --controls"
    elif not scored.n:
        yield f"{asked} controls were planned and none is scored: false finds are not known"
    elif scored.hits * 2 >= scored.n >= _ENOUGH:
        yield (
            f"{scored.hits} of {scored.n} controls were answered with a find: the recall says little, for finds "
            "are claimed whether or not something is there"
        )


def _clock(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    """Times that are all off by about the same are no guesses but a clock that runs elsewhere."""
    for (arm, kind), own in by(rows, "arm", "kind").items():
        offsets_s = [row.offset_s for row in own if row.offset_s is not None and row.right is not False]
        if len(offsets_s) < _ENOUGH:
            continue
        middle_s = median(offsets_s)
        near = [offset_s for offset_s in offsets_s if abs(offset_s - middle_s) <= 2 * _STEADY_S]
        if abs(middle_s) >= _CLOCK_S and len(near) >= 0.7 * len(offsets_s) and pstdev(near) <= _STEADY_S:
            late = "late" if middle_s > 0 else "early"
            yield f"{arm}, {kind}: times are {late} by {abs(middle_s):.2f} s throughout: a clock is shifted"


def _depths(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    """A part of a length in which nothing is found while the rest is found well."""
    sought = [row for row in rows if row.depth is not None and row.score is not None]
    for (arm, length, kind), own in by(sought, "arm", "length", "kind").items():
        depths = by(own, "depth")
        if len(depths) < 2:
            continue
        for (depth,), inside in depths.items():
            others = [row.score or 0.0 for row in own if row.depth != depth]
            if len(inside) < 2 or fmean(row.score or 0.0 for row in inside) > _LOST_DEPTH:
                continue
            if fmean(others) >= _KEPT_DEPTH:
                yield (
                    f"{arm}, {length}, {kind}: hardly anything is found around {depth:.0%} of the length, and "
                    "elsewhere nearly all: is a segment dropped there?"
                )


def _marks(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    told = [row.is_on_mark for row in rows if row.is_on_mark is not None]
    if len(told) >= _ENOUGH and fmean(told) < _LEAST_ON_MARK:
        yield (
            f"{told.count(False)} of {len(told)} found times are not those of a look that shows the needle: "
            "frames and time markers do not go together (is the pairing of frames off by one?)"
        )


def _parities(rows: Sequence[TrialRow], planned: Sequence[str]) -> Iterator[str]:
    for (kind,), own in by([row for row in rows if row.score is not None], "kind").items():
        sides = {
            parity: [row.score or 0.0 for row in own if row.parity == parity] for parity in ("first", "second")
        }
        if min(map(len, sides.values())) < _ENOUGH:
            continue
        first, second = fmean(sides["first"]), fmean(sides["second"])
        if abs(first - second) >= _PARITY_APART:
            better = "first" if first > second else "second"
            yield f"{kind}: found far more often on the {better} frame of a look ({first:.0%} and {second:.0%})"
