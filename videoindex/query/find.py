"""Finds the moments of one thing that is asked for: hits of the index, evidence, moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.index.records import Filters, Hit, ObserverCoverage, VideoRecord
from videoindex.perception.object_words import NOBODY
from videoindex.query.evidence import Candidate, read_hits
from videoindex.query.moments import add_moments, merge_candidates, merge_open
from videoindex.query.question_cues import OBJECTS, TEXTS
from videoindex.query.rerank import PairScorer
from videoindex.query.scope import Scope
from videoindex.query.settings import SearchSettings
from videoindex.query.sightings import canonical_text, read_sightings
from videoindex.query.understand import Question, Which
from videoindex.types import Event, Moment

__all__ = ["EventIndex", "Finder", "Found", "QueryEmbedder", "consulted_for"]

_DEEPER = 4
_CLOSE_SCORE = 0.1
_NO_FILTERS = Filters()


class EventIndex(Protocol):
    """What a search needs of an index; ``videoindex.index.store.Store`` is one."""

    def videos(self) -> list[VideoRecord]: ...

    def coverage(self, video_ids: Sequence[str] = ()) -> list[ObserverCoverage]: ...

    def hybrid(
        self, text: str, vector_D: NDArray[np.float32], filters: Filters = ..., *, limit: int = 20
    ) -> list[Hit]: ...

    def events(self, filters: Filters = ..., *, limit: int | None = None, offset: int = 0) -> Iterator[Event]: ...


class QueryEmbedder(Protocol):
    """Turns a question into the vector space of the index."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,), float32."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """Confident moments, best first (in order of time for an open question).

    ``at_least`` where the index may hold more; ``weaker`` were left out because others fit the question better.
    ``by_wording`` holds the wording that alone found a moment, by the id of its best event; the question's own
    words found all others.
    """

    moments: tuple[Moment, ...]
    at_least: bool
    weaker: int = 0
    by_wording: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finder:
    """The index, what embeds a question, and the settings: everything a search is made with."""

    index: EventIndex
    embedder: QueryEmbedder
    settings: SearchSettings
    reranker: PairScorer | None = None

    def find(self, question: Question, scope: Scope) -> Found:
        """The moments of what ``question`` names, leaving aside its relation to other events.

        What only its other wordings find comes behind what its own words do, in the order of the scores.
        """
        return self._worded(question, question.also, scope)

    def find_anchor(self, question: Question, scope: Scope) -> Found:
        """As ``find``, but other wordings are only searched for where those before them find nothing."""
        found = self._found(question, scope)
        for other in question.also if not found.moments else ():
            found = self._worded(question, (other,), scope)
            if found.moments:
                break
        return found

    def _worded(self, question: Question, others: Sequence[Question], scope: Scope) -> Found:
        own = self._found(question, scope)
        if not others:
            return own
        found = [(other.text, self._found(other, scope)) for other in others]
        by_wording = {moment.events[0].id: text for text, one in reversed(found) for moment in one.moments}
        further = sorted((m for _, one in found for m in one.moments), key=lambda m: (-round(m.score, 3), m.span))
        moments = add_moments(own.moments, further, self.settings.merge_gap_s)
        new = {moment.events[0].id for moment in moments[len(own.moments) :]}
        at_least = own.at_least or any(one.at_least for _, one in found)
        worded = {event_id: text for event_id, text in by_wording.items() if event_id in new}
        return Found(tuple(moments), at_least, own.weaker, worded)

    def _found(self, question: Question, scope: Scope) -> Found:
        """What the question's own words find."""
        if not scope.records or not scope.filters:
            return Found((), False)
        consulted = consulted_for(question, scope.filters[0])
        if question.is_open:
            return self._open(question, scope, consulted)
        vector_D = self.embedder.embed_query(question.search_text)
        confident: list[Candidate] = []
        at_least = False
        texts = tuple(source for source in consulted if source != OBJECTS)
        if texts:
            asked = _Asked(question.search_text, vector_D, scope.filters, texts)
            found, more = self._deep(question, asked, lambda hits: read_hits(question, hits, self.settings))
            confident, at_least = confident + found, at_least or more
        if OBJECTS in consulted and question.scene.verifiable:
            asked = _Asked(canonical_text(question.scene), vector_D, scope.filters, (OBJECTS,))
            found, more = self._deep(
                question, asked, lambda hits: read_sightings(question.scene, hits, self.settings)
            )
            confident, at_least = confident + found, at_least or more
        # A video that was committed since the records were read is left to the next search.
        held = [one for one in confident if one.video_id in scope.records and _is_within(one, scope)]
        moments = merge_candidates(held, self.settings.merge_gap_s)
        fitting = moments if question.which is Which.BEST else _best_fitting(question, moments)
        return Found(tuple(fitting), at_least, len(moments) - len(fitting))

    def _deep(
        self, question: Question, asked: _Asked, read: Callable[[Sequence[Hit]], list[Candidate]]
    ) -> tuple[list[Candidate], bool]:
        """The confident candidates, and whether the index may hold more.

        Where more than the best are wanted and half of the hits are confident, more hits are fetched.
        """
        depth = self.settings.candidates
        while True:
            hits, fullest = self._hits(asked, depth)
            confident = [one for one in read(hits) if one.score >= self.settings.confident]
            at_least = fullest >= depth and len(confident) >= depth // 2
            if not at_least or question.which is Which.BEST or depth >= self.settings.most_candidates:
                return confident, at_least
            depth = min(depth * _DEEPER, self.settings.most_candidates)

    def _hits(self, asked: _Asked, depth: int) -> tuple[list[Hit], int]:
        """The hits under every filter, each event once, and the length of the longest list among them."""
        hits: dict[str, Hit] = {}
        fullest = 0
        for filters in asked.filters:
            only = replace(filters, sources=asked.sources)
            found = self.index.hybrid(asked.text, asked.vector_D, only, limit=depth)
            fullest = max(fullest, len(found))
            hits.update((hit.event.id, hit) for hit in found)
        return list(hits.values()), fullest

    def _open(self, question: Question, scope: Scope, consulted: Sequence[str]) -> Found:
        """Everything the observers wrote down in the scope, in order of time."""
        most = self.settings.most_candidates
        events: dict[str, Event] = {}
        for filters in scope.filters:
            asked = replace(filters, sources=tuple(consulted))
            events.update((event.id, event) for event in self.index.events(asked, limit=most))
        held = [event for event in events.values() if event.video_id in scope.records and event.text != NOBODY]
        moments = merge_open(held, self.settings.merge_gap_s, slides=question.is_title)
        return Found(tuple(moments), len(events) >= most)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What the index is asked: words, their vector (D,), filters of which one must be passed, and observers."""

    text: str
    vector_D: NDArray[np.float32]
    filters: tuple[Filters, ...]
    sources: tuple[str, ...]


def _best_fitting(question: Question, moments: Sequence[Moment]) -> list[Moment]:
    """Of visitors whose looks are described, those that fit about as well as the best.

    Grey is not counted as black where somebody in black is seen.
    """
    if not any(wanted.looks for wanted in question.scene.wanted):
        return list(moments)
    best = max((moment.score for moment in moments), default=0.0)
    return [moment for moment in moments if moment.score >= best - _CLOSE_SCORE]


def _is_within(candidate: Candidate, scope: Scope) -> bool:
    """Whether the candidate's own span, which may be shorter than its events', lies in the time asked about."""
    return scope.filters == (_NO_FILTERS,) or scope.holds(candidate.video_id, candidate.span)


def consulted_for(question: Question, filters: Filters) -> tuple[str, ...]:
    """The observers asked: the user's choice first, then what the question's words point at."""
    able = question.sources or (TEXTS if question.quotes else (*TEXTS, OBJECTS))
    if not filters.sources:
        return able
    chosen = tuple(source for source in able if source in filters.sources)
    return chosen or filters.sources
