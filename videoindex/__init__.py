"""videoindex finds the second in which something happens in hours of video.

The public names are the nouns and the root error; they are loaded on first use, so that ``import videoindex``
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videoindex.errors import VideoIndexError
    from videoindex.types import Answer, Coverage, Event, Frames, Gap, Moment, Scan, Segment, Span, Video

__all__ = [
    "Answer",
    "Coverage",
    "Event",
    "Frames",
    "Gap",
    "Moment",
    "Scan",
    "Segment",
    "Span",
    "Video",
    "VideoIndexError",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'videoindex' has no attribute {name!r}")
    import importlib

    home = "videoindex.errors" if name == "VideoIndexError" else "videoindex.types"
    return getattr(importlib.import_module(home), name)
