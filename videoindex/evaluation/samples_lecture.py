"""The lecture sample: slides, a narration spoken by a synthetic voice, and the seconds of every sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import UsageError
from videoindex.evaluation.lecture_content import LECTURES, Lecture, Slide, slides_of
from videoindex.evaluation.slide_art import draw_slide, with_pointer
from videoindex.evaluation.truth import GroundingQuery, SampleTruth
from videoindex.evaluation.voices import say
from videoindex.media.recorder import record
from videoindex.perception.sentences import Said
from videoindex.types import Span, merge_spans

__all__ = ["Showing", "Timeline", "make_lecture", "plan_lecture"]

_RATE_HZ = 16_000
_LEAD_IN_S = 1.0
"""From a slide's first appearance to its first word."""

_REVEAL_AHEAD_S = 0.3
_PAUSE_SHARE = 0.3
"""A pause follows each sentence, this share of its length, and at least `_SHORTEST_PAUSE_S`."""

_SHORTEST_PAUSE_S = 0.9
_LONGEST_STRETCH = 2.0
_ROOM_NOISE = 0.0006


@dataclass(frozen=True, slots=True)
class Showing:
    """A slide on display over ``span``: its sentences, and from when on each of its lines is seen."""

    slide: Slide
    span: Span
    sentences: tuple[Said, ...]
    line_from_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Which slide is shown and what is said, when. Law: the showings touch each other and fill the recording."""

    showings: tuple[Showing, ...]

    @property
    def duration_s(self) -> float:
        return self.showings[-1].span.end_s


def _pause_s(spoken_s: float) -> float:
    return max(_SHORTEST_PAUSE_S, _PAUSE_SHARE * spoken_s)


def _least_s(slide: Slide, spoken_s: Mapping[str, float]) -> float:
    """How long a slide takes with pauses unstretched."""
    return _LEAD_IN_S + sum(spoken_s[text] + _pause_s(spoken_s[text]) for text in slide.narration)


def _show(slide: Slide, start_s: float, stretch: float, spoken_s: Mapping[str, float]) -> Showing:
    at_s = start_s + _LEAD_IN_S
    sentences: list[Said] = []
    for text in slide.narration:
        sentences.append(Said(Span(at_s, at_s + spoken_s[text]), text))
        at_s += spoken_s[text] + _pause_s(spoken_s[text]) * stretch
    starts_s = [sentence.span.start_s - _REVEAL_AHEAD_S for sentence in sentences]
    appear_s = tuple(
        starts_s[min(i, len(starts_s) - 1)] if slide.grows else start_s for i in range(len(slide.lines))
    )
    return Showing(slide, Span(start_s, at_s), tuple(sentences), appear_s)


def plan_lecture(slides: tuple[Slide, ...], duration_s: float, spoken_s: Mapping[str, float]) -> Timeline:
    """Lays the slides out over exactly ``duration_s``; ``spoken_s`` is how long each sentence takes to say.

    Pauses are stretched alike to fill the time, at most twofold; the last slide then stays until the end.
    Raises UsageError when the slides do not fit.
    """
    least_s = sum(_least_s(slide, spoken_s) for slide in slides)
    if not slides or least_s > duration_s:
        raise UsageError(f"{duration_s:g} s are too short for {len(slides)} slides that take {least_s:.0f} s")
    pauses_s = sum(_pause_s(spoken_s[text]) for slide in slides for text in slide.narration)
    stretch = min(_LONGEST_STRETCH, 1.0 + (duration_s - least_s) / pauses_s)
    showings: list[Showing] = []
    start_s = 0.0
    for slide in slides:
        showings.append(_show(slide, start_s, stretch, spoken_s))
        start_s = showings[-1].span.end_s
    last = showings[-1]
    showings[-1] = Showing(last.slide, Span(last.span.start_s, duration_s), last.sentences, last.line_from_s)
    return Timeline(tuple(showings))


def _speak_what_fits(
    lecture: Lecture, duration_s: float, seed: int
) -> tuple[tuple[Slide, ...], dict[str, NDArray[np.float32]]]:
    """As many slides as fit into the time, and every sentence's samples."""
    slides: list[Slide] = []
    voice: dict[str, NDArray[np.float32]] = {}
    used_s = 0.0
    for slide in slides_of(lecture, seed):
        for text in slide.narration:
            if text not in voice:
                voice[text] = say(text, rate_hz=_RATE_HZ)
        used_s += _least_s(slide, {text: len(voice[text]) / _RATE_HZ for text in slide.narration})
        if used_s > duration_s:
            break
        slides.append(slide)
    if not slides:
        raise UsageError(f"{duration_s:g} s are too short for a lecture; make it at least 0.3 minutes long")
    return tuple(slides), voice


