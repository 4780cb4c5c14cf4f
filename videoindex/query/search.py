"""A question to moments: filters, hits of the index, evidence, moments, and what was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import UsageError
from videoindex.index.records import Filters, Hit, ObserverCoverage, VideoRecord
from videoindex.query.evidence import Candidate, read_hits
from videoindex.query.moments import merge_candidates
from videoindex.query.settings import SearchSettings
from videoindex.query.sightings import canonical_text, read_sightings
from videoindex.query.understand import (
    CAPTIONS,
    DESCRIBED,
    OBJECTS,
    SCREEN_TEXT,
    SPEECH,
    Question,
    Which,
    understand,
)
from videoindex.types import Coverage, Gap, Moment, Span, Video, merge_spans

__all__ = ["EventIndex", "QueryEmbedder", "SearchResult", "SearchSettings", "coverage_of", "search"]

_TEXTS = (SPEECH, CAPTIONS, SCREEN_TEXT, *DESCRIBED)
_NO_FILTERS = Filters()
_DEFAULTS = SearchSettings()


class EventIndex(Protocol):
    """What a search needs of an index; ``videoindex.index.store.Store`` is one."""

    def videos(self) -> list[VideoRecord]: ...

    def coverage(self, video_ids: Sequence[str] = ()) -> list[ObserverCoverage]: ...

    def hybrid(
        self, text: str, vector_D: NDArray[np.float32], filters: Filters = ..., *, limit: int = 20
    ) -> list[Hit]: ...


class QueryEmbedder(Protocol):
    """Turns a question into the vector space of the index."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,), float32."""
        ...


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: at most ``limit`` moments of ``total``, in the order the question wants.

    ``records`` are the videos the question was put to, by id; ``consulted`` the observers that can know,
    ``examined_by`` all that looked at something there. ``at_least`` is True where the index held more candidates
    than were looked at, so that ``total`` is a lower bound.
    """

    question: Question
    moments: tuple[Moment, ...]
    total: int
    at_least: bool
    coverage: Coverage
    consulted: tuple[str, ...]
    examined_by: frozenset[str]
    records: Mapping[str, VideoRecord]


def search(
    index: EventIndex,
    embedder: QueryEmbedder,
    query: str,
    *,
    filters: Filters = _NO_FILTERS,
    limit: int = 10,
    which: Which | None = None,
    settings: SearchSettings = _DEFAULTS,
) -> SearchResult:
    """The moments that answer ``query``; none is a legal result. ``which`` overrides the question's own wish.

    Raises UsageError for a question with no searchable word, a limit below 1, and filters that no indexed video
    passes. An empty index is no error: nothing is found in it, and its coverage is empty.
    """
    if limit < 1:
        raise UsageError(f"a search gives at least one moment, got limit {limit}")
    question = understand(query)
    if which is not None:
        question = replace(question, which=which)
    records = _records(index, filters)
    consulted = _consulted(question, filters)
    candidates: list[Candidate] = []
    fullest = 0
    if records:
        candidates, fullest = _candidates(index, embedder, question, filters, consulted, settings)
    # A video that was committed since ``records`` were read is left to the next search.
    confident = [one for one in candidates if one.score >= settings.confident and one.video_id in records]
    moments = _ordered(merge_candidates(confident, settings.merge_gap_s), question.which, records)
    rows = index.coverage(_asked_ids(records, filters))
    return SearchResult(
        question=question,
        moments=tuple(moments[:limit]),
        total=len(moments),
        at_least=fullest >= settings.candidates and len(confident) >= settings.candidates // 2,
        coverage=coverage_of(rows, records, consulted, filters),
        consulted=consulted,
        examined_by=frozenset(row.observer for row in rows if row.examined and row.video_id in records),
        records=records,
    )


def _records(index: EventIndex, filters: Filters) -> dict[str, VideoRecord]:
    """The videos that pass the filters by id; UsageError when there are videos but none passes."""
    known = index.videos()
    chosen = {record.video.id: record for record in known if _passes(record, filters)}
    if known and not chosen:
        raise UsageError(_nothing_passes(known, filters))
    return chosen


def _passes(record: VideoRecord, filters: Filters) -> bool:
    if filters.video_ids and record.video.id not in filters.video_ids:
        return False
    if filters.cameras and record.camera not in filters.cameras:
        return False
    return _window(record.video, filters) is not None


def _window(video: Video, filters: Filters) -> Span | None:
    """The part of the video that the time filters leave, None when they leave nothing."""
    start_s, end_s = video.span.start_s, video.span.end_s
    start_s = max(start_s, filters.after_s) if filters.after_s is not None else start_s
    end_s = min(end_s, filters.before_s) if filters.before_s is not None else end_s
    if filters.after_wall is not None or filters.before_wall is not None:
        if video.recorded_at is None:
            return None
        if filters.after_wall is not None:
            start_s = max(start_s, _file_clock(video, video.recorded_at, filters.after_wall))
        if filters.before_wall is not None:
            end_s = min(end_s, _file_clock(video, video.recorded_at, filters.before_wall))
    return Span(start_s, end_s) if start_s < end_s else None


def _file_clock(video: Video, recorded_at: datetime, wall: datetime) -> float:
    return video.span.start_s + (wall - recorded_at).total_seconds()


def _nothing_passes(known: Sequence[VideoRecord], filters: Filters) -> str:
    """Which filter leaves nothing, and what there is instead."""
    ids = {record.video.id for record in known}
    if filters.video_ids and not ids.intersection(filters.video_ids):
        names = ", ".join(record.video.path.name for record in known[:5])
        return f"no indexed video is {', '.join(filters.video_ids)}: indexed are {names}; see `videoindex videos`"
    cameras = sorted({record.camera for record in known if record.camera})
    if filters.cameras and not set(cameras).intersection(filters.cameras):
        return (
            f"no indexed video is of camera {', '.join(filters.cameras)}: known are {', '.join(cameras) or 'none'}"
        )
    if (filters.after_wall or filters.before_wall) and not any(record.video.recorded_at for record in known):
        return (
            "no indexed video has a known date, so a wall-clock time leaves nothing: use the file clock (0:01:30)"
        )
    longest_s = max(record.video.span.end_s for record in known)
    return f"the filters leave nothing of any indexed video: the longest ends at {longest_s:.1f} s; widen them"


def _consulted(question: Question, filters: Filters) -> tuple[str, ...]:
    """The observers asked: the user's choice first, then what the question's words point at."""
    able = question.sources or (_TEXTS if question.quotes else (*_TEXTS, OBJECTS))
    if not filters.sources:
        return able
    chosen = tuple(source for source in able if source in filters.sources)
    return chosen or filters.sources


def _candidates(
    index: EventIndex,
    embedder: QueryEmbedder,
    question: Question,
    filters: Filters,
    consulted: Sequence[str],
    settings: SearchSettings,
) -> tuple[list[Candidate], int]:
    """Scored candidates of both kinds of evidence, and the length of the longer list of hits behind them."""
    vector_D = embedder.embed_query(question.search_text)
    found: list[Candidate] = []
    fullest = 0
    texts = tuple(source for source in consulted if source != OBJECTS)
    if texts:
        asked = replace(filters, sources=texts)
        hits = index.hybrid(question.search_text, vector_D, asked, limit=settings.candidates)
        found += read_hits(question, hits, settings)
        fullest = len(hits)
    if OBJECTS in consulted and question.scene.verifiable:
        asked = replace(filters, sources=(OBJECTS,))
        hits = index.hybrid(canonical_text(question.scene), vector_D, asked, limit=settings.candidates)
        found += read_sightings(question.scene, hits, settings)
        fullest = max(fullest, len(hits))
    return found, fullest


def _ordered(moments: list[Moment], which: Which, records: Mapping[str, VideoRecord]) -> list[Moment]:
    """Best first, or in order of time where the question asks for the first, the last, or all."""
    if which is Which.BEST:
        return moments
    return sorted(moments, key=lambda moment: _when(moment, records), reverse=which is Which.LAST)


def _when(moment: Moment, records: Mapping[str, VideoRecord]) -> tuple[float, str, float]:
    """By the wall clock where it is known, then by file and its own clock."""
    video = records[moment.video_id].video
    wall = video.wall_clock(moment.span.start_s)
    return (wall.timestamp() if wall else float("inf"), str(video.path), moment.span.start_s)


def _asked_ids(records: Mapping[str, VideoRecord], filters: Filters) -> tuple[str, ...]:
    """The ids to ask coverage for; empty, meaning all, when nothing narrows them."""
    return tuple(records) if filters.video_ids or filters.cameras else ()


def coverage_of(
    rows: Iterable[ObserverCoverage],
    records: Mapping[str, VideoRecord],
    consulted: Sequence[str],
    filters: Filters = _NO_FILTERS,
) -> Coverage:
    """What the consulted observers looked at, within the asked videos and times.

    A second counts as examined when at least one of them examined it; every gap of each is listed.
    """
    spans: dict[str, list[Span]] = {video_id: [] for video_id in records}
    gaps: list[Gap] = []
    shortest_s = 0.0
    windows = {video_id: _window(record.video, filters) for video_id, record in records.items()}
    for row in rows:
        window = windows.get(row.video_id)
        if window is None or (row.observer and row.observer not in consulted):
            continue
        within = [common for span in row.examined if (common := span.intersect(window)) is not None]
        spans[row.video_id] += within
        if within:
            shortest_s = max(shortest_s, row.shortest_event_s)
        for gap in row.gaps:
            common = gap.span.intersect(window)
            if common is not None:
                gaps.append(replace(gap, span=common))
    examined = {video_id: tuple(merge_spans(found)) for video_id, found in spans.items()}
    total_s = sum(window.duration_s for window in windows.values() if window is not None)
    return Coverage(examined, tuple(gaps), shortest_s, total_s)
