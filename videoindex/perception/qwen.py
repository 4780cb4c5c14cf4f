"""The Qwen3-VL observer: shows a segment to a vision-language model and writes down what it says happens when."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from videoindex.errors import ConfigError
from videoindex.media.decoders.base import Decoder
from videoindex.perception.gaps import undecoded
from videoindex.perception.qwen_answer import SaidEvent, read_events
from videoindex.perception.qwen_guards import Guarded, guard
from videoindex.perception.qwen_prompt import INSTRUCTIONS, PROMPT_VERSION, SCHEMA, question
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Looks, Reply, Showing, Vlm, pair_marks_s
from videoindex.sampling.mrope import PATCH_FRAMES, FrameSize, fit_frame
from videoindex.sampling.pack import pack
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import adaptive_pairs, uniform_pairs
from videoindex.types import Event, Frames, Gap, Observation, Scan, Segment, Span, Video

__all__ = ["Qwen", "QwenSettings", "paired", "windows"]

log = logging.getLogger(__name__)

_VERSION = "1"  # raise it when equal answers are made into other events
_TICK_S = 0.1  # window borders, as the question states them


@dataclass(frozen=True, slots=True)
class QwenSettings:
    """How a vision-language model is made to describe a recording."""

    # One question asks for the events of a window this long; all windows of a segment are asked over one reading.
    window_s: float = 60.0
    # Longest answer for one window, thinking included: a Thinking model wants 8,000 and more.
    answer_tokens: int = 3_072
    # Events that the model is less sure of are dropped.
    least_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.window_s) and self.window_s >= 1):
            raise ConfigError(f"qwen.window_s must be 1 or more, got {self.window_s}")
        if self.answer_tokens < 16:
            raise ConfigError(f"qwen.answer_tokens must be 16 or more, got {self.answer_tokens}")
        if not 0.0 <= self.least_confidence <= 1.0:
            raise ConfigError(f"qwen.least_confidence must lie in [0, 1], got {self.least_confidence}")


@dataclass(frozen=True, slots=True)
class _Read:
    """An answer, read: its events, and whether it broke off."""

    said: tuple[SaidEvent, ...]
    is_cut: bool


class Qwen:
    """Observer "qwen", whatever vision-language model is behind it. Cheap to make."""

    name = "qwen"

    def __init__(self, settings: QwenSettings, sampling: SamplingSettings, vlm: Vlm, decoder: Decoder) -> None:
        self._settings = settings
        self._sampling = sampling
        self._vlm = vlm
        self._decoder = decoder

    @property
    def model(self) -> str:
        return self._vlm.model

    @property
    def fingerprint(self) -> str:
        """Everything that changes what is written down; which instants are looked at is part of the segment."""
        return f"{self.name} {_VERSION} prompt {PROMPT_VERSION} {self._settings!r} {self._vlm.fingerprint}"

    @property
    def shortest_event_s(self) -> float:
        """What lasts this long is on display at a look; with adaptive looks, if the scan saw the change."""
        return self._sampling.interval_s

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """Spans that tile the video, each as full as the token budget allows; empty without a picture."""
        if not video.has_picture or not len(scan.pts_s_T):
            return []
        sampling = self._sampling
        size = fit_frame(video.width_px, video.height_px, sampling.min_pixels, sampling.max_pixels)
        pairs = (
            adaptive_pairs(video.span, scan, sampling)
            if sampling.adaptive
            else uniform_pairs(video.span, sampling)
        )
        return pack(video.id, self.name, video.span, pairs, size, sampling)

    def observe(self, video: Video, segment: Segment) -> Observation:
        """Shows the segment once and asks for its events window by window.

        What could not be decoded, and windows whose answer could not be read even at the second try, are gaps.
        """
        seen_s: list[float] = []
        size = FrameSize(*segment.size_px)
        frames = self._decoder.frames(video, segment.at_s_T, segment.size_px)
        shown: list[float] = []
        showing = Showing(
            str(video.path),
            segment.span,
            INSTRUCTIONS,
            _noted(paired(frames, segment, seen_s), shown),
            pair_marks_s(np.array(segment.at_s_T)),
            size,
        )
        form = Form(self._settings.answer_tokens, SCHEMA)
        with self._vlm.watch(showing) as viewing:
            asked = [w for w in windows(segment.span, self._settings.window_s) if any(s in w for s in shown)]
            questions = [question(window, segment.span, video.span) for window in asked]
            answers = ask_parsed(viewing, questions, form, _read)
        events: list[Event] = []
        gaps = list(undecoded(segment, set(seen_s)))
        for window, answer in zip(asked, answers, strict=True):
            kept, lost = self._window(video, segment, window, answer, shown)
            events += kept
            gaps += lost
        return Observation(tuple({event.id: event for event in events}.values()), tuple(gaps))

    def _window(
        self, video: Video, segment: Segment, window: Span, answer: _Read | UnfitError, shown: Sequence[float]
    ) -> tuple[list[Event], list[Gap]]:
        """The events of one window, and what of it is not known."""
        if isinstance(answer, UnfitError):
            log.warning("%s %s: the model's answer cannot be used: %s", video.path, window, answer)
            return [], [Gap(video.id, window, f"the model's answer cannot be used: {answer}", self.name)]
        size_px = (video.width_px, video.height_px)
        held = guard(answer.said, window, shown, size_px, is_cut=answer.is_cut)
        for sentence in held.rejected:
            log.info("%s: rejected: %s", video.path, sentence)
        gaps = [Gap(video.id, held.lost, held.reason, self.name)] if held.lost else []
        return self._events(video, held), gaps

    def _events(self, video: Video, held: Guarded) -> list[Event]:
        return [
            Event.observed(
                video.id,
                seen.span,
                seen.text,
                source=self.name,
                model=self.model,
                confidence=seen.confidence,
                boxes=seen.boxes,
            )
            for seen in held.events
            if seen.confidence >= self._settings.least_confidence
        ]


def _read(reply: Reply) -> _Read:
    return _Read(read_events(reply), reply.is_cut)


def windows(segment: Span, window_s: float) -> list[Span]:
    """Windows of ``window_s`` that tile a segment, borders at whole tenths of a second; the last may be
    shorter."""
    edges = [segment.start_s]
    step = max(_TICK_S, window_s)
    k = 1
    while (edge := round((segment.start_s + k * step) / _TICK_S) * _TICK_S) < segment.end_s - _TICK_S:
        edges.append(round(edge, 1))
        k += 1
    return [Span(start_s, end_s) for start_s, end_s in pairwise([*edges, segment.end_s])]


def paired(batches: Iterator[Frames], segment: Segment, seen_s: list[float]) -> Iterator[Looks]:
    """The segment's looks as they are decoded; each asked instant that was goes into ``seen_s``.

    Of a look half of which could not be decoded, the other half is shown twice, at its own time. Times are those
    at which the pictures were on display: what was asked for, which lies between their stamp and the next.
    """
    partner = {}
    for first_s, second_s in zip(segment.at_s_T[0::PATCH_FRAMES], segment.at_s_T[1::PATCH_FRAMES], strict=True):
        partner[first_s], partner[second_s] = second_s, first_s
    held: tuple[float, np.ndarray] | None = None
    for frames in batches:
        at_s_T: list[float] = []
        pictures = []
        for at_s, rgb_HWC in zip(frames.at_s_T.tolist(), frames.rgb_THWC, strict=True):
            seen_s.append(at_s)
            if held is not None and partner[at_s] != held[0]:
                at_s_T += [held[0], held[0]]
                pictures += [held[1], held[1]]
                held = None
            if held is not None:
                at_s_T += [held[0], at_s]
                pictures += [held[1], rgb_HWC]
                held = None
            elif partner[at_s] < at_s:
                at_s_T += [at_s, at_s]
                pictures += [rgb_HWC, rgb_HWC]
            else:
                held = (at_s, rgb_HWC)
        if pictures:
            yield Looks(np.stack(pictures), np.array(at_s_T))
    if held is not None:
        yield Looks(np.stack([held[1], held[1]]), np.array([held[0], held[0]]))


def _noted(batches: Iterator[Looks], shown: list[float]) -> Iterator[Looks]:
    for looks in batches:
        shown += looks.marks_s
        yield looks
