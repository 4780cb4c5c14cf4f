"""When something changed, found by looking: a model is shown single pictures and says whether a statement holds.

"When did the bag disappear?" is put as "the bag can be seen", and the instant at which that ceases is closed in on
(:mod:`videoindex.query.state_plan`): pictures spread over the recording, then bisection, so that a day is searched
to half a second with some thirty pictures. What is answered is what the pictures prove: the change lies between
two of them; no change was seen at so many; or they do not decide it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.clock import format_clock, format_dated, format_span
from videoindex.errors import TransientBackendError
from videoindex.media.decoders.base import Decoder
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Vlm, still_showing
from videoindex.query.look_answers import read_holds
from videoindex.query.look_budget import Budget, Counted, Meter, text_tokens, worst_tokens
from videoindex.query.look_prompts import STATE_INSTRUCTIONS, STATE_SCHEMA, state_question_text
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import require_file, seen_moment
from videoindex.query.read import require_picture
from videoindex.query.state_plan import Change, Finding, Outcome, Sight, conclude, grid_instants, next_instants
from videoindex.query.state_words import StateQuestion, state_question
from videoindex.sampling.mrope import fit_frame, patch_tokens
from videoindex.types import Moment, Span, Video, merge_spans

__all__ = [
    "Change",
    "Outcome",
    "Sight",
    "StateFound",
    "StateQuestion",
    "change_meter",
    "find_change",
    "state_question",
]

log = logging.getLogger(__name__)

_DEFAULTS = SecondLookSettings()


@dataclass(frozen=True, slots=True)
class StateFound:
    """What the pictures of ``video`` say of a change.

    ``finding`` holds the changes and every picture's verdict. ``step_s`` is the time between two pictures of the
    grid: what changes and changes back within it may be missed. ``unspent`` says why it was left at that before
    all pictures that were wanted had been shown, or is empty.
    """

    question: StateQuestion
    video: Video
    model: str
    span: Span
    finding: Finding
    step_s: float
    unspent: str
    tokens: int
    seconds: float

    @property
    def outcome(self) -> Outcome:
        return self.finding.outcome

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where the changes that were asked about lie, each between two pictures, in order of time."""
        return tuple(change.span for change in self.finding.changes)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """One for each change that was asked about, in order of time. The model gives no figure for how sure it
        is: score and confidence are in the middle."""
        turns = "becomes true" if self.question.becomes else "ceases to be true"
        text = f'"{self.question.statement}" {turns}'
        return tuple(seen_moment(self.video.id, span, text, self.model) for span in self.spans)

    @property
    def examined(self) -> dict[str, tuple[Span, ...]]:
        """By video id, the span of each change: its ends were looked at, and what is answered lies between."""
        return {self.video.id: tuple(merge_spans(self.spans))}

    @property
    def sentence(self) -> str:
        """The answer in words; nothing in it is known from anything but pictures that were shown."""
        told = {Outcome.CHANGED: _changed, Outcome.NO_CHANGE: _unchanged, Outcome.UNDECIDED: _undecided}
        return told[self.outcome](self) + (f" Not all was looked at: {self.unspent}." if self.unspent else "")


