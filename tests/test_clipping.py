"""The clip command: what its targets mean, and what it says. Cuts themselves are in test_clip.py."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import planted
import pytest
from clipped import CODED, SIZE, numbers
from index_samples import DIM, vectors

from videoindex import clipping
from videoindex.cli import parser
from videoindex.clipping import ClipWish, clip_document, clip_text, make_clip
from videoindex.commands import run
from videoindex.config import Settings, load_settings
from videoindex.errors import MediaError, UsageError, VideoIndexError
from videoindex.index.records import VideoRecord
from videoindex.index.store import Store
from videoindex.media.probe import probe
from videoindex.types import Event, Moment, Span

BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Bench:
    """An index of one film of three seconds with two events, and a film that is not indexed."""

    folder: Path
    film: VideoRecord
    other: Path
    events: tuple[Event, ...]

    @property
    def settings(self) -> Settings:
        return load_settings(None, str(self.folder / "db"))

    def cut(self, *targets: str, name: str = "clip.mp4", **more: object) -> list[int | None]:
        wish = ClipWish(targets, self.folder / name, overwrite=True, **more)  # type: ignore[arg-type]
        return numbers(make_clip(wish, self.settings).path)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("clipping")
    film = planted.write(folder / "film.mp4", planted.steady(25, 75), size_px=SIZE, options=CODED)
    other = planted.write(folder / "other.mp4", planted.steady(10, 20), size_px=SIZE, options=CODED)
    kept = VideoRecord(replace(probe(film.path).video, recorded_at=BEGAN), None, "k", BEGAN)
    events = tuple(
        Event.observed(kept.video.id, span, text, source="speech", model="m", confidence=0.5)
        for span, text in ((Span(0.4, 0.8), "one"), (Span(2.0, 2.2), "two"))
    )
    Store.open(folder / "db", dim=DIM, embedder="e").commit_video(kept, events, vectors(2), [])
    return Bench(folder, kept, other.path, events)


def test_an_event_is_named_by_its_id_or_its_beginning(bench: Bench) -> None:
    assert bench.cut(bench.events[0].id) == list(range(10, 20))
    assert bench.cut(bench.events[1].id[:6].upper()) == list(range(50, 55))


@pytest.mark.parametrize("times", ["0.4-0.8", "0:00.4-0:00:00.8", "0:00:00.4-0:00:00.8"])
@pytest.mark.parametrize("how", ["id", "beginning", "name", "path"])
def test_a_moment_is_a_recording_and_its_times(
    bench: Bench, times: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = bench.film.video
    name = {"id": video.id, "beginning": video.id[:6], "name": "film.mp4", "path": str(video.path)}[how]
    assert bench.cut(f"{name}@{times}") == list(range(10, 20))


def test_times_may_be_the_wall_clocks(bench: Bench) -> None:
    start, end = ((BEGAN + timedelta(seconds=s)).isoformat() for s in (0.4, 0.8))
    assert bench.cut(f"{bench.film.video.id}@{start}-{end}") == list(range(10, 20))
    wish = {"start": BEGAN + timedelta(seconds=1.5), "recorded_at": BEGAN + timedelta(seconds=1)}
    assert bench.cut(str(bench.film.video.path), **wish) == list(range(12, 75))


def test_several_moments_make_a_reel_in_the_order_given(bench: Bench) -> None:
    shown = bench.cut(bench.events[1].id, f"{bench.other}@0.5-0.8", bench.events[0].id)
    assert shown == [*range(50, 55), *range(5, 8), *range(10, 20)]


def test_padding_widens_as_far_as_the_recording_goes(bench: Bench) -> None:
    assert bench.cut(bench.events[0].id, padding_s=0.2) == list(range(5, 25))
    assert bench.cut(bench.events[0].id, padding_s=100.0) == list(range(75))


def test_a_file_needs_no_index(bench: Bench) -> None:
    wish = ClipWish((str(bench.other),), bench.folder / "alone.mp4", start=0.5, end=0.8)
    made = make_clip(wish, load_settings(None, str(bench.folder / "no-such-index")))
    assert numbers(made.path) == [5, 6, 7]


@pytest.mark.parametrize(
    ("target", "more", "message"),
    [
        ("FILM", {}, "say from when to when"),
        ("FILM", {"start": 2.0, "end": 9.0}, r"--end .* lies outside the recording, which runs from 0\.000 s"),
        ("FILM", {"start": 5.0, "end": 9.0}, r"--start .* lies outside the recording"),
        ("FILM", {"start": 2.0, "end": 1.0}, "must lie after --start"),
        ("nowhere.mp4", {"start": 1.0}, "there is no file nowhere"),
        ("nowhere.mp4", {}, "is no file and no moment"),
        ("FILM@1:30", {}, "cannot read the times"),
        ("FILM@2-1", {}, "must lie after --start"),
        ("nobody@1-2", {}, "'nobody' is not indexed"),
        ("abcde", {}, "is no file and no moment"),
        ("0123456789abcdef01234567", {}, "no event has an id"),
        ("FILM@0.5-1", {"padding_s": -1.0}, "--padding must not be negative"),
    ],
)
def test_what_cannot_be_meant_is_refused(bench: Bench, target: str, more: dict[str, float], message: str) -> None:
    named = target.replace("FILM", str(bench.film.video.path))
    with pytest.raises(UsageError, match=message):
        bench.cut(named, name="refused.mp4", **more)
    assert not (bench.folder / "refused.mp4").exists()


def test_targets_query_and_times_must_go_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="say what to cut"):
        ClipWish((), tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="say what to cut"):
        ClipWish(("a",), tmp_path / "a.mp4", query="b")
    with pytest.raises(UsageError, match="FILE@START-END for each"):
        ClipWish(("a", "b"), tmp_path / "a.mp4", start=1.0)


def _answering(monkeypatch: pytest.MonkeyPatch, bench: Bench, spans: list[Span]) -> None:
    """Lets every search find moments at ``spans``."""
    import videoindex.query.search

    video_id = bench.film.video.id
    moments = tuple(Moment(video_id, span, 0.9, bench.events[:1]) for span in spans)
    found = SimpleNamespace(moments=moments, records={video_id: bench.film})
    monkeypatch.setattr(videoindex.query.search, "search", lambda *_, **__: found)
    monkeypatch.setattr(clipping, "open_store", lambda settings: None)
    monkeypatch.setattr(clipping, "open_backends", lambda settings: SimpleNamespace(embedder=None))


def test_what_a_query_finds_is_cut_in_order_of_time_and_overlaps_are_joined(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answering(monkeypatch, bench, [Span(2.0, 2.2), Span(0.4, 0.8), Span(1.0, 1.2)])
    wish = ClipWish((), bench.folder / "found.mp4", query="x", padding_s=0.12, overwrite=True)
    made = make_clip(wish, bench.settings)
    assert [(round(one.span.start_s, 2), round(one.span.end_s, 2)) for one in made.cuts] == [
        (0.28, 1.32),
        (1.88, 2.32),
    ]
    assert numbers(made.path) == [*range(7, 33), *range(47, 58)]


def test_a_query_that_finds_nothing_makes_no_clip(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, bench, [])
    with pytest.raises(VideoIndexError, match="nothing was found for 'a unicorn', so no clip"):
        make_clip(ClipWish((), bench.folder / "none.mp4", query="a unicorn"), bench.settings)


def test_a_recording_that_moved_is_named(bench: Bench, tmp_path: Path) -> None:
    away = tmp_path / "away.mp4"
    bench.film.video.path.rename(away)
    try:
        with pytest.raises(MediaError, match="is not there any more"):
            bench.cut(bench.events[0].id)
    finally:
        away.rename(bench.film.video.path)


def test_the_command_says_what_it_wrote(bench: Bench) -> None:
    output = bench.folder / "said.mp4"
    line = ["clip", str(bench.film.video.path), "--start", "0:00.4", "--end", "2.2", "--padding", "0.2"]
    result = run(parser().parse_args([*line, "-o", str(output), "--db", str(bench.folder / "db")]))
    document = json.loads(json.dumps(result.document))
    assert set(document) == {"path", "duration_s", "copied_s", "encoded_s", "moments", "notes"}
    assert document["moments"] == [
        {
            "video_id": bench.film.video.id,
            "path": str(bench.film.video.path),
            "start_s": 0.2,
            "end_s": 2.4,
            "at_s": 0.0,
        }
    ]
    assert (
        result.text.splitlines()[0]
        == f"wrote {output} (0:00:02.2, 1.4 s of pictures copied, 0.8 s of pictures encoded)"
    )
    assert numbers(output) == list(range(5, 60))
    with pytest.raises(UsageError, match="is there already"):
        run(parser().parse_args([*line, "-o", str(output)]))
    with pytest.raises(UsageError, match="narrow a --query"):
        run(parser().parse_args([*line, "-o", str(output), "--camera", "door"]))


def test_sound_alone_and_notes_are_told(bench: Bench, tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 2.0)
    made = make_clip(ClipWish((str(tmp_path / "talk.m4a"),), tmp_path / "a.wav", end=1.0), bench.settings)
    assert "(0:00:01.0, sound)" in clip_text(made)
    assert "  note: the sound was encoded anew" in clip_text(made)
    assert clip_document(made)["notes"]
