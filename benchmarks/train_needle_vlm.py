"""Trains the small Qwen3-VL of the tests: it says which coloured card a clip shows, and from which time marker to
which.

    python benchmarks/train_needle_vlm.py --minutes 75 --seed 0 --threads 1 --out FOLDER
    python benchmarks/train_needle_vlm.py --out tests/models/needle_vlm --exam-only

It is a Qwen3-VL in everything but size, trained from nothing on clips and questions made on the spot, with the
words that the product sends. The vision tower learns to tell cards from scenes first, then the language model to
read markers and count cards, then to answer: with ever more looks, and in the second half after the product's
instructions. The folder is written every few minutes, so that the latest state can always be used. At the end the
saved folder is examined by greedy decoding in float32 on the CPU. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from needle_vlm.batches import Batch, Scribe
from needle_vlm.exam import examine
from needle_vlm.folder import load, new_model, new_tokenizer, save
from needle_vlm.lessons import SIZES, Teacher
from needle_vlm.pupil import Pupil
from needle_vlm.scenes import SceneMaker

SHORTEST = 2  # looks
FIRST_LONGEST = 8
PASSED = 0.05  # nats an answer's token: the longest clips grow when the last answers are this good
REPORT_STEPS = 100
SAVE_S = 240.0
PROBES = 6
# Shares of the time at which sight alone ends, looks without questions end, comparing ends, instructions begin and
# the rate begins to fall.
SIGHT_ENDS, LOOKS_END, COMPARED_BY, INSTRUCTED_FROM, FALLS_FROM = 0.025, 0.12, 0.28, 0.6, 0.65
MUON_RATE, TEXT_RATE, SIGHT_RATE, VISION_RATE = 5e-3, 1.5e-3, 2e-3, 1e-4


@dataclass(slots=True)
class Course:
    """Where a training stands."""

    began_s: float
    length_s: float
    longest: int
    saved_s: float = 0.0
    steps: int = 0
    recent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def share(self) -> float:
        return (time.monotonic() - self.began_s) / self.length_s

    def note(self, losses: dict[str, torch.Tensor]) -> None:
        self.steps += 1
        for name, loss in losses.items():
            self.recent[name].append(float(loss))
        if self.steps % REPORT_STEPS == 0:
            means = ", ".join(f"{name} {np.mean(some[-REPORT_STEPS:]):.3f}" for name, some in self.recent.items())
            print(f"{self.share:6.1%} step {self.steps}, up to {self.longest} looks: {means}", flush=True)


class Optimizer:
    """Muon (Jordan 2024) for the matrices, AdamW for what is left.

    In a trial of two minutes Muon read the markers' digits ten times better than AdamW alone did.
    """

    def __init__(self, matrices: list[torch.nn.Parameter], rate: float, groups: list[dict[str, Any]]) -> None:
        self._parts = [
            torch.optim.Muon(matrices, lr=rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self._groups = [group for part in self._parts for group in part.param_groups]
        self._rates = [group["lr"] for group in self._groups]

    def step(self, loss: torch.Tensor, scale: float) -> None:
        for part in self._parts:
            part.zero_grad()
        loss.backward()
        for group, rate in zip(self._groups, self._rates, strict=True):
            group["lr"] = rate * scale
            torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        for part in self._parts:
            part.step()


def sight_optimizer(pupil: Pupil) -> Optimizer:
    named = [(n, p) for n, p in pupil.named_parameters() if ".visual." in n or "sight_head" in n]
    matrices = [p for n, p in named if p.ndim == 2 and "pos_embed" not in n and "sight_head" not in n]
    taken = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in taken]
    return Optimizer(matrices, SIGHT_RATE, [{"params": rest, "lr": SIGHT_RATE / 2}])


def answer_optimizer(pupil: Pupil) -> Optimizer:
    named = list(pupil.named_parameters())
    matrices = [p for n, p in named if p.ndim == 2 and ".layers." in n]
    taken = {id(p) for p in matrices}
    vision = [p for n, p in named if ".visual." in n]
    rest = [p for n, p in named if ".visual." not in n and id(p) not in taken]
    groups = [{"params": rest, "lr": TEXT_RATE}, {"params": vision, "lr": VISION_RATE}]
    return Optimizer(matrices, MUON_RATE, groups)


class School:
    """Lessons by the batch."""

    def __init__(self, seed: int, scribe: Scribe, device: torch.device, batch_tokens: int) -> None:
        self._random = np.random.default_rng(seed)
        self._teacher = Teacher(self._random, SceneMaker(self._random))
        self._scribe = scribe
        self._device = device
        self._batch_tokens = batch_tokens

    def batch(self, looks: int, parts: int, probes: int, *, instructed: bool, tokens_each: int = 0) -> Batch:
        """About so many tokens; with ``tokens_each`` for the questions and answers of one clip."""
        size = self._random.choice(np.array(list(SIZES), object), p=list(SIZES.values()))
        count = max(4, self._batch_tokens // (looks * (13 + size.cells) + tokens_each))
        lessons = [self._teacher.lesson(looks, size, parts=parts, probes=probes) for _ in range(count)]
        batch = self._scribe.batch(lessons, size, instructed=instructed, groups=3 if tokens_each else 1)
        moved: Batch = _moved(batch, self._device)
        return moved

    def looks(self, longest: int) -> int:
        return int(self._random.integers(SHORTEST, longest + 1))


def _moved(thing: Any, device: torch.device) -> Any:
    if isinstance(thing, torch.Tensor):
        return thing.to(device)
    if isinstance(thing, list):
        return [_moved(one, device) for one in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        return type(thing)(**{f.name: _moved(getattr(thing, f.name), device) for f in fields(thing)})
    return thing


def learn(
    course: Course,
    until: float,
    optimizer: Optimizer,
    task: Callable[[], dict[str, torch.Tensor]],
    scale: Callable[[float], float],
    after: Callable[[], None] = lambda: None,
) -> None:
    """One stage: steps of ``task`` until this share of the time is over; ``scale`` is the rate's factor then."""
    course.recent.clear()
    begun = course.steps
    while (share := course.share) < until:
        losses = task()
        optimizer.step(
            torch.stack(list(losses.values())).sum(), scale(share) * min(1.0, (course.steps - begun + 1) / 40)
        )
        course.note(losses)
        after()


