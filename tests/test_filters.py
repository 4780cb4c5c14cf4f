"""Filters as the database applies them, against the same condition in plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_samples import DIM, event, record, vectors

from videoindex.errors import UsageError
from videoindex.index.records import Filters, VideoRecord
from videoindex.index.store import Store
from videoindex.types import Event

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
QUOTED = "b' OR '1'='1"
RECORDS = {
    "a": record("a", camera="door", recorded_at=DAY),
    QUOTED: record(QUOTED, camera='yard"; --', recorded_at=DAY.astimezone(timezone(timedelta(hours=-7)))),
    "c": record("c"),
}
SOURCES = ("speech", "objects")
EVENTS = [
    event(video_id, 5.0 * i, f"word{i} common", source=SOURCES[i % 2])
    for video_id in sorted(RECORDS)
    for i in range(8)
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store.open(tmp_path_factory.mktemp("filters") / "db", dim=DIM, embedder="e")
    for number, (video_id, one) in enumerate(sorted(RECORDS.items())):
        store.commit_video(one, [e for e in EVENTS if e.video_id == video_id], vectors(8, number), [])
    return store


def passes(filters: Filters, one: Event, held: VideoRecord) -> bool:
    start, end = held.video.wall_clock(one.span.start_s), held.video.wall_clock(one.span.end_s)
    return (
        (not filters.video_ids or one.video_id in filters.video_ids)
        and (not filters.cameras or held.camera in filters.cameras)
        and (not filters.sources or one.source in filters.sources)
        and (filters.after_s is None or one.span.end_s > filters.after_s)
        and (filters.before_s is None or one.span.start_s < filters.before_s)
        and (filters.after_wall is None or (end is not None and end > filters.after_wall))
        and (filters.before_wall is None or (start is not None and start < filters.before_wall))
    )


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from([*values, "' --", "none"]), max_size=2, unique=True).map(tuple)


zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
walls = st.builds(lambda s, zone: (DAY + timedelta(seconds=s)).astimezone(zone), st.integers(-5, 45), zones)


@st.composite
def any_filters(draw: st.DrawFn) -> Filters:
    times_s = sorted(draw(st.lists(st.integers(-5, 45), min_size=2, max_size=2, unique=True)))
    wall = sorted(draw(st.lists(walls, min_size=2, max_size=2, unique=True)))
    return Filters(
        draw(some(list(RECORDS))),
        draw(some([one.camera for one in RECORDS.values() if one.camera])),
        draw(some(list(SOURCES))),
        draw(st.sampled_from([None, times_s[0]])),
        draw(st.sampled_from([None, times_s[1]])),
        draw(st.sampled_from([None, wall[0]])),
        draw(st.sampled_from([None, wall[1]])),
    )


@given(filters=any_filters())
@settings(max_examples=25, deadline=None)
def test_every_search_returns_exactly_what_passes(store: Store, filters: Filters) -> None:
    wanted = [one for one in EVENTS if passes(filters, one, RECORDS[one.video_id])]
    assert list(store.events(filters)) == wanted
    ids = {one.id for one in wanted}
    assert {hit.event.id for hit in store.vector(vectors(1)[0], filters, limit=50)} == ids
    assert {hit.event.id for hit in store.fulltext("common", filters, limit=50)} == ids


def test_windows_that_hold_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="swap"):
        Filters(after_s=5.0, before_s=5.0)
    with pytest.raises(UsageError, match="swap"):
        Filters(after_wall=DAY, before_wall=DAY - timedelta(seconds=1))
    with pytest.raises(UsageError, match="time zone"):
        Filters(after_wall=datetime(2026, 3, 1))
