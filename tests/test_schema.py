"""Nouns as rows and back: nothing is lost, nothing is shared between observers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from index_samples import DIM, coverage, event, record, vectors

from videoindex.index import schema
from videoindex.types import Box


def test_events_are_read_back_equal_with_their_vectors() -> None:
    boxed = replace(
        event("v", 1.25, "Zwei Bücher"), boxes=(Box(1, 2, 3, 4, 5), Box(2, 3, 4, 5, 6)), verified=False
    )
    events, vectors_ND = [boxed, event("v", 9.0, "plain")], vectors(2)
    table = schema.events_table(record("v"), events, vectors_ND, schema.events_schema(DIM, "e"))
    assert [schema.event_from_row(row) for row in table.to_pylist()] == events
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), vectors_ND)
    assert table["words"].to_pylist() == ["zwei bucher", "plain"]


@pytest.mark.parametrize("hours", [None, 0, 1, -7.5])
def test_a_video_keeps_its_own_time_zone(hours: float | None) -> None:
    zone = timezone(timedelta(hours=hours)) if hours is not None else None
    kept = record("v", camera="door", recorded_at=datetime(2026, 7, 1, 23, 59, 59, 5000, zone) if zone else None)
    row = schema.videos_table(kept, complete=True).to_pylist()[0]
    back = schema.record_from_row(row)
    assert back == kept
    if back.video.recorded_at is not None and kept.video.recorded_at is not None:
        assert back.video.recorded_at.isoformat() == kept.video.recorded_at.isoformat()


def test_coverage_is_read_back_equal_in_any_order_of_rows() -> None:
    kept = [*coverage("v"), *coverage("w")]
    rows = schema.coverage_table(kept).to_pylist()
    assert schema.coverage_from_rows(rows[::-1]) == kept
