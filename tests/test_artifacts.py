"""Derived files: equal after a round trip, whole or absent, and never outside their video's folder."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.index.artifacts import ArtifactStore, observation_from_json, observation_to_json
from videoindex.types import Box, Event, Gap, Observation, Segment, Span

SEGMENT = Segment("v", "speech", Span(0.0, 30.0), (1.0, 2.0), (640, 360))
numbers = st.floats(-1e9, 1e9)
spans = st.tuples(numbers, st.floats(1e-3, 1e6)).map(lambda ends: Span(ends[0], ends[0] + max(ends[1], 1e-3)))
boxes = st.builds(Box, numbers, numbers, numbers, numbers, numbers)
events = st.builds(
    Event,
    st.text(),
    st.text(),
    spans,
    st.text().filter(lambda text: bool(text.strip())),
    st.text(),
    st.text(),
    st.floats(0.0, 1.0),
    st.lists(boxes, max_size=3).map(tuple),
    st.sampled_from([None, True, False]),
)
gaps = st.builds(Gap, st.text(), spans, st.text(), st.text())
observations = st.builds(
    Observation, st.lists(events, max_size=4).map(tuple), st.lists(gaps, max_size=3).map(tuple)
)


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@given(observations)
@settings(max_examples=60, deadline=None)
def test_an_observation_survives_json_unchanged(observation: Observation) -> None:
    assert observation_from_json(observation_to_json(observation)) == observation


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(str))
@settings(max_examples=60, deadline=None)
def test_foreign_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an observation"):
        observation_from_json(text)


def sample() -> Observation:
    event = Event.observed("v", Span(1, 2), "hello", source="speech", model="m", confidence=0.5)
    return Observation((event,), (Gap("v", Span(2, 3), "noise", "speech"),))


def test_what_was_put_is_got_and_nothing_else_is(artifacts: ArtifactStore) -> None:
    key = artifacts.key_for("v", SEGMENT, "m", "f")
    assert artifacts.get(key) is None
    artifacts.put(key, sample())
    assert artifacts.get(key) == sample()
    assert [path.name for path in artifacts.root.rglob("*") if path.is_file()] == [Path(key).name]
    assert artifacts.disk_bytes() == (artifacts.root / key).stat().st_size


def test_every_part_changes_the_key_and_equal_parts_do_not(artifacts: ArtifactStore) -> None:
    variants = [
        ("v", SEGMENT, "m", "f"),
        ("w", SEGMENT, "m", "f"),
        ("v", Segment("v", "objects", SEGMENT.span, SEGMENT.at_s_T, SEGMENT.size_px), "m", "f"),
        ("v", Segment("v", "speech", Span(0.0, 30.001), SEGMENT.at_s_T, SEGMENT.size_px), "m", "f"),
        ("v", Segment("v", "speech", SEGMENT.span, (1.0, 2.5), SEGMENT.size_px), "m", "f"),
        ("v", Segment("v", "speech", SEGMENT.span, SEGMENT.at_s_T, (320, 180)), "m", "f"),
        ("v", SEGMENT, "m2", "f"),
        ("v", SEGMENT, "m", "f2"),
        ("v", SEGMENT, "mf", ""),
        ("v", replace(SEGMENT, side_input="subtitles"), "m", "f"),
    ]
    keys = [artifacts.key_for(*variant) for variant in variants]
    assert len(set(keys)) == len(keys)
    assert artifacts.key_for(*variants[0]) == keys[0]


@pytest.mark.parametrize("damage", ["cut", "empty", "binary", "foreign", "version", "law"])
def test_a_damaged_file_counts_as_absent_and_is_reported(
    artifacts: ArtifactStore, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    key = artifacts.key_for("v", SEGMENT, "m", "f")
    artifacts.put(key, sample())
    path = artifacts.root / key
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "empty": b"",
            "binary": bytes(range(256)),
            "foreign": b'[1, 2, {"events": 3}]',
            "version": whole.replace(b'"format": 1', b'"format": 999'),
            "law": whole.replace(b'"confidence": 0.5', b'"confidence": 7'),
        }[damage]
    )
    with caplog.at_level(logging.WARNING):
        assert artifacts.get(key) is None
    assert str(path) in caplog.text
    artifacts.put(key, sample())
    assert artifacts.get(key) == sample()


def test_a_write_that_fails_leaves_what_was_there(
    artifacts: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = artifacts.key_for("v", SEGMENT, "m", "f")
    artifacts.put(key, sample())

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        artifacts.put(key, Observation())
    monkeypatch.undo()
    assert artifacts.get(key) == sample()
    assert [path.name for path in artifacts.root.rglob("*") if path.is_file()] == [Path(key).name]


def test_vectors_are_kept_by_embedder_and_texts(artifacts: ArtifactStore) -> None:
    texts = ["one", "two"]
    key = artifacts.vectors_key("v", "e1", texts)
    others = [("w", "e1", texts), ("v", "e2", texts), ("v", "e1", texts[::-1]), ("v", "e1", ["onetwo"])]
    assert key not in [artifacts.vectors_key(*other) for other in others]
    assert artifacts.get_vectors(key) is None
    vectors_ND = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)
    artifacts.put_vectors(key, vectors_ND)
    got_ND = artifacts.get_vectors(key)
    assert got_ND is not None
    assert got_ND.dtype == np.float32
    np.testing.assert_array_equal(got_ND, vectors_ND)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY", b"not an archive"])
def test_damaged_vectors_count_as_absent(
    artifacts: ArtifactStore, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    key = artifacts.vectors_key("v", "e1", ["one"])
    artifacts.put_vectors(key, np.zeros((1, 3), np.float32))
    (artifacts.root / key).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert artifacts.get_vectors(key) is None
    assert "embedded again" in caplog.text


def test_removing_a_video_erases_all_of_it_and_nothing_else(artifacts: ArtifactStore) -> None:
    for video_id in ("v", "w"):
        artifacts.put(artifacts.key_for(video_id, SEGMENT, "m", "f"), sample())
        artifacts.put_vectors(artifacts.vectors_key(video_id, "e", ["x"]), np.zeros((1, 2), np.float32))
        (artifacts.scan_dir(video_id, "s") / "scan.npz").write_bytes(b"x")
    artifacts.remove_video("v")
    artifacts.remove_video("v")
    assert [path.name for path in artifacts.root.iterdir()] == ["w"]
    assert artifacts.get(artifacts.key_for("w", SEGMENT, "m", "f")) == sample()


@pytest.mark.parametrize("video_id", ["../../escape", "/etc", "a/b", "..", "", "x" * 300, "Ünïcode"])
def test_no_video_id_leads_out_of_the_root(artifacts: ArtifactStore, video_id: str) -> None:
    key = artifacts.key_for(video_id, SEGMENT, "m", "f")
    artifacts.put(key, sample())
    artifacts.scan_dir(video_id, "s")
    assert len(list(artifacts.root.iterdir())) == 1
    assert (artifacts.root / key).resolve().is_relative_to(artifacts.root.resolve())
    artifacts.remove_video(video_id)
    assert list(artifacts.root.iterdir()) == []


def test_pictures_come_back_with_their_instants(artifacts: ArtifactStore) -> None:
    vectors_TD, at_s_T = np.eye(2, 5, dtype=np.float32), np.array([1.0, 2.0])
    key = artifacts.frames_key(SEGMENT, "clip")
    assert artifacts.get_frames(key) is None
    artifacts.put_frames(key, vectors_TD, at_s_T)
    found = artifacts.get_frames(key)
    assert found is not None
    np.testing.assert_array_equal(found[0], vectors_TD)
    np.testing.assert_array_equal(found[1], at_s_T)
    with pytest.raises(ValueError, match="instants"):
        artifacts.put_frames(key, vectors_TD, at_s_T[:1])


@pytest.mark.parametrize("change", [{"at_s_T": (1.0, 2.5)}, {"size_px": (320, 180)}, {"video_id": "w"}], ids=str)
def test_pictures_of_other_instants_sizes_and_models_have_another_key(
    artifacts: ArtifactStore, change: dict[str, object]
) -> None:
    key = artifacts.frames_key(SEGMENT, "clip")
    assert artifacts.frames_key(replace(SEGMENT, **change), "clip") != key
    assert artifacts.frames_key(SEGMENT, "siglip") != key
    assert key.startswith("v/frames/")


def test_pictures_that_cannot_be_read_are_absent(
    artifacts: ArtifactStore, caplog: pytest.LogCaptureFixture
) -> None:
    key = artifacts.frames_key(SEGMENT, "clip")
    artifacts.put_frames(key, np.eye(2, 5, dtype=np.float32), np.array([1.0, 2.0]))
    (artifacts.root / key).write_bytes(b"no zip")
    assert artifacts.get_frames(key) is None
    assert "pictures will be embedded again" in caplog.text
