"""Cut-outs: solid inside, nothing at the corner, dyed where they may be, laid over a picture where asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import MissingDependencyError
from videoindex.evaluation import cutouts
from videoindex.evaluation.cutouts import Cutout


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


def test_a_dye_colours_the_cloth_and_leaves_the_face() -> None:
    plain, dyed = cutouts.cut_out("astronaut"), cutouts.cut_out("astronaut", (20, 60, 200))
    assert np.array_equal(plain.alpha_HW, dyed.alpha_HW)
    changed_HW = (np.abs(plain.rgb_HWC.astype(int) - dyed.rgb_HWC).max(axis=2) > 20) & (plain.alpha_HW == 1.0)
    height_px = len(changed_HW)
    assert not changed_HW[: height_px // 3].any()
    assert changed_HW[height_px // 2 :].mean() > 0.2
    red, _, blue = dyed.rgb_HWC[changed_HW].mean(axis=0)
    assert blue > 2 * red


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 90))
def test_a_resized_cutout_keeps_its_shape_and_mirroring_twice_changes_nothing(
    width_px: int, height_px: int, wanted_px: int
) -> None:
    rng = np.random.default_rng(0)
    rgb_HWC = rng.integers(0, 256, (height_px, width_px, 3)).astype(np.uint8)
    cutout = Cutout(rgb_HWC, rng.random((height_px, width_px)).astype(np.float32))
    resized = cutout.resized(wanted_px)
    assert resized.rgb_HWC.shape == (*resized.alpha_HW.shape, 3)
    assert resized.alpha_HW.shape == (wanted_px, max(1, round(width_px * wanted_px / height_px)))
    twice = cutout.mirrored().mirrored()
    assert np.array_equal(twice.rgb_HWC, cutout.rgb_HWC)
    assert np.array_equal(twice.alpha_HW, cutout.alpha_HW)


@given(st.integers(-40, 70), st.integers(-40, 50))
def test_a_pasted_cutout_covers_its_place_and_nothing_else(left_px: int, top_px: int) -> None:
    picture_HWC = np.full((40, 60, 3), 10, np.uint8)
    Cutout(np.full((20, 30, 3), 200, np.uint8), np.full((20, 30), 0.5, np.float32)).paste_onto(
        picture_HWC, left_px, top_px
    )
    rows, columns = np.mgrid[0:40, 0:60]
    inside = (rows >= top_px) & (rows < top_px + 20) & (columns >= left_px) & (columns < left_px + 30)
    assert (picture_HWC[inside] == 105).all()
    assert (picture_HWC[~inside] == 10).all()
