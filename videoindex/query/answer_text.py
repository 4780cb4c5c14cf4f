"""The sentences of an answer, made of events, their times, and what was looked at. Pure; nothing is generated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoindex.clock import format_clock, format_dated, format_span
from videoindex.index.records import VideoRecord
from videoindex.query.search import SearchResult
from videoindex.query.understand import CAPTIONS, DESCRIBED, OBJECTS, SCREEN_TEXT, SPEECH, Question, Which
from videoindex.types import Event, Moment

__all__ = ["Findings", "answer_sentence", "length_s"]

_SHOWN_GAPS = 3
_SHOWN_TEXT = 120  # characters of an event's text that a sentence quotes
_SHOWN_LINES = 5  # lines of a page that a sentence quotes
_SHOWN_OPEN = 5  # moments of an open question that are quoted
_NAMES = {
    SPEECH: "speech",
    CAPTIONS: "captions",
    SCREEN_TEXT: "on-screen text",
    OBJECTS: "people, vehicles and animals",
    **dict.fromkeys(DESCRIBED, "descriptions by a vision-language model"),
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What an answer cites.

    ``moved`` are the recordings of cited moments whose files are not where they were indexed.
    """

    moments: tuple[Moment, ...]
    moved: tuple[Path, ...] = ()


def answer_sentence(result: SearchResult, findings: Findings) -> str:
    """The whole answer as text."""
    parts = [_found(result, findings) if findings.moments else _not_found(result, findings)]
    if result.weaker:
        parts.append(
            f"{result.weaker:,} more fit less well, in other colours, and {_are(result.weaker)} not counted."
        )
    if result.question.unread:
        words = ", ".join(f'"{word}"' for word in result.question.unread)
        parts.append(f"Not read as a relation in time: {words}.")
    parts += result.notes
    if result.left_out and findings.moments:
        parts.append(_left_out(result.left_out))
    parts += [_moved(path) for path in findings.moved]
    return " ".join(part for part in parts if part)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def length_s(moments: Sequence[Moment]) -> float:
    """How long the moments last together, each by itself: two visitors at once count twice."""
    return sum(moment.span.duration_s for moment in moments)


# -- found -----------------------------------------------------------------------------------------------------


def _found(result: SearchResult, findings: Findings) -> str:
    """The sentence for moments that were found, and what could not be checked about them."""
    question, moments = result.question, findings.moments
    first = moments[0]
    total = result.total
    if question.is_how_long:
        sentence = _how_long(result, moments, total)
    elif question.is_open:
        sentence = _open(result, moments, total)
    elif question.which in (Which.EVERY, Which.COUNT):
        sentence = f"Found {_times(total, result.at_least)}: {_listed(result, moments, total)}."
        if question.which is Which.COUNT and first.events[0].source == OBJECTS and not question.scene.absent:
            sentence += " Visits are counted: one who comes twice counts twice."
    elif question.which in (Which.FIRST, Which.LAST):
        among = f" of {_least(result.at_least)}{total:,}" if total > 1 else ""
        sentence = f"{_place(question)}{among}: {_told(result, first)}."
    else:
        sentence = f"{_told(result, first)}."
        if total > 1:
            least = _least(result.at_least)
            others = "One other moment matches" if total == 2 else f"{least}{total - 1:,} other moments match"
            sentence += f" {others[0].upper()}{others[1:]} too."
    return sentence + _anchored(result) + _unchecked(result, first)


def _place(question: Question) -> str:
    """``The first``, ``Number 2``."""
    return f"Number {question.nth}" if question.nth > 1 else f"The {question.which.value}"


def _least(at_least: bool) -> str:
    return "at least " if at_least else ""


def _times(total: int, at_least: bool) -> str:
    return f"{_least(at_least)}{'once' if total == 1 else f'{total:,} times'}"


