"""The second look: the best moments of a search are decoded again, closer, and shown to a vision-language model.

Each is confirmed, rejected or tightened, with the model's reason; or it is not judged, and the reason says why: it
was left out for want of budget, could not be decoded, or the model gave no answer that can be used. What is looked
at is planned first (:mod:`videoindex.query.look_windows`), and no window is begun that would overrun the budget.

Where search found nothing and the question is about a picture, only moments that it scored too low may be looked
at (``propose_windows``): no window is guessed, so what no observer wrote down stays unfound.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from videoindex.clock import format_span
from videoindex.errors import MediaError, TransientBackendError
from videoindex.media.decoders.base import Decoder
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Looks, Showing, Vlm
from videoindex.query.look_answers import Said, Verdict, read_look
from videoindex.query.look_budget import Budget, Counted, Meter, text_tokens, worst_tokens
from videoindex.query.look_prompts import LOOK_INSTRUCTIONS, LOOK_SCHEMA, look_question
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import (
    LeftOut,
    LookPlan,
    LookWindow,
    plan_look,
    propose_windows,
    require_file,
    shown_spans,
)
from videoindex.query.read_looks import decoded_looks
from videoindex.types import Moment, Span, Video, merge_spans

__all__ = ["Look", "Looked", "Verdict", "look", "propose_windows", "worst_text_tokens"]

log = logging.getLogger(__name__)

_DEFAULTS = SecondLookSettings()


@dataclass(frozen=True, slots=True)
class Look:
    """What became of ``moment``, as it was before the look.

    ``span`` is its time after the look: what the model saw where that differs ("tightened"), else the moment's
    own. ``at_s`` is the look that shows it best, where the model saw it. ``marks_s`` are the looks of ``window``
    that were shown, ``interval_s`` the time between two, and so the error of a tightened time. Nothing was shown
    where there are none.
    """

    moment: Moment
    verdict: Verdict
    span: Span
    reason: str
    at_s: float | None = None
    window: Span | None = None
    marks_s: tuple[float, ...] = ()
    interval_s: float = 0.0

    @property
    def examined(self) -> tuple[Span, ...]:
        """What of the recording was shown: half the time between two looks around each."""
        return shown_spans(self.window, self.marks_s, self.interval_s) if self.window else ()

    @property
    def seen(self) -> bool:
        """Whether the model saw what is asked about."""
        return self.verdict in (Verdict.CONFIRMED, Verdict.TIGHTENED)

    @property
    def after(self) -> Moment:
        """The moment with its time after the look, its events marked as verified (True), rejected (False), or as
        they were where nothing was judged."""
        if self.verdict is Verdict.NOT_JUDGED:
            return self.moment
        events = tuple(replace(event, verified=self.seen) for event in self.moment.events)
        return replace(self.moment, span=self.span, events=events)


@dataclass(frozen=True, slots=True)
class Looked:
    """One look for each moment, in the order given, and what they took."""

    looks: tuple[Look, ...]
    tokens: int
    seconds: float

    @property
    def kept(self) -> tuple[Moment, ...]:
        """The moments that were not rejected, after the look: what an answer may still rest on."""
        return tuple(look.after for look in self.looks if look.verdict is not Verdict.REJECTED)

    @property
    def seen(self) -> tuple[Moment, ...]:
        """The moments that the model saw, after the look: of proposed ones only these are finds."""
        return tuple(look.after for look in self.looks if look.seen)

    @property
    def examined(self) -> dict[str, tuple[Span, ...]]:
        """What was shown, by video id: a tightened time lies inside it."""
        spans: dict[str, list[Span]] = {}
        for look in self.looks:
            spans.setdefault(look.moment.video_id, []).extend(look.examined)
        return {video_id: tuple(merge_spans(shown)) for video_id, shown in spans.items()}

    @property
    def sentence(self) -> str:
        """``Looked again at 3 of 5 moments: 1 confirmed, 2 rejected. Not judged: 2 (look.windows (3) ...).``"""
        if not self.looks:
            return "There was no moment to look at again."
        shown = sum(1 for look in self.looks if look.marks_s)
        counts = {verdict: sum(look.verdict is verdict for look in self.looks) for verdict in Verdict}
        judged = [f"{n} {verdict}" for verdict, n in counts.items() if n and verdict is not Verdict.NOT_JUDGED]
        sentence = f"Looked again at {shown} of {len(self.looks)} moment{'s' * (len(self.looks) != 1)}"
        sentence += f": {', '.join(judged)}." if judged else "."
        unjudged = [look.reason for look in self.looks if look.verdict is Verdict.NOT_JUDGED]
        if unjudged:
            sentence += f" Not judged: {len(unjudged)} ({'; '.join(dict.fromkeys(unjudged))})."
        return sentence


def look(
    question: str,
    moments: Sequence[Moment],
    videos: Mapping[str, Video],
    vlm: Vlm,
    decoder: Decoder,
    settings: SecondLookSettings = _DEFAULTS,
    *,
    pictured: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Looked:
    """Looks again at ``moments``, in the order given, as far as the budget allows; ``videos`` by id.

    ``pictured`` says that the question describes a picture, so that a moment found in what was said is judged by
    what is seen then; without it such moments are not judged, for the model does not hear.

    Raises ConfigError where not even one look fits the settings, or a window the model's memory; BackendError
    where the model fails. A fault that another try may mend, or a file that cannot be decoded, leaves that moment
    not judged.
    """
    meter = Meter(Budget("look", settings.token_budget, settings.seconds), clock)
    allowance = worst_text_tokens(question, settings)
    plan = plan_look(moments, videos, settings, allowance, pictured=pictured)
    log.info("second look: %d of %d moments, %s", len(plan.windows), len(moments), _planned(plan))
    looks = []
    for moment, part in zip(moments, plan.parts, strict=True):
        reason = part.reason if isinstance(part, LeftOut) else meter.refusal(part.tokens + allowance)
        if isinstance(part, LeftOut) or reason:
            looks.append(Look(moment, Verdict.NOT_JUDGED, moment.span, reason))
            continue
        with meter.working(part.tokens):
            looks.append(_look(question, moment, part, vlm, decoder, settings, meter))
        log.info("%s: %s, %s", _where(part), looks[-1].verdict, looks[-1].reason)
    return Looked(tuple(looks), meter.tokens, meter.seconds)


def worst_text_tokens(question: str, settings: SecondLookSettings) -> int:
    """What the text of one window may take, a second try included."""
    asked = look_question(question, Span(0.0, 1e5), Span(0.0, 1e5), Span(0.0, 1e5))
    return worst_tokens(LOOK_INSTRUCTIONS, asked, settings.answer_tokens)


def _look(
    question: str,
    moment: Moment,
    window: LookWindow,
    vlm: Vlm,
    decoder: Decoder,
    settings: SecondLookSettings,
    meter: Meter,
) -> Look:
    try:
        require_file(window.video)
        looks, _ = decoded_looks(window.video, window.pairs, decoder, window.size)
    except MediaError as error:
        return Look(moment, Verdict.NOT_JUDGED, moment.span, str(error))
    if not len(looks):
        reason = f"nothing could be decoded of {_where(window)}"
        return Look(moment, Verdict.NOT_JUDGED, moment.span, reason)
    try:
        said = _ask(question, window, looks, vlm, settings, meter)
    except TransientBackendError as error:
        return Look(moment, Verdict.NOT_JUDGED, moment.span, str(error))
    shown = (window.span, looks.marks_s, window.interval_s)
    if isinstance(said, UnfitError):
        reason = f"{vlm.model} gave no answer that can be used, asked twice: {said}"
        return Look(moment, Verdict.NOT_JUDGED, moment.span, reason, None, *shown)
    return Look(moment, said.verdict, said.span, said.reason, said.at_s, *shown)


def _ask(
    question: str, window: LookWindow, looks: Looks, vlm: Vlm, settings: SecondLookSettings, meter: Meter
) -> Said | UnfitError:
    showing = Showing(str(window.video.path), window.span, LOOK_INSTRUCTIONS, (looks,), looks.marks_s, window.size)
    asked = look_question(question, window.candidate, window.span, window.video.span)
    form = Form(settings.answer_tokens, LOOK_SCHEMA.text)
    meter.tokens += text_tokens(LOOK_INSTRUCTIONS)
    with vlm.watch(showing) as viewing:
        (said,) = ask_parsed(
            Counted(viewing, meter), [asked], form, lambda reply: read_look(reply, window, looks.marks_s)
        )
    return said


def _planned(plan: LookPlan) -> str:
    return f"{sum(window.tokens for window in plan.windows):,} tokens of pictures planned"


def _where(window: LookWindow) -> str:
    return f"{window.video.path} {format_span(window.span.start_s, window.span.end_s)}"
