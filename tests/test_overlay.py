"""Pictures and voices laid over a copy: where they are, and that all else is as it was."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import planted
import pytest
from clipped import CODED, SIZE, shown_in
from PIL import Image
from planted import steady
from spoken import tone

from videoindex.errors import UsageError
from videoindex.media.audio import read_audio
from videoindex.media.encode import Layer
from videoindex.media.overlay import Laid, Voice, overlay, shown_span
from videoindex.media.probe import Probe, probe
from videoindex.types import Span

RATE_HZ = 16_000


def film(path: Path, *, turned_deg: int = 0, with_sound: bool = False, frames: int = 150) -> Probe:
    planted.write(
        path, steady(25, frames), size_px=SIZE, options=CODED, clockwise_deg=turned_deg, with_sound=with_sound
    )
    return probe(path)


def curtain(folder: Path, source: Probe) -> Layer:
    """A picture that hides the recording's own number."""
    size_px = (source.video.width_px, source.video.height_px)
    Image.new("RGBA", size_px, (128, 128, 128, 255)).save(folder / "curtain.png")
    return Layer(folder / "curtain.png", turn_deg=source.rotation_deg)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("turned_deg", [0, 90])
def test_a_layer_hides_the_pictures_of_its_span_and_no_other(tmp_path: Path, suffix: str, turned_deg: int) -> None:
    source = film(tmp_path / "film.mp4", turned_deg=turned_deg)
    (span,) = shown_span(source, [Span(2.01, 3.99)])
    assert (span.start_s, span.end_s) == pytest.approx((2.04, 4.0))
    made = overlay(source, [Laid(span, curtain(tmp_path, source))], [], tmp_path / f"copy{suffix}")
    shown = shown_in(made.path)
    hidden = range(51, 100)
    assert [one.number for one in shown] == [None if n in hidden else n for n in range(150)]
    assert all(b.at_s - a.at_s == pytest.approx(0.04, abs=0.0015) for a, b in pairwise(shown))
    assert 1.9 <= made.encoded_s < 3.5


def test_a_part_of_a_recording_is_copied_with_its_own_clock(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4")
    part = replace(source, video=replace(source.video, span=Span(1.0, 5.0)))
    spans = shown_span(part, [Span(2.0, 2.4), Span(4.0, 4.4)])
    layer = curtain(tmp_path, source)
    made = overlay(part, [Laid(span, layer) for span in spans], [], tmp_path / "copy.mp4")
    assert made.from_s == 1.0
    numbers = [one.number for one in shown_in(made.path)]
    assert numbers == [None if 50 <= n < 60 or 100 <= n < 110 else n for n in range(25, 125)]


def test_a_moving_layer_changes_with_its_pictures(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4")
    for number in range(10):
        Image.fromarray(planted.draw(1000 + number, SIZE)).convert("RGBA").save(tmp_path / f"{number:05}.png")
    (span,) = shown_span(source, [Span(2.0, 2.4)])
    made = overlay(source, [Laid(span, Layer(tmp_path / "%05d.png", 25.0))], [], tmp_path / "copy.mp4")
    assert [one.number for one in shown_in(made.path)][49:61] == [49, *range(1000, 1010), 60]


def test_a_voice_sounds_at_its_time_into_silence_and_all_else_is_heard(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4", with_sound=True)
    voice = Voice(2.0, tone(1.0, 1_200.0), ducked=0.0, beside_s=0.5)
    made = overlay(source, [], [voice], tmp_path / "copy.mp4")
    video = probe(made.path).video

    def level(start_s: float, end_s: float, hz: float) -> float:
        heard_T = read_audio(video, Span(start_s, end_s), RATE_HZ)
        turns_T = np.exp(-2j * np.pi * hz * np.arange(len(heard_T)) / RATE_HZ)
        return float(abs(np.mean(heard_T * turns_T)))

    assert level(2.05, 2.95, 1_200.0) > 0.1 > 100 * level(2.05, 2.95, 440.0)
    assert level(1.6, 1.9, 440.0) < 0.01
    assert level(0.5, 1.4, 440.0) > 0.1
    assert level(3.6, 4.5, 440.0) > 0.1
    assert level(0.5, 1.4, 1_200.0) < 0.01
    assert [one.number for one in shown_in(made.path)] == list(range(150))


def test_a_silent_recording_gets_sound_with_a_voice(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4")
    made = overlay(source, [], [Voice(1.0, tone(0.5, 800.0))], tmp_path / "copy.mp4")
    copy = probe(made.path).video
    assert copy.has_audio
    assert np.abs(read_audio(copy, Span(1.1, 1.4), RATE_HZ)).max() > 0.1
    assert np.abs(read_audio(copy, Span(2.0, 3.0), RATE_HZ)).max() < 0.01


def test_layers_that_overlap_are_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4")
    layer = curtain(tmp_path, source)
    with pytest.raises(UsageError, match="overlap others"):
        overlay(source, [Laid(Span(1.0, 2.0), layer), Laid(Span(1.5, 3.0), layer)], [], tmp_path / "copy.mp4")


def test_a_span_outside_the_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture at"):
        shown_span(film(tmp_path / "film.mp4"), [Span(60.0, 61.0)])
