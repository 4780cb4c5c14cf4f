"""The one cheap pass over every video: what changed when, thumbnails, and what could not be decoded.

The pass is sequential and memory-flat: looks come one by one from a decoder that decodes only what they need, each
is reduced to one row of bytes, thumbnails go straight to disk. See docs/decisions/002-scan.md for the figures.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError, DecodeError, DecoderHungError, IndexStoreError
from videoindex.media.blocks import BlockReferences
from videoindex.types import Gap, Scan, Span, Thumbnail, Video

if TYPE_CHECKING:
    from videoindex.media.decoders.base import Decoder

__all__ = ["ScanSettings", "load_scan", "save_scan", "scan"]

_FORMAT = 1
# After a decoder was stopped or gave up, the next attempt begins this much later, then twice as much, and so on.
_SKIP_S = 4.0
# Instants asked for in one go: a request holds them all, and must not grow with the video.
_REQUEST_INSTANTS = 4096


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """How closely the one cheap pass looks."""

    # Looks a second.
    rate_hz: float = 4.0
    # Blocks over the height of the picture as displayed,
    rows: int = 9
    # and over its width.
    columns: int = 16
    # Width of the picture that is compared and kept as thumbnail; its height follows the video's aspect.
    width_px: int = 320
    # A pixel differs when it is more levels (of 255) than this away from its reference: sensor and codec noise.
    noise_levels: int = 14
    # A block fires, and takes a new reference, when this share of its pixels differs.
    fire_share: float = 0.02
    # Light that drifts slower than this is followed silently.
    drift_levels_per_s: float = 0.5
    # Least time between two thumbnails; one is kept only where the picture changed.
    thumbnail_every_s: float = 4.0
    # JPEG quality of the thumbnails, 1 to 100.
    thumbnail_quality: int = 80

    def __post_init__(self) -> None:
        for name in ("rate_hz", "drift_levels_per_s", "thumbnail_every_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"scan.{name} must be a positive number, got {value}")
        for name, low, high in (
            ("rows", 1, 64),
            ("columns", 1, 64),
            ("width_px", 64, 1920),
            ("noise_levels", 0, 254),
            ("thumbnail_quality", 1, 100),
        ):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"scan.{name} must lie in {low}..{high}, got {getattr(self, name)}")
        if not 0.0 < self.fire_share <= 1.0:
            raise ConfigError(f"scan.fire_share must lie in (0, 1], got {self.fire_share}")

    def picture_px(self, video: Video) -> tuple[int, int]:
        """(width, height) of the compared picture: the video's aspect, even sides, no empty block."""
        height_px = self.width_px * video.height_px / video.width_px
        return self.width_px, max(2 * math.ceil(self.rows / 2), 2 * round(height_px / 2))


def scan(
    video: Video,
    thumbnails_dir: Path,
    settings: ScanSettings | None = None,
    on_progress: Callable[[float], None] | None = None,
    decoder: Decoder | None = None,
) -> Scan:
    """Looks at ``video`` once, from start to end, and says what changed when.

    Writes JPEG thumbnails named by their millisecond to ``thumbnails_dir`` (made when missing). ``on_progress``
    gets the seconds done, rising up to the video's length. ``decoder`` is the default one unless given. Damage
    does not raise: stretches that cannot be decoded become gaps, each with its reason. A video with no picture has
    no looks.

    Raises:
        DecodeError: the file cannot be opened at all.
    """
    settings = settings or ScanSettings()
    if not video.has_picture:
        return Scan(np.zeros(0), np.zeros((0, settings.rows, settings.columns), np.uint8), (), ())
    if decoder is None:
        from videoindex.media.decoders import open_decoder

        decoder = open_decoder()
    thumbnails_dir.mkdir(parents=True, exist_ok=True)
    at_s_T = _instants(video.span, settings.rate_hz)
    record = _Record(video, at_s_T, thumbnails_dir, settings)
    for index, picture in _pictures(video, at_s_T, settings.picture_px(video), decoder, record.stopped):
        record.add(index, *picture)
        if on_progress is not None:
            on_progress(float(at_s_T[index]) - video.span.start_s)
    if on_progress is not None:
        on_progress(video.span.duration_s)
    return record.finish()


def _instants(span: Span, rate_hz: float) -> NDArray[np.float64]:
    count = max(1, math.ceil(round(span.duration_s * rate_hz, 6)))
    return np.asarray(span.start_s + np.arange(count) / rate_hz)


def _pictures(
    video: Video,
    at_s_T: NDArray[np.float64],
    size_px: tuple[int, int],
    decoder: Decoder,
    on_stopped: Callable[[int, str], None],
) -> Iterator[tuple[int, tuple[float, NDArray[np.uint8]]]]:
    """(index of the instant, (true time, rgb_HWC)) of all that can be decoded; starts again behind a failure."""
    start, skip_s = 0, _SKIP_S
    seen_any = False
    while start < len(at_s_T):
        last, stop = start - 1, min(start + _REQUEST_INSTANTS, len(at_s_T))
        try:
            for frames in decoder.frames(video, at_s_T[start:stop].tolist(), size_px):
                indices = np.searchsorted(at_s_T, frames.at_s_T - 1e-6)
                for index, pts_s, rgb_HWC in zip(indices, frames.pts_s_T, frames.rgb_THWC, strict=True):
                    last, seen_any, skip_s = int(index), True, _SKIP_S
                    yield last, (float(pts_s), rgb_HWC)
            start = stop
        except (DecodeError, DecoderHungError) as error:
            if isinstance(error, DecodeError) and not seen_any:
                raise
            on_stopped(last + 1, str(error))
            start = max(start, int(np.searchsorted(at_s_T, at_s_T[min(last + 1, len(at_s_T) - 1)] + skip_s)))
            skip_s *= 2


