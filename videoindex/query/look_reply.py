"""What looking again makes of an answer: the moments that are left, every time checked, and what is said. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from videoindex.index.frame_work import FRAMES
from videoindex.query.agent import AgentAnswer
from videoindex.query.answer_text import length_s
from videoindex.query.ask import Reply, moved_files, reply_to
from videoindex.query.citable import citable
from videoindex.query.look import Looked
from videoindex.query.look_answers import Verdict
from videoindex.query.look_windows import seen_moment
from videoindex.query.search import SearchResult, in_order
from videoindex.query.state import StateFound
from videoindex.query.understand import Question, Which
from videoindex.types import Answer, Coverage, Moment, Span, Video, merge_spans

__all__ = ["LookReply", "Shown", "agent_reply", "change_reply", "look_reply", "with_sentence", "words_to_look_for"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What was looked at, and what became of it: ``verdict`` on ``span``, or on the picture at its start where
    ``end_s`` is the same instant."""

    video: Video
    start_s: float
    end_s: float
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookReply:
    """An answer after looking, and what was ``shown`` for it. ``instants``: by the id of a moment's best event,
    the second that shows it best."""

    reply: Reply
    shown: tuple[Shown, ...]
    instants: Mapping[str, float] = field(default_factory=dict)


def words_to_look_for(question: Question) -> str:
    """The question as a model is asked it that sees one window: without what places it in time."""
    is_placed = question.relation is not None or question.times
    return question.search_text if is_placed else question.text


def look_reply(
    result: SearchResult,
    looked: Looked,
    *,
    proposed_to: str = "",
    is_there: Callable[[Path], bool] = Path.exists,
) -> LookReply:
    """The answer of a search whose moments were looked at again: without those that were rejected.

    ``proposed_to`` names the model where the search found none and the looks are at proposals: of these only what
    was seen counts. A time that lies outside of what was asked about is left out.
    """
    left = _left(looked, proposed_to)
    kept, outside = _checked([moment for moment, _ in left], result, looked.examined)
    lost = len(result.moments) - len(kept)
    after = replace(
        result,
        moments=_ordered(kept, result),
        total=len(kept) if proposed_to else result.total - lost,
        coverage=_covered(result, looked.examined),
        looked_again=any(look.marks_s for look in looked.looks),
    )
    sentences = [looked.sentence, _outside(outside)]
    if proposed_to:
        sentences.insert(0, "The search alone found nothing, so what came closest was looked at.")
    reply = with_sentence(reply_to(after, is_there=is_there), *sentences)
    videos = {video_id: record.video for video_id, record in result.records.items()}
    shown = tuple(
        Shown(videos[one.moment.video_id], one.span.start_s, one.span.end_s, one.verdict, one.reason)
        for one in looked.looks
    )
    instants = {moment.events[0].id: at_s for moment, at_s in left if at_s is not None}
    return LookReply(reply, shown, instants)


def _left(looked: Looked, proposed_to: str) -> list[tuple[Moment, float | None]]:
    """The moments that were not rejected, of proposals those that were seen, and when each is shown best.

    Of a proposal that rests on a likeness alone, what the model said of it becomes the event.
    """
    left: list[tuple[Moment, float | None]] = []
    for look in looked.looks:
        moment = look.after
        if look.verdict is Verdict.REJECTED or (proposed_to and not look.seen):
            continue
        if proposed_to and moment.events[0].source == FRAMES:
            moment = seen_moment(moment.video_id, moment.span, look.reason or "it is seen", proposed_to)
        left.append((moment, look.at_s))
    return left


