"""A stage for cut-out people and vehicles with known times: pictures, scan and decoder without a file between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videoindex.evaluation.cutouts import Cutout
from videoindex.types import Frames, Scan, Span, Video

WIDTH_PX, HEIGHT_PX, LOOKS_HZ = 960, 540, 4


@dataclass(frozen=True)
class Actor:
    """A cut-out that is at ``left_px_K[k]`` at ``at_s_K[k]``, moves evenly between, and is not there otherwise."""

    cutout: Cutout
    at_s_K: tuple[float, ...]
    left_px_K: tuple[float, ...]
    bottom_px: int = 520


@dataclass(frozen=True)
class Stage:
    """Actors before a plain room; ``lights`` are times from which on the light has a gain."""

    duration_s: float
    actors: tuple[Actor, ...] = ()
    lights: tuple[tuple[float, float], ...] = ()
    grey: bool = False
    lost: tuple[Span, ...] = ()
    video: Video = field(init=False)

    def __post_init__(self) -> None:
        video = Video("stage", Path("stage.mp4"), Span(0.0, self.duration_s), WIDTH_PX, HEIGHT_PX, 25.0, False)
        object.__setattr__(self, "video", video)

    def picture(self, at_s: float) -> NDArray[np.uint8]:
        picture_HWC = _room().copy()
        for actor in self.actors:
            if actor.at_s_K[0] <= at_s < actor.at_s_K[-1]:
                left_px = round(float(np.interp(at_s, actor.at_s_K, actor.left_px_K)))
                top_px = actor.bottom_px - len(actor.cutout.alpha_HW)
                actor.cutout.paste_onto(picture_HWC, left_px, top_px)
        gain = next((gain for from_s, gain in reversed(self.lights) if at_s >= from_s), 1.0)
        noise_HWC = np.roll(_noise(), round(at_s * 4) * 7919)
        if self.grey:
            picture_HWC = np.repeat(picture_HWC.mean(axis=2, keepdims=True), 3, axis=2)
            noise_HWC = noise_HWC[..., :1]
        return np.asarray(np.clip(picture_HWC * np.float32(gain) + noise_HWC, 0, 255), np.uint8)

    def scan(self) -> Scan:
        """Change against the block's settled reference, as the real scan gives it."""
        times_T = np.arange(round(self.duration_s * LOOKS_HZ)) / LOOKS_HZ
        rows, reference_HW = [np.full((9, 16), 255, np.uint8)], self._small(0.0)
        for at_s in times_T[1:]:
            now_HW = self._small(float(at_s))
            share_RC = (np.abs(now_HW - reference_HW) > 12).reshape(9, 20, 16, 20).mean(axis=(1, 3))
            fired_HW = np.kron(share_RC >= 0.02, np.ones((20, 20), bool))
            reference_HW = np.where(fired_HW, now_HW, reference_HW)
            rows.append(np.round(share_RC * 255).astype(np.uint8))
        return Scan(times_T.astype(np.float64), np.stack(rows), (), ())

    def _small(self, at_s: float) -> NDArray[np.float32]:
        small_HWC = cv2.resize(self.picture(at_s), (320, 180), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small_HWC, cv2.COLOR_RGB2GRAY).astype(np.float32)


class StageDecoder:
    """Gives the stage's pictures; instants in ``stage.lost`` are absent, as a decoder leaves out damage."""

    name = "stage"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        given = [at_s for at_s in at_s_T if not any(at_s in span for span in self._stage.lost)]
        size_px = (WIDTH_PX, HEIGHT_PX) if size_px == (0, 0) else size_px
        for k in range(0, len(given), batch_frames):
            at_s_B = np.asarray(given[k : k + batch_frames], np.float64)
            pictures = [cv2.resize(self._stage.picture(float(at_s)), size_px) for at_s in at_s_B]
            yield Frames(np.stack(pictures).astype(np.uint8), at_s_B, at_s_B)


@cache
def _room() -> NDArray[np.float32]:
    room_HWC = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.float32)
    floor_px = int(HEIGHT_PX * 0.6)
    room_HWC[:floor_px] = np.linspace(205, 185, floor_px)[:, None, None] * np.array([1, 0.97, 0.9])
    room_HWC[floor_px:] = np.linspace(120, 150, HEIGHT_PX - floor_px)[:, None, None] * np.array([1, 0.85, 0.7])
    room_HWC[80:250, 90:310] = (150, 190, 225)
    room_HWC[90:floor_px, 680:800] = (130, 100, 80)
    return room_HWC


@cache
def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 2, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32)
