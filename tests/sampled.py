"""Looking into sample recordings: the picture at a time, and the windows of a query."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from videoindex.evaluation.truth import SampleTruth


def picture_at(path: Path, at_s: float) -> NDArray[np.uint8]:
    """The picture on display at ``at_s``: rgb_HWC."""
    shown = None
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time > at_s + 1e-6:
                break
            shown = frame
        assert shown is not None, f"nothing is on display at {at_s} s"
        return shown.to_ndarray(format="rgb24")


def windows_of(sample: SampleTruth, part: str) -> list[tuple[float, float]]:
    """The windows of the one query that holds ``part``."""
    (query,) = [query for query in sample.queries if part in query.query]
    return [(window.start_s, window.end_s) for window in query.windows]