def change_reply(
    result: SearchResult,
    found: Sequence[StateFound],
    not_looked: Sequence[str] = (),
    *,
    is_there: Callable[[Path], bool] = Path.exists,
) -> LookReply:
    """The answer about a change that was looked for in ``found``, one for each stretch of a recording.

    ``not_looked`` says of each other stretch why it was not looked at. What the search found is not cited.
    """
    examined: dict[str, list[Span]] = {}
    for one in found:
        for video_id, spans in one.examined.items():
            examined.setdefault(video_id, []).extend(spans)
    moments, outside = _checked([moment for one in found for moment in one.moments], result, examined)
    ordered = sorted(found, key=lambda one: not one.spans)
    text = " ".join(
        part
        for part in [*(one.sentence for one in ordered), *not_looked, _outside(outside), *result.notes]
        if part
    )
    reply = _reply(result, moments, text, examined, is_there)
    sights = [(one.video, sight) for one in found for sight in one.finding.sights]
    shown = tuple(
        Shown(video, sight.at_s, sight.at_s, sight.held or Verdict.NOT_JUDGED, sight.reason)
        for video, sight in sights
    )
    return LookReply(reply, shown, {moment.events[0].id: moment.span.end_s for moment in moments})


def agent_reply(
    result: SearchResult, made: AgentAnswer, *, is_there: Callable[[Path], bool] = Path.exists
) -> Reply:
    """The answer of a model that searched and looked by itself; it rests on what it cites alone."""
    moments, outside = _checked(made.moments, result, made.examined)
    text = " ".join(part for part in (made.sentence, _outside(outside), *result.notes) if part)
    return _reply(result, moments, text, made.examined, is_there)


def with_sentence(reply: Reply, *sentences: str) -> Reply:
    """The reply with more said at the end of its answer."""
    text = " ".join(part for part in (reply.answer.text, *sentences) if part)
    return replace(reply, answer=replace(reply.answer, text=text))


def _reply(
    result: SearchResult,
    moments: tuple[Moment, ...],
    text: str,
    examined: Mapping[str, Sequence[Span]],
    is_there: Callable[[Path], bool],
) -> Reply:
    """A reply whose moments are not the search's."""
    after = replace(
        result,
        moments=moments,
        total=len(moments),
        at_least=False,
        coverage=_covered(result, examined),
        anchors=(),
        looked_again=True,
    )
    length = length_s(moments) if result.question.is_how_long else None
    moved = moved_files(moments, result.records, is_there)
    return Reply(Answer(text, moments, after.coverage), after, length, moved)


def _checked(
    moments: Iterable[Moment], result: SearchResult, examined: Mapping[str, Sequence[Span]]
) -> tuple[tuple[Moment, ...], int]:
    """The moments at times that may be cited, and how many lie at others: outside of what was asked about."""
    given = list(moments)
    asked = [
        moment
        for moment in given
        if any(window.intersect(moment.span) for window in result.windows.get(moment.video_id, ()))
    ]
    kept, _ = citable(asked, _joined(result.watched, examined))
    return kept, len(given) - len(kept)


def _ordered(moments: Sequence[Moment], result: SearchResult) -> tuple[Moment, ...]:
    """In the order that the question wants; of the best, those that the model saw come first."""
    ordered = in_order(moments, result.question, result.records)
    if result.question.which is Which.BEST:
        ordered.sort(key=lambda moment: not moment.events[0].verified)
    return tuple(ordered)


def _covered(result: SearchResult, examined: Mapping[str, Sequence[Span]]) -> Coverage:
    """The coverage, with what was shown of the time asked about."""
    within = {
        video_id: [cut for span in spans for window in windows if (cut := span.intersect(window)) is not None]
        for video_id, windows in result.windows.items()
        if (spans := examined.get(video_id))
    }
    return replace(result.coverage, examined=_joined(result.coverage.examined, within))


def _joined(one: Mapping[str, Sequence[Span]], other: Mapping[str, Sequence[Span]]) -> dict[str, tuple[Span, ...]]:
    both = dict.fromkeys((*one, *other))
    return {video_id: tuple(merge_spans([*one.get(video_id, ()), *other.get(video_id, ())])) for video_id in both}


def _outside(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return "One moment turned out to lie outside of the time asked about, and is left out."
    return f"{count:,} moments turned out to lie outside of the time asked about, and are left out."
