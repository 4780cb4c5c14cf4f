"""The table ``frames`` of an index: pictures as vectors, beside the events. Used by the store's modules alone.

It is made by the first commit that brings pictures, since their model decides how long the vectors are. It holds
pictures of one model at a time: those of two models do not compare.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import IndexStoreError
from videoindex.index import schema
from videoindex.index.records import FrameHit, FrameVectors, VideoRecord
from videoindex.types import Span

if TYPE_CHECKING:
    import lancedb
    import pyarrow as pa

__all__ = ["FrameTable", "frames_schema"]

log = logging.getLogger(__name__)

_NAME = "frames"


def frames_schema(dim: int, embedder: str) -> pa.Schema:
    """One row a picture, on display at ``start_s``; the metadata say whose vectors they are."""
    import pyarrow as pa

    utc = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            pa.field("video_id", pa.string(), nullable=False),
            pa.field("camera", pa.string()),
            pa.field("start_s", pa.float64(), nullable=False),
            pa.field("end_s", pa.float64(), nullable=False),
            pa.field("wall_start", utc),
            pa.field("wall_end", utc),
            pa.field("vector", pa.list_(pa.float32(), dim), nullable=False),
        ],
        metadata={"format": schema.FORMAT, "dim": str(dim), "embedder": embedder},
    )


class FrameTable:
    """The table, opened anew for each use: another process may have made it, or made it of another model."""

    def __init__(self, db: lancedb.DBConnection) -> None:
        self._db = db

    def opened(self) -> Any | None:
        """The LanceDB table, None while no pictures were ever committed. Raises IndexStoreError."""
        if _NAME not in self._db.list_tables().tables:
            return None
        table: Any = self._db.open_table(_NAME)
        known = _metadata(table).get("format")
        if known != schema.FORMAT:
            raise IndexStoreError(
                f"the table {_NAME} of {self._db.uri} has format {known}, this version of videoindex reads format "
                f"{schema.FORMAT}: install the version that made it, or index into another --db"
            )
        return table

    @property
    def embedder(self) -> str | None:
        """The fingerprint of the model that made the pictures' vectors, None where there are none."""
        table = self.opened()
        return _metadata(table)["embedder"] if table is not None else None

    def replace(self, record: VideoRecord, frames: FrameVectors | None) -> None:
        """Makes these all the pictures that are held of a video; None and no pictures are alike.

        What another model made is dropped, of all videos: it cannot be compared.
        """
        from lancedb.expr import col, lit

        table = self.opened()
        if table is not None:
            table.delete(col("video_id") == lit(record.video.id))
        if frames is None or not len(frames.vectors_TD):
            return
        dim = int(frames.vectors_TD.shape[1])
        made = frames_schema(dim, frames.embedder)
        if table is not None and _metadata(table) != _plain(made.metadata):
            log.warning(
                "the index's pictures were embedded by %s, not %s: those of other recordings are dropped until "
                "they are indexed again",
                _metadata(table)["embedder"],
                frames.embedder,
            )
            self._db.drop_table(_NAME)
            table = None
        if table is None:
            table = self._db.create_table(_NAME, schema=made, exist_ok=True)
        table.add(_rows(record, frames, made))

    def video_ids(self) -> frozenset[str]:
        """The videos that have pictures here."""
        table = self.opened()
        if table is None:
            return frozenset()
        rows = table.search().select(["video_id"]).limit(None).to_arrow()
        return frozenset(rows["video_id"].unique().to_pylist())

    def nearest(self, vector_D: NDArray[np.float32], where: Any, limit: int, nprobes: int) -> list[FrameHit]:
        """At most ``limit`` pictures that pass, best first, ties in order of video and time; [] without a table.

        Raises ValueError where the question's vector is of another length than the pictures'.
        """
        table = self.opened()
        if table is None:
            return []
        dim = int(_metadata(table)["dim"])
        if vector_D.shape != (dim,):
            raise ValueError(f"need a query vector of shape {(dim,)}, got {vector_D.shape}")
        query = table.search(vector_D, vector_column_name="vector").distance_type("cosine").nprobes(nprobes)
        if where is not None:
            query = query.where(where)
        rows = query.select(["video_id", "start_s", "end_s", "vector", "_distance"]).limit(limit).to_arrow()
        vectors_ND = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, dim).astype(np.float64)
        cosines_N = vectors_ND @ (vector_D.astype(np.float64) / max(1e-12, float(np.linalg.norm(vector_D))))
        names, starts_s, ends_s = (rows[name].to_pylist() for name in ("video_id", "start_s", "end_s"))
        hits = [
            FrameHit(video_id, Span(start_s, end_s), float(cosine))
            for video_id, start_s, end_s, cosine in zip(names, starts_s, ends_s, cosines_N, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.cosine, hit.video_id, hit.span))


def _rows(record: VideoRecord, frames: FrameVectors, made: pa.Schema) -> pa.Table:
    import pyarrow as pa

    video, count = record.video, len(frames.spans)
    columns: dict[str, list[Any]] = {
        "video_id": [video.id] * count,
        "camera": [record.camera] * count,
        "start_s": [span.start_s for span in frames.spans],
        "end_s": [span.end_s for span in frames.spans],
        "wall_start": [schema.utc(video.wall_clock(span.start_s)) for span in frames.spans],
        "wall_end": [schema.utc(video.wall_clock(span.end_s)) for span in frames.spans],
    }
    arrays = [pa.array(values, type=made.field(name).type) for name, values in columns.items()]
    flat = np.ascontiguousarray(frames.vectors_TD, dtype=np.float32).reshape(-1)
    arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(flat), frames.vectors_TD.shape[1]))
    return pa.Table.from_arrays(arrays, schema=made)


def _metadata(table: Any) -> dict[str, str]:
    return _plain(table.schema.metadata)


def _plain(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}
