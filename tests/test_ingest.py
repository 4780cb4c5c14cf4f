from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import HashEmbedder, ScriptedObserver, a_scan, a_video, says

from videoindex.errors import DecodeError
from videoindex.index import ingest
from videoindex.index.artifacts import ArtifactStore
from videoindex.index.ingest import Backends
from videoindex.index.records import VideoRecord
from videoindex.index.store import Store
from videoindex.media.recorder import record
from videoindex.media.scan import ScanSettings
from videoindex.types import Event, Gap, Observation, Segment, Span, Video


def backends(folder: Path, *observers: ScriptedObserver) -> Backends:
    return Backends(observers, ArtifactStore(folder / "artifacts"), HashEmbedder(), ScanSettings())


def event(start_s: float, end_s: float, text: str = "a title", source: str = "screen_text") -> Event:
    return Event.observed("v1", Span(start_s, end_s), text, source=source, model="m", confidence=0.5)


def run(made: Backends, video: Video) -> ingest.Findings:
    seen = a_scan(video.span.end_s)
    segments = ingest.plan_work(video, seen, made.observers)
    for segment in segments:
        ingest.observe(video, segment, made)
    return ingest.gather(video, seen, segments, made)


def test_an_event_cut_by_seams_is_one_event() -> None:
    joined = ingest.stitch([event(0, 10), event(10, 20), event(20, 25)], seams_s=[10, 20, 30])
    assert [e.span for e in joined] == [Span(0, 25)]
    assert joined[0].id == event(0, 25).id


def test_equal_texts_that_meet_away_from_a_seam_stay_two_events() -> None:
    assert len(ingest.stitch([event(0, 7), event(7, 9)], seams_s=[10])) == 2


