"""What is true in the recordings of benchmarks/questions.py, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from videoindex.errors import UsageError
from videoindex.evaluation.lecture_content import LECTURES, slides_of
from videoindex.evaluation.samples_lecture import Timeline, plan_lecture
from videoindex.evaluation.truth import SampleTruth
from videoindex.evaluation.voices import say
from videoindex.types import Span

_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class LectureTruth:
    """A lecture: the name of its file, and which slide is shown and what is said when."""

    video: str
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class CameraTruth:
    """A camera recording: visits by what a user would call the visitor, and what the wall clock showed at 0 s."""

    video: str
    camera: str
    starts_at: datetime
    looks: dict[str, tuple[Span, ...]]

    def visits(self, noun: str) -> tuple[Span, ...]:
        """All visits of motorcycles, or of people."""
        wanted = noun == "motorcycle"
        return tuple(
            sorted(s for look, spans in self.looks.items() if ("motorcycle" in look) == wanted for s in spans)
        )


def lecture_truth(sample: SampleTruth, seed: int) -> LectureTruth:
    """The timeline that ``make_lecture`` laid out: as many slides as fit, each sentence as long as it is said."""
    lecture = LECTURES[seed % len(LECTURES)]
    spoken_s: dict[str, float] = {}
    timeline: Timeline | None = None
    for count in range(1, 200):
        slides = tuple(islice(slides_of(lecture, seed), count))
        for text in slides[-1].narration:
            if text not in spoken_s:
                spoken_s[text] = len(say(text, rate_hz=_RATE_HZ)) / _RATE_HZ
        try:
            timeline = plan_lecture(slides, sample.duration_s, spoken_s)
        except UsageError:
            break
    if timeline is None:
        raise UsageError(f"{sample.path.name} is too short to hold a slide")
    shown = {query.query: query.windows for query in sample.queries}
    for showing in timeline.showings:
        windows = shown[f'a slide titled "{showing.slide.title}"']
        if all(showing.span.iou(window) < 0.99 for window in windows):
            raise UsageError(f"{sample.path.name} was laid out otherwise: its truth disagrees with its timeline")
    return LectureTruth(sample.path.name, timeline)


def camera_truth(sample: SampleTruth, camera: str, starts_at: datetime) -> CameraTruth:
    """Who passed when, from the sample's own truth: its queries that begin with what a visitor looks like."""
    general = ("is in the yard", "drives past", "comes in")
    looks = {
        query.query: query.windows
        for query in sample.queries
        if query.windows and not any(words in query.query for words in general)
    }
    return CameraTruth(sample.path.name, camera, starts_at, looks)
