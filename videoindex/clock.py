"""Times as people write them: the file clock (``0:02:53.6``) and the wall clock (ISO 8601).

The file clock counts seconds on the source's own clock; the wall clock is an aware datetime. Pure, standard
library only, so that any layer may import it.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from videoindex.errors import UsageError

__all__ = ["format_clock", "format_dated", "format_span", "format_wall", "parse_clock", "parse_time"]

_CLOCK = re.compile(r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d{1,4}):)?(?P<seconds>\d+(?:\.\d+)?)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}T")
_LONGEST_S = 1e9  # about 31 years: beyond it a number is a mistake, not a time in a recording


def format_clock(at_s: float) -> str:
    """``h:mm:ss.t``, rounded to the nearest tenth; ``parse_clock`` reads it back."""
    if not math.isfinite(at_s):
        raise ValueError(f"cannot write {at_s} as a time")
    tenths = round(at_s * 10)
    seconds, tenth = divmod(abs(tenths), 10)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{'-' if tenths < 0 else ''}{hour}:{minute:02d}:{second:02d}.{tenth}"


def format_span(start_s: float, end_s: float) -> str:
    """``0:00:12.0-0:00:14.8``."""
    return f"{format_clock(start_s)}-{format_clock(end_s)}"


def format_dated(at: datetime | None) -> str:
    """`` (2026-05-01 20:00:10 UTC)``, to stand after a time on the file clock; empty where no date is known."""
    return f" ({at:%Y-%m-%d %H:%M:%S %Z})" if at is not None else ""


def format_wall(at: datetime) -> str:
    """ISO 8601 with milliseconds and offset: ``2026-05-01T14:30:12.500+02:00``."""
    if at.tzinfo is None:
        raise ValueError(f"a wall-clock time needs a time zone, got {at!r}")
    return at.isoformat(timespec="milliseconds")


def parse_clock(text: str) -> float:
    """Seconds on the file clock from ``173.6``, ``2:53.6``, ``0:02:53.633`` (and a leading ``-``).

    Raises ``UsageError`` on anything else, and where minutes or seconds reach 60 below a larger unit.
    """
    bare = text.strip()
    negative = bare.startswith("-")
    match = _CLOCK.fullmatch(bare.removeprefix("-"))
    if match is None:
        raise UsageError(f"cannot read {text!r} as a time: write seconds (90), 1:30, or 0:01:30.500")
    hours, minutes, seconds = (float(match[name] or 0) for name in ("hours", "minutes", "seconds"))
    if match["minutes"] is not None and seconds >= 60:
        raise UsageError(
            f"cannot read {text!r} as a time: {match['seconds']} seconds after the colon, below 60 wanted"
        )
    if match["hours"] is not None and minutes >= 60:
        raise UsageError(
            f"cannot read {text!r} as a time: {match['minutes']} minutes after the colon, below 60 wanted"
        )
    at_s = hours * 3600 + minutes * 60 + seconds
    if at_s > _LONGEST_S:
        raise UsageError(f"cannot read {text!r} as a time: no recording is that long")
    return -at_s if negative else at_s


def parse_time(text: str) -> float | datetime:
    """A file-clock time in seconds, or an aware wall-clock time where the text begins with a date.

    ``2026-05-01T14:30``, ``2026-05-01 14:30:12+02:00`` and ``2026-05-01`` are wall clock; one without an offset is
    taken in this machine's time zone. Raises ``UsageError`` on anything that is neither.
    """
    bare = text.strip()
    if not _DATE.match(bare):
        return parse_clock(text)
    try:
        at = datetime.fromisoformat(bare)
    except ValueError as error:
        raise UsageError(
            f"cannot read {text!r} as a date and time ({error}): write 2026-05-01T14:30:00+02:00"
        ) from error
    try:
        return at if at.tzinfo is not None else at.astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"cannot read {text!r} as a date and time: no recording is from then") from error
