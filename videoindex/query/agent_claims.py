"""What a model may claim at the end: only times at which it looked, or that a search gave it. Pure.

Each cite must lie inside one of these; and a time that the text itself names, outside words quoted from a result,
must lie inside a cite. What does not is refused with the reason, for the model to mend once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from videoindex.clock import parse_clock
from videoindex.errors import UsageError
from videoindex.perception.vlm.answers import UnfitError
from videoindex.query.agent_prompts import Action
from videoindex.types import Span, Video, merge_spans

__all__ = ["Cite", "Claim", "Granted", "check_claim"]

_SLACK_S = 0.051  # times are shown to the model with one decimal
_INSTANT_S = 0.1  # how long a cite lasts that names an instant
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|(?<!\w)'([^']+)'(?!\w)")
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,4}:\d{2}(?::\d{2})?(?:\.\d+)?)(?![\d:])(\s*[ap]\.?m\b)?", re.IGNORECASE)
_SECONDS = re.compile(
    r"\b(?:at|from|until|till|second|minute)\s+(?:about\s+|around\s+)?(\d+(?:\.\d+)?)(?:\s*(s|sec|seconds?|min|minutes?))?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cite:
    """Where something is shown."""

    video_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer whose every time was checked."""

    found: bool
    text: str
    cites: tuple[Cite, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """What may be claimed: ``spans`` of each video by id, and the ``texts`` of results, whose words may be
    quoted."""

    spans: Mapping[str, Sequence[Span]]
    texts: Sequence[str]


def check_claim(answer: Action, videos: Mapping[str, Video], granted: Granted) -> Claim:
    """The claim of an action "answer". ``videos`` by the names that actions use.

    Raises UnfitError that names the cite or the time that nothing supports.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in answer.arguments["text"]).split())
    found: bool = answer.arguments["found"]
    cites = tuple(_cite(cite, f"cites[{i}]", videos, granted) for i, cite in enumerate(answer.arguments["cites"]))
    if not text:
        raise UnfitError('"text" holds no word')
    if found and not cites:
        raise UnfitError('"found" is true, but "cites" is empty: say where it is shown')
    if not found and cites:
        raise UnfitError('"found" is false, but "cites" names where it is shown')
    by_id = {video.id: video for video in videos.values()}
    for said, is_shown in _times(_unquoted(text, granted.texts)):
        if not any(is_shown(by_id[cite.video_id], cite.span) for cite in cites):
            raise UnfitError(f'"text" names {said!r}, which lies in no cite: leave times to "cites"')
    return Claim(found, text, cites)


def _cite(said: Mapping[str, object], where: str, videos: Mapping[str, Video], granted: Granted) -> Cite:
    video = videos.get(str(said["video"]))
    if video is None:
        raise UnfitError(f"{where}: there is no video {said['video']}")
    start_s, end_s = _number(said["start_s"]), _number(said["end_s"])
    if end_s < start_s:
        raise UnfitError(f"{where} ends ({end_s:g}) before it starts ({start_s:g})")
    pieces = merge_spans(granted.spans.get(video.id, ()), join_gap_s=_SLACK_S)
    for piece in pieces:
        if piece.start_s - _SLACK_S <= start_s and end_s <= piece.end_s + _SLACK_S:
            first_s = min(max(start_s, piece.start_s), max(piece.start_s, piece.end_s - _INSTANT_S))
            last_s = min(max(end_s, first_s + _INSTANT_S), piece.end_s)
            return Cite(video.id, Span(first_s, last_s))
    seen = ", ".join(f"{piece.start_s:.1f}-{piece.end_s:.1f}" for piece in pieces[:10]) or "nothing"
    raise UnfitError(
        f"{where} ({start_s:g}-{end_s:g} of {said['video']}) lies in no part that you looked at and in no event "
        f"that a search gave you; of {said['video']} these are {seen}"
    )


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _unquoted(text: str, results: Sequence[str]) -> str:
    """The text without what it quotes word for word from a result: a clock in a picture may be quoted."""
    shown = [" ".join(result.casefold().split()) for result in results]

    def gone(match: re.Match[str]) -> str:
        words = " ".join(next(part for part in match.groups() if part is not None).casefold().split())
        return " " if any(words in result for result in shown) else match[0]

    return _QUOTED.sub(gone, text)


def _times(text: str) -> Iterator[tuple[str, _Shown]]:
    """Every time that a text names, and whether a span of a video holds it."""
    for match in _CLOCK.finditer(text):
        yield match[0].strip(), _Shown(match[1], (match[2] or "").strip().lower().replace(".", ""))
    for match in _SECONDS.finditer(text):
        if not text[match.end(1) :].startswith(":"):
            minutes = (match[2] or "").lower().startswith("min") or match[0].lower().startswith("minute")
            yield match[0], _Shown("", at_s=float(match[1]) * (60 if minutes else 1), lasts_s=60 if minutes else 1)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A time as written: ``clock`` of the file or the wall (``half`` is am or pm), or seconds ``at_s``."""

    clock: str
    half: str = ""
    at_s: float = 0.0
    lasts_s: float = 1.0

    def __call__(self, video: Video, span: Span) -> bool:
        if not self.clock:
            return _touches(span, self.at_s, self.lasts_s)
        try:
            if not self.half and _touches(span, parse_clock(self.clock), 1.0):
                return True
        except UsageError:  # 10:75 is no time of a file
            return False
        wall = video.wall_clock(span.start_s)
        return wall is not None and self._on_wall(wall, span.duration_s)

    def _on_wall(self, start: datetime, duration_s: float) -> bool:
        """Whether the clock shows this time between ``start`` and ``duration_s`` later."""
        hours, minutes, *rest = self.clock.split(":")
        hour = int(hours) % 12 + 12 * (self.half == "pm") if self.half else int(hours)
        lasts_s = 1.0 if rest else 60.0
        if hour > 23:
            return False
        seconds = float(rest[0]) if rest else 0.0
        first = start.replace(hour=hour, minute=int(minutes), second=0, microsecond=0)
        offset_s = (first - start).total_seconds() + seconds
        days = range(int(duration_s // 86_400) + 2)
        return any(-lasts_s < offset_s + 86_400 * day <= duration_s + _SLACK_S for day in days)


def _touches(span: Span, at_s: float, lasts_s: float) -> bool:
    return span.start_s - lasts_s < at_s <= span.end_s + _SLACK_S