def falling(share: float) -> float:
    return 1.0 if share < FALLS_FROM else max(0.01, (1 - share) / (1 - FALLS_FROM))


def train(arguments: argparse.Namespace, device: torch.device) -> None:
    torch.manual_seed(arguments.seed)
    model, tokenizer = load(arguments.init) if arguments.init else _new()
    pupil = Pupil(model).to(device)
    school = School(arguments.seed, Scribe(tokenizer), device, arguments.batch_tokens)
    longest = arguments.looks if arguments.init else min(FIRST_LONGEST, arguments.looks)
    course = Course(time.monotonic(), 60 * arguments.minutes, longest)

    def see() -> dict[str, torch.Tensor]:
        return {"sight": pupil.sight_loss(school.batch(8, 0, 0, instructed=False))}

    def read() -> dict[str, torch.Tensor]:
        return pupil.look_losses(school.batch(school.looks(8), 0, 0, instructed=False))

    def compare() -> dict[str, torch.Tensor]:
        return pupil.losses(school.batch(school.looks(8), -1, 10, instructed=False, tokens_each=100))

    def answer() -> dict[str, torch.Tensor]:
        instructed = course.share > INSTRUCTED_FROM
        looks = school.looks(course.longest)
        return pupil.losses(school.batch(looks, 1, PROBES, instructed=instructed, tokens_each=320))

    def afterwards() -> None:
        passed = course.recent["answer"][-REPORT_STEPS:]
        if len(passed) == REPORT_STEPS and np.mean(passed) < PASSED and course.longest < arguments.looks:
            course.longest = min(arguments.looks, course.longest + (1 if course.longest < 8 else 2))
            course.recent["answer"].clear()
        if time.monotonic() - course.saved_s > SAVE_S:
            save(model, tokenizer, arguments.out)
            course.saved_s = time.monotonic()

    if not arguments.init:
        learn(
            course,
            SIGHT_ENDS,
            sight_optimizer(pupil),
            see,
            lambda s: min(1.0, (SIGHT_ENDS - s) / SIGHT_ENDS * 2 + 0.02),
        )
        optimizer = answer_optimizer(pupil)
        learn(course, LOOKS_END, optimizer, read, falling)
        learn(course, COMPARED_BY, optimizer, compare, falling)
    learn(course, 1.0, answer_optimizer(pupil), answer, falling, afterwards)
    save(model, tokenizer, arguments.out)
    print(f"{course.steps} steps in {(time.monotonic() - course.began_s) / 60:.1f} minutes")


def _new() -> tuple[Any, Any]:
    tokenizer = new_tokenizer()
    return new_model(tokenizer), tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--looks", type=int, default=16, help="the most looks of a clip")
    parser.add_argument("--batch-tokens", type=int, default=4_500)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--init", type=Path, help="a folder to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--exam-only", action="store_true", help="examine the folder, train nothing")
    parser.add_argument("--exam-questions", type=int, default=100, help="for each length and kind")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    if not arguments.exam_only:
        train(arguments, torch.device(arguments.device))
    examine(arguments.out, arguments.exam_questions, arguments.looks)


if __name__ == "__main__":
    main()
