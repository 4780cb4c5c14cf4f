"""Needle tests that others have published, as presets of ours, each with its source and what differs. Plain data.

What a preset says may be overridden choice by choice. Its figures can be set beside published ones only as far as
`Protocol.differs` allows: haystacks and needles are not the authors' own.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from videoindex.errors import UsageError
from videoindex.evaluation.grid import Parity
from videoindex.evaluation.judging import ScoredBy
from videoindex.evaluation.needle_run import Planting
from videoindex.evaluation.needles import Kind, Prominence
from videoindex.evaluation.tasks import Task

__all__ = ["PROTOCOLS", "Protocol", "Wish", "find_protocol", "merged"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a run can be chosen; None leaves it to the protocol, or to the default.

    ``rate_hz`` is looks a second in place of the settings' own; see `videoindex.evaluation.grid.GridSpec` and
    `videoindex.evaluation.needle_run.NeedleRun` for the rest.
    """

    lengths: str | None = None
    kinds: tuple[Kind, ...] | None = None
    prominences: tuple[Prominence, ...] | None = None
    tasks: tuple[Task, ...] | None = None
    parities: tuple[Parity, ...] | None = None
    depths: int | None = None
    trials: int | None = None
    controls: int | None = None
    haystacks: int | None = None
    distractors: int | None = None
    several: int | None = None
    choices: int | None = None
    needle_s: float | None = None
    seed: int | None = None
    rate_hz: float | None = None
    budget_tokens: int | None = None
    planting: Planting | None = None
    scored_by: ScoredBy | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """``source`` names the publication, ``said`` what it does, ``differs`` what ours does otherwise."""

    name: str
    source: str
    said: str
    differs: str
    wish: Wish


PROTOCOLS: tuple[Protocol, ...] = (
    Protocol(
        "qwen3-vl",
        "Qwen3-VL Technical Report, 2025, arXiv:2511.21631, needle in a haystack",
        "one salient frame at varying depths of videos of up to 2 h, 1 frame a second, picture sizes that keep "
        "the video's tokens constant; beyond 256K tokens with YaRN",
        "a look is two frames close together where theirs are a second apart; the needle is a coloured card; both "
        "places of the needle in its look are tried, and times are judged too unless --score answer is said",
        Wish(
            lengths="1m,5m,10m,20m,30m",
            kinds=("still",),
            parities=("first", "second"),
            depths=10,
            trials=1,
            controls=10,
            needle_s=0.0,
            rate_hz=0.5,
            budget_tokens=256 * 1024,
            planting="sample",
        ),
    ),
    Protocol(
        "v-niah",
        "Zhang et al. 2024, Long Context Transfer from Language to Vision (LongVA), arXiv:2406.16852, V-NIAH",
        "one image needle among 200 to 3,000 frames at 1 frame a second, at even depths; the answer alone counts",
        "two frames make a look, so 200 to 3,000 frames are 200 to 3,000 s at half a look a second; the needles "
        "are coloured cards in place of the authors' five pictures",
        Wish(
            lengths="200s,800s,1400s,2000s,2600s,3000s",
            kinds=("still",),
            parities=("first", "second"),
            depths=5,
            trials=5,
            controls=10,
            needle_s=0.0,
            rate_hz=0.5,
            planting="sample",
            scored_by="answer",
        ),
    ),
    Protocol(
        "secret-word",
        "Gemini Team 2024, Gemini 1.5, arXiv:2403.05530, video needle in a haystack",
        "a sentence with a secret word written over one frame, 1 frame a second, hours long; the word alone "
        "counts",
        "the sentence names an attribute that only it has; lengths are set to what a context of 1M tokens holds "
        "here",
        Wish(
            lengths="5m,30m,1h,2h",
            kinds=("overlay",),
            parities=("first", "second"),
            depths=10,
            trials=1,
            controls=10,
            needle_s=0.0,
            rate_hz=0.5,
            budget_tokens=1024 * 1024,
            planting="sample",
            scored_by="answer",
        ),
    ),
    Protocol(
        "vnbench",
        "Zhao et al. 2024, Needle In A Video Haystack (VNBench), arXiv:2406.09367",
        "retrieval, ordering and counting of written and pictured needles in videos of 10 to 180 s; four options, "
        "each question asked with every option in every place, right only when right each time",
        "needles are our sentences and cards, haystacks are made or your own; its 'level 2' needles within one "
        "frame are not made",
        Wish(
            lengths="30s,60s,180s",
            kinds=("overlay", "still"),
            tasks=("retrieval", "ordering", "counting"),
            depths=5,
            trials=4,
            controls=8,
            several=4,
            choices=4,
            needle_s=1.0,
            scored_by="answer",
        ),
    ),
)


def find_protocol(name: str) -> Protocol:
    """The protocol of this name. Raises UsageError naming those there are."""
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    raise UsageError(f"there is no protocol {name!r}; there are {', '.join(one.name for one in PROTOCOLS)}")


def merged(said: Wish, under: Wish) -> Wish:
    """``said``, and where it leaves something open, ``under``."""
    open_names = [field.name for field in dataclasses.fields(Wish) if getattr(said, field.name) is None]
    return dataclasses.replace(said, **{name: getattr(under, name) for name in open_names})
