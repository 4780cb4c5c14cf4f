"""The command line: one command per verb, no logic. ``--help`` imports nothing heavy."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from videoindex.errors import UsageError, VideoIndexError
from videoindex.needle_arguments import add_needle_arguments

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction["_Parser"]

__all__ = ["main", "parser"]

FORMATS = ("json", "csv", "srt", "vtt", "chapters", "edl", "otio", "md")
TRUTH_FORMATS = ("videoindex", "qvhighlights", "charades", "activitynet")
SOURCES = ("captions", "screen_text", "speech", "objects", "qwen")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and where help is, then exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"videoindex: {message}\nSee `{self.prog} --help`.\n")


class _Version(argparse.Action):
    """Looks the version up only when asked: reading package metadata takes longer than the rest of ``--help``."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        import importlib.metadata

        print(f"videoindex {importlib.metadata.version('videoindex')}")
        parser.exit(0)


def _common() -> _Parser:
    common = _Parser(add_help=False)
    group = common.add_argument_group("everywhere")
    where = "the index: a folder or an object-store URI (default: $VIDEOINDEX_DB, else ~/.videoindex)"
    group.add_argument("--db", metavar="URI", help=where)
    group.add_argument("--config", "-c", metavar="FILE", type=Path, help="a TOML settings file")
    group.add_argument("--json", action="store_true", help="one JSON document on stdout")
    group.add_argument("--debug", action="store_true", help="log on stderr, and tracebacks of errors")
    return common


def _filters() -> _Parser:
    filters = _Parser(add_help=False)
    group = filters.add_argument_group("filters")
    group.add_argument("--video", action="append", default=[], metavar="PATH|ID", help="only in this recording")
    group.add_argument("--camera", action="append", default=[], metavar="NAME", help="only of this camera")
    group.add_argument("--source", action="append", default=[], choices=SOURCES, help="only from this observer")
    group.add_argument("--after", metavar="T", help="from this time on: 90, 1:30, 0:01:30.5 or 2026-11-23T10:00")
    group.add_argument("--before", metavar="T", help="before this time")
    return filters


def _exports() -> _Parser:
    exports = _Parser(add_help=False)
    group = exports.add_argument_group("export")
    group.add_argument("--format", choices=FORMATS, help="as a table, subtitles, chapters, a timeline or a report")
    group.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="write to FILE; its suffix says the format"
    )
    group.add_argument("--overwrite", action="store_true", help="replace FILE where it is there already")
    return exports


def parser() -> argparse.ArgumentParser:
    """The whole command line; the documentation's tests read it too."""
    top = _Parser(
        prog="videoindex",
        description="Find the second in which something happens in hours of video.",
        epilog="Exit status: 0 done, 1 failed, 2 bad usage.",
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True, parser_class=_Parser)
    common, filters, exports = _common(), _filters(), _exports()
    _add_recording_verbs(verbs, common)
    _add_question_verbs(verbs, common, filters, exports)
    _add_clip(verbs, common, filters)
    _add_keeping_verbs(verbs, common, filters, exports)
    return top


def _add_recording_verbs(verbs: _Verbs, common: _Parser) -> None:
    demo = verbs.add_parser("demo", parents=[common], help="make two recordings, index them, ask five questions")
    demo.add_argument("--video", type=Path, metavar="PATH", help="use this file instead of recordings made here")
    demo.add_argument("--question", metavar="TEXT", help="what to ask of --video")
    demo.add_argument("--dir", type=Path, metavar="DIR", help="where the recordings and their index go")

    probe = verbs.add_parser("probe", parents=[common], help="what a file is: duration, rate, streams, damage")
    probe.add_argument("path", type=Path, help="the file")

    plan = verbs.add_parser("plan", parents=[common], help="segments, tokens, memory and time; decodes nothing")
    plan.add_argument("path", type=Path, help="the file")
    plan.add_argument("--model", metavar="NAME", help="a Qwen3-VL such as 8B or 30B-A3B-Thinking, or a folder")
    plan.add_argument(
        "--weights", choices=("bf16", "fp8", "4bit"), help="their format (as the name says, or bf16)"
    )

    index = verbs.add_parser("index", parents=[common], help="watch files or folders and remember what happens")
    index.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of files")
    index.add_argument("--camera", metavar="NAME", help="the camera these recordings come from")
    index.add_argument("--recorded-at", metavar="T", help="when the recording began, such as 2026-11-23T10:00")
    index.add_argument(
        "--without",
        action="append",
        default=[],
        choices=SOURCES,
        help="an observer to leave out, its earlier events too",
    )
    index.add_argument("--overwrite", action="store_true", help="observe anew what is indexed already")
    _add_read(verbs, common)


