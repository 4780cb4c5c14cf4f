"""What is planted in a recording is read, with the times at which it came and went; nothing else is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slides import Planted, panning, plain, record, with_inset

from videoindex.errors import ConfigError
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.scan import scan
from videoindex.perception.screen_text import ScreenText, ScreenTextSettings, looks_wanted, seams
from videoindex.types import Event, Scan, Segment, Span, Video

WHITE = (250, 250, 245)
HEADER = Planted("Lecture notes on probability", 0.0, 9.0, 40, 12, 18, (120, 40, 40))
TITLE = Planted("Random variables", 1.0, 4.0, 40, 60, 40, (10, 10, 90))
FIRST = Planted("a function on outcomes", 1.0, 4.0, 60, 130, 24)
NEXT = Planted("Expected value", 4.0, 9.0, 40, 60, 40, (10, 10, 90))
BULLET = Planted("is linear in its argument", 6.0, 9.0, 60, 130, 24)
TYPED = Planted("budget report", 4.5, 9.0, 60, 220, 24, typed_s=1.5)


def observed(path: Path, video: Video, segment_looks: int = 48) -> list[Event]:
    observer = ScreenText(ScreenTextSettings(segment_looks=segment_looks), PyavDecoder())
    events: list[Event] = []
    for segment in observer.segments(video, scan(video, path, decoder=PyavDecoder())):
        observation = observer.observe(video, segment)
        assert observation.gaps == ()
        assert all(segment.span.start_s <= event.span.start_s for event in observation.events)
        assert all(event.span.end_s <= segment.span.end_s for event in observation.events)
        events.extend(observation.events)
    return events


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Video:
    path = tmp_path_factory.mktemp("lecture") / "lecture.mp4"
    lines = [HEADER, TITLE, FIRST, NEXT, BULLET, TYPED]
    return record(path, with_inset(plain(WHITE, 854, 480)), lines, 9.5)


def test_a_lecture_is_told_line_by_line(lecture: Video, tmp_path: Path) -> None:
    events = observed(tmp_path, lecture)
    truth = {
        HEADER.text: HEADER,
        f"{TITLE.text}\n{FIRST.text}": TITLE,
        NEXT.text: NEXT,
        BULLET.text: BULLET,
        TYPED.text: TYPED,
    }
    assert {event.text for event in events} == set(truth)
    for event in events:
        planted = truth[event.text]
        assert event.span.start_s == pytest.approx(planted.start_s, abs=0.3), event.text
        assert event.span.end_s == pytest.approx(planted.end_s, abs=0.3), event.text
        assert event.confidence > 0.9
        assert len(event.boxes) == event.text.count("\n") + 1
        assert event.boxes[0].left_px == pytest.approx(planted.x_px, abs=12)
        assert event.boxes[0].top_px - 12 <= planted.y_px <= event.boxes[0].bottom_px


def test_a_seam_tears_no_text(lecture: Video, tmp_path: Path) -> None:
    """What lasts over a seam has the same text on both sides, touches it exactly, and stays alone."""
    whole = observed(tmp_path, lecture)
    torn = observed(tmp_path, lecture, segment_looks=6)
    joined: list[tuple[str, float, float]] = []
    for event in sorted(torn, key=lambda event: event.span):
        for i, (text, start_s, end_s) in enumerate(joined):
            if text == event.text and end_s == event.span.start_s:
                joined[i] = (text, start_s, event.span.end_s)
                break
        else:
            joined.append((event.text, event.span.start_s, event.span.end_s))
    lines = {line for text, _, _ in joined for line in text.split("\n")}
    assert len(torn) > len(whole)
    assert {line for event in whole for line in event.text.split("\n")} <= lines
    header = [(start_s, end_s) for text, start_s, end_s in joined if text == HEADER.text]
    assert header == [(0.0, pytest.approx(HEADER.end_s, abs=0.3))]


def test_titles_over_a_moving_film_are_found_and_nothing_else(tmp_path: Path) -> None:
    titles = [
        Planted("The last harvest", 2.0, 3.0, 200, 200, 48, (250, 250, 250), fade_s=0.2),
        Planted("three years later", 5.0, 7.0, 240, 380, 32, (250, 250, 250)),
    ]
    video = record(tmp_path / "film.mp4", panning(3, 854, 480), titles, 8.0)
    events = observed(tmp_path, video)
    assert [event.text.casefold() for event in events] == [title.text.casefold() for title in titles]
    for event, title in zip(events, titles, strict=True):
        assert event.span.iou(Span(title.start_s, title.end_s)) > 0.5


def made_scan(change_TRC: np.ndarray) -> Scan:
    return Scan(np.arange(len(change_TRC)) / 4.0, change_TRC, (), ())


def test_a_moving_inset_makes_few_looks_and_a_slide_change_does_not_hide_behind_it() -> None:
    change_TRC = np.zeros((1200, 9, 16), np.uint8)
    change_TRC[0] = 255
    change_TRC[:, 7:, 13:] = 120
    change_TRC[600, :7, :] = 200
    wanted = looks_wanted(made_scan(change_TRC), ScreenTextSettings())
    assert wanted[[0, 599, 600, 601, -1]].all()
    assert wanted.sum() < 1200 / 4 / 5 + 10


def test_a_film_is_followed_look_by_look() -> None:
    change_TRC = np.full((400, 9, 16), 120, np.uint8)
    assert looks_wanted(made_scan(change_TRC), ScreenTextSettings()).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=120), st.integers(1, 12))
def test_seams_bound_the_work_of_a_segment(change: list[float], looks: int) -> None:
    edges = [0, *seams(np.array(change), looks), len(change)]
    assert all(0 < after - before <= 2 * looks for before, after in pairwise(edges))


def test_segments_tile_the_video(lecture: Video) -> None:
    change_TRC = np.full((400, 9, 16), 120, np.uint8)
    video = Video("v", lecture.path, Span(-0.5, 101.0), 1280, 720, 25.0, False)
    segments = ScreenText(ScreenTextSettings(), PyavDecoder()).segments(video, made_scan(change_TRC))
    assert segments[0].span.start_s == video.span.start_s
    assert segments[-1].span.end_s == video.span.end_s
    assert all(before.span.end_s == after.span.start_s for before, after in pairwise(segments))
    assert sum(len(segment.at_s_T) for segment in segments) == 400


def test_a_video_without_a_picture_has_no_segments(lecture: Video) -> None:
    sound = Video("v", lecture.path, Span(0, 1), 0, 0, 0.0, True)
    empty = Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())
    assert ScreenText(ScreenTextSettings(), PyavDecoder()).segments(sound, empty) == []


def test_what_could_not_be_decoded_is_a_gap(lecture: Video) -> None:
    segment = Segment(lecture.id, "screen_text", Span(0.0, 20.0), (1.0, 2.0, 15.0))
    observation = ScreenText(ScreenTextSettings(), PyavDecoder()).observe(lecture, segment)
    assert [(gap.span, gap.observer) for gap in observation.gaps] == [(Span(15.0, 20.0), "screen_text")]


def test_only_what_changes_the_reading_changes_the_fingerprint() -> None:
    prints = {ScreenText(ScreenTextSettings(threads=n), PyavDecoder()).fingerprint for n in (1, 2)}
    assert len(prints) == 1
    assert ScreenText(ScreenTextSettings(find_side_px=512), PyavDecoder()).fingerprint not in prints


@pytest.mark.parametrize(
    ("field", "value"),
    [("threads", 0), ("least_confidence", 1.5), ("find_side_px", 10), ("relook_s", 0.0), ("segment_looks", 0)],
)
def test_settings_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        ScreenTextSettings(**{field: value})
