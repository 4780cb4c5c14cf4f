"""Decoders that fail on purpose, for the guard to catch."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from videoindex.types import Frames, Video


class _Broken:
    """Gives black frames, one a batch, and at the third instant does what its subclass does."""

    name = "broken"

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        for number, at_s in enumerate(at_s_T):
            if number == 2:
                self.fail()
            black = np.zeros((1, video.height_px, video.width_px, 3), dtype=np.uint8)
            yield Frames(black, np.array([at_s]), np.array([at_s]))

    def fail(self) -> None:
        """What goes wrong."""


class HangingDecoder(_Broken):
    def fail(self) -> None:
        time.sleep(3600)


class CrashingDecoder(_Broken):
    def fail(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class GreedyDecoder(_Broken):
    def fail(self) -> None:
        np.ones(8 << 30, dtype=np.uint8)


class WritingDecoder(_Broken):
    def fail(self) -> None:
        with open(os.environ["BROKEN_WRITES_TO"], "wb") as file:
            file.write(b"x" * (4 << 20))
            file.flush()


class ConfusedDecoder(_Broken):
    def fail(self) -> None:
        raise ValueError("the sky is green")


def hang(path: Path, *arguments: object) -> object:
    """Work on a file that never ends."""
    time.sleep(3600)
    return {}


def crash(path: Path, *arguments: object) -> object:
    """Work on a file that brings its process down."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def babble(path: Path, *arguments: object) -> object:
    """What a process says that was taken over."""
    return {"video": {"id": "x", "recorded_at": None, "span_s": ["soon", "later"]}}


def hush(path: Path, *arguments: object) -> object:
    """What a process says that leaves sound out."""
    return {"pcm_s16le": "", "broken_s": [], "break_off": ""}
