"""The arguments of ``eval needle``. Imports nothing heavy: the command line is built of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

__all__ = ["ARM_NAMES", "KIND_NAMES", "PROTOCOL_NAMES", "add_needle_arguments"]

ARM_NAMES = ("direct", "index", "ask")
KIND_NAMES = ("overlay", "still", "clip", "speech")
PROMINENCE_NAMES = ("salient", "blended")
TASK_NAMES = ("retrieval", "ordering", "counting")
PARITY_NAMES = ("any", "first", "second")
PROTOCOL_NAMES = ("qwen3-vl", "v-niah", "secret-word", "vnbench")


def add_needle_arguments(needle: argparse.ArgumentParser) -> None:
    """Adds what is asked, of what, and how, as three groups."""
    run = needle.add_argument_group("run")
    run.add_argument(
        "--arm",
        type=_listed(ARM_NAMES),
        metavar="ARMS",
        default=("index",),
        help="who is asked: direct (the model sees it all), index (a search), ask; or index,ask (index)",
    )
    run.add_argument("--protocol", choices=PROTOCOL_NAMES, help="a published test's choices, where not overridden")
    run.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar="DIR",
        default=Path("needle-run"),
        help="trials, pictures and report; a run there is gone on with (needle-run)",
    )
    run.add_argument("--dry-run", action="store_true", help="only tell what it would take")
    run.add_argument(
        "--haystack",
        type=Path,
        metavar="FILE",
        help="plant in a copy of this recording (else in one made here): a health check of your settings",
    )
    run.add_argument("--seed", type=_number(int, 0), metavar="N", help="another draw of everything (0)")
    _add_grid(needle)
    _add_direct(needle)


def _add_grid(needle: argparse.ArgumentParser) -> None:
    grid = needle.add_argument_group("grid")
    add = grid.add_argument
    add("--lengths", metavar="LIST", help="90s,5m,2h of time or 16k,1M tokens of pictures (10m; your file's own)")
    add("--depths", type=_number(int, 1), metavar="N", help="bands of depth (5)")
    add("--trials", type=_number(int, 1), metavar="N", help="needles in each cell (2)")
    add("--controls", type=_number(int, 0), metavar="N", help="questions with no needle, of each length (5)")
    add(
        "--kinds",
        type=_listed(KIND_NAMES),
        metavar="LIST",
        help=f"of {', '.join(KIND_NAMES)} (what the settings' observers can see or hear)",
    )
    add("--look", type=_listed(PROMINENCE_NAMES), metavar="LIST", help="salient, blended (salient)")
    add("--tasks", type=_listed(TASK_NAMES), metavar="LIST", help="retrieval, ordering, counting (retrieval)")
    add("--needle-s", type=_number(float, 0), metavar="S", help="how long a seen needle lasts; 0: one frame (2)")
    add(
        "--parity",
        type=_listed(PARITY_NAMES),
        metavar="LIST",
        help="whether it begins with a look's first or second frame: first, second, any (any)",
    )
    add("--haystacks", type=_number(int, 1), metavar="N", help="parts of the recording to spread trials over (1)")
    add("--distractors", type=_number(int, 0), metavar="N", help="needles in each copy that nobody asks about (0)")
    add("--several", type=_number(int, 2), metavar="N", help="needles of an ordering question (3)")
    add("--choices", type=_number(int, 0), metavar="N", help="options, each asked in every place; 0: none (0)")
    add(
        "--score",
        choices=("answer", "time", "both"),
        help="what has to be right (the time for index, else both)",
    )


def _add_direct(needle: argparse.ArgumentParser) -> None:
    direct = needle.add_argument_group("arm direct")
    add = direct.add_argument
    add("--plant", choices=("splice", "sample"), help="into a file, or while it is decoded (splice)")
    add("--prompt", choices=("question", "describe"), default="question", help="ask about it, or for all events")
    add(
        "--budget",
        type=_number(int, 0),
        metavar="TOKENS",
        help="show longer footage in smaller pictures, within so many tokens; 0: no (0)",
    )
    add("--rate", type=_number(float, 0), metavar="HZ", help="looks a second (sampling.rate_hz)")


def _listed(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Reads ``a,b`` of these names."""

    def read(text: str) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
        wrong = [part for part in parts if part not in names]
        if wrong:
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(names)}")
        return parts

    return read


def _number(kind: type[int] | type[float], least: int) -> Callable[[str], float]:
    """Reads a number of at least ``least``."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(least - 1)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"must be a number of {least} or more, got {text!r}")
        return value

    return read
