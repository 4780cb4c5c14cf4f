"""What each command does: from parsed arguments to one document and one text for a person."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex import listing
from videoindex.clock import parse_clock, parse_time
from videoindex.config import (
    Settings,
    load_settings,
    open_backends,
    open_picture_search,
    open_reranker,
    open_store,
    open_store_to_manage,
    open_vlm,
)
from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord
from videoindex.recordings import filters_of, find_recording

if TYPE_CHECKING:
    from pipelines.ingest import Outcome
    from videoindex.exporting import ExportWish
    from videoindex.index.artifacts import ArtifactStore
    from videoindex.query.export import Sheet
    from videoindex.query.read import Readers

__all__ = ["Result", "run"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a command prints: ``document`` as JSON, or ``text``; its exit status; and notes for standard error."""

    document: object
    text: str
    code: int = 0
    notes: tuple[str, ...] = ()


def run(arguments: argparse.Namespace) -> Result:
    """Runs the command that ``arguments`` name. Raises VideoIndexError; UsageError for bad usage."""
    settings = load_settings(arguments.config, arguments.db)
    verbs: dict[str, Callable[[argparse.Namespace, Settings], Result]] = {
        "demo": _demo,
        "probe": _probe,
        "plan": _plan,
        "index": _index,
        "read": _read,
        "search": _search,
        "ask": _ask,
        "clip": _clip,
        "videos": _videos,
        "events": _events,
        "remove": _remove,
        "doctor": _doctor,
        "eval": _eval,
    }
    return verbs[arguments.verb](arguments, settings)


