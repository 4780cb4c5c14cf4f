"""Content ids, and what is told from the first bytes alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import planted
import pytest

from videoindex.media.identity import content_id, has_media_magic
from videoindex.media.probe import probe

STEADY = planted.steady(25, 50)


def test_the_id_follows_content_and_not_the_name(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "a.mp4", STEADY)
    copy = tmp_path / "b.mp4"
    shutil.copy(film.path, copy)
    assert probe(copy).video.id == probe(film.path).video.id
    with copy.open("r+b") as file:
        file.seek(-9, 2)
        file.write(b"?")
    assert content_id(copy) != content_id(film.path)
    assert len(content_id(copy)) >= 16


def test_the_id_of_a_huge_file_is_quick(tmp_path: Path) -> None:
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate(10 << 30)
    before = content_id(huge)
    with huge.open("r+b") as file:
        file.seek((10 << 30) * 5 // 17)
        file.write(b"x")
    assert content_id(huge) != before


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".ts", ".mov"])
def test_knows_a_container_by_its_first_bytes(tmp_path: Path, suffix: str) -> None:
    assert has_media_magic(planted.write(tmp_path / f"film{suffix}", STEADY[:5]).path)
    (tmp_path / "noise").write_bytes(bytes(range(200)) * 5)
    assert not has_media_magic(tmp_path / "noise")
