"""Judges what was said of a planted needle: the answer, the time, and finds where there is nothing. Pure.

A trial ends in one of three ways, kept apart everywhere:

- **answered**: judged, right or wrong;
- **failed**: asking raised an error, or the answer could not be read. It counts 0; on a control as a false find;
- **unjudged**: there was nothing fair to judge, such as a needle that could not be planted. Not scored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rapidfuzz import fuzz

from videoindex.evaluation.grid import Arm, Copy, Trial
from videoindex.evaluation.metrics import first_iou
from videoindex.evaluation.trials import Outcome, TrialRow
from videoindex.types import Span

__all__ = ["Judge", "Said", "ScoredBy", "holds_words", "is_same_answer"]

ScoredBy: TypeAlias = Literal["answer", "time", "both"]

_LITTLE = frozenset({"a", "an", "the", "to", "it", "is"})
_NUMBERS = {
    word: str(n) for n, word in enumerate(("zero", "once", "twice", "three", "four", "five", "six", "seven"))
}
_NUMBERS |= {"one": "1", "two": "2"}
_LIKENESS = 80.0
"""Of 100: a recognised word this like the true one is that word."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came back: ranked ``windows``, an answer for each order that the question was put in, and the words.

    ``is_find`` says whether anything at all is claimed to be there. ``failure`` is why nothing came back.
    """

    windows: tuple[Span, ...] = ()
    answers: tuple[str, ...] = ()
    text: str = ""
    is_find: bool = False
    failure: str = ""
    wall_s: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Judge:
    """``tolerance_s``: a time this far from the true span still counts as found, for nobody looks more often than
    that. ``scored_by`` says what a retrieval must have right."""

    arm: Arm
    scored_by: ScoredBy
    tolerance_s: float = 1.0

    def row(
        self, trial: Trial, copy: Copy, said: Said, truth: Sequence[Span], marks_s: Sequence[float] = ()
    ) -> TrialRow:
        """``truth`` are the verified spans of the trial's needles; ``marks_s`` the looks that show them, if
        known."""
        outcome: Outcome = "failed" if said.failure else "answered"
        if trial.task == "control":
            false_find = said.is_find or bool(said.failure)
            return self._row(trial, copy, said, (), outcome, score=float(not false_find), is_false_find=false_find)
        right = self._right(trial, said)
        if trial.task != "retrieval":
            return self._row(trial, copy, said, truth, outcome, score=float(bool(right)), right=bool(right))
        found = self._found(said, truth)
        parts = {"answer": (right,), "time": (found,), "both": (right, found)}[self.scored_by]
        first = said.windows[0] if said.windows else None
        return self._row(
            trial,
            copy,
            said,
            truth,
            outcome,
            score=float(all(part is True for part in parts)),
            right=right,
            found=found,
            offset_s=first.start_s - truth[0].start_s if first else None,
            iou=first_iou(said.windows, truth),
            is_on_mark=_is_on_mark(first, marks_s) if first and found and marks_s else None,
        )

    def unjudged(self, trial: Trial, copy: Copy, reason: str) -> TrialRow:
        """The row of a trial that nobody can judge."""
        return self._row(trial, copy, Said(failure=reason), (), "unjudged", score=None)

    def _right(self, trial: Trial, said: Said) -> bool | None:
        """Whether every answer is the right one; None where none was given and none was asked for."""
        if said.failure:
            return False
        if not said.answers:
            return None if self.scored_by == "time" else False
        if trial.orders:
            return len(said.answers) == len(trial.orders) and all(
                is_same_answer(answer, trial.answer, order)
                for answer, order in zip(said.answers, trial.orders, strict=True)
            )
        return all(is_same_answer(answer, trial.answer) for answer in said.answers)

    def _found(self, said: Said, truth: Sequence[Span]) -> bool:
        if not said.windows:
            return False
        first, slack_s = said.windows[0], self.tolerance_s
        return any(first.start_s < span.end_s + slack_s and first.end_s > span.start_s - slack_s for span in truth)

    def _row(
        self,
        trial: Trial,
        copy: Copy,
        said: Said,
        truth: Sequence[Span],
        outcome: Outcome,
        *,
        score: float | None,
        right: bool | None = None,
        found: bool | None = None,
        offset_s: float | None = None,
        iou: float | None = None,
        is_false_find: bool | None = None,
        is_on_mark: bool | None = None,
    ) -> TrialRow:
        return TrialRow(
            key=trial.key,
            arm=self.arm,
            task=trial.task,
            kind=trial.kind,
            prominence=trial.prominence,
            length=copy.length.label,
            length_s=copy.length_s,
            depth=trial.depth,
            parity=trial.parity,
            cluster=f"{copy.length.label}-{copy.haystack}",
            outcome=outcome,
            score=score,
            right=right,
            found=found,
            offset_s=offset_s,
            iou=iou,
            is_false_find=is_false_find,
            is_on_mark=is_on_mark,
            question=trial.question,
            answer=trial.answer,
            said=said.text,
            predicted=tuple((span.start_s, span.end_s) for span in said.windows),
            truth=tuple((span.start_s, span.end_s) for span in truth),
            reason=said.failure,
            wall_s=said.wall_s,
            tokens=said.tokens,
        )


def _is_on_mark(first: Span, marks_s: Sequence[float]) -> bool:
    """Whether the time begins at a look that shows the needle, to the tenth of a second that markers are written
    in."""
    return any(abs(first.start_s - mark_s) <= 0.051 for mark_s in marks_s)


def is_same_answer(said: str, answer: str, offered: Sequence[str] = ()) -> bool:
    """Whether ``said`` gives ``answer`` and, where options were ``offered``, no other of them.

    Words count, not their case or the little ones around them; recognition errors are forgiven. An option may be
    named by its letter.
    """
    if offered and (letter := re.fullmatch(r"\W*([A-Z])\W*", said.strip())):
        place = ord(letter[1]) - ord("A")
        return place < len(offered) and offered[place] == answer
    if offered:
        by_letter = re.match(r"\W*([A-Z])[).:]\s*(.+)", said.strip())
        said = by_letter[2] if by_letter else said
    if "," in answer:
        return _words(said) == _words(answer)
    others = [one for one in offered if one != answer]
    return holds_words(said, answer) and not any(holds_words(said, other) for other in others)


def _words(text: str) -> list[str]:
    words = re.findall(r"\w+", text.casefold())
    return [_NUMBERS.get(word, word) for word in words if word not in _LITTLE]


def holds_words(said: str, answer: str) -> bool:
    """Whether all words of ``answer`` are in ``said``, little ones aside; short ones and numbers must be equal."""
    heard = _words(said)
    return all(
        any(word == one or (len(word) > 4 and fuzz.ratio(word, one) >= _LIKENESS) for one in heard)
        for word in _words(answer)
    )
