"""Puts packets together to one file, in a process of its own: ``python -m videoindex.media.splice``.

Packets come from recordings (copied as they are) and from pieces that were encoded for the purpose; each gets its
place on the clip's clock. Recordings are untrusted, so the process has limits, and talks JSON: a job on standard
input, ``{"done": ...}`` or ``{"error": ..., "message": ...}`` on standard output.
"""

from __future__ import annotations

import heapq
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoindex import errors
from videoindex.errors import DecodeError, DecoderHungError, VideoIndexError
from videoindex.media.clip_plan import STAMP_HZ, decode_stamps
from videoindex.media.containers import open_container
from videoindex.media.decoders.process import MEMORY_MIB
from videoindex.media.parameter_sets import join_headers

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer, OutputContainer

# Lossy sound needs some packets before its output is right: MP3 looks back over up to nine of 26 ms.
_LEAD_S = Fraction(1, 4)
_MATROSKA = ("matroska", "webm")

__all__ = ["PicturePiece", "SoundTrack", "SpliceJob", "splice"]


@dataclass(frozen=True, slots=True)
class PicturePiece:
    """Packets of one picture stream, one after the other. ``at_N`` places them on the clip's clock (``STAMP_HZ``):
    of a copy in coded order, with the source's own stamps ``pts_N`` to know them by; of an encoded piece in order
    of display, empty where its own stamps, moved by ``from_at``, are all that is known."""

    path: str
    stream_index: int
    at_N: tuple[int, ...]
    pts_N: tuple[int, ...] = ()
    from_at: int = 0

    @property
    def is_copy(self) -> bool:
        return bool(self.pts_N)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One stream of sound: all of an encoded piece, or (``end_s`` set) the packets of a recording that begin in
    ``[start_s, end_s)``, copied, with ``start_s`` as the clip's 0; a little more before it where the file may keep
    what is decoded but not played."""

    path: str
    stream_index: int
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class SpliceJob:
    """What is put together: ``pictures`` in order, where the last one ends (``STAMP_HZ``), ``sound``, and the file
    ``output`` of FFmpeg's ``format``. ``keeps_lead``: packets before the clip's 0 may stay."""

    output: str
    format: str
    pictures: tuple[PicturePiece, ...] = ()
    end_at: int = 0
    sound: SoundTrack | None = None
    keeps_lead: bool = False
    options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, said: dict[str, Any]) -> SpliceJob:
        """What ``asdict`` gave, after JSON."""
        pieces = tuple(
            PicturePiece(**{**one, "at_N": tuple(one["at_N"]), "pts_N": tuple(one["pts_N"])})
            for one in said["pictures"]
        )
        sound = SoundTrack(**said["sound"]) if said["sound"] else None
        return cls(**{**said, "pictures": pieces, "sound": sound})


def splice(job: SpliceJob, patience_s: float) -> None:
    """Runs a job in a process of its own.

    Raises DecodeError where a recording is not as it was planned, or crashes the demuxer; DecoderHungError after
    ``patience_s``.
    """
    path = ":".join(entry for entry in sys.path if entry)
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "videoindex.media.splice"],
            input=json.dumps(asdict(job)).encode(),
            capture_output=True,
            timeout=patience_s,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DecoderHungError(
            f"putting {job.output} together was stopped after {patience_s:.0f} s; cut less, or try fresh copies"
        ) from None
    lines = ended.stdout.decode(errors="replace").splitlines()
    if ended.returncode != 0 or not lines:
        words = ended.stderr.decode(errors="replace").strip().splitlines()
        raise DecodeError(
            f"putting {job.output} together failed (exit {ended.returncode}): {words[-1] if words else 'crashed'}"
        )
    said = json.loads(lines[-1])
    if "error" in said:
        known = getattr(errors, str(said["error"]), DecodeError)
        raise known(str(said["message"]))


def main() -> None:
    """Serves one job, as the module says."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MIB << 20, MEMORY_MIB << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said: dict[str, object]
    try:
        _write(SpliceJob.from_plain(json.loads(sys.stdin.buffer.read())))
        said = {"done": True}
    except VideoIndexError as error:
        said = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(said))


def _write(job: SpliceJob) -> None:
    import av

    with ExitStack() as stack:
        output = stack.enter_context(
            av.open(f"file:{job.output}", "w", format=job.format, options=dict(job.options))
        )
        output.metadata.update(job.metadata)
        tracks = []
        if job.pictures:
            tracks.append(_pictures(job, output, stack))
        if job.sound is not None:
            tracks.append(_sound(job, job.sound, output, stack))
        # The muxer wants packets of all streams in order of decoding, more or less: it would hold them else.
        for _, packet in heapq.merge(*tracks, key=lambda timed: timed[0]):
            output.mux(packet)


_Timed = tuple[Fraction, "Packet[Any]"]


def _pictures(job: SpliceJob, output: OutputContainer, stack: ExitStack) -> Iterator[_Timed]:
    """Adds the picture stream; its packets, in coded order."""
    model = next((piece for piece in job.pictures if piece.is_copy), job.pictures[0])
    source = stack.enter_context(open_container(Path(model.path)))
    template: Any = source.streams[model.stream_index]
    stream: Any = output.add_stream_from_template(template, opaque=True)
    headers = [bytes(template.codec_context.extradata or b"")]
    places: list[tuple[int, ...]] = []
    for piece in job.pictures:
        with open_container(Path(piece.path)) as container:
            headers.append(bytes(container.streams[piece.stream_index].codec_context.extradata or b""))
            places.append(piece.at_N if piece.is_copy else _places(piece, container))
    if template.codec_context.name == "h264" and len(set(headers)) > 1:
        stream.codec_context.extradata = join_headers(headers)
    stream.time_base = Fraction(1, STAMP_HZ)
    at_N = _rising([at for piece in places for at in piece])
    return _placed(job, stream, at_N, stack)


