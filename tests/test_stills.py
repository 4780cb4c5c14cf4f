"""Stills show the picture of their instant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import planted
import pytest
from clipped import SIZE
from PIL import Image

from videoindex.errors import DecodeError
from videoindex.media.decoders import open_decoder
from videoindex.media.probe import probe
from videoindex.media.stills import save_still


@pytest.mark.parametrize(("at_s", "number"), [(0.0, 0), (1.03, 25), (1.04, 26)])
def test_a_still_is_the_picture_on_display(tmp_path: Path, at_s: float, number: int) -> None:
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 50), size_px=SIZE)
    frame_s = save_still(open_decoder(), probe(film.path).video, at_s, tmp_path / "still.jpg")
    assert frame_s == pytest.approx(number / 25)
    with Image.open(tmp_path / "still.jpg") as image:
        assert image.format == "JPEG"
        assert planted.read(np.asarray(image.convert("RGB"))) == number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "still.jpg"]


def test_where_nothing_can_be_decoded_nothing_is_saved(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 50), size_px=SIZE)
    video = probe(film.path).video
    assert save_still(open_decoder(), video, 99.0, tmp_path / "still.jpg") is None
    assert not (tmp_path / "still.jpg").exists()
    film.path.unlink()
    with pytest.raises(DecodeError):
        save_still(open_decoder(), video, 1.0, tmp_path / "still.jpg")
