"""Answers that fill in a user's schema: their form, what is wrong with one, and its boxes in pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from videoindex.perception.vlm.answers import UnfitError, parse_json
from videoindex.query.read import shown_box
from videoindex.query.read_schema import REFERENCES, Schema, at_pointer, fault_in
from videoindex.types import Box, Video

__all__ = ["DataBox", "Filled", "envelope", "filled"]

_NAMED = 3  # how many dropped boxes a note names

_BOX = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "bbox_2d": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    },
    "required": ["path", "bbox_2d"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class DataBox:
    """Where in the picture the value at the JSON pointer ``path`` was read."""

    path: str
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """``data`` that satisfies the user's schema, its boxes, and notes of what was left out."""

    data: Any
    boxes: tuple[DataBox, ...]
    notes: tuple[str, ...]


def envelope(schema: Schema) -> str:
    """The JSON Schema of a whole answer, ``{"data": ..., "boxes": [...]}``, as text.

    The user's schema stands at ``/properties/data``, and its references to places in itself are led there.
    """
    data = _moved({key: value for key, value in schema.document.items() if key not in ("$schema", "$id")})
    return json.dumps(
        {
            "type": "object",
            "properties": {"data": data, "boxes": {"type": "array", "items": _BOX}},
            "required": ["data", "boxes"],
            "additionalProperties": False,
        },
        ensure_ascii=False,
    )


def _moved(node: Any) -> Any:
    if isinstance(node, list):
        return [_moved(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: f"#/properties/data{value[1:]}" if key in REFERENCES and isinstance(value, str) else _moved(value)
        for key, value in node.items()
    }


def filled(text: str, schema: Schema, video: Video, at_s: float) -> Filled:
    """A whole answer, taken apart. A box that leads to no value or encloses nothing is left out with a note.

    Raises UnfitError, saying where the answer departs from what was asked.
    """
    answer = parse_json(text)
    fault = fault_in(answer, _ENVELOPE)
    if fault is not None:
        raise UnfitError(fault)
    assert isinstance(answer, dict)
    fault = fault_in(answer["data"], schema)
    if fault is not None:
        raise UnfitError(f'"data" does not satisfy the schema: {fault}')
    boxes, lost = [], []
    for said in answer["boxes"]:
        box = shown_box(video, at_s, said["bbox_2d"])
        if box is None or not _leads(answer["data"], said["path"]):
            lost.append(said["path"])
        else:
            boxes.append(DataBox(said["path"], box))
    return Filled(answer["data"], tuple(boxes), (_lost(lost),) if lost else ())


_ENVELOPE = Schema(
    "answer",
    {
        "type": "object",
        "properties": {"boxes": {"type": "array", "items": _BOX}},
        "required": ["data", "boxes"],
    },
)


def _leads(data: object, pointer: str) -> bool:
    try:
        at_pointer(data, pointer)
    except KeyError:
        return False
    return True


def _lost(paths: list[str]) -> str:
    named = ", ".join(repr(path) for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"boxes left out, since they lead to no value or enclose nothing: {named}{more}"
