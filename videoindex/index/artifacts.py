"""Derived files, found by what they were made from: existence means complete, so resume is a lookup.

Layout, by video so that all of it can be erased at once::

    <root>/<video>/observations/<observer>-<digest>.json
    <root>/<video>/vectors/<digest>.npz
    <root>/<video>/frames/<digest>.npz
    <root>/<video>/scans/<digest>/

A file is written beside its place, flushed to disk and renamed. One that cannot be read (cut short, altered,
foreign) counts as absent, is reported in the log, and is made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from videoindex.types import Box, Event, Gap, Observation, Segment, Span

__all__ = ["ArtifactStore", "observation_from_json", "observation_to_json"]

log = logging.getLogger(__name__)

# Version of the JSON layout. A file of another version counts as absent, so the segment is observed again.
_FORMAT = 1
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


class ArtifactStore:
    """The derived files below ``root``. Keys are relative paths; safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def key_for(self, video_id: str, segment: Segment, model: str, fingerprint: str) -> str:
        """The key of one segment's observation: it changes with everything that decides what is observed."""
        parts = [
            video_id,
            segment.observer,
            repr((segment.span.start_s, segment.span.end_s)),
            repr(tuple(float(at_s) for at_s in segment.at_s_T)),
            repr(tuple(int(side_px) for side_px in segment.size_px)),
            model,
            fingerprint,
            segment.side_input,
        ]
        return f"{_folder_name(video_id)}/observations/{_folder_name(segment.observer)}-{_digest(parts)}.json"

    def get(self, key: str) -> Observation | None:
        """The observation under ``key``, None when there is none that can be read."""
        path = self.root / key
        try:
            return observation_from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read (%s): its segment will be observed again", path, error)
            return None

    def put(self, key: str, observation: Observation) -> None:
        """Keeps ``observation`` under ``key``, whole or not at all."""
        with _replacing(self.root / key) as file:
            file.write(observation_to_json(observation).encode())

    def vectors_key(self, video_id: str, embedder: str, texts: Sequence[str]) -> str:
        """The key of the vectors of ``texts`` in this order, made by the embedder of this fingerprint."""
        return f"{_folder_name(video_id)}/vectors/{_digest([embedder, *texts])}.npz"

    def get_vectors(self, key: str) -> NDArray[np.float32] | None:
        """The vectors (N, D) under ``key``, None when there are none that can be read."""
        found = _arrays(self.root / key, ("vectors_ND",), "texts")
        return found[0] if found is not None else None

    def put_vectors(self, key: str, vectors_ND: NDArray[np.float32]) -> None:
        """Keeps ``vectors_ND`` under ``key``, whole or not at all."""
        if vectors_ND.ndim != 2:
            raise ValueError(f"need vectors of shape (N, D), got {vectors_ND.shape}")
        with _replacing(self.root / key) as file:
            np.savez(file, vectors_ND=vectors_ND.astype(np.float32, copy=False))

    def frames_key(self, segment: Segment, embedder: str) -> str:
        """The key of the vectors of the pictures at a segment's instants, made by the model so named."""
        instants, size_px = repr(tuple(float(at_s) for at_s in segment.at_s_T)), repr(tuple(segment.size_px))
        return f"{_folder_name(segment.video_id)}/frames/{_digest([embedder, instants, size_px])}.npz"

    def get_frames(self, key: str) -> tuple[NDArray[np.float32], NDArray[np.float64]] | None:
        """The vectors (T, D) under ``key`` and their instants (T,), None when there are none that can be read."""
        found = _arrays(self.root / key, ("vectors_TD", "at_s_T"), "pictures")
        if found is None or len(found[0]) != len(found[1]):
            return None
        return found[0], found[1].astype(np.float64)

    def put_frames(self, key: str, vectors_TD: NDArray[np.float32], at_s_T: NDArray[np.float64]) -> None:
        """Keeps vectors and their instants under ``key``, whole or not at all."""
        if vectors_TD.ndim != 2 or at_s_T.shape != vectors_TD.shape[:1]:
            raise ValueError(f"need vectors (T, D) and instants (T,), got {vectors_TD.shape} and {at_s_T.shape}")
        with _replacing(self.root / key) as file:
            np.savez(file, vectors_TD=vectors_TD.astype(np.float32, copy=False), at_s_T=at_s_T)

    def scan_dir(self, video_id: str, scan_fingerprint: str) -> Path:
        """The folder for a video's scan with these settings; made when it is not there."""
        folder = self.root / _folder_name(video_id) / "scans" / _digest([scan_fingerprint])
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def holds(self, video_id: str) -> bool:
        """Whether there is any file derived from a video, finished or not."""
        return (self.root / _folder_name(video_id)).exists()

    def remove_video(self, video_id: str) -> None:
        """Erases every file derived from a video; nothing happens when there are none."""
        folder = self.root / _folder_name(video_id)
        if folder.exists():
            shutil.rmtree(folder)

    def disk_bytes(self) -> int:
        """What all derived files take up."""
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())


