"""Text drawn here is found where it was drawn, and read as it was written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from slides import Planted, drawn, plain

from videoindex.errors import BackendError, MissingDependencyError
from videoindex.perception import ocr
from videoindex.perception.ocr import Reading, TextReader, decode_ctc

READER = TextReader()


def test_lines_are_found_in_place_and_read() -> None:
    lines = [
        Planted("Gradient descent converges", 0, 1, 60, 40, 40),
        Planted("when the step is small enough", 0, 1, 90, 140, 16, (90, 90, 90)),
    ]
    picture = drawn(plain((250, 250, 240))(0.0), lines, 0.0)
    found = READER.find(picture, 384 / 720)
    readings = READER.read(picture, found)
    assert [reading.text for reading in readings] == [line.text for line in lines]
    assert all(reading.confidence > 0.9 for reading in readings)
    for region, line in zip(found, lines, strict=True):
        left, top, right, bottom = region.bounds_px
        assert left == pytest.approx(line.x_px, abs=12)
        assert top - 12 <= line.y_px <= bottom
        assert right - left > 8 * line.height_px


def test_a_tilted_line_is_read() -> None:
    image = Image.new("RGB", (640, 360), (255, 255, 255))
    ImageDraw.Draw(image).text((120, 150), "quarterly budget", font=ImageFont.load_default(40), fill=(0, 0, 0))
    picture = np.asarray(image.rotate(12, fillcolor=(255, 255, 255)))
    assert [reading.text for reading in READER.read(picture, READER.find(picture))] == ["quarterly budget"]


def test_a_picture_without_text_gives_nothing() -> None:
    ramp_W = np.linspace(20, 230, 640).astype(np.uint8)
    picture = np.repeat(np.broadcast_to(ramp_W, (384, 640))[..., None], 3, axis=2)
    assert READER.find(picture) == []
    assert READER.read(picture, []) == []


def test_ctc_collapses_repeats_and_drops_blanks() -> None:
    classes = [0, 1, 1, 0, 1, 2, 2, 0]
    probability_TC = np.full((len(classes), 3), 0.05, np.float32)
    probability_TC[np.arange(len(classes)), classes] = 0.9
    reading = decode_ctc(probability_TC, ("", "a", "b"))
    assert reading.text == "aab"
    assert reading.confidence == pytest.approx(0.9)
    assert decode_ctc(probability_TC[:1], ("", "a", "b")) == Reading("", 0.0)


def test_missing_weights_name_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install rapidocr"):
        TextReader().find(np.zeros((32, 32, 3), np.uint8))


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "PP-OCRv6_det_small.onnx").write_bytes(b"something else")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(ocr.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(BackendError, match="sha256"):
        TextReader().find(np.zeros((32, 32, 3), np.uint8))
