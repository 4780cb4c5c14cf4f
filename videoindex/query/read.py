"""What is to be read of a recording, how closely, and by whom. Pure, save that readers are handed on.

``read`` shows single pictures at full resolution to whoever can read them: a vision-language model where the
settings name one, else optical character recognition alone. :mod:`videoindex.query.read_page` reads instants,
:mod:`videoindex.query.read_steps` reads a span of a screen recording as steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from videoindex.clock import format_clock, format_wall
from videoindex.errors import ConfigError, DecodeError, UsageError
from videoindex.media.decoders.base import Decoder
from videoindex.media.scan import ScanSettings
from videoindex.perception.ocr import MODEL as OCR_MODEL
from videoindex.perception.screen_text import ScreenTextSettings
from videoindex.perception.text_watch import Reader
from videoindex.perception.vlm.base import Vlm
from videoindex.query.read_schema import Schema
from videoindex.sampling.mrope import CELL_PX, FrameSize, fit_frame
from videoindex.types import Box, Span, Video

__all__ = [
    "OCR_READER",
    "ReadSettings",
    "Readers",
    "Time",
    "Wish",
    "instants",
    "need_vlm",
    "require_picture",
    "shown_box",
    "span_between",
]

Time = float | datetime
"""Seconds on the file's clock, or an aware wall-clock time."""

OCR_READER = f"screen_text ({OCR_MODEL})"
_BOX_GRID = 1_000  # a model's boxes are in thousandths of the picture's sides
_FASTEST_HZ = 30.0


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How closely ``read`` looks. A cell is 32 x 32 pixels and one token of the model.

    Raises UsageError that names the flag for a value out of range.
    """

    # Floor of a picture's area once resized: small pictures are enlarged to that of 512 x 512 px.
    min_pixels: int = 256 * CELL_PX * CELL_PX
    # Cap: a picture of 3840 x 2160 px (8,160 cells) is shown as it is, an 8K one at about 0.7 of its sides.
    max_pixels: int = 16_384 * CELL_PX * CELL_PX
    # The longest answer, thinking included.
    answer_tokens: int = 8_192
    # Steps: looks a second; those at which nothing changed are left out.
    rate_hz: float = 2.0
    # Steps: what the pictures of one question may take, the look before its first one included.
    window_tokens: int = 32_768
    # Steps: the most looks that one question is about.
    window_looks: int = 24

    def __post_init__(self) -> None:
        if not CELL_PX * CELL_PX <= self.min_pixels <= self.max_pixels:
            raise UsageError(
                f"--min-pixels ({self.min_pixels}) must be at least {CELL_PX * CELL_PX} (one cell) and at most "
                f"--max-pixels ({self.max_pixels})"
            )
        if not (math.isfinite(self.rate_hz) and 0.0 < self.rate_hz <= _FASTEST_HZ):
            raise UsageError(
                f"--rate must lie above 0 and be at most {_FASTEST_HZ:g} looks a second, got {self.rate_hz}"
            )
        for name in ("answer_tokens", "window_tokens", "window_looks"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more, got {getattr(self, name)}")

    @classmethod
    def of(
        cls,
        wish: Wish,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
        answer_tokens: int | None = None,
    ) -> ReadSettings:
        """The defaults with what was given in their place. A bound given alone moves the other out of its way."""
        plain = cls()
        least = min(plain.min_pixels, max_pixels or plain.min_pixels) if min_pixels is None else min_pixels
        return cls(
            min_pixels=least,
            max_pixels=max(plain.max_pixels, least) if max_pixels is None else max_pixels,
            answer_tokens=plain.answer_tokens if answer_tokens is None else answer_tokens,
            rate_hz=plain.rate_hz if wish.rate_hz is None else wish.rate_hz,
        )

    def shown_px(self, video: Video) -> FrameSize:
        """The size at which a model is shown a picture: its own in whole cells, rounded up so that small text
        loses nothing, unless the bounds demand another."""
        wide, high = (math.ceil(side_px / CELL_PX) * CELL_PX for side_px in (video.width_px, video.height_px))
        return fit_frame(wide, high, self.min_pixels, self.max_pixels)

    def searched_px(self, video: Video) -> tuple[int, int]:
        """(width, height) at which characters are recognised: (0, 0), its own, unless the bounds say otherwise."""
        area_px = video.width_px * video.height_px
        zoom = math.sqrt(min(max(area_px, self.min_pixels), self.max_pixels) / area_px)
        if zoom == 1.0:
            return (0, 0)
        return max(1, round(video.width_px * zoom)), max(1, round(video.height_px * zoom))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be read: the instants ``at``, as text, to the question ``prompt`` or as JSON of ``schema``; or,
    with ``is_steps``, the steps between ``start`` and ``end`` (None: the recording's own ends), looked for
    ``rate_hz`` times a second (None: as often as the settings say).

    Raises UsageError where the parts do not go together.
    """

    at: tuple[Time, ...] = ()
    prompt: str = ""
    schema: Schema | None = None
    is_steps: bool = False
    start: Time | None = None
    end: Time | None = None
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        if self.is_steps and (self.at or self.prompt or self.schema):
            raise UsageError("--steps reads a span: give --start and --end, not --at, --prompt or --schema")
        if not self.is_steps and any(part is not None for part in (self.start, self.end, self.rate_hz)):
            raise UsageError("--start, --end and --rate are of --steps; single instants are named with --at")
        if not self.is_steps and not self.at:
            raise UsageError("say what to read: --at T for an instant, or --steps for what is done on the screen")


