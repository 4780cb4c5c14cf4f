"""Reading a span of a screen recording as steps, so that what somebody did can be followed or done again.

With a vision-language model the steps say what was done: it is shown the looks at which something changed, window
by window, and answers with JSON of a fixed form. Every step's time is that of a look it was shown, inside the span
asked for; a window whose answer cannot be used, asked twice, is a gap and never a guess. Without a model the steps
say what can be known: which text came and went, where and when.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from videoindex.clock import format_span
from videoindex.errors import MediaError
from videoindex.index.ingest import stitch
from videoindex.perception.screen_text import ScreenText
from videoindex.perception.vlm.answers import UnfitError, ask_parsed, parse_json
from videoindex.perception.vlm.base import Form, Looks, Reply, Showing
from videoindex.query.read import Readers, ReadSettings, require_picture, shown_box
from videoindex.query.read_looks import (
    PartDecoder,
    Window,
    changed_pairs,
    decoded_looks,
    fine,
    plan_windows,
    scan_part,
)
from videoindex.query.read_prompts import STEPS_INSTRUCTIONS, STEPS_SCHEMA, steps_question
from videoindex.query.read_schema import fault_in
from videoindex.sampling.mrope import FrameSize
from videoindex.types import Box, Event, Gap, Span, Video, merge_spans, subtract_spans

__all__ = ["TEXT_ACTIONS", "Step", "Steps", "read_steps"]

log = logging.getLogger(__name__)

TEXT_ACTIONS = ("text_present", "text_appeared", "text_vanished")
"""What the steps of character recognition alone say: it stood there at the start of the span, came, went."""

_OBSERVER = "read"
_TEXT_ALONE = (
    "read by character recognition alone: these are the texts that came and went, not what was done; no click, "
    "key, scroll or drag can be told from them, nor who or what made a text appear. "
    'A vision-language model ("qwen" in index.observers) could tell more'
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, or one text that came or went, at ``at_s`` on the recording's clock.

    ``box`` is where, in pixels of the displayed picture, None where that is not known.
    """

    at_s: float
    action: str
    target: str
    text: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a span in order of time, what of the span could not be read and why, and notes."""

    video: Video
    span: Span
    reader: str
    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_all_gap(self) -> bool:
        """Whether nothing of the span could be read."""
        return not self.steps and not subtract_spans([self.span], (gap.span for gap in self.gaps))


@dataclass(frozen=True, slots=True)
class _Made:
    """What came of one window; ``strays`` are answers at times that it was not shown."""

    steps: tuple[Step, ...] = ()
    gaps: tuple[Gap, ...] = ()
    strays: int = 0


def read_steps(video: Video, span: Span, readers: Readers, settings: ReadSettings) -> Steps:
    """Reads ``span``, a part of the recording, as steps.

    Raises DecodeError where nothing of it can be decoded, or there is no picture, and BackendError where the model
    fails; an answer that cannot be used is a gap.
    """
    require_picture(video)
    return (
        _text_steps(video, span, readers) if readers.vlm is None else _seen_steps(video, span, readers, settings)
    )


def _seen_steps(video: Video, span: Span, readers: Readers, settings: ReadSettings) -> Steps:
    """The steps that the model tells."""
    seen = scan_part(video, span, readers.decoder, fine(readers.scan, video, settings.rate_hz))
    size = settings.shown_px(video)
    windows = plan_windows(changed_pairs(span, seen, settings.rate_hz), span, size, settings)
    steps: list[Step] = []
    gaps, strays = list(seen.gaps), 0
    for n, window in enumerate(windows, start=1):
        log.info("%s: steps of %s, window %d of %d", video.path, _when(window.span), n, len(windows))
        made = _window(video, window, readers, size, settings, seen.gaps)
        steps += made.steps
        gaps += _beyond(made.gaps, seen.gaps)
        strays += made.strays
    interval_s = 1.0 / settings.rate_hz
    notes = [f"looked at every {interval_s:g} s where something changed: what is quicker may be missed (--rate)"]
    if strays:
        said = "1 step" if strays == 1 else f"{strays} steps"
        notes.append(f"{said} of the model named a time that it was not shown: left out")
    return Steps(video, span, readers.name, tuple(steps), _in_order(gaps), tuple(notes))


def _window(
    video: Video,
    window: Window,
    readers: Readers,
    size: FrameSize,
    settings: ReadSettings,
    known: Sequence[Gap],
) -> _Made:
    assert readers.vlm is not None
    try:
        looks, is_whole = decoded_looks(video, window.pairs, readers.decoder, size)
    except MediaError as error:
        return _Made(gaps=(Gap(video.id, window.span, str(error), _OBSERVER),))
    gaps = _undecoded(video, window, is_whole, known)
    own_s = looks.marks_s[sum(is_whole[: window.before]) :]
    if not own_s:
        return _Made(gaps=gaps)
    said = _asked(video, window, looks, readers, size, settings)
    if isinstance(said, UnfitError):
        reason = f"{readers.vlm.model} gave no steps that can be used, asked twice: {said}"
        return _Made(gaps=(Gap(video.id, window.span, reason, _OBSERVER),))
    steps, strays = _placed(video, said, looks.marks_s, own_s, 1.0 / settings.rate_hz)
    return _Made(steps, gaps, strays)


def _asked(
    video: Video, window: Window, looks: Looks, readers: Readers, size: FrameSize, settings: ReadSettings
) -> list[dict[str, Any]] | UnfitError:
    """What the model says of a window, in the form of STEPS_SCHEMA, or why it is not of it, asked twice."""
    assert readers.vlm is not None
    shown = Span(window.pairs[0].first_s, window.span.end_s)
    marks_s = tuple(pair.at_s for pair in window.pairs)
    showing = Showing(str(video.path), shown, STEPS_INSTRUCTIONS, (looks,), marks_s, size)
    question = steps_question(window.span, shown, video.span)
    with readers.vlm.watch(showing) as viewing:
        (said,) = ask_parsed(viewing, [question], Form(settings.answer_tokens, STEPS_SCHEMA.text), _said)
    return said


def _said(reply: Reply) -> list[dict[str, Any]]:
    answer = parse_json(reply.text)
    fault = fault_in(answer, STEPS_SCHEMA)
    if fault is not None:
        raise UnfitError(fault)
    assert isinstance(answer, dict)
    steps: list[dict[str, Any]] = answer["steps"]
    return steps


def _placed(
    video: Video,
    said: Iterable[dict[str, Any]],
    shown_s: Sequence[float],
    own_s: Sequence[float],
    slack_s: float,
) -> tuple[tuple[Step, ...], int]:
    """The steps at the looks they name, in order and each once; and how many name none.

    A step at the look that belongs to the window before is that window's to tell.
    """
    placed: dict[tuple[float, str, str, str], Step] = {}
    strays = 0
    for step in said:
        at_s = min(shown_s, key=lambda mark_s: abs(mark_s - step["at"]))
        if abs(at_s - step["at"]) > slack_s:
            strays += 1
        elif at_s in own_s:
            box = None if step["bbox_2d"] is None else shown_box(video, at_s, step["bbox_2d"])
            key = (at_s, step["action"], step["target"].casefold(), step["text"])
            placed.setdefault(key, Step(at_s, step["action"], step["target"], step["text"], box))
    return tuple(sorted(placed.values(), key=lambda step: step.at_s)), strays


def _undecoded(video: Video, window: Window, is_whole: Sequence[bool], known: Sequence[Gap]) -> tuple[Gap, ...]:
    """From each of the window's own looks that could not be decoded, and lies in no known gap, to its next one."""
    own, whole = window.pairs[window.before :], is_whole[window.before :]
    edges_s = [window.span.start_s, *(pair.first_s for pair in own[1:]), window.span.end_s]
    is_lost = [not whole[i] and not any(pair.at_s in gap.span for gap in known) for i, pair in enumerate(own)]
    missing = [Span(edges_s[i], edges_s[i + 1]) for i in range(len(own)) if is_lost[i]]
    return tuple(Gap(video.id, span, "could not be decoded", _OBSERVER) for span in merge_spans(missing))


