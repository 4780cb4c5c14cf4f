from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import planted
import pytest
from index_samples import event, record

from pipelines.ingest import Outcome
from videoindex import listing
from videoindex.config import Settings
from videoindex.media.probe import Probe, probe
from videoindex.planning import PlannedFile, plan_file
from videoindex.types import Box, Coverage, Gap, Span

TEN = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    path = tmp_path_factory.mktemp("listing") / "clip.mp4"
    planted.write(path, planted.steady(10, 50), with_sound=True, clockwise_deg=90)
    return probe(path, TEN)


def planned(found: Probe) -> PlannedFile:
    return plan_file(found.video.path, Settings(), "8B")


def test_probe_says_what_was_written(found: Probe) -> None:
    document = listing.probe_document(found)
    json.dumps(document)
    assert document["path"] == str(found.video.path)
    assert document["duration_s"] == pytest.approx(5.0, abs=0.1)
    assert (document["width_px"], document["height_px"], document["rotation_deg"]) == (192, 128, 90)
    assert (document["codec"], document["average_fps"], document["rate"]) == (
        "h264",
        pytest.approx(10.0, abs=0.2),
        "constant",
    )
    (sound,) = document["audio"]
    assert (sound["codec"], sound["rate_hz"], sound["channels"]) == ("aac", 16000, 1)
    assert (document["recorded_at"], document["recorded_at_source"]) == ("2026-03-01T10:00:00.000+01:00", "flag")
    assert document["damage"] == []
    text = listing.probe_text(found)
    assert "192 x 128 px, h264 yuv420p, turned by 90 degrees" in text
    assert "aac 16000 Hz, 1 channels" in text
    assert "2026-03-01T10:00:00.000+01:00 (from flag)" in text


def test_probe_of_sound_alone_has_no_picture_and_no_date(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 2.0)
    sound = probe(tmp_path / "talk.m4a")
    document = listing.probe_document(sound)
    assert (document["rate"], document["recorded_at"], document["recorded_at_source"]) == (None, None, None)
    lines = [line.split(maxsplit=1) for line in listing.probe_text(sound).splitlines()]
    assert ["picture", "none"] in lines
    assert ["recorded", "at  unknown"] in lines


def test_a_plan_has_the_documented_keys_and_fills_the_recording(found: Probe) -> None:
    document = listing.plan_document(planned(found))
    json.dumps(document)
    assert set(document) >= {"path", "duration_s", "segments", "width_px", "height_px", "yarn_factor"}
    assert set(document) >= {"shortest_event_s", "model", "memory_bytes", "prefill_s", "weights", "gpu", "serve"}
    for segment in document["segments"]:
        assert set(segment) == {"start_s", "end_s", "patches", "tokens", "positions"}
    assert document["segments"][0]["start_s"] == pytest.approx(found.video.span.start_s)
    assert document["segments"][-1]["end_s"] == pytest.approx(found.video.span.end_s)
    text = listing.plan_text(planned(found))
    assert text.count(" patches  ") == len(document["segments"])
    assert "(calculated, bf16)" in text
    assert all(f"  {way['serve']}" in text.splitlines() for way in document["serve"])
    assert "no YaRN needed" in text


OUTCOMES = [
    Outcome(Path("bad.mp4"), None, "failed", "bad.mp4 is empty", 0.0, {}, 0.1),
    Outcome(Path("a.mp4"), "v1", "indexed", None, 61.23456, {"speech": 3, "objects": 0}, 7.128),
    Outcome(Path("b.mp4"), "v2", "skipped", None, 10.0, {}, 0.012),
]


def test_outcomes_have_exactly_the_documented_keys() -> None:
    document = listing.outcomes_document(OUTCOMES)
    assert document["videos"][0] == {
        "path": "bad.mp4",
        "video_id": None,
        "status": "failed",
        "reason": "bad.mp4 is empty",
        "duration_s": 0.0,
        "events": {},
        "wall_s": 0.1,
    }
    assert document["videos"][1] == {
        "path": "a.mp4",
        "video_id": "v1",
        "status": "indexed",
        "reason": None,
        "duration_s": 61.235,
        "events": {"speech": 3, "objects": 0},
        "wall_s": 7.13,
    }


def test_what_failed_stands_last_with_its_reason() -> None:
    assert listing.outcomes_text(OUTCOMES).splitlines() == [
        "indexed  a.mp4 (0:01:01.2 in 7 s): 3 speech, 0 objects",
        "skipped  b.mp4 (0:00:10.0)",
        "failed   bad.mp4: bad.mp4 is empty",
    ]


def test_nothing_found_says_what_was_looked_at() -> None:
    gap = Gap("v1", Span(50, 60), "damaged", "speech")
    coverage = Coverage({"v1": (Span(0, 50),)}, (gap,), 1.0, 60.0)
    assert listing.nothing_found_text(coverage) == "Nothing found; 50 of 60 s examined, 1 gap."
    assert listing.nothing_found_text(dataclasses.replace(coverage, gaps=())).endswith("50 of 60 s examined.")


def test_videos_are_listed_with_camera_and_dates() -> None:
    records = [record("v1", camera="door", recorded_at=TEN), record("v2")]
    first, second = listing.videos_document(records)["videos"]
    assert set(first) == {"video_id", "path", "camera", "duration_s", "recorded_at", "indexed_at"}
    assert (first["camera"], first["recorded_at"]) == ("door", "2026-03-01T10:00:00.000+01:00")
    assert (second["camera"], second["recorded_at"]) == (None, None)
    assert datetime.fromisoformat(first["indexed_at"]) == records[0].indexed_at.astimezone(UTC)
    assert [line.split()[-1] for line in listing.videos_text(records).splitlines()] == [
        "/films/v1.mp4",
        "/films/v2.mp4",
    ]


def test_an_empty_index_says_what_to_do_next() -> None:
    assert listing.videos_document([]) == {"videos": []}
    assert "videoindex index PATH" in listing.videos_text([])
    assert listing.events_document([], {}) == {"events": []}
    assert listing.events_text([], {}) == "No events."


def test_events_stand_under_the_name_of_their_recording() -> None:
    events = [event("v1", 1.0, "two\nlines"), event("v1", 4.0, "more"), event("v2", 0.0, "other")]
    events[0] = dataclasses.replace(events[0], boxes=(Box(1.5, 1, 2, 3, 4),))
    paths = {"v1": Path("/films/v1.mp4"), "v2": Path("/films/v2.mp4")}
    assert listing.events_text(events, paths).splitlines() == [
        "/films/v1.mp4",
        "  0:00:01.0-0:00:03.0  speech       two / lines",
        "  0:00:04.0-0:00:06.0  speech       more",
        "/films/v2.mp4",
        "  0:00:00.0-0:00:02.0  speech       other",
    ]
    first = listing.events_document(events, paths)["events"][0]
    assert first == {
        "id": events[0].id,
        "video_id": "v1",
        "path": "/films/v1.mp4",
        "start_s": 1.0,
        "end_s": 3.0,
        "text": "two\nlines",
        "source": "speech",
        "model": "m",
        "confidence": 0.5,
        "boxes": [[1.5, 1, 2, 3, 4]],
    }
