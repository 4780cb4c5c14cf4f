"""People and vehicles cut out of real photographs, for recordings with known truth.

A detector trained on photographs does not take drawn figures for people, so the camera sample moves cut-outs of
real pictures through a generated scene. The pictures are read from the installed wheels of scikit-image and
matplotlib (their licences and checksums are in data/README.md); no code of these packages is imported.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoindex.errors import MissingDependencyError

__all__ = ["CUTOUTS", "Cutout", "CutoutRecipe", "cut_out"]

INSTALL_COMMAND = "pip install 'videoindex[demo]'"

_EDGE_PX = 7
"""GrabCut decides within this distance of the outline; further in or out the outline is believed."""

_GRABCUT_ROUNDS = 4


Polygon: TypeAlias = tuple[tuple[int, int], ...]
"""Corners (x, y) in pixels."""


@dataclass(frozen=True, slots=True)
class CutoutRecipe:
    """Where a picture lies and what is cut from it.

    ``outline_xy`` is a hand-drawn polygon in the picture's pixels, ``holes_xy`` polygons inside it that are
    see-through.
    ``cloth_top_px`` is the row from which pixels of ``cloth_hsv_range`` (low and high, OpenCV scale) can be dyed,
    save inside ``undyed_xy``. ``skin_xy`` is the face in a grey picture, which is given the colour of skin.
    """

    noun: str
    package: str
    file: str
    sha256: str
    outline_xy: Polygon
    cloth_top_px: int
    cloth_hsv_range: tuple[tuple[int, int, int], tuple[int, int, int]]
    holes_xy: tuple[Polygon, ...] = ()
    undyed_xy: Polygon = ()
    skin_xy: Polygon = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A picture with soft edges: ``rgb_HWC`` uint8 and ``alpha_HW`` float32 in [0, 1], cropped to the outline."""

    rgb_HWC: NDArray[np.uint8]
    alpha_HW: NDArray[np.float32]

    def resized(self, height_px: int) -> Cutout:
        old_height_px, old_width_px = self.alpha_HW.shape
        # One division, of whole numbers: a scale first would round ties by chance.
        size = (max(1, round(old_width_px * height_px / old_height_px)), height_px)
        rgb = cv2.resize(self.rgb_HWC, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha_HW, size, interpolation=cv2.INTER_AREA)
        return Cutout(np.asarray(rgb, np.uint8), np.asarray(alpha, np.float32))

    def mirrored(self) -> Cutout:
        return Cutout(np.ascontiguousarray(self.rgb_HWC[:, ::-1]), np.ascontiguousarray(self.alpha_HW[:, ::-1]))

    def paste_onto(self, picture_HWC: NDArray[np.uint8] | NDArray[np.float32], left_px: int, top_px: int) -> None:
        """Lays the cut-out over the picture, in place, its left top corner there; what lies outside is lost."""
        height_px, width_px = self.alpha_HW.shape
        x0, x1 = max(left_px, 0), min(left_px + width_px, picture_HWC.shape[1])
        y0, y1 = max(top_px, 0), min(top_px + height_px, picture_HWC.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        own = np.s_[y0 - top_px : y1 - top_px, x0 - left_px : x1 - left_px]
        alpha_HW1 = self.alpha_HW[own][..., None]
        patch = picture_HWC[y0:y1, x0:x1]
        patch[:] = (self.rgb_HWC[own] * alpha_HW1 + patch * (1 - alpha_HW1)).astype(patch.dtype)


# fmt: off
CUTOUTS = {
    "officer": CutoutRecipe(
        noun="person", package="matplotlib", file="mpl-data/sample_data/grace_hopper.jpg",
        sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        outline_xy=(
            (172, 82), (180, 62), (205, 45), (230, 26), (270, 24), (300, 42), (330, 55), (350, 75), (355, 90),
            (368, 92), (371, 140), (368, 175), (376, 190), (370, 240), (358, 255), (355, 285), (335, 305),
            (332, 312), (350, 330), (400, 358), (450, 375), (490, 395), (500, 420), (511, 450), (511, 599),
            (12, 599), (20, 500), (30, 430), (45, 390), (70, 372), (120, 360), (180, 345), (197, 320),
            (203, 305), (175, 285), (162, 270), (165, 250), (155, 215), (152, 190), (158, 160), (150, 130),
            (160, 100)),
        cloth_top_px=312, cloth_hsv_range=((0, 0, 0), (179, 255, 75)),
        undyed_xy=((190, 300), (338, 300), (326, 355), (300, 395), (250, 415), (212, 385), (198, 330))),
    "photographer": CutoutRecipe(
        noun="person", package="skimage", file="data/camera.png",
        sha256="b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        outline_xy=(
            (162, 105), (170, 85), (190, 68), (205, 63), (230, 70), (250, 85), (268, 105), (268, 128),
            (258, 137), (325, 138), (325, 165), (332, 175), (330, 200), (318, 222), (305, 232), (302, 272),
            (285, 292), (246, 312), (206, 294), (190, 325), (140, 382), (149, 430), (150, 511), (140, 511),
            (120, 475), (98, 446), (90, 511), (6, 511), (6, 330), (9, 258), (20, 232), (40, 200), (55, 165),
            (75, 140), (105, 125), (130, 122), (155, 106)),
        cloth_top_px=128, cloth_hsv_range=((0, 0, 0), (179, 255, 75)),
        undyed_xy=((160, 100), (164, 60), (270, 60), (272, 134), (332, 134), (334, 205), (290, 230), (262, 180),
                   (244, 200), (214, 198), (190, 168), (172, 150)),
        skin_xy=((178, 128), (205, 130), (252, 128), (256, 172), (243, 196), (215, 195), (194, 168), (178, 158))),
    "astronaut": CutoutRecipe(
        noun="person", package="skimage", file="data/astronaut.png",
        sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        outline_xy=(
            (153, 75), (165, 48), (190, 30), (220, 16), (255, 20), (285, 38), (300, 70), (301, 100),
            (290, 125), (275, 135), (262, 165), (258, 178), (285, 200), (303, 225), (306, 238), (330, 250),
            (345, 275), (355, 310), (362, 348), (395, 343), (430, 348), (465, 370), (485, 410), (493, 450),
            (500, 470), (495, 511), (42, 511), (30, 480), (25, 440), (20, 400), (28, 350), (35, 310),
            (50, 280), (70, 245), (115, 205), (117, 190), (130, 165), (150, 150), (183, 148), (180, 130),
            (170, 120), (158, 105)),
        cloth_top_px=195, cloth_hsv_range=((0, 110, 60), (22, 255, 255))),
    "motorcycle": CutoutRecipe(
        noun="motorcycle", package="skimage", file="data/motorcycle_left.png",
        sha256="db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
        outline_xy=(
            (92, 205), (100, 200), (140, 195), (147, 178), (138, 155), (148, 146), (162, 150), (168, 162),
            (230, 168), (280, 192), (345, 188), (385, 165), (355, 168), (358, 158), (400, 128), (440, 138),
            (468, 140), (475, 128), (496, 112), (494, 85), (506, 75), (540, 100), (532, 122), (560, 130),
            (568, 120), (580, 122), (578, 140), (562, 146), (560, 180), (545, 192), (552, 200), (575, 262),
            (600, 268), (630, 285), (645, 308), (660, 330), (680, 380), (684, 415), (672, 440), (650, 449),
            (610, 442), (570, 415), (530, 370), (512, 330), (506, 300), (475, 320), (455, 365), (400, 380),
            (345, 370), (345, 430), (325, 434), (335, 375), (280, 360), (265, 375), (230, 398), (195, 398),
            (155, 375), (128, 335), (122, 300), (130, 270), (150, 243), (125, 242), (112, 246), (100, 240),
            (108, 222), (92, 217)),
        cloth_top_px=0, cloth_hsv_range=((0, 130, 70), (8, 255, 255)),
        holes_xy=(
            ((482, 232), (494, 228), (504, 250), (522, 285), (508, 296), (502, 312), (482, 312), (480, 262)),
            ((540, 205), (548, 205), (566, 255), (538, 276), (524, 238)),
            ((398, 152), (425, 146), (462, 143), (440, 158), (410, 163)))),
}
# fmt: on