def _demo(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.demo import run_demo

    if (arguments.video is None) != (arguments.question is None):
        raise UsageError("--video and --question go together: the file, and what to ask of it")
    shown = run_demo(settings, arguments.dir, arguments.video, arguments.question, db=arguments.db)
    return Result(shown.document(), shown.text(), 0 if shown.is_right else 1)


def _probe(arguments: argparse.Namespace, _: Settings) -> Result:
    from videoindex.media.probe import probe

    found = probe(arguments.path)
    return Result(listing.probe_document(found), listing.probe_text(found))


def _plan(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.planning import plan_file

    planned = plan_file(arguments.path, settings, arguments.model, arguments.weights)
    return Result(listing.plan_document(planned), listing.plan_text(planned))


def _index(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.index.ingest import find_recordings

    keep = tuple(name for name in settings.index.observers if name not in arguments.without)
    settings = dataclasses.replace(settings, index=dataclasses.replace(settings.index, observers=keep))
    recorded_at = _recorded_at(arguments.recorded_at)
    paths = find_recordings(arguments.paths)
    if recorded_at is not None and len(paths) > 1:
        raise UsageError(
            f"--recorded-at is one recording's beginning, but {len(paths)} files are given: index them one by one"
        )
    outcomes = index_files(settings, paths, arguments.camera, recorded_at, overwrite=arguments.overwrite)
    failed = any(outcome.status == "failed" for outcome in outcomes)
    return Result(listing.outcomes_document(outcomes), listing.outcomes_text(outcomes), 1 if failed else 0)


def index_files(
    settings: Settings,
    paths: Sequence[Path],
    camera: str | None = None,
    recorded_at: datetime | None = None,
    *,
    overwrite: bool = False,
) -> list[Outcome]:
    """Indexes ``paths`` through the flow, with progress on stderr."""
    from pipelines.ingest import Recording, run_ingest
    from pipelines.progress import terminal_progress

    recordings = [Recording(path, camera, recorded_at) for path in paths]
    return run_ingest(settings, recordings, overwrite=overwrite, progress=terminal_progress())


def _recorded_at(text: str | None) -> datetime | None:
    at = parse_time(text) if text else None
    if isinstance(at, float):
        raise UsageError(f"--recorded-at needs a date and a time, such as 2026-11-23T10:00, got {text!r}")
    return at


def _read(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.media.probe import probe
    from videoindex.query import read, read_page, read_render, read_steps
    from videoindex.query.read_schema import load_schema

    wish = read.Wish(
        at=tuple(parse_time(text) for text in arguments.at),
        prompt=arguments.prompt or "",
        schema=load_schema(arguments.schema) if arguments.schema else None,
        is_steps=arguments.steps,
        start=parse_time(arguments.start) if arguments.start else None,
        end=parse_time(arguments.end) if arguments.end else None,
        rate_hz=arguments.rate,
    )
    closely = read.ReadSettings.of(wish, arguments.min_pixels, arguments.max_pixels, arguments.answer_tokens)
    video = probe(arguments.path, _recorded_at(arguments.recorded_at)).video
    readers = _readers(settings)
    if wish.is_steps:
        span = read.span_between(video, wish.start, wish.end)
        steps = read_steps.read_steps(video, span, readers, closely)
        return Result(read_render.steps_json(steps), read_render.steps_text(steps), 1 if steps.is_all_gap else 0)
    reading = read_page.read_pages(video, wish, readers, closely)
    return Result(read_render.reading_json(reading), read_render.reading_text(reading))


def _readers(settings: Settings) -> Readers:
    """A vision-language model where the settings name one, and character recognition."""
    from videoindex.media.decoders import open_decoder
    from videoindex.perception.ocr import TextReader
    from videoindex.query.read import Readers

    vlm = open_vlm(settings) if "qwen" in settings.index.observers else None
    ocr = TextReader(settings.screen_text.threads)
    return Readers(open_decoder(settings.index.decoder), ocr, vlm, settings.screen_text, settings.scan)


def _search(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.exporting import ExportWish
    from videoindex.query.export import Sheet, marks_of_moments
    from videoindex.query.render import search_json, search_text
    from videoindex.query.search import search

    wish = ExportWish.of(arguments)
    store = open_store(settings)
    filters = filters_of(arguments, store)
    embedder = open_backends(settings).embedder
    result = search(
        store,
        embedder,
        arguments.query,
        filters=filters,
        limit=arguments.limit,
        settings=settings.search,
        pictures=open_picture_search(settings, store),
        reranker=open_reranker(settings),
    )
    text = search_text(result, listing.nothing_found_text(result.coverage))
    marks = marks_of_moments(result.moments, result.records)
    sheet = Sheet(arguments.query, marks, "", result.coverage, result.records)
    return _exported(Result(search_json(result), text), sheet, wish, settings)


def _ask(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.asking import AskWish, answer_question, asked_document, asked_text, steps_text
    from videoindex.exporting import ExportWish
    from videoindex.query.export import Sheet, marks_of_moments

    wish, asking = ExportWish.of(arguments), AskWish.of(arguments)
    asking.check(settings)
    store = open_store(settings)
    asked = answer_question(
        asking,
        filters_of(arguments, store),
        store,
        settings,
        on_step=lambda step: print(steps_text([step]), file=sys.stderr, flush=True),
    )
    answer, records = asked.reply.answer, asked.reply.result.records
    marks = marks_of_moments(answer.moments, records)
    sheet = Sheet(arguments.question, marks, answer.text, answer.coverage, records)
    shown = Result(asked_document(asked), asked_text(asked), notes=asked.notes)
    return _exported(shown, sheet, wish, settings)


def _exported(shown: Result, sheet: Sheet, wish: ExportWish | None, settings: Settings) -> Result:
    """What the command shows, or, where a format was asked for, what became of it."""
    from videoindex.exporting import export
    from videoindex.media.decoders import open_decoder

    if wish is None:
        return shown
    done = export(sheet, shown.document, wish, lambda: open_decoder(settings.index.decoder))
    return Result(done.document(), done.said(), shown.code, (*shown.notes, *done.notes))


def _clip(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.clipping import ClipWish, clip_document, clip_text, make_clip

    narrows = any((arguments.video, arguments.camera, arguments.source, arguments.after, arguments.before))
    if narrows and not arguments.query:
        raise UsageError("--video, --camera, --source, --after and --before narrow a --query; leave them out")
    wish = ClipWish(
        targets=tuple(arguments.moments),
        output=arguments.output,
        query=arguments.query or "",
        start=parse_time(arguments.start) if arguments.start else None,
        end=parse_time(arguments.end) if arguments.end else None,
        padding_s=parse_clock(arguments.padding),
        limit=arguments.limit,
        recorded_at=_recorded_at(arguments.recorded_at),
        overwrite=arguments.overwrite,
    )
    filters = filters_of(arguments, open_store(settings)) if narrows else None
    made = make_clip(wish, settings, filters)
    return Result(clip_document(made), clip_text(made))


def _videos(_: argparse.Namespace, settings: Settings) -> Result:
    records = open_store_to_manage(settings).videos()
    return Result(listing.videos_document(records), listing.videos_text(records))


def _events(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.exporting import ExportWish
    from videoindex.query.export import Sheet, marks_of_events

    wish = ExportWish.of(arguments)
    store = open_store_to_manage(settings)
    filters = filters_of(arguments, store)
    records = {record.video.id: record for record in store.videos()}
    # A video that was committed since then has no record here, and is left to the next look.
    events = [event for event in store.events(filters, limit=arguments.limit) if event.video_id in records]
    paths = {video_id: record.video.path for video_id, record in records.items()}
    shown = Result(listing.events_document(events, paths), listing.events_text(events, paths))
    return _exported(shown, Sheet("Events", marks_of_events(events, records)), wish, settings)


def _remove(arguments: argparse.Namespace, settings: Settings) -> Result:
    store = open_store_to_manage(settings)
    records = store.videos(incomplete=True)
    artifacts = open_backends(settings).artifacts
    doomed = dict(_held(name, records, artifacts) for name in arguments.videos)
    with store.writing():
        for video_id in doomed:
            # The row goes last: as long as anything is left, the recording can be named and removed again.
            artifacts.remove_video(video_id)
            store.remove_video(video_id)
    document = {"removed": [{"video_id": video_id, "path": str(path)} for video_id, path in doomed.items()]}
    return Result(document, "\n".join(f"removed {path}" for path in doomed.values()))


def _held(named: str, records: Sequence[VideoRecord], artifacts: ArtifactStore) -> tuple[str, Path]:
    """Id and path of an indexed recording, or of a file of which an unfinished run left artifacts."""
    from videoindex.media.probe import probe

    try:
        video = find_recording(named, records).video
    except UsageError:
        if not Path(named).is_file():
            raise
        video = probe(Path(named)).video
        if not artifacts.holds(video.id):
            raise
    return video.id, video.path


def _doctor(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.doctor import examine
    from videoindex.listing_models import findings_document, findings_text

    found = examine(settings, arguments.gpu_gib, arguments.gpus)
    return Result(findings_document(found), findings_text(found), 1 if found.is_lacking else 0)


def _eval(arguments: argparse.Namespace, settings: Settings) -> Result:
    from videoindex.evaluating import evaluate

    done = evaluate(arguments, settings)
    return Result(done.document, done.text, done.code, done.notes)
