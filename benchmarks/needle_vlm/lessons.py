"""What the needle model is asked about: clips with known cards, questions about windows, and the right answers.

Times are whole tenths of a second throughout, as markers and questions print them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from needle_vlm.scenes import COLOURS, SceneMaker, lay_card
from videoindex.perception.qwen_prompt import question
from videoindex.sampling.mrope import FrameSize
from videoindex.types import Span

__all__ = ["SIZES", "Card", "Lesson", "Teacher", "Window", "answer"]

SIZES = {FrameSize(64, 64): 0.4, FrameSize(96, 64): 0.35, FrameSize(64, 96): 0.1, FrameSize(128, 64): 0.15}
"""The sizes that are trained, and how often."""

_LATEST_TENTHS = 30_000  # 3,000 s
_ONE_FRAME_SHARE = 0.2  # looks of a card that only one of the two frames shows


@dataclass(frozen=True, slots=True)
class Card:
    """A card that the looks ``first`` to ``last`` show, the last one included."""

    first: int
    last: int
    colour: str


@dataclass(frozen=True, slots=True)
class Window:
    """One question: what it says, and which of the lesson's cards, ``first`` to ``past`` (half-open), are due."""

    text: str
    first: int
    past: int


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A clip, ``rgb`` uint8 (looks, 2, H, W, 3), its markers, and questions about it.

    ``probes`` are windows without a question to them: exercises in comparing times.
    """

    rgb: NDArray[np.uint8]
    marks_s: tuple[float, ...]
    cards: tuple[Card, ...]
    windows: tuple[Window, ...]
    probes: tuple[Window, ...] = ()

    def answer(self, window: Window) -> str:
        return answer([(card, self.marks_s) for card in self.cards[window.first : window.past]])


def answer(due: list[tuple[Card, tuple[float, ...]]]) -> str:
    """The JSON that a right answer is, letter by letter; each card comes with the markers of its clip."""
    events = ", ".join(
        f'{{"start": {marks_s[card.first]:.1f}, "end": {marks_s[card.last]:.1f}, '
        f'"what": "{_article(card.colour)} {card.colour} card is held up", "text": "", "boxes": [], '
        f'"confidence": 0.9}}'
        for card, marks_s in due
    )
    return f'{{"events": [{events}]}}'


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


class Teacher:
    """Makes lessons; all chance comes from ``random``."""

    def __init__(self, random: np.random.Generator, scenes: SceneMaker) -> None:
        self._random = random
        self._scenes = scenes

    def lesson(
        self, looks: int, size: FrameSize, cards: int | None = None, parts: int = 1, probes: int = 0
    ) -> Lesson:
        """A clip of so many looks and cards (None: any number), asked about as a whole and in ``parts`` parts."""
        marks = self._marks(looks)
        placed = self._cards(looks, cards)
        rgb = self._scenes.clip(looks, size)
        for card in placed:
            shown = np.zeros((looks, 2), bool)
            shown[card.first : card.last + 1] = True
            for look in range(card.first, card.last + 1):
                if self._random.random() < _ONE_FRAME_SHARE:
                    shown[look, self._random.integers(2)] = False
            lay_card(rgb, shown, card.colour, self._random)
        segment, recording = self._spans(marks)
        edges = [segment] if parts >= 0 else []
        edges += [self._part(marks, placed, segment) for _ in range(parts)]
        edges += [self._part(marks, placed, segment) for _ in range(probes)]
        asked = [self._asked(edge, marks, placed, segment, recording) for edge in edges]
        return Lesson(
            self._scenes.finish(rgb),
            tuple(mark / 10 for mark in marks),
            tuple(placed),
            tuple(asked[: 1 + parts]),
            tuple(asked[1 + parts :]),
        )

    def _marks(self, looks: int) -> list[int]:
        """Rising instants, in tenths: an even grid, one with looks left out, or any."""
        random = self._random
        kind = random.random()
        if kind < 0.75:
            step = int(
                random.choice([2, 5, 10, 20, 50, random.integers(2, 80)], p=[0.05, 0.15, 0.4, 0.15, 0.05, 0.2])
            )
            gaps = np.full(looks, step)
            if kind > 0.45:  # as adaptive looks are: what has not changed is left out
                gaps *= (
                    random.integers(1, 1 + max(2, 100 // step), looks)
                    if random.random() < 0.5
                    else (random.choice([1, 1, 2, 3], looks))
                )
        else:
            step = 10
            gaps = random.integers(1, int(random.choice([12, 40, 120])), looks)
        length = int(gaps[1:].sum())
        latest = min(_LATEST_TENTHS, int(random.choice([0, 100, 1_000, 10_000, 30_000, 30_000])))
        first = int(random.integers(0, max(1, latest - length) + 1)) if latest > length else 0
        if kind < 0.75 and random.random() < 0.7:  # looks lie in the middle of their intervals
            first = first // 10 * 10 + step // 2
        return [first, *(first + np.cumsum(gaps[1:])).tolist()]

    def _cards(self, looks: int, cards: int | None) -> list[Card]:
        """Cards that do not overlap; two of one colour have a look between them."""
        random = self._random
        wanted = int(random.choice(4, p=[0.15, 0.35, 0.25, 0.25])) if cards is None else cards
        while True:
            lengths = random.choice([1, 2, 3], wanted, p=[0.5, 0.3, 0.2])
            colours = random.choice(list(COLOURS), wanted)
            apart = [int(a == b) for a, b in pairwise(colours)]
            free = looks - int(lengths.sum()) - sum(apart)
            if free >= 0:
                break
            wanted = wanted if wanted <= (looks + 1) // 2 else wanted - 1
        # Free looks fall before, between and after the cards at random: sorted cuts of the free looks.
        cuts = np.sort(random.integers(0, free + 1, wanted))
        placed: list[Card] = []
        at = taken = 0
        for number in range(wanted):
            at += int(cuts[number]) - taken + (apart[number - 1] if number else 0)
            taken = int(cuts[number])
            placed.append(Card(at, at + int(lengths[number]) - 1, str(colours[number])))
            at += int(lengths[number])
        return placed

    def _spans(self, marks: list[int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Segment and recording, in tenths, about the marks."""
        random = self._random
        before, after = random.integers(0, 11, 2)
        segment = (max(0, marks[0] - int(before)), marks[-1] + 1 + int(after))
        if random.random() < 0.3:
            return segment, segment
        start = 0 if random.random() < 0.8 else int(random.integers(0, segment[0] + 1))
        return segment, (start, segment[1] + int(random.choice([0, 50, 600, 6_000, 20_000])))

    def _part(self, marks: list[int], cards: list[Card], segment: tuple[int, int]) -> tuple[int, int]:
        """A window that begins and ends between two looks of the segment, and cuts no card in half."""
        random = self._random
        inside = {look for card in cards for look in range(card.first + 1, card.last + 1)}
        seams = [look for look in range(len(marks) + 1) if look not in inside]
        first, past = np.sort(random.choice(seams, 2, replace=False)) if len(seams) > 1 else (0, len(marks))
        return self._border(marks, int(first), segment), self._border(marks, int(past), segment)

    def _border(self, marks: list[int], look: int, segment: tuple[int, int]) -> int:
        """An instant after the look before ``look`` and not after it."""
        low = segment[0] if look == 0 else marks[look - 1] + 1
        high = segment[1] if look == len(marks) else marks[look]
        chosen = self._random.random()
        if chosen < 0.3 or look in (0, len(marks)):
            return low if look == 0 else high
        return (low + high) // 2 if chosen < 0.6 else int(self._random.integers(low, high + 1))

    def _asked(
        self,
        window: tuple[int, int],
        marks: list[int],
        cards: list[Card],
        segment: tuple[int, int],
        recording: tuple[int, int],
    ) -> Window:
        spans = [Span(start / 10, end / 10) for start, end in (window, segment, recording)]
        due = [n for n, card in enumerate(cards) if window[0] <= marks[card.first] < window[1]]
        before = sum(marks[card.first] < window[0] for card in cards)
        return Window(question(*spans), before, before + len(due))
