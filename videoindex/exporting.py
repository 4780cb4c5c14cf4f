"""Results as files for other programs: which format, where to, and what is said about it.

``search``, ``ask`` and ``events`` hand over their result as a Sheet; the formats themselves are in
videoindex/query/export*.py.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from videoindex.errors import DecodeError, UsageError
from videoindex.files import write_whole
from videoindex.media.decoders.base import Decoder
from videoindex.media.subtitles import playback_start_s
from videoindex.picturing import missing_note, time_in_name, try_still
from videoindex.query.export import Sheet, Written, csv_text, one_recording
from videoindex.query.export_report import Still, report_text
from videoindex.query.export_subtitles import chapters_text, srt_text, vtt_text
from videoindex.query.export_timeline import edl_text, otio_text
from videoindex.types import Video

__all__ = ["FORMATS", "ExportWish", "Exported", "export"]

FORMATS = ("json", "csv", "srt", "vtt", "chapters", "edl", "otio", "md")
# Names of pictures that a report wrote.
_STILL = re.compile(r"\d{3,}_-?\d+-\d\d-\d\d\.\d{3}\.jpg")
_SUFFIXES = {f".{name}": name for name in FORMATS} | {".txt": "chapters", ".markdown": "md"}


@dataclass(frozen=True, slots=True)
class ExportWish:
    """A format, and the file it goes to (None: standard output). With a file the format may be left to its suffix.

    Raises UsageError where neither names a format, or the file is there already and not to be replaced.
    """

    format: str
    output: Path | None = None
    overwrite: bool = False

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> ExportWish | None:
        """What ``--format``, ``--output`` and ``--overwrite`` ask for, None where they ask for nothing."""
        format_name, output, overwrite = arguments.format, arguments.output, arguments.overwrite
        if format_name is None and output is None:
            if overwrite:
                raise UsageError("--overwrite is of a file to write: name it with --output")
            return None
        if format_name is None:
            assert output is not None
            format_name = _SUFFIXES.get(output.suffix.lower(), "")
        if format_name not in FORMATS:
            raise UsageError(f"{output}: its name says no format; give --format, one of {', '.join(FORMATS)}")
        if output is None and arguments.json:
            raise UsageError("--json and --format both go to standard output: leave one out, or name a file")
        return cls(format_name, output, overwrite)

    def __post_init__(self) -> None:
        if self.output is None:
            return
        if not self.output.parent.is_dir():
            raise UsageError(f"{self.output.parent} is no folder; make it first, or write elsewhere")
        for path in (self.output, self.frames_folder):
            if path is not None and path.exists() and not self.overwrite:
                raise UsageError(
                    f"{path} is there already; choose another name, or write over it with --overwrite"
                )

    @property
    def frames_folder(self) -> Path | None:
        """Where a report's pictures go: beside it, in a folder of its name."""
        if self.format != "md" or self.output is None:
            return None
        return self.output.with_name(f"{self.output.stem}_frames")


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of a sheet: the text for standard output, or the file it was written to; and notes."""

    wish: ExportWish
    marks: int
    text: str
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints of a file that was written."""
        return {
            "output": str(self.wish.output),
            "format": self.wish.format,
            "count": self.marks,
            "notes": list(self.notes),
        }

    def said(self) -> str:
        """The text, or one line about the file."""
        if self.wish.output is None:
            return self.text.rstrip("\r\n")
        return f"wrote {self.wish.output} ({self.wish.format}, {self.marks})"


def export(sheet: Sheet, document: object, wish: ExportWish, open_decoder: Callable[[], Decoder]) -> Exported:
    """Writes ``sheet`` (for JSON, ``document``) as ``wish`` says. A decoder is opened for a report's pictures.

    Raises UsageError where the format cannot hold the sheet, DecodeError where a recording that it needs cannot be
    read, MissingDependencyError, OSError.
    """
    notes = _answer(sheet) if wish.format not in ("md", "json") else ()
    if wish.format == "md":
        stills, notes = _stills(sheet, wish, open_decoder)
        written = report_text(sheet, stills)
    elif wish.format == "json":
        written = Written(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        written = _text(sheet, wish.format)
    if wish.output is not None:
        write_whole(wish.output, written.text.encode())  # line ends are the text's own
    return Exported(wish, len(sheet.marks), written.text, (*notes, *written.notes))


def _answer(sheet: Sheet) -> tuple[str, ...]:
    """What a format of moments alone has no place for."""
    if sheet.answer:
        return (sheet.answer,)
    return () if sheet.marks else ("nothing was found",)


def _text(sheet: Sheet, format_name: str) -> Written:
    if format_name in ("srt", "vtt", "chapters"):
        video = one_recording(
            sheet.marks, {"chapters": "a list of chapters"}.get(format_name, format_name.upper())
        )
        zero_s = 0.0 if video is None else _playback_start_s(video)
        if format_name == "chapters":
            return chapters_text(sheet, zero_s, 0.0 if video is None else video.span.end_s)
        return srt_text(sheet, zero_s) if format_name == "srt" else vtt_text(sheet, zero_s)
    return {"csv": csv_text, "edl": edl_text, "otio": otio_text}[format_name](sheet)


def _playback_start_s(video: Video) -> float:
    """What players show as 0. A recording that is not there any more is asked only where it matters."""
    if video.path.is_file():
        return playback_start_s(video)
    if video.span.start_s == 0.0:
        return 0.0
    raise DecodeError(
        f"{video.path} is not there any more, and its clock starts at {video.span.start_s:.3f} s: where playback "
        "of it begins cannot be told. Move it back, or export csv, which keeps the recording's own clock"
    )


def _stills(
    sheet: Sheet, wish: ExportWish, open_decoder: Callable[[], Decoder]
) -> tuple[dict[int, Still | None], tuple[str, ...]]:
    """The pictures of a report, saved beside it; none for standard output."""
    folder = wish.frames_folder
    if folder is None:
        return {}, ("a report on standard output has no pictures; name a file with --output to have them",)
    wanted = [(n, mark) for n, mark in enumerate(sheet.marks, start=1) if mark.video.has_picture]
    if not wanted:
        return {}, ()
    decoder = open_decoder()
    stills: dict[int, Still | None] = {}
    missing: list[tuple[Video, float]] = []
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        for number, mark in wanted:
            at_s = mark.span.start_s
            file_name = f"{number:03d}_{time_in_name(at_s)}.jpg"
            frame_s = try_still(decoder, mark.video, at_s, Path(name) / file_name)
            link = f"{quote(folder.name)}/{quote(file_name)}"
            stills[number] = None if frame_s is None else Still(link, frame_s)
            missing += [] if frame_s is not None else [(mark.video, at_s)]
        folder.mkdir(exist_ok=True)
        for stale in folder.iterdir():
            if _STILL.fullmatch(stale.name):
                stale.unlink()
        for path in Path(name).iterdir():
            os.replace(path, folder / path.name)
    return stills, missing_note(missing)