def test_other_texts_and_other_sources_are_never_joined() -> None:
    events = [event(0, 10), event(10, 20, "another"), event(10, 20, source="speech")]
    assert len(ingest.stitch(events, seams_s=[10])) == 3


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.randoms())
def test_however_work_is_cut_one_lasting_thing_is_one_event(lengths: list[int], random: st.random_module) -> None:
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    pieces = [event(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    random.shuffle(pieces)
    assert [e.span for e in ingest.stitch(pieces, ends)] == [Span(0, ends[-1])]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_interleaving_keeps_every_segment_and_each_queue_in_order(lengths: list[int]) -> None:
    queues = [[Segment("v1", str(q), Span(i, i + 1)) for i in range(n)] for q, n in enumerate(lengths)]
    mixed = ingest.interleave(queues)
    for q, queue in enumerate(queues):
        assert [segment for segment in mixed if segment.observer == str(q)] == queue


def test_a_second_run_observes_nothing_again(tmp_path: Path) -> None:
    observer = ScriptedObserver("speech", says("hello", "speech"))
    first = run(backends(tmp_path, observer), a_video())
    assert len(observer.observed) == 6
    assert run(backends(tmp_path, observer), a_video()) == first
    assert len(observer.observed) == 6


def test_a_changed_fingerprint_observes_again(tmp_path: Path) -> None:
    run(backends(tmp_path, ScriptedObserver("speech", says("hello", "speech"))), a_video())
    other = ScriptedObserver("speech", says("hello", "speech"), fingerprint="scripted-2")
    run(backends(tmp_path, other), a_video())
    assert len(other.observed) == 6


def test_a_run_that_dies_goes_on_where_it_stopped(tmp_path: Path) -> None:
    def dies_at_30_s(video: Video, segment: Segment) -> Observation:
        if 30.0 in segment.span:
            raise KeyboardInterrupt
        return says("hello", "speech")(video, segment)

    broken = ScriptedObserver("speech", dies_at_30_s)
    with pytest.raises(KeyboardInterrupt):
        run(backends(tmp_path, broken), a_video())
    healed = ScriptedObserver("speech", says("hello", "speech"))
    findings = run(backends(tmp_path, healed), a_video())
    assert [span.start_s for span in healed.observed] == [30.0, 40.0, 50.0]
    assert [e.span for e in findings.events] == [Span(0, 60)]


def test_a_segment_that_cannot_be_decoded_is_a_named_gap(tmp_path: Path) -> None:
    def fails(video: Video, segment: Segment) -> Observation:
        if segment.span.start_s == 20.0:
            raise DecodeError("night.mp4: nothing decodes at 23.4 s")
        return says("hello", "speech")(video, segment)

    (coverage,) = run(backends(tmp_path, ScriptedObserver("speech", fails)), a_video()).coverage
    assert coverage.gaps == (Gap("v1", Span(20, 30), "night.mp4: nothing decodes at 23.4 s", "speech"),)
    assert coverage.examined == (Span(0, 20), Span(30, 60))


def test_what_the_scan_could_not_decode_was_not_examined(tmp_path: Path) -> None:
    made = backends(tmp_path, ScriptedObserver("objects", says("a car", "objects")))
    video = a_video()
    seen = replace(a_scan(), gaps=(Gap("v1", Span(12, 14), "corrupt packets"),))
    segments = ingest.plan_work(video, seen, made.observers)
    for segment in segments:
        ingest.observe(video, segment, made)
    (coverage,) = ingest.gather(video, seen, segments, made).coverage
    assert coverage.examined == (Span(0, 12), Span(14, 60))
    assert [gap.reason for gap in coverage.gaps] == ["corrupt packets"]


def test_committing_twice_leaves_one_of_everything(tmp_path: Path) -> None:
    made = backends(tmp_path, ScriptedObserver("speech", says("hello", "speech")))
    video = a_video()
    findings = run(made, video)
    store = Store.open(tmp_path / "db", dim=16, embedder="hash-16")
    for _ in range(2):
        ingest.commit(store, video, "door", "key", findings, ingest.embed(video, findings.events, made))
    assert store.verify() == []
    assert [e.text for e in store.events()] == ["hello"]
    record = store.video("v1")
    assert record is not None
    assert (record.camera, record.settings_key) == ("door", "key")


def test_texts_are_embedded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = backends(tmp_path, ScriptedObserver("speech", says("hello", "speech")))
    events = run(made, a_video()).events
    first = ingest.embed(a_video(), events, made)

    def never(texts: list[str]) -> None:
        raise AssertionError("embedded twice")

    monkeypatch.setattr(made.embedder, "embed_documents", never)
    assert (ingest.embed(a_video(), events, made) == first).all()


@pytest.mark.parametrize("change", ["camera", "subtitles", "observer", "none"])
def test_the_settings_key_changes_with_whatever_decides_the_index(tmp_path: Path, change: str) -> None:
    path = tmp_path / "talk.mp4"
    record(path, (np.full((64, 64, 3), 90, np.uint8) for _ in range(5)), fps=5)
    observer = ScriptedObserver("speech", says("hello", "speech"))
    before = ingest.settings_key(a_video(path), None, backends(tmp_path, observer))
    if change == "subtitles":
        path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n")
    if change == "observer":
        observer.fingerprint = "scripted-2"
    after = ingest.settings_key(
        a_video(path), "door" if change == "camera" else None, backends(tmp_path, observer)
    )
    assert (after == before) == (change == "none")


def known(path: Path, camera: str | None = "door", recorded_at: datetime | None = None) -> VideoRecord:
    video = replace(a_video(path), recorded_at=recorded_at)
    return VideoRecord(video, camera, "key", datetime(2026, 1, 1, tzinfo=UTC))


def test_what_the_user_said_once_is_remembered() -> None:
    dated = datetime(2026, 3, 1, 9, tzinfo=UTC)
    video, camera = ingest.with_known(a_video(), None, None, known(Path("a.mp4"), "door", dated))
    assert (video.recorded_at, camera) == (dated, "door")
    assert ingest.with_known(a_video(), "gate", dated, known(Path("a.mp4"))) == (a_video(), "gate")
    assert ingest.with_known(a_video(), None, None, None) == (a_video(), None)


def test_only_what_is_current_is_skipped(tmp_path: Path) -> None:
    here, gone = tmp_path / "here.mp4", tmp_path / "gone.mp4"
    here.touch()
    assert ingest.reason_to_skip(a_video(here), "key", known(here)) == "already indexed"
    assert ingest.reason_to_skip(a_video(tmp_path / "copy.mp4"), "key", known(here)) == (
        f"same content as {here}, which is indexed"
    )
    assert ingest.reason_to_skip(a_video(here), "key", known(gone)) is None
    assert ingest.reason_to_skip(a_video(here), "other", known(here)) is None
    assert ingest.reason_to_skip(a_video(here), "key", None) is None


def test_folders_give_their_media_files_and_named_files_are_always_tried(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MKV", "notes.txt", "deep/c.webm", ".hidden/d.mp4"):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    named = tmp_path / "in" / "notes.txt"
    found = ingest.find_recordings([tmp_path / "in", named])
    assert [str(file.relative_to(tmp_path / "in")) for file in found] == [
        "a.MKV",
        "b.mp4",
        "deep/c.webm",
        "notes.txt",
    ]


def test_a_folder_is_searched_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("here", ".kept"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".kept" / "a.mp4").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert ingest.find_recordings([Path("../.kept")]) == [Path("../.kept/a.mp4")]


def test_a_folder_without_media_stands_for_itself(tmp_path: Path) -> None:
    assert ingest.find_recordings([tmp_path, tmp_path / "a.mp4"]) == [tmp_path, tmp_path / "a.mp4"]


def test_other_content_at_the_same_path_takes_the_old_one_s_place(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db", dim=16, embedder="hash-16")
    for video_id in ("v1", "v2"):
        made = backends(tmp_path, ScriptedObserver("speech", says(f"hello {video_id}", "speech")))
        video = a_video(video_id=video_id)
        findings = run(made, video)
        ingest.commit(store, video, None, "key", findings, ingest.embed(video, findings.events, made))
    assert [record.video.id for record in store.videos()] == ["v2"]
    assert [event.text for event in store.events()] == ["hello v2"]
