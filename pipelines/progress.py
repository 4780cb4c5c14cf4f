"""How far an ingest has come: a bar with the time left for a person, plain lines for a log."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as RichProgress,
)

from videoindex.types import Segment, Video

__all__ = ["BarProgress", "LineProgress", "Progress", "terminal_progress"]

# The scan's share of a whole ingest, as the bar shows it.
SCAN_SHARE = 0.15


class Progress:
    """Is told of every step, perhaps from several threads; this one says nothing."""

    def started(self, video: Video) -> None:
        """Work on ``video`` begins."""

    def scanned(self, video: Video, done_s: float) -> None:
        """The scan has come this far."""

    def planned(self, video: Video, segments: list[Segment]) -> None:
        """The scan is done, and these segments are to be observed."""

    def observed(self, video: Video, segment: Segment) -> None:
        """One of them was."""

    def finished(self, path: Path, status: str, reason: str | None) -> None:
        """The recording was indexed, skipped, or failed for ``reason``."""


class LineProgress(Progress):
    """One line on stderr where something begins or ends, for logs and pipes."""

    def planned(self, video: Video, segments: list[Segment]) -> None:
        print(f"{video.path.name}: scanned, {len(segments)} segments to observe", file=sys.stderr)

    def finished(self, path: Path, status: str, reason: str | None) -> None:
        print(f"{path.name}: {status}{f': {reason}' if reason else ''}", file=sys.stderr)


class BarProgress(Progress):
    """A bar on the terminal: scan, then segments weighted by their length, with the time left."""

    def __init__(self) -> None:
        self._bar = RichProgress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.description}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None
        self._step_per_s = 0.0

    def started(self, video: Video) -> None:
        self._bar.start()
        self._task = self._bar.add_task("scanning", total=1.0, name=video.path.name)

    def scanned(self, video: Video, done_s: float) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=SCAN_SHARE * min(1.0, done_s / video.span.duration_s))

    def planned(self, video: Video, segments: list[Segment]) -> None:
        work_s = sum(segment.span.duration_s for segment in segments)
        self._step_per_s = (1.0 - SCAN_SHARE) / work_s if work_s else 0.0
        if self._task is not None:
            self._bar.update(self._task, completed=SCAN_SHARE, description="observing")

    def observed(self, video: Video, segment: Segment) -> None:
        if self._task is not None:
            step = self._step_per_s * segment.span.duration_s
            self._bar.update(self._task, advance=step, description=segment.observer)

    def finished(self, path: Path, status: str, reason: str | None) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._bar.stop()
            self._task = None
        self._bar.console.print(f"{path.name}: {status}{f': {reason}' if reason else ''}", markup=False)


def terminal_progress() -> Progress:
    """A bar when a person sees stderr, lines otherwise."""
    return BarProgress() if sys.stderr.isatty() else LineProgress()
