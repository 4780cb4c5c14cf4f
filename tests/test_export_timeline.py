"""EDL and OTIO, read back by OpenTimelineIO's own adapters."""

from __future__ import annotations

import builtins
import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio as otio
import pytest
from marked import AWKWARD, BEGAN, awkward, mark, video

from videoindex.errors import MissingDependencyError
from videoindex.query.export import Sheet, one_line
from videoindex.query.export_timeline import edl_text, otio_text
from videoindex.query.timecode import STANDARD_RATES, FrameRate, frames_of, rate_of

RATES = [float(rate) for rate in STANDARD_RATES]


def _clips(timeline: Any) -> list[Any]:
    return [clip for clip in timeline.video_tracks()[0] if isinstance(clip, otio.schema.Clip)]


def _read_edl(sheet: Sheet) -> list[Any]:
    rate = float(rate_of(sheet.marks[0].video).fps)
    return _clips(otio.adapters.read_from_string(edl_text(sheet).text, "cmx_3600", rate=rate))


def _frames(clip: Any) -> tuple[int, int]:
    start, length = clip.source_range.start_time.value, clip.source_range.duration.value
    return round(start), round(start + length)


@pytest.mark.parametrize("fps", [*RATES, 10.0, 14.7])
@pytest.mark.parametrize("start_s", [0.0, 7.25])
def test_an_edl_is_read_back_to_the_frame(fps: float, start_s: float) -> None:
    one = video(fps=fps, start_s=start_s)
    spans = ((0.0, 1.0), (59.9, 60.1), (600.0, 601.5), (3599.99, 3600.02))
    sheet = Sheet("found", tuple(mark(start_s + a, start_s + b, f"{a}", one) for a, b in spans))
    found = [_frames(clip) for clip in _read_edl(sheet)]
    assert found == [frames_of(made.span, start_s, rate_of(one)) for made in sheet.marks]


def test_an_edl_names_its_recordings_and_no_text_can_pose_as_an_event() -> None:
    sheet = awkward(video("a film.mp4"))
    text = edl_text(sheet).text
    clips = _read_edl(sheet)
    assert [clip.name for clip in clips] == ["a film.mp4"] * len(AWKWARD)
    assert re.findall(r"(?m)^\* COMMENT: (.*)$", text) == [one_line(text, 200) for text in AWKWARD]
    assert len(re.findall(r"(?m)^\d{3}  AX ", text)) == len(AWKWARD)
    assert text.startswith("TITLE: what was said?\nFCM: NON-DROP FRAME\n")


@pytest.mark.parametrize(
    ("change", "tracks"), [({}, "AA/V"), ({"has_audio": False}, "V"), ({"width_px": 0, "height_px": 0}, "AA")]
)
def test_an_event_is_of_the_tracks_that_there_are(change: dict[str, object], tracks: str) -> None:
    text = edl_text(Sheet("x", (mark(0, 1, "x", video(**change)),))).text  # type: ignore[arg-type]
    assert text.splitlines()[3].split()[2] == tracks


def test_the_programme_begins_at_one_hour_and_has_no_holes() -> None:
    one = video(fps=float(Fraction(30_000, 1001)))
    text = edl_text(Sheet("x", tuple(mark(n, n + 0.5, "x", one) for n in range(200)))).text
    times = [line.split()[-2:] for line in text.splitlines() if line[:3].isdigit()]
    assert "FCM: DROP FRAME" in text
    assert times[0][0] == "01:00:00;00"
    assert all(a[1] == b[0] for a, b in pairwise(times))


def test_what_an_edl_cannot_hold_is_left_out_and_told() -> None:
    one = video()
    written = edl_text(Sheet("x", tuple(mark(n, n + 0.5, "x", one) for n in range(1002))))
    assert written.text.count("* FROM CLIP NAME") == 999
    assert any("3 of 1002 marks were left out" in note for note in written.notes)
    written = edl_text(Sheet("x", (mark(1, 2, "x", one), mark(90_000, 90_001, "late", one))))
    assert "late" not in written.text
    assert any("1 of 2 marks were left out" in note for note in written.notes)


def test_the_rate_is_told_and_what_it_rounds() -> None:
    one, other, uneven = video("a.mp4"), video("b.mp4", fps=30.0), video("c.mp4", fps=14.7)
    sheet = Sheet("x", (mark(1, 2, "x", one), mark(1, 2, "y", other), mark(1, 2, "z", uneven)))
    notes = edl_text(sheet).notes
    assert notes[0] == "timecode counts 25 frames a second, non-drop"
    assert "no standard frame rate fits c.mp4" in notes[1]
    assert "b.mp4 have another frame rate" in notes[2]


def test_nothing_found_is_an_edl_of_no_event() -> None:
    assert edl_text(Sheet("x", ())).text == "TITLE: x\nFCM: NON-DROP FRAME\n"


@pytest.mark.parametrize("fps", RATES)
def test_otio_is_read_back_with_exact_times_and_texts(fps: float) -> None:
    one = video("a film ü.mp4", start_s=7.25, fps=fps, recorded_at=BEGAN)
    sheet = awkward(one)
    timeline = otio.adapters.read_from_string(otio_text(sheet).text, "otio_json")
    assert timeline.name == "what was said?"
    rate = rate_of(one)
    for clip, made in zip(_clips(timeline), sheet.marks, strict=True):
        assert _frames(clip) == frames_of(made.span, 7.25, rate)
        assert clip.source_range.start_time.rate == pytest.approx(float(rate.fps))
        said = clip.metadata["videoindex"]
        assert said["text"] == made.text
        assert said["start_s"] == pytest.approx(made.span.start_s, abs=5e-4)
        assert said["wall_clock"] == made.wall_clock
        assert clip.media_reference.target_url == "file:///films/a%20film%20%C3%BC.mp4"
        whole = clip.media_reference.available_range
        assert whole.contains(clip.source_range)
    assert timeline.duration().to_seconds() == pytest.approx(1.5 * len(AWKWARD), abs=2 * len(AWKWARD) / fps)


def test_where_there_is_no_picture_or_no_sound_the_track_has_a_gap() -> None:
    talk, mute = video("talk.m4a", width_px=0, height_px=0), video("mute.mp4", has_audio=False)
    sheet = Sheet("x", (mark(0, 1, "said", talk), mark(2, 4, "seen", mute)))
    timeline = otio.adapters.read_from_string(otio_text(sheet).text, "otio_json")
    kinds = [[type(item).__name__ for item in track] for track in timeline.tracks]
    assert kinds == [["Gap", "Clip"], ["Clip", "Gap"]]
    lengths = [track.duration().to_seconds() for track in timeline.tracks]
    assert lengths == pytest.approx([3.0, 3.0])


def test_without_the_package_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def bare(name: str, *more: Any) -> Any:
        if name.startswith("opentimelineio"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", bare)
    with pytest.raises(MissingDependencyError, match="pip install opentimelineio"):
        otio_text(Sheet("x", ()))
    assert FrameRate.usual().is_exact
