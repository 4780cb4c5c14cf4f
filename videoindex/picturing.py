"""Evidence that a person can look at: one picture for each moment that an answer cites."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from videoindex.errors import DecodeError, DecoderHungError, UsageError
from videoindex.media.decoders.base import Decoder
from videoindex.media.stills import save_still
from videoindex.query.export import clock_ms
from videoindex.types import Box, Moment, Video

__all__ = [
    "Pictures",
    "check_folder",
    "missing_note",
    "picture_instant",
    "save_pictures",
    "time_in_name",
    "try_still",
]

_LONGEST_NAME_BYTES = 150  # of a recording's name within a picture's: file systems allow 255 in all
_ID = 6  # characters of a recording's id that tell it from another of the same name


@dataclass(frozen=True, slots=True)
class Pictures:
    """A file for each moment, None where there is none, and what is to be said of those that are missing."""

    files: tuple[Path | None, ...]
    notes: tuple[str, ...] = ()


def check_folder(folder: Path) -> None:
    """Raises UsageError where pictures cannot go there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --evidence names a folder for pictures")
    if not folder.parent.is_dir():
        raise UsageError(f"{folder.parent} is no folder; make it first, or save the pictures elsewhere")


def save_pictures(
    moments: Sequence[Moment],
    videos: Mapping[str, Video],
    folder: Path,
    open_decoder: Callable[[], Decoder],
    instants: Mapping[str, float],
) -> Pictures:
    """Saves the picture that shows each of ``moments`` in ``folder``, as JPEG; ``videos`` by id.

    ``instants`` says when a moment is shown best, by the id of its best event, where looking has told it. A
    recording of sound, and one whose file has moved (which the answer says), has no picture. Raises OSError where
    the folder cannot be written.
    """
    files: list[Path | None] = []
    missing: list[tuple[Video, float]] = []
    decoder = open_decoder() if moments else None
    for moment in moments:
        video = videos[moment.video_id]
        at_s = instants.get(moment.events[0].id, picture_instant(moment))
        path = folder / _name(video, at_s)
        if decoder is None or not video.has_picture or not video.path.is_file():
            files.append(None)
            continue
        folder.mkdir(exist_ok=True)
        saved = try_still(decoder, video, at_s, path)
        files.append(None if saved is None else path)
        missing += [] if saved is not None else [(video, at_s)]
    return Pictures(tuple(files), missing_note(missing))


def try_still(decoder: Decoder, video: Video, at_s: float, path: Path) -> float | None:
    """As ``save_still``; None too where decoding fails, which is for ``missing_note`` to tell."""
    with suppress(DecodeError, DecoderHungError):
        return save_still(decoder, video, at_s, path)
    return None


def missing_note(missing: Sequence[tuple[Video, float]]) -> tuple[str, ...]:
    """Where there is no picture, in one sentence; none where there are all."""
    named = "; ".join(f"{video.path.name} {clock_ms(at_s)}" for video, at_s in missing[:5])
    return (f"no picture could be decoded at {named}",) if missing else ()


def time_in_name(at_s: float) -> str:
    """``0-01-12.300``: a time as file names may hold it."""
    return clock_ms(at_s).replace(":", "-")


def picture_instant(moment: Moment) -> float:
    """When a moment is shown best: where its best event has boxes, at the largest of them; else as it begins."""
    boxes = [box for box in moment.events[0].boxes if box.at_s in moment.span]
    return max(boxes, key=_area).at_s if boxes else moment.span.start_s


def _area(box: Box) -> float:
    return (box.right_px - box.left_px) * (box.bottom_px - box.top_px)


def _name(video: Video, at_s: float) -> str:
    """``yard_3f2a1c_0-01-12.300.jpg``: the recording, its id, and the time."""
    stem = os.fsdecode(os.fsencode(video.path.stem)[:_LONGEST_NAME_BYTES])
    return f"{stem}_{video.id[:_ID]}_{time_in_name(at_s)}.jpg"
