"""The pictures of a clip: which pieces they are made of, and the pieces themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from videoindex.errors import UsageError
from videoindex.media.clip_forms import Container
from videoindex.media.clip_plan import STAMP_HZ, Piece, Window, plan_pieces, stamps_of, window_of
from videoindex.media.coded import Pictures, read_coded
from videoindex.media.encode import Layer, PictureForm, encode_pictures
from videoindex.media.parameter_sets import free_id, is_framed
from videoindex.media.probe import Probe
from videoindex.media.splice import PicturePiece
from videoindex.types import Span, Video

__all__ = ["PicturePlan", "Shot", "plan_pictures", "write_pieces"]

# FFmpeg's words for the profiles of H.264, and x264's. Others (Extended, CAVLC 4:4:4) it does not write.
_PROFILES = {
    "Constrained Baseline": "baseline",
    "Baseline": "baseline",
    "Main": "main",
    "High": "high",
    "High 10": "high10",
    "High 4:2:2": "high422",
    "High 4:4:4 Predictive": "high444",
}
_KEPT_FORMATS = tuple(
    f"yuv{full}{chroma}p{depth}"
    for chroma in ("420", "422", "444")
    for full in ("", "j")
    for depth in ("", "10le")
)
_USUAL_FORMAT = "yuv420p"
_DEEPEST_REORDER = 2  # of x264
_MOST_RECORDINGS = 32  # each has parameter sets of its own, and H.264 numbers them from 0 to 31


@dataclass(frozen=True, slots=True)
class Shot:
    """One cut: where from, its exact ends, its pieces, and how those of them that are encoded are."""

    video: Video
    pictures: Pictures
    window: Window
    pieces: tuple[Piece, ...]
    form: PictureForm

    @property
    def length_at(self) -> int:
        """Its length in ticks of ``STAMP_HZ``."""
        return max(1, round((self.window.end - self.window.start) * STAMP_HZ))

    @property
    def copied_s(self) -> float:
        return sum(self._length_s(piece) for piece in self.pieces if piece.is_copy)

    def _length_s(self, piece: Piece) -> float:
        coded = self.pictures.coded
        start, end = (
            self.window.end if at == self.window.stop else max(self.window.start, coded.shown_N[at] * coded.tick_s)
            for at in (piece.first, piece.stop)
        )
        return float(end - start)


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """The shots in order, and in sentences why something is encoded."""

    shots: tuple[Shot, ...]
    notes: tuple[str, ...]

    @property
    def starts_at(self) -> list[int]:
        """Where each shot begins, and at last where the last ends, in ticks of ``STAMP_HZ``."""
        return list(accumulate((shot.length_at for shot in self.shots), initial=0))


def plan_pictures(cuts: Sequence[tuple[Probe, Span]], container: Container) -> PicturePlan:
    """Plans the pictures of ``cuts``.

    Raises as ``read_coded`` does, and UsageError for more than 32 recordings.
    """
    read = [read_coded(source.video, span) for source, span in cuts]
    windows = [window_of(one.coded, span) for one, (_, span) in zip(read, cuts, strict=True)]
    sources = list(dict.fromkeys(source.video.path for source, _ in cuts))
    if len(sources) > _MOST_RECORDINGS:
        raise UsageError(f"a reel takes from at most {_MOST_RECORDINGS} recordings, got {len(sources)}; make two")
    why = _why_encode(cuts, read, container)
    mixing = "" if why else _mixing_profile(read[0], container)
    pieces = [plan_pieces(one.coded, window, bool(mixing)) for one, window in zip(read, windows, strict=True)]
    copies = [piece.is_copy for shot in pieces for piece in shot]
    if not why and not any(copies) and mixing:
        why = "between the ends of the cut no picture stands alone that a copy could begin with"
    elif not why and not all(copies) and not mixing:
        why = f"{_named(read[0])} is copied only where a cut falls on key pictures at both ends"
    if why:
        pieces = [(Piece(False, window.first, window.stop),) for window in windows]
        mixing = ""
    size_px = None if len(sources) == 1 else _even(cuts[0][0])
    shots = tuple(
        Shot(
            source.video,
            one,
            window,
            parts,
            _form(one, container, mixing, size_px, sources.index(source.video.path)),
        )
        for (source, _), one, window, parts in zip(cuts, read, windows, pieces, strict=True)
    )
    notes = (f"all pictures were encoded anew: {why}",) if why else ()
    return PicturePlan(shots, notes)


def _why_encode(cuts: Sequence[tuple[Probe, Span]], read: Sequence[Pictures], container: Container) -> str:
    """Why nothing can be copied, "" where something may be."""
    source, pictures = cuts[0][0], read[0]
    if any(other.video.path != source.video.path for other, _ in cuts):
        return "the cuts are of several recordings, brought to one form"
    if pictures.codec not in container.copied_pictures:
        return f"a {container.format} file cannot hold {_named(pictures)}"
    if source.rotation_deg and not container.keeps_turn:
        return f"a {container.format} file cannot say that pictures are to be turned for display"
    reasons = [one.coded.why_no_copy for one in read if one.coded.why_no_copy]
    reasons += ["its pictures bear no stamps of display"] if any(one.coded.is_by_order for one in read) else []
    return f"{source.video.path.name} cannot be copied from ({reasons[0]})" if reasons else ""


def _mixing_profile(pictures: Pictures, container: Container) -> str:
    """The profile of H.264 in which encoded pictures can stand beside the copied ones, "" where they cannot."""
    if pictures.codec != "h264" or container.pictures != "libx264" or pictures.is_interlaced:
        return ""
    if pictures.pixel_format not in _KEPT_FORMATS or free_id([pictures.header]) is None:
        return ""
    if pictures.coded.reorder_depth > _DEEPEST_REORDER and not container.keeps_decode_times:
        return ""  # readers would guess them by the first encoding's depth, and be wrong from the second on
    return _PROFILES.get(pictures.profile, "")


def _form(
    pictures: Pictures, container: Container, mixing: str, size_px: tuple[int, int] | None, number: int
) -> PictureForm:
    if mixing:
        return PictureForm(
            container.pictures,
            pictures.pixel_format,
            set_id=free_id([pictures.header]) or 0,
            profile=mixing,
            reorder_depth=min(pictures.coded.reorder_depth, _DEEPEST_REORDER),
            is_framed=is_framed(pictures.header),
        )
    is_kept = container.pictures == "libx264" and size_px is None and pictures.pixel_format in _KEPT_FORMATS
    pixel_format = pictures.pixel_format.replace("j", "") if is_kept else _USUAL_FORMAT
    return PictureForm(container.pictures, pixel_format, number, size_px=size_px)


def _named(pictures: Pictures) -> str:
    return f"{pictures.codec}{' with two fields a picture' if pictures.is_interlaced else ''}"


def _even(source: Probe) -> tuple[int, int]:
    return (source.video.width_px + 1) // 2 * 2, (source.video.height_px + 1) // 2 * 2


_NO_LAYERS: Mapping[int, Layer] = {}


def write_pieces(
    plan: PicturePlan, folder: Path, layers: Mapping[int, Layer] = _NO_LAYERS
) -> tuple[tuple[PicturePiece, ...], tuple[str, ...]]:
    """Encodes what is to be encoded, into ``folder``: all pieces, and notes on pictures that could not be decoded.

    ``layers`` lie over the encoded pictures of the shots with these numbers.

    Raises as ``encode_pictures`` does.
    """
    made: list[PicturePiece] = []
    notes: list[str] = []
    for number, (shot, start_at) in enumerate(zip(plan.shots, plan.starts_at, strict=False)):
        for piece in shot.pieces:
            at_N = tuple(start_at + at for at in stamps_of(shot.pictures.coded, shot.window, piece))
            if piece.is_copy:
                pts_N = shot.pictures.coded.pts_N[piece.first : piece.stop]
                made.append(PicturePiece(str(shot.video.path), shot.pictures.stream_index, at_N, pts_N))
                continue
            target = folder / f"piece{len(made)}{'.mkv' if shot.form.is_framed else '.nut'}"
            layer = layers.get(number)
            count = encode_pictures(shot.video, shot.pictures, shot.window, piece, shot.form, target, layer)
            if count != len(at_N):
                notes.append(f"{shot.video.path}: {count} of {len(at_N)} pictures of a cut could be decoded")
            made.append(PicturePiece(str(target), 0, at_N if count == len(at_N) else (), from_at=start_at))
    return tuple(made), tuple(notes)