def _picture_path(recipe: CutoutRecipe) -> Path:
    """Where the package keeps the picture. Raises MissingDependencyError when it is not there or differs."""
    spec = find_spec(recipe.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / recipe.file
        if path.is_file():
            if hashlib.sha256(path.read_bytes()).hexdigest() != recipe.sha256:
                raise MissingDependencyError(f"{path} is not the expected picture; run: {INSTALL_COMMAND}")
            return path
    raise MissingDependencyError(
        f"the picture {recipe.file} of {recipe.package} is missing; run: {INSTALL_COMMAND}"
    )


def _filled(shape_HW: tuple[int, ...], polygon_xy: Polygon) -> NDArray[np.uint8]:
    """1 inside the polygon, 0 outside; all 0 for an empty one."""
    inside = np.zeros(shape_HW, np.uint8)
    if polygon_xy:
        cv2.fillPoly(inside, [np.array(polygon_xy, np.int32)], 1)
    return inside


def _mask(rgb_HWC: NDArray[np.uint8], recipe: CutoutRecipe) -> NDArray[np.float32]:
    """The outline, drawn by hand and refined by GrabCut (Rother et al. 2004) near its edge; soft, in [0, 1]."""
    inside = _filled(rgb_HWC.shape[:2], recipe.outline_xy)
    edge = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _EDGE_PX + 1, 2 * _EDGE_PX + 1))
    labels = np.full(inside.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(inside, edge) > 0] = cv2.GC_PR_BGD
    labels[inside > 0] = cv2.GC_PR_FGD
    labels[cv2.erode(inside, edge) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # GrabCut seeds its mixtures by k-means; the same cut-out every time.
    inner, outer = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb_HWC, labels, (0, 0, 1, 1), outer, inner, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    kept = np.asarray(cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    for hole in recipe.holes_xy:
        kept[_filled(kept.shape, hole) > 0] = 0
    _, parts, stats, _ = cv2.connectedComponentsWithStats(kept)
    kept = (parts == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])).astype(np.uint8)
    soft = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 1.1)
    return np.asarray(np.where(soft > 0.999, 1.0, soft), np.float32)