def _placed(job: SpliceJob, stream: Any, at_N: Sequence[int], stack: ExitStack) -> Iterator[_Timed]:
    shown = [*sorted(at_N), job.end_at]
    lasts = {at: max(1, after - at) for at, after in pairwise(shown)}
    stamps = zip(at_N, decode_stamps(at_N), strict=True)
    for piece in job.pictures:
        container = stack.enter_context(open_container(Path(piece.path)))
        for packet in _copied(piece, container) if piece.is_copy else _all(container, piece.stream_index):
            packet.pts, packet.dts = next(stamps)
            packet.time_base = Fraction(1, STAMP_HZ)
            packet.duration = lasts[packet.pts]
            packet.stream = stream
            yield Fraction(packet.dts, STAMP_HZ), packet
        container.close()


def _rising(at_N: Sequence[int]) -> list[int]:
    """The places with no two the same: what would share one is moved on by a tick, in order of display."""
    moved: dict[int, int] = {}
    last = -1
    for at, index in sorted((at, index) for index, at in enumerate(at_N)):
        last = max(at, last + 1)
        moved[index] = last
    return [moved[index] for index in range(len(at_N))]


def _places(piece: PicturePiece, container: InputContainer) -> tuple[int, ...]:
    """Where the packets of an encoded piece go, in coded order."""
    tick = Fraction(container.streams[piece.stream_index].time_base or 1)
    pts = [int(packet.pts or 0) for packet in _all(container, piece.stream_index)]
    own = [piece.from_at + round(stamp * tick * STAMP_HZ) for stamp in pts]
    if len(piece.at_N) != len(pts):
        return tuple(own)
    rank = {index: place for place, index in enumerate(sorted(range(len(pts)), key=pts.__getitem__))}
    return tuple(piece.at_N[rank[index]] for index in range(len(pts)))


def _all(container: InputContainer, stream_index: int) -> Iterator[Packet[Any]]:
    for packet in container.demux(container.streams[stream_index]):
        if packet.size:
            yield packet


def _copied(piece: PicturePiece, container: InputContainer) -> Iterator[Packet[Any]]:
    """The packets of a copy. Raises DecodeError where they are not those that were planned."""
    wanted = iter(piece.pts_N)
    awaited = next(wanted)
    _go_to(container, container.streams[piece.stream_index], awaited)
    begun = False
    for packet in _all(container, piece.stream_index):
        if not begun and (packet.pts != awaited or not packet.is_keyframe):
            continue
        begun = True
        if packet.pts != awaited:
            break
        following = next(wanted, None)
        yield packet
        if following is None:
            return
        awaited = following
    raise DecodeError(
        f"{piece.path} gave other pictures than when the cut was planned; was it being written to? Cut it again"
    )


def _go_to(container: InputContainer, stream: Any, pts: int) -> None:
    """Goes to the key picture of this stamp, or before it; stays at the start where the file cannot seek."""
    import av

    early = round(Fraction(1) / Fraction(stream.time_base or 1))
    if pts - early <= (stream.start_time or 0):
        return
    try:
        container.seek(pts - early, stream=stream, backward=True)
    except av.error.FFmpegError:
        return


def _sound(job: SpliceJob, track: SoundTrack, output: OutputContainer, stack: ExitStack) -> Iterator[_Timed]:
    """Adds the sound stream; its packets in order."""
    container = stack.enter_context(open_container(Path(track.path)))
    source: Any = container.streams[track.stream_index]
    stream = output.add_stream_from_template(source, opaque=True)
    lead = round(_LEAD_S / source.time_base) if job.keeps_lead else 0
    if job.format in _MATROSKA and container.format.name.startswith("matroska"):
        # What Matroska says of its sound's beginning goes along with the stream: so much of it is not played.
        lead = max(0, -next((packet.pts or 0 for packet in _all(container, track.stream_index)), 0))
        container = stack.enter_context(open_container(Path(track.path)))
    return _placed_sound(track, container, lead, stream)


def _placed_sound(track: SoundTrack, container: InputContainer, lead: int, stream: Any) -> Iterator[_Timed]:
    """The packets from ``lead`` ticks before the track's start on."""
    source: Any = container.streams[track.stream_index]
    tick = Fraction(source.time_base)
    zero = round(Fraction(track.start_s).limit_denominator(1_000_000) / tick)
    end = None if track.end_s is None else round(Fraction(track.end_s).limit_denominator(1_000_000) / tick)
    if end is not None:
        _go_to(container, source, zero - lead)
    for packet in _all(container, track.stream_index):
        pts = packet.dts if packet.pts is None else packet.pts
        if pts is None or pts < zero - lead:
            continue
        if end is not None and pts >= end:
            return
        packet.pts = packet.dts = pts - zero
        packet.stream = stream
        yield (pts - zero) * tick, packet


if __name__ == "__main__":
    main()
