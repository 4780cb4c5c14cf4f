"""What a model that answers by itself does in each step: searches, looks, reads; and what it may claim of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from videoindex.errors import ConfigError, MediaError, TransientBackendError, UsageError
from videoindex.query.agent_prompts import Action
from videoindex.query.look_budget import Meter
from videoindex.query.look_settings import AgentSettings
from videoindex.query.read import Time
from videoindex.types import Moment, Span, Video

__all__ = ["Glimpse", "Step", "Tools", "Trail", "do_action"]

_INSTANT_S = 0.1  # how long what was read at an instant may be cited for
_LONGEST_TEXT = 400  # characters of one event or one look that the model is shown
_LONGEST_READING = 1_200


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a look found: the answer in words, the instants that show it, what was shown, and its tokens."""

    text: str
    at_s: tuple[float, ...] = ()
    shown: tuple[Span, ...] = ()
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """What the model may do. Each may raise UsageError, MediaError and TransientBackendError, which it is told of.

    ``search_events(query, source, after, before)`` gives moments, best first; ``look_at(video, span, question)``
    watches; ``read_text(video, at_s)`` gives the words in the picture. ``look_tokens``: what a look takes at most.
    """

    search_events: Callable[[str, str | None, Time | None, Time | None], Sequence[Moment]]
    look_at: Callable[[Video, Span, str], Glimpse]
    read_text: Callable[[Video, float], str]
    look_tokens: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the ``action`` as JSON, the ``result`` that the model was given, and what both took.

    ``is_refused``: the action could not be used or done, and ``result`` says why.
    """

    number: int
    action: str
    result: str
    is_refused: bool
    tokens: int
    seconds: float


@dataclass(eq=False)
class Trail:
    """What was done so far, and what of it may be claimed: ``spans`` by video id, ``texts`` to quote from.

    ``videos`` by the names that actions use.
    """

    videos: dict[str, Video]
    steps: list[Step] = field(default_factory=list)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def grant(self, video_id: str, spans: Sequence[Span], text: str) -> None:
        """Lets the answer cite ``spans`` and quote ``text``."""
        self.spans.setdefault(video_id, []).extend(spans)
        self.texts.append(text)

    def name_of(self, video_id: str) -> str:
        """What actions call the video of this id."""
        return next(name for name, video in self.videos.items() if video.id == video_id)


def do_action(
    action: Action, trail: Trail, tools: Tools, settings: AgentSettings, meter: Meter
) -> tuple[str, bool]:
    """Does an action: its result as JSON, and whether it was refused."""
    for step in trail.steps:
        if step.action == action.text:
            return _json({"refused": f"this is step {step.number} again: its result stands there"}), True
    do = {"search_events": _search, "look_at": _look, "read_text": _read}[action.name]
    try:
        return _json(do(action, trail, tools, settings, meter)), False
    except ConfigError:  # for the user to mend, not for the model
        raise
    except (UsageError, MediaError, TransientBackendError) as error:
        return _json({"failed": _cut(str(error), _LONGEST_TEXT)}), True


def _search(
    action: Action, trail: Trail, tools: Tools, settings: AgentSettings, meter: Meter
) -> dict[str, object]:
    given = action.arguments
    moments = tools.search_events(given["query"], given["source"], action.time("after"), action.time("before"))
    known = {video.id: name for name, video in trail.videos.items()}
    shown = [moment for moment in moments if moment.video_id in known][: settings.results]
    for moment in shown:
        within = moment.span.intersect(trail.videos[known[moment.video_id]].span)
        trail.grant(moment.video_id, [within] if within else [], moment.events[0].text)
    events = [
        {
            "video": known[moment.video_id],
            "file": trail.videos[known[moment.video_id]].path.name,
            "start_s": round(moment.span.start_s, 1),
            "end_s": round(moment.span.end_s, 1),
            "source": moment.events[0].source,
            "text": _cut(moment.events[0].text, _LONGEST_TEXT),
        }
        for moment in shown
    ]
    return {"events": events, "more": len(moments) - len(shown)}


def _look(action: Action, trail: Trail, tools: Tools, settings: AgentSettings, meter: Meter) -> dict[str, object]:
    video = _named(action, trail)
    start_s, end_s = float(action.arguments["start_s"]), float(action.arguments["end_s"])
    longest_s = settings.longest_look_s
    span = Span(start_s, end_s).intersect(video.span) if start_s < end_s else None
    if span is None:
        raise UsageError(f"{start_s:g} to {end_s:g} s is no part of it: it runs {_runs(video)}")
    if span.duration_s > longest_s + 0.05:
        raise UsageError(f"a look may be {longest_s:g} s long at most (look.agent.longest_look_s)")
    glimpse = tools.look_at(video, span, action.arguments["question"])
    meter.tokens += glimpse.tokens
    trail.grant(video.id, glimpse.shown, glimpse.text)
    shown = [[round(part.start_s, 1), round(part.end_s, 1)] for part in glimpse.shown]
    says = _cut(glimpse.text, _LONGEST_TEXT)
    return {"says": says, "at_s": [round(at_s, 1) for at_s in glimpse.at_s[:20]], "shown_s": shown[:20]}


def _read(action: Action, trail: Trail, tools: Tools, settings: AgentSettings, meter: Meter) -> dict[str, object]:
    video, at_s = _named(action, trail), float(action.arguments["at_s"])
    if at_s not in video.span:
        raise UsageError(f"{at_s:g} s lies outside of it: it runs {_runs(video)}")
    text = tools.read_text(video, at_s)
    trail.grant(video.id, [Span(at_s, min(at_s + _INSTANT_S, video.span.end_s))], text)
    return {"text": _cut(text, _LONGEST_READING)}


def _named(action: Action, trail: Trail) -> Video:
    name = action.arguments["video"]
    if name not in trail.videos:
        raise UsageError(f"there is no video {name}")
    return trail.videos[name]


def _runs(video: Video) -> str:
    return f"from {video.span.start_s:.1f} to {video.span.end_s:.1f} s"


def _cut(text: str, most: int) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False)
