"""Answers held against the truth, and the table that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from question_set.cases import Case
from videoindex.evaluation.metrics import Rate
from videoindex.query.ask import Reply
from videoindex.query.match import page, phrase_match
from videoindex.types import Moment, Span

__all__ = ["Judged", "judge", "refused", "table"]

_SAME_IOU = 0.3
_INSIDE = 0.8


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer held against the truth; ``found`` of ``wanted`` occurrences, ``false`` moments match none."""

    case: Case
    is_right: bool
    found: int
    wanted: int
    false: int
    errors_s: tuple[float, ...]
    answer: str


def _matched(moments: Sequence[Moment], windows: Sequence[Span]) -> dict[int, int]:
    """Moment number to window number, one to one, the best overlaps first.

    A pair needs an IoU of 0.3, or a moment that lies in the window: a sentence may be heard in two pieces.
    """
    pairs = sorted(
        ((moment.span.iou(window), m, w) for m, moment in enumerate(moments) for w, window in enumerate(windows)),
        reverse=True,
    )
    taken: dict[int, int] = {}
    for iou, m, w in pairs:
        is_same = iou >= _SAME_IOU or (iou > 0 and _share_inside(moments[m], windows[w : w + 1]) >= _INSIDE)
        if is_same and m not in taken and w not in taken.values():
            taken[m] = w
    return taken


def _share_inside(moment: Moment, windows: Sequence[Span]) -> float:
    """The largest share of the moment that one window holds."""
    common = (moment.span.intersect(window) for window in windows)
    return max((part.duration_s / moment.span.duration_s for part in common if part is not None), default=0.0)


def judge(case: Case, reply: Reply, names: dict[str, str]) -> Judged:
    """Holds one answer against the truth; ``names`` maps video ids to file names."""
    moments = [m for m in reply.answer.moments if not case.video or names[m.video_id] == case.video]
    elsewhere = len(reply.answer.moments) - len(moments)
    pairs = _matched(moments, case.windows)
    errors_s = tuple(abs(moments[m].span.start_s - case.windows[w].start_s) for m, w in pairs.items())
    found, wanted = len(pairs), len(case.windows)
    known = (*case.windows, *case.optional)
    false = elsewhere + sum(
        _share_inside(moment, known) < 0.5 for m, moment in enumerate(moments) if m not in pairs
    )
    first_fits = 0 in pairs and not (elsewhere and reply.answer.moments[0] is not moments[0])
    if case.scoring == "none":
        is_right = not reply.answer.moments
    elif case.scoring == "all":
        is_right = found == wanted and not false
    elif case.scoring == "count":
        is_right = reply.result.total == wanted
    elif case.scoring == "length":
        total_s = sum(moment.span.duration_s for moment in moments)
        length_s = sum(window.duration_s for window in case.windows)
        is_right = found == wanted and abs(total_s - length_s) <= max(1.0, 0.1 * length_s)
    elif case.scoring == "reads":
        texts = [event.text for moment in moments for event in moment.events]
        is_right = found > 0 and any(phrase_match(case.reads, page(text)) >= 0.8 for text in texts)
    else:
        is_right = first_fits
    return Judged(case, is_right, found, wanted, false, errors_s, reply.answer.text)


def refused(case: Case, reason: str) -> Judged:
    """A question that the product refuses to search for: nothing is found."""
    return Judged(case, case.scoring == "none", 0, len(case.windows), 0, (), f"REFUSED: {reason}")


def _row(name: str, judged: Sequence[Judged]) -> str:
    """One line of the table."""
    right = Rate(sum(one.is_right for one in judged), len(judged))
    low, high = right.interval
    listed = [one for one in judged if one.case.scoring in ("all", "count", "length")]
    wanted = sum(one.wanted for one in listed)
    recall = f"{sum(one.found for one in listed)}/{wanted}" if wanted else ""
    errors_s = [error for one in judged for error in one.errors_s]
    error = f"{median(errors_s):.2f}" if errors_s else ""
    false = sum(one.false for one in judged if one.case.scoring in ("all", "count", "length", "none"))
    return f"| {name} | {right.hits}/{right.n} [{low:.2f}, {high:.2f}] | {recall} | {error} | {false} |"


def table(judged: Sequence[Judged]) -> list[str]:
    """The whole report for one set of wordings."""
    lines = ["| kind | right | occurrences found | median error s | false finds |", "|---|---|---|---|---|"]
    for kind, medium in dict.fromkeys((one.case.kind, one.case.medium) for one in judged):
        lines.append(
            _row(f"{kind}, {medium}", [o for o in judged if (o.case.kind, o.case.medium) == (kind, medium)])
        )
    lines.append(_row("**every occurrence**", [o for o in judged if o.case.scoring in ("all", "count")]))
    lines.append(_row("**first and last**", [o for o in judged if o.case.kind in ("first", "last")]))
    lines.append(_row("**negatives**", [o for o in judged if o.case.scoring == "none"]))
    for medium in dict.fromkeys(one.case.medium for one in judged if one.wanted):
        lines.append(
            _row(f"**{medium}, with an answer**", [o for o in judged if o.case.medium == medium and o.wanted])
        )
    lines.append(_row("**all**", list(judged)))
    return lines
