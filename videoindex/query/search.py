"""A question to moments: what is asked, where it is looked for, what is found there, and what was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from videoindex.errors import UsageError
from videoindex.index.records import Filters, VideoRecord
from videoindex.query.citable import citable
from videoindex.query.find import EventIndex, Finder, QueryEmbedder, consulted_for
from videoindex.query.frames import Likeness, PictureSearch
from videoindex.query.relations import around, close_anchors, pick, stretches
from videoindex.query.rerank import PairScorer, is_ranked, rerank
from videoindex.query.rewrite import Rewriter, reword, wordings_note
from videoindex.query.scope import Scope, coverage_of, examined_spans, scope_of
from videoindex.query.settings import SearchSettings
from videoindex.query.understand import Question, Which, understand
from videoindex.types import Coverage, Moment, Span

__all__ = ["EventIndex", "QueryEmbedder", "SearchResult", "SearchSettings", "coverage_of", "in_order", "search"]

_NO_FILTERS = Filters()
_DEFAULTS = SearchSettings()
_MOST_OPEN = 8
"""Places in a recording around which an open question ("what is said after …") is answered."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: at most ``limit`` moments of ``total``, in the order the question wants.

    ``records`` are the videos the question was put to, by id; ``consulted`` the observers that can know,
    ``examined_by`` all that looked at something there. ``at_least`` is True where the index held more candidates
    than were looked at, so that ``total`` is a lower bound. ``anchors`` are the other events that the moments lie
    in relation to, ``missing`` the anchors that were not found. ``weaker`` moments fit less well than those listed
    and are not counted; ``left_out`` lie at times that no observer examined. ``notes`` say how doubtful words were
    read. ``windows`` is what the question and the filters leave of each video, by id, and ``watched`` what was
    examined of it, within the windows and without. ``looked_again``: a model was shown moments of this search.
    The pictures of ``suggested`` look most like the question; they are no moments and prove nothing.
    """

    question: Question
    moments: tuple[Moment, ...]
    total: int
    at_least: bool
    coverage: Coverage
    consulted: tuple[str, ...]
    examined_by: frozenset[str]
    records: Mapping[str, VideoRecord]
    anchors: tuple[Moment, ...] = ()
    missing: tuple[Question, ...] = ()
    weaker: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = ()
    windows: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    watched: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    looked_again: bool = False
    suggested: tuple[Likeness, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answering:
    """Moments in their order, the anchors they were found by, and the anchors that were not found."""

    moments: tuple[Moment, ...]
    at_least: bool = False
    anchors: tuple[Moment, ...] = ()
    missing: tuple[Question, ...] = ()
    weaker: int = 0
    notes: tuple[str, ...] = ()
    by_wording: Mapping[str, str] = field(default_factory=dict)


def search(
    index: EventIndex,
    embedder: QueryEmbedder,
    query: str,
    *,
    filters: Filters = _NO_FILTERS,
    limit: int = 10,
    which: Which | None = None,
    settings: SearchSettings = _DEFAULTS,
    now: datetime | None = None,
    rewriter: Rewriter | None = None,
    pictures: PictureSearch | None = None,
    reranker: PairScorer | None = None,
) -> SearchResult:
    """The moments that answer ``query``; none is a legal result. ``which`` overrides the question's own wish.

    ``now`` is what "today" is counted from. ``rewriter`` gives further wordings, which are searched for as well:
    what the question's own words find is kept. ``pictures`` suggests stretches that look like the question, which
    are no moments; ``reranker`` orders the best moments anew, and neither adds nor drops any. A moment at a time
    that was never examined is left out. Raises UsageError for a question with no searchable word, a limit below 1,
    and filters or times that no indexed video passes. An empty index is no error: nothing is found in it, and its
    coverage is empty.
    """
    if limit < 1:
        raise UsageError(f"a search gives at least one moment, got limit {limit}")
    now = now or datetime.now().astimezone()
    known = index.videos()
    question = understand(query, known, now)
    if which is not None:
        question = replace(question, which=which)
    scope = scope_of(question, known, filters, now)
    question, failed = reword(question, rewriter if known else None, known, now)
    finder = Finder(index, embedder, settings, reranker)
    answering = _related(finder, question, scope) if question.relation else _plain(finder, question, scope)
    consulted = _consulted(question, filters)
    rows = index.coverage(_asked_ids(scope, filters, question))
    watched = examined_spans(rows, scope, consulted)
    moments, left_out = citable(answering.moments, watched)
    anchors, _ = citable(answering.anchors, watched)
    reworded = wordings_note(question, moments, answering.by_wording)
    like, told = pictures.like(question, scope, filters, settings.pictures) if pictures is not None else ((), ())
    return SearchResult(
        question=question,
        moments=moments[:limit],
        total=len(moments),
        at_least=answering.at_least,
        coverage=coverage_of(rows, scope, consulted),
        consulted=consulted,
        examined_by=frozenset(row.observer for row in rows if row.examined and row.video_id in scope.records),
        records=scope.records,
        anchors=anchors,
        missing=answering.missing,
        weaker=answering.weaker,
        left_out=left_out,
        notes=(*answering.notes, *scope.notes, *failed, *reworded, *told),
        windows={one: tuple(scope.windows(record.video)) for one, record in scope.records.items()},
        watched=watched,
        suggested=like,
    )


def _plain(finder: Finder, question: Question, scope: Scope) -> _Answering:
    """The moments of a question that stands by itself."""
    found = finder.find(question, scope)
    moments = tuple(in_order(found.moments, question, scope.records))
    if finder.reranker is not None and is_ranked(question):
        moments = rerank(question.search_text, moments, finder.reranker, finder.settings.rerank_best)
    return _Answering(moments, found.at_least, weaker=found.weaker, by_wording=found.by_wording)


def _related(finder: Finder, question: Question, scope: Scope) -> _Answering:
    """The moments that lie so to the anchors as the question wants; none where an anchor is not found."""
    found = [finder.find_anchor(anchor.question, scope) for anchor in question.anchors]
    sightings = [
        close_anchors(one.moments, anchor.question.which)
        for one, anchor in zip(found, question.anchors, strict=True)
    ]
    missing = tuple(anchor.question for anchor, seen in zip(question.anchors, sightings, strict=True) if not seen)
    anchors = tuple(moment for seen in sightings for moment in seen)
    if missing or question.relation is None:
        return _Answering((), False, anchors, missing)
    edges = [anchor.edge for anchor in question.anchors]
    within = stretches(question.relation, sightings, edges, scope.records)
    notes: tuple[str, ...] = ()
    if question.is_open and len(within) > _MOST_OPEN:
        notes = (f"The first {_MOST_OPEN} of {len(within):,} such places are told.",)
        within = within[:_MOST_OPEN]
    whole = finder.find(question, scope.narrowed(around(within, scope.records)) if question.is_open else scope)
    related = pick(question, whole.moments, within, scope.records)
    used = {id(anchor): anchor for one in related for anchor in one.anchors}
    moments = tuple(one.moment for one in related)
    cited = tuple(used.values()) or anchors
    by_wording = {event_id: text for one in (whole, *found) for event_id, text in one.by_wording.items()}
    return _Answering(moments, whole.at_least, cited, (), whole.weaker, notes, by_wording)


def in_order(moments: Sequence[Moment], question: Question, records: Mapping[str, VideoRecord]) -> list[Moment]:
    """Best first, or in order of time where the question asks for the first, the last, or all."""
    if question.which is Which.BEST and not question.is_open:
        return list(moments)
    is_last = question.which is Which.LAST
    return sorted(moments, key=lambda moment: _when(moment, records), reverse=is_last)


def _when(moment: Moment, records: Mapping[str, VideoRecord]) -> tuple[float, str, float]:
    """By the wall clock where it is known, then by file and its own clock."""
    video = records[moment.video_id].video
    wall = video.wall_clock(moment.span.start_s)
    return (wall.timestamp() if wall else float("inf"), str(video.path), moment.span.start_s)


def _consulted(question: Question, filters: Filters) -> tuple[str, ...]:
    """The observers that any part of the question is put to."""
    parts = (question, *(anchor.question for anchor in question.anchors))
    worded = (one for part in parts for one in (part, *part.also))
    return tuple(dict.fromkeys(source for one in worded for source in consulted_for(one, filters)))


def _asked_ids(scope: Scope, filters: Filters, question: Question) -> tuple[str, ...]:
    """The ids to ask coverage for; empty, meaning all, when nothing narrows them."""
    is_narrowed = filters.video_ids or filters.cameras or question.video_ids or question.cameras
    return tuple(scope.records) if is_narrowed else ()
