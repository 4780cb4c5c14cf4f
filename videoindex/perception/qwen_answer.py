"""What a vision-language model said it saw, read strictly. Pure.

An answer is ``{"events": [...]}``, or the bare list, which Qwen3-VL's own grounding prompt asks for. Times may be
seconds or a clock (``12:04.5``), as both were trained. Fields that nothing hangs on may be missing; a wrong type
or a value out of range makes the whole answer unfit.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from videoindex.perception.vlm.answers import UnfitError, parse_json
from videoindex.perception.vlm.base import Reply

__all__ = ["SaidBox", "SaidEvent", "read_events"]

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_SECONDS = re.compile(r"<?\s*(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?\s*>?")
_UNSAID_CONFIDENCE = 0.5
_GRID = 1000.0


@dataclass(frozen=True, slots=True)
class SaidBox:
    """Where something is at ``at_s``: corners from 0 to 1 of the picture's width and height."""

    at_s: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class SaidEvent:
    """One event as the model put it, times unchecked."""

    start_s: float
    end_s: float
    what: str
    text: str
    boxes: tuple[SaidBox, ...]
    confidence: float


def read_events(reply: Reply) -> tuple[SaidEvent, ...]:
    """The events of an answer, in the order they were written. Of one that was cut off, the whole ones.

    Raises UnfitError, saying where the answer departs from its form.
    """
    if reply.is_cut:
        said: object = _whole_objects(reply.text)
    else:
        document = parse_json(reply.text)
        said = document.get("events") if isinstance(document, dict) else document
    if not isinstance(said, list):
        raise UnfitError('it holds no list "events"')
    return tuple(_event(one, f"events[{i}]") for i, one in enumerate(said))


def _whole_objects(text: str) -> list[object]:
    """The objects of the list of events before the place where the answer breaks off."""
    opening = re.search(r'"events"\s*:\s*\[|\[', text)
    if opening is None:
        raise UnfitError("it was cut off before the first event")
    found: list[object] = []
    at = opening.end()
    decoder = json.JSONDecoder()
    while (brace := text.find("{", at)) >= 0:
        try:
            one, at = decoder.raw_decode(text, brace)
        except (ValueError, RecursionError):
            break
        found.append(one)
    return found


def _event(one: object, where: str) -> SaidEvent:
    if not isinstance(one, dict):
        raise UnfitError(f"{where} is no object")
    missing = [name for name in ("start", "end", "what") if name not in one]
    if missing:
        raise UnfitError(f"{where} has no {missing[0]!r}")
    what = _text(one["what"], f"{where}.what")
    if not what:
        raise UnfitError(f"{where}.what is empty")
    boxes = one.get("boxes") or []
    if not isinstance(boxes, list):
        raise UnfitError(f"{where}.boxes is no list")
    start_s = _time(one["start"], f"{where}.start")
    return SaidEvent(
        start_s=start_s,
        end_s=_time(one["end"], f"{where}.end"),
        what=what,
        text=_text(one.get("text") or "", f"{where}.text"),
        boxes=tuple(_box(box, start_s, f"{where}.boxes[{i}]") for i, box in enumerate(boxes)),
        confidence=_within(one.get("confidence", _UNSAID_CONFIDENCE), 1.0, f"{where}.confidence"),
    )


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise UnfitError(f"{where} is no text")
    return " ".join(value.split())


def _time(value: object, where: str) -> float:
    """Seconds of a number, ``12.5``, ``12.5 seconds``, ``mm:ss.ff`` or ``h:mm:ss.ff``."""
    if isinstance(value, str):
        text = value.strip()
        if clock := _CLOCK.fullmatch(text):
            hours, minutes, seconds = clock.groups()
            return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        if plain := _SECONDS.fullmatch(text):
            return float(plain[1])
        raise UnfitError(f"{where} is no time: {value[:40]!r}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnfitError(f"{where} is no time: {value!r:.40}")
    return float(value)


def _within(value: object, most: float, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise UnfitError(f"{where} must be a number from 0 to {most:g}, got {value!r:.40}")
    return float(value)


def _box(said: object, start_s: float, where: str) -> SaidBox:
    if not isinstance(said, dict) or not isinstance(said.get("bbox_2d"), list) or len(said["bbox_2d"]) != 4:
        raise UnfitError(f'{where} needs "bbox_2d" with four numbers')
    corners = [_within(side, _GRID, f"{where}.bbox_2d") / _GRID for side in said["bbox_2d"]]
    at_s = _time(said["at"], f"{where}.at") if "at" in said else start_s
    return SaidBox(at_s, *corners)
