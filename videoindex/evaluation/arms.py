"""The three ways a needle is asked for: a model that sees the whole haystack, the index alone, the index's
answers.

All give a `Said`. What goes wrong on the way (a server that fails, an answer that cannot be read) is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from videoindex.evaluation.grid import Trial
from videoindex.evaluation.judging import Said, holds_words
from videoindex.evaluation.needle_prompts import (
    NEEDLE_INSTRUCTIONS,
    NEEDLE_SCHEMA,
    SaidNeedle,
    needle_question,
    read_needle,
)
from videoindex.evaluation.needles import Matter
from videoindex.index.records import Filters
from videoindex.media.decoders.base import Decoder
from videoindex.perception.qwen import paired
from videoindex.perception.qwen_answer import read_events
from videoindex.perception.qwen_guards import SeenEvent, guard
from videoindex.perception.qwen_prompt import INSTRUCTIONS, SCHEMA, question
from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Reply, Showing, Vlm, pair_marks_s
from videoindex.query.ask import ask
from videoindex.query.find import EventIndex, QueryEmbedder
from videoindex.query.search import search
from videoindex.query.settings import SearchSettings
from videoindex.query.understand import Which
from videoindex.sampling.mrope import FrameSize, patch_positions, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair, uniform_pairs
from videoindex.types import Moment, Segment, Span, Video

__all__ = ["Asking", "Direct", "Prompt", "Searching"]

Prompt: TypeAlias = Literal["question", "describe"]


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """The model sees all of a haystack, at uniform looks, and is asked.

    ``prompt`` "question" asks about the needle; "describe" asks for all events, with the describer's own words,
    and takes those that name it: for models that were taught to describe only. ``size`` is what pictures are
    shown in.
    """

    vlm: Vlm
    decoder: Decoder
    sampling: SamplingSettings
    size: FrameSize
    prompt: Prompt = "question"
    answer_tokens: int = 1_024

    def looks(self, part: Span) -> list[Pair]:
        return uniform_pairs(part, self.sampling)

    def tokens(self, part: Span) -> int:
        """What the pictures of a part take."""
        return VIDEO_FRAME_TOKENS + sum(patch_tokens(pair.at_s, self.size) for pair in self.looks(part))

    def positions(self, part: Span) -> int:
        return VIDEO_FRAME_TOKENS + sum(patch_positions(pair.at_s, self.size) for pair in self.looks(part))

    def ask(self, video: Video, part: Span, trial: Trial) -> Said:
        """Shows ``part`` once and asks, with options once for each of their orders.

        Raises BackendError where the model fails, MediaError where nothing can be decoded.
        """
        segment = Segment(
            video.id,
            "direct",
            part,
            tuple(at_s for pair in self.looks(part) for at_s in (pair.first_s, pair.second_s)),
            (self.size.width_px, self.size.height_px),
            self.tokens(part),
        )
        planned = pair_marks_s(np.array(segment.at_s_T))
        frames = self.decoder.frames(video, segment.at_s_T, segment.size_px)
        is_asked = self.prompt == "question"
        instructions = NEEDLE_INSTRUCTIONS if is_asked else INSTRUCTIONS
        showing = Showing(str(video.path), part, instructions, paired(frames, segment, []), planned, self.size)
        form = Form(self.answer_tokens, NEEDLE_SCHEMA if is_asked else SCHEMA)
        with self.vlm.watch(showing) as viewing:
            if not is_asked:
                (events,) = ask_parsed(
                    viewing, [question(part, part, video.span)], form, _described(part, planned)
                )
                return _of_events(trial, events, segment.tokens)
            orders = trial.orders or ((),)
            asked = [needle_question(trial.question, part, video.span, order) for order in orders]
            said = ask_parsed(viewing, asked, form, lambda reply: read_needle(reply, self.sampling.interval_s))
        return _of_answers(said, segment.tokens)


def _of_answers(said: Sequence[SaidNeedle | UnfitError], tokens: int) -> Said:
    unfit = next((one for one in said if isinstance(one, UnfitError)), None)
    if unfit is not None:
        return Said(failure=f"the model gave no answer that can be used, asked twice: {unfit}", tokens=tokens)
    read = [one for one in said if isinstance(one, SaidNeedle)]
    windows = tuple(one.span for one in read if one.span is not None)
    text = " / ".join(
        f"{one.answer or 'seen'}{f', {one.span.start_s:g} s' if one.span else ''}" if one.is_seen else "not seen"
        for one in read
    )
    answers = tuple(one.answer if one.is_seen else "" for one in read)
    return Said(windows, answers, text, any(one.is_seen for one in read), tokens=tokens)


def _described(part: Span, marks_s: Sequence[float]) -> Callable[[Reply], tuple[SeenEvent, ...]]:
    def read(reply: Reply) -> tuple[SeenEvent, ...]:
        return guard(read_events(reply), part, marks_s, (1, 1), is_cut=reply.is_cut).events

    return read


def _of_events(trial: Trial, events: tuple[SeenEvent, ...] | UnfitError, tokens: int) -> Said:
    if isinstance(events, UnfitError):
        return Said(failure=f"the model's description cannot be used, asked twice: {events}", tokens=tokens)
    text = " / ".join(f"{event.span.start_s:g} s: {event.text}" for event in events)
    found = [[event.span for event in events if _names(event.text, matter, trial)] for matter in trial.matters]
    named = next((event.text for event in events if _names(event.text, trial.matters[0], trial)), "")
    return _counted(trial, found, named, text or "nothing happens", tokens)


def _names(text: str, matter: Matter, trial: Trial) -> bool:
    """Whether a description is of this needle; where several are alike but for the answer, of the one it is."""
    told_by = matter.answer if trial.task in ("ordering", "counting") and not matter.subject else ""
    return holds_words(text, " ".join((*matter.cues, told_by)))


def _counted(trial: Trial, found: Sequence[Sequence[Span]], named: str, text: str, tokens: int = 0) -> Said:
    """What was found of each needle, as the answer to the trial's question."""
    is_find = any(found)
    if trial.task == "counting":
        return Said((), (str(len(found[0])),), text, is_find, tokens=tokens)
    if trial.task == "ordering":
        # The answer lists names in their true order: theirs is the order of the matters.
        names = trial.answer.split(", ")
        seen = sorted((spans[0].start_s, name) for spans, name in zip(found, names, strict=True) if spans)
        return Said((), (", ".join(name for _, name in seen),), text, is_find, tokens=tokens)
    return Said(tuple(found[0]), (named,) if named else (), text, is_find, tokens=tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Searching:
    """The index alone: a search for what is asked about, in one recording."""

    index: EventIndex
    embedder: QueryEmbedder
    settings: SearchSettings
    video_id: str

    def ask(self, trial: Trial) -> Said:
        """Raises IndexStoreError where the index cannot be read."""
        moments = [self._moments(matter, trial) for matter in trial.matters]
        best = moments[0][0] if moments[0] else None
        text = _texts(best) if best else "not found"
        named = text if best else ""
        return _counted(trial, [[moment.span for moment in found] for found in moments], named, text)

    def _moments(self, matter: Matter, trial: Trial) -> tuple[Moment, ...]:
        which = Which.EVERY if trial.task == "counting" else None
        only = Filters(video_ids=(self.video_id,))
        return search(
            self.index, self.embedder, matter.name, filters=only, limit=10, which=which, settings=self.settings
        ).moments


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """The index's answers, as ``videoindex ask`` gives them."""

    index: EventIndex
    embedder: QueryEmbedder
    settings: SearchSettings
    video_id: str

    def ask(self, trial: Trial) -> Said:
        """Raises IndexStoreError where the index cannot be read."""
        only, every = Filters(video_ids=(self.video_id,)), trial.task == "counting"
        replies = [
            ask(
                self.index,
                self.embedder,
                trial.question if every else matter.when_question,
                filters=only,
                every=every,
                settings=self.settings,
            )
            for matter in trial.matters
        ]
        answer = replies[0].answer
        spans = [[moment.span for moment in reply.answer.moments] for reply in replies]
        named = " ".join((answer.text, *(_texts(moment) for moment in answer.moments[:1]))) if spans[0] else ""
        return _counted(trial, spans, named, answer.text)


def _texts(moment: Moment) -> str:
    return " / ".join(dict.fromkeys(event.text for event in moment.events))
