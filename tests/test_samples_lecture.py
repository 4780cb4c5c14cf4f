"""The lecture sample: slides, bullets and sentences come at the seconds that the truth gives them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import picture_at, windows_of

from videoindex.errors import UsageError
from videoindex.evaluation.lecture_content import LECTURES, slides_of
from videoindex.evaluation.samples_lecture import make_lecture, plan_lecture
from videoindex.evaluation.truth import SampleTruth


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make_lecture(tmp_path_factory.mktemp("lecture") / "bees.mp4", minutes=0.5, fps=8)


def test_a_growing_slide_gains_its_last_bullet_at_the_true_second(lecture: SampleTruth) -> None:
    ((start_s, _),) = windows_of(lecture, "Landmarks learned in flight")
    before, after = (picture_at(lecture.path, start_s + shift_s) for shift_s in (-0.3, 0.3))
    changed_rows = np.flatnonzero((np.abs(before.astype(int) - after) > 60).any(axis=(1, 2)))
    # The third bullet of three stands at 402 px; nothing above it moves.
    assert len(changed_rows)
    assert changed_rows[0] >= 400
    assert changed_rows[-1] < 460


def test_speech_sounds_in_its_windows_and_not_just_before(lecture: SampleTruth) -> None:
    with av.open(str(lecture.path)) as container:
        rate_hz = container.streams.audio[0].rate
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert frames[0].time == pytest.approx(0.0, abs=0.07)
    quotes = [query for query in lecture.queries if query.kind == "speech"]
    assert quotes
    for quote in quotes:
        (window,) = quote.windows
        said = sound[round(window.start_s * rate_hz) : round(window.end_s * rate_hz)]
        pause = sound[round((window.start_s - 0.5) * rate_hz) : round((window.start_s - 0.1) * rate_hz)]
        assert said.std() > 0.02
        assert pause.std() < 0.005


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.integers(1, 30), st.floats(0, 200), st.floats(0.8, 6.0))
def test_a_lecture_is_shown_without_holes_and_spoken_within_its_slides(
    seed: int, slide_count: int, spare_s: float, sentence_s: float
) -> None:
    endless = slides_of(LECTURES[seed % 2], seed)
    slides = tuple(next(endless) for _ in range(slide_count))
    spoken_s = {text: sentence_s for slide in slides for text in slide.narration}
    duration_s = (
        sum(1.0 + len(slide.narration) * (sentence_s + max(0.9, 0.3 * sentence_s)) for slide in slides) + 1e-6
    )
    timeline = plan_lecture(slides, duration_s + spare_s, spoken_s)
    assert timeline.showings[0].span.start_s == 0.0
    assert timeline.duration_s == duration_s + spare_s
    for earlier, later in pairwise(timeline.showings):
        assert earlier.span.end_s == later.span.start_s
    for showing in timeline.showings:
        assert all(at_s in showing.span for at_s in showing.line_from_s)
        spans = [sentence.span for sentence in showing.sentences]
        assert all(showing.span.start_s < span.start_s < span.end_s <= showing.span.end_s for span in spans)
        assert all(earlier.end_s < later.start_s for earlier, later in pairwise(spans))


def test_slides_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    opening = LECTURES[0].opening
    spoken_s = {text: 3.0 for slide in opening for text in slide.narration}
    with pytest.raises(UsageError, match="too short for 5 slides"):
        plan_lecture(opening, 20.0, spoken_s)
    with pytest.raises(UsageError, match="too short for a lecture"):
        make_lecture(tmp_path / "a.mp4", minutes=0.05)
    assert list(tmp_path.iterdir()) == []