def observation_to_json(observation: Observation) -> str:
    """An observation as one JSON document, which ``observation_from_json`` reads back equal."""
    document = {
        "format": _FORMAT,
        "events": [_event_to_json(event) for event in observation.events],
        "gaps": [
            {"video_id": gap.video_id, "span": _ends(gap.span), "reason": gap.reason, "observer": gap.observer}
            for gap in observation.gaps
        ],
    }
    return json.dumps(document, allow_nan=False)


def observation_from_json(text: str) -> Observation:
    """The observation of a JSON document. Raises ValueError for anything that is not one."""
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise ValueError(f"format {document['format']!r}, not {_FORMAT}")
        events = tuple(_event_from_json(one) for one in document["events"])
        gaps = tuple(
            Gap(
                _text(one["video_id"]),
                Span(*map(float, one["span"])),
                _text(one["reason"]),
                _text(one["observer"]),
            )
            for one in document["gaps"]
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an observation: {error!r}") from error
    return Observation(events, gaps)


def _arrays(path: Path, names: Sequence[str], what: str) -> list[NDArray[Any]] | None:
    """Arrays of a file by name, the first of them vectors; None when the file is not there or cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = [arrays[name] for name in names]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be read (%s): its %s will be embedded again", path, error, what)
        return None
    if found[0].ndim != 2 or found[0].dtype != np.float32:
        log.warning("%s holds no float32 vectors: its %s will be embedded again", path, what)
        return None
    return found


def _event_to_json(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "video_id": event.video_id,
        "span": _ends(event.span),
        "text": event.text,
        "source": event.source,
        "model": event.model,
        "confidence": float(event.confidence),
        "boxes": [
            [float(side) for side in (box.at_s, box.left_px, box.top_px, box.right_px, box.bottom_px)]
            for box in event.boxes
        ],
        "verified": event.verified,
    }


def _event_from_json(one: dict[str, Any]) -> Event:
    if one["verified"] not in (None, True, False):
        raise ValueError(f"verified is {one['verified']!r}")
    return Event(
        id=_text(one["id"]),
        video_id=_text(one["video_id"]),
        span=Span(*map(float, one["span"])),
        text=_text(one["text"]),
        source=_text(one["source"]),
        model=_text(one["model"]),
        confidence=float(one["confidence"]),
        boxes=tuple(Box(*map(float, box)) for box in one["boxes"]),
        verified=one["verified"],
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {value!r}")
    return value


def _ends(span: Span) -> list[float]:
    return [float(span.start_s), float(span.end_s)]


def _digest(parts: Sequence[str]) -> str:
    """SHA-256 over parts of any content: each is preceded by its length, so that no two lists look alike."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.hexdigest()


def _folder_name(name: str) -> str:
    """``name`` where it is a plain file name, else its digest: no id can lead out of the root."""
    return name if _SAFE_NAME.fullmatch(name) else _digest([name])


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes ``path``'s place when the block ends well, durably; else nothing has happened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
