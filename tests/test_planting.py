"""Needles spliced into a copy: they are where they should be, and a copy in which they are not is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from needle_rows import film, needle

from videoindex.evaluation import planting
from videoindex.evaluation.needles import Kind, Matter, Prominence
from videoindex.evaluation.planting import plant
from videoindex.evaluation.voices import installed_voices
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.overlay import Overlaid, overlay
from videoindex.media.probe import Probe, probe
from videoindex.types import Span

MATTERS: dict[Kind, Matter] = {
    "overlay": Matter("overlay", "password of the choir", "lantern"),
    "still": Matter("still", "a star", "red"),
    "clip": Matter("clip", "blue", "to the right"),
    "speech": Matter("speech", "dessert of the railway", "vanilla"),
}
needs_voice = pytest.mark.skipif(not installed_voices(), reason="no voice is installed")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 16.0))


@pytest.mark.parametrize("prominence", ["salient", "blended"])
@needs_voice
def test_needles_of_every_kind_are_planted_and_verified(
    tmp_path: Path, source: Probe, prominence: Prominence
) -> None:
    wanted = [
        needle(MATTERS["overlay"], 1.03, 3.03, prominence=prominence),
        needle(MATTERS["still"], 5.0, 6.0, prominence=prominence),
        needle(MATTERS["clip"], 8.0, 9.5, prominence=prominence),
        needle(MATTERS["speech"], 11.0, 14.0, prominence=prominence),
    ]
    made = plant(source, source.video.span, wanted, PyavDecoder(), tmp_path / "copy.mp4")
    assert made.faults == {}
    assert set(made.shown) == {0, 1, 2}
    for before, after in zip(wanted[:3], made.needles[:3], strict=True):
        assert after.span.start_s == pytest.approx(before.span.start_s, abs=0.1)
        assert after.span.duration_s == pytest.approx(before.span.duration_s, abs=0.1)
    assert made.needles[3].span.start_s == 11.0
    assert 1.0 < made.needles[3].span.duration_s < 5.0
    assert made.video.has_audio


def test_a_part_begins_its_own_clock(tmp_path: Path, source: Probe) -> None:
    made = plant(
        source, Span(4.0, 12.0), [needle(MATTERS["overlay"], 2.0, 4.0)], PyavDecoder(), tmp_path / "copy.mp4"
    )
    assert made.faults == {}
    assert made.video.span.duration_s == pytest.approx(8.0, abs=0.15)
    assert made.needles[0].span.start_s == pytest.approx(2.0, abs=0.11)


def test_the_same_needles_make_the_same_copy_so_that_a_stopped_run_knows_it_again(
    tmp_path: Path, source: Probe
) -> None:
    ids = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        copy = tmp_path / name / "copy.mp4"
        ids.append(plant(source, Span(0.0, 6.0), [needle(start_s=2.0, end_s=3.0)], PyavDecoder(), copy).video.id)
    assert ids[0] == ids[1]


@pytest.mark.parametrize("late_s", [0.3, -0.3])
def test_a_needle_that_was_laid_elsewhere_is_a_fault(
    tmp_path: Path, source: Probe, monkeypatch: pytest.MonkeyPatch, late_s: float
) -> None:
    def shifted(source: Probe, laid: list, voices: list, output: Path) -> Overlaid:  # type: ignore[type-arg]
        moved = [replace(one, span=Span(one.span.start_s + late_s, one.span.end_s + late_s)) for one in laid]
        return overlay(source, moved, voices, output)

    monkeypatch.setattr(planting, "overlay", shifted)
    made = plant(source, Span(0.0, 6.0), [needle(start_s=2.0, end_s=4.0)], PyavDecoder(), tmp_path / "copy.mp4")
    assert set(made.faults) == {0}
    assert "the copy was decoded at" in made.faults[0]


@needs_voice
def test_a_voice_that_is_late_is_a_fault(tmp_path: Path, source: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(source: Probe, laid: list, voices: list, output: Path) -> Overlaid:  # type: ignore[type-arg]
        return overlay(source, laid, [replace(one, at_s=one.at_s + 0.2) for one in voices], output)

    monkeypatch.setattr(planting, "overlay", shifted)
    spoken = needle(MATTERS["speech"], 2.0, 6.0)
    made = plant(source, Span(0.0, 10.0), [spoken], PyavDecoder(), tmp_path / "copy.mp4")
    assert "+0.200 s from its place" in made.faults[0]


def test_the_picture_of_a_needle_is_of_the_copy(tmp_path: Path, source: Probe) -> None:
    made = plant(
        source, Span(0.0, 6.0), [needle(MATTERS["still"], 2.0, 4.0)], PyavDecoder(), tmp_path / "copy.mp4"
    )
    red = np.all(np.abs(made.shown[0].astype(int) - (215, 30, 35)) < 30, axis=-1)
    assert red.mean() > 0.25
