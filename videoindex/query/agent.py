"""A model that searches, looks and reads by itself until it can answer, step by step, within bounds.

Each step is one action of a fixed form (:mod:`videoindex.query.agent_prompts`), done with tools that are given as
plain functions; every step is recorded and can be shown. The answer may cite only what was looked at or what a
search gave (:mod:`videoindex.query.agent_claims`); what it cites beyond that is refused, and after one repair
there is no answer. The tools read and never write: words in a recording have nothing to gain by being obeyed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from videoindex.clock import format_dated, format_span
from videoindex.errors import TransientBackendError
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Reply, Showing, Vlm
from videoindex.query.agent_claims import Cite, Claim, Granted, check_claim
from videoindex.query.agent_prompts import (
    ACTION_SCHEMA,
    AGENT_INSTRUCTIONS,
    ANSWER_SCHEMA,
    Action,
    agent_question,
    read_action,
)
from videoindex.query.agent_steps import Glimpse, Step, Tools, Trail, do_action
from videoindex.query.blank import BLANK, blank_showing
from videoindex.query.look_budget import Budget, Counted, Meter, text_tokens, worst_tokens
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import seen_moment
from videoindex.sampling.mrope import patch_tokens
from videoindex.types import Moment, Span, Video, merge_spans

__all__ = ["AgentAnswer", "Cite", "Glimpse", "Step", "Tools", "run_agent", "show_nothing", "steps_text"]

log = logging.getLogger(__name__)

_DEFAULTS = SecondLookSettings()


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What came of it. ``claim`` is None where there is no answer, and ``ended`` then says why.

    ``examined``, by video id, is what was looked at or lay in an event that a search gave: all cites lie in it.
    """

    question: str
    model: str
    claim: Claim | None
    steps: tuple[Step, ...]
    ended: str
    videos: Mapping[str, Video]
    examined: Mapping[str, tuple[Span, ...]]
    tokens: int
    seconds: float

    @property
    def found(self) -> bool:
        return self.claim is not None and self.claim.found

    @property
    def cites(self) -> tuple[Cite, ...]:
        """Where it is shown, each time checked."""
        return self.claim.cites if self.claim else ()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """One for each cite, in the order that the model gave them."""
        text = self.claim.text if self.claim else ""
        return tuple(seen_moment(cite.video_id, cite.span, text, self.model) for cite in self.cites)

    @property
    def sentence(self) -> str:
        """The answer with its times, written from the cites."""
        if self.claim is None:
            return f"No answer after {len(self.steps)} step{'s' * (len(self.steps) != 1)}: {self.ended}."
        text = self.claim.text.rstrip(".")
        if not self.claim.found:
            return f"Not found: {text}."
        return f"{text}: {'; '.join(map(self._where, self.claim.cites))}."

    def _where(self, cite: Cite) -> str:
        video = next(video for video in self.videos.values() if video.id == cite.video_id)
        when = format_span(cite.span.start_s, cite.span.end_s) + format_dated(video.wall_clock(cite.span.start_s))
        return f"{when} in {video.path.name}"