def _add_read(verbs: _Verbs, common: _Parser) -> None:
    read = verbs.add_parser("read", parents=[common], help="what an instant shows, or what is done on a screen")
    read.add_argument("path", type=Path, help="the file")
    read.add_argument("--at", action="append", default=[], metavar="T", help="an instant to read, such as 0:45")
    read.add_argument("--prompt", metavar="TEXT", help="what to ask of the picture, in place of all its text")
    read.add_argument("--schema", type=Path, metavar="FILE", help="a JSON Schema that the answer is to satisfy")
    read.add_argument("--steps", action="store_true", help="a span as steps: time, action, target, box, text")
    read.add_argument("--start", metavar="T", help="read steps from here on (the recording's start)")
    read.add_argument("--end", metavar="T", help="read steps up to here (the recording's end)")
    read.add_argument("--rate", type=float, metavar="HZ", help="looks a second for steps (2)")
    read.add_argument("--min-pixels", type=_count, metavar="N", help="enlarge smaller pictures (262,144)")
    read.add_argument("--max-pixels", type=_count, metavar="N", help="shrink larger pictures (16,777,216)")
    read.add_argument("--answer-tokens", type=_count, metavar="N", help="the longest answer of the model (8,192)")
    read.add_argument("--recorded-at", metavar="T", help="when the recording began, such as 2026-11-23T10:00")


def _add_question_verbs(verbs: _Verbs, common: _Parser, filters: _Parser, exports: _Parser) -> None:
    search = verbs.add_parser("search", parents=[common, filters, exports], help="moments, best first")
    search.add_argument("query", help="what is said, shown, or seen to happen")
    search.add_argument("--limit", "-n", type=_count, default=10, metavar="N", help="at most N moments (10)")

    ask = verbs.add_parser(
        "ask", parents=[common, filters, exports], help="an answer with times, evidence and coverage"
    )
    ask.add_argument("question", help="in English; exact words in quotation marks")
    ask.add_argument("--all", action="store_true", help="every time it happens")
    looking = ask.add_mutually_exclusive_group()
    looking.add_argument(
        "--look", action="store_true", help="have a vision-language model look again: docs/looking.md"
    )
    looking.add_argument("--agent", action="store_true", help="let the model search, look and read by itself")
    ask.add_argument("--evidence", type=Path, metavar="DIR", help="save a picture of each moment in DIR")
    ask.add_argument("--limit", "-n", type=_count, default=10, metavar="N", help="at most N moments (10)")

    _add_eval(verbs, common)