class _Record:
    """The scan being written: rows of change, thumbnails on disk, and which looks came."""

    def __init__(
        self, video: Video, at_s_T: NDArray[np.float64], thumbnails_dir: Path, settings: ScanSettings
    ) -> None:
        self._video = video
        self._at_s_T = at_s_T
        self._dir = thumbnails_dir
        self._settings = settings
        self._blocks = BlockReferences(
            settings.rows,
            settings.columns,
            settings.noise_levels,
            settings.fire_share,
            settings.drift_levels_per_s,
        )
        looks = len(at_s_T)
        # Zeroed pages are only taken when written to, and every byte here is written once.
        self._change_TRC = np.zeros((looks, settings.rows, settings.columns), np.uint8)
        self._pts_s_T = np.zeros(looks)
        self._seen_T = np.zeros(looks, np.bool_)
        self._count = 0
        self._stops: dict[int, str] = {}
        self._thumbnails: list[Thumbnail] = []
        self._changed_since_thumbnail = True

    def stopped(self, index: int, reason: str) -> None:
        """The decoder failed when asked for instant ``index``."""
        self._stops[index] = reason

    def add(self, index: int, pts_s: float, rgb_HWC: NDArray[np.uint8]) -> None:
        """One look. A frame that is still the last look's is no new look."""
        import cv2

        self._seen_T[index] = True
        if self._count and pts_s <= self._pts_s_T[self._count - 1]:
            return
        change_RC = self._blocks.look(np.asarray(cv2.cvtColor(rgb_HWC, cv2.COLOR_RGB2GRAY), np.uint8), pts_s)
        self._change_TRC[self._count], self._pts_s_T[self._count] = change_RC, pts_s
        self._count += 1
        if change_RC.max() >= self._settings.fire_share * 255:
            self._changed_since_thumbnail = True
        due = not self._thumbnails or pts_s - self._thumbnails[-1].at_s >= self._settings.thumbnail_every_s
        if due and self._changed_since_thumbnail:
            self._keep_thumbnail(pts_s, rgb_HWC)

    def _keep_thumbnail(self, pts_s: float, rgb_HWC: NDArray[np.uint8]) -> None:
        import cv2

        path = self._dir / f"{round(pts_s * 1000):010d}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, self._settings.thumbnail_quality]
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb_HWC, cv2.COLOR_RGB2BGR), quality)
        path.write_bytes(jpeg.tobytes())
        self._thumbnails.append(Thumbnail(pts_s, path))
        self._changed_since_thumbnail = False

    def finish(self) -> Scan:
        count = self._count
        return Scan(self._pts_s_T[:count], self._change_TRC[:count], tuple(self._thumbnails), tuple(self._gaps()))

    def _gaps(self) -> Iterator[Gap]:
        """Each run of instants that gave no picture, from its first instant to the next picture or the end."""
        at_s_T = self._at_s_T
        missing_T = np.concatenate(([False], ~self._seen_T, [False])).astype(np.int8)
        edges = np.flatnonzero(np.diff(missing_T))
        for first, stop in zip(edges[::2], edges[1::2], strict=True):
            end_s = float(at_s_T[stop]) if stop < len(at_s_T) else self._video.span.end_s
            reasons = [reason for index, reason in sorted(self._stops.items()) if first <= index < stop]
            span = Span(float(at_s_T[first]), end_s)
            yield Gap(self._video.id, span, reasons[0] if reasons else "no picture could be decoded: damaged")


def save_scan(scan: Scan, path: Path) -> None:
    """Writes ``scan`` to one file, whole or not at all; thumbnails are noted by their place relative to it."""
    notes = {
        "format": _FORMAT,
        "thumbnails": [[t.at_s, os.path.relpath(t.path, path.parent)] for t in scan.thumbnails],
        "gaps": [[g.video_id, g.span.start_s, g.span.end_s, g.reason, g.observer] for g in scan.gaps],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(
                file,
                pts_s_T=scan.pts_s_T,
                change_TRC=scan.change_TRC,
                notes=np.frombuffer(json.dumps(notes).encode(), np.uint8),
            )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load_scan(path: Path) -> Scan:
    """Reads what :func:`save_scan` wrote.

    Raises IndexStoreError when the file is missing, damaged or of another format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            notes = json.loads(file["notes"].tobytes())
            pts_s_T, change_TRC = file["pts_s_T"], file["change_TRC"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise IndexStoreError(
            f"the scan {path} cannot be read ({error}); delete it, and it is made again"
        ) from error
    if notes.get("format") != _FORMAT:
        raise IndexStoreError(
            f"the scan {path} has format {notes.get('format')}, this version reads {_FORMAT}; "
            "delete it, and it is made again"
        )
    return Scan(
        pts_s_T,
        change_TRC,
        tuple(Thumbnail(at_s, path.parent / name) for at_s, name in notes["thumbnails"]),
        tuple(Gap(video_id, Span(a, b), reason, by) for video_id, a, b, reason, by in notes["gaps"]),
    )