def find_change(
    question: StateQuestion,
    video: Video,
    vlm: Vlm,
    decoder: Decoder,
    settings: SecondLookSettings = _DEFAULTS,
    *,
    span: Span | None = None,
    hints: Sequence[float] = (),
    meter: Meter | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> StateFound:
    """Looks for the change in ``span`` (None: the whole recording), at ``hints`` too, such as moments of a search.

    At most ``settings.state.pictures`` pictures are shown, within ``settings.token_budget`` and
    ``settings.seconds``. A picture that cannot be decoded, or of which the model gives no answer that can be used,
    decides nothing. ``meter`` is one of several recordings that share a budget (``change_meter``).

    Raises MediaError where there is no picture, or the file is gone or cannot be opened, ValueError where
    ``span`` lies outside the recording, and BackendError where the model fails.
    """
    require_picture(video)
    require_file(video)
    asked = video.span if span is None else span.intersect(video.span)
    if asked is None:
        raise ValueError(f"{span} lies outside {video.path}, {video.span}")
    meter = meter or change_meter(settings, clock)
    spent_tokens, spent_s = meter.tokens, meter.seconds
    witness = _Witness(question, video, vlm, decoder, settings, meter)
    grid = grid_instants(asked, settings.state, hints)
    sights: list[Sight] = []
    unspent = ""
    while not unspent:
        wanted = next_instants(grid, sights, settings.state, becomes=question.becomes)
        if not wanted:
            break
        seen, unspent = witness.look(wanted)
        sights += seen
    finding = conclude(sights, becomes=question.becomes, is_whole=not unspent)
    log.info("%s: %r: %s after %d pictures", video.path, question.statement, finding.outcome, len(sights))
    first_s, second_s, *_ = grid_instants(asked, settings.state)
    step_s = second_s - first_s
    tokens, seconds = meter.tokens - spent_tokens, meter.seconds - spent_s
    return StateFound(question, video, vlm.model, asked, finding, step_s, unspent, tokens, seconds)


def change_meter(settings: SecondLookSettings, clock: Callable[[], float] = time.monotonic) -> Meter:
    """What looking for a change may cost, in one recording or in several together."""
    return Meter(Budget("look", settings.token_budget, settings.seconds), clock)


class _Witness:
    """Shows a model single pictures and asks whether the statement holds, as far as the budget goes."""

    def __init__(
        self,
        question: StateQuestion,
        video: Video,
        vlm: Vlm,
        decoder: Decoder,
        settings: SecondLookSettings,
        meter: Meter,
    ) -> None:
        self.meter = meter
        self._question = question
        self._video = video
        self._vlm = vlm
        self._decoder = decoder
        self._form = Form(settings.answer_tokens, STATE_SCHEMA.text)
        most_px = settings.state.max_pixels
        least_px = min(settings.min_pixels, most_px)
        self._size = fit_frame(video.width_px, video.height_px, least_px, most_px)

    def look(self, at_s_T: Sequence[float]) -> tuple[list[Sight], str]:
        """The verdicts at the instants ``at_s_T``, in order, and why some are missing, or ""."""
        sights: list[Sight] = []
        pictures = self._pictures(at_s_T)
        for at_s in at_s_T:
            if at_s not in pictures:
                sights.append(Sight(at_s, None, "the picture could not be decoded"))
                continue
            tokens = patch_tokens(at_s, self._size)
            refusal = self.meter.refusal(tokens + self._worst_text(at_s))
            if refusal:
                return sights, refusal
            with self.meter.working(tokens):
                sights.append(self._ask(at_s, pictures[at_s]))
            log.info("%s at %s: %s", self._video.path, format_clock(at_s), sights[-1])
        return sights, ""

    def _pictures(self, at_s_T: Sequence[float]) -> dict[float, NDArray[np.uint8]]:
        size_px = (self._size.width_px, self._size.height_px)
        return {
            float(at_s): rgb_HWC
            for frames in self._decoder.frames(self._video, at_s_T, size_px)
            for at_s, rgb_HWC in zip(frames.at_s_T, frames.rgb_THWC, strict=True)
        }

    def _worst_text(self, at_s: float) -> int:
        asked = state_question_text(self._question.statement, at_s, self._video.span)
        return worst_tokens(STATE_INSTRUCTIONS, asked, self._form.max_tokens)

    def _ask(self, at_s: float, rgb_HWC: NDArray[np.uint8]) -> Sight:
        asked = state_question_text(self._question.statement, at_s, self._video.span)
        showing = still_showing(str(self._video.path), at_s, rgb_HWC, self._size, STATE_INSTRUCTIONS)
        self.meter.tokens += text_tokens(STATE_INSTRUCTIONS)
        try:
            with self._vlm.watch(showing) as viewing:
                (said,) = ask_parsed(Counted(viewing, self.meter), [asked], self._form, read_holds)
        except TransientBackendError as error:
            return Sight(at_s, None, str(error))
        if isinstance(said, UnfitError):
            return Sight(at_s, None, f"{self._vlm.model} gave no answer that can be used, asked twice: {said}")
        return Sight(at_s, *said)


def _changed(found: StateFound) -> str:
    turns = "becomes true" if found.question.becomes else "ceases to be true"
    said = f'"{found.question.statement}" {turns} between two pictures'
    changes = found.finding.changes
    if len(changes) > 1:
        times = ", ".join(_when(found.video, change) for change in changes)
        return f"{said}, {len(changes)} times: {times}, in {found.video.path.name}.{_back(found)}"
    (change,) = changes
    when = _when(found.video, change)
    why = f" Before: {change.before.reason} After: {change.after.reason}"
    return f"{said}, {when}, in {found.video.path.name}.{why}{_back(found)}"


def _when(video: Video, change: Change) -> str:
    span = change.span
    return format_span(span.start_s, span.end_s) + format_dated(video.wall_clock(span.start_s))


def _back(found: StateFound) -> str:
    """Changes the other way, known to the grid's distance only."""
    others = found.finding.others
    times = ", ".join(_when(found.video, change) for change in others)
    return f" The opposite happens between pictures at {times}." if others else ""


def _unchanged(found: StateFound) -> str:
    sights = found.finding.sights
    known = [sight for sight in sights if sight.is_known]
    held = sum(sight.held == "yes" for sight in known)
    unknown = f" ({len(sights) - len(known)} more could not be told)" if len(known) < len(sights) else ""
    return (
        f'No such change was seen: "{found.question.statement}" is true of {held} of {len(known)} pictures of '
        f"{found.video.path.name}{unknown}, {found.step_s:.1f} s apart; what changes and changes back between two "
        f"of them may have been missed.{_back(found)}"
    )


def _undecided(found: StateFound) -> str:
    sights = found.finding.sights
    known = sum(sight.is_known for sight in sights)
    reasons = list(dict.fromkeys(sight.reason for sight in sights if not sight.is_known))[:3]
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f'Undecided: whether "{found.question.statement}" could be told of {known} of {len(sights)} pictures of '
        f"{found.video.path.name} only{why}."
    )
