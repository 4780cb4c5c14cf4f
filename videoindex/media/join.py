"""Joins recordings of one form end to end, their pictures copied, to one long recording."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from videoindex.errors import UsageError
from videoindex.media.clip_forms import container_of
from videoindex.media.clip_plan import STAMP_HZ, Piece, Window, stamps_of
from videoindex.media.clip_sound import sound_track
from videoindex.media.coded import Pictures, read_coded
from videoindex.media.probe import Probe
from videoindex.media.splice import PicturePiece, SpliceJob, splice

__all__ = ["join"]

_PATIENCE_S, _PATIENCE_FACTOR = 300.0, 10.0


def join(sources: Sequence[Probe], output: Path) -> None:
    """Writes ``sources`` one after another to ``output``; silence stands where one has no sound.

    Raises UsageError where the recordings are not coded alike, so that packets cannot follow each other;
    DecodeError and DecoderHungError as cutting does.
    """
    container = container_of(output)
    read = [read_coded(source.video, source.video.span) for source in sources]
    _refuse(sources, read)
    windows = [_whole(pictures) for pictures in read]
    lengths_at = [round((window.end - window.start) * STAMP_HZ) for window in windows]
    starts_at = list(accumulate(lengths_at, initial=0))
    pieces = tuple(
        PicturePiece(
            str(source.video.path),
            pictures.stream_index,
            tuple(start_at + at for at in stamps_of(pictures.coded, window, Piece(True, 0, window.stop))),
            pictures.coded.pts_N,
        )
        for source, pictures, window, start_at in zip(sources, read, windows, starts_at, strict=False)
    )
    with tempfile.TemporaryDirectory(prefix=f".{output.stem[:40]}-", dir=output.parent) as name:
        folder = Path(name)
        ends = [(window.start, window.end) for window in windows]
        sound, _ = sound_track(list(zip(sources, ends, strict=True)), container, folder)
        job = SpliceJob(
            output=str(folder / f"whole{output.suffix}"),
            format=container.format,
            pictures=pieces,
            end_at=starts_at[-1],
            sound=sound,
            keeps_lead=container.keeps_lead,
            options=container.options,
        )
        splice(job, _PATIENCE_S + _PATIENCE_FACTOR * starts_at[-1] / STAMP_HZ)
        os.replace(job.output, output)


def _whole(pictures: Pictures) -> Window:
    coded = pictures.coded
    first, end = min(coded.pts_N), coded.end_pts
    return Window(0, len(coded.pts_N), Fraction(first) * coded.tick_s, Fraction(end) * coded.tick_s)


def _refuse(sources: Sequence[Probe], read: Sequence[Pictures]) -> None:
    """Raises UsageError for what cannot be joined by copying."""
    if not sources:
        raise UsageError("there is nothing to join: name at least one recording")
    first = (read[0].codec, read[0].pixel_format, read[0].header, sources[0].rotation_deg)
    for source, pictures in zip(sources, read, strict=True):
        if (pictures.codec, pictures.pixel_format, pictures.header, source.rotation_deg) != first:
            raise UsageError(
                f"{source.video.path} is coded otherwise than {sources[0].video.path}: they cannot be joined by "
                "copying; cut them into one reel with `videoindex clip`, which encodes them anew"
            )
        if pictures.coded.is_by_order or pictures.coded.why_no_copy:
            why = pictures.coded.why_no_copy or "its pictures bear no stamps of display"
            raise UsageError(f"{source.video.path} cannot be copied from: {why}")
