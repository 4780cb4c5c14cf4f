"""The settings of a search state their law."""

from __future__ import annotations

from dataclasses import replace

import pytest

from videoindex.errors import ConfigError
from videoindex.query.settings import SearchSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confident", 0.0),
        ("confident", 1.1),
        ("phrase_likeness", float("nan")),
        ("candidates", 0),
        ("run_events", 0),
        ("merge_gap_s", -1.0),
        ("cosine", float("nan")),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        replace(SearchSettings(), **{name: value})


def test_the_defaults_hold() -> None:
    assert replace(SearchSettings(), confident=1.0).confident == 1.0
