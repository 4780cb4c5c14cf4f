"""The one protocol that the rest of the system knows observers by."""

from __future__ import annotations

from typing import Protocol

from videoindex.types import Observation, Scan, Segment, Video

__all__ = ["Observer"]


class Observer(Protocol):
    """Watches segments of a video and writes down events.

    ``fingerprint`` is a short text that holds everything which changes what is observed: settings, prompt,
    model, revision. It is part of every artifact's key, so a changed fingerprint re-observes.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def shortest_event_s(self) -> float:
        """Nothing shorter than this is sure to be seen by this observer."""
        ...

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """The units of work for ``video``: cheap, deterministic, no model loaded. Empty when not applicable."""
        ...

    def observe(self, video: Video, segment: Segment) -> Observation:
        """Looks at one segment. Deterministic for equal input; events lie inside the segment's span."""
        ...
