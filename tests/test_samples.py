"""Every sample recording lasts as promised and has its truth beside it; the demo's two are made by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from videoindex.evaluation import samples
from videoindex.evaluation.samples import SampleTruth, make_camera, make_lecture, make_samples
from videoindex.evaluation.samples_camera import CAMERA_STARTS_AT
from videoindex.evaluation.truth import load_truth
from videoindex.media.recorded_at import from_file_name


def short_camera(path: Path) -> SampleTruth:
    return make_camera(path, minutes=0.4, fps=1)


def short_lecture(path: Path) -> SampleTruth:
    return make_lecture(path, minutes=0.4, fps=2)


@pytest.mark.parametrize("make", [short_camera, short_lecture])
def test_a_sample_lasts_as_promised_and_its_truth_lies_beside_it(
    make: Callable[[Path], SampleTruth], tmp_path: Path
) -> None:
    sample = make(tmp_path / "made.mp4")
    with av.open(str(sample.path)) as container:
        times_s = [frame.time for frame in container.decode(video=0)]
    assert sample.duration_s == 24.0
    assert (times_s[0], times_s[-1]) == pytest.approx((0.0, 24.0), abs=1.01)
    saved = load_truth(sample.truth_path)
    assert [query.query for query in saved] == [query.query for query in sample.queries]
    assert {query.video for query in saved} == {"made.mp4"}
    assert any(not query.windows for query in saved)
    assert all(0 <= w.start_s < w.end_s <= sample.duration_s for query in saved for w in query.windows)


def test_the_demos_camera_file_is_named_after_its_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unmade(path: Path, minutes: float = 1.0, activity: float = 0.2, seed: int = 0) -> SampleTruth:
        return SampleTruth(path, 60 * minutes, ())

    monkeypatch.setattr(samples, "make_lecture", unmade)
    monkeypatch.setattr(samples, "make_camera", unmade)
    lecture, camera = make_samples(tmp_path)
    assert (lecture.duration_s, camera.duration_s) == (90.0, 60.0)
    named = from_file_name(camera.path.name)
    assert named is not None
    assert named.replace(tzinfo=None) == CAMERA_STARTS_AT.replace(tzinfo=None)
