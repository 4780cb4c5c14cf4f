"""The best moments in a better order: each is read together with the question by a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.query.understand import Question, Which
from videoindex.types import Moment

__all__ = ["PairScorer", "is_ranked", "rerank"]

_LINES = 5  # texts of a moment that are read


class PairScorer(Protocol):
    """Reads a question and texts together; ``videoindex.index.cross_encoder.PairReader`` is one."""

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """One figure (N,) for each text, higher for a better answer."""
        ...


def is_ranked(question: Question) -> bool:
    """Whether the best moment comes first, not the earliest: only then is there an order to better."""
    return question.which is Which.BEST and not question.is_open and question.relation is None


def rerank(question: str, moments: Sequence[Moment], scorer: PairScorer, best: int) -> tuple[Moment, ...]:
    """The same moments: the first ``best`` by falling figure, ties as they were, and the others behind them.

    None is added or dropped, and their own scores stand: whether anything was found is decided before. So the
    scores of the result need not fall.
    """
    read = moments[:best]
    if len(read) < 2:
        return tuple(moments)
    scores_N = scorer.score(question, [_told(moment) for moment in read])
    order = np.argsort(-scores_N, kind="stable")
    return (*(read[int(number)] for number in order), *moments[best:])


def _told(moment: Moment) -> str:
    """What the moment's events say, each once, the best first."""
    texts = dict.fromkeys(" ".join(event.text.split()) for event in moment.events)
    return "\n".join(list(texts)[:_LINES])
