"""What commands show of recordings, plans, outcomes and events: documents for programs, text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoindex.clock import format_clock, format_span, format_wall
from videoindex.listing_models import servings_document, servings_lines, verdict_document, verdict_text

if TYPE_CHECKING:
    from pipelines.ingest import Outcome
    from videoindex.index.records import VideoRecord
    from videoindex.media.probe import Probe
    from videoindex.planning import PlannedFile
    from videoindex.types import Coverage, Event

__all__ = [
    "events_document",
    "events_text",
    "nothing_found_text",
    "outcomes_document",
    "outcomes_text",
    "plan_document",
    "plan_text",
    "probe_document",
    "probe_text",
    "videos_document",
    "videos_text",
]

Document = dict[str, Any]


def probe_document(found: Probe) -> Document:
    """``probe --json``."""
    video = found.video
    return {
        "path": str(video.path),
        "video_id": video.id,
        "container": found.container,
        "size_bytes": found.size_bytes,
        "start_s": video.span.start_s,
        "end_s": video.span.end_s,
        "duration_s": video.span.duration_s,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "rotation_deg": found.rotation_deg,
        "codec": found.codec,
        "pixel_format": found.pixel_format,
        "average_fps": video.average_fps,
        "rate": ("variable" if found.is_variable_rate else "constant") if video.has_picture else None,
        "audio": [
            {"codec": a.codec, "rate_hz": a.rate_hz, "channels": a.channels, "language": a.language}
            for a in found.audio
        ],
        "subtitles": [{"codec": s.codec, "language": s.language, "is_text": s.is_text} for s in found.subtitles],
        "chapters": found.chapters,
        "recorded_at": format_wall(video.recorded_at) if video.recorded_at else None,
        "recorded_at_source": found.recorded_at_source or None,
        "damage": list(found.damage),
    }


def probe_text(found: Probe) -> str:
    """A few aligned lines."""
    video = found.video
    rows = [
        ("file", f"{video.path} ({found.size_bytes / 1e6:.1f} MB, {found.container})"),
        ("id", video.id),
        ("time", f"{format_span(video.span.start_s, video.span.end_s)} ({video.span.duration_s:.3f} s)"),
    ]
    if video.has_picture:
        rate = "variable rate, on average" if found.is_variable_rate else "constant"
        turned = f", turned by {found.rotation_deg} degrees" if found.rotation_deg else ""
        rows.append(
            ("picture", f"{video.width_px} x {video.height_px} px, {found.codec} {found.pixel_format}{turned}")
        )
        rows.append(("rate", f"{rate} {video.average_fps:.3f} frames a second"))
    else:
        rows.append(("picture", "none"))
    sound = [f"{a.codec} {a.rate_hz} Hz, {a.channels} channels {a.language}".rstrip() for a in found.audio]
    rows.append(("sound", "; ".join(sound) or "none"))
    if found.subtitles:
        rows.append(("subtitles", "; ".join(f"{s.codec} {s.language}".rstrip() for s in found.subtitles)))
    if found.chapters:
        rows.append(("chapters", str(found.chapters)))
    when = (
        f"{format_wall(video.recorded_at)} (from {found.recorded_at_source})" if video.recorded_at else "unknown"
    )
    rows.append(("recorded at", when))
    rows += [("damage", sentence) for sentence in found.damage] or [("damage", "none seen")]
    return _aligned(rows)


def plan_document(file: PlannedFile) -> Document:
    """``plan --json``."""
    video, planned = file.video, file.plan
    return {
        "path": str(video.path),
        "duration_s": video.span.duration_s,
        "model": planned.model.repo_id,
        "weights": planned.weights,
        "segments": [
            {
                "start_s": s.start_s,
                "end_s": s.end_s,
                "patches": s.patches,
                "tokens": s.tokens,
                "positions": s.positions,
            }
            for s in planned.segments
        ],
        "width_px": planned.size.width_px,
        "height_px": planned.size.height_px,
        "yarn_factor": planned.yarn_factor,
        "shortest_event_s": planned.shortest_event_s,
        "memory_bytes": planned.memory_bytes,
        "prefill_s": planned.prefill_s,
        "gpu": verdict_document(file.verdict),
        "serve": servings_document(file.ways),
    }


def plan_text(file: PlannedFile) -> str:
    """Totals, then one line a segment, then the commands that serve the model."""
    video, planned = file.video, file.plan
    yarn = f"YaRN factor {planned.yarn_factor:g}" if planned.yarn_factor else "no YaRN needed"
    rows = [
        ("file", f"{video.path} ({format_clock(video.span.duration_s)})"),
        ("model", planned.model.repo_id),
        ("frames", f"{planned.frames:,} of {planned.size.width_px} x {planned.size.height_px} px"),
        ("tokens", f"{planned.tokens:,} in {len(planned.segments)} segments, {yarn}"),
        (
            "memory",
            f"{planned.memory_bytes / 2**30:.1f} GiB of GPU memory for the largest segment "
            f"(calculated, {planned.weights})",
        ),
        ("gpu", verdict_text(file.verdict)),
        ("time", f"{planned.prefill_s:.0f} s to read all segments on one H100-class GPU (calculated)"),
        ("sure to be seen", f"events of {planned.shortest_event_s:g} s and longer"),
    ]
    lines = [
        f"  {i:3d}. {format_span(s.start_s, s.end_s)}  {s.patches:5d} patches  {s.tokens:7,d} tokens"
        f"  {s.positions:7,d} positions"
        for i, s in enumerate(planned.segments, start=1)
    ]
    return "\n".join([_aligned(rows), *lines, *servings_lines(file.ways)])


def outcomes_document(outcomes: Sequence[Outcome]) -> Document:
    """``index --json``."""
    return {
        "videos": [
            {
                "path": str(o.path),
                "video_id": o.video_id,
                "status": o.status,
                "reason": o.reason,
                "duration_s": round(o.duration_s, 3),
                "events": o.events,
                "wall_s": round(o.wall_s, 2),
            }
            for o in outcomes
        ]
    }


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """One line a recording, and what failed last, where it is seen."""
    lines = []
    for outcome in sorted(outcomes, key=lambda o: o.status == "failed"):
        if outcome.status == "failed":
            lines.append(f"failed   {outcome.path}: {outcome.reason}")
            continue
        events = ", ".join(f"{count} {source}" for source, count in outcome.events.items())
        took = f" in {outcome.wall_s:.0f} s" if outcome.status == "indexed" else ""
        length = format_clock(outcome.duration_s)
        lines.append(f"{outcome.status:8} {outcome.path} ({length}{took}){': ' if events else ''}{events}")
    return "\n".join(lines)


def nothing_found_text(coverage: Coverage) -> str:
    """What ``search`` says when nothing passed."""
    count = len(coverage.gaps)
    gaps = f", {count} gap{'s' if count > 1 else ''}" if count else ""
    return f"Nothing found; {coverage.examined_s:,.0f} of {coverage.total_s:,.0f} s examined{gaps}."


def videos_document(records: Sequence[VideoRecord]) -> Document:
    """``videos --json``."""
    return {
        "videos": [
            {
                "video_id": r.video.id,
                "path": str(r.video.path),
                "camera": r.camera,
                "duration_s": round(r.video.span.duration_s, 3),
                "recorded_at": format_wall(r.video.recorded_at) if r.video.recorded_at else None,
                "indexed_at": format_wall(r.indexed_at),
            }
            for r in records
        ]
    }


def videos_text(records: Sequence[VideoRecord]) -> str:
    """One line a recording."""
    if not records:
        return "Nothing is indexed yet. Index a recording first: videoindex index PATH"
    return "\n".join(
        f"{r.video.id[:12]}  {format_clock(r.video.span.duration_s)}  {r.camera or '-':10}  {r.video.path}"
        for r in records
    )


def events_document(events: Sequence[Event], paths: Mapping[str, Path]) -> Document:
    """``events --json``."""
    return {
        "events": [
            {
                "id": e.id,
                "video_id": e.video_id,
                "path": str(paths[e.video_id]),
                "start_s": round(e.span.start_s, 3),
                "end_s": round(e.span.end_s, 3),
                "text": e.text,
                "source": e.source,
                "model": e.model,
                "confidence": round(e.confidence, 4),
                "boxes": [[b.at_s, b.left_px, b.top_px, b.right_px, b.bottom_px] for b in e.boxes],
            }
            for e in events
        ]
    }


def events_text(events: Sequence[Event], paths: Mapping[str, Path]) -> str:
    """One line an event, under its recording's name."""
    lines: list[str] = []
    shown = None
    for event in events:
        if event.video_id != shown:
            shown = event.video_id
            lines.append(str(paths[event.video_id]))
        text = " / ".join(event.text.split("\n"))
        lines.append(f"  {format_span(event.span.start_s, event.span.end_s)}  {event.source:11}  {text}")
    return "\n".join(lines) or "No events."


def _aligned(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:>{width}}  {value}" for name, value in rows)
