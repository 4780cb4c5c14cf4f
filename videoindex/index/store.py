"""The index: events with their vectors, the videos they come from, and what was looked at, in LanceDB.

Searching needs no lock. Writing takes one writer at a time, held by an advisory lock beside a local index; in an
object store, where no such lock exists, commits of the store itself are atomic, but two processes must not index
the same video at once (``verify`` would name the doubled events).

Order of writes, so that a kill at any point loses nothing that the next run does not mend: the video's row is
marked incomplete, its events, pictures and coverage are replaced, the row is marked complete. Readers do not
see an incomplete video, and ``video()`` does not know it, so it is indexed again.

LanceDB does not survive a fork; a store used in a forked child refuses.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import IndexStoreError
from videoindex.index import fusion, schema
from videoindex.index.records import (
    Filters,
    FrameHit,
    FrameVectors,
    Hit,
    ObserverCoverage,
    StoreSettings,
    VideoRecord,
)
from videoindex.index.store_tables import (
    Tables,
    build_indices,
    compact,
    condition,
    equals,
    erase_rows,
    local_folder,
    open_tables,
    problems_of,
    rebuild_indices,
)
from videoindex.index.words import query_words
from videoindex.index.writer_lock import WriterLock
from videoindex.types import Event

__all__ = ["Filters", "Hit", "ObserverCoverage", "Store", "StoreSettings", "VideoRecord"]

_NO_FILTERS = Filters()


class Store:
    """An open index. Made by ``Store.open``; safe to share between threads."""

    def __init__(self, uri: str, tables: Tables, lock: WriterLock, settings: StoreSettings) -> None:
        self.uri = uri
        self._settings = settings
        self._lock = lock
        self._opened = tables
        self._pid = os.getpid()

    @classmethod
    def open(
        cls,
        uri: str | Path,
        *,
        dim: int | None = None,
        embedder: str | None = None,
        create: bool = True,
        settings: StoreSettings | None = None,
    ) -> Store:
        """Opens the index at a local path or an object store's URI, making it when ``create`` is set.

        ``dim`` and ``embedder`` (the fingerprint of what makes the vectors) are needed to make an index or to
        search it by meaning; left out, whatever the index was made with is taken, enough to list and remove.
        Raises IndexStoreError when there is no index, or it was made with another embedder.
        """
        uri = str(uri)
        tables = open_tables(uri, dim=dim, embedder=embedder, create=create)
        for name, asked, has in (("embedder", embedder, tables.embedder), ("vector length", dim, tables.dim)):
            if asked is not None and asked != has:
                raise IndexStoreError(
                    f"the index at {uri} was made with {name} {has}, not {asked}: use that one, or index into "
                    "another --db (observations are kept, so only the embedding is done again)"
                )
        folder = local_folder(uri)
        lock = WriterLock(folder / ".writer.lock" if folder is not None else None)
        return cls(uri, tables, lock, settings or StoreSettings())

    @property
    def dim(self) -> int:
        return self._opened.dim

    @property
    def embedder(self) -> str:
        """The fingerprint of the embedder that made this index's vectors."""
        return self._opened.embedder

    # -- writing ---------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the writer's lock over several writes (each write takes it by itself otherwise).

        Raises IndexBusyError at once when another process holds it.
        """
        with self._lock.held():
            yield

    def commit_video(
        self,
        record: VideoRecord,
        events: Sequence[Event],
        vectors_ND: NDArray[np.float32],
        coverage: Sequence[ObserverCoverage],
        frames: FrameVectors | None = None,
    ) -> None:
        """Makes this all that is held of a video; ``vectors_ND[i]`` is of ``events[i]``, ``frames`` its pictures.

        Doing it again changes nothing; events with equal ids are kept once. Pictures of another model than those
        held take the place of all. Raises IndexBusyError.
        """
        video_id = record.video.id
        if ({event.video_id for event in events} | {one.video_id for one in coverage}) - {video_id}:
            raise ValueError(f"events or coverage of another video in the commit of {video_id}")
        if vectors_ND.shape != (len(events), self.dim) and len(events):
            raise ValueError(f"need vectors of shape {(len(events), self.dim)}, got {vectors_ND.shape}")
        first = {event.id: i for i, event in reversed(list(enumerate(events)))}
        kept = sorted(first.values())
        with self.writing():
            tables = self._tables()
            self._put_record(record, complete=False)
            tables.events.delete(equals("video_id", video_id))
            if kept:
                rows = schema.events_table(
                    record,
                    [events[i] for i in kept],
                    vectors_ND[kept],
                    schema.events_schema(self.dim, self.embedder),
                )
                tables.events.add(rows)
            tables.frames.replace(record, frames)
            tables.coverage.delete(equals("video_id", video_id))
            if coverage:
                tables.coverage.add(schema.coverage_table(coverage))
            self._put_record(record, complete=True)

    def remove_video(self, video_id: str) -> bool:
        """Erases a video and everything derived from it, old versions of the tables included. False if not held.

        Other processes that are reading at this moment may fail and should ask again. Raises IndexBusyError.
        """
        with self.writing():
            tables = self._tables()
            found = bool(self._video_rows(equals("video_id", video_id)))
            if found:
                self._mark_incomplete(video_id)
                for table in (*tables.with_vectors(), tables.coverage, tables.videos):
                    erase_rows(table, video_id)
                for table in tables.with_vectors():
                    rebuild_indices(table, self._settings)
            return found

    def optimize(self) -> None:
        """Compacts the tables and builds the indices that their size calls for. Worth it after many commits."""
        with self.writing():
            tables = self._tables()
            for table in tables.with_vectors():
                build_indices(table, self._settings)
            for table in (tables.coverage, tables.videos):
                compact(table)

    # -- reading ---------------------------------------------------------------------------------------------

    def video(self, video_id: str) -> VideoRecord | None:
        """The record of a completely indexed video, None for any other."""
        found = [
            schema.record_from_row(row)
            for row in self._video_rows(equals("video_id", video_id))
            if row["complete"]
        ]
        return found[0] if found else None

    def videos(self, *, incomplete: bool = False) -> list[VideoRecord]:
        """The completely indexed videos, by path; with ``incomplete`` also those cut off in commit or removal."""
        rows = [row for row in self._video_rows() if row["complete"] or incomplete]
        records = [schema.record_from_row(row) for row in rows]
        return sorted(records, key=lambda record: (str(record.video.path), record.video.id))

    def coverage(self, video_ids: Sequence[str] = ()) -> list[ObserverCoverage]:
        """What was looked at in these videos (all when empty), by video and observer."""
        query = self._tables().coverage.search()
        where = condition(Filters(video_ids=tuple(video_ids)), self._hidden_video_ids())
        if where is not None:
            query = query.where(where)
        return schema.coverage_from_rows(query.limit(None).to_list())

    def events(
        self, filters: Filters = _NO_FILTERS, *, limit: int | None = None, offset: int = 0
    ) -> Iterator[Event]:
        """The events that pass, by video, then start."""
        from lancedb.query import ColumnOrdering

        query = self._tables().events.search().select(schema.EVENT_COLUMNS)
        where = condition(filters, self._hidden_video_ids())
        if where is not None:
            query = query.where(where)
        order = [ColumnOrdering(column_name=name) for name in ("video_id", "start_s", "end_s", "id")]
        for batch in query.order_by(order).limit(limit).offset(offset).to_batches():
            for row in batch.to_pylist():
                yield schema.event_from_row(row)

    def events_called(self, beginning: str, *, limit: int = 2) -> list[Event]:
        """At most ``limit`` events whose id (lower-case hexadecimal) begins so."""
        from lancedb.expr import col, lit

        where = (col("id") >= lit(beginning)) & (col("id") < lit(beginning + "g"))
        hidden = condition(_NO_FILTERS, self._hidden_video_ids())
        rows = self._tables().events.search().select(schema.EVENT_COLUMNS)
        return [
            schema.event_from_row(row)
            for row in rows.where(where if hidden is None else where & hidden).limit(limit).to_list()
        ]

    def hybrid(
        self, text: str, vector_D: NDArray[np.float32], filters: Filters = _NO_FILTERS, *, limit: int = 20
    ) -> list[Hit]:
        """Events near in meaning or in words, best first, fused by reciprocal rank."""
        depth = max(limit, self._settings.candidates)
        where = condition(filters, self._hidden_video_ids())
        by_meaning = self._by_vector(vector_D, where, depth)
        by_words = self._by_words(text, where, depth)
        return fusion.fuse(by_meaning, by_words, vector_D, self._settings.rrf_k)[:limit]

    def vector(
        self, vector_D: NDArray[np.float32], filters: Filters = _NO_FILTERS, *, limit: int = 20
    ) -> list[Hit]:
        """Events near in meaning, best first."""
        depth = max(limit, self._settings.candidates)
        found = self._by_vector(vector_D, condition(filters, self._hidden_video_ids()), depth)
        return fusion.fuse(found, [], vector_D, self._settings.rrf_k)[:limit]

    def fulltext(self, text: str, filters: Filters = _NO_FILTERS, *, limit: int = 20) -> list[Hit]:
        """Events that hold words of ``text``, best first. The text is words, never query syntax."""
        found = self._by_words(text, condition(filters, self._hidden_video_ids()), limit)
        return fusion.fuse([], found, None, self._settings.rrf_k)[:limit]

    @property
    def pictures_by(self) -> str | None:
        """The fingerprint of the model whose pictures the index holds, None where it holds none."""
        return self._tables().frames.embedder

    def pictured_ids(self) -> frozenset[str]:
        """The videos of which the index holds pictures."""
        return self._tables().frames.video_ids()

    def pictures(
        self, vector_D: NDArray[np.float32], filters: Filters = _NO_FILTERS, *, limit: int = 200
    ) -> list[FrameHit]:
        """Pictures near a question's vector, best first; the filters' observers do not matter."""
        where = condition(replace(filters, sources=()), self._hidden_video_ids())
        return self._tables().frames.nearest(vector_D, where, limit, self._settings.nprobes)

    def verify(self) -> list[str]:
        """What is wrong with the index, in sentences; empty when nothing is. Reads every row once."""
        return problems_of(self._tables(), self._video_rows())

    # -- below the surface -----------------------------------------------------------------------------------

    def _tables(self) -> Tables:
        if os.getpid() != self._pid:
            raise IndexStoreError(
                f"the index at {self.uri} was opened before a fork: open it again in this process"
            )
        return self._opened

    def _put_record(self, record: VideoRecord, *, complete: bool) -> None:
        merge = (
            self._tables().videos.merge_insert("video_id").when_matched_update_all().when_not_matched_insert_all()
        )
        merge.execute(schema.videos_table(record, complete=complete))

    def _mark_incomplete(self, video_id: str) -> None:
        where = equals("video_id", video_id).to_sql()
        self._tables().videos.update(where=where, values={"complete": False})

    def _video_rows(self, where: Any = None) -> list[dict[str, Any]]:
        query = self._tables().videos.search()
        if where is not None:
            query = query.where(where)
        rows: list[dict[str, Any]] = query.limit(None).to_list()
        return rows

    def _hidden_video_ids(self) -> tuple[str, ...]:
        from lancedb.expr import col, lit

        rows = self._tables().videos.search().where(col("complete") == lit(False)).select(["video_id"])
        return tuple(row["video_id"] for row in rows.limit(None).to_list())

    def _by_vector(self, vector_D: NDArray[np.float32], where: Any, depth: int) -> list[fusion.Found]:
        if vector_D.shape != (self.dim,):
            raise ValueError(f"need a query vector of shape {(self.dim,)}, got {vector_D.shape}")
        query = self._tables().events.search(vector_D, vector_column_name="vector").distance_type("cosine")
        if (
            where is not None
            and self._tables().events.count_rows(where.to_sql()) <= self._settings.flat_up_to_events
        ):
            query = query.bypass_vector_index()
        return self._found(query.nprobes(self._settings.nprobes), where, depth, "_distance")

    def _by_words(self, text: str, where: Any, depth: int) -> list[fusion.Found]:
        from lancedb.query import MatchQuery

        words = query_words(text)
        if not words:
            return []
        match = MatchQuery(words, column="words")  # type: ignore[call-arg]  # pydantic fills in the defaults
        query = self._tables().events.search(match, query_type="fts")
        return self._found(query, where, depth, "_score")

    def _found(self, query: Any, where: Any, depth: int, figure: str) -> list[fusion.Found]:
        if where is not None:
            query = query.where(where)
        rows = query.select([*schema.EVENT_COLUMNS, "vector", figure]).limit(depth).to_arrow()
        vectors_ND = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, self.dim)
        scores = rows[figure].to_pylist()
        plain = rows.select(schema.EVENT_COLUMNS).to_pylist()
        return [fusion.Found(schema.event_from_row(row), vectors_ND[i], scores[i]) for i, row in enumerate(plain)]
