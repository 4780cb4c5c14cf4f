"""Files of rows (JSONL), read strictly: what is wrong is named with its file, its line and its value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from videoindex.errors import UsageError

__all__ = [
    "check_distinct",
    "check_fields",
    "number",
    "number_pairs",
    "numbered_lines",
    "parse_rows",
    "read_text",
    "row_error",
    "text_field",
]

_Row = TypeVar("_Row")


def read_text(path: Path, holds: str) -> str:
    """The file's text. Raises UsageError where it cannot be read; ``holds`` says what was wanted."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); give {holds}") from error


def numbered_lines(path: Path, holds: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers, from 1. Raises UsageError as `read_text`."""
    # Not splitlines(): JSON text may hold other line separators, such as U+2028, unescaped.
    lines = enumerate(read_text(path, holds).split("\n"), start=1)
    return [(line_number, line) for line_number, line in lines if line.strip()]


def row_error(path: Path, line_number: int, what: object) -> UsageError:
    """What is wrong with one line, and what to do about it."""
    return UsageError(f"{path}, line {line_number}: {what}; mend this line")


def parse_rows(
    path: Path, parse: Callable[[object], _Row], holds: str = "a JSONL file, one query a line"
) -> list[tuple[int, _Row]]:
    """Every line as ``parse`` makes it, with its number; blank lines are passed over.

    Raises UsageError for a file that cannot be read or holds nothing, and for a line that is no JSON or for which
    ``parse`` raises ValueError.
    """
    rows: list[tuple[int, _Row]] = []
    for line_number, line in numbered_lines(path, holds):
        try:
            rows.append((line_number, parse(json.loads(line))))
        except json.JSONDecodeError as error:
            raise row_error(path, line_number, f"not JSON ({error})") from error
        except ValueError as error:
            raise row_error(path, line_number, error) from error
    if not rows:
        raise UsageError(f"{path}: holds no query; give {holds}")
    return rows


def check_distinct(path: Path, named: Iterable[tuple[int, str]]) -> None:
    """Raises UsageError when two lines bear the same name; ``named`` are line numbers with names."""
    seen: dict[str, int] = {}
    for line_number, name in named:
        first = seen.setdefault(name, line_number)
        if first != line_number:
            raise UsageError(f"{path}, line {line_number}: {name} already stands in line {first}; remove one")


def check_fields(row: object, required: set[str], optional: set[str] | None = None) -> dict[str, object]:
    """The row as an object with all ``required`` fields; no others than ``optional`` ones (None: any).

    Raises ValueError.
    """
    if not isinstance(row, dict):
        raise ValueError(f"expected an object, got {type(row).__name__}")
    if missing := sorted(required - row.keys()):
        raise ValueError(f"missing {', '.join(missing)}")
    if optional is not None and (unknown := sorted(row.keys() - required - optional)):
        raise ValueError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(required | optional))}")
    return row


def text_field(fields: dict[str, object], name: str) -> str:
    """The text under ``name``, "" where there is none. Raises ValueError when it is something else."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, got {value!r}")
    return value


def number(value: object, name: str) -> float:
    """``value`` as a finite number; truth values are none. Raises ValueError, naming ``name``."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} must be a number, got {value!r}")
    try:
        as_float = float(value)
    except OverflowError:
        as_float = math.inf
    if not math.isfinite(as_float):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return as_float


def number_pairs(value: object, name: str) -> list[tuple[float, float]]:
    """A list of [start_s, end_s] as pairs of finite numbers. Raises ValueError."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list of [start_s, end_s], got {value!r}")
    return [_pair(window) for window in value]


def _pair(window: object) -> tuple[float, float]:
    if not (isinstance(window, Sequence) and len(window) == 2 and not isinstance(window, str)):
        raise ValueError(f"a window must be [start_s, end_s] in seconds, got {window!r}")
    try:
        return number(window[0], "start_s"), number(window[1], "end_s")
    except ValueError as error:
        raise ValueError(f"a window must be [start_s, end_s] in seconds, got {window!r} ({error})") from error
