"""Captions: cues become sentences at their true times, and a changed file is a changed segment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spoken
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import ConfigError, DecodeError
from videoindex.perception.captions import Captions, CaptionsSettings, captioned_share
from videoindex.perception.observer import Observer
from videoindex.perception.sentences import Said, join_sentences, split_said, split_sentences, without_rolling
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


def said(*pieces: tuple[float, float, str]) -> list[Said]:
    return [Said(Span(start_s, end_s), text) for start_s, end_s, text in pieces]


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


def test_the_share_that_is_captioned_counts_full_tracks_in_the_language(tmp_path: Path) -> None:
    video = lecture(tmp_path)
    assert captioned_share(video, "en") == 0
    (tmp_path / "lecture.fr.srt").write_text("1\n00:00 --> 00:59\nBonjour.\n")
    (tmp_path / "lecture.en.forced.srt").write_text("1\n00:00 --> 00:59\nForced.\n")
    assert captioned_share(video, "en") == 0
    (tmp_path / "lecture.srt").write_text("1\n00:00 --> 00:30\nOne.\n\n2\n00:15 --> 00:45\nTwo.\n")
    assert captioned_share(video, "en") == pytest.approx(0.75)


def test_rolling_captions_say_each_line_once() -> None:
    rolled = without_rolling(
        said(
            (0.0, 2.0, "so today we look"),
            (2.0, 2.01, "so today we look"),
            (2.01, 4.0, "so today we look\nat the river"),
            (4.0, 4.01, "at the river"),
            (4.01, 6.0, "at the river\nin the winter"),
        )
    )
    assert [piece.text for piece in rolled] == ["so today we look", "at the river", "in the winter"]
    assert [piece.span.start_s for piece in rolled] == [0.0, 2.01, 4.01]
    assert [piece.text for piece in join_sentences(rolled)] == ["so today we look at the river in the winter"]


def test_a_line_that_grows_word_by_word_is_said_once() -> None:
    grown = without_rolling(said((0.0, 1.0, "the"), (1.0, 2.0, "the river"), (2.0, 3.0, "the river froze")))
    assert join_sentences(grown) == said((0.0, 3.0, "the river froze"))


def test_a_line_said_again_later_is_kept() -> None:
    cues = said((0.0, 1.0, "Yes."), (5.0, 6.0, "Yes."))
    assert without_rolling(cues) == cues


def test_overlapping_cues_keep_their_times() -> None:
    cues = said((0.0, 9.0, "A long note."), (3.0, 5.0, "A short one."))
    assert without_rolling(cues) == cues


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith paid 3.5 dollars. He left.", ["Mr. Smith paid 3.5 dollars.", "He left."]),
        ("J. Smith wrote it, e.g. in the U.S. Senate.", ["J. Smith wrote it, e.g. in the U.S. Senate."]),
        ("He said “stop.” Then he left…", ["He said “stop.”", "Then he left…"]),
        ("Well... maybe.", ["Well... maybe."]),
        ("no mark at all", ["no mark at all"]),
        ("", []),
    ],
)
def test_sentences_are_split_at_their_ends_only(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_a_line_of_two_sentences_is_cut_at_the_pause_between_them() -> None:
    line = Said(Span(10.0, 16.0), "This is the first sentence. And here is the second one.")
    first, second = split_said(line, [Span(11.0, 11.2), Span(13.1, 13.5), Span(15.2, 15.3)])
    assert (first.span, second.span) == (Span(10.0, 13.1), Span(13.5, 16.0))


def test_speakers_and_asides_stand_alone() -> None:
    joined = join_sentences(
        said((0.0, 4.0, "- Where is it\n- over there"), (4.0, 5.0, "[Applause]"), (5.0, 6.0, "so"))
    )
    assert [piece.text for piece in joined] == ["Where is it", "over there", "[Applause]", "so"]


def test_text_without_punctuation_is_bounded() -> None:
    joined = join_sentences(said(*[(k * 1.0, k + 1.0, "word word word") for k in range(200)]))
    assert max(piece.span.duration_s for piece in joined) <= 20
    assert sum(len(piece.text.split()) for piece in joined) == 600


WORDS = st.lists(
    st.sampled_from(["a", "dog", "ran.", "Then", "Dr.", "[noise]", "why?", "- So"]), min_size=1, max_size=6
)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 5), WORDS), max_size=12))
def test_joining_loses_no_word_and_keeps_order(cues: list[tuple[float, float, list[str]]]) -> None:
    at_s = 0.0
    pieces = []
    for gap_s, duration_s, words in cues:
        pieces.append(Said(Span(at_s + gap_s, at_s + gap_s + duration_s), " ".join(words)))
        at_s += gap_s + duration_s
    joined = join_sentences(pieces)
    before = " ".join(piece.text for piece in pieces).replace("- ", "").split()
    assert " ".join(piece.text for piece in joined).replace("- ", "").split() == before
    assert [piece.span for piece in joined] == sorted(piece.span for piece in joined)


@pytest.mark.parametrize("wrong", [{"language": "english"}, {"join_gap_s": -1.0}, {"longest_s": 0.0}])
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="captions"):
        CaptionsSettings(**wrong)  # type: ignore[arg-type]
