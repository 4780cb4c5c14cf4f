"""Recordings and cameras named in a question: "in lecture.mp4", "on the yard camera". Pure.

A name counts only where an indexed recording or camera bears it: "caught on camera" and "in the lecture" stay
words to search for. A media file that is named but not indexed is refused, because no other can answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord

__all__ = ["Place", "find_places"]

_FILE = re.compile(
    r"(?<![\w./\\-])([\w.() \\/-]*?[\w()-]+\.(?:mp4|mkv|mov|webm|avi|m4v|mpe?g|wmv|flv|3gp|m2?ts|ogv|mp3|wav|m4a))"
    r"(?!\w)",
    re.IGNORECASE,
)
_LEAD = (
    r"(?:\b(?:in|on|from|of|inside|within|by|at)\s+)?(?:\bthe\s+)?(?:\b(?:video|file|recording|clip|footage)\s+)?"
)
_TAIL = r"(?:\s+(?:video|file|recording|clip)\b)?"
_CALLED = r"(?:(?:called|named)\s+)?"
_NAMED = 40
"""Names of recordings that are looked for by their stem, at most: beyond it only full file names count."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name at ``[begin, end)`` of the question, and the recordings or the camera that it stands for."""

    begin: int
    end: int
    video_ids: tuple[str, ...] = ()
    camera: str = ""


def find_places(text: str, records: Sequence[VideoRecord]) -> list[Place]:
    """The recordings and cameras named in ``text``, in order. Raises UsageError for a file that is not indexed."""
    found: list[Place] = []
    for place in (*_files(text, records), *_stems(text, records), *_cameras(text, records)):
        if all(place.end <= other.begin or place.begin >= other.end for other in found):
            found.append(place)
    return sorted(found, key=lambda place: place.begin)


def _files(text: str, records: Sequence[VideoRecord]) -> Iterator[Place]:
    """Names with an ending, such as lecture.mp4 or videos/lecture.mp4."""
    by_name: dict[str, list[str]] = {}
    for record in records:
        by_name.setdefault(record.video.path.name.lower(), []).append(record.video.id)
    for match in _FILE.finditer(text):
        written = match[1].strip()
        # A name may hold spaces, and so may the words before it: the longest that is indexed counts.
        starts = [0, *(space.end() for space in re.finditer(r"[\s\\/]", written))]
        known = next((start for start in starts if written[start:].lower() in by_name), None)
        if known is None:
            name = re.split(r"[\s\\/]", written)[-1]
            is_place = re.search(r"\b(?:in|from|of|video|file|recording|clip)\s+(?:the\s+)?$",
                                 text[: match.end() - len(name)], re.IGNORECASE)  # fmt: skip
            if records and is_place:
                raise UsageError(f"{name} is not indexed; `videoindex videos` lists what is")
            continue
        name = written[known:]
        begin = match.end() - len(name)
        lead = re.search(_LEAD + r"[\w./\\-]*$", text[:begin], re.IGNORECASE)
        yield Place(lead.start() if lead else begin, match.end(), tuple(by_name[name.lower()]))


def _stems(text: str, records: Sequence[VideoRecord]) -> Iterator[Place]:
    """Names without their ending: after "in video", or where a digit or a sign shows that they are names."""
    if len(records) > _NAMED:
        return
    by_stem: dict[str, list[str]] = {}
    for record in records:
        by_stem.setdefault(record.video.path.stem.lower(), []).append(record.video.id)
    for stem in sorted(by_stem, key=len, reverse=True):
        is_plain = stem.isalpha()
        before = r"\b(?:in|from|of)\s+(?:the\s+)?(?:video|file|recording|clip)\s+" if is_plain else _LEAD
        pattern = rf"{before}(?<![\w.-]){_CALLED}{re.escape(stem)}(?![\w-]|\.\w){_TAIL}"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield Place(match.start(), match.end(), tuple(by_stem[stem]))


def _cameras(text: str, records: Sequence[VideoRecord]) -> Iterator[Place]:
    """``on camera yard``, ``on the yard camera``, ``the camera called yard``."""
    names = sorted({record.camera for record in records if record.camera}, key=len, reverse=True)
    for name in names:
        bare = re.escape(re.sub(r"^cam(?:era)?[\s_-]*", "", name, flags=re.IGNORECASE) or name)
        whole = re.escape(name)
        lead = r"(?:\b(?:in|on|from|of|by|at)\s+)?(?:\bthe\s+)?"
        for pattern in (
            rf"{lead}\bcam(?:era)?\s+{_CALLED}(?:{whole}|{bare})(?!\w)",
            rf"{lead}(?<!\w)(?:{whole}|{bare})(?:'s)?\s+cam(?:era)?\b",
            *([rf"{lead}(?<!\w){whole}(?!\w)"] if re.search(r"[\d_-]", name) else []),
        ):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                yield Place(match.start(), match.end(), (), name)