def _dyed(rgb_HWC: NDArray[np.uint8], recipe: CutoutRecipe, dye_rgb: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The picture with its cloth in ``dye_rgb``; folds stay, as brightness about the cloth's median."""
    hsv = cv2.cvtColor(rgb_HWC, cv2.COLOR_RGB2HSV)
    cloth = cv2.inRange(hsv, np.array(recipe.cloth_hsv_range[0]), np.array(recipe.cloth_hsv_range[1])) > 0
    cloth[: recipe.cloth_top_px] = False
    cloth[_filled(rgb_HWC.shape[:2], recipe.undyed_xy) > 0] = False
    soft = cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), 1.0)[..., None]
    grey = cv2.cvtColor(rgb_HWC, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = np.clip(1.0 + (grey - np.median(grey[cloth])) / 110.0, 0.35, 1.7)[..., None]
    dyed = light * np.array(dye_rgb, np.float32)
    return np.asarray(np.clip(rgb_HWC * (1 - soft) + dyed * soft, 0, 255), np.uint8)


def _with_skin_tone(rgb_HWC: NDArray[np.uint8], outline_xy: Polygon) -> NDArray[np.uint8]:
    """Warms a face in a grey picture, so that it does not look like a statue among coloured ones."""
    face = cv2.GaussianBlur(_filled(rgb_HWC.shape[:2], outline_xy).astype(np.float32), (0, 0), 4.0)[..., None]
    warm = rgb_HWC * np.array([1.12, 0.88, 0.72], np.float32)
    return np.asarray(np.clip(rgb_HWC * (1 - face) + warm * face, 0, 255), np.uint8)


@lru_cache(maxsize=len(CUTOUTS))
def _picture_and_mask(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The picture and its mask, in [0, 1]; kept, for the same figure is often wanted in several colours."""
    recipe = CUTOUTS[name]
    with Image.open(_picture_path(recipe)) as picture:
        rgb = np.asarray(picture.convert("RGB"), np.uint8)
    alpha = _mask(rgb, recipe)
    return (_with_skin_tone(rgb, recipe.skin_xy) if recipe.skin_xy else rgb), alpha


def cut_out(name: str, dye_rgb: tuple[int, int, int] | None = None) -> Cutout:
    """The cut-out ``name`` of `CUTOUTS`, its cloth (or paint) in ``dye_rgb`` when given.

    Raises MissingDependencyError when the package that carries the picture is not installed.
    """
    rgb, alpha = _picture_and_mask(name)
    if dye_rgb is not None:
        rgb = _dyed(rgb, CUTOUTS[name], dye_rgb)
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.02), np.flatnonzero(alpha.max(axis=0) > 0.02)
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Cutout(np.ascontiguousarray(rgb[box]), np.ascontiguousarray(alpha[box]))
