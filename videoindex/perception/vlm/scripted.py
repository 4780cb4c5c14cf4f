"""A model that says what a function tells it to: for tests, and for trying a pipeline without weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from videoindex.perception.vlm.base import Form, Looks, Reply, Showing

__all__ = ["Scripted", "Shown"]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the script is given to answer from: the showing, and all its looks in one piece."""

    showing: Showing
    looks: Looks


@dataclass(eq=False)
class Scripted:
    """A Vlm whose ``answer`` makes each reply of what was shown and the question; ``asked`` keeps what it
    heard."""

    answer: Callable[[Shown, str], Reply | str]
    model: str = "scripted"
    fingerprint: str = "scripted"
    asked: list[tuple[Shown, str, Form]] = field(default_factory=list)

    @contextmanager
    def watch(self, showing: Showing) -> Iterator[_Viewing]:
        """Looks at all pictures before it gives the viewing, as a real model does."""
        batches = list(showing.looks)
        size = showing.size
        empty = np.zeros((0, size.height_px, size.width_px, 3), np.uint8)
        rgb_THWC = np.concatenate([empty, *(batch.rgb_THWC for batch in batches)])
        at_s_T = np.concatenate([np.zeros(0), *(batch.at_s_T for batch in batches)])
        yield _Viewing(self, Shown(showing, Looks(rgb_THWC, at_s_T)))


@dataclass(frozen=True, slots=True, eq=False)
class _Viewing:
    vlm: Scripted
    shown: Shown

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        self.vlm.asked += [(self.shown, question, form) for question in questions]
        said = [self.vlm.answer(self.shown, question) for question in questions]
        return [reply if isinstance(reply, Reply) else Reply(reply) for reply in said]
