"""Captions: cues become sentences at their true times, and a changed file is a changed segment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spoken

from videoindex.errors import ConfigError, DecodeError
from videoindex.perception.captions import Captions, CaptionsSettings, captioned_spans
from videoindex.perception.observer import Observer
from videoindex.types import Scan, Span, Video

NO_PICTURE = Scan(np.zeros(0), np.zeros((0, 16, 9), np.uint8), (), ())
SRT = (
    "1\n00:00:01,000 --> 00:00:03,000\nThe river was frozen\n\n"
    "2\n00:00:03,100 --> 00:00:05,000\nfor most of the winter.\n\n"
    "3\n00:00:06,000 --> 00:00:08,000\nDr. Smith came back.\n\n4\n00:00:55,000 --> 00:01:30,000\nPast the end.\n"
)


def lecture(folder: Path) -> Video:
    path = folder / "lecture.mkv"
    spoken.write_sound(path, spoken.tone(60.0, 440), codec="pcm_s16le")
    return spoken.video_of(path, Span(0.0, 60.0))


def test_cues_of_one_sentence_become_one_event(tmp_path: Path) -> None:
    video = lecture(tmp_path)
    (tmp_path / "lecture.srt").write_text(SRT)
    captions: Observer = Captions()
    (segment,) = captions.segments(video, NO_PICTURE)
    observation = captions.observe(video, segment)
    assert [(event.span, event.text) for event in observation.events] == [
        (Span(1.0, 5.0), "The river was frozen for most of the winter."),
        (Span(6.0, 8.0), "Dr. Smith came back."),
        (Span(55.0, 60.0), "Past the end."),
    ]
    assert all(event.source == "captions" for event in observation.events)
    assert not observation.gaps
    assert captions.observe(video, segment) == observation


def test_a_file_that_appears_or_changes_makes_another_segment(tmp_path: Path) -> None:
    video, captions = lecture(tmp_path), Captions()
    assert captions.segments(video, NO_PICTURE) == []
    side = tmp_path / "lecture.srt"
    side.write_text(SRT)
    (first,) = captions.segments(video, NO_PICTURE)
    assert captions.segments(video, NO_PICTURE) == [first]
    side.write_text(SRT.replace("frozen", "warm"))
    (second,) = captions.segments(video, NO_PICTURE)
    assert first != second
    with pytest.raises(DecodeError, match="changed while"):
        captions.observe(video, first)


def test_one_track_a_language_is_read_files_first(tmp_path: Path) -> None:
    video, captions = lecture(tmp_path), Captions()
    (tmp_path / "lecture.srt").write_text("1\n00:01 --> 00:02\nHello.\n")
    (tmp_path / "lecture.en.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello again.\n")
    (tmp_path / "lecture.de.srt").write_text("1\n00:01 --> 00:02\nGuten Tag.\n")
    (segment,) = captions.segments(video, NO_PICTURE)
    texts = [event.text for event in captions.observe(video, segment).events]
    assert sorted(texts) == ["Guten Tag.", "Hello again."]


def test_an_unreadable_track_is_a_gap_unless_another_has_its_language(tmp_path: Path) -> None:
    video, captions = lecture(tmp_path), Captions()
    (tmp_path / "lecture.en.srt").write_text("not a subtitle")
    (segment,) = captions.segments(video, NO_PICTURE)
    (gap,) = captions.observe(video, segment).gaps
    assert "lecture.en.srt" in gap.reason
    (tmp_path / "lecture.srt").write_text(SRT)
    (segment,) = captions.segments(video, NO_PICTURE)
    observation = captions.observe(video, segment)
    assert len(observation.events) == 3
    assert not observation.gaps


def test_only_full_tracks_in_the_language_caption_a_recording(tmp_path: Path) -> None:
    video = lecture(tmp_path)
    assert captioned_spans(video, "en") == []
    (tmp_path / "lecture.fr.srt").write_text("1\n00:00 --> 00:59\nBonjour.\n")
    (tmp_path / "lecture.en.forced.srt").write_text("1\n00:00 --> 00:59\nForced.\n")
    assert captioned_spans(video, "en") == []
    (tmp_path / "lecture.srt").write_text("1\n00:00 --> 00:30\nOne.\n\n2\n00:15 --> 00:45\nTwo.\n")
    assert captioned_spans(video, "en") == [Span(0.0, 45.0)]


@pytest.mark.parametrize("wrong", [{"language": "english"}, {"join_gap_s": -1.0}, {"longest_s": 0.0}])
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="captions"):
        CaptionsSettings(**wrong)  # type: ignore[arg-type]
