"""The tables of the index as Arrow schemas, and the nouns as their rows and back.

Derived figures (``words``, wall-clock times) are stored so that filters and searches run inside the database.
pyarrow is imported when first needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from videoindex.index.records import ObserverCoverage, VideoRecord
from videoindex.index.words import folded
from videoindex.types import Box, Event, Gap, Span, Video

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "EVENT_COLUMNS",
    "FORMAT",
    "coverage_from_rows",
    "coverage_schema",
    "coverage_table",
    "event_from_row",
    "events_schema",
    "events_table",
    "record_from_row",
    "utc",
    "videos_schema",
    "videos_table",
]

# Version of this layout, kept with the tables; another one is refused, never guessed at.
FORMAT = "1"
# The columns an event is read back from (the vector and the folded words stay in the database).
EVENT_COLUMNS = [
    "id", "video_id", "source", "model", "start_s", "end_s", "text", "confidence", "boxes", "verified",
]  # fmt: skip


def events_schema(dim: int, embedder: str) -> pa.Schema:
    """One row an event; ``vector`` has ``dim`` float32, the schema's metadata say whose vectors they are."""
    import pyarrow as pa

    box = pa.struct([(name, pa.float64()) for name in ("at_s", "left_px", "top_px", "right_px", "bottom_px")])
    stamp = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("video_id", pa.string(), nullable=False),
            pa.field("camera", pa.string()),
            pa.field("source", pa.string(), nullable=False),
            pa.field("model", pa.string(), nullable=False),
            pa.field("start_s", pa.float64(), nullable=False),
            pa.field("end_s", pa.float64(), nullable=False),
            pa.field("wall_start", stamp),
            pa.field("wall_end", stamp),
            pa.field("text", pa.string(), nullable=False),
            pa.field("words", pa.string(), nullable=False),
            pa.field("confidence", pa.float64(), nullable=False),
            pa.field("boxes", pa.list_(box), nullable=False),
            pa.field("verified", pa.bool_()),
            pa.field("vector", pa.list_(pa.float32(), dim), nullable=False),
        ],
        metadata={"format": FORMAT, "dim": str(dim), "embedder": embedder},
    )


def events_table(
    record: VideoRecord, events: Sequence[Event], vectors_ND: NDArray[np.float32], schema: pa.Schema
) -> pa.Table:
    """The events of one video as rows; row i carries ``vectors_ND[i]``."""
    import pyarrow as pa

    video = record.video
    columns: dict[str, Any] = {
        "id": [event.id for event in events],
        "video_id": [event.video_id for event in events],
        "camera": [record.camera] * len(events),
        "source": [event.source for event in events],
        "model": [event.model for event in events],
        "start_s": [event.span.start_s for event in events],
        "end_s": [event.span.end_s for event in events],
        "wall_start": [utc(video.wall_clock(event.span.start_s)) for event in events],
        "wall_end": [utc(video.wall_clock(event.span.end_s)) for event in events],
        "text": [event.text for event in events],
        "words": [folded(event.text) for event in events],
        "confidence": [event.confidence for event in events],
        "boxes": [[_box_row(box) for box in event.boxes] for event in events],
        "verified": [event.verified for event in events],
    }
    vectors = np.ascontiguousarray(vectors_ND, dtype=np.float32)
    dim = schema.field("vector").type.list_size
    arrays = [pa.array(values, type=schema.field(name).type) for name, values in columns.items()]
    arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dim))
    return pa.Table.from_arrays(arrays, schema=schema)


def event_from_row(row: dict[str, Any]) -> Event:
    """The event of a row that holds EVENT_COLUMNS."""
    return Event(
        id=row["id"],
        video_id=row["video_id"],
        span=Span(row["start_s"], row["end_s"]),
        text=row["text"],
        source=row["source"],
        model=row["model"],
        confidence=row["confidence"],
        boxes=tuple(Box(**box) for box in row["boxes"]),
        verified=row["verified"],
    )


def videos_schema() -> pa.Schema:
    """One row a video. ``complete`` is False from the first write of a commit to its last."""
    import pyarrow as pa

    stamp = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            pa.field("video_id", pa.string(), nullable=False),
            pa.field("path", pa.string(), nullable=False),
            pa.field("start_s", pa.float64(), nullable=False),
            pa.field("end_s", pa.float64(), nullable=False),
            pa.field("width_px", pa.int32(), nullable=False),
            pa.field("height_px", pa.int32(), nullable=False),
            pa.field("average_fps", pa.float64(), nullable=False),
            pa.field("has_audio", pa.bool_(), nullable=False),
            pa.field("recorded_at", stamp),
            pa.field("recorded_utc_offset_s", pa.float64()),
            pa.field("camera", pa.string()),
            pa.field("settings_key", pa.string(), nullable=False),
            pa.field("indexed_at", stamp, nullable=False),
            pa.field("complete", pa.bool_(), nullable=False),
        ],
        metadata={"format": FORMAT},
    )


