"""Which moments are looked at again, in which windows and at which instants, within a budget. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from videoindex.errors import ConfigError, MediaError
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.understand import CAPTIONS, SPEECH
from videoindex.sampling.mrope import FrameSize, fit_frame, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS
from videoindex.sampling.ticks import Pair
from videoindex.types import Event, Moment, Span, Video, merge_spans

__all__ = [
    "LOOK",
    "LeftOut",
    "LookPlan",
    "LookWindow",
    "only_heard",
    "plan_look",
    "propose_windows",
    "require_file",
    "seen_moment",
    "shown_spans",
    "window_around",
]

_ROUNDING_S = 1e-6  # looks that follow each other leave no hole
LOOK = "look"
"""The source of events that looking again wrote down, beside those of the observers."""

_UNSAID = 0.5  # how sure a model is that does not say so
_PAIR_GAP_S = 0.1  # between the two pictures of a look, as the describer has it
_SHARE_OF_ROOM = 0.5  # of the time to the next look, or to the window's end, that the gap takes at most


@dataclass(frozen=True, slots=True)
class LookWindow:
    """What is shown for one moment: ``pairs``, the looks, all inside ``span``; one is in the middle of the moment.

    ``interval_s`` is the time between two looks, ``tokens`` what the pictures take.
    """

    video: Video
    candidate: Span
    span: Span
    pairs: tuple[Pair, ...]
    size: FrameSize
    interval_s: float
    tokens: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a moment is not looked at."""

    reason: str


@dataclass(frozen=True, slots=True)
class LookPlan:
    """For each moment, in the order given, its window or why it has none."""

    parts: tuple[LookWindow | LeftOut, ...]

    @property
    def windows(self) -> tuple[LookWindow, ...]:
        return tuple(part for part in self.parts if isinstance(part, LookWindow))


def plan_look(
    moments: Sequence[Moment],
    videos: Mapping[str, Video],
    settings: SecondLookSettings,
    text_tokens: int,
    *,
    pictured: bool = False,
) -> LookPlan:
    """Windows for as many of ``moments`` as the budget allows, in the order given.

    Each window is planned to take its pictures and ``text_tokens``, what its question, its answer and a second
    try of both take at most. Moments that rest on what was said alone have none, save where the question is
    ``pictured``: the model sees, it does not hear. Raises ConfigError where not even one look fits a window.
    """
    parts: list[LookWindow | LeftOut] = []
    spent = shown = 0
    for moment in moments:
        part = _part(moment, videos, settings, pictured=pictured)
        if isinstance(part, LookWindow):
            if shown == settings.windows:
                part = LeftOut(f"look.windows ({settings.windows}) allows no more")
            elif spent + part.tokens + text_tokens > settings.token_budget:
                part = LeftOut(f"look.token_budget ({settings.token_budget:,}) has room for no more")
            else:
                shown += 1
                spent += part.tokens + text_tokens
        parts.append(part)
    return LookPlan(tuple(parts))


def _part(
    moment: Moment, videos: Mapping[str, Video], settings: SecondLookSettings, *, pictured: bool
) -> LookWindow | LeftOut:
    video = videos.get(moment.video_id)
    if video is None:
        return LeftOut(f"video {moment.video_id} is not among those asked about")
    if not video.has_picture:
        return LeftOut(f"{video.path} has no picture to look at")
    if only_heard(moment) and not pictured:
        return LeftOut("it rests on what was said, which pictures do not show")
    if moment.span.intersect(video.span) is None:
        return LeftOut(f"it lies outside {video.path}, which ends at {video.span.end_s:.1f} s")
    return window_around(video, moment.span, settings)


def require_file(video: Video) -> None:
    """Raises MediaError where the recording is not where it was indexed."""
    if not video.path.is_file():
        raise MediaError(
            f"{video.path} is not there any more, so nothing can be looked at; `videoindex index` on the file at "
            "its new place mends that"
        )


def only_heard(moment: Moment) -> bool:
    """Whether all that speaks for a moment was heard or stands in captions."""
    return all(event.source in (SPEECH, CAPTIONS) for event in moment.events)