def _sound(timeline: Timeline, voice: Mapping[str, NDArray[np.float32]], seed: int) -> NDArray[np.float32]:
    """The narration in a room that is never quite silent."""
    rng = np.random.default_rng((seed, 5))
    sound = rng.normal(0, _ROOM_NOISE, round(timeline.duration_s * _RATE_HZ)).astype(np.float32)
    for showing in timeline.showings:
        for sentence in showing.sentences:
            samples = voice[sentence.text]
            first = round(sentence.span.start_s * _RATE_HZ)
            sound[first : first + len(samples)] += samples[: len(sound) - first]
    return np.clip(sound, -1.0, 1.0)


def _pointer_at(at_s: float) -> tuple[int, int]:
    """The lecturer's pointer wanders over the figure."""
    return round(390 + 150 * math.sin(1.3 * at_s)), round(410 + 120 * math.sin(0.9 * at_s + 1.0))


def _frames(timeline: Timeline, fps: int, palette_number: int, course: str) -> Iterator[NDArray[np.uint8]]:
    for number, showing in enumerate(timeline.showings, start=1):
        shown_lines, picture = -1, np.zeros(0, np.uint8)
        first, end = math.ceil(showing.span.start_s * fps), math.ceil(showing.span.end_s * fps)
        for frame_number in range(first, end):
            at_s = frame_number / fps
            visible = sum(from_s <= at_s for from_s in showing.line_from_s)
            if visible != shown_lines:
                shown_lines = visible
                picture = draw_slide(showing.slide, visible, palette_number, f"{course}  ·  {number}")
            pointed_at = showing.slide.layout == "diagram"
            yield with_pointer(picture, *_pointer_at(at_s)) if pointed_at else picture


def _truth(video: str, timeline: Timeline, lecture: Lecture) -> tuple[GroundingQuery, ...]:
    """Titles and late bullets as on-screen text, one sentence a slide as speech, and what never comes up."""
    windows: dict[tuple[str, str], list[Span]] = {}
    for showing in timeline.showings:
        slide, end_s = showing.slide, showing.span.end_s
        windows.setdefault(("ocr", f'a slide titled "{slide.title}"'), []).append(showing.span)
        if slide.grows:
            late = Span(showing.line_from_s[-1], end_s)
            windows.setdefault(("ocr", f'the text "{slide.lines[-1]}"'), []).append(late)
        said = showing.sentences[min(1, len(showing.sentences) - 1)]
        quote = said.text.rstrip(".?")
        windows.setdefault(("speech", f'someone says "{quote}"'), []).append(said.span)
    found = [GroundingQuery(video, query, tuple(merge_spans(w)), kind) for (kind, query), w in windows.items()]
    never = (*(f'someone says "{text}"' for text in lecture.never_said), *lecture.never_shown)
    return (*found, *(GroundingQuery(video, query, (), "negative") for query in never))


def make_lecture(path: Path, minutes: float = 1.5, seed: int = 0, fps: int = 25) -> SampleTruth:
    """Writes a narrated slide lecture of ``minutes`` to ``path`` and its truth next to it.

    1280 x 720 H.264 with AAC speech; spoken for about two thirds of the time. Even and odd seeds are about
    different subjects. Raises UsageError when the time is too short, MissingDependencyError without a voice.
    """
    lecture = LECTURES[seed % len(LECTURES)]
    duration_s = round(minutes * 60 * fps) / fps
    slides, voice = _speak_what_fits(lecture, duration_s, seed)
    timeline = plan_lecture(slides, duration_s, {text: len(samples) / _RATE_HZ for text, samples in voice.items()})
    record(path, _frames(timeline, fps, seed, lecture.course), fps, _sound(timeline, voice, seed), _RATE_HZ)
    sample = SampleTruth(path, duration_s, _truth(path.name, timeline, lecture))
    sample.save()
    return sample
