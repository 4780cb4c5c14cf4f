"""What ``read`` gives, for programs and for people. The documents are described in docs/reading.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from videoindex.clock import format_clock, format_span, format_wall
from videoindex.query.read_page import Page, Reading
from videoindex.query.read_steps import Step, Steps
from videoindex.types import Box, Video

__all__ = ["reading_json", "reading_text", "steps_json", "steps_text"]


def reading_json(reading: Reading) -> dict[str, Any]:
    """The document of ``read --at --json``."""
    video = reading.video
    return {
        "path": str(video.path),
        "video_id": video.id,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "reader": reading.reader,
        "instants": [_page_json(video, page, is_data=reading.is_data) for page in reading.pages],
        "notes": list(reading.notes),
    }


def _page_json(video: Video, page: Page, *, is_data: bool) -> dict[str, Any]:
    shown = {"at_s": round(page.at_s, 3), "frame_s": round(page.frame_s, 3), "wall_clock": _wall(video, page.at_s)}
    if is_data:
        boxes = [{"path": found.path, "box_px": _corners(found.box)} for found in page.boxes]
        return {**shown, "data": page.data, "boxes": boxes, "notes": list(page.notes)}
    lines = [
        {"text": line.text, "confidence": round(line.confidence, 4), "box_px": _corners(line.box)}
        for line in page.lines
    ]
    return {**shown, "text": page.text, "lines": lines, "notes": list(page.notes)}


def reading_text(reading: Reading) -> str:
    """Under a line that says which instant, what it shows; notes last."""
    blocks = []
    for page in reading.pages:
        wall = _wall(reading.video, page.at_s)
        dated = f" ({wall})" if wall else ""
        shown = json.dumps(page.data, ensure_ascii=False, indent=2) if reading.is_data else page.text
        lines = [f"{format_clock(page.at_s)}{dated}  {reading.video.path.name}", *_plain(shown).splitlines()]
        blocks.append("\n".join([*lines, *_noted(page.notes)]))
    return "\n\n".join([*blocks, "\n".join(_noted((f"reader: {reading.reader}", *reading.notes)))])


def steps_json(read: Steps) -> dict[str, Any]:
    """The document of ``read --steps --json``."""
    video = read.video
    return {
        "path": str(video.path),
        "video_id": video.id,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "reader": read.reader,
        "start_s": round(read.span.start_s, 3),
        "end_s": round(read.span.end_s, 3),
        "steps": [
            {
                "at_s": round(step.at_s, 3),
                "action": step.action,
                "target": step.target,
                "box_px": None if step.box is None else _corners(step.box),
                "text": step.text,
            }
            for step in read.steps
        ],
        "gaps": [
            {"start_s": round(gap.span.start_s, 3), "end_s": round(gap.span.end_s, 3), "reason": gap.reason}
            for gap in read.gaps
        ],
        "notes": list(read.notes),
    }


def steps_text(read: Steps) -> str:
    """One line a step, then the gaps, then who read and what that leaves open."""
    lines = [f"{format_span(read.span.start_s, read.span.end_s)}  {read.video.path.name}"]
    lines += [_step_text(step) for step in read.steps] or ["  no steps"]
    lines += [f"  gap {format_span(gap.span.start_s, gap.span.end_s)}: {_plain(gap.reason)}" for gap in read.gaps]
    return "\n".join([*lines, "", *_noted((f"reader: {read.reader}", *read.notes))])


def _step_text(step: Step) -> str:
    what = " ".join(part for part in (step.target, f'"{step.text}"' if step.text else "") if part)
    box = "" if step.box is None else f"  at {', '.join(f'{edge:.0f}' for edge in _corners(step.box))} px"
    return f"  {format_clock(step.at_s)}  {step.action:13}  {_plain(what).replace(chr(10), ' / ')}{box}"


def _noted(notes: Iterable[str]) -> list[str]:
    return [f"[{_plain(note)}]" for note in notes]


def _wall(video: Video, at_s: float) -> str | None:
    wall = video.wall_clock(at_s)
    return None if wall is None else format_wall(wall)


def _corners(box: Box) -> list[float]:
    return [round(edge, 1) for edge in (box.left_px, box.top_px, box.right_px, box.bottom_px)]


def _plain(text: str) -> str:
    """Without control characters: what a picture or a model says must not steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
