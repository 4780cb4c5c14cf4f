"""The ``clip`` command: from what a person names to cuts, and what is said of the clip that was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoindex.clock import format_clock, format_span, parse_time
from videoindex.config import Settings, open_backends, open_reranker, open_store, open_store_to_manage
from videoindex.errors import UsageError, VideoIndexError
from videoindex.index.records import Filters, VideoRecord
from videoindex.media.clip import Clip, Cut, cut
from videoindex.media.probe import Probe, probe
from videoindex.query.read import Time, span_between
from videoindex.recordings import find_recording, probe_recording
from videoindex.types import Moment, Span

if TYPE_CHECKING:
    from videoindex.index.store import Store

__all__ = ["ClipWish", "clip_document", "clip_text", "make_clip"]

_SHORTEST_ID = 6  # characters of an event's id that name it
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class ClipWish:
    """What is to be cut: ``targets`` in the order given, or the moments that ``query`` finds, in order of time.

    A target is an event's id (its beginning will do), ``RECORDING@START-END``, or a file, of which ``start`` and
    ``end`` say what is wanted. ``padding_s`` widens every cut at both ends, as far as the recording goes.
    Raises UsageError where the parts do not go together.
    """

    targets: tuple[str, ...]
    output: Path
    query: str = ""
    start: Time | None = None
    end: Time | None = None
    padding_s: float = 0.0
    limit: int = 10
    recorded_at: datetime | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if bool(self.targets) == bool(self.query):
            raise UsageError("say what to cut: moments or a file, or --query TEXT for what is found in the index")
        if (self.start is not None or self.end is not None) and len(self.targets) != 1:
            raise UsageError("--start and --end are of one file; for several write FILE@START-END for each")
        if self.padding_s < 0.0:
            raise UsageError(f"--padding must not be negative, got {self.padding_s:g} s")


def make_clip(wish: ClipWish, settings: Settings, filters: Filters | None = None) -> Clip:
    """Cuts what ``wish`` names. ``filters`` narrow a query.

    Raises UsageError for what cannot be meant, VideoIndexError where a query finds nothing, MediaError for a file
    that has moved, else as :func:`videoindex.media.clip.cut` does.
    """
    if wish.query:
        cuts = _found(wish, settings, filters or Filters())
    else:
        named = _Named(settings, wish)
        cuts = [named.cut(target) for target in wish.targets]
    return cut([_padded(one, wish.padding_s) for one in cuts], wish.output, overwrite=wish.overwrite)


class _Named:
    """Reads targets. The index is opened for the first target that needs it."""

    def __init__(self, settings: Settings, wish: ClipWish) -> None:
        self._settings = settings
        self._wish = wish
        self._store: Store | None = None
        self._records: dict[str, VideoRecord] = {}

    def cut(self, target: str) -> Cut:
        wish = self._wish
        has_ends = wish.start is not None or wish.end is not None
        if Path(target).is_file():
            if not has_ends:
                raise UsageError(f"{target}: say from when to when, with --start and --end, or {target}@START-END")
            source = probe(Path(target), wish.recorded_at)
            return Cut(source, span_between(source.video, wish.start, wish.end))
        if has_ends:
            raise UsageError(f"--start and --end are of a file, and there is no file {target}; check the path")
        recording, at, times = target.rpartition("@")
        if at:
            source = self._source(recording)
            start, end = _two_times(times, target)
            return Cut(source, span_between(source.video, start, end))
        return self._event(target)

    def _source(self, recording: str) -> Probe:
        if Path(recording).is_file():
            return probe(Path(recording), self._wish.recorded_at)
        self._open()
        return probe_recording(find_recording(recording, list(self._records.values())))

    def _event(self, beginning: str) -> Cut:
        is_id = len(beginning) >= _SHORTEST_ID and set(beginning.lower()) <= _HEX
        if not is_id:
            raise UsageError(
                f"{beginning!r} is no file and no moment: give an event's id ({_SHORTEST_ID} characters of it or "
                "more; `videoindex events --json` lists them), RECORDING@START-END, or a file with --start and "
                "--end"
            )
        events = self._open().events_called(beginning.lower())
        if not events:
            raise UsageError(
                f"no event has an id that begins with {beginning}; `videoindex events --json` lists them"
            )
        if len(events) > 1:
            raise UsageError(f"several events have ids that begin with {beginning}: give more of it")
        record = self._records.get(events[0].video_id)
        if record is None:
            raise UsageError(f"the recording of event {beginning} is being indexed; try again when that is done")
        return Cut(probe_recording(record), events[0].span)

    def _open(self) -> Store:
        if self._store is None:
            self._store = open_store_to_manage(self._settings)
            self._records = {record.video.id: record for record in self._store.videos()}
        return self._store


def _two_times(text: str, target: str) -> tuple[Time, Time]:
    """Start and end of ``START-END``; dates hold dashes too, so each dash is tried."""
    found = []
    for place, char in enumerate(text):
        if char == "-":
            try:
                found.append((parse_time(text[:place]), parse_time(text[place + 1 :])))
            except UsageError:
                continue
    if len(found) != 1:
        raise UsageError(
            f"cannot read the times of {target!r}: write RECORDING@0:01:12-0:01:15.5, or in seconds, or two dates "
            "with times"
        )
    return found[0]


def _found(wish: ClipWish, settings: Settings, filters: Filters) -> list[Cut]:
    """The best moments of a query, in order of time; those that padding makes overlap are one cut."""
    from videoindex.query.search import search

    store = open_store(settings)
    embedder = open_backends(settings).embedder
    result = search(
        store,
        embedder,
        wish.query,
        filters=filters,
        limit=wish.limit,
        settings=settings.search,
        reranker=open_reranker(settings),
    )
    if not result.moments:
        raise VideoIndexError(
            f"nothing was found for {wish.query!r}, so no clip was made; `videoindex ask` tells what was looked at"
        )
    ids = dict.fromkeys(moment.video_id for moment in result.moments)
    sources = {video_id: probe_recording(result.records[video_id]) for video_id in ids}
    ordered = sorted(result.moments, key=lambda moment: _when(moment, sources[moment.video_id]))
    joined: list[Cut] = []
    for moment in ordered:
        one = Cut(sources[moment.video_id], moment.span)
        last = joined[-1] if joined else None
        reach_s = 2 * wish.padding_s
        if last is not None and last.source is one.source and one.span.start_s <= last.span.end_s + reach_s:
            end_s = max(last.span.end_s, one.span.end_s)
            joined[-1] = Cut(one.source, Span(last.span.start_s, end_s))
        else:
            joined.append(one)
    return joined


def _when(moment: Moment, source: Probe) -> tuple[float, str, float]:
    """By the wall clock where it is known, then by file and its own clock."""
    wall = source.video.wall_clock(moment.span.start_s)
    return (wall.timestamp() if wall else float("inf"), str(source.video.path), moment.span.start_s)


def _padded(one: Cut, padding_s: float) -> Cut:
    wide = Span(one.span.start_s - padding_s, one.span.end_s + padding_s).intersect(one.source.video.span)
    return one if wide is None else Cut(one.source, wide)


def clip_document(made: Clip) -> dict[str, Any]:
    """``clip --json``."""
    return {
        "path": str(made.path),
        "duration_s": round(made.duration_s, 3),
        "copied_s": round(made.copied_s, 3),
        "encoded_s": round(made.encoded_s, 3),
        "moments": [
            {
                "video_id": one.source.video.id,
                "path": str(one.source.video.path),
                "start_s": round(one.span.start_s, 3),
                "end_s": round(one.span.end_s, 3),
                "at_s": round(at_s, 3),
            }
            for one, at_s in zip(made.cuts, made.starts_s, strict=True)
        ],
        "notes": list(made.notes),
    }


def clip_text(made: Clip) -> str:
    """What was written, one line for each cut in it, and the notes."""
    parts = _parts(made)
    lines = [f"wrote {made.path} ({format_clock(made.duration_s)}{parts})"]
    for one, at_s in zip(made.cuts, made.starts_s, strict=True):
        span = format_span(one.span.start_s, one.span.end_s)
        lines.append(f"  {format_clock(at_s)}  {span}  {one.source.video.path}")
    return "\n".join([*lines, *(f"  note: {note}" for note in made.notes)])


def _parts(made: Clip) -> str:
    if made.copied_s == 0.0 and made.encoded_s == 0.0:
        return ", sound"
    shares: Sequence[tuple[float, str]] = ((made.copied_s, "copied"), (made.encoded_s, "encoded"))
    return "".join(f", {length_s:.1f} s of pictures {how}" for length_s, how in shares if length_s >= 0.05)