def _beyond(gaps: Iterable[Gap], known: Sequence[Gap]) -> list[Gap]:
    """What of ``gaps`` is not among the ``known`` ones."""
    spans = [gap.span for gap in known]
    return [replace(gap, span=span) for gap in gaps for span in subtract_spans([gap.span], spans)]


def _text_steps(video: Video, span: Span, readers: Readers) -> Steps:
    """The texts that came and went, by the observer of on-screen text."""
    seen = scan_part(video, span, readers.decoder, readers.scan)
    part = replace(video, span=span)
    observer = ScreenText(readers.screen_text, PartDecoder(readers.decoder, video))
    segments = observer.segments(part, seen)
    observations = [observer.observe(part, segment) for segment in segments]
    found = (event for observation in observations for event in observation.events)
    events = stitch(found, [segment.span.end_s for segment in segments])
    gaps = [*seen.gaps, *_beyond((gap for made in observations for gap in made.gaps), seen.gaps)]
    steps = [step for event in events for step in _came_and_went(event, span)]
    # At one instant, what goes makes room for what comes.
    ordered = sorted(steps, key=lambda step: (step.at_s, step.action != "text_vanished", _top_px(step)))
    quick = f"a text that stays for less than {observer.shortest_event_s:g} s may be missed"
    return Steps(video, span, readers.name, tuple(ordered), _in_order(gaps), (_TEXT_ALONE, quick))


def _came_and_went(event: Event, span: Span) -> list[Step]:
    box = _around(event.boxes)
    present, appeared, vanished = TEXT_ACTIONS
    came = present if event.span.start_s <= span.start_s else appeared
    steps = [Step(event.span.start_s, came, "", event.text, box)]
    if event.span.end_s < span.end_s:
        steps.append(Step(event.span.end_s, vanished, "", event.text, box))
    return steps


def _around(boxes: Sequence[Box]) -> Box | None:
    """The least box around all ``boxes``."""
    if not boxes:
        return None
    return Box(
        boxes[0].at_s,
        min(box.left_px for box in boxes),
        min(box.top_px for box in boxes),
        max(box.right_px for box in boxes),
        max(box.bottom_px for box in boxes),
    )


def _top_px(step: Step) -> tuple[float, float]:
    return (step.box.top_px, step.box.left_px) if step.box else (0.0, 0.0)


def _in_order(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=lambda gap: gap.span))


def _when(span: Span) -> str:
    return format_span(span.start_s, span.end_s)
