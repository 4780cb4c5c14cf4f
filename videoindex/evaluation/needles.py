"""Needles: small things planted in long recordings, each with a question, its answer and its true span. Pure.

Four kinds. An *overlay* is a sentence written over the running picture; a *still* freezes the picture for a moment
while a coloured card is held up in it; in a *clip* a coloured ball moves through the picture; *speech* is a spoken
sentence. Each is *salient* (cannot be overlooked) or *blended* (small and half transparent, or mixed under what is
being said). A seed decides everything: the same seed draws the same needles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from videoindex.errors import UsageError
from videoindex.evaluation.needle_words import ATTRIBUTES, COLOURS, DIRECTIONS, HOLDERS, SHAPES
from videoindex.types import Span

__all__ = [
    "KINDS",
    "SEEN_KINDS",
    "Kind",
    "Matter",
    "Needle",
    "Prominence",
    "distractor_of",
    "draw_matters",
    "options",
]

Kind: TypeAlias = Literal["overlay", "still", "clip", "speech"]
Prominence: TypeAlias = Literal["salient", "blended"]

KINDS: tuple[Kind, ...] = ("overlay", "still", "clip", "speech")
SEEN_KINDS: tuple[Kind, ...] = KINDS[:3]
_PLAIN = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a needle is about.

    ``subject`` and ``answer`` are (attribute and holder; word) for words, (shape; colour) for a card, (colour;
    way) for a ball. An empty subject is the only card or ball of its copy. ``key`` names it among others.
    """

    kind: Kind
    subject: str
    answer: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"

    @property
    def sentence(self) -> str:
        """What is written or said; empty for what is only seen."""
        return f"The {self.subject} is {self.answer}." if self.kind in ("overlay", "speech") else ""

    @property
    def name(self) -> str:
        """What is looked for, without the answer: the words of a search."""
        if self.kind == "still":
            return f"a card with {self.subject}" if self.subject else "a coloured card"
        if self.kind == "clip":
            return f"{with_article(self.subject)} ball" if self.subject else "a ball"
        return f"the {self.subject}"

    @property
    def cues(self) -> tuple[str, ...]:
        """The words that a description of it must hold, the answer's aside."""
        if self.kind == "still":
            return ("card", *self.subject.removeprefix("a ").split())
        if self.kind == "clip":
            return ("ball", *self.subject.split())
        return tuple(self.subject.replace(" of the ", " ").split())

    @property
    def question(self) -> str:
        """What a person would ask to know the answer."""
        if self.kind == "still":
            which = f"the card with {self.subject}" if self.subject else "the card that is held up"
            return f"Which colour is {which}?"
        if self.kind == "clip":
            return f"Which way does the {self.subject} ball move?".replace("  ", " ")
        return f"What is the {self.subject}?"

    @property
    def when_question(self) -> str:
        """What a person would ask to find the second."""
        if self.kind == "speech":
            return f"When is the {self.subject} mentioned?"
        if self.kind == "overlay":
            return f"When does the screen show the {self.subject}?"
        return f"When is {self.name} {'held up' if self.kind == 'still' else 'moving through the picture'}?"


@dataclass(frozen=True, slots=True)
class Needle:
    """A matter with its place: ``span`` on its copy's clock. ``look`` draws where in the picture it is."""

    matter: Matter
    prominence: Prominence
    span: Span
    look: int

    @property
    def kind(self) -> Kind:
        return self.matter.kind

    def at(self, span: Span) -> Needle:
        return replace(self, span=span)


def draw_matters(kind: Kind, draw: np.random.Generator, *, plain: bool = False) -> Iterator[Matter]:
    """Matters of one kind, no two with the same attribute, holder, shape or ball, until the words run out.

    ``plain``: cards without a shape and balls without a name, of different colours; for recordings with only one.
    """
    if kind == "still":
        colours = [str(name) for name in draw.permutation(list(COLOURS))]
        shapes = [_PLAIN] * len(colours) if plain else [str(name) for name in draw.permutation(list(SHAPES))]
        for number, shape in enumerate(shapes):
            yield Matter(kind, shape, colours[number % len(colours)])
    elif kind == "clip":
        for colour in [str(name) for name in draw.permutation(list(COLOURS))]:
            yield Matter(kind, _PLAIN if plain else colour, str(draw.choice(DIRECTIONS)))
    else:
        holders = [str(holder) for holder in draw.permutation(HOLDERS)]
        for place, holder in zip(draw.permutation(len(ATTRIBUTES)), holders, strict=False):
            attribute, answers = ATTRIBUTES[int(place)]
            yield Matter(kind, f"{attribute} of the {holder}", str(draw.choice(answers)))


def distractor_of(matter: Matter, draw: np.random.Generator) -> Matter:
    """A matter that is easily taken for this one: the attribute of another holder, another shape or colour."""
    if matter.kind == "still":
        shape = str(draw.choice([one for one in SHAPES if one != matter.subject]))
        return Matter("still", shape, str(draw.choice([one for one in COLOURS if one != matter.answer])))
    if matter.kind == "clip":
        colour = str(draw.choice([one for one in COLOURS if one != matter.subject]))
        return Matter("clip", colour, str(draw.choice([one for one in DIRECTIONS if one != matter.answer])))
    attribute, _, holder = matter.subject.partition(" of the ")
    other = str(draw.choice([one for one in HOLDERS if one != holder]))
    answers = next(words for name, words in ATTRIBUTES if name == attribute)
    answer = str(draw.choice([one for one in answers if one != matter.answer]))
    return Matter(matter.kind, f"{attribute} of the {other}", answer)


def options(matter: Matter, count: int, draw: np.random.Generator) -> tuple[str, ...]:
    """``count`` answers of which one is right, in drawn order. Raises UsageError where there are fewer."""
    others = [answer for answer in _answers(matter) if answer != matter.answer]
    if count < 2 or count > len(others) + 1:
        raise UsageError(f"{matter.question!r} has {len(others) + 1} answers to offer, not {count}")
    wrong = [str(answer) for answer in draw.permutation(others)[: count - 1]]
    return tuple(str(answer) for answer in draw.permutation([matter.answer, *wrong]))


def with_article(noun: str) -> str:
    """``a red`` and ``an orange``."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _answers(matter: Matter) -> Sequence[str]:
    if matter.kind == "still":
        return tuple(COLOURS)
    if matter.kind == "clip":
        return DIRECTIONS
    attribute = matter.subject.partition(" of the ")[0]
    return next(words for name, words in ATTRIBUTES if name == attribute)
