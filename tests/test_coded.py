"""What is read around a cut, on files whose coding is known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import planted
import pytest
from clipped import CODED, SIZE
from planted import steady

from videoindex.errors import DecodeError
from videoindex.media.coded import Pictures, read_coded
from videoindex.media.probe import probe
from videoindex.types import Span


def _read(path: Path, start_s: float, end_s: float) -> Pictures:
    return read_coded(probe(path).video, Span(start_s, end_s))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_reading_begins_at_the_key_picture_before_the_cut_and_ends_beyond_it(tmp_path: Path, suffix: str) -> None:
    film = planted.write(tmp_path / f"film{suffix}", steady(25, 200, 10.0), size_px=SIZE, options=CODED, gop=12)
    start_s = probe(film.path).video.span.start_s
    found = _read(film.path, start_s + 3.5, start_s + 4.0)
    coded = found.coded
    shown_s = [float(pts * coded.tick_s) - start_s for pts in coded.shown_N]
    assert shown_s[0] == pytest.approx(3.36, abs=1e-3)  # picture 84, the seventh key picture
    assert shown_s[-1] > 4.5
    assert len(shown_s) < 80, "no more is read than is needed"
    assert [n for n, is_fresh in enumerate(coded.is_fresh_N) if is_fresh][:3] == [0, 12, 24]
    assert (found.codec, found.profile, found.is_interlaced) == ("h264", "High", False)
    assert (coded.why_no_copy, coded.is_by_order) == ("", False)


def test_where_seeking_is_rough_reading_begins_earlier(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.ts", steady(25, 300, 10.0), size_px=SIZE, options=CODED, gop=12)
    start_s = probe(film.path).video.span.start_s
    coded = _read(film.path, start_s + 9.5, start_s + 10.0).coded
    first_s = float(coded.pts_N[0] * coded.tick_s) - start_s
    assert coded.is_fresh_N[0]
    assert 1.0 < first_s <= 9.5


def test_a_file_without_stamps_is_read_from_its_start(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.avi", steady(25, 75), size_px=SIZE, options=CODED)
    coded = _read(film.path, 2.0, 2.5).coded
    assert coded.is_by_order
    assert coded.tick_s == Fraction(1, 25)
    assert coded.pts_N == tuple(range(75))
    assert coded.end_pts == 75


def test_in_an_open_group_only_the_first_key_picture_stands_alone(tmp_path: Path) -> None:
    options = {"bf": "2", "x264-params": "scenecut=0:open-gop=1"}
    film = planted.write(tmp_path / "film.mp4", steady(25, 75), size_px=SIZE, options=options)
    assert sum(_read(film.path, 0.0, 3.0).coded.is_fresh_N) == 1


def test_damage_forbids_copies(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", steady(25, 75), size_px=SIZE, options=CODED)
    planted.damage_packets(film, 10, 4)
    assert _read(film.path, 0.2, 1.0).coded.why_no_copy
    assert not _read(film.path, 1.5, 2.5).coded.why_no_copy


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", steady(25, 10), size_px=SIZE)
    video = probe(film.path).video
    film.path.unlink()
    with pytest.raises(DecodeError, match=r"film\.mp4"):
        read_coded(video, Span(0.0, 0.2))
