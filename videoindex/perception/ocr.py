"""Finding and reading lines of text in a picture: PP-OCRv6 (small) on onnxruntime.

The weights are those that the rapidocr wheel carries (Apache-2.0); they are loaded as data, checked against
their sha256, and nothing is ever downloaded. The two networks and the numbers around them are PaddleOCR's:

- detection: differentiable binarisation (Liao et al., arXiv:1911.08947): a map of text probability,
  thresholded, one least rectangle around each region, grown by area x ratio / perimeter;
- recognition: a line scaled to 48 px in height, one distribution over characters every 8 px, decoded greedily
  as connectionist temporal classification does (repeats collapsed, blanks dropped).
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, MissingDependencyError

__all__ = ["MODEL", "FoundText", "Reading", "TextReader", "decode_ctc"]

MODEL = "PP-OCRv6-small"
_INSTALL = "pip install rapidocr==3.10.0"
_DETECTION = (
    "PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
_RECOGNITION = (
    "PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)

_STRIDE_PX = 32  # the detection network wants sides in multiples of this
_PIXEL_THRESHOLD = 0.3  # probability from which a pixel belongs to text
_REGION_THRESHOLD = 0.5  # least mean probability inside a region's rectangle
_GROWTH_RATIO = 1.6
_LEAST_SIDE_PX = 3  # in the probability map
_LINE_HEIGHT_PX = 48
_LEAST_LINE_WIDTH_PX = 320  # narrower lines are padded: the network saw none narrower in training
_MOST_LINE_WIDTH_PX = 2304
_VERTICAL_RATIO = 1.5  # a region this much taller than wide holds a line turned by a quarter


@dataclass(frozen=True, slots=True)
class FoundText:
    """A region that holds text: its four corners in pixels, clockwise from top left, and the mean probability."""

    corners_px: tuple[tuple[float, float], ...]
    score: float

    @property
    def bounds_px(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the upright rectangle around the region."""
        xs, ys = zip(*self.corners_px, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def shifted(self, left_px: float, top_px: float) -> FoundText:
        """The same region in a picture whose origin lies further up and left."""
        return FoundText(tuple((x + left_px, y + top_px) for x, y in self.corners_px), self.score)


@dataclass(frozen=True, slots=True)
class Reading:
    """The text read in one region and the mean probability of its characters, in [0, 1]."""

    text: str
    confidence: float


class TextReader:
    """Both networks. Cheap to make: they load on first use. Safe to call from several threads.

    ``threads`` bounds onnxruntime's workers. Raises MissingDependencyError when the weights are not installed
    and BackendError when they are not the ones that were tested.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._detection: Any = None
        self._recognition: Any = None
        self._characters: tuple[str, ...] = ()

    def find(self, rgb_HWC: NDArray[np.uint8], scale: float = 1.0) -> list[FoundText]:
        """The regions with text in a picture, looked at ``scale`` times its size, in pixels of the picture."""
        import cv2

        height_px, width_px = rgb_HWC.shape[:2]
        size_px = (_to_stride(width_px * scale), _to_stride(height_px * scale))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(rgb_HWC, size_px, interpolation=interpolation)
        self._load()
        probability_HW = self._detection.run(None, {"x": _network_input(resized)})[0][0, 0]
        found = list(_regions(probability_HW, width_px / size_px[0], height_px / size_px[1]))
        return sorted(found, key=lambda text: (text.bounds_px[1], text.bounds_px[0]))

    def read(self, rgb_HWC: NDArray[np.uint8], found: Sequence[FoundText]) -> list[Reading]:
        """What stands in each of the regions ``found`` in the picture, in their order."""
        self._load()
        return [self._read_line(_straightened(rgb_HWC, region)) for region in found]

    def _read_line(self, line_HWC: NDArray[np.uint8]) -> Reading:
        import cv2

        width_px = math.ceil(_LINE_HEIGHT_PX * line_HWC.shape[1] / line_HWC.shape[0])
        width_px = min(max(width_px, 8), _MOST_LINE_WIDTH_PX)
        resized = cv2.resize(line_HWC, (width_px, _LINE_HEIGHT_PX))
        padded = np.zeros((1, 3, _LINE_HEIGHT_PX, max(width_px, _LEAST_LINE_WIDTH_PX)), np.float32)
        padded[..., :width_px] = _network_input(resized)
        probability_TC = self._recognition.run(None, {"x": padded})[0][0]
        return decode_ctc(probability_TC, self._characters)

    def _load(self) -> None:
        with self._lock:
            if self._recognition is None:
                self._detection = _open_network(_weights(*_DETECTION), self._threads)
                recognition = _open_network(_weights(*_RECOGNITION), self._threads)
                listed = recognition.get_modelmeta().custom_metadata_map["character"].splitlines()
                self._characters = ("", *listed, " ")
                self._recognition = recognition


def decode_ctc(probability_TC: NDArray[np.float32], characters: Sequence[str]) -> Reading:
    """The likeliest class at each step, repeats collapsed, class 0 (blank) dropped, and their mean probability."""
    classes_T = probability_TC.argmax(axis=1)
    kept_T = classes_T != 0
    kept_T[1:] &= classes_T[1:] != classes_T[:-1]
    if not kept_T.any():
        return Reading("", 0.0)
    confidence = float(probability_TC.max(axis=1)[kept_T].mean())
    return Reading("".join(characters[i] for i in classes_T[kept_T]), min(max(confidence, 0.0), 1.0))


def _weights(file_name: str, sha256: str) -> bytes:
    """One weight file out of the installed rapidocr package, checked."""
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(f"on-screen text needs the weights in rapidocr: run `{_INSTALL}`")
    path = Path(spec.submodule_search_locations[0]) / "models" / file_name
    if not path.is_file():
        raise MissingDependencyError(f"{path} is missing from the rapidocr package: run `{_INSTALL}`")
    weights = path.read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    if digest != sha256:
        raise BackendError(f"{path} has sha256 {digest}, expected {sha256}: run `{_INSTALL}`")
    return weights


def _open_network(weights: bytes, threads: int) -> Any:
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena would keep the memory of the largest picture ever seen
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _network_input(rgb_HWC: NDArray[Any]) -> NDArray[np.float32]:
    """Blue-green-red planes in [-1, 1], as both networks were trained."""
    bgr_CHW = rgb_HWC[..., ::-1].transpose(2, 0, 1)
    return np.ascontiguousarray(bgr_CHW[None], dtype=np.float32) / 127.5 - 1.0


def _to_stride(length_px: float) -> int:
    return max(_STRIDE_PX, round(length_px / _STRIDE_PX) * _STRIDE_PX)


def _regions(probability_HW: NDArray[np.float32], scale_x: float, scale_y: float) -> Iterator[FoundText]:
    """Least rectangles around the regions of text in a probability map, grown to the letters' full height."""
    import cv2

    mask_HW = cv2.dilate((probability_HW > _PIXEL_THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask_HW, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_SIDE_PX:
            continue
        score = _mean_inside(probability_HW, cv2.boxPoints((centre, (width, height), angle)))
        if score < _REGION_THRESHOLD:
            continue
        growth = width * height * _GROWTH_RATIO / (2 * (width + height))
        corners = cv2.boxPoints((centre, (width + 2 * growth, height + 2 * growth), angle))
        yield FoundText(_clockwise(corners * (scale_x, scale_y)), score)


def _mean_inside(probability_HW: NDArray[np.float32], corners: NDArray[Any]) -> float:
    import cv2

    height, width = probability_HW.shape
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 1, (width, height))
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.round(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(probability_HW[top:bottom, left:right], mask)[0])


def _clockwise(corners: NDArray[Any]) -> tuple[tuple[float, float], ...]:
    """Four corners from the top left on, clockwise."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    (top_left, bottom_left), (top_right, bottom_right) = (
        side[np.argsort(side[:, 1], kind="stable")] for side in (left, right)
    )
    return tuple((float(x), float(y)) for x, y in (top_left, top_right, bottom_right, bottom_left))


def _straightened(rgb_HWC: NDArray[np.uint8], region: FoundText) -> NDArray[np.uint8]:
    """The region's pixels with its text running from left to right."""
    import cv2

    corners = np.array(region.corners_px, np.float32)
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(1, round(float(np.linalg.norm(corners[3] - corners[0]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(corners, target)
    line = cv2.warpPerspective(
        rgb_HWC, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    if height >= width * _VERTICAL_RATIO:
        line = np.rot90(line)
    return np.ascontiguousarray(line, dtype=np.uint8)
