"""A user's JSON Schema: loaded, checked before any model is asked, and held against what a model answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from videoindex.errors import UsageError

__all__ = ["REFERENCES", "Schema", "at_pointer", "fault_in", "load_schema"]

_LONGEST_MESSAGE = 300  # characters of a validator's message: it may quote a whole document
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
# What leads from one place of a schema to another.
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A JSON Schema that is known to be sound. ``name`` says in messages where it comes from."""

    name: str
    document: dict[str, Any]

    @property
    def text(self) -> str:
        """The schema as compact JSON."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))


def load_schema(path: Path) -> Schema:
    """The schema in a file. It may be of any draft that its ``$schema`` names; 2020-12 without one.

    Nothing is ever fetched: references must lead to places in the file itself. Raises UsageError naming the file,
    the place in it and what is wrong.
    """
    document = _document(path)
    _check(path, document)
    for reference, place in _references(document, "$"):
        _follow(path, document, reference, place)
    schema = Schema(str(path), document)
    fault_in({}, schema)  # finds a schema that leads to itself without end
    return schema


def fault_in(value: object, schema: Schema) -> str | None:
    """What is wrong with ``value`` by ``schema``, with its place in the value; None where nothing is.

    Raises UsageError for a schema that leads to itself without end, or nowhere.
    """
    from jsonschema import validators
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    cls = validators.validator_for(schema.document, default=validators.Draft202012Validator)
    # An empty registry: nothing is fetched.
    validator = cls(schema.document, registry=Registry(), format_checker=cls.FORMAT_CHECKER)
    try:
        error = best_match(validator.iter_errors(value))
    except Unresolvable as lost:
        raise UsageError(f'{schema.name}: {lost}; write references as "#/$defs/NAME", without ids') from lost
    except RecursionError:
        raise UsageError(f"{schema.name}: the schema refers to itself without end; break the circle") from None
    return None if error is None else f"at {error.json_path}: {_cut(error.message)}"


def at_pointer(document: object, pointer: str) -> object:
    """What stands at a JSON pointer (RFC 6901), such as ``/rows/0/price``; "" is the document itself.

    Raises KeyError where it leads to nothing.
    """
    if pointer and not pointer.startswith("/"):
        raise KeyError(pointer)
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document[name]
        elif isinstance(document, list) and _INDEX.fullmatch(name) and int(name) < len(document):
            document = document[int(name)]
        else:
            raise KeyError(pointer)
    return document


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such schema file; name a file that holds a JSON Schema") from None
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); name a file that holds a JSON Schema"
        ) from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, a number too long, nested too deep
        raise UsageError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f'{path}: a JSON Schema is an object, such as {{"type": "object"}}; this is none')
    return document


def _check(path: Path, document: dict[str, Any]) -> None:
    from jsonschema import SchemaError, validators

    try:
        validators.validator_for(document, default=validators.Draft202012Validator).check_schema(document)
    except SchemaError as error:
        raise UsageError(f"{path}: not a valid JSON Schema at {error.json_path}: {_cut(error.message)}") from error
    except RecursionError:
        raise UsageError(f"{path}: the schema is nested too deep; flatten it") from None


def _references(node: object, place: str) -> Iterator[tuple[str, str]]:
    """Every reference in a schema, and its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in REFERENCES and isinstance(value, str):
                yield value, f"{place}.{key}"
            else:
                yield from _references(value, f"{place}.{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _references(value, f"{place}[{i}]")


def _follow(path: Path, document: dict[str, Any], reference: str, place: str) -> None:
    """Raises UsageError unless ``reference`` leads to a schema in the document."""
    if reference != "#" and not reference.startswith("#/"):
        raise UsageError(
            f"{path}: {reference!r} at {place} does not lead to a place in this file by its path; copy what is "
            'meant under "$defs" and write "#/$defs/NAME"'
        )
    try:
        target = at_pointer(document, unquote(reference.removeprefix("#")))
    except KeyError:
        target = None
    if not isinstance(target, dict | bool):
        raise UsageError(f"{path}: {reference!r} at {place} leads to no schema in this file")


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
