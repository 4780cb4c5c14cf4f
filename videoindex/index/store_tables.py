"""The LanceDB side of the index: opening tables, typed filters, the indices. Used by store.py alone."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import numpy as np

from videoindex.errors import IndexStoreError
from videoindex.index import schema
from videoindex.index.records import Filters, StoreSettings
from videoindex.index.store_frames import FrameTable

if TYPE_CHECKING:
    import lancedb
    from lancedb.expr import Expr

__all__ = [
    "Tables",
    "build_indices",
    "compact",
    "condition",
    "equals",
    "erase_rows",
    "local_folder",
    "open_tables",
    "problems_of",
    "rebuild_indices",
]

# How long an old version of a table is kept for readers that are in the middle of it.
_READER_GRACE = timedelta(minutes=10)


class Tables:
    """The tables of an index. Law: every row of the others has its row in ``videos``."""

    __slots__ = ("coverage", "dim", "embedder", "events", "frames", "videos")

    def __init__(self, db: lancedb.DBConnection) -> None:
        self.videos: Any = db.open_table("videos")
        self.coverage: Any = db.open_table("coverage")
        self.events: Any = db.open_table("events")
        self.frames = FrameTable(db)
        metadata: dict[str, str] = {
            key.decode(): value.decode() for key, value in (self.events.schema.metadata or {}).items()
        }
        if metadata.get("format") != schema.FORMAT:
            raise IndexStoreError(
                f"{db.uri} has index format {metadata.get('format', 'unknown')}, this version of videoindex reads "
                f"format {schema.FORMAT}: install the version that made it, or index into another --db"
            )
        self.dim = int(metadata["dim"])
        self.embedder = metadata["embedder"]

    def with_vectors(self) -> list[Any]:
        """The tables that are searched by vector: events, and pictures where there are any."""
        pictures = self.frames.opened()
        return [self.events] if pictures is None else [self.events, pictures]


def local_folder(uri: str) -> Path | None:
    """The folder of a local index, None for one in an object store (``s3://``, ``gs://``, ``az://``)."""
    parsed = urlparse(uri)
    if parsed.scheme == "file":
        return Path(parsed.path)
    return None if "://" in uri else Path(uri).expanduser()


def open_tables(uri: str, *, dim: int | None, embedder: str | None, create: bool) -> Tables:
    """Opens the index at ``uri``; makes it when there is none, ``create`` is set, and dim and embedder are given.

    The events table is made last: an index is there when it is there. Raises IndexStoreError.
    """
    import lancedb

    folder = local_folder(uri)
    if folder is not None and not folder.exists() and not create:
        raise IndexStoreError(f"there is no index at {uri}: make one with `videoindex index PATH --db {uri}`")
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        # Local reads always see the last commit; over a network a look at most every five seconds.
        freshness = timedelta(seconds=0 if folder is not None else 5)
        db = lancedb.connect(str(folder) if folder is not None else uri, read_consistency_interval=freshness)
        if "events" not in db.list_tables().tables:
            if not create or dim is None or embedder is None:
                raise IndexStoreError(
                    f"there is no index at {uri}: make one with `videoindex index PATH --db {uri}`"
                )
            _create_tables(db, dim, embedder)
        return Tables(db)
    except (OSError, RuntimeError, ValueError) as error:
        raise IndexStoreError(
            f"the index at {uri} cannot be opened ({error}): check the path and its rights"
        ) from error


def _create_tables(db: lancedb.DBConnection, dim: int, embedder: str) -> None:
    db.create_table("videos", schema=schema.videos_schema(), exist_ok=True)
    db.create_table("coverage", schema=schema.coverage_schema(), exist_ok=True)
    events = db.create_table("events", schema=schema.events_schema(dim, embedder), exist_ok=True)
    _index_words(events)


def _index_words(events: Any) -> None:
    from lancedb.index import FTS

    # No stop words: grammar words are dropped from questions instead, so that quoted ones can be found.
    events.create_index("words", config=FTS(stem=True, remove_stop_words=False, max_token_length=64), replace=True)


def equals(column: str, value: str) -> Expr:
    """``column = value`` as a typed expression."""
    from lancedb.expr import col, lit

    result: Expr = col(column) == lit(value)
    return result


def condition(filters: Filters, hidden_video_ids: tuple[str, ...] = ()) -> Expr | None:
    """The filters as one typed expression, None when everything passes. Values never become text of ours."""
    from lancedb.expr import col, lit

    terms: list[Expr] = []
    for column, values in (
        ("video_id", filters.video_ids),
        ("camera", filters.cameras),
        ("source", filters.sources),
    ):
        if values:
            terms.append(col(column).isin(list(values)))
    for column, after in (("end_s", filters.after_s), ("wall_end", filters.after_wall)):
        if after is not None:
            terms.append(col(column) > lit(after))
    for column, before in (("start_s", filters.before_s), ("wall_start", filters.before_wall)):
        if before is not None:
            terms.append(col(column) < lit(before))
    if hidden_video_ids:
        terms.append(~col("video_id").isin(list(hidden_video_ids)))
    if not terms:
        return None
    joined = terms[0]
    for term in terms[1:]:
        joined = joined & term
    return joined


def compact(table: Any) -> None:
    """Merges small files, brings the indices up to date, and drops versions that no reader can still be on."""
    table.optimize(cleanup_older_than=_READER_GRACE)


def erase_rows(table: Any, video_id: str) -> None:
    """Deletes a video's rows so that no file holds them any more: not the data, not an older version.

    LanceDB only marks rows as deleted, and compacts a file once a tenth of it is. So the rows of all videos that
    share a file with this one are moved to new files first, by an update that changes nothing; then the old files
    are unused, and go with the old versions.
    """
    from lancedb.expr import col

    files = _file_numbers(table.search().where(equals("video_id", video_id)))
    rows = table.search().fragment_ids(files).select(["video_id"]).limit(None).to_arrow() if files else None
    neighbours = sorted(set(rows["video_id"].unique().to_pylist()) - {video_id}) if rows is not None else []
    table.delete(equals("video_id", video_id))
    if neighbours:
        table.update(where=col("video_id").isin(neighbours).to_sql(), values_sql={"video_id": "video_id"})
    erase_old_versions(table)


def erase_old_versions(table: Any) -> None:
    """As ``compact``, but nothing of an older version stays."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="optimize", category=UserWarning)
        table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


def _file_numbers(query: Any) -> list[int]:
    """The data files (Lance's fragments) that the rows of a query lie in: the upper half of their addresses."""
    addresses = query.select(["_rowaddr"]).limit(None).to_arrow()["_rowaddr"].to_numpy()
    return [int(file) for file in np.unique(addresses >> 32)]


def rebuild_indices(table: Any, settings: StoreSettings) -> None:
    """Makes every index anew from the rows that are there, so that none remembers rows that are gone."""
    for index in table.list_indices():
        if index.columns[0] != "words":
            table.drop_index(index.name)
    if "words" in table.schema.names:
        _index_words(table)
    build_indices(table, settings)
    erase_old_versions(table)


def build_indices(table: Any, settings: StoreSettings) -> None:
    """Brings the indices of events or frames up to date: new rows join those, a large table gets a vector index.

    New rows join the clusters that the vector index was trained with; removing a video trains it anew.
    """
    from lancedb.index import Bitmap, BTree, IvfSq

    rows = table.count_rows()
    compact(table)
    if rows <= settings.flat_up_to_events:
        return
    present = {index.columns[0]: index for index in table.list_indices()}
    for column in ("video_id", "start_s", "wall_start"):
        if column not in present:
            table.create_index(column, config=BTree())
    for column in ("source", "camera"):
        if column not in present and column in table.schema.names:
            table.create_index(column, config=Bitmap())
    if "vector" not in present:
        partitions = max(1, round(rows / settings.vectors_per_partition))
        config = IvfSq(distance_type="cosine", num_partitions=partitions, sample_rate=64, max_iterations=15)
        table.create_index("vector", config=config)


def problems_of(tables: Tables, video_rows: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with the tables, in sentences, given all rows of ``videos``."""
    problems = [
        f"video {row['video_id']} ({row['path']}) is incomplete: index it again"
        for row in video_rows
        if not row["complete"]
    ]
    known = [row["video_id"] for row in video_rows]
    problems += [f"video {video_id} is held twice: remove it and index it again" for video_id in _doubled(known)]
    ids = tables.events.search().select(["id", "video_id"]).limit(None).to_arrow()
    doubled = _doubled(ids["id"].to_pylist())
    problems += [f"event {event_id} is held twice: remove its video and index it again" for event_id in doubled]
    held = {
        "events": frozenset(ids["video_id"].unique().to_pylist()),
        "pictures": tables.frames.video_ids(),
        "coverage": frozenset(tables.coverage.to_arrow()["video_id"].unique().to_pylist()),
    }
    for name, found in held.items():
        orphans = sorted(found - set(known))
        problems += [
            f"{name} of an unknown video {orphan}: run `videoindex remove {orphan}`" for orphan in orphans
        ]
    return problems


def _doubled(values: Sequence[str]) -> list[str]:
    return sorted(value for value, count in Counter(values).items() if count > 1)
