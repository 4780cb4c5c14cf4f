"""Models that see: they read from planted pixels which frame they are shown, and answer by a planted truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import planted

from videoindex.errors import DecodeError
from videoindex.media.probe import probe
from videoindex.perception.vlm.scripted import Shown
from videoindex.types import Event, Frames, Moment, Span, Video

FPS = 10
Truth = Callable[[int], bool]
"""Whether what is asked about is there in the frame of this number."""


@dataclass(frozen=True, slots=True)
class Film:
    """A planted recording and its Video."""

    plant: planted.Planted
    video: Video


def film(path: Path, seconds: float, start_s: float = 0.0) -> Film:
    """Ten frames a second, each telling its number."""
    plant = planted.write(path, planted.steady(FPS, round(seconds * FPS), start_s))
    return Film(plant, probe(plant.path).video)


def moment(
    video: Video, start_s: float, end_s: float, source: str = "objects", text: str = "a bag", score: float = 0.8
) -> Moment:
    span = Span(start_s, end_s)
    event = Event.observed(video.id, span, text, source=source, model="test", confidence=0.8)
    return Moment(video.id, span, score, (event,))


def numbers(shown: Shown) -> list[int | None]:
    """The number of the later picture of each look, None where it cannot be read."""
    return [planted.read(rgb_HWC) for rgb_HWC in shown.looks.rgb_THWC[1::2]]


def answer(verdict: str, start: float | None = None, end: float | None = None, **said: Any) -> str:
    """What a model says of a window."""
    form = {"answer": verdict, "start": start, "end": end, "at": start, "reason": "I looked."}
    return json.dumps(form | said)


def sees(truth: Truth) -> Callable[[Shown, str], str]:
    """A model that tells the first and the last look at which ``truth`` holds, as the markers write them."""

    def say(shown: Shown, _: str) -> str:
        marks = [m for m, n in zip(shown.looks.marks_s, numbers(shown), strict=True) if n is not None and truth(n)]
        if not marks:
            return answer("no", reason="Nothing of it is there.")
        return answer("yes", round(marks[0], 1), round(marks[-1], 1), reason="It is there.")

    return say


@dataclass
class PartlyBroken:
    """A Decoder that gives nothing where ``is_lost``; ``asked`` keeps what it was asked for."""

    decoder: Any
    is_lost: Callable[[float], bool]
    name: str = "partly broken"
    asked: list[float] = field(default_factory=list)

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        self.asked += at_s_T
        kept = [at_s for at_s in at_s_T if not self.is_lost(at_s)]
        if kept:
            yield from self.decoder.frames(video, kept, size_px, batch_frames)


class Broken:
    """A Decoder that cannot open any file."""

    name = "broken"

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        raise DecodeError(f"{video.path}: no such file; it was moved")
        yield Frames(np.zeros((0, 1, 1, 3), np.uint8), np.zeros(0), np.zeros(0))


@dataclass
class Clock:
    """Seconds that pass only while a slow model answers."""

    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s

    def slow(self, model: Callable[[Shown, str], Any], each_s: float) -> Callable[[Shown, str], Any]:
        """``model``, taking ``each_s`` for every answer."""

        def say(shown: Shown, asked: str) -> Any:
            self.now_s += each_s
            return model(shown, asked)

        return say