@dataclass(frozen=True, slots=True, eq=False)
class Readers:
    """Who reads: ``vlm`` where there is one, else ``ocr`` alone. Boxes of lines are always of ``ocr``."""

    decoder: Decoder
    ocr: Reader
    vlm: Vlm | None = None
    screen_text: ScreenTextSettings = field(default_factory=ScreenTextSettings)
    scan: ScanSettings = field(default_factory=ScanSettings)

    @property
    def name(self) -> str:
        """Who it is that reads, as the result says: ``screen_text (...)`` or ``qwen (...)`` with the model."""
        return OCR_READER if self.vlm is None else f"qwen ({self.vlm.model})"


def need_vlm(flag: str, why: str) -> ConfigError:
    """The error for a wish that needs a model while the settings name none."""
    return ConfigError(
        f"{flag} needs a vision-language model: {why}. "
        'Name "qwen" in index.observers, and its model in [vlm], in a settings file (--config), or leave it out'
    )


def require_picture(video: Video) -> None:
    """Raises DecodeError for a recording of sound alone."""
    if not video.has_picture:
        raise DecodeError(
            f"{video.path} has no picture to read: it holds sound only. "
            "Index it, and see what is said with `videoindex events --source speech`"
        )


def instants(video: Video, times: Sequence[Time]) -> list[float]:
    """Each of ``times`` in seconds on the recording's clock, in the order given.

    Raises UsageError for one outside the recording, or on a wall clock that the recording's date is not known for.
    """
    return [_inside(video, _seconds(video, time), "--at") for time in times]


def span_between(video: Video, start: Time | None, end: Time | None) -> Span:
    """The span to read steps of; None stands for the recording's own start or end.

    Raises UsageError where an end lies outside the recording, or the start not before the end.
    """
    start_s = video.span.start_s if start is None else _inside(video, _seconds(video, start), "--start")
    end_s = video.span.end_s if end is None else _seconds(video, end)
    if not start_s < end_s:
        raise UsageError(
            f"{video.path}: --end ({format_clock(end_s)}) must lie after --start ({format_clock(start_s)})"
        )
    if end_s > video.span.end_s + 0.05:  # a tenth is the least that times are shown in
        raise UsageError(
            f"{video.path}: --end ({format_clock(end_s)}) lies outside the recording, which runs "
            f"{_runs(video)}; leave it out to read to the end"
        )
    return Span(start_s, min(end_s, video.span.end_s))


def _seconds(video: Video, time: Time) -> float:
    if not isinstance(time, datetime):
        return time
    if video.recorded_at is None:
        raise UsageError(
            f"{video.path}: when it was recorded is not known, so {format_wall(time)} cannot be found in it; "
            "give a time of its own clock, such as 0:45, or say when it began with --recorded-at"
        )
    return video.span.start_s + (time - video.recorded_at).total_seconds()


def _inside(video: Video, at_s: float, flag: str) -> float:
    if at_s not in video.span:
        raise UsageError(
            f"{video.path}: {flag} {format_clock(at_s)} ({at_s:g} s) lies outside the recording, which runs "
            f"{_runs(video)}; choose a time in it"
        )
    return at_s


def _runs(video: Video) -> str:
    return f"from {video.span.start_s:.3f} s up to, not including, {video.span.end_s:.3f} s"


def shown_box(video: Video, at_s: float, bbox_2d: Sequence[float]) -> Box | None:
    """A model's box (thousandths of the picture's sides) in pixels of the displayed picture, cut to the picture.

    None where nothing is left of it: a box needs four corners, and its right and bottom beyond its left and top.
    """
    if len(bbox_2d) != 4:
        return None
    left, top, right, bottom = (min(max(edge, 0), _BOX_GRID) / _BOX_GRID for edge in bbox_2d)
    if not (left < right and top < bottom):
        return None
    wide, high = video.width_px, video.height_px
    return Box(at_s, left * wide, top * high, right * wide, bottom * high)
