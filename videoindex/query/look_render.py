"""What was looked at and done for an answer, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from videoindex.clock import format_span
from videoindex.query.agent_steps import Step
from videoindex.query.look_reply import Shown
from videoindex.query.render import Json

__all__ = ["shown_json", "shown_text", "steps_json"]


def shown_json(shown: Sequence[Shown]) -> list[Json]:
    """``looks`` of ``ask --json``."""
    return [
        {
            "video_id": one.video.id,
            "path": str(one.video.path),
            "start_s": round(one.start_s, 3),
            "end_s": round(one.end_s, 3),
            "verdict": str(one.verdict),
            "reason": one.reason,
        }
        for one in shown
    ]


def shown_text(shown: Sequence[Shown]) -> str:
    """One line for each window that was looked at, or was to be. Single pictures are told by the answer itself."""
    rows = [
        f"    {one.verdict:<10}  {format_span(one.start_s, one.end_s)}  {one.video.path.name}  {one.reason}"
        for one in shown
        if one.end_s > one.start_s
    ]
    return "\n".join(["Looked again:", *rows] if rows else [])


def steps_json(steps: Sequence[Step]) -> list[Json]:
    """``steps`` of ``ask --json``: ``action`` is what the model did (null where it was none that could be used),
    ``result`` what it was told."""
    return [
        {
            "number": step.number,
            "action": json.loads(step.action) if step.action else None,
            "result": step.result,
            "refused": step.is_refused,
            "tokens": step.tokens,
            "seconds": round(step.seconds, 3),
        }
        for step in steps
    ]
