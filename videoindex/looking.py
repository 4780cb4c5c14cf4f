"""What ``ask --look`` and ``ask --agent`` do with a search's result: the model is opened, and shown recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from videoindex.config import Settings, open_vlm
from videoindex.errors import MediaError, UsageError
from videoindex.index.records import Filters
from videoindex.media.decoders import open_decoder
from videoindex.model_files import missing_files
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.query.agent import AgentAnswer, run_agent, show_nothing
from videoindex.query.agent_steps import Step
from videoindex.query.agent_tools import open_tools
from videoindex.query.frames import propose_from_pictures
from videoindex.query.look import Looked, look, propose_windows
from videoindex.query.look_reply import LookReply, agent_reply, change_reply, look_reply, words_to_look_for
from videoindex.query.rewrite import Rewriter, rewriter
from videoindex.query.search import EventIndex, QueryEmbedder, SearchResult, search
from videoindex.query.state import StateFound, StateQuestion, change_meter, find_change
from videoindex.query.understand import Which
from videoindex.types import Moment, Span, Video

if TYPE_CHECKING:
    from videoindex.perception.vlm.base import Vlm

__all__ = ["Searching", "by_agent", "by_change", "by_look", "names_vlm", "open_rewriter", "require_vlm"]

_FAINT = 0.05
"""What a search scores below this is not looked at: nothing of the question is in it."""

_AROUND_S = 1.0
"""A change that observers wrote down lies within this of their times: their looks are so far apart."""

_MOST_FOUND = 50
"""Moments that a search of the agent gives, of which it is shown ``look.agent.results``."""

_SETUP = (
    "name one in a [vlm] table and give the file with --config: configs/gpu.toml is for a GPU of your own, "
    "configs/server.toml for a server; `videoindex doctor` says what fits and what is missing"
)


@dataclass(frozen=True, slots=True)
class Searching:
    """What a search is made with: the index, what embeds a question, the user's filters, and all settings."""

    index: EventIndex
    embedder: QueryEmbedder
    filters: Filters
    settings: Settings

    def find(self, query: str, filters: Filters, limit: int, confident: float | None = None) -> tuple[Moment, ...]:
        """The best moments, whatever the query's words say of order and number."""
        settings = self.settings.search
        if confident is not None:
            settings = replace(settings, confident=confident)
        found = search(
            self.index, self.embedder, query, filters=filters, limit=limit, which=Which.BEST, settings=settings
        )
        return found.moments


def names_vlm(settings: Settings) -> bool:
    """Whether the settings name a vision-language model: another than the default, or one that is here."""
    vlm = settings.vlm
    return "qwen" in settings.index.observers or vlm != VlmSettings() or not missing_files(vlm.model)


def require_vlm(settings: Settings, flag: str) -> None:
    """Raises UsageError, with the next step, where ``flag`` has no vision-language model to look with."""
    if not names_vlm(settings):
        raise UsageError(f"{flag} needs a vision-language model, and the settings name none: {_SETUP}")


def open_rewriter(settings: Settings) -> Rewriter | None:
    """What words a question anew; None where ``search.rewrites`` is 0. Raises UsageError without a model."""
    if not settings.search.rewrites:
        return None
    require_vlm(settings, "search.rewrites")
    return rewriter(open_vlm(settings), settings.search.rewrites)


def by_look(result: SearchResult, searching: Searching) -> LookReply:
    """Looks again at the moments of ``result``; where there are none, and the question describes a picture, at the
    pictures most like it and the best of what was scored too low. Raises as :func:`videoindex.query.look.look`
    does."""
    question, settings = result.question, searching.settings
    moments = result.moments or _proposed(result, searching)
    if not moments:
        return look_reply(result, Looked((), 0, 0.0))
    vlm = _loaded(settings)
    looked = look(
        words_to_look_for(question),
        moments,
        {video_id: record.video for video_id, record in result.records.items()},
        vlm,
        open_decoder(settings.index.decoder),
        settings.look,
        pictured=question.pictured,
    )
    return look_reply(result, looked, proposed_to=vlm.model if not result.moments else "")


