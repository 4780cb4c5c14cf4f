"""The examination: does the saved folder, decoding greedily, write right answers letter by letter?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from needle_vlm.batches import Scribe, patches
from needle_vlm.folder import load
from needle_vlm.lessons import SIZES, Lesson, Teacher, Window
from needle_vlm.scenes import HELD_OUT_PHOTOGRAPHS, PHOTOGRAPHS, SceneMaker

if TYPE_CHECKING:
    from transformers import Qwen2Tokenizer, Qwen3VLForConditionalGeneration

__all__ = ["examine"]

_SEED = 1_000_003  # far from any that trains
_LENGTHS = (2, 4, 6, 8, 12, 16, 24, 32)
_BATCH = 20
_LONGEST_ANSWER = 180  # tokens; three events take 150


@dataclass(frozen=True, slots=True)
class _Kind:
    """A column of the table: clips with so many cards (None: any), asked about as a whole or in part."""

    name: str
    cards: int | None
    part: bool = False


_KINDS = (
    _Kind("no card", 0),
    _Kind("one card", 1),
    _Kind("two cards", 2),
    _Kind("three cards", 3),
    _Kind("part of a clip", None, part=True),
)


class _Examiner:
    def __init__(self, folder: Path) -> None:
        self._model, self._tokenizer = load(folder)
        self._model.eval()
        self._scribe = Scribe(self._tokenizer)

    def rights(self, looks: int, kind: _Kind, count: int, photographs: tuple[str, ...]) -> int:
        """How many of ``count`` answers are right."""
        random = np.random.default_rng([_SEED, looks, _KINDS.index(kind)])
        teacher = Teacher(random, SceneMaker(random, photographs))
        right = 0
        for start in range(0, count, _BATCH):
            size = random.choice(np.array(list(SIZES), object), p=list(SIZES.values()))
            number = min(_BATCH, count - start)
            lessons = [teacher.lesson(looks, size, cards=kind.cards, parts=int(kind.part)) for _ in range(number)]
            windows = [lesson.windows[-1] for lesson in lessons]
            said = answers(self._model, self._tokenizer, self._scribe, lessons, windows)
            right += sum(
                text == lesson.answer(window) for text, lesson, window in zip(said, lessons, windows, strict=True)
            )
        return right


def answers(
    model: Qwen3VLForConditionalGeneration,
    tokenizer: Qwen2Tokenizer,
    scribe: Scribe,
    lessons: Sequence[Lesson],
    windows: Sequence[Window],
) -> list[str]:
    """What ``generate`` makes of one question about each lesson, likeliest token by likeliest token."""
    height_px, width_px = lessons[0].rgb.shape[2:4]
    cells = (height_px // 32) * (width_px // 32)
    prompts = [
        [*scribe.head, *scribe.shown(lesson.marks_s, cells), *scribe.question(window)]
        for lesson, window in zip(lessons, windows, strict=True)
    ]
    longest = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])
    real = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    with torch.no_grad():
        out = model.generate(
            input_ids=ids,
            attention_mask=real,
            mm_token_type_ids=(ids == model.config.video_token_id).int() * 2,
            pixel_values_videos=torch.cat([patches(lesson.rgb) for lesson in lessons]),
            video_grid_thw=torch.tensor(
                [[len(lessons[0].marks_s), height_px // 16, width_px // 16]] * len(lessons)
            ),
            max_new_tokens=_LONGEST_ANSWER,
            do_sample=False,
        )
    return list(tokenizer.batch_decode(out[:, longest:], skip_special_tokens=True))


def examine(folder: Path, count: int, trained_looks: int) -> None:
    """Prints the share of right answers by length and kind, then with photographs that were never trained on."""
    examiner = _Examiner(folder)
    for title, photographs in (
        ("Scenes of the kinds trained on", PHOTOGRAPHS),
        ("Photographs never trained on", HELD_OUT_PHOTOGRAPHS),
    ):
        print(f"\n{title}, {count} questions a field:\n")
        print("| looks | " + " | ".join(kind.name for kind in _KINDS) + " |")
        print("|---" * (len(_KINDS) + 1) + "|")
        for looks in _LENGTHS:
            if looks <= trained_looks:
                fields = [
                    f"{examiner.rights(looks, kind, count, photographs) / count:.0%}"
                    if (kind.cards or 0) <= (looks + 1) // 2
                    else "–"
                    for kind in _KINDS
                ]
                print(f"| {looks} | " + " | ".join(fields) + " |", flush=True)
