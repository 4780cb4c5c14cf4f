"""Recordings by name, and their files where those lie today."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import planted
import pytest
from index_samples import record

from videoindex.errors import MediaError, UsageError
from videoindex.index.records import VideoRecord
from videoindex.media.probe import probe
from videoindex.recordings import find_recording, probe_recording

RECORDS = [record("aaaa1111"), record("aaaa2222"), record("bbbb3333")]


@pytest.mark.parametrize("named", ["bbbb3333", "bbbb", "bbbb3333.mp4", "/films/bbbb3333.mp4"])
def test_a_recording_is_named_by_id_beginning_name_or_path(named: str) -> None:
    assert find_recording(named, RECORDS) is RECORDS[2]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("aaaa", "names several recordings"),
        ("bbb", "is not indexed"),
        ("", "is not indexed"),
        ("c.mp4", "not indexed"),
    ],
)
def test_none_and_several_are_errors(named: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_recording(named, RECORDS)


def _indexed(path: Path) -> VideoRecord:
    began = datetime(2026, 5, 1, tzinfo=UTC)
    return VideoRecord(replace(probe(path).video, recorded_at=began), None, "k", began)


def test_the_wall_clock_is_that_of_the_index(tmp_path: Path) -> None:
    kept = _indexed(planted.write(tmp_path / "film.mp4", planted.steady(25, 10)).path)
    assert probe_recording(kept).video == kept.video


def test_a_file_that_moved_is_named_with_what_to_do(tmp_path: Path) -> None:
    kept = _indexed(planted.write(tmp_path / "film.mp4", planted.steady(25, 10)).path)
    shutil.move(kept.video.path, tmp_path / "elsewhere.mp4")
    with pytest.raises(MediaError, match=r"film\.mp4 is not there any more: move it back, or index it"):
        probe_recording(kept)


def test_another_file_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    kept = _indexed(planted.write(tmp_path / "film.mp4", planted.steady(25, 10)).path)
    planted.write(tmp_path / "film.mp4", planted.steady(25, 20))
    with pytest.raises(MediaError, match="holds another recording than the one that was indexed"):
        probe_recording(kept)
