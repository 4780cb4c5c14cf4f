"""The sample recordings keep their promises: pixels and sound are where the truth says they are."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from videoindex.errors import MissingDependencyError, UsageError
from videoindex.evaluation import cutouts
from videoindex.evaluation.lecture_content import LECTURES, slides_of
from videoindex.evaluation.samples import SampleTruth, make_camera, make_lecture
from videoindex.evaluation.samples_camera import CAST, plan_passages
from videoindex.evaluation.samples_lecture import plan_lecture
from videoindex.evaluation.samples_yard import WALL_TOP_PX
from videoindex.evaluation.truth import load_truth


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make_camera(tmp_path_factory.mktemp("camera") / "yard.mp4", minutes=0.5, activity=0.5, fps=6)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make_lecture(tmp_path_factory.mktemp("lecture") / "bees.mp4", minutes=0.5, fps=8)


def picture_at(path: Path, at_s: float) -> NDArray[np.uint8]:
    """The picture on display at ``at_s``."""
    with av.open(str(path)) as container:
        shown = [frame for frame in container.decode(video=0) if frame.time <= at_s + 1e-6]
        return shown[-1].to_ndarray(format="rgb24")


def windows_of(sample: SampleTruth, part: str) -> list[tuple[float, float]]:
    (query,) = [query for query in sample.queries if part in query.query]
    return [(window.start_s, window.end_s) for window in query.windows]


def test_truth_lies_next_to_the_recording(camera: SampleTruth, lecture: SampleTruth) -> None:
    for sample in (camera, lecture):
        saved = load_truth(sample.truth_path)
        assert [query.query for query in saved] == [query.query for query in sample.queries]
        assert {query.video for query in saved} == {sample.path.name}
        assert any(not query.windows for query in saved)
        assert all(0 <= w.start_s < w.end_s <= sample.duration_s for query in saved for w in query.windows)


def test_recordings_last_as_long_as_promised(camera: SampleTruth, lecture: SampleTruth) -> None:
    for sample in (camera, lecture):
        with av.open(str(sample.path)) as container:
            last = max(frame.time for frame in container.decode(video=0))
        assert sample.duration_s == 30.0
        assert 29.7 < last < 30.0


def test_somebody_is_in_the_yard_exactly_when_the_truth_says_so(camera: SampleTruth) -> None:
    windows = windows_of(camera, "in the yard") + windows_of(camera, "a motorcycle drives past")
    assert windows
    with av.open(str(camera.path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    empty = frames[0][1].astype(int)
    for at_s, grey in frames:
        # Above the wall and below the clock; sensor noise and the drift of light stay under 30 levels.
        differing = np.abs(grey[60:WALL_TOP_PX].astype(int) - empty[60:WALL_TOP_PX]) > 30
        inside = any(start_s + 1.0 < at_s < end_s - 1.0 for start_s, end_s in windows)
        outside = all(not start_s - 0.2 < at_s < end_s + 0.2 for start_s, end_s in windows)
        if inside:
            assert differing.mean() > 0.01, at_s
        if outside:
            assert differing.mean() < 0.0005, at_s


def test_the_camera_clock_moves_with_the_seconds(camera: SampleTruth) -> None:
    clocks = [picture_at(camera.path, at_s)[14:48, 14:300].astype(int) for at_s in (1.1, 1.9, 2.1)]
    assert np.abs(clocks[0] - clocks[1]).max() < 60
    assert np.abs(clocks[1] - clocks[2]).max() > 120


def test_the_red_jacket_is_red(camera: SampleTruth) -> None:
    ((start_s, end_s),) = windows_of(camera, "red jacket")
    picture = picture_at(camera.path, (start_s + end_s) / 2).astype(int)
    red = (
        (picture[..., 0] > 110)
        & (picture[..., 0] > 2.2 * picture[..., 1])
        & (picture[..., 0] > 2.2 * picture[..., 2])
    )
    assert red[:WALL_TOP_PX].sum() > 10_000


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


def test_the_same_seed_makes_the_same_pictures_and_another_seed_others(tmp_path: Path) -> None:
    def first_pictures(name: str, seed: int) -> NDArray[np.uint8]:
        return picture_at(make_camera(tmp_path / name, minutes=0.4, fps=1, seed=seed).path, 8.0)

    assert np.array_equal(first_pictures("a.mp4", 0), first_pictures("b.mp4", 0))
    assert not np.array_equal(first_pictures("a.mp4", 0), first_pictures("c.mp4", 1))


@settings(max_examples=60, deadline=None)
@given(st.floats(25, 3600), st.floats(0, 0.9), st.integers(0, 1000))
def test_passages_do_not_overlap_and_fill_about_the_asked_share(
    duration_s: float, activity: float, seed: int
) -> None:
    widths_px = {actor.query: 350 for actor in CAST}
    passages = plan_passages(duration_s, activity, seed, widths_px)
    assert passages[0].span.start_s >= 4.0
    assert passages[-1].span.end_s <= duration_s
    assert all(later.span.start_s - earlier.span.end_s >= 2.4 for earlier, later in pairwise(passages))
    filled_s = sum(passage.span.duration_s for passage in passages)
    assert filled_s <= activity * duration_s + 16.0
    if activity < 0.7:  # beyond that the rests between visits leave no room
        assert filled_s >= activity * duration_s - 26.0
    for passage in passages:
        assert passage.left_px_K[0] in (-350.0, 1280.0)
        assert passage.left_px_K[-1] in (-350.0, 1280.0)


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


def test_titles_of_a_long_lecture_differ() -> None:
    for lecture in LECTURES:
        endless = slides_of(lecture, 3)
        titles = [next(endless).title for _ in range(120)]
        assert len(set(titles)) == 120


def test_what_never_comes_up_is_neither_said_nor_shown() -> None:
    for lecture in LECTURES:
        endless = slides_of(lecture, 0)
        said = " ".join(text for _ in range(100) for text in next(endless).narration)
        assert not any(never in said for never in lecture.never_said)


def test_too_short_or_impossible_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too short for a visit"):
        make_camera(tmp_path / "a.mp4", minutes=0.1)
    with pytest.raises(UsageError, match="activity must lie"):
        make_camera(tmp_path / "a.mp4", activity=1.5)
    with pytest.raises(UsageError, match="too short for a lecture"):
        make_lecture(tmp_path / "a.mp4", minutes=0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_picture_names_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutouts, "find_spec", lambda package: None)
    cutouts._picture_and_mask.cache_clear()
    with pytest.raises(MissingDependencyError, match=r"pip install 'videoindex\[demo\]'"):
        cutouts.cut_out("officer")


def test_a_picture_that_is_not_the_expected_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(cutouts.CUTOUTS["officer"], sha256="0" * 64)
    monkeypatch.setitem(cutouts.CUTOUTS, "officer", other)
    cutouts._picture_and_mask.cache_clear()
    with pytest.raises(MissingDependencyError, match="not the expected picture"):
        cutouts.cut_out("officer")


@pytest.mark.parametrize("name", sorted(cutouts.CUTOUTS))
def test_a_cutout_has_a_solid_middle_and_nothing_in_its_corner(name: str) -> None:
    cutout = cutouts.cut_out(name)
    height_px, width_px = cutout.alpha_HW.shape
    assert cutout.rgb_HWC.shape == (height_px, width_px, 3)
    assert cutout.alpha_HW[height_px // 2, width_px // 2] == 1.0
    assert cutout.alpha_HW[:8, :8].max() < 0.05
    assert 0.3 < cutout.alpha_HW.mean() < 0.9
