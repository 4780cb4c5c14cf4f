"""The ``ask`` command: a search, what looking makes of it where that is wished, and pictures of what is cited."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.config import Settings, open_backends, open_picture_search, open_reranker
from videoindex.errors import UsageError
from videoindex.index.records import Filters
from videoindex.looking import Searching, by_agent, by_change, by_look, names_vlm, open_rewriter, require_vlm
from videoindex.media.decoders import open_decoder
from videoindex.picturing import Pictures, check_folder, save_pictures
from videoindex.query.agent import steps_text
from videoindex.query.agent_steps import Step
from videoindex.query.ask import Reply, ask
from videoindex.query.look_render import shown_json, shown_text, steps_json
from videoindex.query.look_reply import LookReply, Shown, with_sentence
from videoindex.query.render import Json, answer_text, ask_json
from videoindex.query.state import state_question

if TYPE_CHECKING:
    from videoindex.index.store import Store

__all__ = ["AskWish", "Asked", "answer_question", "asked_document", "asked_text", "steps_text"]


@dataclass(frozen=True, slots=True)
class AskWish:
    """What is asked, and how: ``is_look`` to look again, ``is_agent`` to let the model find out by itself;
    ``evidence`` is a folder for pictures of what is cited.

    Raises UsageError where the parts do not go together, or the folder cannot be one.
    """

    question: str
    every: bool = False
    limit: int = 10
    is_look: bool = False
    is_agent: bool = False
    evidence: Path | None = None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> AskWish:
        """What the command line asks for."""
        return cls(
            arguments.question,
            arguments.all,
            arguments.limit,
            arguments.look,
            arguments.agent,
            arguments.evidence,
        )

    def __post_init__(self) -> None:
        if self.is_look and self.is_agent:
            raise UsageError("--look has the model judge what was found, --agent lets it search: choose one")
        if self.evidence is not None:
            check_folder(self.evidence)

    def check(self, settings: Settings) -> None:
        """Raises UsageError where the settings name no model and one is needed."""
        if self.is_look or self.is_agent:
            require_vlm(settings, "--look" if self.is_look else "--agent")


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer; what was looked at and the steps that were taken for it, and its pictures; None where these were
    not asked for. ``notes`` are for standard error."""

    reply: Reply
    shown: tuple[Shown, ...] | None = None
    steps: tuple[Step, ...] | None = None
    pictures: tuple[Path | None, ...] | None = None
    notes: tuple[str, ...] = ()


def answer_question(
    wish: AskWish, filters: Filters, store: Store, settings: Settings, on_step: Callable[[Step], None]
) -> Asked:
    """Answers from the index, and by looking where that is wished. ``on_step`` is told of an agent's steps.

    Raises UsageError as ``search`` does, BackendError where the model fails, OSError for pictures that cannot be
    written.
    """
    embedder = open_backends(settings).embedder
    reply = ask(
        store,
        embedder,
        wish.question,
        filters=filters,
        every=wish.every,
        limit=wish.limit,
        settings=settings.search,
        rewriter=open_rewriter(settings),
        pictures=open_picture_search(settings, store),
        reranker=open_reranker(settings),
    )
    looked, asked = _looked(wish, reply, Searching(store, embedder, filters, settings), on_step)
    if wish.evidence is None:
        return asked
    saved = _pictures(looked, wish.evidence, settings)
    return replace(asked, pictures=saved.files, notes=saved.notes)


def _looked(
    wish: AskWish, reply: Reply, searching: Searching, on_step: Callable[[Step], None]
) -> tuple[LookReply, Asked]:
    """What looking makes of the reply."""
    result = reply.result
    change = state_question(result.question.text)
    if not result.records:  # nothing is indexed: the reply says so
        return LookReply(reply, ()), Asked(reply)
    if wish.is_agent:
        looked, made = by_agent(result, searching, on_step)
        return looked, Asked(looked.reply, steps=made.steps)
    if wish.is_look:
        looked = by_change(change, result, searching) if change else by_look(result, searching)
        return looked, Asked(looked.reply, looked.shown)
    if change:
        reply = with_sentence(reply, _how_to_tell(searching.settings))
    return LookReply(reply, ()), Asked(reply)


def _how_to_tell(settings: Settings) -> str:
    """For a question about a change: what would answer it exactly."""
    able = "" if names_vlm(settings) else ", once a vision-language model is set up: see `videoindex doctor`"
    return f"This is when observers wrote something down; --look finds the change itself{able}."


def _pictures(looked: LookReply, folder: Path, settings: Settings) -> Pictures:
    videos = {video_id: record.video for video_id, record in looked.reply.result.records.items()}
    moments = looked.reply.answer.moments
    return save_pictures(moments, videos, folder, lambda: open_decoder(settings.index.decoder), looked.instants)


def asked_document(asked: Asked) -> dict[str, Json]:
    """``ask --json``: with ``looks``, ``steps`` and each moment's ``evidence`` where they were asked for."""
    document = ask_json(asked.reply)
    if asked.shown is not None:
        document["looks"] = shown_json(asked.shown)
    if asked.steps is not None:
        document["steps"] = steps_json(asked.steps)
    moments = document["moments"]
    assert isinstance(moments, list)
    for moment, picture in zip(moments, asked.pictures or (), strict=asked.pictures is not None):
        assert isinstance(moment, dict)
        moment["evidence"] = None if picture is None else str(picture)
    return document


def asked_text(asked: Asked) -> str:
    """The answer, its moments with their pictures, and what was looked at."""
    beneath = [f"picture {picture}" if picture else "no picture" for picture in asked.pictures or ()]
    parts = [answer_text(asked.reply, beneath), shown_text(asked.shown or ())]
    return "\n".join(part for part in parts if part)
