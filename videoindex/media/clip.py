"""Cuts spans out of recordings, exact to the frame, with their sound: one span to a clip, several to a reel.

The first picture of a cut is the one on display at its start, the last is the last that appears before its end.
Packets are copied where the cut allows it and encoded where they must be (clip_plan.py says which, encode.py does
it); splice.py puts all together. The file appears under its name when it is complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from videoindex.clock import format_span, format_wall
from videoindex.errors import UsageError
from videoindex.media.clip_forms import container_of
from videoindex.media.clip_pictures import PicturePlan, plan_pictures, write_pieces
from videoindex.media.clip_sound import sound_track
from videoindex.media.probe import Probe
from videoindex.media.splice import SpliceJob, splice
from videoindex.types import Span

__all__ = ["Clip", "Cut", "cut"]

_PATIENCE_S, _PATIENCE_FACTOR = 300.0, 10.0
_SLACK_S = 0.05  # a tenth of a second is the least that times are shown in


@dataclass(frozen=True, slots=True)
class Cut:
    """A span of a recording. Raises UsageError where it does not lie inside; an end that rounding put a moment
    behind the recording's is moved to it."""

    source: Probe
    span: Span

    def __post_init__(self) -> None:
        whole = self.source.video.span
        if self.span.start_s < whole.start_s - _SLACK_S or self.span.end_s > whole.end_s + _SLACK_S:
            raise UsageError(
                f"{self.source.video.path}: {format_span(self.span.start_s, self.span.end_s)} "
                f"({self.span.start_s:g} to {self.span.end_s:g} s) lies outside the recording, which runs from "
                f"{whole.start_s:.3f} s up to, not including, {whole.end_s:.3f} s; choose times in it"
            )
        inside = self.span.intersect(whole)
        if inside is None:
            raise UsageError(f"{self.source.video.path}: nothing of it lies at {self.span.start_s:g} s")
        object.__setattr__(self, "span", inside)


@dataclass(frozen=True, slots=True)
class Clip:
    """What was written: ``starts_s`` are the places of the cuts in it; ``copied_s`` and ``encoded_s`` of its
    pictures add up to ``duration_s`` (both are 0 for sound alone). ``notes`` say why something was encoded, and
    what is missing, in sentences."""

    path: Path
    cuts: tuple[Cut, ...]
    starts_s: tuple[float, ...]
    duration_s: float
    copied_s: float
    encoded_s: float
    notes: tuple[str, ...]


def cut(cuts: Sequence[Cut], output: Path, *, overwrite: bool = False) -> Clip:
    """Writes ``cuts``, one after the other, to ``output``, whose suffix says what kind of file it is.

    Raises:
        UsageError: no cut, a kind of file that is not known, a file that is there already (unless ``overwrite``)
            or is cut from; recordings with and without a picture in one reel; more than 32 recordings.
        DecodeError: nothing can be decoded at a cut, or FFmpeg fails.
        DecoderHungError: it took far longer than it should and was stopped.
    """
    container = container_of(output)
    _refuse(cuts, output, overwrite)
    spans = [(one.source, one.span) for one in cuts]
    has_picture = bool(container.pictures) and cuts[0].source.video.has_picture
    plan = plan_pictures(spans, container) if has_picture else PicturePlan((), ())
    ends = [(shot.window.start, shot.window.end) for shot in plan.shots] or [_ends(span) for _, span in spans]
    with _scratch(output) as folder:
        pieces, missing = write_pieces(plan, folder)
        sound, why_sound = sound_track(
            [(one.source, end) for one, end in zip(cuts, ends, strict=True)], container, folder
        )
        if not pieces and sound is None:
            raise UsageError(
                f"{cuts[0].source.video.path} has no sound, which is all that {output.name} could hold"
            )
        job = SpliceJob(
            output=str(folder / f"whole{output.suffix}"),
            format=container.format,
            pictures=pieces,
            end_at=plan.starts_at[-1],
            sound=sound,
            keeps_lead=container.keeps_lead,
            options=container.options,
            metadata=_metadata(cuts),
        )
        length_s = sum(float(end - start) for start, end in ends)
        splice(job, _PATIENCE_S + _PATIENCE_FACTOR * length_s)
        _publish(Path(job.output), output, overwrite)
    starts_s = accumulate((float(end - start) for start, end in ends), initial=0.0)
    copied_s = sum(shot.copied_s for shot in plan.shots)
    encoded_s = length_s - copied_s if pieces else 0.0
    notes = (*plan.notes, *missing, *why_sound)
    return Clip(output, tuple(cuts), tuple(starts_s)[:-1], length_s, copied_s, encoded_s, notes)


def _ends(span: Span) -> tuple[Fraction, Fraction]:
    return Fraction(span.start_s).limit_denominator(1_000_000), Fraction(span.end_s).limit_denominator(1_000_000)


def _refuse(cuts: Sequence[Cut], output: Path, overwrite: bool) -> None:
    """Raises UsageError for what cannot be right, before anything is written."""
    if not cuts:
        raise UsageError("there is nothing to cut: name a moment, or a file with --start and --end")
    pictured = {one.source.video.has_picture for one in cuts}
    if len(pictured) > 1:
        bare = next(one.source.video.path for one in cuts if not one.source.video.has_picture)
        raise UsageError(
            f"{bare} has no picture and others have: cut it apart, or name a file for sound, such as .m4a"
        )
    if not output.parent.is_dir():
        raise UsageError(f"{output.parent} is no folder; make it first, or write the clip elsewhere")
    if output.exists() and any(output.samefile(one.source.video.path) for one in cuts):
        raise UsageError(f"{output} is the recording itself; give the clip a name of its own")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} is there already; choose another name, or write over it with --overwrite")


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """A hidden folder beside the output, gone afterwards: on one disk with it, so the whole moves in one step."""
    with tempfile.TemporaryDirectory(prefix=f".{output.stem[:40]}-", dir=output.parent) as name:
        yield Path(name)


def _publish(whole: Path, output: Path, overwrite: bool) -> None:
    """Gives the finished file its name. Without ``overwrite`` a file that came there meanwhile stays."""
    if overwrite:
        os.replace(whole, output)
        return
    try:
        os.link(whole, output)
    except FileExistsError:
        raise UsageError(f"{output} has come into being meanwhile; choose another name, or --overwrite") from None
    except OSError:  # a disk that knows no links
        if output.exists():
            raise UsageError(f"{output} has come into being meanwhile; choose another name") from None
        os.replace(whole, output)


def _metadata(cuts: Sequence[Cut]) -> dict[str, str]:
    """Where the clip comes from, and when it was recorded, so that its wall clock is not lost."""
    said = [f"{one.source.video.path.name} {format_span(one.span.start_s, one.span.end_s)}" for one in cuts]
    found = {"comment": "cut from " + ", ".join(said[:20]) + (" ..." if len(said) > 20 else "")}
    at = cuts[0].source.video.wall_clock(cuts[0].span.start_s)
    if at is not None:
        found["creation_time"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        found["com.apple.quicktime.creationdate"] = format_wall(at)
    return found
