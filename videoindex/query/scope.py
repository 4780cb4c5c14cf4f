"""Where a question is looked for: recordings, filters, the seconds they leave, and what was examined. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from videoindex.errors import UsageError
from videoindex.index.records import Filters, ObserverCoverage, VideoRecord
from videoindex.query.time_windows import read_windows
from videoindex.query.understand import Question
from videoindex.types import Coverage, Gap, Span, Video, merge_spans

__all__ = ["Scope", "coverage_of", "examined_spans", "scope_of"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The recordings asked, by id, and filters of which an event must pass one.

    ``notes`` say how the question's words for times were read.
    """

    records: Mapping[str, VideoRecord]
    filters: tuple[Filters, ...]
    notes: tuple[str, ...] = ()

    def windows(self, video: Video) -> list[Span]:
        """The parts of the recording that the filters leave."""
        found = (_window(video, filters) for filters in self.filters if _is_of(self.records[video.id], filters))
        return merge_spans(window for window in found if window is not None)

    def narrowed(self, filters: Sequence[Filters]) -> Scope:
        """The same recordings, with one of ``filters`` to be passed as well."""
        both = (_joined(one, other) for one in self.filters for other in filters)
        return replace(self, filters=tuple(one for one in both if one is not None))

    def holds(self, video_id: str, span: Span) -> bool:
        """Whether ``span`` of the video overlaps what the filters leave."""
        windows = self.windows(self.records[video_id].video)
        return any(window.intersect(span) is not None for window in windows)


def scope_of(question: Question, known: Sequence[VideoRecord], filters: Filters, now: datetime) -> Scope:
    """What the caller's ``filters`` and the question's own words leave together.

    Raises UsageError when there are recordings, but nothing of any is left.
    """
    if not known:
        return Scope({}, (filters,))
    named = _with_places(question, filters)
    chosen = _passing(known, named)
    if not chosen:
        raise UsageError(_nothing_passes(known, named))
    windows = read_windows(question.times, chosen, now)
    both = [joined for window in windows.filters if (joined := _joined(named, window)) is not None]
    left = {record.video.id: record for record in chosen if any(_passes(record, one) for one in both)}
    if not left:
        words = ", ".join(f'"{phrase.words}"' for phrase in question.times)
        raise UsageError(f"{words} in the question and the filters beside it leave nothing in common: drop one")
    return Scope(left, tuple(both), windows.notes)


def _with_places(question: Question, filters: Filters) -> Filters:
    """The filters, with the recordings and cameras that the question names."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, asked, said in (
        ("video_ids", filters.video_ids, question.video_ids),
        ("cameras", filters.cameras, question.cameras),
    ):
        common = tuple(one for one in asked if one in said) if asked and said else asked or said
        if asked and said and not common:
            raise UsageError(
                f"the question names other {'recordings' if name == 'video_ids' else 'cameras'} than the filter "
                "beside it: drop one"
            )
        fields[name] = common
    return replace(filters, video_ids=fields["video_ids"], cameras=fields["cameras"])


def _joined(one: Filters, other: Filters) -> Filters | None:
    """Both filters at once; None where they leave nothing in common."""
    ids = one.video_ids or other.video_ids
    if one.video_ids and other.video_ids:
        ids = tuple(video_id for video_id in one.video_ids if video_id in other.video_ids)
        if not ids:
            return None
    try:
        return replace(
            one,
            video_ids=ids,
            after_s=_most(one.after_s, other.after_s),
            before_s=_least(one.before_s, other.before_s),
            after_wall=_latest(one.after_wall, other.after_wall),
            before_wall=_earliest(one.before_wall, other.before_wall),
        )
    except UsageError:
        return None


def _most(one: float | None, other: float | None) -> float | None:
    return max(one, other) if one is not None and other is not None else one if other is None else other


def _least(one: float | None, other: float | None) -> float | None:
    return min(one, other) if one is not None and other is not None else one if other is None else other


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one is not None and other is not None else one or other


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one is not None and other is not None else one or other


def _passing(known: Sequence[VideoRecord], filters: Filters) -> list[VideoRecord]:
    return [record for record in known if _passes(record, filters)]


def _passes(record: VideoRecord, filters: Filters) -> bool:
    return _is_of(record, filters) and _window(record.video, filters) is not None


def _is_of(record: VideoRecord, filters: Filters) -> bool:
    """Whether the filters name this recording and its camera, or none."""
    if filters.video_ids and record.video.id not in filters.video_ids:
        return False
    return not filters.cameras or record.camera in filters.cameras


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
        known_are = ", ".join(cameras) or "none; name one with `videoindex index --camera NAME`"
        return f"no indexed video is of camera {', '.join(filters.cameras)}: known are {known_are}"
    if (filters.after_wall or filters.before_wall) and not any(record.video.recorded_at for record in known):
        return (
            "no indexed video has a known date, so a wall-clock time leaves nothing: use the file clock (0:01:30)"
        )
    if filters.after_wall or filters.before_wall:
        videos = [record.video for record in known]
        dated = [(begins, video) for video in videos if (begins := video.recorded_at) is not None]
        ends = max(begins + timedelta(seconds=video.span.duration_s) for begins, video in dated)
        return (
            "the filters leave nothing of any indexed video: those with a date run from "
            f"{min(begins for begins, _ in dated):%Y-%m-%d %H:%M:%S} to {ends:%Y-%m-%d %H:%M:%S %Z}; widen them"
        )
    longest_s = max(record.video.span.end_s for record in known)
    return f"the filters leave nothing of any indexed video: the longest ends at {longest_s:.1f} s; widen them"


def coverage_of(rows: Iterable[ObserverCoverage], scope: Scope, consulted: Sequence[str]) -> Coverage:
    """What the consulted observers looked at, within the asked videos and times.

    A second counts as examined when at least one of them examined it; every gap of each is listed.
    """
    windows = {video_id: scope.windows(record.video) for video_id, record in scope.records.items()}
    spans: dict[str, list[Span]] = {video_id: [] for video_id in windows}
    gaps: list[Gap] = []
    shortest_s = 0.0
    for row in rows:
        if row.video_id not in windows or (row.observer and row.observer not in consulted):
            continue
        for window in windows[row.video_id]:
            within = [common for span in row.examined if (common := span.intersect(window)) is not None]
            spans[row.video_id] += within
            if within:
                shortest_s = max(shortest_s, row.shortest_event_s)
            cuts = ((gap, gap.span.intersect(window)) for gap in row.gaps)
            gaps += [replace(gap, span=common) for gap, common in cuts if common is not None]
    examined = {video_id: tuple(merge_spans(found)) for video_id, found in spans.items()}
    total_s = sum(window.duration_s for found in windows.values() for window in found)
    return Coverage(examined, tuple(gaps), shortest_s, total_s)


def examined_spans(
    rows: Iterable[ObserverCoverage], scope: Scope, consulted: Sequence[str]
) -> dict[str, tuple[Span, ...]]:
    """Everything that the consulted observers looked at in the asked videos, whatever time is asked about."""
    found: dict[str, list[Span]] = {video_id: [] for video_id in scope.records}
    for row in rows:
        if row.video_id in found and (not row.observer or row.observer in consulted):
            found[row.video_id] += row.examined
    return {video_id: tuple(merge_spans(spans)) for video_id, spans in found.items()}