def _add_eval(verbs: _Verbs, common: _Parser) -> None:
    evaluate = verbs.add_parser("eval", help="measure how well times are found")
    kinds = evaluate.add_subparsers(dest="kind", metavar="KIND", required=True, parser_class=_Parser)
    grounding = kinds.add_parser("grounding", parents=[common], help="R@1, mIoU, mAP and false finds")
    grounding.add_argument(
        "--truth", type=Path, required=True, metavar="FILE", help="JSONL: video, query, windows, kind"
    )
    grounding.add_argument(
        "--videos", type=Path, metavar="DIR", help="where the videos lie (default: beside --truth)"
    )
    grounding.add_argument(
        "--predictions", type=Path, metavar="FILE", help="JSONL: video, query, windows; no index used"
    )
    grounding.add_argument(
        "--format",
        choices=TRUTH_FORMATS,
        default=TRUTH_FORMATS[0],
        help="whose files these are, and whose figures are wanted (videoindex); see docs/evaluation.md",
    )

    needle = kinds.add_parser("needle", parents=[common], help="plant needles in a recording and look for them")
    add_needle_arguments(needle)

    compare = kinds.add_parser(
        "compare", parents=[common], help="two runs over the same queries, with a paired test"
    )
    compare.add_argument(
        "a", type=Path, metavar="A", help="what `eval grounding --json` printed, or the folder of a needle run"
    )
    compare.add_argument("b", type=Path, metavar="B", help="the other run; the difference is B less A")
    compare.add_argument("--measure", metavar="FIELD", default="score", help="what of each row to compare (score)")
    compare.add_argument("--at", type=_share, metavar="LEVEL", help="count a query 1 from LEVEL on, and 0 below")
    compare.add_argument(
        "--arms", nargs=2, metavar="ARM", help="an arm of A, and one of B, where runs have several"
    )


def _add_clip(verbs: _Verbs, common: _Parser, filters: _Parser) -> None:
    clip = verbs.add_parser("clip", parents=[common, filters], help="cut moments out, exactly, with their sound")
    clip.add_argument(
        "moments", nargs="*", metavar="MOMENT|PATH", help="an event's id, RECORDING@START-END, or a file"
    )
    clip.add_argument("--query", metavar="TEXT", help="cut what a search for this finds, in order of time")
    clip.add_argument("--limit", "-n", type=_count, default=10, metavar="N", help="at most N found moments (10)")
    clip.add_argument("--start", metavar="T", help="of a file: from here on (its start)")
    clip.add_argument("--end", metavar="T", help="of a file: up to here (its end)")
    clip.add_argument("--padding", metavar="S", default="0", help="this much more at both ends of each cut (0)")
    clip.add_argument(
        "--output", "-o", type=Path, required=True, metavar="FILE", help="the clip; its suffix decides"
    )
    clip.add_argument("--overwrite", action="store_true", help="replace FILE where it is there already")
    clip.add_argument("--recorded-at", metavar="T", help="when a file began, such as 2026-11-23T10:00")


def _add_keeping_verbs(verbs: _Verbs, common: _Parser, filters: _Parser, exports: _Parser) -> None:
    verbs.add_parser("videos", parents=[common], help="what is indexed")

    events = verbs.add_parser("events", parents=[common, filters, exports], help="what the observers wrote down")
    events.add_argument("--limit", "-n", type=_count, default=100, metavar="N", help="at most N events (100)")

    remove = verbs.add_parser(
        "remove", parents=[common], help="forget recordings and all that was derived from them"
    )
    remove.add_argument("videos", nargs="+", metavar="PATH|ID", help="a recording's path, file name, or id")

    doctor = verbs.add_parser("doctor", parents=[common], help="what this machine has, lacks, and what mends it")
    doctor.add_argument(
        "--gpu-gib", type=_count, metavar="N", help="which models fit a GPU of N GiB, not this one"
    )
    doctor.add_argument("--gpus", type=_count, metavar="K", help="with --gpu-gib: K such GPUs (1)")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, got {text!r}")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"must be a number above 0 and up to 1, got {text!r}")
    return value


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits: 0 done, 1 failed, 2 bad usage."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.debug else logging.ERROR, stream=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold bytes that are no text
    try:
        from videoindex.commands import run

        result = run(arguments)
    except (VideoIndexError, OSError) as error:
        if arguments.debug:
            raise
        if arguments.json:
            print(json.dumps({"error": str(error)}))
        print(f"videoindex: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        print("videoindex: stopped; run the same command again to go on", file=sys.stderr)
        sys.exit(1)
    for note in result.notes:
        print(f"videoindex: {note}", file=sys.stderr)
    try:
        print(json.dumps(result.document, ensure_ascii=False) if arguments.json else result.text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(result.code)