def _how_long(result: SearchResult, moments: Sequence[Moment], total: int) -> str:
    """``In all 23.5 s, twice: 11.0 s at 0:00:05.0-0:00:16.0; 12.5 s at …, in yard.mp4.``"""
    if len(moments) < total:
        head = f"{length_s(moments):,.1f} s in the {len(moments)} moments listed of {total:,}"
    else:
        head = f"In all {length_s(moments):,.1f} s"
    if result.question.which in (Which.FIRST, Which.LAST) and len(moments) == 1:
        return f"{moments[0].span.duration_s:,.1f} s, {_when(moments[0], result.records)}."
    if len(moments) == 1:
        return f"{head}: {_when(moments[0], result.records)}."
    each = "; ".join(f"{moment.span.duration_s:,.1f} s at {_clock(moment, result.records)}" for moment in moments)
    return f"{head}, {_times(total, result.at_least)}: {each}{_in_one(moments, result.records)}."


def _open(result: SearchResult, moments: Sequence[Moment], total: int) -> str:
    """What was said, shown or seen, in its order."""
    if result.question.which in (Which.FIRST, Which.LAST):
        return f"{_told(result, moments[0])}."
    shown = moments[:_SHOWN_OPEN]
    rest = f" And {_least(result.at_least)}{total - len(shown):,} more." if total > len(shown) else ""
    return "; ".join(_told(result, moment) for moment in shown) + "." + rest


def _listed(result: SearchResult, moments: Sequence[Moment], total: int) -> str:
    """The times of all moments; the file is named once where they all lie in one."""
    rest = f"; and {total - len(moments):,} more" if total > len(moments) else ""
    if len({moment.video_id for moment in moments}) > 1 or rest:
        return "; ".join(_when(moment, result.records) for moment in moments) + rest
    return "; ".join(_clock(moment, result.records) for moment in moments) + _in_one(moments, result.records)


def _in_one(moments: Sequence[Moment], records: Mapping[str, VideoRecord]) -> str:
    """``, in yard.mp4`` where all moments lie in one recording."""
    ids = {moment.video_id for moment in moments}
    return f", in {records[moments[0].video_id].video.path.name}" if len(ids) == 1 else ""


def _told(result: SearchResult, moment: Moment) -> str:
    """When and what; the end first, where its end is asked for."""
    told = f"{_when(moment, result.records)}: {_what(moment)}"
    if not result.question.wants_end:
        return told
    return f"Ends at {_instant(moment, moment.span.end_s, result.records)}: {told}"


def _anchored(result: SearchResult) -> str:
    """`` This is after 0:00:24.2-0:00:31.7: a red motorcycle enters …``: the other events the answer rests on."""
    relation, anchors = result.question.relation, result.anchors
    if relation is None or not anchors:
        return ""
    shown = anchors[:2]
    cited = " and ".join(f"{_when(anchor, result.records)} ({_what(anchor)})" for anchor in shown)
    more = f" and {len(anchors) - len(shown):,} more" if len(anchors) > len(shown) else ""
    return f" This is {relation.value} {cited}{more}."


def _when(moment: Moment, records: Mapping[str, VideoRecord]) -> str:
    return f"{_clock(moment, records)} in {records[moment.video_id].video.path.name}"


def _clock(moment: Moment, records: Mapping[str, VideoRecord]) -> str:
    """``0:00:10.0-0:00:12.5 (2026-05-01 20:00:10 UTC)``."""
    return format_span(moment.span.start_s, moment.span.end_s) + _dated(moment, moment.span.start_s, records)


def _instant(moment: Moment, at_s: float, records: Mapping[str, VideoRecord]) -> str:
    return format_clock(at_s) + _dated(moment, at_s, records)


def _dated(moment: Moment, at_s: float, records: Mapping[str, VideoRecord]) -> str:
    return format_dated(records[moment.video_id].video.wall_clock(at_s))


def _what(moment: Moment) -> str:
    """What the best event tells; of a page, its lines."""
    best = moment.events[0]
    text = " ".join(best.text.split())
    if best.source == SCREEN_TEXT and len(moment.events) > 1:
        text = " / ".join(_page_lines(moment))
    if len(text) > _SHOWN_TEXT:
        text = text[: _SHOWN_TEXT - 1].rstrip() + "…"
    text = text.rstrip(".")
    lead = {SPEECH: "is said", CAPTIONS: "the captions say", SCREEN_TEXT: "the screen reads"}.get(best.source)
    return f'{lead} "{text}"' if lead else text


