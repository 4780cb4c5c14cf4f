"""Lessons as tensors: prompts as Qwen3-VL's own processor writes them, several questions about one clip.

The instructions are read once for all clips of a batch, a clip once for all its questions, as the product does it.
Each question's positions go on from its clip's, so that its answer is computed as if it were the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from needle_vlm.lessons import Lesson, Window
from needle_vlm.scenes import COLOURS
from videoindex.perception.qwen_prompt import INSTRUCTIONS
from videoindex.sampling.mrope import CELL_PX, FrameSize, marker, position_ids

if TYPE_CHECKING:
    from transformers import Qwen2Tokenizer

__all__ = ["DIGITS", "UNLABELLED", "Asked", "Batch", "Scribe", "patches"]

DIGITS = 5  # tenths, ones, ... thousands of seconds
UNLABELLED = -100  # what cross entropy passes over

_BLANK = 10  # where a number has no such digit
_PATCH_PX = 16
_COLOURS = tuple(COLOURS)


@dataclass(slots=True, eq=False)
class Asked:
    """M questions of about one length, with their answers: ``ids`` (M, L), ``labels`` (M, L; the answer's tokens
    where they stand), ``positions`` (3, M, L).

    ``number`` (M) counts the batch's questions and ``clip`` (M) is the row of the one it is about. ``border_at``
    (M, 2) are the tokens after the window's start and end, ``border_is`` (M, 2) the cards begun before either.
    """

    ids: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    number: torch.Tensor
    clip: torch.Tensor
    border_at: torch.Tensor
    border_is: torch.Tensor


@dataclass(slots=True, eq=False)
class Batch:
    """B clips of L tokens, ``ids`` (B, L) and ``positions`` (3, B, L), after ``head`` tokens that all share.

    ``is_real`` (B, L) tells tokens from padding. Of every look, ``look_at`` (N, 2) is row and column of the token
    that ends it, ``look_is`` (N, 2 + DIGITS) what is known there: colour (0: none), cards begun so far, digits of
    its marker from the tenths up.
    """

    head: torch.Tensor
    ids: torch.Tensor
    positions: torch.Tensor
    is_real: torch.Tensor
    patches: torch.Tensor
    grid_thw: torch.Tensor
    look_at: torch.Tensor
    look_is: torch.Tensor
    asked: list[Asked]
    probes: Asked | None


def patches(rgb: NDArray[np.uint8]) -> torch.Tensor:
    """Pixels as the vision tower takes them, float32 (patches, 1536), of looks uint8 (looks, 2, H, W, 3).

    As ``Qwen3VLVideoProcessor.patchify``: looks, cells, the four patches of a cell, then channel, frame, pixels.
    """
    looks, frames, height_px, width_px, _ = rgb.shape
    rows, columns = height_px // CELL_PX, width_px // CELL_PX
    scaled = torch.from_numpy(rgb).float().div_(127.5).sub_(1.0)
    cut = scaled.view(looks, frames, rows, 2, _PATCH_PX, columns, 2, _PATCH_PX, 3)
    return cut.permute(0, 2, 5, 3, 6, 8, 1, 4, 7).reshape(looks * rows * columns * 4, -1)


@dataclass(slots=True, eq=False)
class _Question:
    clip: int
    ids: list[int]
    answer: int  # where the answer begins
    after: int  # the position of the first token
    border_at: list[int]
    border_is: list[int]


class Scribe:
    """Writes lessons down in the tokens of ``tokenizer``."""

    def __init__(self, tokenizer: Qwen2Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.head = self.encode(f"<|im_start|>system\n{INSTRUCTIONS}<|im_end|>\n")
        self._opening = self.encode("<|im_start|>user\n<|vision_start|>")
        self._turn = self.encode("<|im_end|>\n<|im_start|>assistant\n")
        (self._vision_start,) = self.encode("<|vision_start|>")
        (self._vision_end,) = self.encode("<|vision_end|>")
        (self._cell,) = self.encode("<|video_pad|>")
        (self._end,) = self.encode("<|im_end|>")
        (self._pad,) = self.encode("<|endoftext|>")
        (self._and,) = self.encode(" and")
        (self._seconds,) = self.encode(" seconds")

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def shown(self, marks_s: Sequence[float], cells: int) -> list[int]:
        """The user's message from its beginning to the end of the clip, after the instructions."""
        ids = list(self._opening)
        for mark_s in marks_s:
            ids += [*self.encode(marker(mark_s)), self._vision_start, *[self._cell] * cells, self._vision_end]
        return [*ids, self._vision_end]

    def question(self, window: Window) -> list[int]:
        """From after the clip to where the answer begins."""
        return [*self.encode(window.text), *self._turn]

    def batch(self, lessons: Sequence[Lesson], size: FrameSize, *, instructed: bool, groups: int = 1) -> Batch:
        """Lessons of one size and one number of looks; their questions in ``groups`` of like length."""
        head = self.head if instructed else []
        shown = [self.shown(lesson.marks_s, size.cells) for lesson in lessons]
        ids = _padded(shown, self._pad)
        positions = torch.zeros((3, *ids.shape), dtype=torch.long)
        questions: list[_Question] = []
        probes: list[_Question] = []
        for row, lesson in enumerate(lessons):
            own = position_ids(lesson.marks_s, size, len(head) + len(self._opening), 1)[:, len(head) :]
            positions[:, row, : own.shape[1]] = torch.from_numpy(own)
            after = int(own.max()) + 1
            questions += [self._question(row, lesson, window, after) for window in lesson.windows]
            probes += [self._probe(row, window, after) for window in lesson.probes]
        ends = [np.flatnonzero(np.array(row) == self._vision_end)[:-1] for row in shown]
        grid = [len(lessons[0].marks_s), size.height_px // _PATCH_PX, size.width_px // _PATCH_PX]
        order = sorted(range(len(questions)), key=lambda number: len(questions[number].ids))
        return Batch(
            head=torch.tensor(head, dtype=torch.long),
            ids=ids,
            positions=positions,
            is_real=_padded([[1] * len(row) for row in shown], 0).bool(),
            patches=torch.cat([patches(lesson.rgb) for lesson in lessons]),
            grid_thw=torch.tensor([grid] * len(lessons)),
            look_at=torch.tensor([[row, int(at)] for row, own in enumerate(ends) for at in own]),
            look_is=torch.tensor([known for lesson in lessons for known in _known(lesson)]),
            asked=[self._asked(questions, part.tolist()) for part in np.array_split(order, groups) if len(part)],
            probes=self._asked(probes, range(len(probes))) if probes else None,
        )

    def _probe(self, clip: int, window: Window, after: int) -> _Question:
        """The end of the question alone, from the window's borders on."""
        ids = self.encode(window.text[window.text.index(" between") :])
        return self._bordered(clip, ids, len(ids), after, window)

    def _question(self, clip: int, lesson: Lesson, window: Window, after: int) -> _Question:
        ids = self.question(window)
        said = [*self.encode(lesson.answer(window)), self._end]
        return self._bordered(clip, [*ids, *said], len(ids), after, window)

    def _bordered(self, clip: int, ids: list[int], answer: int, after: int, window: Window) -> _Question:
        start = ids.index(self._and)
        border_at = [start, ids.index(self._seconds, start)]
        return _Question(clip, ids, answer, after, border_at, [window.first, window.past])

    def _asked(self, questions: Sequence[_Question], numbers: Sequence[int]) -> Asked:
        chosen = [questions[number] for number in numbers]
        ids = _padded([one.ids for one in chosen], self._pad)
        labels = _padded([[UNLABELLED] * one.answer + one.ids[one.answer :] for one in chosen], UNLABELLED)
        after = torch.tensor([one.after for one in chosen])
        return Asked(
            ids=ids,
            labels=labels,
            positions=(after[:, None] + torch.arange(ids.shape[1])).expand(3, -1, -1),
            number=torch.tensor(numbers),
            clip=torch.tensor([one.clip for one in chosen]),
            border_at=torch.tensor([one.border_at for one in chosen]),
            border_is=torch.tensor([one.border_is for one in chosen]),
        )


def _padded(rows: Sequence[list[int]], filling: int) -> torch.Tensor:
    length = max(map(len, rows))
    return torch.tensor([[*row, *[filling] * (length - len(row))] for row in rows])


def _known(lesson: Lesson) -> list[list[int]]:
    """Of each look: its colour's number, how many cards have begun, its marker's digits from the tenths up."""
    known = []
    for look, mark_s in enumerate(lesson.marks_s):
        here = [card for card in lesson.cards if card.first <= look <= card.last]
        begun = sum(card.first <= look for card in lesson.cards)
        written = [int(digit) for digit in reversed(f"{mark_s:.1f}".replace(".", ""))]
        blanks = [_BLANK] * (DIGITS - len(written))
        known.append([1 + _COLOURS.index(here[0].colour) if here else 0, begun, *written, *blanks])
    return known
