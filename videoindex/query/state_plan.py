"""Where to look next for the instant at which something changed, and what the pictures seen so far prove. Pure.

First a coarse grid over the whole span, so that one change, several and none are told apart; then each change is
closed in on by bisection. A picture that cannot be decoded, or of which the model cannot tell, decides nothing:
another close by is taken instead, a few times. Every instant is new and the number of pictures is bounded, so it
always ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from videoindex.query.look_answers import Held
from videoindex.query.look_settings import StateSettings
from videoindex.types import Span

__all__ = ["Change", "Finding", "Outcome", "Sight", "conclude", "grid_instants", "next_instants"]

_PATIENCE = 6  # pictures between two that can be told before it is left at that


@dataclass(frozen=True, slots=True)
class Sight:
    """What one picture says of the statement, and why. ``held`` is None where there is no verdict: it could not be
    decoded, or the model gave no answer that can be used."""

    at_s: float
    held: Held | None
    reason: str

    @property
    def is_known(self) -> bool:
        return self.held in (Held.YES, Held.NO)


@dataclass(frozen=True, slots=True)
class Change:
    """The statement changed between two pictures: at ``span.start_s`` it was as ``before`` says, at ``span.end_s``
    as ``after`` says, and of nothing between them is known."""

    before: Sight
    after: Sight

    @property
    def span(self) -> Span:
        return Span(self.before.at_s, self.after.at_s)


class Outcome(StrEnum):
    """What the pictures prove."""

    CHANGED = "changed"
    NO_CHANGE = "no change"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """The changes that were asked about, those the other way, and all pictures, each in order of time."""

    outcome: Outcome
    changes: tuple[Change, ...]
    others: tuple[Change, ...]
    sights: tuple[Sight, ...]


def grid_instants(span: Span, settings: StateSettings, hints: Sequence[float] = ()) -> tuple[float, ...]:
    """Instants spread evenly over ``span``, from its first picture to its last, and those of ``hints`` inside it.

    There are ``settings.grid`` of them, fewer where they would lie closer than ``settings.precision_s``; with the
    hints at most ``settings.pictures``.
    """
    count = max(2, min(settings.grid, math.floor(span.duration_s / settings.precision_s) + 1))
    margin_s = min(settings.precision_s, span.duration_s / count) / 2
    step_s = (span.duration_s - margin_s) / (count - 1)
    even = [span.start_s + k * step_s for k in range(count)]
    spare = [hint_s for hint_s in dict.fromkeys(hints) if hint_s in span and hint_s not in even]
    return tuple(sorted([*even, *spare[: settings.pictures - count]]))


def next_instants(
    grid: Sequence[float], sights: Sequence[Sight], settings: StateSettings, *, becomes: bool
) -> tuple[float, ...]:
    """The instants to look at next, rising and all new; none where nothing more is to be learnt.

    ``becomes``: whether the change asked about is from "no" to "yes", else from "yes" to "no". At most
    ``settings.pictures`` sights are asked for in all.
    """
    seen = {sight.at_s for sight in sights}
    wanted = [at_s for at_s in grid if at_s not in seen]
    if not wanted:
        wanted = [at_s for at_s in _neighbours(grid, sights) if at_s not in seen]
    if not wanted:
        for change in _changes(sights, becomes=becomes):
            at_s = _within(change, sights, settings.precision_s)
            wanted += [] if at_s is None else [at_s]
    return tuple(sorted(wanted[: max(0, settings.pictures - len(sights))]))


def conclude(sights: Sequence[Sight], *, becomes: bool, is_whole: bool = True) -> Finding:
    """What ``sights`` prove of a change to "yes" (``becomes``) or to "no".

    "No change" takes all pictures that were wanted (``is_whole``), and verdicts on two of them at least and on
    half of all; a change takes but the two around it.
    """
    ordered = tuple(sorted(sights, key=lambda sight: sight.at_s))
    changes = tuple(_changes(ordered, becomes=becomes))
    known = sum(sight.is_known for sight in ordered)
    if changes:
        outcome = Outcome.CHANGED
    else:
        is_enough = is_whole and known >= 2 and 2 * known >= len(ordered)
        outcome = Outcome.NO_CHANGE if is_enough else Outcome.UNDECIDED
    return Finding(outcome, changes, tuple(_changes(ordered, becomes=not becomes)), ordered)


def _changes(sights: Sequence[Sight], *, becomes: bool) -> list[Change]:
    """Between which neighbouring known pictures the verdict changes in the direction asked about."""
    known = [sight for sight in sorted(sights, key=lambda sight: sight.at_s) if sight.is_known]
    turned = Held.YES if becomes else Held.NO
    return [Change(a, b) for a, b in pairwise(known) if a.held is not b.held and b.held is turned]


def _neighbours(grid: Sequence[float], sights: Sequence[Sight]) -> list[float]:
    """For each picture of the grid that decided nothing, one a quarter of the way to the next."""
    unknown = {sight.at_s for sight in sights if not sight.is_known}
    nexts = [*grid[1:], grid[-2]]
    return [at_s + (next_s - at_s) / 4 for at_s, next_s in zip(grid, nexts, strict=True) if at_s in unknown]


def _within(change: Change, sights: Sequence[Sight], precision_s: float) -> float | None:
    """The instant that halves the widest stretch of a change in which nothing was looked at."""
    span = change.span
    between = sorted(sight.at_s for sight in sights if span.start_s < sight.at_s < span.end_s)
    if len(between) >= _PATIENCE:
        return None
    start_s, end_s = max(pairwise([span.start_s, *between, span.end_s]), key=lambda gap: gap[1] - gap[0])
    middle_s = (start_s + end_s) / 2
    return middle_s if end_s - start_s > precision_s and start_s < middle_s < end_s else None