def videos_table(record: VideoRecord, *, complete: bool) -> pa.Table:
    """The one row of a video."""
    import pyarrow as pa

    video = record.video
    offset = video.recorded_at.utcoffset() if video.recorded_at is not None else None
    row = {
        "video_id": video.id,
        "path": str(video.path),
        "start_s": video.span.start_s,
        "end_s": video.span.end_s,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "average_fps": video.average_fps,
        "has_audio": video.has_audio,
        "recorded_at": utc(video.recorded_at),
        "recorded_utc_offset_s": offset.total_seconds() if offset is not None else None,
        "camera": record.camera,
        "settings_key": record.settings_key,
        "indexed_at": utc(record.indexed_at),
        "complete": complete,
    }
    return pa.Table.from_pylist([row], schema=videos_schema())


def record_from_row(row: dict[str, Any]) -> VideoRecord:
    """The record of a row of the videos table; the recording's own time zone is kept as its offset."""
    from datetime import timedelta, timezone

    recorded_at: datetime | None = row["recorded_at"]
    if recorded_at is not None:
        recorded_at = recorded_at.astimezone(timezone(timedelta(seconds=row["recorded_utc_offset_s"])))
    video = Video(
        id=row["video_id"],
        path=Path(row["path"]),
        span=Span(row["start_s"], row["end_s"]),
        width_px=row["width_px"],
        height_px=row["height_px"],
        average_fps=row["average_fps"],
        has_audio=row["has_audio"],
        recorded_at=recorded_at,
    )
    return VideoRecord(video, row["camera"], row["settings_key"], row["indexed_at"].astimezone(UTC))


def coverage_schema() -> pa.Schema:
    """Rows of three kinds: "observer" (one each, so one that examined nothing is known), "examined", "gap"."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("video_id", pa.string(), nullable=False),
            pa.field("observer", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("start_s", pa.float64()),
            pa.field("end_s", pa.float64()),
            pa.field("reason", pa.string()),
            pa.field("gap_observer", pa.string()),
            pa.field("shortest_event_s", pa.float64(), nullable=False),
        ],
        metadata={"format": FORMAT},
    )


def coverage_table(coverage: Iterable[ObserverCoverage]) -> pa.Table:
    """The coverage of one video as rows."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for one in coverage:
        common = {"video_id": one.video_id, "observer": one.observer, "shortest_event_s": one.shortest_event_s}
        rows.append({**common, "kind": "observer"})
        for span in one.examined:
            rows.append({**common, "kind": "examined", "start_s": span.start_s, "end_s": span.end_s})
        for gap in one.gaps:
            place = {"start_s": gap.span.start_s, "end_s": gap.span.end_s}
            rows.append({**common, **place, "kind": "gap", "reason": gap.reason, "gap_observer": gap.observer})
    return pa.Table.from_pylist(rows, schema=coverage_schema())


def coverage_from_rows(rows: Sequence[dict[str, Any]]) -> list[ObserverCoverage]:
    """Coverage by video and observer, spans and gaps in the order of time."""
    found: list[ObserverCoverage] = []
    heads: list[dict[str, Any]] = []
    parts: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        (heads if row["kind"] == "observer" else parts[row["video_id"], row["observer"]]).append(row)
    for head in sorted(heads, key=lambda row: (row["video_id"], row["observer"])):
        key = (head["video_id"], head["observer"])
        own = parts[key]
        own.sort(key=lambda row: (row["start_s"], row["end_s"]))
        examined = tuple(Span(row["start_s"], row["end_s"]) for row in own if row["kind"] == "examined")
        gaps = tuple(
            Gap(row["video_id"], Span(row["start_s"], row["end_s"]), row["reason"], row["gap_observer"])
            for row in own
            if row["kind"] == "gap"
        )
        found.append(ObserverCoverage(*key, examined, gaps, head["shortest_event_s"]))
    return found


def utc(instant: datetime | None) -> datetime | None:
    """The instant as the tables hold it."""
    return instant.astimezone(UTC) if instant is not None else None


def _box_row(box: Box) -> dict[str, float]:
    return {
        "at_s": box.at_s,
        "left_px": box.left_px,
        "top_px": box.top_px,
        "right_px": box.right_px,
        "bottom_px": box.bottom_px,
    }
