"""Marks for the tests of exports: texts that some format stumbles over, on recordings of known clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from videoindex.index.records import VideoRecord
from videoindex.query.export import Mark, Sheet
from videoindex.types import Span, Video

BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)
AWKWARD = (
    "plain words",
    'a "quoted" word, and a comma',
    "two\nlines",
    "blank\n\n\nlines  between\r\n",
    "an arrow --> in it",
    "<b>bold</b> & R&D &amp; 1 < 2 > 0",
    "{\\an8}above",
    "日本語 – naïve Straße 🙂",
    "=HYPERLINK(\"http://evil\")",
    "+1", "-2", "@home", "\tindented",
    "`code` *stars* [link](http://evil) ![x](http://evil/x.png) <script>",
    "```\nfence\n```",
    "1",
    "WEBVTT",
    "NOTE this",
    "* FROM CLIP NAME: other.mp4",
    "bell\x07 and escape \x1b[31m",
)  # fmt: skip


def video(name: str = "film.mp4", start_s: float = 0.0, fps: float = 25.0, **more: object) -> Video:
    values: dict[str, object] = {
        "id": f"{abs(hash(name)) % 16**24:024x}",
        "path": Path("/films") / name,
        "span": Span(start_s, start_s + 4000.0),
        "width_px": 640,
        "height_px": 360,
        "average_fps": fps,
        "has_audio": True,
    }
    return Video(**{**values, **more})  # type: ignore[arg-type]


def record(of: Video, camera: str | None = None) -> VideoRecord:
    return VideoRecord(of, camera, "k", BEGAN)


def mark(start_s: float, end_s: float, text: str, of: Video | None = None, **more: object) -> Mark:
    values: dict[str, object] = {"camera": "", "sources": ("speech",), "score": 0.75, "model": "m"}
    return Mark(of or video(), span=Span(start_s, end_s), text=text, **{**values, **more})  # type: ignore[arg-type]


def awkward(of: Video | None = None) -> Sheet:
    """One mark for each awkward text, from 1.234 s of its recording on, twenty seconds apart."""
    one = of or video()
    begin_s = one.span.start_s + 1.234
    marks = (mark(begin_s + 20 * n, begin_s + 20 * n + 1.5, text, one) for n, text in enumerate(AWKWARD))
    return Sheet("what was said?", tuple(marks))