def run_agent(
    question: str,
    videos: Sequence[Video],
    vlm: Vlm,
    tools: Tools,
    settings: SecondLookSettings = _DEFAULTS,
    *,
    on_step: Callable[[Step], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> AgentAnswer:
    """Lets ``vlm`` answer ``question`` about ``videos`` with ``tools``; ``on_step`` is told of each step.

    Bounded by ``settings.agent``; where steps, tokens or seconds run short, the next step must be the answer.
    Raises BackendError where the model fails.
    """
    bounds = settings.agent
    meter = Meter(Budget("look.agent", bounds.token_budget, bounds.seconds), clock)
    trail = Trail({f"v{number}": video for number, video in enumerate(videos, start=1)})
    claim, ended = None, f"look.agent.steps ({bounds.steps}) are used up"
    for number in range(1, bounds.steps + 1):
        left = bounds.steps - number + 1
        worst = _worst_step(question, trail, left, settings)
        if refusal := meter.refusal(worst):
            ended = refusal
            break
        if meter.refusal(3 * worst + tools.look_tokens, pieces=2):
            left = 1  # room for the answer and no more
        step, claim = _step(question, trail, vlm, tools, settings, meter, left)
        trail.steps.append(step)
        log.info("step %d: %s: %s", step.number, step.action, step.result)
        if on_step is not None:
            on_step(step)
        if claim is not None or (step.is_refused and not step.action):
            ended = "" if claim else step.result
            break
    examined = {video_id: tuple(merge_spans(spans)) for video_id, spans in trail.spans.items()}
    return AgentAnswer(
        question,
        vlm.model,
        claim,
        tuple(trail.steps),
        ended,
        trail.videos,
        examined,
        meter.tokens,
        meter.seconds,
    )


def steps_text(steps: Sequence[Step]) -> str:
    """The steps for a person, two lines each."""
    return "\n".join(
        f"{step.number:2d}. {step.action or '(no action that could be used)'}\n    {step.result}" for step in steps
    )


def _step(
    question: str,
    trail: Trail,
    vlm: Vlm,
    tools: Tools,
    settings: SecondLookSettings,
    meter: Meter,
    left: int,
) -> tuple[Step, Claim | None]:
    """Asks for one action and does it. A refused step without an action is the last."""
    number, before, began_s = len(trail.steps) + 1, meter.tokens, meter.seconds
    claim: Claim | None = None
    with meter.working(patch_tokens(0.0, BLANK)):
        decided = _decide(question, trail, vlm, settings, meter, left)
        if isinstance(decided, TransientBackendError):
            action, result, is_refused = "", str(decided), True
        elif isinstance(decided, UnfitError):
            action, result, is_refused = "", f"no action that can be used, asked twice: {decided}", True
        elif isinstance(decided, Claim):
            claim, action, result, is_refused = decided, _claimed(decided, trail), "answered", False
        else:
            action = decided.text
            result, is_refused = do_action(decided, trail, tools, settings.agent, meter)
    return Step(number, action, result, is_refused, meter.tokens - before, meter.seconds - began_s), claim


def _decide(
    question: str, trail: Trail, vlm: Vlm, settings: SecondLookSettings, meter: Meter, left: int
) -> Action | Claim | UnfitError | TransientBackendError:
    """The model's next action; an answer is checked before it counts, and may be mended once.

    The model is let go before the action is done: a look needs it for itself.
    """
    granted = Granted(trail.spans, trail.texts)

    def parse(reply: Reply) -> Action | Claim:
        action = read_action(reply, must_answer=left == 1)
        return check_claim(action, trail.videos, granted) if action.name == ANSWER_SCHEMA.name else action

    asked = _asked(question, trail, left)
    schema = ANSWER_SCHEMA if left == 1 else ACTION_SCHEMA
    meter.tokens += text_tokens(AGENT_INSTRUCTIONS)
    form = Form(settings.answer_tokens, schema.text)
    try:
        with vlm.watch(show_nothing()) as viewing:
            (decided,) = ask_parsed(Counted(viewing, meter), [asked], form, parse)
    except TransientBackendError as fault:
        return fault
    return decided


def _asked(question: str, trail: Trail, left: int) -> str:
    done = [(step.action, step.result) for step in trail.steps]
    return agent_question(question, trail.videos, done, left)


def _worst_step(question: str, trail: Trail, left: int, settings: SecondLookSettings) -> int:
    """What a decision may take, a second try included."""
    asked = _asked(question, trail, left)
    return patch_tokens(0.0, BLANK) + worst_tokens(AGENT_INSTRUCTIONS, asked, settings.answer_tokens)


def show_nothing() -> Showing:
    """A grey picture, for a question that is about none."""
    return blank_showing("agent", AGENT_INSTRUCTIONS)


def _claimed(claim: Claim, trail: Trail) -> str:
    cites = [
        {
            "video": trail.name_of(cite.video_id),
            "start_s": round(cite.span.start_s, 3),
            "end_s": round(cite.span.end_s, 3),
        }
        for cite in claim.cites
    ]
    return Action("answer", {"found": claim.found, "text": claim.text, "cites": cites}).text
