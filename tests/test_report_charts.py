"""The pictures of the report."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from needle_rows import control, missed, row
from numpy.typing import NDArray
from PIL import Image

from videoindex.errors import MissingDependencyError
from videoindex.evaluation.report_charts import heat_map_png, panel_name, time_errors_png
from videoindex.evaluation.trials import TrialRow

FOUND, LOST = (0x1F, 0x7A, 0x68), (0xA8, 0x32, 0x2D)


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def share(png: bytes, colour: tuple[int, int, int]) -> float:
    return float(np.all(np.abs(pixels(png).astype(int) - colour) < 6, axis=-1).mean())


def grid(lost: int) -> list[TrialRow]:
    """Three lengths by four depths, of which the first ``lost`` cells are not found."""
    places = [(f"{length}m", 60.0 * length, depth) for length in (10, 2, 5) for depth in (0.1, 0.4, 0.6, 0.9)]
    return [
        (missed if n < lost else row)(n, length=label, length_s=length_s, depth=depth)
        for n, (label, length_s, depth) in enumerate(places)
    ]


def test_cells_are_coloured_by_their_recall() -> None:
    shares = [(share(png, FOUND), share(png, LOST)) for png in map(heat_map_png, map(grid, (0, 6, 12)))]
    found, lost = zip(*shares, strict=True)
    assert found[0] > 2 * found[1] - 0.05 > found[2]
    assert lost[0] < lost[1] < lost[2]
    assert lost[2] > 0.2


def test_the_same_trials_make_the_same_picture() -> None:
    assert heat_map_png(grid(3)) == heat_map_png(grid(3))
    assert time_errors_png(grid(3)) == time_errors_png(grid(3))


def test_every_arm_and_kind_has_its_panel() -> None:
    one = pixels(heat_map_png(grid(0)))
    rows = [*grid(0), *(row(n, kind="speech") for n in range(2)), *(row(n, arm="ask") for n in range(2))]
    more = pixels(heat_map_png(rows))
    assert more.shape[0] > 1.5 * one.shape[0]
    assert more.shape[1] > 1.5 * one.shape[1]


def test_errors_beyond_the_edge_are_drawn_at_it() -> None:
    near = time_errors_png([row(n, offset_s=0.1) for n in range(9)])
    far = time_errors_png([row(n, offset_s=0.1 if n else 300.0) for n in range(9)])
    assert share(near, LOST) == 0
    assert share(far, LOST) > 0


@pytest.mark.parametrize("draw", [heat_map_png, time_errors_png])
def test_nothing_to_draw_is_a_picture_that_says_so(draw) -> None:  # type: ignore[no-untyped-def]
    assert pixels(draw([control(0)])).shape[2] == 3
    assert pixels(draw([])).shape[2] == 3


def test_without_matplotlib_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'videoindex\[demo\]'"):
        heat_map_png(grid(0))


def test_panels_are_named() -> None:
    assert panel_name("ask", "speech", "blended") == "ask · speech, blended"
