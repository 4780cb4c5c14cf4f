"""What looking again may cost, and what it has cost: tokens and seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from videoindex.perception.vlm.base import Form, Reply, Viewing

__all__ = ["Budget", "Counted", "Meter", "text_tokens", "worst_tokens"]

_REPAIR_TOKENS = 150  # what is said round an answer that could not be used, and why it could not
_BYTES_PER_TOKEN = 3  # of text: fewer than any tokenizer of ours takes for one in English, so that none is short


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent. ``name`` is the settings table it comes from, for messages."""

    name: str
    tokens: int
    seconds: float


@dataclass(eq=False)
class Meter:
    """What was spent of a budget since the meter was made.

    Pictures count once, when they are read; a question and its answer count whenever they are put.
    """

    budget: Budget
    clock: Callable[[], float] = time.monotonic
    tokens: int = 0
    slowest_s: float = 0.0
    begun_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun_s = self.clock()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return self.clock() - self.begun_s

    def refusal(self, tokens: int, pieces: int = 1) -> str:
        """Why work in so many ``pieces``, planned to take ``tokens``, may not begin, or "" where it may.

        Work that has begun is not broken off: so none is begun that would overrun the seconds, were each piece as
        slow as the slowest so far.
        """
        budget = self.budget
        if self.tokens + tokens > budget.tokens:
            return (
                f"{budget.name}.token_budget ({budget.tokens:,}) is spent: {self.tokens:,} tokens are used, and "
                f"this would take {tokens:,}"
            )
        if self.seconds + pieces * self.slowest_s > budget.seconds or self.seconds >= budget.seconds:
            return f"{budget.name}.seconds ({budget.seconds:g}) are spent: {self.seconds:.1f} s are used"
        return ""

    @contextmanager
    def working(self, tokens: int) -> Iterator[None]:
        """One piece of work: its pictures' ``tokens`` are spent, and its time is kept for the pace."""
        began_s = self.clock()
        self.tokens += tokens
        try:
            yield
        finally:
            self.slowest_s = max(self.slowest_s, self.clock() - began_s)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A Viewing whose questions and answers are counted on ``meter``."""

    viewing: Viewing
    meter: Meter

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        """See Viewing.ask."""
        replies = self.viewing.ask(questions, form)
        self.meter.tokens += sum(map(text_tokens, questions))
        self.meter.tokens += sum(reply.tokens or text_tokens(reply.thought + reply.text) for reply in replies)
        return replies


def worst_tokens(instructions: str, asked: str, answer_tokens: int) -> int:
    """What the text of one question may take: the instructions, the question and an answer of ``answer_tokens``;
    and, where that cannot be used, the question once more with that answer in it (of up to 6 bytes a token), and a
    second answer."""
    return text_tokens(instructions) + 2 * text_tokens(asked) + 4 * answer_tokens + _REPAIR_TOKENS


def text_tokens(text: str) -> int:
    """About how many tokens a text takes, rather more than less."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)
