"""What every observer must do, on one recording with sound, text, somebody passing, and a subtitle file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import spoken
from slides import Picture, Planted, plain, record

from videoindex.evaluation.cutouts import cut_out
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.scan import scan
from videoindex.perception.captions import Captions
from videoindex.perception.objects import Objects, ObjectsSettings
from videoindex.perception.observer import Observer
from videoindex.perception.qwen import Qwen, QwenSettings
from videoindex.perception.screen_text import ScreenText, ScreenTextSettings
from videoindex.perception.speech import Speech
from videoindex.perception.vlm.scripted import Scripted, Shown
from videoindex.sampling.settings import SamplingSettings
from videoindex.types import Observation, Scan, Video

DURATION_S = 14.0
NO_PICTURE = Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())
HEAVY = ("torch", "transformers", "rapidocr", "onnxruntime", "moonshine_voice", "faster_whisper")


def somebody_passes(shown: Shown, _: str) -> str:
    """A model that sees where most of the picture's middle is not as it was at first, and says from when to
    when."""
    middle_T = shown.looks.rgb_THWC[:, 150:, :].astype(np.int16)
    marks_s = np.array(shown.looks.marks_s)
    changed = np.abs(middle_T[0::2] - middle_T[0]).mean(axis=(1, 2, 3)) > 3.0
    event = {
        "start": float(marks_s[changed][0].round(1)),
        "end": float(marks_s[changed][-1].round(1)),
        "what": "an officer in blue walks through the room",
        "boxes": [{"at": float(marks_s[changed][0]), "label": "officer", "bbox_2d": [0, 300, 400, 1000]}],
    }
    return json.dumps({"events": [event]})


MAKERS: dict[str, Callable[[], Observer]] = {
    "screen_text": lambda: ScreenText(ScreenTextSettings(), PyavDecoder()),
    "speech": Speech,
    "objects": lambda: Objects(ObjectsSettings(), PyavDecoder()),
    "captions": Captions,
    "qwen": lambda: Qwen(QwenSettings(), SamplingSettings(), Scripted(somebody_passes), PyavDecoder()),
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Video, Scan]:
    """Two lines of text, three sentences, an officer who walks across, and one caption."""
    folder = tmp_path_factory.mktemp("recording")
    room, officer = plain((205, 200, 190), 854, 480), cut_out("officer", (30, 70, 190)).resized(300)

    def staged(at_s: float) -> Picture:
        picture_HWC = room(at_s)
        if 3.0 <= at_s < 11.0:
            officer.paste_onto(picture_HWC, round(-250 + (at_s - 3.0) * 140), 180)
        return picture_HWC

    lines = [
        Planted("Visitors of the day", 0.0, DURATION_S, 40, 20, 34),
        Planted("closing time is five", 6.0, 12.0, 40, 80, 28),
    ]
    sound_T = np.zeros(round(DURATION_S * spoken.RATE_HZ), np.float32)
    narration_T, _ = spoken.narrated(spoken.SENTENCES[:3])
    sound_T[: len(narration_T)] = narration_T[: len(sound_T)]
    video = record(folder / "visitors.mp4", staged, lines, DURATION_S, fps=8, sound_T=sound_T)
    (folder / "visitors.srt").write_text("1\n00:00:02,000 --> 00:00:03,500\nThe day begins.\n")
    return video, scan(video, folder / "thumbnails", decoder=PyavDecoder())


def observed(observer: Observer, video: Video, seen: Scan) -> list[Observation]:
    return [observer.observe(video, segment) for segment in observer.segments(video, seen)]


@pytest.mark.parametrize("name", MAKERS)
def test_an_observer_says_what_it_is(name: str) -> None:
    observer, again = MAKERS[name](), MAKERS[name]()
    assert observer.name == name
    assert observer.model.strip()
    assert name in observer.fingerprint
    assert observer.fingerprint == again.fingerprint
    assert 0.0 <= observer.shortest_event_s < 10.0


@pytest.mark.parametrize("name", MAKERS)
def test_segments_need_no_model_and_tile_the_recording(
    name: str, recording: tuple[Video, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    video, seen = recording
    for library in HEAVY:  # an import of these fails from here on
        monkeypatch.setitem(sys.modules, library, None)
    segments = MAKERS[name]().segments(video, seen)
    assert segments
    assert segments == MAKERS[name]().segments(video, seen)
    assert all((segment.video_id, segment.observer) == (video.id, name) for segment in segments)
    assert (segments[0].span.start_s, segments[-1].span.end_s) == (video.span.start_s, video.span.end_s)
    assert all(first.span.end_s == then.span.start_s for first, then in pairwise(segments))


@pytest.mark.parametrize("name", MAKERS)
def test_two_observers_see_the_same_inside_their_segments(name: str, recording: tuple[Video, Scan]) -> None:
    video, seen = recording
    observer = MAKERS[name]()
    first = observed(observer, video, seen)
    assert first == observed(MAKERS[name](), video, seen)
    events = [event for observation in first for event in observation.events]
    assert events
    assert not any(observation.gaps for observation in first)
    assert len({event.id for event in events}) == len(events)
    for segment, observation in zip(observer.segments(video, seen), first, strict=True):
        for event in observation.events:
            assert (event.video_id, event.source) == (video.id, name)
            assert segment.span.start_s <= event.span.start_s < event.span.end_s <= segment.span.end_s
            for box in event.boxes:
                assert box.at_s in event.span
                assert 0 <= box.left_px < box.right_px <= video.width_px
                assert 0 <= box.top_px < box.bottom_px <= video.height_px


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("screen_text", "closing time"),
        ("speech", "window"),
        ("objects", "person"),
        ("captions", "day begins"),
        ("qwen", "officer"),
    ],
)
def test_each_sees_what_was_put_there_for_it(name: str, word: str, recording: tuple[Video, Scan]) -> None:
    video, seen = recording
    texts = [event.text.lower() for each in observed(MAKERS[name](), video, seen) for event in each.events]
    assert any(word in text for text in texts), texts


@pytest.mark.parametrize("name", MAKERS)
def test_where_an_observer_does_not_apply_it_has_no_work(
    name: str, recording: tuple[Video, Scan], tmp_path: Path
) -> None:
    video, seen = recording
    bare = tmp_path / "bare.mp4"
    bare.write_bytes(video.path.read_bytes())  # the same file, with no subtitles beside it
    without = {
        "screen_text": (replace(video, width_px=0, height_px=0), NO_PICTURE),
        "objects": (replace(video, width_px=0, height_px=0), NO_PICTURE),
        "speech": (replace(video, has_audio=False), seen),
        "captions": (replace(video, path=bare), seen),
        "qwen": (replace(video, width_px=0, height_px=0), NO_PICTURE),
    }
    assert MAKERS[name]().segments(*without[name]) == []
