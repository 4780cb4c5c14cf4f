"""The laws of what the index is asked and gives back, and of its settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from index_samples import record, vectors

from videoindex.errors import ConfigError
from videoindex.index.records import FrameVectors, StoreSettings
from videoindex.types import Span


def test_a_record_needs_an_aware_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(record("v"), indexed_at=datetime(2026, 1, 1))


@pytest.mark.parametrize("name", ["vectors_per_partition", "nprobes", "candidates", "rrf_k"])
def test_settings_out_of_range_are_named(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        replace(StoreSettings(), **{name: 0})


def test_an_approximate_index_needs_vectors_to_train_on() -> None:
    with pytest.raises(ConfigError, match="256"):
        StoreSettings(flat_up_to_events=10)


def test_pictures_need_one_vector_each_and_follow_each_other() -> None:
    vectors_TD = vectors(2)
    with pytest.raises(ValueError, match="one vector for each of 1 spans"):
        FrameVectors("m", (Span(0, 1),), vectors_TD)
    with pytest.raises(ValueError, match="overlap"):
        FrameVectors("m", (Span(0, 2), Span(1, 3)), vectors_TD)
    assert len(FrameVectors("m", (Span(0, 2), Span(2, 3)), vectors_TD).spans) == 2
