"""A filled form is taken only as it was asked for, its boxes in pixels of the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from videoindex.perception.vlm.answers import UnfitError
from videoindex.query.read_answers import envelope, filled
from videoindex.query.read_schema import Schema, fault_in
from videoindex.types import Span, Video

VIDEO = Video("v1", Path("/films/a.mp4"), Span(0.0, 9.0), 1000, 500, 25.0, False)
TOTAL = Schema(
    "total.json",
    {
        "type": "object",
        "properties": {"total": {"type": "number"}},
        "required": ["total"],
        "additionalProperties": False,
    },
)
NESTED = Schema(
    "nested.json",
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/nested",
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}}, "whole": {"$ref": "#"}},
        "$defs": {
            "row": {"type": "object", "properties": {"rows": {"$ref": "#/properties/rows"}, "n": {"const": 1}}}
        },
    },
)


def test_a_whole_answer_gives_its_data_and_its_boxes_in_pixels() -> None:
    made = filled(
        '{"data": {"total": 98}, "boxes": [{"path": "/total", "bbox_2d": [100, 200, 300, 400]}]}',
        TOTAL,
        VIDEO,
        2.0,
    )
    assert made.data == {"total": 98}
    (found,) = made.boxes
    assert (found.path, found.box.at_s) == ("/total", 2.0)
    assert (found.box.left_px, found.box.top_px, found.box.right_px, found.box.bottom_px) == (100, 100, 300, 200)
    assert made.notes == ()


def test_boxes_that_lead_nowhere_or_enclose_nothing_are_left_out_with_a_note() -> None:
    boxes = [
        {"path": "/total", "bbox_2d": [1, 1, 9, 9]},
        {"path": "/gone", "bbox_2d": [1, 1, 9, 9]},
        {"path": "/total", "bbox_2d": [9, 9, 9, 9]},
        *({"path": f"/x{n}", "bbox_2d": [1, 1, 9, 9]} for n in range(4)),
    ]
    made = filled(json.dumps({"data": {"total": 1}, "boxes": boxes}), TOTAL, VIDEO, 2.0)
    assert [found.path for found in made.boxes] == ["/total"]
    (note,) = made.notes
    assert note.endswith("'/gone', '/total', '/x0' and 3 more")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"total": 98}, "at \\$: 'data' is a required property"),
        ([], "at \\$: \\[\\] is not of type 'object'"),
        ({"data": {"total": 98}}, "'boxes' is a required property"),
        ({"data": {"total": "98"}, "boxes": []}, "\"data\" does not satisfy the schema: at \\$.total: '98'"),
        ({"data": {"total": 1, "more": 2}, "boxes": []}, "'more' was unexpected"),
        ({"data": {"total": 1}, "boxes": [{"path": "/total"}]}, "at \\$.boxes\\[0\\]: 'bbox_2d' is a required"),
        (
            {"data": {"total": 1}, "boxes": [{"path": "/total", "bbox_2d": [1, 2, 3]}]},
            "at \\$.boxes\\[0\\].bbox_2d",
        ),
    ],
)
def test_an_answer_of_another_form_is_unfit_and_says_where(answer: Any, says: str) -> None:
    with pytest.raises(UnfitError, match=says):
        filled(json.dumps(answer), TOTAL, VIDEO, 2.0)


def test_the_form_of_a_whole_answer_leads_the_users_references_to_their_new_places() -> None:
    form = Schema("form", json.loads(envelope(NESTED)))
    assert "$id" not in form.document["properties"]["data"]
    good = {"data": {"rows": [{"rows": [{"n": 1}]}], "whole": {"rows": []}}, "boxes": []}
    assert fault_in(good, form) is None
    for bad in ({"rows": [{"rows": [{"n": 2}]}]}, {"whole": {"rows": [3]}}):
        assert fault_in(bad, NESTED) is not None
        assert fault_in({"data": bad, "boxes": []}, form) is not None
