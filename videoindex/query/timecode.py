"""Timecode: hours, minutes, seconds and frames, as editors count them (SMPTE ST 12-1).

At 29.97 and 59.94 frames a second timecode would fall behind the clock, so some numbers are dropped: 2 (or 4) at
the start of each minute but every tenth. At 23.976 no such rule exists: timecode falls behind by 3.6 s an hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from videoindex.types import Span, Video

__all__ = ["STANDARD_RATES", "FrameRate", "frame_at_hour", "frames_of", "rate_of", "timecode"]

_NTSC = Fraction(1000, 1001)
STANDARD_RATES = tuple(
    sorted((24 * _NTSC, Fraction(24), Fraction(25), 30 * _NTSC, Fraction(30), Fraction(48), Fraction(50),
            60 * _NTSC, Fraction(60)))
)  # fmt: skip
_FALLBACK = Fraction(30)
_NEAR = 4e-4  # relative; 24 and 23.976 differ by 1e-3
_SLACK_S = Fraction(1, 2000)  # times are given to the millisecond
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class FrameRate:
    """``fps`` frames a second, counted ``nominal`` to the second; ``is_exact`` where a recording's own frames lie
    on its grid. ``is_drop``: numbers are dropped so that timecode keeps with the clock."""

    fps: Fraction
    is_exact: bool = True

    @classmethod
    def usual(cls) -> FrameRate:
        """The rate where no recording says one."""
        return cls(_FALLBACK)

    @property
    def nominal(self) -> int:
        return math.ceil(self.fps)

    @property
    def is_drop(self) -> bool:
        return self.fps in (30 * _NTSC, 60 * _NTSC)

    @property
    def name(self) -> str:
        counting = ", drop-frame" if self.is_drop else ", non-drop"
        return f"{float(self.fps):.3f}".rstrip("0").rstrip(".") + f" frames a second{counting}"


def rate_of(video: Video) -> FrameRate:
    """The lowest standard rate that is a whole multiple of the recording's; 30, inexact, where there is none."""
    for rate in STANDARD_RATES:
        multiple = float(rate) / video.average_fps if video.average_fps > 0 else 0.0
        if round(multiple) >= 1 and abs(multiple - round(multiple)) <= _NEAR * round(multiple):
            return FrameRate(rate)
    return FrameRate(_FALLBACK, is_exact=not video.has_picture)


def frames_of(span: Span, start_s: float, rate: FrameRate) -> tuple[int, int]:
    """The frames on display in ``span``, counted from the one at ``start_s``: first, and one after the last."""
    start, end = (Fraction(at_s - start_s).limit_denominator(1_000_000) for at_s in (span.start_s, span.end_s))
    first = max(0, math.floor((start + _SLACK_S) * rate.fps))
    return first, max(first + 1, math.ceil((end - _SLACK_S) * rate.fps))


def timecode(frame: int, rate: FrameRate) -> str:
    """``hh:mm:ss:ff``, with ``;`` before the frames where numbers are dropped. Raises ValueError from 24 h on."""
    if frame < 0:
        raise ValueError(f"timecode counts from 0, got frame {frame}")
    number = frame + _dropped(frame, rate) if rate.is_drop else frame
    seconds, frames = divmod(number, rate.nominal)
    if seconds >= _DAY_HOURS * 3600:
        raise ValueError(f"timecode ends at 24 hours, and frame {frame} lies at {seconds / 3600:.1f}")
    mark = ";" if rate.is_drop else ":"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"


def frame_at_hour(hours: int, rate: FrameRate) -> int:
    """The frame that bears the timecode ``hours:00:00:00``."""
    frames = hours * 3600 * rate.nominal
    # 54 of the 60 minutes of an hour drop numbers.
    return frames - hours * 54 * (rate.nominal // 15) if rate.is_drop else frames


def _dropped(frame: int, rate: FrameRate) -> int:
    """How many numbers are dropped before this frame's."""
    a_minute = rate.nominal // 15  # 2 of 30, 4 of 60
    minute = 60 * rate.nominal - a_minute
    ten_minutes = 10 * minute + a_minute
    tens, rest = divmod(frame, ten_minutes)
    # The first minute of ten drops nothing; it is longer by what the others drop.
    return 9 * a_minute * tens + a_minute * max(0, (rest - a_minute) // minute)
