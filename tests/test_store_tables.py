"""Opening, and the indices that a table's size calls for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from index_samples import DIM, commit, event, record, vectors

from videoindex.errors import IndexStoreError
from videoindex.index.records import StoreSettings
from videoindex.index.store import Store
from videoindex.index.store_tables import local_folder, open_tables


@pytest.mark.parametrize(
    ("uri", "folder"),
    [("/a/b", "/a/b"), ("file:///a/b", "/a/b"), ("s3://bucket/x", None), ("gs://b/x", None), ("az://b/x", None)],
)
def test_object_stores_are_told_from_folders(uri: str, folder: str | None) -> None:
    assert local_folder(uri) == (Path(folder) if folder else None)


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    import lancedb

    open_tables(str(tmp_path), dim=DIM, embedder="e", create=True)
    metadata = {"format": "0", "dim": str(DIM), "embedder": "e"}
    old = pa.schema([pa.field("id", pa.string())], metadata=metadata)
    lancedb.connect(str(tmp_path)).create_table("events", schema=old, mode="overwrite")
    with pytest.raises(IndexStoreError, match="format 0"):
        open_tables(str(tmp_path), dim=DIM, embedder="e", create=True)


def test_a_path_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexStoreError, match="file"):
        open_tables(str(tmp_path / "file"), dim=DIM, embedder="e", create=True)


def columns_indexed(store: Store) -> set[str]:
    return {index.columns[0] for index in store._opened.events.list_indices()}


def test_a_large_table_gets_indices_that_find_old_and_new_rows_alike(tmp_path: Path) -> None:
    settings = StoreSettings(flat_up_to_events=256, vectors_per_partition=100, nprobes=4)
    store = Store.open(tmp_path / "db", dim=DIM, embedder="e", settings=settings)
    n = 400
    events = [event("v", float(i), f"word{i}") for i in range(n)]
    store.commit_video(record("v"), events, vectors(n), [])
    assert columns_indexed(store) == {"words"}
    store.optimize()
    assert columns_indexed(store) >= {"words", "vector", "video_id", "source"}
    late = commit(store, "w", ["late heron"], seed=7)
    assert store.fulltext("heron")[0].event == late[0]
    assert store.vector(vectors(1, 7)[0])[0].event == late[0]
    for i in (0, 123, 399):
        assert store.vector(vectors(n)[i])[0].event == events[i]
        assert store.fulltext(f"word{i}")[0].event == events[i]
    store.optimize()
    assert store.vector(vectors(1, 7)[0])[0].event == late[0]
    store.remove_video("w")
    assert columns_indexed(store) >= {"words", "vector", "video_id", "source"}
    assert store.fulltext("heron") == []
    assert store.verify() == []
