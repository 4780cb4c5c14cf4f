"""What every vision-language model promises: shown pictures once, it answers many questions about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.sampling.mrope import PATCH_FRAMES, FrameSize
from videoindex.types import Span

__all__ = ["Form", "Looks", "Reply", "Showing", "Viewing", "Vlm", "pair_marks_s", "still_showing"]

_STILL_S = 1e-3  # a picture by itself stands for no time


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Pictures in pairs, as Qwen3-VL takes them: ``rgb_THWC`` uint8, and the instants ``at_s_T`` (float64) on the
    source's clock at which they were on display.

    Law: T is even, the instants do not fall. Pair p is one *look*, marked with the mean of its two instants.
    """

    rgb_THWC: NDArray[np.uint8]
    at_s_T: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.rgb_THWC.ndim != 4 or self.rgb_THWC.shape[3] != 3 or self.rgb_THWC.dtype != np.uint8:
            raise ValueError(f"looks must be uint8 THWC, got {self.rgb_THWC.dtype} {self.rgb_THWC.shape}")
        if len(self.rgb_THWC) != len(self.at_s_T) or len(self.at_s_T) % PATCH_FRAMES:
            raise ValueError(f"{len(self.rgb_THWC)} pictures at {len(self.at_s_T)} instants are not whole pairs")
        if bool(np.any(np.diff(self.at_s_T) < 0)):
            raise ValueError("the instants of looks must not fall")

    def __len__(self) -> int:
        """The number of looks."""
        return len(self.at_s_T) // PATCH_FRAMES

    @property
    def marks_s(self) -> tuple[float, ...]:
        """What the time markers say: the mean of each pair's instants, as the model's own processor has it."""
        return pair_marks_s(self.at_s_T)


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """What a model is shown before it is asked anything.

    ``instructions`` is the system text. ``looks`` are consumed once, in order, in batches of any size; together
    they are at most the planned ``marks_s``, of which undecodable ones may be missing. All pictures are of
    ``size``. ``stills`` are single pictures (each look is one picture twice) to be read rather than watched.
    ``span`` and ``name`` say in messages what is shown.
    """

    name: str
    span: Span
    instructions: str
    looks: Iterable[Looks]
    marks_s: tuple[float, ...]
    size: FrameSize
    stills: bool = False


def pair_marks_s(at_s_T: NDArray[np.float64]) -> tuple[float, ...]:
    """The mark of each pair of instants: their mean, in seconds."""
    return tuple(((at_s_T[0::PATCH_FRAMES] + at_s_T[1::PATCH_FRAMES]) / 2).tolist())


def still_showing(
    name: str, at_s: float, rgb_HWC: NDArray[np.uint8], size: FrameSize, instructions: str
) -> Showing:
    """One picture, uint8 of ``size``, to be read rather than watched."""
    looks = Looks(np.stack([rgb_HWC, rgb_HWC]), np.array([at_s, at_s]))
    span = Span(at_s, at_s + _STILL_S)
    return Showing(name, span, instructions, (looks,), looks.marks_s, size, stills=True)


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer may be: at most ``max_tokens`` long (thinking included), and of the JSON Schema ``schema``
    where there is one and the model can be held to it."""

    max_tokens: int
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said: ``text`` without its ``thought``; ``is_cut`` where ``max_tokens`` ended it."""

    text: str
    thought: str = ""
    is_cut: bool = False
    tokens: int = 0


class Viewing(Protocol):
    """Pictures that a model has before it. What is asked later never depends on what was asked before."""

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        """One reply for each question, in order, each as if it were the only one.

        Raises BackendError; TransientBackendError where another try may mend it.
        """
        ...


class Vlm(Protocol):
    """A vision-language model. Safe to use from several threads.

    ``fingerprint`` holds everything that changes what it says: model, revision, precision, decoding settings.
    """

    @property
    def model(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def watch(self, showing: Showing) -> AbstractContextManager[Viewing]:
        """Shows the pictures and holds them for as long as the context lasts.

        Raises BackendError; ConfigError where they cannot fit, with the setting that would make them fit.
        """
        ...
