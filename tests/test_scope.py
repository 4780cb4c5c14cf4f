"""Where a question is looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from query_corpora import Corpus, MemoryIndex

from videoindex.errors import UsageError
from videoindex.index.records import Filters, ObserverCoverage
from videoindex.query.scope import Scope, coverage_of, examined_spans, scope_of
from videoindex.query.understand import understand
from videoindex.types import Gap, Span

NINE = datetime(2026, 3, 14, 9, tzinfo=UTC)
NOW = datetime(2026, 3, 20, tzinfo=UTC)
FRONT = Corpus("front", 600.0, [("speech", 10, 12, "hello")], [])
BACK = Corpus("back", 3600.0, [("speech", 10, 12, "hello")], [])


@pytest.fixture
def index() -> MemoryIndex:
    index = MemoryIndex()
    index.add(FRONT, camera="front door", recorded_at=NINE)
    index.add(BACK, camera="yard")
    return index


def scope(index: MemoryIndex, text: str, filters: Filters | None = None) -> Scope:
    known = index.videos()
    return scope_of(understand(text, known, NOW), known, filters or Filters(), NOW)


def test_names_and_times_in_the_question_narrow_it(index: MemoryIndex) -> None:
    assert set(scope(index, "hello").records) == {"front", "back"}
    assert set(scope(index, "hello in front.mp4").records) == {"front"}
    assert set(scope(index, "hello on the yard camera").records) == {"back"}
    assert set(scope(index, "hello after minute 20").records) == {"back"}
    dated = scope(index, "hello after 9:05")
    assert set(dated.records) == {"front"}
    assert dated.windows(dated.records["front"].video) == [Span(300, 600)]


def test_the_callers_filters_hold_as_well(index: MemoryIndex) -> None:
    both = scope(index, "hello after minute 2", Filters(video_ids=("back",), before_s=300.0))
    assert both.filters == (Filters(video_ids=("back",), after_s=120.0, before_s=300.0),)
    assert both.holds("back", Span(290, 310))
    assert not both.holds("back", Span(300, 310))


@pytest.mark.parametrize(
    ("text", "filters", "said"),
    [
        ("hello in front.mp4", Filters(video_ids=("back",)), "other recordings"),
        ("hello on the yard camera", Filters(cameras=("front door",)), "other cameras"),
        ("hello after minute 2", Filters(before_s=60.0), "nothing in common"),
        ("hello", Filters(cameras=("attic",)), "known are front door, yard"),
        ("hello", Filters(after_wall=datetime(2040, 1, 1, tzinfo=UTC)), "those with a date run from 2026"),
    ],
)
def test_contradictions_are_refused(index: MemoryIndex, text: str, filters: Filters, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scope(index, text, filters)


def test_an_empty_index_is_no_error() -> None:
    assert scope_of(understand("hello"), [], Filters(), NOW).records == {}


def test_a_scope_can_be_narrowed_further(index: MemoryIndex) -> None:
    near = scope(index, "hello after minute 2").narrowed([Filters(video_ids=("back",), before_s=200.0)])
    assert near.filters == (Filters(video_ids=("back",), after_s=120.0, before_s=200.0),)
    assert scope(index, "hello after minute 2").narrowed([Filters(before_s=100.0)]).filters == ()


def test_two_windows_of_one_recording_are_both_examined(index: MemoryIndex) -> None:
    known = index.videos()
    two = Scope(
        {record.video.id: record for record in known},
        (Filters(after_s=0.0, before_s=10.0), Filters(after_s=20.0, before_s=30.0)),
    )
    gap = Gap("back", Span(5, 25), "corrupt packets", "speech")
    rows = [ObserverCoverage("back", "speech", (Span(0, 5), Span(25, 3600)), (gap,), 0.5)]
    coverage = coverage_of(rows, two, ("speech",))
    assert coverage.examined["back"] == (Span(0, 5), Span(25, 30))
    assert [found.span for found in coverage.gaps] == [Span(5, 10), Span(20, 25)]
    assert coverage.total_s == 40
    assert examined_spans(rows, two, ("speech",))["back"] == (Span(0, 5), Span(25, 3600))
    assert coverage_of(rows, two, ("objects",)).examined_s == 0


def test_a_day_is_each_recordings_own_window() -> None:
    index = MemoryIndex()
    index.add(FRONT, recorded_at=NINE)
    index.add(BACK, recorded_at=NINE + timedelta(days=1))
    found = scope(index, "hello between 9:05 and 9:06")
    assert len(found.filters) == 2
    assert [found.windows(record.video) for record in found.records.values()] == [
        [Span(300, 360)],
        [Span(300, 360)],
    ]