def _page_lines(moment: Moment) -> list[str]:
    """The lines that stand on the screen with the best one, as often as they differ."""
    together: list[Event] = [
        event for event in moment.events if event.source == SCREEN_TEXT and moment.span.intersect(event.span)
    ]
    texts = dict.fromkeys(" ".join(event.text.split()) for event in together)
    return list(texts)[:_SHOWN_LINES]


def _unchecked(result: SearchResult, moment: Moment) -> str:
    """What the question says that the evidence cannot confirm."""
    if moment.events[0].verified:
        return ""
    parts = [result.question, *(anchor.question for anchor in result.question.anchors)]
    sources = {moment.events[0].source, *(anchor.events[0].source for anchor in result.anchors)}
    words = dict.fromkeys(word for part in parts for word in part.scene.unchecked if not part.sources)
    if OBJECTS not in sources or not words:
        return ""
    return f" Not checked, for want of a vision-language model: {', '.join(words)}."


def _left_out(count: int) -> str:
    moments = "One moment is" if count == 1 else f"{count:,} moments are"
    return (
        f"{moments} left out: the index cites a time there that no observer examined; "
        "`videoindex remove` and `videoindex index` on the recording mend that."
    )


def _moved(path: Path) -> str:
    return (
        f"{path} is not there any more: the times stand, but the picture cannot be shown; "
        "`videoindex index` on the file at its new place mends that without observing it again."
    )


# -- not found -------------------------------------------------------------------------------------------------


def _not_found(result: SearchResult, findings: Findings) -> str:
    """Why there is no moment, what was looked at, and what would help."""
    if not result.records:
        return "Not found: nothing is indexed yet. Index a recording first: videoindex index PATH"
    if result.left_out:
        return f"Not found: {_coverage(result)} {_left_out(result.left_out)}"
    looked = [name for name in result.consulted if name in result.examined_by]
    if not looked:
        asked = ", ".join(dict.fromkeys(_NAMES.get(name, name) for name in result.consulted))
        return f"Not found: no observer of {asked} has looked at these recordings. {_coverage(result)}"
    few = f"only {result.total:,} of them. " if result.question.nth > 1 and result.total else ""
    return f"Not found: {few}{_why_unrelated(result)}{_coverage(result)}{_blind(result, looked)}"


def _why_unrelated(result: SearchResult) -> str:
    """Which other event is missing, or where it was found with nothing beside it."""
    relation = result.question.relation
    if relation is None:
        return ""
    if result.missing:
        names = " and ".join(f'"{question.text}"' for question in result.missing)
        were, it = ("was", "it") if len(result.missing) == 1 else ("were", "them")
        return f"{names} {were} not found, so nothing {relation.value} {it} can be told. "
    shown = result.anchors[:2]
    cited = " and ".join(f"{_when(anchor, result.records)} ({_what(anchor)})" for anchor in shown)
    return f"nothing of the kind {relation.value} {cited}. "


def _blind(result: SearchResult, looked: Sequence[str]) -> str:
    """A picture was described that no observer here can recognise: say so, and who could."""
    if set(DESCRIBED) & set(looked):
        return ""
    beyond: list[str] = []
    for question in (result.question, *(anchor.question for anchor in result.question.anchors)):
        if question.pictured:
            beyond += question.scene.unverifiable or (() if question.scene.about_objects else question.content)
    if not beyond:
        return ""
    names = ", ".join(dict.fromkeys(_NAMES.get(name, name) for name in looked))
    could = "none has watched these recordings"
    if result.looked_again:
        could = "it was shown only what the search proposed"
    return (
        f" What a picture shows beyond {names} is not recognised here, so these words could not be checked: "
        f"{', '.join(dict.fromkeys(beyond))}. A vision-language model could tell; {could}."
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
