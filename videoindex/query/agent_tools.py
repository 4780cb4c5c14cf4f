"""The tools of a model that answers by itself, over an index and the recordings' files. All of them only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from videoindex.index.records import Filters
from videoindex.media.decoders.base import Decoder
from videoindex.perception.text_watch import Reader
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Looks, Reply, Showing, Vlm
from videoindex.query.agent_steps import Glimpse, Tools
from videoindex.query.look_answers import Seen, read_description
from videoindex.query.look_budget import Budget, Counted, Meter, text_tokens, worst_tokens
from videoindex.query.look_prompts import DESCRIBE_INSTRUCTIONS, DESCRIBE_SCHEMA, describe_question
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.look_windows import LookWindow, shown_spans, window_around
from videoindex.query.read import Readers, ReadSettings, Time, Wish
from videoindex.query.read_looks import decoded_looks
from videoindex.query.read_page import read_pages
from videoindex.types import Moment, Span, Video

__all__ = ["look_at", "narrowed", "open_tools", "read_text"]

_QUESTION_BYTES = 2_400  # of the question of a look: an action's is 500 characters at most


def open_tools(
    find: Callable[[str, Filters], Sequence[Moment]],
    filters: Filters,
    vlm: Vlm,
    decoder: Decoder,
    ocr: Reader,
    settings: SecondLookSettings,
) -> Tools:
    """Tools over ``find``, a search for moments, which stays within the user's own ``filters``.

    Looks are planned as a second look's windows are; text is read by character recognition.
    """

    def search_events(query: str, source: str | None, after: Time | None, before: Time | None) -> Sequence[Moment]:
        return find(query, narrowed(filters, source, after, before))

    def look(video: Video, span: Span, question: str) -> Glimpse:
        return look_at(video, span, question, vlm, decoder, settings)

    def read(video: Video, at_s: float) -> str:
        return read_text(video, at_s, decoder, ocr)

    longest = "x" * _QUESTION_BYTES
    worst = settings.window_tokens + worst_tokens(DESCRIBE_INSTRUCTIONS, longest, settings.answer_tokens)
    return Tools(search_events, look, read, worst)


def narrowed(filters: Filters, source: str | None, after: Time | None, before: Time | None) -> Filters:
    """``filters`` with further ones, none of them widened. Raises UsageError where nothing is left of a span."""
    if source is not None and (not filters.sources or source in filters.sources):
        filters = replace(filters, sources=(source,))
    if isinstance(after, float):
        after = after if filters.after_s is None else max(after, filters.after_s)
        filters = replace(filters, after_s=after)
    elif after is not None:
        filters = replace(filters, after_wall=max(after, filters.after_wall or after))
    if isinstance(before, float):
        before = before if filters.before_s is None else min(before, filters.before_s)
        return replace(filters, before_s=before)
    if before is not None:
        return replace(filters, before_wall=min(before, filters.before_wall or before))
    return filters


def look_at(
    video: Video, span: Span, question: str, vlm: Vlm, decoder: Decoder, settings: SecondLookSettings
) -> Glimpse:
    """Watches ``span`` of ``video`` and answers ``question`` about it; what the model said of times at which no
    picture was shown is left out.

    Raises MediaError where the file cannot be opened, and BackendError where the model fails.
    """
    window = window_around(video, span, replace(settings, widen_s=0.0))
    looks, _ = decoded_looks(video, window.pairs, decoder, window.size)
    if not len(looks):
        return Glimpse("nothing of this part can be decoded")
    asked = describe_question(question, window.span, video.span)
    meter = Meter(Budget("look.agent", 0, 1.0))
    meter.tokens = window.tokens + text_tokens(DESCRIBE_INSTRUCTIONS)
    said = _described(asked, window, looks, vlm, settings, meter)
    if isinstance(said, UnfitError):
        return Glimpse(f"the model gave no answer that can be used: {said}", tokens=meter.tokens)
    shown = shown_spans(window.span, looks.marks_s, window.interval_s)
    return Glimpse(said.text, said.at_s, shown, meter.tokens)


def _described(
    asked: str, window: LookWindow, looks: Looks, vlm: Vlm, settings: SecondLookSettings, meter: Meter
) -> Seen | UnfitError:
    showing = Showing(
        str(window.video.path), window.span, DESCRIBE_INSTRUCTIONS, (looks,), looks.marks_s, window.size
    )
    form = Form(settings.answer_tokens, DESCRIBE_SCHEMA.text)

    def parse(reply: Reply) -> Seen:
        return read_description(reply, window.interval_s, looks.marks_s)

    with vlm.watch(showing) as viewing:
        (said,) = ask_parsed(Counted(viewing, meter), [asked], form, parse)
    return said


def read_text(video: Video, at_s: float, decoder: Decoder, ocr: Reader) -> str:
    """The words in the picture at ``at_s``, by character recognition. Raises MediaError where it cannot be
    decoded."""
    (page,) = read_pages(video, Wish(at=(at_s,)), Readers(decoder, ocr), ReadSettings()).pages
    return page.text
