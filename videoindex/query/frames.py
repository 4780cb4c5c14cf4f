"""Pictures that look like what is asked for: where to look, never an answer.

A picture's vector lies near a text's for many reasons, and some picture is always the nearest. So likeness alone
finds nothing: it suggests stretches of time, for a person or for the second look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.clock import format_span
from videoindex.index.frame_work import FRAMES
from videoindex.index.records import Filters, FrameHit, VideoRecord
from videoindex.query.scope import Scope
from videoindex.query.understand import DESCRIBED, OBJECTS, Question
from videoindex.types import Event, Moment, Span

__all__ = [
    "Likeness",
    "PictureIndex",
    "PictureQuery",
    "PictureSearch",
    "can_be_seen",
    "likeness_text",
    "merge_hits",
    "propose_from_pictures",
]

_DEPTH = 200  # pictures fetched for a question
_TOUCH_S = 0.01  # rounding between a picture's end and the next one's beginning
_TEXT = "picture most like the question"


class PictureIndex(Protocol):
    """What pictures are searched in; ``videoindex.index.store.Store`` is one."""

    @property
    def pictures_by(self) -> str | None: ...

    def pictured_ids(self) -> frozenset[str]: ...

    def pictures(
        self, vector_D: NDArray[np.float32], filters: Filters = ..., *, limit: int = 200
    ) -> list[FrameHit]: ...


class PictureQuery(Protocol):
    """Turns a question into the vector space of pictures."""

    @property
    def fingerprint(self) -> str: ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,), float32."""
        ...


@dataclass(frozen=True, slots=True)
class Likeness:
    """A stretch whose pictures look like the question, the one at ``at_s`` most. Law: ``at_s`` lies in ``span``.

    ``cosine`` in [-1, 1] compares with others of the same question and model only.
    """

    video_id: str
    span: Span
    at_s: float
    cosine: float


@dataclass(frozen=True, slots=True)
class PictureSearch:
    """The index's pictures, and the model that questions are put to them with."""

    index: PictureIndex
    embedder: PictureQuery

    def like(
        self, question: Question, scope: Scope, filters: Filters, most: int
    ) -> tuple[tuple[Likeness, ...], tuple[str, ...]]:
        """At most ``most`` stretches, best first, and what is to be said of them; none for what cannot be seen.

        ``filters`` are the caller's own. The pictures of another model than the question's are not searched.
        """
        if not can_be_seen(question, filters) or not scope.records:
            return (), ()
        held = self.index.pictures_by
        if held is not None and held != self.embedder.fingerprint:
            note = f"The index's pictures were embedded by {held}, not by {self.embedder.fingerprint}"
            return (), (f"{note}: `videoindex index` on the recordings embeds them anew, and nothing else.",)
        vector_D = self.embedder.embed_query(question.search_text) if held is not None else np.zeros(0, np.float32)
        hits: dict[tuple[str, Span], FrameHit] = {}
        for one in scope.filters if held is not None else ():
            for hit in self.index.pictures(vector_D, replace(one, sources=()), limit=_DEPTH):
                if hit.video_id in scope.records:
                    hits[hit.video_id, hit.span] = hit
        return tuple(merge_hits(list(hits.values()))[:most]), _lacking(scope.records, self.index.pictured_ids())


def can_be_seen(question: Question, filters: Filters) -> bool:
    """Whether a picture may show what is asked for: neither a quotation, nor a topic, nor an open question."""
    seeing = {OBJECTS, *DESCRIBED}
    by_words = not question.sources or bool(seeing.intersection(question.sources))
    by_filter = not filters.sources or bool(seeing.intersection(filters.sources))
    return by_words and by_filter and not question.quotes and not question.is_open


