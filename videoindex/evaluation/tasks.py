"""What is asked of planted needles: retrieval, ordering, counting, and controls with nothing to find. Pure.

The three tasks are those of VNBench (Zhao et al. 2024, arXiv:2406.09367), which also asks each question of choice
four times, with every option in every place: only a question that is right each time counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal, TypeAlias

import numpy as np

from videoindex.errors import UsageError
from videoindex.evaluation.needles import (
    Kind,
    Matter,
    Prominence,
    distractor_of,
    draw_matters,
    options,
    with_article,
)

__all__ = ["TASKS", "Asked", "Matters", "Task", "Want", "asked_about", "near_misses"]

Task: TypeAlias = Literal["retrieval", "ordering", "counting", "control"]

TASKS: tuple[Task, ...] = ("retrieval", "ordering", "counting")
_FEWEST, _MOST = 2, 5
"""How often a counted needle is planted."""


@dataclass(frozen=True, slots=True)
class Want:
    """One trial as the grid wants it: ``band`` is the depth's number; ``control`` numbers controls."""

    task: Task
    kind: Kind
    prominence: Prominence
    band: int | None
    parity: Literal["first", "second", "any"]
    number: int
    control: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer. ``planted`` are the matters to plant for it, in order of time for an ordering;
    ``matters`` what it is about; ``orders`` the options, once in each order that they are offered in."""

    matters: tuple[Matter, ...]
    planted: tuple[Matter, ...]
    question: str
    answer: str
    orders: tuple[tuple[str, ...], ...] = ()


class Matters:
    """Draws matters for one copy, none that shares an attribute or a holder with another."""

    def __init__(self, draw: np.random.Generator, *, is_plain: bool) -> None:
        self._words = draw_matters("overlay", draw)
        self._seen = {kind: draw_matters(kind, draw, plain=is_plain) for kind in ("still", "clip")}
        self.drawn: list[Matter] = []

    def take(self, kind: Kind) -> Matter:
        """The next one. Raises UsageError when there are no more."""
        if kind in ("still", "clip"):
            matter = next(self._seen[kind], None)
        else:
            words = next(self._words, None)
            matter = replace(words, kind=kind) if words is not None else None
        if matter is None:
            raise UsageError(
                f"a copy cannot hold so many needles of kind {kind}: each must be told from all others; "
                "make --trials fewer, or --haystacks more"
            )
        self.drawn.append(matter)
        return matter


def asked_about(want: Want, matters: Matters, several: int, choices: int, draw: np.random.Generator) -> Asked:
    """A question as ``want`` wants it, about matters that were not yet asked about."""
    if want.task == "ordering":
        return _ordering(want, matters, several, choices, draw)
    matter = matters.take(want.kind)
    if want.task == "counting":
        return _counting(matter, choices, draw)
    orders = _rotations(options(matter, choices, draw)) if choices else ()
    planted = (matter,) if want.task == "retrieval" else ()
    return Asked((matter,), planted, matter.question, matter.answer if planted else "", orders)


def _ordering(want: Want, matters: Matters, several: int, choices: int, draw: np.random.Generator) -> Asked:
    own = tuple(matters.take(want.kind) for _ in range(several))
    names = [_told_apart(matter) for matter in own]
    listed = "; ".join(str(name) for name in draw.permutation(names))
    answer = ", ".join(names)
    orders: tuple[tuple[str, ...], ...] = ()
    if choices:
        wrong = [", ".join(order) for order in permutations(names) if list(order) != names]
        if choices > len(wrong) + 1:
            raise UsageError(f"{several} needles have {len(wrong) + 1} orders; {choices} options cannot be made")
        chosen = [answer, *(str(one) for one in draw.permutation(wrong)[: choices - 1])]
        orders = _rotations(tuple(str(one) for one in draw.permutation(chosen)))
    return Asked(own, own, f"In which order do these come: {listed}?", answer, orders)


def _told_apart(matter: Matter) -> str:
    """A needle's name where its answer may be told: plain cards differ by their colour only."""
    if matter.kind == "still" and not matter.subject:
        return f"{with_article(matter.answer)} card"
    return matter.name


def _counting(matter: Matter, choices: int, draw: np.random.Generator) -> Asked:
    times = int(draw.integers(_FEWEST, _MOST + 1))
    verb = {"overlay": "written on the screen", "still": "held up", "clip": "seen to move", "speech": "said"}
    question = f"How many times is {_told_apart(matter)} {verb[matter.kind]}?"
    orders: tuple[tuple[str, ...], ...] = ()
    if choices:
        others = [str(n) for n in range(1, max(_MOST + 2, choices + 2)) if n != times]
        chosen = [str(times), *(str(one) for one in draw.permutation(others)[: choices - 1])]
        orders = _rotations(tuple(str(one) for one in draw.permutation(chosen)))
    return Asked((matter,), (matter,) * times, question, str(times), orders)


def _rotations(offered: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The options with each of them once in each place."""
    return tuple((*offered[k:], *offered[:k]) for k in range(len(offered)))


def near_misses(
    asked: Sequence[Asked], wants: Sequence[Want], count: int, matters: Matters, draw: np.random.Generator
) -> Iterator[tuple[Matter, Want]]:
    """``count`` needles that nobody asks about, each easily taken for one that is asked about."""
    taken = {matter.subject for matter in matters.drawn}
    for number in range(count):
        about, want = asked[number % len(asked)], wants[number % len(asked)]
        matter = distractor_of(about.matters[0], draw)
        for _ in range(100):
            if matter.subject not in taken:
                break
            matter = distractor_of(about.matters[0], draw)
        else:
            raise UsageError("there are too few words for so many distractors; make --distractors fewer")
        taken.add(matter.subject)
        yield matter, want
