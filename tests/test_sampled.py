"""Needles planted while frames are sampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needle_rows import film, needle

from videoindex.evaluation.needles import Matter
from videoindex.evaluation.planting import plant
from videoindex.evaluation.sampled import SampledPlanting
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import Probe, probe
from videoindex.types import Span

CARD = needle(Matter("still", "", "red"), 2.0, 3.0)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 6.0))


def red_share(rgb_HWC: np.ndarray) -> float:
    return float(np.all(np.abs(rgb_HWC.astype(int) - (215, 30, 35)) < 30, axis=-1).mean())


def frames(source: Probe, at_s: list[float], size_px: tuple[int, int] = (0, 0)) -> np.ndarray:
    decoder = SampledPlanting(PyavDecoder(), (CARD,))
    return np.concatenate([one.rgb_THWC for one in decoder.frames(source.video, at_s, size_px)])


@pytest.mark.parametrize("size_px", [(0, 0), (96, 64)])
def test_a_frame_shows_the_needle_when_its_instant_lies_in_the_span(
    source: Probe, size_px: tuple[int, int]
) -> None:
    shown = frames(source, [1.95, 2.0, 2.95, 3.0], size_px)
    assert [red_share(one) > 0.3 for one in shown] == [False, True, True, False]


def test_it_looks_as_a_spliced_copy_does(source: Probe, tmp_path: Path) -> None:
    copy = plant(source, Span(0.0, 6.0), [CARD], PyavDecoder(), tmp_path / "copy.mp4")
    at_s = [1.5, 2.5, 3.5]
    spliced = np.concatenate([one.rgb_THWC for one in PyavDecoder().frames(copy.video, at_s)])
    apart = np.abs(frames(source, at_s).astype(int) - spliced.astype(int)).mean(axis=(1, 2, 3))
    assert apart.max() < 4


def test_times_are_the_decoders_own(source: Probe) -> None:
    planted = SampledPlanting(PyavDecoder(), (CARD,))
    (own,) = PyavDecoder().frames(source.video, (2.5,))
    (other,) = planted.frames(source.video, (2.5,))
    assert np.array_equal(own.pts_s_T, other.pts_s_T)
    assert planted.name.endswith("needles planted")
