"""Answers in one sentence, made of events and their times; nothing is generated.

Not found is an answer too, and always says what was looked at. Every cited time lies inside a span that was
examined: ``_inside_examined`` is the one place that sees to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from videoindex.clock import format_clock, format_span
from videoindex.errors import IndexStoreError
from videoindex.index.records import Filters, VideoRecord
from videoindex.query.search import EventIndex, QueryEmbedder, SearchResult, SearchSettings, search
from videoindex.query.understand import CAPTIONS, DESCRIBED, OBJECTS, SCREEN_TEXT, SPEECH, Which
from videoindex.types import Answer, Coverage, Event, Moment, Span

__all__ = ["Reply", "ask"]

_NO_FILTERS = Filters()
_DEFAULTS = SearchSettings()
_SLACK_S = 0.05  # rounding of times between decoder, observer and index
_SHOWN_GAPS = 3
_SHOWN_TEXT = 120  # characters of an event's text that a sentence quotes
_NAMES = {
    SPEECH: "speech",
    CAPTIONS: "captions",
    SCREEN_TEXT: "on-screen text",
    OBJECTS: "people, vehicles and animals",
    **dict.fromkeys(DESCRIBED, "descriptions by a vision-language model"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the search it rests on (the question as read, the videos by id)."""

    answer: Answer
    result: SearchResult


def ask(
    index: EventIndex,
    embedder: QueryEmbedder,
    question: str,
    *,
    filters: Filters = _NO_FILTERS,
    every: bool = False,
    limit: int = 10,
    settings: SearchSettings = _DEFAULTS,
) -> Reply:
    """Answers ``question`` from the index. ``every`` asks for all moments, whatever the question's words say.

    Raises UsageError as ``search`` does, and IndexStoreError when an event's time was never examined.
    """
    which = Which.EVERY if every else None
    result = search(index, embedder, question, filters=filters, limit=limit, which=which, settings=settings)
    moments = tuple(_inside_examined(moment, result.coverage) for moment in result.moments)
    if result.question.which in (Which.FIRST, Which.LAST):
        moments = moments[:1]
    text = _found(result, moments) if moments else _not_found(result)
    return Reply(Answer(text, moments, result.coverage), result)


def _inside_examined(moment: Moment, coverage: Coverage) -> Moment:
    """The moment with its span cut to what was examined, so that every time cited can be looked up."""
    examined = coverage.examined.get(moment.video_id, ())
    inside = [common for span in examined if (common := span.intersect(moment.span)) is not None]
    if not inside:
        near = [span for span in examined if abs(span.end_s - moment.span.start_s) <= _SLACK_S]
        if not near:
            raise IndexStoreError(
                f"the index cites {format_span(moment.span.start_s, moment.span.end_s)} of video "
                f"{moment.video_id}, which no observer examined: run `videoindex remove` and "
                "`videoindex index` on that video"
            )
        inside = [Span(max(near[0].start_s, near[0].end_s - moment.span.duration_s), near[0].end_s)]
    longest = max(inside, key=lambda span: span.duration_s)
    first, last = min(inside).start_s, max(inside).end_s
    starts_inside = any(moment.span.start_s in span for span in inside)
    return replace(moment, span=Span(first, last) if starts_inside else longest)


def _found(result: SearchResult, moments: Sequence[Moment]) -> str:
    """The sentence for moments that were found, and what could not be checked about them."""
    which, total = result.question.which, result.total
    first = moments[0]
    least = "at least " if result.at_least else ""
    if which in (Which.EVERY, Which.COUNT):
        times = "once" if total == 1 else f"{total:,} times"
        sentence = f"Found {least}{times}: {_listed(moments, total, result.records)}."
        if which is Which.COUNT and first.events[0].source == OBJECTS and not result.question.scene.absent:
            sentence += " Visits are counted: one who comes twice counts twice."
    elif which in (Which.FIRST, Which.LAST):
        among = f" of {least}{total:,}" if total > 1 else ""
        sentence = f"The {which.value}{among}: {_when(first, result.records)}: {_what(first.events[0])}."
    else:
        sentence = f"{_when(first, result.records)}: {_what(first.events[0])}."
        if total > 1:
            others = "One other moment matches" if total == 2 else f"{least}{total - 1:,} other moments match"
            sentence += f" {others[0].upper()}{others[1:]} too."
    return sentence + _unchecked(result, first)


