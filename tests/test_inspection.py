"""What parsing a file tells of time, picture and damage, against files whose making is known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import planted
import pytest

from videoindex.errors import DecodeError
from videoindex.media.inspection import inspect

STEADY = planted.steady(25, 50)


def test_sees_a_variable_rate(tmp_path: Path) -> None:
    times_s = tuple(float(t) for t in np.cumsum(np.random.default_rng(1).integers(1, 9, 60)) * 0.02)
    film = planted.write(tmp_path / "film.mp4", times_s)
    found = inspect(film.path)
    assert found.is_variable_rate
    assert found.video.span.start_s == pytest.approx(times_s[0], abs=0.001)
    assert times_s[-1] < found.video.span.end_s < times_s[-1] + 0.3


@pytest.mark.parametrize("clockwise_deg", [90, 180, 270])
def test_sizes_are_as_displayed(tmp_path: Path, clockwise_deg: int) -> None:
    found = inspect(planted.write(tmp_path / "film.mp4", STEADY, clockwise_deg=clockwise_deg).path)
    assert (found.video.width_px, found.video.height_px, found.rotation_deg) == (192, 128, clockwise_deg)


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    found = inspect(planted.write(tmp_path / "film.mp4", STEADY, aspect=Fraction(4, 3)).path)
    assert (found.video.width_px, found.video.height_px) == (256, 128)


def test_sound_alone_is_a_video_without_a_picture(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 3.0)
    found = inspect(tmp_path / "talk.m4a")
    assert not found.video.has_picture
    assert found.video.has_audio
    assert found.video.span.duration_s == pytest.approx(3.0, abs=0.15)
    assert found.codec == ""


def test_a_recording_cut_off_before_its_index_is_named_so(tmp_path: Path) -> None:
    source = planted.write(tmp_path / "whole.mp4", STEADY)
    head = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
    (tmp_path / "cut.mp4").write_bytes(head + b"\x7f\xff\xff\xffmdat" + source.path.read_bytes()[4000:9000])
    with pytest.raises(DecodeError, match=r"cut.mp4 has no index \(moov box\)"):
        inspect(tmp_path / "cut.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_missing_tail_is_damage_and_the_span_ends_where_the_frames_do(tmp_path: Path, suffix: str) -> None:
    film = planted.write(tmp_path / f"film{suffix}", planted.steady(25, 200))
    planted.cut_tail(film, 0.5)
    found = inspect(film.path)
    assert any("its tail is missing" in sentence for sentence in found.damage)
    assert 2.0 < found.video.span.end_s < 6.0


def test_a_picture_that_cannot_be_decoded_is_damage(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", STEADY)
    planted.damage_packets(film, first=0, count=len(STEADY))
    assert any("cannot be decoded" in sentence for sentence in inspect(film.path).damage)
