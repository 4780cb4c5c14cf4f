"""Speech: pieces tile the recording, cut where it is quiet; nothing is invented, nothing transcribed twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spoken
from numpy.typing import NDArray

from videoindex.errors import ConfigError
from videoindex.perception.observer import Observer
from videoindex.perception.sentences import Said
from videoindex.perception.speech import Speech, SpeechSettings
from videoindex.types import Scan, Segment, Span, Video

NO_PICTURE = Scan(np.zeros(0), np.zeros((0, 16, 9), np.uint8), (), ())


class Scripted:
    """A transcriber that hears what it is told and counts how often it is asked."""

    model = "scripted"

    def __init__(self, *heard: Said) -> None:
        self.heard, self.calls = list(heard), 0

    def transcribe(self, samples_T: NDArray[np.float32]) -> list[Said]:
        self.calls += 1
        return self.heard


def recording(folder: Path, samples_T: NDArray[np.float32], start_s: float = 0.0) -> Video:
    path = folder / "talk.mkv"
    spoken.write_sound(path, samples_T, codec="pcm_s16le", start_s=start_s)
    return spoken.video_of(path, Span(start_s, start_s + len(samples_T) / spoken.RATE_HZ))


def test_sentences_are_found_at_their_times_on_the_sources_clock(tmp_path: Path) -> None:
    samples_T, truth = spoken.narrated(spoken.SENTENCES[:3])
    video = recording(tmp_path, samples_T, start_s=100.0)
    speech: Observer = Speech()
    (segment,) = speech.segments(video, NO_PICTURE)
    observation = speech.observe(video, segment)
    assert [event.span.start_s for event in observation.events] == pytest.approx(
        [100 + said.span.start_s for said in truth], abs=0.3
    )
    for event, said in zip(observation.events, truth, strict=True):
        assert spoken.word_errors(said.text, event.text) <= 0.35
        assert event.confidence >= 0.8
        assert event.model.startswith("moonshine")
    assert speech.observe(video, segment) == observation


def test_pieces_tile_the_recording_and_cut_no_sentence(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    samples_T = rng.normal(0, 0.1, 200 * spoken.RATE_HZ).astype(np.float32)
    quiet = [Span(start_s, start_s + 0.6) for start_s in np.arange(3.0, 197.0, 7.0)]
    for pause in quiet:
        samples_T[round(pause.start_s * 16_000) : round(pause.end_s * 16_000)] *= 0.001
    video = recording(tmp_path, samples_T, start_s=50.0)
    speech = Speech(SpeechSettings(segment_s=40.0), Scripted())
    segments = speech.segments(video, NO_PICTURE)
    assert [segment.span.start_s for segment in segments] == [
        50.0,
        *(segment.span.end_s for segment in segments[:-1]),
    ]
    assert segments[-1].span.end_s == video.span.end_s
    assert len(segments) == 5
    for segment in segments[:-1]:
        assert any(segment.span.end_s - 50.0 in pause for pause in quiet)
        assert 25 <= segment.span.duration_s <= 55
    assert speech.segments(video, NO_PICTURE) == segments


def test_captioned_recordings_are_not_transcribed_again(tmp_path: Path) -> None:
    video = recording(tmp_path, spoken.tone(40.0, 440))
    side = tmp_path / "talk.srt"
    side.write_text("1\n00:00 --> 00:05\nA sign.\n")
    assert len(Speech().segments(video, NO_PICTURE)) == 1
    side.write_text("1\n00:00 --> 00:20\nEvery word of it.\n")
    assert Speech().segments(video, NO_PICTURE) == []
    assert len(Speech(SpeechSettings(skip_when_captioned=False)).segments(video, NO_PICTURE)) == 1


def test_what_captions_leave_out_is_transcribed(tmp_path: Path) -> None:
    video = recording(tmp_path, spoken.tone(80.0, 440))
    (tmp_path / "talk.srt").write_text("1\n00:00 --> 00:28\nThe first half is written down.\n")
    (segment,) = Speech(SpeechSettings(segment_s=40.0, search_s=5.0)).segments(video, NO_PICTURE)
    assert 34.0 <= segment.span.start_s <= 46.0
    assert segment.span.end_s == video.span.end_s


def test_a_silent_recording_wakes_no_model_and_one_without_sound_has_no_piece(tmp_path: Path) -> None:
    video = recording(tmp_path, np.zeros(30 * spoken.RATE_HZ, np.float32))
    scripted = Scripted(Said(Span(1.0, 2.0), "Thank you."))
    speech = Speech(transcriber=scripted)
    (segment,) = speech.segments(video, NO_PICTURE)
    assert speech.observe(video, segment).events == ()
    assert scripted.calls == 0
    mute = spoken.video_of(video.path, video.span, has_audio=False)
    assert speech.segments(mute, NO_PICTURE) == []


def test_sound_that_cannot_be_decoded_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "broken.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3 nothing")
    video = spoken.video_of(path, Span(0.0, 10.0))
    observation = Speech(transcriber=Scripted()).observe(video, Segment(video.id, "speech", video.span))
    (gap,) = observation.gaps
    assert gap.span == video.span
    assert "broken.mkv" in gap.reason


def test_events_stay_inside_their_piece(tmp_path: Path) -> None:
    video = recording(tmp_path, spoken.bursts(20.0, 1.0))
    heard = (
        Said(Span(0.5, 2.0), "Inside it."),
        Said(Span(4.0, 9.0), "Over its end."),
        Said(Span(9.0, 9.5), "Beyond."),
    )
    segment = Segment(video.id, "speech", Span(10.0, 15.0))
    events = Speech(transcriber=Scripted(*heard)).observe(video, segment).events
    assert [event.span for event in events] == [Span(10.5, 12.0), Span(14.0, 15.0)]


@pytest.mark.parametrize(
    "wrong",
    [{"language": "fr"}, {"threads": 0}, {"segment_s": 5.0}, {"search_s": 200.0}, {"captioned_share": 0.0}],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="speech"):
        SpeechSettings(**wrong)  # type: ignore[arg-type]