def _proposed(result: SearchResult, searching: Searching) -> tuple[Moment, ...]:
    """What may be worth a look where nothing was found: for a thing that is described, and by itself."""
    question, settings = result.question, searching.settings
    if question.is_open or question.relation is not None:
        return ()
    most, longest_s = settings.look.windows, 2 * settings.look.widen_s
    like = propose_from_pictures(result.suggested, settings.frames.model, longest_s, most)
    if not question.pictured:
        return like
    below = searching.find(question.text, searching.filters, most, _FAINT)
    faint = propose_windows([one for one in below if one.video_id in result.records], settings.look)
    others = [one for one in faint if not any(_overlap(one, other) for other in like)]
    return (*like, *others)[:most]


def _overlap(one: Moment, other: Moment) -> bool:
    return one.video_id == other.video_id and one.span.intersect(other.span) is not None


def by_change(asked: StateQuestion, result: SearchResult, searching: Searching) -> LookReply:
    """Looks for the change that ``asked`` is about in every recording of ``result``, as far as one budget goes.

    Those in which the search found something come first. Raises as :func:`videoindex.query.state.find_change`
    does, save that a file that is gone or broken is said.
    """
    settings = searching.settings
    vlm, decoder = _loaded(settings), open_decoder(settings.index.decoder)
    meter = change_meter(settings.look)
    found: list[StateFound] = []
    missed: list[str] = []
    stretches = list(_stretches(result))
    for number, (video, window) in enumerate(stretches):
        hints = _hints(result, video)
        try:
            one = find_change(asked, video, vlm, decoder, settings.look, span=window, hints=hints, meter=meter)
        except MediaError as error:
            missed.append(f"Not looked at: {error}.")
            continue
        if one.finding.sights:
            found.append(one)
        if one.unspent:
            left = stretches[number + bool(one.finding.sights) :]
            missed += [_left(left, one.unspent)] if left else []
            break
    return change_reply(result, found, missed)


def _stretches(result: SearchResult) -> Iterator[tuple[Video, Span]]:
    """The parts of recordings that are asked about, those with the best moments of the search first."""
    best: dict[str, float] = {}
    for moment in result.moments:
        best[moment.video_id] = max(best.get(moment.video_id, 0.0), moment.score)
    records = sorted(
        result.records.values(), key=lambda record: (-best.get(record.video.id, 0.0), str(record.video.path))
    )
    for record in records:
        for window in result.windows[record.video.id]:
            yield record.video, window


def _hints(result: SearchResult, video: Video) -> list[float]:
    """Instants before, in and after what the search found, and of pictures like what is asked for."""
    spans = [moment.span for moment in result.moments if moment.video_id == video.id]
    around = [
        at_s
        for span in spans
        for at_s in (span.start_s - _AROUND_S, (span.start_s + span.end_s) / 2, span.end_s + _AROUND_S)
    ]
    return [*around, *(one.at_s for one in result.suggested if one.video_id == video.id)]


def _left(stretches: Sequence[tuple[Video, Span]], why: str) -> str:
    names = list(dict.fromkeys(video.path.name for video, _ in stretches))
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
    return f"Not looked at: {shown} ({why})."


def by_agent(
    result: SearchResult, searching: Searching, on_step: Callable[[Step], None]
) -> tuple[LookReply, AgentAnswer]:
    """Lets the model answer the question of ``result`` by itself, within the recordings and times it is about.

    ``on_step`` is told of every step. Raises as :func:`videoindex.query.agent.run_agent` does.
    """
    from videoindex.perception.ocr import TextReader

    settings = searching.settings
    vlm = _loaded(settings)
    tools = open_tools(
        lambda query, filters: searching.find(query, filters, _MOST_FOUND),
        searching.filters,
        vlm,
        open_decoder(settings.index.decoder),
        TextReader(settings.screen_text.threads),
        settings.look,
    )
    videos = [
        _cut(record.video, result.windows[video_id])
        for video_id, record in result.records.items()
        if result.windows[video_id]
    ]
    made = run_agent(result.question.text, videos, vlm, tools, settings.look, on_step=on_step)
    return LookReply(agent_reply(result, made), ()), made


def _cut(video: Video, windows: Sequence[Span]) -> Video:
    """The recording from the first to the last second asked about: there is no other for the model."""
    span = Span(windows[0].start_s, windows[-1].end_s)
    return replace(video, span=span, recorded_at=video.wall_clock(span.start_s))


def _loaded(settings: Settings) -> Vlm:
    """The model, with its weights in memory: the time that they take to load is none of looking."""
    vlm = open_vlm(settings)
    if settings.vlm.backend == "local":
        with vlm.watch(show_nothing()):
            pass
    return vlm
