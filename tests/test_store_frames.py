"""Pictures beside events: found by their vectors, of one model at a time, erased with their video."""

from __future__ import annotations

import logging
from pathlib import Path

import lancedb
import numpy as np
import pytest
from index_samples import DIM, commit, coverage, event, record, vectors

from videoindex.errors import IndexStoreError
from videoindex.index.records import Filters, FrameHit, FrameVectors, StoreSettings
from videoindex.index.store import Store
from videoindex.index.store_frames import FrameTable, frames_schema
from videoindex.types import Span

SIDE = 6  # length of a picture's vector


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "db", dim=DIM, embedder="e1")


def frames(count: int, seed: int = 0, embedder: str = "clip-1", dim: int = SIDE) -> FrameVectors:
    """``count`` pictures, two seconds each."""
    spans = tuple(Span(2.0 * i, 2.0 * i + 2.0) for i in range(count))
    return FrameVectors(embedder, spans, vectors(count, seed, dim))


def put(store: Store, video_id: str, made: FrameVectors | None, camera: str | None = None) -> None:
    one = event(video_id, 0.0, "a text")
    store.commit_video(record(video_id, camera=camera), [one], vectors(1), coverage(video_id), made)


def test_a_picture_is_found_by_its_own_vector_with_its_exact_cosine(store: Store) -> None:
    made = frames(30)
    put(store, "v", made)
    asked_D = made.vectors_TD[7] * 3.0
    hits = store.pictures(asked_D, limit=5)
    assert (hits[0].video_id, hits[0].span) == ("v", Span(14.0, 16.0))
    assert hits[0].cosine == pytest.approx(1.0, abs=1e-6)
    expected = np.sort(made.vectors_TD @ made.vectors_TD[7])[::-1][:5]
    np.testing.assert_allclose([hit.cosine for hit in hits], expected, atol=1e-6)
    assert store.pictures_by == "clip-1"
    assert store.pictured_ids() == {"v"}


def test_equal_pictures_come_in_order_of_time(store: Store) -> None:
    same = frames(1).vectors_TD.repeat(4, axis=0)
    put(store, "v", FrameVectors("clip-1", frames(4).spans, same))
    assert [hit.span.start_s for hit in store.pictures(same[0])] == [0.0, 2.0, 4.0, 6.0]


def test_an_index_without_pictures_has_none_and_no_table(store: Store, tmp_path: Path) -> None:
    commit(store, "v", ["x"])
    put(store, "w", None)
    put(store, "u", FrameVectors("clip-1", (), np.zeros((0, 0), np.float32)))
    assert (store.pictures_by, store.pictured_ids()) == (None, frozenset())
    assert store.pictures(vectors(1, dim=SIDE)[0]) == []
    assert not (tmp_path / "db" / "frames.lance").exists()
    store.optimize()
    assert store.remove_video("v")
    assert store.verify() == []


def test_a_commit_replaces_the_pictures_of_its_video_and_of_no_other(store: Store) -> None:
    put(store, "w", frames(3, seed=1))
    for _ in range(2):
        put(store, "v", frames(4, seed=2))
    assert len(store.pictures(vectors(1, dim=SIDE)[0])) == 7
    put(store, "v", None)
    assert store.pictured_ids() == {"w"}
    assert store.verify() == []


def test_filters_narrow_pictures_and_observers_do_not(store: Store) -> None:
    put(store, "v", frames(10), camera="door")
    put(store, "w", frames(10, seed=1), camera="gate")
    asked_D = vectors(1, dim=SIDE)[0]

    def found(filters: Filters) -> set[tuple[str, float]]:
        return {(hit.video_id, hit.span.start_s) for hit in store.pictures(asked_D, filters)}

    assert found(Filters(cameras=("gate",), sources=("speech",))) == {("w", 2.0 * i) for i in range(10)}
    assert found(Filters(video_ids=("v",), after_s=5.0, before_s=8.0)) == {("v", 4.0), ("v", 6.0)}
    assert found(Filters(cameras=("' OR 1=1 --",))) == set()


