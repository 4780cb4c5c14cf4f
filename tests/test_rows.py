"""Files of rows: what is right is read, and what is wrong is named with its file, its line and its value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.evaluation.rows import (
    check_distinct,
    check_fields,
    number,
    number_pairs,
    numbered_lines,
    parse_rows,
    read_text,
    text_field,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(), scalars), min_size=1, max_size=5))
def test_every_line_is_read_with_its_number(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = tmp_path / "rows.jsonl"
    # Unescaped: U+2028 and the like end no line of JSON, though they end one of Python's splitlines().
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_bytes("\n\n".join(lines).encode("utf-8", "surrogatepass"))
    assert parse_rows(path, lambda row: row) == [(2 * at + 1, row) for at, row in enumerate(rows)]


def test_lines_that_hold_other_line_separators_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "one\u2028two\x85three"}\n', encoding="utf-8")
    assert numbered_lines(path, "rows") == [(1, '{"a": "one\u2028two\x85three"}')]


def test_a_file_that_is_not_text_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"\xff\xfe\x00\x01")
    for name in ("film.mp4", "nowhere.jsonl"):
        with pytest.raises(UsageError, match=rf"{name}: cannot be read .*; give one row a line"):
            read_text(tmp_path / name, "one row a line")


@pytest.mark.parametrize(("text", "complaint"), [("", "holds no query"), ("\n \n", "holds no query")])
def test_a_file_without_rows_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "rows.jsonl").write_text(text)
    with pytest.raises(UsageError, match=rf"rows.jsonl: {complaint}; give a JSONL file"):
        parse_rows(tmp_path / "rows.jsonl", lambda row: row)


def test_what_the_parser_rejects_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1\n\n-2\n")

    def positive(row: object) -> float:
        value = number(row, "it")
        if value < 0:
            raise ValueError(f"it must not be negative, got {value}")
        return value

    with pytest.raises(UsageError, match=r"rows.jsonl, line 3: it must not be negative, got -2.0; mend this line"):
        parse_rows(tmp_path / "rows.jsonl", positive)


def test_two_lines_of_one_name_are_named_both(tmp_path: Path) -> None:
    check_distinct(tmp_path, [(1, "a"), (2, "b")])
    with pytest.raises(UsageError, match="line 7: a already stands in line 1; remove one"):
        check_distinct(tmp_path, [(1, "a"), (2, "b"), (7, "a")])


def test_fields_beyond_those_known_are_refused_only_where_they_are_counted() -> None:
    row = {"a": 1, "b": 2}
    assert check_fields(row, {"a"}) == row
    assert check_fields(row, {"a"}, {"b", "c"}) == row
    with pytest.raises(ValueError, match="unknown b; known are a, c"):
        check_fields(row, {"a"}, {"c"})
    with pytest.raises(ValueError, match="missing c, d"):
        check_fields(row, {"a", "c", "d"})
    with pytest.raises(ValueError, match="expected an object, got list"):
        check_fields([row], {"a"})


def test_text_is_text_or_absent() -> None:
    assert text_field({"a": "x"}, "a") == "x"
    assert text_field({}, "a") == ""
    with pytest.raises(ValueError, match="a must be text, got 7"):
        text_field({"a": 7}, "a")


@given(st.integers() | st.floats())
def test_a_number_is_a_finite_float(value: float) -> None:
    try:
        assert number(value, "it") == float(value)
    except ValueError as error:
        assert str(error) == f"it must be finite, got {value!r}"  # noqa: PT017
        assert not abs(value) < 1e300


@pytest.mark.parametrize("value", [True, "1", None, [1]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="it must be a number, got"):
        number(value, "it")


def test_pairs_are_two_numbers_each() -> None:
    assert number_pairs([[0, 1.5], (2, 3)], "windows") == [(0.0, 1.5), (2.0, 3.0)]
    assert number_pairs([], "windows") == []
    with pytest.raises(ValueError, match="windows must be a list of"):
        number_pairs("ab", "windows")


@pytest.mark.parametrize("window", [[1], [1, 2, 3], "12", [1, "2"], [1, float("inf")], 5])
def test_a_wrong_pair_is_named(window: object) -> None:
    with pytest.raises(ValueError, match=r"a window must be \[start_s, end_s\] in seconds, got"):
        number_pairs([[0, 1], window], "windows")
