"""Instants to segments: sample once, then pack, so that no hole opens at a seam. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from videoindex.errors import ConfigError
from videoindex.sampling.mrope import FrameSize, patch_positions, patch_tokens
from videoindex.sampling.settings import SamplingSettings
from videoindex.sampling.ticks import Pair
from videoindex.types import Segment, Span

__all__ = ["VIDEO_FRAME_TOKENS", "pack"]

# The chat template keeps one <|vision_start|> ... <|vision_end|> round the whole video.
VIDEO_FRAME_TOKENS = 2


def pack(
    video_id: str,
    observer: str,
    span: Span,
    pairs: Sequence[Pair],
    size: FrameSize,
    settings: SamplingSettings,
) -> list[Segment]:
    """Packs the looks of a video, in order, into as few segments as both budgets allow.

    Each segment is filled before the next is begun. The segments' spans cover ``span`` with neither hole nor
    overlap: a seam lies midway between the last frame before and the first frame after it. A pair is never split.
    ``tokens`` and ``positions`` count the video's part of the prompt; with ``settings.reserved_tokens`` for the
    text they stay within ``settings.token_budget`` and ``settings.position_budget``.

    Raises ConfigError when a single look exceeds a budget, and ValueError when the pairs do not rise, overlap
    each other or lie outside ``span``.
    """
    _check_order(span, pairs)
    groups: list[_Group] = []
    for pair in pairs:
        tokens, positions = patch_tokens(pair.at_s, size), patch_positions(pair.at_s, size)
        if not (groups and groups[-1].takes(tokens, positions, settings)):
            groups.append(_Group())
            if not groups[-1].takes(tokens, positions, settings):
                raise ConfigError(_too_small(tokens, positions, size, settings))
        groups[-1].add(pair, tokens, positions)
    seams = [(a.pairs[-1].second_s + b.pairs[0].first_s) / 2 for a, b in pairwise(groups)]
    edges = [span.start_s, *seams, span.end_s]
    return [
        Segment(
            video_id=video_id,
            observer=observer,
            span=Span(start_s, end_s),
            at_s_T=tuple(at_s for pair in group.pairs for at_s in (pair.first_s, pair.second_s)),
            size_px=(size.width_px, size.height_px),
            tokens=group.tokens,
            positions=group.positions,
        )
        for group, start_s, end_s in zip(groups, edges, edges[1:], strict=False)
    ]


class _Group:
    """The looks of a segment being filled, and what they cost so far."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.tokens = VIDEO_FRAME_TOKENS
        self.positions = VIDEO_FRAME_TOKENS

    def takes(self, tokens: int, positions: int, settings: SamplingSettings) -> bool:
        return (
            self.tokens + tokens + settings.reserved_tokens <= settings.token_budget
            and self.positions + positions + settings.reserved_tokens <= settings.position_budget
        )

    def add(self, pair: Pair, tokens: int, positions: int) -> None:
        self.pairs.append(pair)
        self.tokens += tokens
        self.positions += positions


def _check_order(span: Span, pairs: Sequence[Pair]) -> None:
    for before, after in pairwise(pairs):
        if after.first_s <= before.second_s:
            raise ValueError(f"looks must rise without overlap, got {before} before {after}")
    if pairs and not (pairs[0].first_s in span and pairs[-1].second_s in span):
        raise ValueError(f"looks {pairs[0].first_s}..{pairs[-1].second_s} lie outside {span}")


def _too_small(tokens: int, positions: int, size: FrameSize, settings: SamplingSettings) -> str:
    over_tokens = VIDEO_FRAME_TOKENS + tokens + settings.reserved_tokens > settings.token_budget
    name = "token_budget" if over_tokens else "position_budget"
    need = VIDEO_FRAME_TOKENS + settings.reserved_tokens + (tokens if over_tokens else positions)
    return (
        f"sampling.{name} ({getattr(settings, name)}) is too small for one look of {size.width_px} x "
        f"{size.height_px} px, which needs {need} with sampling.reserved_tokens; raise it to {need} or more, "
        f"or lower sampling.max_pixels ({settings.max_pixels})"
    )
