"""Probing: identity, time, picture, streams, date and damage, against files whose making is known."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import planted
import pytest

from videoindex.errors import DecodeError, NotAVideoError, UsageError
from videoindex.media.identity import content_id
from videoindex.media.probe import probe
from videoindex.media.recorded_at import from_file_name, recorded_at
from videoindex.media.timing import is_variable

STEADY = planted.steady(25, 50)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_says_what_a_sound_file_is(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mkv", planted.steady(25, 50, start_s=5.0), with_sound=True)
    found = probe(film.path)
    video = found.video
    assert (video.width_px, video.height_px) == film.size_px
    assert video.span.start_s == pytest.approx(5.0, abs=0.002)
    assert video.span.end_s == pytest.approx(7.0, abs=0.002)
    assert video.average_fps == pytest.approx(25.0, rel=0.01)
    assert video.has_audio
    assert [(track.codec, track.rate_hz, track.channels) for track in found.audio] == [("aac", 16000, 1)]
    assert (found.codec, found.pixel_format, found.damage) == ("h264", "yuv420p", ())
    assert not found.is_variable_rate
    assert video.recorded_at is None
    assert found.recorded_at_source == ""
    assert found.size_bytes == film.path.stat().st_size


def test_sees_a_variable_rate(tmp_path: Path) -> None:
    times_s = tuple(float(t) for t in np.cumsum(np.random.default_rng(1).integers(1, 9, 60)) * 0.02)
    film = planted.write(tmp_path / "film.mp4", times_s)
    found = probe(film.path)
    assert found.is_variable_rate
    assert found.video.span.start_s == pytest.approx(times_s[0], abs=0.001)
    assert times_s[-1] < found.video.span.end_s < times_s[-1] + 0.3


@pytest.mark.parametrize(
    ("intervals_s", "variable"),
    [
        ([0.04] * 100, False),
        ([0.033, 0.034, 0.033] * 30, False),
        ([0.04] * 60 + [7.0] + [0.04] * 60, False),
        ([0.04, 0.08] * 30, True),
        ([0.04], False),
        ([], False),
    ],
)
def test_tells_rounding_and_lone_holes_from_a_variable_rate(intervals_s: list[float], variable: bool) -> None:
    assert is_variable(intervals_s) is variable


@pytest.mark.parametrize("clockwise_deg", [90, 180, 270])
def test_sizes_are_as_displayed(tmp_path: Path, clockwise_deg: int) -> None:
    found = probe(planted.write(tmp_path / "film.mp4", STEADY, clockwise_deg=clockwise_deg).path)
    assert (found.video.width_px, found.video.height_px, found.rotation_deg) == (192, 128, clockwise_deg)


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    found = probe(planted.write(tmp_path / "film.mp4", STEADY, aspect=Fraction(4, 3)).path)
    assert (found.video.width_px, found.video.height_px) == (256, 128)


def test_sound_alone_is_a_video_without_a_picture(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 3.0)
    found = probe(tmp_path / "talk.m4a")
    assert not found.video.has_picture
    assert found.video.has_audio
    assert found.video.span.duration_s == pytest.approx(3.0, abs=0.15)
    assert found.codec == ""


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


def _jpeg(path: Path) -> None:
    _, coded = cv2.imencode(".jpg", planted.draw(1, (64, 48)))
    path.write_bytes(coded.tobytes())


def _png(path: Path) -> None:
    _, coded = cv2.imencode(".png", planted.draw(1, (64, 48)))
    path.write_bytes(coded.tobytes())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), r"is empty \(0 bytes\)"),
        (lambda path: path.write_text("Dear diary,\n" * 400), "is a text file"),
        (lambda path: path.write_text("#EXTM3U\nhttp://example.org/a.ts\n"), "playlists are not followed"),
        (lambda path: path.write_text("ffconcat version 1.0\nfile /etc/passwd\n"), "playlists are not followed"),
        (_jpeg, r"is a still image \(JPEG\)"),
        (_png, r"is a still image \(PNG\)"),
        (lambda path: path.write_bytes(random.Random(1).randbytes(9000)), "no media format known here"),
    ],
)
def test_what_is_no_video_is_refused_with_the_reason(tmp_path: Path, make, said: str) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(NotAVideoError, match=said) as caught:
        probe(path)
    assert str(path) in str(caught.value)


def test_a_recording_cut_off_before_its_index_is_named_so(tmp_path: Path) -> None:
    source = planted.write(tmp_path / "whole.mp4", STEADY)
    head = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
    (tmp_path / "cut.mp4").write_bytes(head + b"\x7f\xff\xff\xffmdat" + source.path.read_bytes()[4000:9000])
    with pytest.raises(DecodeError, match=r"cut.mp4 has no index \(moov box\)"):
        probe(tmp_path / "cut.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_missing_tail_is_damage_and_the_span_ends_where_the_frames_do(tmp_path: Path, suffix: str) -> None:
    film = planted.write(tmp_path / f"film{suffix}", planted.steady(25, 200))
    planted.cut_tail(film, 0.5)
    found = probe(film.path)
    assert any("its tail is missing" in sentence for sentence in found.damage)
    assert 2.0 < found.video.span.end_s < 6.0


def test_a_picture_that_cannot_be_decoded_is_damage(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", STEADY)
    planted.damage_packets(film, first=0, count=len(STEADY))
    assert any("cannot be decoded" in sentence for sentence in probe(film.path).damage)


class TestRecordedAt:
    @pytest.mark.parametrize(
        ("name", "local"),
        [
            ("20240131_142530.mp4", (2024, 1, 31, 14, 25, 30)),
            ("VID_20240131_142530.mp4", (2024, 1, 31, 14, 25, 30)),
            ("2024-01-31 14-25-30.mkv", (2024, 1, 31, 14, 25, 30)),
            ("NVR_ch2_main_20240131142530_20240131150000.mp4", (2024, 1, 31, 14, 25, 30)),
            ("Screen Recording 2024-01-31 at 2.25.30 PM.mov", (2024, 1, 31, 14, 25, 30)),
            ("front_2024_01_31T14_25_30.avi", (2024, 1, 31, 14, 25, 30)),
            ("signal-2024-01-31-14-25-30-123.mp4", (2024, 1, 31, 14, 25, 30)),
        ],
    )
    def test_reads_recorders_names_as_local_time(self, name: str, local: tuple[int, ...]) -> None:
        assert from_file_name(name) == datetime(*local).astimezone()  # type: ignore[arg-type]

    def test_pixel_names_are_utc(self) -> None:
        assert from_file_name("PXL_20240131_142530123.mp4") == datetime(2024, 1, 31, 14, 25, 30, 123000, UTC)

    @pytest.mark.parametrize(
        "name", ["film.mp4", "20240131.mp4", "20241331_142530.mp4", "20240230_101010.mp4", "x1234567890.mp4"]
    )
    def test_other_names_tell_nothing(self, name: str) -> None:
        assert from_file_name(name) is None

    def test_the_flag_beats_all_and_needs_a_zone(self) -> None:
        flag = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2)))
        found = recorded_at(Path("20240131_142530.mp4"), {"creation_time": "2024-01-31T13:25:30Z"}, flag, NOW)
        assert found is not None
        assert (found.at, found.source) == (flag, "flag")
        with pytest.raises(UsageError, match="time zone"):
            recorded_at(Path("a.mp4"), {}, datetime(2020, 1, 1), NOW)

    def test_the_container_is_believed_as_utc_where_the_name_does_not_contradict(self) -> None:
        found = recorded_at(Path("a.mp4"), {"creation_time": "2024-01-31T13:25:30.000000Z"}, None, NOW)
        assert found is not None
        assert (found.at, found.source) == (datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC), "metadata")

    def test_a_name_beats_a_container_stamped_anew_by_an_export(self) -> None:
        found = recorded_at(Path("20240131_142530.mp4"), {"creation_time": "2025-03-01T10:00:00Z"}, None, NOW)
        assert found is not None
        assert found.source == "file name"

    @pytest.mark.parametrize(
        "unset", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "x", "2024"]
    )
    def test_unset_clocks_tell_nothing(self, unset: str) -> None:
        assert recorded_at(Path("a.mp4"), {"creation_time": unset}, None, NOW) is None

    def test_a_container_with_its_own_zone_wins_over_the_plain_one(self) -> None:
        said = {
            "com.apple.quicktime.creationdate": "2024-01-31T14:25:30+0100",
            "creation_time": "2024-02-20T00:00:00Z",
        }
        found = recorded_at(Path("a.mov"), said, None, NOW)
        assert found is not None
        assert found.at == datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC)

    def test_probe_carries_it(self, tmp_path: Path) -> None:
        film = planted.write(tmp_path / "a.mp4", STEADY, metadata={"creation_time": "2024-01-31T13:25:30Z"})
        found = probe(film.path)
        assert found.video.recorded_at == datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC)
        assert found.recorded_at_source == "metadata"