def propose_windows(below: Sequence[Moment], settings: SecondLookSettings) -> tuple[Moment, ...]:
    """Of the moments that search scored too low to report, those worth a look: the best, best first.

    For questions about what a picture shows where search found nothing. No window is guessed from thumbnails or
    from where the picture changed: that a picture changed says nothing about what is asked, and a model that is
    asked often enough says yes. So what no observer wrote down at all stays unfound, and the answer must say so.
    """
    return tuple(
        sorted(below, key=lambda moment: (-moment.score, moment.video_id, moment.span))[: settings.windows]
    )


def window_around(video: Video, candidate: Span, settings: SecondLookSettings) -> LookWindow:
    """``candidate`` widened by ``settings.widen_s`` within the recording, and its looks.

    The looks lie ``1 / rate_hz`` apart, further where ``window_tokens`` allows no more of them, counted from the
    candidate's middle, so that one shows it however short it is. Raises ConfigError where no look fits, and
    ValueError where the candidate lies outside the recording.
    """
    inside = candidate.intersect(video.span)
    if inside is None:
        raise ValueError(f"{candidate} lies outside {video.span}")
    span = Span(
        max(video.span.start_s, inside.start_s - settings.widen_s),
        min(video.span.end_s, inside.end_s + settings.widen_s),
    )
    size = fit_frame(video.width_px, video.height_px, settings.min_pixels, settings.max_pixels)
    each = patch_tokens(span.end_s, size)
    most = (settings.window_tokens - VIDEO_FRAME_TOKENS) // each
    if most < 1:
        raise ConfigError(
            f"look.window_tokens ({settings.window_tokens}) is too small for one look of {size.width_px} x "
            f"{size.height_px} px, which needs {each + VIDEO_FRAME_TOKENS}; raise it, or lower look.max_pixels "
            f"({settings.max_pixels})"
        )
    interval_s = 1.0 / settings.rate_hz
    if span.duration_s > most * interval_s:
        # The grid has a look at the middle of the candidate, and up to one interval is lost at either end.
        interval_s = span.duration_s / max(1, most - 1) if most > 1 else 2 * span.duration_s
    pairs = _pairs(span, (inside.start_s + inside.end_s) / 2, interval_s)
    tokens = VIDEO_FRAME_TOKENS + sum(patch_tokens(pair.at_s, size) for pair in pairs)
    return LookWindow(video, inside, span, pairs, size, interval_s, tokens)


def seen_moment(video_id: str, span: Span, text: str, model: str) -> Moment:
    """A moment that looking found by itself, not a search: what ``model`` saw over ``span``."""
    event = Event.observed(video_id, span, text, source=LOOK, model=model, confidence=_UNSAID)
    return Moment(video_id, span, _UNSAID, (replace(event, verified=True),))


def shown_spans(window: Span, marks_s: Sequence[float], interval_s: float) -> tuple[Span, ...]:
    """What of ``window`` the looks marked ``marks_s`` show: half the time between two looks around each, and up to
    the window's ends where these are no further from a look than two looks are from each other."""
    edges_s = [(mark_s - interval_s / 2, mark_s + interval_s / 2) for mark_s in marks_s]
    around = [
        Span(
            window.start_s if start_s - interval_s / 2 <= window.start_s else start_s,
            window.end_s if end_s + interval_s / 2 >= window.end_s else end_s,
        )
        for start_s, end_s in edges_s
    ]
    return tuple(merge_spans(around, join_gap_s=_ROUNDING_S))


def _pairs(span: Span, middle_s: float, interval_s: float) -> tuple[Pair, ...]:
    """Looks ``interval_s`` apart, one of them at ``middle_s``, with both pictures inside ``span``."""
    room_s = min(middle_s - span.start_s, span.end_s - middle_s)
    half_gap_s = min(_PAIR_GAP_S / 2, _SHARE_OF_ROOM * interval_s / 2, _SHARE_OF_ROOM * room_s)
    first = -math.floor((middle_s - half_gap_s - span.start_s) / interval_s)
    last = math.ceil((span.end_s - half_gap_s - middle_s) / interval_s) - 1
    marks_s = [middle_s + k * interval_s for k in range(first, last + 1)]
    return tuple(
        Pair(mark_s - half_gap_s, mark_s + half_gap_s)
        for mark_s in marks_s
        if mark_s - half_gap_s in span and mark_s + half_gap_s in span
    )