def test_pictures_of_another_model_take_the_place_of_all(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    put(store, "v", frames(3))
    put(store, "w", frames(3, seed=1))
    with caplog.at_level(logging.WARNING):
        put(store, "v", frames(5, embedder="clip-2", dim=SIDE + 1))
    assert "embedded by clip-1, not clip-2" in caplog.text
    assert (store.pictures_by, store.pictured_ids()) == ("clip-2", {"v"})
    assert len(store.pictures(vectors(1, dim=SIDE + 1)[0])) == 5
    assert [one.video.id for one in store.videos()] == ["v", "w"]  # their events stay
    with pytest.raises(ValueError, match="query vector of shape"):
        store.pictures(vectors(1, dim=SIDE)[0])


def test_another_process_s_pictures_are_seen_without_opening_anew(store: Store) -> None:
    assert store.pictures_by is None
    put(Store.open(store.uri, create=False), "v", frames(2))
    assert store.pictures_by == "clip-1"


def test_removing_a_video_leaves_no_picture_of_it_on_disk(store: Store, tmp_path: Path) -> None:
    put(store, "keepsake", frames(40), camera="door")
    put(store, "secret-video", frames(3, seed=9), camera="hidden-camera")
    store.optimize()
    secret = frames(3, seed=9).vectors_TD[1].tobytes()
    assert holding(tmp_path, secret)
    assert store.remove_video("secret-video")
    for trace in (secret, b"secret-video", b"hidden-camera"):
        assert holding(tmp_path, trace) == []
    assert store.pictured_ids() == {"keepsake"}
    assert store.pictures(frames(40).vectors_TD[3])[0].span == Span(6.0, 8.0)
    assert store.verify() == []


def holding(folder: Path, trace: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and trace in path.read_bytes()]


def test_optimizing_makes_one_file_of_many(store: Store, tmp_path: Path) -> None:
    for number in range(6):
        put(store, f"v{number}", frames(3, seed=number))
    table = FrameTable(lancedb.connect(str(tmp_path / "db"))).opened()
    assert table is not None
    before = table.stats()["fragment_stats"]["num_fragments"]
    store.optimize()
    after = FrameTable(lancedb.connect(str(tmp_path / "db"))).opened()
    assert after is not None
    assert (before, after.stats()["fragment_stats"]["num_fragments"]) == (6, 1)
    assert len(store.pictures(vectors(1, dim=SIDE)[0])) == 18


def test_many_pictures_get_an_index_that_still_finds_each(tmp_path: Path) -> None:
    settings = StoreSettings(flat_up_to_events=256, vectors_per_partition=100, nprobes=8)
    store = Store.open(tmp_path / "db", dim=DIM, embedder="e1", settings=settings)
    made = frames(400, dim=16)
    put(store, "v", made)
    store.optimize()
    table = FrameTable(lancedb.connect(str(tmp_path / "db"))).opened()
    assert table is not None
    assert {index.columns[0] for index in table.list_indices()} >= {"vector", "video_id", "start_s", "camera"}
    for number in (0, 123, 399):
        (hit, *_) = store.pictures(made.vectors_TD[number])
        assert (hit.span.start_s, hit.cosine) == (2.0 * number, pytest.approx(1.0, abs=1e-6))
    assert store.remove_video("v")
    assert store.pictured_ids() == frozenset()


def test_an_incomplete_video_s_pictures_are_not_found(store: Store) -> None:
    put(store, "v", frames(3))
    store._mark_incomplete("v")
    assert store.pictures(vectors(1, dim=SIDE)[0]) == []


def test_pictures_of_an_unknown_video_are_reported(store: Store, tmp_path: Path) -> None:
    FrameTable(lancedb.connect(str(tmp_path / "db"))).replace(record("ghost"), frames(2))
    assert store.verify() == ["pictures of an unknown video ghost: run `videoindex remove ghost`"]


def test_a_table_of_another_format_is_refused(store: Store, tmp_path: Path) -> None:
    other = frames_schema(SIDE, "clip-1").with_metadata({"format": "0", "dim": str(SIDE), "embedder": "clip-1"})
    lancedb.connect(str(tmp_path / "db")).create_table("frames", schema=other)
    with pytest.raises(IndexStoreError, match=r"table frames .* has format 0"):
        store.pictures(vectors(1, dim=SIDE)[0])


def test_a_hit_says_where_it_is(store: Store) -> None:
    put(store, "v", frames(1))
    assert store.pictures(frames(1).vectors_TD[0]) == [FrameHit("v", Span(0.0, 2.0), pytest.approx(1.0, abs=1e-6))]
