"""The camera sample: somebody is in the picture when the truth says so, and nobody otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sampled import picture_at, windows_of

from videoindex.errors import UsageError
from videoindex.evaluation import samples_camera
from videoindex.evaluation.samples_camera import CAST, make_camera, plan_passages
from videoindex.evaluation.samples_yard import WALL_TOP_PX
from videoindex.evaluation.truth import SampleTruth


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make_camera(tmp_path_factory.mktemp("camera") / "yard.mp4", minutes=0.5, activity=0.5, fps=2)


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


def test_the_same_seed_makes_the_same_pictures_and_another_seed_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[NDArray[np.uint8]] = []

    def kept(path: Path, frames_HWC: Iterator[NDArray[np.uint8]], fps: int) -> None:
        drawn.append(next(islice(frames_HWC, 8 * fps, None)))

    monkeypatch.setattr(samples_camera, "record", kept)
    for seed in (0, 0, 1):
        make_camera(tmp_path / "a.mp4", minutes=0.4, fps=1, seed=seed)
    first, again, other = drawn
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


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
    if len(passages) > 1:  # one visit there is, however long
        assert filled_s - passages[-1].span.duration_s / 2 <= activity * duration_s + 1e-6
    if activity < 0.7:  # beyond that the rests between visits leave no room
        assert filled_s >= activity * duration_s - 26.0
    for passage in passages:
        assert passage.left_px_K[0] in (-350.0, 1280.0)
        assert passage.left_px_K[-1] in (-350.0, 1280.0)


def test_too_short_or_impossible_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too short for a visit"):
        make_camera(tmp_path / "a.mp4", minutes=0.1)
    with pytest.raises(UsageError, match="activity must lie"):
        make_camera(tmp_path / "a.mp4", activity=1.5)
    assert list(tmp_path.iterdir()) == []
