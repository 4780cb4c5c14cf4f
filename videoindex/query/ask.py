"""Answers in one sentence, made of events and their times; nothing is generated.

Not found is an answer too, and always says what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from videoindex.index.records import Filters, VideoRecord
from videoindex.query.answer_text import Findings, answer_sentence, length_s
from videoindex.query.frames import PictureSearch
from videoindex.query.rerank import PairScorer
from videoindex.query.rewrite import Rewriter
from videoindex.query.search import EventIndex, QueryEmbedder, SearchResult, SearchSettings, search
from videoindex.query.understand import Which
from videoindex.types import Answer, Moment

__all__ = ["Reply", "ask", "moved_files", "reply_to"]

_NO_FILTERS = Filters()
_DEFAULTS = SearchSettings()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the search it rests on (the question as read, the videos by id).

    ``length_s`` is how long the moments last together, where that is asked. ``moved`` are the recordings of cited
    moments that are not where they were indexed, so that their pictures cannot be shown.
    """

    answer: Answer
    result: SearchResult
    length_s: float | None = None
    moved: tuple[Path, ...] = ()


def ask(
    index: EventIndex,
    embedder: QueryEmbedder,
    question: str,
    *,
    filters: Filters = _NO_FILTERS,
    every: bool = False,
    limit: int = 10,
    settings: SearchSettings = _DEFAULTS,
    now: datetime | None = None,
    is_there: Callable[[Path], bool] = Path.exists,
    rewriter: Rewriter | None = None,
    pictures: PictureSearch | None = None,
    reranker: PairScorer | None = None,
) -> Reply:
    """Answers ``question`` from the index. ``every`` asks for all moments, whatever the question's words say.

    ``now`` is what "today" is counted from, ``is_there`` tells whether a recording's file still exists,
    ``rewriter``, ``pictures`` and ``reranker`` are as for ``search``. Raises UsageError as ``search`` does.
    """
    which = Which.EVERY if every else None
    result = search(
        index,
        embedder,
        question,
        filters=filters,
        limit=limit,
        which=which,
        settings=settings,
        now=now,
        rewriter=rewriter,
        pictures=pictures,
        reranker=reranker,
    )
    return reply_to(result, is_there=is_there)


def reply_to(result: SearchResult, *, is_there: Callable[[Path], bool] = Path.exists) -> Reply:
    """The answer that a search gives."""
    moments = result.moments
    if result.question.which in (Which.FIRST, Which.LAST):
        nth = result.question.nth
        moments = moments[nth - 1 : nth]
    moved = moved_files((*moments, *result.anchors), result.records, is_there)
    text = answer_sentence(result, Findings(moments, moved))
    length = length_s(moments) if result.question.is_how_long else None
    return Reply(Answer(text, moments, result.coverage), result, length, moved)


def moved_files(
    moments: Sequence[Moment], records: Mapping[str, VideoRecord], is_there: Callable[[Path], bool]
) -> tuple[Path, ...]:
    """The files of these moments that are not where they were indexed."""
    paths = dict.fromkeys(records[moment.video_id].video.path for moment in moments)
    return tuple(path for path in paths if not is_there(path))
