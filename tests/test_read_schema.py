"""A schema is checked before it is used: its faults are named with their place, and nothing is fetched for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from videoindex.errors import UsageError
from videoindex.query.read_schema import Schema, at_pointer, fault_in, load_schema

ROWS = {"a/b": [{"m~n": 1}, {"price": 2.5}], "": "empty name", "~1": "tilde"}


def written(folder: Path, document: object) -> Path:
    path = folder / "s.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ('{"type": ', "not valid JSON at line 1, column 10"),
        ('{"a": 1,\n "b" 2}', "not valid JSON at line 2, column 6"),
        ("", "not valid JSON at line 1, column 1"),
        ("[]", "a JSON Schema is an object"),
        ("true", "a JSON Schema is an object"),
        ({"type": "objekt"}, r"not a valid JSON Schema at \$\.type: 'objekt'"),
        ({"properties": {"n": {"minimum": "low"}}}, r"at \$\.properties\.n\.minimum: 'low'"),
        ({"properties": {"n": {"pattern": "("}}}, r"at \$\.properties\.n\.pattern"),
        ({"required": "n"}, r"at \$\.required"),
        (
            {"properties": {"n": {"$ref": "#/$defs/gone"}}},
            r"'#/\$defs/gone' at \$\.properties\.n\.\$ref leads",
        ),
        ({"type": "object", "$ref": "#/type"}, r"'#/type' at \$\.\$ref leads to no schema"),
        ({"allOf": [{"$ref": "http://localhost/x.json"}]}, "does not lead to a place in this file"),
        ({"$ref": "other.json#/a"}, r'copy what is meant under "\$defs"'),
        ({"$ref": "file:///etc/passwd"}, "does not lead to a place in this file"),
        ({"$ref": "#"}, "refers to itself without end"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_wrong_with_a_schema_is_named_with_its_file_and_place(
    tmp_path: Path, document: object, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        load_schema(written(tmp_path, document))
    assert str(tmp_path / "s.json") in str(refused.value)


def test_a_schema_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.json: no such schema file"):
        load_schema(tmp_path / "gone.json")
    with pytest.raises(UsageError, match="cannot be read"):
        load_schema(tmp_path)
    (tmp_path / "latin.json").write_bytes(b'{"title": "\xe9"}')
    with pytest.raises(UsageError, match=r"latin\.json: not valid JSON"):
        load_schema(tmp_path / "latin.json")


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-07/schema#", None])
def test_a_sound_schema_may_refer_to_its_own_places(tmp_path: Path, draft: str | None) -> None:
    document: dict[str, Any] = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"$ref": "#/$defs/a%20row"}},
            "$ref": {"type": "string"},
        },
        "$defs": {"a row": {"type": "object", "properties": {"more": {"$ref": "#/$defs/a%20row"}}}},
    }
    if draft:
        document["$schema"] = draft
    schema = load_schema(written(tmp_path, document))
    assert schema.document == document
    assert json.loads(schema.text) == document
    assert fault_in({"rows": [{"more": {"more": {}}}], "$ref": "x"}, schema) is None
    assert (
        fault_in({"rows": [{"more": {"more": 3}}]}, schema) == "at $.rows[0].more.more: 3 is not of type 'object'"
    )


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b'\xef\xbb\xbf{"type": "object"}')
    assert load_schema(tmp_path / "s.json").document == {"type": "object"}


def test_nothing_is_fetched_for_a_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", fetched.append)
    with pytest.raises(UsageError, match=r'write references as "#/\$defs/NAME"'):
        fault_in({}, Schema("s.json", {"$ref": "http://127.0.0.1:9/s.json"}))
    assert fetched == []


def test_a_fault_of_a_vast_answer_stays_readable() -> None:
    fault = fault_in(list(range(10_000)), Schema("s", {"type": "object"}))
    assert fault is not None
    assert len(fault) < 400


def test_formats_are_held_to() -> None:
    schema = Schema("s", {"type": "string", "format": "date"})
    assert fault_in("2026-04-17", schema) is None
    assert fault_in("17 April", schema) == "at $: '17 April' is not a 'date'"


def test_a_circle_deep_inside_a_schema_is_an_error_and_no_crash() -> None:
    schema = Schema("s.json", {"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"$ref": "#/$defs/x"}}})
    with pytest.raises(UsageError, match=r"s\.json: the schema refers to itself without end"):
        fault_in({"a": 1}, schema)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", ROWS),
        ("/a~1b/0/m~0n", 1),
        ("/a~1b/1/price", 2.5),
        ("/", "empty name"),
        ("/~01", "tilde"),
        ("/a~1b/0", {"m~n": 1}),
    ],
)
def test_a_pointer_leads_to_its_value(pointer: str, value: object) -> None:
    assert at_pointer(ROWS, pointer) == value


@pytest.mark.parametrize(
    "pointer", ["a", "/gone", "/a~1b/2", "/a~1b/-1", "/a~1b/01", "/a~1b/x", "//deeper", "#/a~1b"]
)
def test_a_pointer_to_nothing_is_a_key_error(pointer: str) -> None:
    with pytest.raises(KeyError):
        at_pointer(ROWS, pointer)