def _listed(moments: Sequence[Moment], total: int, records: Mapping[str, VideoRecord]) -> str:
    """The times of all moments; the file is named once where they all lie in one."""
    rest = f"; and {total - len(moments):,} more" if total > len(moments) else ""
    if len({moment.video_id for moment in moments}) > 1 or rest:
        return "; ".join(_when(moment, records) for moment in moments) + rest
    name = records[moments[0].video_id].video.path.name
    return "; ".join(_clock(moment, records) for moment in moments) + f", in {name}"


def _when(moment: Moment, records: Mapping[str, VideoRecord]) -> str:
    return f"{_clock(moment, records)} in {records[moment.video_id].video.path.name}"


def _clock(moment: Moment, records: Mapping[str, VideoRecord]) -> str:
    """``0:00:10.0-0:00:12.5 (2026-05-01 20:00:10 UTC)``."""
    video = records[moment.video_id].video
    wall = video.wall_clock(moment.span.start_s)
    dated = f" ({wall:%Y-%m-%d %H:%M:%S %Z})" if wall is not None else ""
    return f"{format_span(moment.span.start_s, moment.span.end_s)}{dated}"


def _what(event: Event) -> str:
    text = " ".join(event.text.split())
    if len(text) > _SHOWN_TEXT:
        text = text[: _SHOWN_TEXT - 1].rstrip() + "…"
    text = text.rstrip(".")
    lead = {SPEECH: "is said", CAPTIONS: "the captions say", SCREEN_TEXT: "the screen reads"}.get(event.source)
    return f'{lead} "{text}"' if lead else text


def _unchecked(result: SearchResult, moment: Moment) -> str:
    """What the question says that the evidence cannot confirm."""
    words = result.question.scene.unchecked
    if moment.events[0].source != OBJECTS or not words:
        return ""
    return f" Not checked, for want of a vision-language model: {', '.join(words)}."


def _not_found(result: SearchResult) -> str:
    """Why there is no moment, what was looked at, and what would help."""
    if not result.records:
        return "Not found: nothing is indexed yet. Index a recording first: videoindex index PATH"
    looked = [name for name in result.consulted if name in result.examined_by]
    if not looked:
        asked = ", ".join(dict.fromkeys(_NAMES.get(name, name) for name in result.consulted))
        return f"Not found: no observer of {asked} has looked at these recordings. {_coverage(result)}"
    return f"Not found: {_coverage(result)}{_blind(result, looked)}"


def _blind(result: SearchResult, looked: Sequence[str]) -> str:
    """A picture was described that no observer here can recognise: say so, and who could."""
    scene, question = result.question.scene, result.question
    if not question.pictured or set(DESCRIBED) & set(looked):
        return ""
    beyond = scene.unverifiable or (() if scene.about_objects else question.content)
    if not beyond:
        return ""
    names = ", ".join(dict.fromkeys(_NAMES.get(name, name) for name in looked))
    return (
        f" What a picture shows beyond {names} is not recognised here, so these words could not be checked: "
        f"{', '.join(beyond)}. A vision-language model could tell; none has watched these recordings."
    )


def _coverage(result: SearchResult) -> str:
    """``3,512 of 3,600 s examined; ...; gap 0:12:04.0-0:13:32.0 (corrupt packets).``"""
    coverage = result.coverage
    parts = [f"{coverage.examined_s:,.0f} of {coverage.total_s:,.0f} s examined"]
    if coverage.shortest_event_s > 0 and coverage.examined_s > 0:
        parts.append(f"nothing shorter than {coverage.shortest_event_s:g} s is sure to be seen")
    many = len(coverage.examined) > 1
    for gap in coverage.gaps[:_SHOWN_GAPS]:
        where = f" of {result.records[gap.video_id].video.path.name}" if many else ""
        whose = f"{_NAMES.get(gap.observer, gap.observer)}: " if gap.observer else ""
        ends = f"{format_clock(gap.span.start_s)}-{format_clock(gap.span.end_s)}"
        parts.append(f"gap {ends}{where} ({whose}{gap.reason})")
    if len(coverage.gaps) > _SHOWN_GAPS:
        parts.append(f"and {len(coverage.gaps) - _SHOWN_GAPS:,} more gaps")
    return "; ".join(parts) + "."
