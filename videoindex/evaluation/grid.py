"""The grid of a needle run: lengths x depths x kinds x trials x parity, and controls with no needle. Pure.

A *copy* is one haystack with needles in it, a *trial* one question about a copy. Where a model sees the whole copy
(arm "direct") every trial has a copy of its own. Where an index is made of it, a copy costs minutes, so one holds
the needles of many trials: each is then a distraction to the others, as in a real recording.

Depth is a band of the copy: with five depths the first is its first fifth; inside the band the seed decides.
Parity says on which of a look's two frames a needle begins, "any" leaves that to chance.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from videoindex.errors import UsageError
from videoindex.evaluation.lengths import Length
from videoindex.evaluation.needles import SEEN_KINDS, Kind, Matter, Needle, Prominence
from videoindex.evaluation.tasks import Matters, Task, Want, asked_about, near_misses
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair, uniform_pairs
from videoindex.types import Span

__all__ = ["ARMS", "Arm", "Copy", "GridSpec", "Parity", "Trial", "plan_grid"]

Arm: TypeAlias = Literal["direct", "index", "ask"]
Parity: TypeAlias = Literal["first", "second", "any"]

ARMS: tuple[Arm, ...] = ("direct", "index", "ask")
SPOKEN_S = 8.0
"""What is kept free for a spoken sentence; it takes 2 to 4 s of it."""

_APART_S = 3.0
"""Least time between two needles of an indexed copy, so that neighbours are never one event; a model that sees the
whole copy needs two looks between them."""


@dataclass(frozen=True, slots=True)
class GridSpec:
    """What is asked. ``sampling`` says where the looks lie that parity counts in; ``needle_s`` how long a seen
    needle lasts, 0 for one frame of a look; ``several`` how many needles an ordering or counting question is
    about.

    ``choices``: so many options to choose the answer from, asked once with each option in each place (0: none).
    """

    arm: Arm
    lengths: tuple[Length, ...]
    sampling: SamplingSettings
    kinds: tuple[Kind, ...] = ("overlay",)
    prominences: tuple[Prominence, ...] = ("salient",)
    tasks: tuple[Task, ...] = ("retrieval",)
    parities: tuple[Parity, ...] = ("any",)
    depths: int = 5
    trials: int = 4
    controls: int = 0
    haystacks: int = 1
    distractors: int = 0
    several: int = 3
    choices: int = 0
    needle_s: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("depths", "trials", "haystacks"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("controls", "distractors", "choices", "needle_s"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if not 2 <= self.several <= 6:
            raise UsageError(f"several must lie in 2..6, got {self.several}")
        if self.arm == "direct" and "speech" in self.kinds:
            raise UsageError("a vision-language model does not hear: leave speech out, or use --arm index or ask")

        if "clip" in self.kinds and not self.needle_s:
            raise UsageError("one frame cannot show a movement: leave clip out, or give needles a length")

    @property
    def is_shared(self) -> bool:
        """Whether one copy holds the needles of many trials."""
        return self.arm != "direct"


@dataclass(frozen=True, slots=True)
class Trial:
    """One question about one copy. ``targets`` number the needles of the copy that it is about; none for a
    control.

    ``key`` says all that distinguishes it, the arm excepted: two runs of one grid are compared by it.
    """

    key: str
    task: Task
    kind: Kind
    prominence: Prominence
    depth: float | None
    parity: Parity
    matters: tuple[Matter, ...]
    targets: tuple[int, ...]
    question: str
    answer: str
    orders: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """One haystack of ``length_s`` seconds, what is planted in it, and what is asked of it.

    The needles' spans count from the copy's start. ``place`` in [0, 1] says which part of a longer haystack it is.
    """

    name: str
    length: Length
    length_s: float
    haystack: int
    place: float
    needles: tuple[Needle, ...]
    trials: tuple[Trial, ...] = field(repr=False)


def plan_grid(spec: GridSpec, lengths_s: Sequence[float]) -> tuple[Copy, ...]:
    """All copies of the grid; ``lengths_s`` are the seconds of ``spec.lengths``.

    Raises UsageError where a copy cannot hold its needles, or the words for them run out.
    """
    copies: list[Copy] = []
    for length, length_s in zip(spec.lengths, lengths_s, strict=True):
        pairs = uniform_pairs(Span(0.0, length_s), spec.sampling) if spec.parities != ("any",) else []
        planner = _Planner(spec, length, length_s, pairs)
        wants = list(_wants(spec))
        if spec.is_shared:
            for number in range(spec.haystacks):
                own = [want for want in wants if want.number % spec.haystacks == number]
                copies += [planner.copy(f"{length.label}-{number}", number, own)] if own else []
        else:
            copies += [planner.copy(planner.key(want), want.number % spec.haystacks, [want]) for want in wants]
    return tuple(copies)


def _wants(spec: GridSpec) -> Iterator[Want]:
    """What is to be asked, once for each trial; depth is a band's number."""
    for kind in spec.kinds:
        for prominence in spec.prominences:
            parities = spec.parities if kind in SEEN_KINDS else ("any",)
            for task in spec.tasks:
                bands = range(spec.depths) if task == "retrieval" else (None,)
                for band in bands:
                    for parity in parities:
                        yield from (
                            Want(task, kind, prominence, band, parity, number) for number in range(spec.trials)
                        )
    for number in range(spec.controls):
        kind = spec.kinds[number % len(spec.kinds)]
        yield Want("control", kind, spec.prominences[0], None, "any", number // len(spec.kinds), number)


@dataclass(frozen=True, slots=True)
class _Planner:
    spec: GridSpec
    length: Length
    length_s: float
    pairs: Sequence[Pair]

    def key(self, want: Want) -> str:
        depth = "" if want.band is None else f"/depth {(want.band + 0.5) / self.spec.depths:.0%}"
        parity = "" if want.parity == "any" else f"/{want.parity}"
        number = want.number if want.control is None else want.control
        look = want.prominence if want.task != "control" else "none"
        return f"{self.length.label}/{want.task}/{want.kind}/{look}{depth}{parity}/{number}/seed {self.spec.seed}"

    def copy(self, name: str, haystack: int, wants: Sequence[Want]) -> Copy:
        """Matters, questions and places for ``wants``, drawn from the copy's name and the seed alone."""
        spec = self.spec
        draw = np.random.default_rng((spec.seed, zlib.crc32(name.encode())))
        matters = Matters(draw, is_plain=len(wants) == 1 and not spec.distractors)
        asked = [asked_about(want, matters, spec.several, spec.choices, draw) for want in wants]
        places: list[tuple[int, Matter, Want]] = []
        targets: list[tuple[int, ...]] = []
        for want, about in zip(wants, asked, strict=True):
            bands = [want.band] if want.band is not None else _spread(len(about.planted), spec.depths)
            first = len(places)
            places += [(band, matter, want) for band, matter in zip(bands, about.planted, strict=True)]
            targets.append(tuple(range(first, len(places))))
        for matter, want in near_misses(asked, wants, spec.distractors, matters, draw):
            places.append((int(draw.integers(spec.depths)), matter, want))
        trials = tuple(
            Trial(
                key=self.key(want),
                task=want.task,
                kind=want.kind,
                prominence=want.prominence,
                depth=None if want.band is None else (want.band + 0.5) / spec.depths,
                parity=want.parity,
                matters=about.matters,
                targets=own,
                question=about.question,
                answer=about.answer,
                orders=about.orders,
            )
            for want, about, own in zip(wants, asked, targets, strict=True)
        )
        needles = self._placed(places, targets, draw)
        # Several haystacks lie as far apart as the recording allows; a single one anywhere in it.
        place = haystack / (spec.haystacks - 1) if spec.haystacks > 1 else float(draw.random())
        return Copy(name, self.length, self.length_s, haystack, place, needles, trials)

    def _placed(
        self,
        places: Sequence[tuple[int, Matter, Want]],
        targets: Sequence[tuple[int, ...]],
        draw: np.random.Generator,
    ) -> tuple[Needle, ...]:
        """Each needle in a slot of its band, so that no two come too close; those of one question in their
        order."""
        spans: dict[int, Span] = {}
        band_s = self.length_s / self.spec.depths
        for band in range(self.spec.depths):
            inside = [number for number, (own, _, _) in enumerate(places) if own == band]
            order = [inside[int(i)] for i in draw.permutation(len(inside))]
            for slot, number in enumerate(order):
                slot_s = band_s / len(order)
                room = Span(band * band_s + slot * slot_s, band * band_s + (slot + 1) * slot_s)
                spans[number] = self._span(room, places[number][2], draw, is_alone=len(places) == 1)
        for own in targets:
            spans.update(zip(own, sorted(spans[number] for number in own), strict=True))
        return tuple(
            Needle(matter, want.prominence, spans[number], int(draw.integers(1 << 31)))
            for number, (_, matter, want) in enumerate(places)
        )

    def _span(self, room: Span, want: Want, draw: np.random.Generator, *, is_alone: bool) -> Span:
        """A place in ``room`` that leaves the margin to the next needle free."""
        lasts_s = SPOKEN_S if want.kind == "speech" else self.spec.needle_s
        apart_s = _APART_S if self.spec.is_shared else 2 * self.spec.sampling.interval_s
        margin_s = 0.0 if is_alone else apart_s / 2
        free_s = room.duration_s - 2 * margin_s - lasts_s
        if free_s < 0:
            raise UsageError(
                f"{self.length.label}: {room.duration_s:.1f} s a needle are too few for {lasts_s:g} s and the "
                "time between two; make --lengths longer, --trials fewer, or --haystacks more"
            )
        start_s = room.start_s + margin_s + free_s * float(draw.random())
        if want.parity == "any":
            return Span(start_s, start_s + lasts_s) if lasts_s else _one_frame(self.pairs, start_s, "first")
        return _aligned(self.pairs, start_s, lasts_s, want.parity)


def _spread(count: int, depths: int) -> list[int]:
    """Bands for needles of one question, spread over the whole copy."""
    return [i * depths // count for i in range(count)]


def _aligned(pairs: Sequence[Pair], near_s: float, lasts_s: float, parity: Parity) -> Span:
    """A span that begins between two sampled frames: before a look's first one, or between its two."""
    if not lasts_s:
        return _one_frame(pairs, near_s, parity)
    frames_s = [at_s for pair in pairs for at_s in (pair.first_s, pair.second_s)]
    number = _from(pairs, near_s) * 2 + (parity == "second")
    start_s = _before(frames_s, number)
    return Span(start_s, start_s + lasts_s)


def _one_frame(pairs: Sequence[Pair], near_s: float, parity: Parity) -> Span:
    """A span that shows on exactly one sampled frame."""
    if not pairs:
        raise UsageError("a needle of one frame needs a parity: say --parity first, second or both")
    frames_s = [at_s for pair in pairs for at_s in (pair.first_s, pair.second_s)]
    number = _from(pairs, near_s) * 2 + (parity == "second")
    end_s = _before(frames_s, number + 1) if number + 1 < len(frames_s) else frames_s[-1] + frames_s[0]
    return Span(_before(frames_s, number), end_s)


def _from(pairs: Sequence[Pair], at_s: float) -> int:
    """The first look from ``at_s`` on; the last where there is none."""
    return next((k for k, pair in enumerate(pairs) if pair.at_s >= at_s), len(pairs) - 1)


def _before(frames_s: Sequence[float], number: int) -> float:
    """Half-way between a sampled frame and the one before it; the start for the first."""
    return (frames_s[number - 1] + frames_s[number]) / 2 if number else 0.0
