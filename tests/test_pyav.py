"""What PyavDecoder saves and keeps right beyond the contract that all decoders share (tests/contract)."""

from __future__ import annotations

import random
from pathlib import Path

import planted
import pytest
from planted import Planted

from videoindex.errors import ConfigError
from videoindex.media.decoders import pyav
from videoindex.media.decoders.pyav import PyavDecoder, PyavSettings
from videoindex.media.probe import probe

X264 = {"bf": "3", "preset": "veryfast"}


def _shown(film: Planted, asked_s: list[float], lanes: int = 2) -> dict[float, int | None]:
    decoder = PyavDecoder(PyavSettings(lanes=lanes))
    video = probe(film.path).video
    return {
        float(at_s): planted.read(rgb_HWC)
        for frames in decoder.frames(video, asked_s)
        for at_s, rgb_HWC in zip(frames.at_s_T, frames.rgb_THWC, strict=True)
    }


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_far_apart_instants_are_right_over_jumps(tmp_path: Path, suffix: str) -> None:
    film = planted.write(tmp_path / f"film{suffix}", planted.steady(25, 3000, 5.0), options=X264, gop=50)
    asked_s = [film.times_s[0] + offset_s for offset_s in (0.3, 21.7, 22.5, 60.02, 61.98, 99.9, 119.5)]
    assert _shown(film, asked_s) == {at_s: film.number_at(at_s) for at_s in asked_s}


def test_a_group_longer_than_any_part_is_decoded_in_order(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 700), options=X264, gop=5000)
    asked_s = [n * 0.1 + 0.05 for n in range(279)]
    assert _shown(film, asked_s) == {at_s: film.number_at(at_s) for at_s in asked_s}


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_number_of_lanes_changes_nothing(tmp_path: Path, lanes: int) -> None:
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 200), options=X264)
    asked_s = [n * 0.17 for n in range(46)]
    assert _shown(film, asked_s, lanes) == {at_s: film.number_at(at_s) for at_s in asked_s}


@pytest.mark.parametrize("seed", range(8))
def test_damage_anywhere_never_shows_a_wrong_picture(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 150), options=X264)
    first = chance.randrange(140)
    planted.damage_packets(film, first=first, count=chance.randint(1, 8), seed=seed)
    asked_s = [n * 0.04 + 0.01 for n in range(150)]
    shown = _shown(film, asked_s)
    assert {at_s: number for at_s, number in shown.items() if number != film.number_at(at_s)} == {}
    assert len(shown) >= 150 - 24 - 8 - 4


def test_few_pictures_are_decoded_for_few_instants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = planted.write(
        tmp_path / "film.mp4", planted.steady(25, 500), options={**X264, "x264-params": "b-adapt=0"}, gop=50
    )
    fed = 0
    feed = pyav._Lane._feed

    def counting(lane: pyav._Lane, pick: pyav.Pick) -> list[object]:  # type: ignore[type-arg]
        nonlocal fed
        frames = feed(lane, pick)
        fed += len(frames)
        return frames  # type: ignore[return-value]

    monkeypatch.setattr(pyav._Lane, "_feed", counting)
    assert _shown(film, [5.01, 15.5]) == {5.01: 125, 15.5: 387}
    assert 0 < fed <= 50


def test_settings_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(ConfigError, match="lanes"):
        PyavSettings(lanes=-1)
    with pytest.raises(ConfigError, match="held_mib"):
        PyavSettings(held_mib=0)
