"""Results for people and for programs: the JSON of ``search`` and ``ask``, and plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from videoindex.clock import format_span, format_wall
from videoindex.index.records import VideoRecord
from videoindex.query.ask import Reply
from videoindex.query.frames import likeness_text
from videoindex.query.search import SearchResult
from videoindex.types import Coverage, Event, Moment

__all__ = ["Json", "answer_text", "ask_json", "moments_text", "search_json", "search_text"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"
_LONGEST_TEXT = 160  # characters of an event's text shown to a person


def search_json(result: SearchResult) -> dict[str, Json]:
    """The document that ``search --json`` prints.

    ``anchors`` are the other events that the question is about the time around ("after the slide …"); ``notes``
    say how doubtful words, such as "after 9:30", were read. ``suggested`` are pictures that look like the
    question: none of them is a moment, and their likeness proves nothing.
    """
    return {
        "query": result.question.text,
        "moments": [_moment_json(moment, result.records) for moment in result.moments],
        "coverage": _coverage_json(result.coverage, result.records),
        "anchors": [_moment_json(moment, result.records) for moment in result.anchors],
        "notes": list(result.notes),
        "suggested": _suggested_json(result),
    }


def ask_json(reply: Reply) -> dict[str, Json]:
    """The document that ``ask --json`` prints: search's, with the answer and whether anything was found.

    ``length_s`` is how long the moments last together, where that is asked; ``moved`` are the files of cited
    moments that are not where they were indexed.
    """
    answer = reply.answer
    return {
        "query": reply.result.question.text,
        "answer": answer.text,
        "found": answer.found,
        "moments": [_moment_json(moment, reply.result.records) for moment in answer.moments],
        "coverage": _coverage_json(answer.coverage, reply.result.records),
        "anchors": [_moment_json(moment, reply.result.records) for moment in reply.result.anchors],
        "notes": list(reply.result.notes),
        "suggested": _suggested_json(reply.result),
        "length_s": None if reply.length_s is None else round(reply.length_s, 3),
        "moved": [str(path) for path in reply.moved],
    }


def moments_text(result: SearchResult) -> str:
    """One block a moment for the terminal, then the notes; the empty string when there is no moment."""
    blocks = [_moment_text(rank, moment, result.records) for rank, moment in enumerate(result.moments, start=1)]
    return "\n".join([*blocks, *result.notes] if blocks else [])


def search_text(result: SearchResult, nothing_found: str) -> str:
    """What ``search`` prints: the moments, or ``nothing_found`` and the notes; then the pictures to look at."""
    found = moments_text(result) or "\n".join([nothing_found, *result.notes])
    return "\n".join(part for part in (found, likeness_text(result.suggested, result.records)) if part)


def answer_text(reply: Reply, beneath: Sequence[str] = ()) -> str:
    """The answer and, below it, its moments, each with its line of ``beneath`` where there are any."""
    blocks = [reply.answer.text]
    for rank, moment in enumerate(reply.answer.moments, start=1):
        blocks.append(_moment_text(rank, moment, reply.result.records))
        blocks += [f"    {line}" for line in beneath[rank - 1 : rank]]
    blocks.append(likeness_text(reply.result.suggested, reply.result.records))
    return "\n".join(block for block in blocks if block)


def _suggested_json(result: SearchResult) -> list[Json]:
    """Pictures that look like the question; they prove nothing, and are no moments."""
    return [
        {
            "video_id": one.video_id,
            "path": str(result.records[one.video_id].video.path),
            "start_s": round(one.span.start_s, 3),
            "end_s": round(one.span.end_s, 3),
            "at_s": round(one.at_s, 3),
            "likeness": round(one.cosine, 4),
        }
        for one in result.suggested
    ]


def _moment_json(moment: Moment, records: Mapping[str, VideoRecord]) -> dict[str, Json]:
    video = records[moment.video_id].video
    wall = video.wall_clock(moment.span.start_s)
    return {
        "video_id": moment.video_id,
        "path": str(video.path),
        "start_s": round(moment.span.start_s, 3),
        "end_s": round(moment.span.end_s, 3),
        "wall_clock": None if wall is None else format_wall(wall),
        "score": round(moment.score, 4),
        "text": moment.events[0].text,
        "sources": list(dict.fromkeys(event.source for event in moment.events)),
        "events": [_event_json(event) for event in moment.events],
    }


def _event_json(event: Event) -> dict[str, Json]:
    return {
        "start_s": round(event.span.start_s, 3),
        "end_s": round(event.span.end_s, 3),
        "text": event.text,
        "source": event.source,
        "confidence": round(event.confidence, 4),
    }


def _coverage_json(coverage: Coverage, records: Mapping[str, VideoRecord]) -> dict[str, Json]:
    return {
        "examined_s": round(coverage.examined_s, 3),
        "total_s": round(coverage.total_s, 3),
        "gaps": [
            {
                "path": str(records[gap.video_id].video.path),
                "start_s": round(gap.span.start_s, 3),
                "end_s": round(gap.span.end_s, 3),
                "reason": gap.reason,
            }
            for gap in coverage.gaps
        ],
        "shortest_event_s": round(coverage.shortest_event_s, 3),
    }


def _moment_text(rank: int, moment: Moment, records: Mapping[str, VideoRecord]) -> str:
    video = records[moment.video_id].video
    wall = video.wall_clock(moment.span.start_s)
    when = format_span(moment.span.start_s, moment.span.end_s)
    dated = f"  ({wall:%Y-%m-%d %H:%M:%S})" if wall is not None else ""
    text = " ".join(moment.events[0].text.split())
    if len(text) > _LONGEST_TEXT:
        text = text[: _LONGEST_TEXT - 1].rstrip() + "…"
    sources = ", ".join(dict.fromkeys(event.source for event in moment.events))
    more = f" (+{len(moment.events) - 1} more events)" if len(moment.events) > 1 else ""
    head = f"{rank:2d}. {when}{dated}  {video.path.name}  score {moment.score:.2f}"
    return f"{head}\n    [{sources}] {text}{more}"