def merge_hits(hits: Sequence[FrameHit]) -> list[Likeness]:
    """Neighbouring hits as one stretch each, best first. Pure.

    Half the height of a peak above the lowest hit decides twice: neighbours that reach it belong to the stretch,
    and stretches that do not reach half the best one's are left out. What touches a stretch and is lower is its
    slope, no sighting of its own. Ties go to the earlier.
    """
    if not hits:
        return []
    floor = min(hit.cosine for hit in hits)
    best = max(hit.cosine for hit in hits)
    rows: dict[str, list[FrameHit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda hit: hit.span):
        rows[hit.video_id].append(hit)
    places = {(hit.video_id, hit.span): place for row in rows.values() for place, hit in enumerate(row)}
    taken: set[tuple[str, int]] = set()
    found: list[Likeness] = []
    for peak in sorted(hits, key=lambda hit: (-hit.cosine, hit.video_id, hit.span)):
        place, row = places[peak.video_id, peak.span], rows[peak.video_id]
        if (peak.video_id, place) in taken or peak.cosine < floor + (best - floor) / 2:
            continue
        first, last = _extent(row, place, floor + (peak.cosine - floor) / 2)
        taken.update(
            (peak.video_id, number) for number in range(first - 1, last + 2) if _near(row, number, first, last)
        )
        span = Span(row[first].span.start_s, row[last].span.end_s)
        found.append(Likeness(peak.video_id, span, peak.span.start_s, peak.cosine))
    return found


def _extent(row: Sequence[FrameHit], place: int, height: float) -> tuple[int, int]:
    """First and last of the hits around ``place`` that touch each other and reach ``height``."""
    first = last = place
    while first > 0 and row[first - 1].cosine >= height and _touch(row[first - 1], row[first]):
        first -= 1
    while last + 1 < len(row) and row[last + 1].cosine >= height and _touch(row[last], row[last + 1]):
        last += 1
    return first, last


def _near(row: Sequence[FrameHit], number: int, first: int, last: int) -> bool:
    """Whether hit ``number`` is in the stretch from ``first`` to ``last``, or touches one of its ends."""
    if first <= number <= last:
        return True
    if not 0 <= number < len(row):
        return False
    return _touch(row[number], row[first]) if number < first else _touch(row[last], row[number])


def _touch(one: FrameHit, other: FrameHit) -> bool:
    return other.span.start_s - one.span.end_s <= _TOUCH_S


def _lacking(records: Mapping[str, VideoRecord], pictured: frozenset[str]) -> tuple[str, ...]:
    """Which share of the recordings with a picture has none in the index."""
    visible = [record for record in records.values() if record.video.has_picture]
    missing = sum(record.video.id not in pictured for record in visible)
    if not missing:
        return ()
    of = f"{missing:,} of {len(visible):,} recordings" if len(visible) > 1 else "this recording"
    return (f"The index holds no pictures of {of}: `videoindex index` on them adds these, and nothing else.",)


def propose_from_pictures(like: Sequence[Likeness], model: str, longest_s: float, most: int) -> tuple[Moment, ...]:
    """Moments for the second look to begin with, best first; each at most ``longest_s`` from its best picture on.

    They are guesses: what they rest on is one event of the source FRAMES, which says so, and only what a look
    confirms may be answered with. ``model`` is the picture model's fingerprint.
    """
    moments: list[Moment] = []
    for one in like[:most]:
        span = Span(one.at_s, min(one.span.end_s, one.at_s + longest_s))
        score = min(1.0, max(0.0, one.cosine))
        event = Event.observed(one.video_id, span, _TEXT, source=FRAMES, model=model, confidence=score)
        moments.append(Moment(one.video_id, span, score, (event,)))
    return tuple(moments)


def likeness_text(like: Sequence[Likeness], records: Mapping[str, VideoRecord]) -> str:
    """The pictures for a person, a line each, and that they prove nothing; "" for none."""
    if not like:
        return ""
    lines = ["Pictures most like the question (likeness is no proof that they show it):"]
    for one in like:
        when = format_span(one.span.start_s, one.span.end_s)
        lines.append(f"    {when}  {records[one.video_id].video.path.name}  likeness {one.cosine:.3f}")
    return "\n".join(lines)
