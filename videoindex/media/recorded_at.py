"""When a recording was made: the user's word, the container's, or the file name's.

Order of trust: the user's flag; a container time that carries its own zone; the container's creation time; the
file name. Where the container's creation time and the name differ by more than a day the name is believed: editors
and exports stamp the container anew, while recorders name their files by the start. Container creation times are
UTC (ISO/IEC 14496-12, 8.2.2). Times in names are the machine's local time, save Google Pixel's (PXL_): UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from videoindex.errors import UsageError

__all__ = ["RecordedAt", "from_file_name", "recorded_at"]

_DATE = r"(?P<Y>(?:19|20)\d\d)[-_.:]?(?P<m>0[1-9]|1[0-2])[-_.:]?(?P<d>0[1-9]|[12]\d|3[01])"
_TIME = r"(?P<H>[01]?\d|2[0-3])[-_.:h]?(?P<M>[0-5]\d)[-_.:m]?(?P<S>[0-5]\d)(?P<f>[._]?\d{3})?"
_IN_NAME = re.compile(
    rf"(?<!\d){_DATE}(?:[-_ T.]+| at )?{_TIME}(?!\d)(?:[ \u202f]?(?P<half>[AP]M))?", re.IGNORECASE
)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_DISAGREE = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class RecordedAt:
    """An aware instant and where it is from: ``flag``, ``metadata`` or ``file name``."""

    at: datetime
    source: str


def recorded_at(
    path: Path, metadata: Mapping[str, str], flag: datetime | None, now: datetime
) -> RecordedAt | None:
    """The wall-clock instant of the recording's start, or None when nothing tells.

    Raises:
        UsageError: the flag carries no time zone.
    """
    if flag is not None:
        if flag.tzinfo is None:
            raise UsageError(f"the recording time {flag.isoformat()} needs a time zone, for example +01:00 or Z")
        return RecordedAt(flag, "flag")
    zoned = _plausible(metadata.get("com.apple.quicktime.creationdate", ""), now)
    if zoned is not None:
        return RecordedAt(zoned, "metadata")
    named = from_file_name(path.name)
    created = _plausible(metadata.get("creation_time") or metadata.get("date") or "", now)
    if created is not None and (named is None or abs(created - named) <= _DISAGREE):
        return RecordedAt(created, "metadata")
    return RecordedAt(named, "file name") if named is not None else None


def from_file_name(name: str) -> datetime | None:
    """The date and time in a name such as 20240131_142530, 2024-01-31 14-25-30 or PXL_20240131_142530123."""
    for found in _IN_NAME.finditer(name):
        hour = int(found["H"])
        if found["half"]:
            hour = hour % 12 + (12 if found["half"].upper() == "PM" else 0)
        millis = int(found["f"].lstrip("._")) if found["f"] else 0
        try:
            naive = datetime(
                int(found["Y"]),
                int(found["m"]),
                int(found["d"]),
                hour,
                int(found["M"]),
                int(found["S"]),
                millis * 1000,
            )
        except ValueError:
            continue  # 31 February and its like: not a date
        return naive.replace(tzinfo=UTC) if name.startswith("PXL_") else naive.astimezone()
    return None


def _plausible(text: str, now: datetime) -> datetime | None:
    """An ISO date with time, UTC where it names no zone; None for unset clocks (1904, 1970) and the future."""
    if len(text) < 19:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at if _EARLIEST <= at <= now + timedelta(days=1) else None
