"""Indexed recordings as people name them: by id, path or file name, by the filters of the command line; and their
files where those lie today."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.clock import parse_time
from videoindex.errors import MediaError, UsageError
from videoindex.index.records import Filters, VideoRecord

if TYPE_CHECKING:
    from videoindex.index.store import Store
    from videoindex.media.probe import Probe

__all__ = ["filters_of", "find_recording", "probe_recording"]

_SHORTEST_ID = 4  # characters of an id that name a recording


def filters_of(arguments: argparse.Namespace, store: Store) -> Filters:
    """The filters of the command line: times on either clock, videos by path or id."""
    after = parse_time(arguments.after) if arguments.after else None
    before = parse_time(arguments.before) if arguments.before else None
    records = store.videos() if arguments.video else []
    return Filters(
        video_ids=tuple(find_recording(named, records).video.id for named in arguments.video),
        cameras=tuple(arguments.camera),
        sources=tuple(arguments.source),
        after_s=after if isinstance(after, float) else None,
        before_s=before if isinstance(before, float) else None,
        after_wall=after if isinstance(after, datetime) else None,
        before_wall=before if isinstance(before, datetime) else None,
    )


def find_recording(named: str, records: Sequence[VideoRecord]) -> VideoRecord:
    """The indexed recording of this id (or its beginning), path or file name.

    Raises UsageError for none, and for several.
    """
    path = Path(named).expanduser().resolve()
    matches = [record for record in records if record.video.path.resolve() == path or record.video.id == named]
    if not matches:
        matches = [
            record
            for record in records
            if record.video.path.name == named
            or (len(named) >= _SHORTEST_ID and record.video.id.startswith(named))
        ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        paths = ", ".join(str(record.video.path) for record in matches)
        raise UsageError(f"{named!r} names several recordings ({paths}): give the whole path or id")
    raise UsageError(f"{named!r} is not indexed; `videoindex videos` lists what is")


def probe_recording(record: VideoRecord) -> Probe:
    """What the file of an indexed recording is today, with the wall clock that it was indexed with.

    Raises MediaError where it is not there any more, or holds another recording; else as ``probe`` does.
    """
    from videoindex.media.probe import probe

    path = record.video.path
    if not path.is_file():
        raise MediaError(
            f"{path} is not there any more: move it back, or index it where it lies now "
            "(`videoindex index PATH`; nothing is observed anew, a recording is known by its content)"
        )
    found = probe(path, record.video.recorded_at)
    if found.video.id != record.video.id:
        raise MediaError(
            f"{path} holds another recording than the one that was indexed ({record.video.id[:12]}): index it "
            "again, or move the old file back"
        )
    return found
