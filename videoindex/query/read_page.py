"""Reading instants: what one picture shows, as text or as JSON of a user's schema, with boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoindex.clock import format_clock
from videoindex.errors import BackendError, DecodeError
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Reply, Showing, still_showing
from videoindex.query.read import Readers, ReadSettings, Wish, instants, need_vlm, require_picture
from videoindex.query.read_answers import DataBox, Filled, envelope, filled
from videoindex.query.read_lines import ReadLine, read_lines
from videoindex.query.read_prompts import READ_INSTRUCTIONS, TRANSCRIBE, fill_instructions, fill_question
from videoindex.query.read_schema import Schema
from videoindex.types import Box, Video

__all__ = ["Page", "Reading", "read_pages"]

_TEXT_ALONE = (
    "read by character recognition alone: the text and where it stands, not what the picture shows; "
    'a vision-language model ("qwen" in index.observers) could tell that'
)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What one instant shows. ``frame_s`` is the time stamp of the picture that is on display at ``at_s``.

    ``text`` is what was read, or answered; empty where ``data`` was asked for. ``lines`` are those of character
    recognition, whoever else reads; there are none beside ``data``, which has ``boxes`` of its own.
    """

    at_s: float
    frame_s: float
    text: str = ""
    lines: tuple[ReadLine, ...] = ()
    data: Any = None
    boxes: tuple[DataBox, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All pages of one request, in the order asked for; ``reader`` made the text or the data of them all."""

    video: Video
    reader: str
    pages: tuple[Page, ...]
    is_data: bool
    notes: tuple[str, ...] = ()


def read_pages(video: Video, wish: Wish, readers: Readers, settings: ReadSettings) -> Reading:
    """Reads the instants of ``wish``, one picture each.

    Raises:
        UsageError: an instant outside the recording.
        ConfigError: a wish that only a vision-language model can meet, while there is none.
        DecodeError: nothing can be decoded at an instant, or there is no picture at all.
        BackendError: the model failed, or gave no answer that can be used when asked a second time.
    """
    if readers.vlm is None and wish.schema is not None:
        raise need_vlm("--schema", "character recognition reads lines, it does not know which value they are")
    if readers.vlm is None and wish.prompt:
        raise need_vlm("--prompt", "character recognition reads what is written, it answers no questions")
    require_picture(video)
    pages = tuple(_page(video, at_s, readers, wish, settings) for at_s in instants(video, wish.at))
    notes = (_TEXT_ALONE,) if readers.vlm is None else ()
    return Reading(video, readers.name, pages, wish.schema is not None, notes)


def _page(video: Video, at_s: float, readers: Readers, wish: Wish, settings: ReadSettings) -> Page:
    if wish.schema is not None:
        return _filled_page(video, at_s, readers, wish.prompt, wish.schema, settings)
    frame_s, rgb_HWC = _picture(video, at_s, readers, settings.searched_px(video))
    seen = read_lines(rgb_HWC, at_s, readers.ocr, readers.screen_text.least_confidence)
    lines = tuple(_displayed(line, video, rgb_HWC) for line in seen.lines)
    notes = []
    if seen.unsure:
        least = readers.screen_text.least_confidence
        count = "1 line was" if seen.unsure == 1 else f"{seen.unsure} lines were"
        notes.append(f"{count} read with less confidence than screen_text.least_confidence ({least:g}): left out")
    text = seen.text
    if readers.vlm is not None:
        text, more = _told(video, at_s, readers, wish.prompt or TRANSCRIBE, settings)
        notes += more
    elif not lines:
        notes.append("no text was found in the picture")
    return Page(at_s, frame_s, text, lines, notes=tuple(notes))


def _displayed(line: ReadLine, video: Video, rgb_HWC: NDArray[np.uint8]) -> ReadLine:
    """The line with its box in pixels of the displayed picture, of which ``rgb_HWC`` may be another size."""
    high, wide = (video.height_px / rgb_HWC.shape[0], video.width_px / rgb_HWC.shape[1])
    box = line.box
    return replace(
        line, box=Box(box.at_s, box.left_px * wide, box.top_px * high, box.right_px * wide, box.bottom_px * high)
    )


def _told(
    video: Video, at_s: float, readers: Readers, question: str, settings: ReadSettings
) -> tuple[str, list[str]]:
    """What the model says of the picture in free text, and notes on it."""
    assert readers.vlm is not None
    _, showing = _showing(video, at_s, readers, READ_INSTRUCTIONS, settings)
    with readers.vlm.watch(showing) as viewing:
        reply = viewing.ask([question], Form(settings.answer_tokens))[0]
    if not reply.text.strip():
        why = " within --answer-tokens; raise it" if reply.is_cut else "; ask it something else with --prompt"
        raise BackendError(f"{_place(video, at_s)}: {readers.vlm.model} gave no answer{why}")
    cut = f"the answer was cut off at {settings.answer_tokens:,} tokens; raise --answer-tokens"
    return reply.text.strip(), [cut] if reply.is_cut else []


def _filled_page(
    video: Video, at_s: float, readers: Readers, prompt: str, schema: Schema, settings: ReadSettings
) -> Page:
    assert readers.vlm is not None
    frame_s, showing = _showing(video, at_s, readers, fill_instructions(schema), settings)
    form = Form(settings.answer_tokens, envelope(schema))

    def parse(reply: Reply) -> Filled:
        return filled(reply.text, schema, video, at_s)

    with readers.vlm.watch(showing) as viewing:
        (made,) = ask_parsed(viewing, [fill_question(prompt)], form, parse)
    if isinstance(made, UnfitError):
        raise BackendError(
            f"{_place(video, at_s)}: {readers.vlm.model} gave no answer that satisfies {schema.name}, asked "
            f"twice: {made}. Make the schema smaller, say more with --prompt, or use a larger model"
        )
    return Page(at_s, frame_s, data=made.data, boxes=made.boxes, notes=made.notes)


def _showing(
    video: Video, at_s: float, readers: Readers, instructions: str, settings: ReadSettings
) -> tuple[float, Showing]:
    """The true time of the picture at an instant, and the picture as the model is shown it."""
    size = settings.shown_px(video)
    frame_s, rgb_HWC = _picture(video, at_s, readers, (size.width_px, size.height_px))
    return frame_s, still_showing(str(video.path), at_s, rgb_HWC, size, instructions)


def _picture(
    video: Video, at_s: float, readers: Readers, size_px: tuple[int, int]
) -> tuple[float, NDArray[np.uint8]]:
    for frames in readers.decoder.frames(video, (at_s,), size_px):
        if len(frames):
            return float(frames.pts_s_T[0]), frames.rgb_THWC[0]
    raise DecodeError(
        f"{_place(video, at_s)}: the picture cannot be decoded; try an instant a second or two away, or see what "
        "is damaged with `videoindex probe`"
    )


def _place(video: Video, at_s: float) -> str:
    return f"{video.path} at {format_clock(at_s)} ({at_s:.3f} s)"
