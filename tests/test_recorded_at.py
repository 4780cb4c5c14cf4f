"""When a recording was made: names of recorders, container times, and which of them is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from videoindex.errors import UsageError
from videoindex.media.recorded_at import from_file_name, recorded_at

NOW = datetime(2026, 6, 1, tzinfo=UTC)


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
def test_reads_recorders_names_as_local_time(name: str, local: tuple[int, ...]) -> None:
    assert from_file_name(name) == datetime(*local).astimezone()  # type: ignore[arg-type]


def test_pixel_names_are_utc() -> None:
    assert from_file_name("PXL_20240131_142530123.mp4") == datetime(2024, 1, 31, 14, 25, 30, 123000, UTC)


@pytest.mark.parametrize(
    "name", ["film.mp4", "20240131.mp4", "20241331_142530.mp4", "20240230_101010.mp4", "x1234567890.mp4"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert from_file_name(name) is None


def test_the_flag_beats_all_and_needs_a_zone() -> None:
    flag = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    found = recorded_at(Path("20240131_142530.mp4"), {"creation_time": "2024-01-31T13:25:30Z"}, flag, NOW)
    assert found is not None
    assert (found.at, found.source) == (flag, "flag")
    with pytest.raises(UsageError, match="time zone"):
        recorded_at(Path("a.mp4"), {}, datetime(2020, 1, 1), NOW)


def test_the_container_is_believed_as_utc_where_the_name_does_not_contradict() -> None:
    found = recorded_at(Path("a.mp4"), {"creation_time": "2024-01-31T13:25:30.000000Z"}, None, NOW)
    assert found is not None
    assert (found.at, found.source) == (datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC), "metadata")


def test_a_name_beats_a_container_stamped_anew_by_an_export() -> None:
    found = recorded_at(Path("20240131_142530.mp4"), {"creation_time": "2025-03-01T10:00:00Z"}, None, NOW)
    assert found is not None
    assert found.source == "file name"


@pytest.mark.parametrize(
    "unset", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "x", "2024"]
)
def test_unset_clocks_tell_nothing(unset: str) -> None:
    assert recorded_at(Path("a.mp4"), {"creation_time": unset}, None, NOW) is None


def test_a_container_with_its_own_zone_wins_over_the_plain_one() -> None:
    said = {
        "com.apple.quicktime.creationdate": "2024-01-31T14:25:30+0100",
        "creation_time": "2024-02-20T00:00:00Z",
    }
    found = recorded_at(Path("a.mov"), said, None, NOW)
    assert found is not None
    assert found.at == datetime(2024, 1, 31, 13, 25, 30, tzinfo=UTC)
