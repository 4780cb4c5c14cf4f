"""Reciprocal rank fusion, against figures worked out by hand and laws of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_samples import event, vectors

from videoindex.index.fusion import Found, fuse

EVENTS = [event("v", float(i), f"text {i}") for i in range(6)]
VECTORS_ND = np.eye(6, dtype=np.float32)
QUERY_D = np.array([0.9, 0.7, 0.5, 0.3, 0.2, 0.1], np.float32)


def found(i: int, figure: float = 0.0) -> Found:
    return Found(EVENTS[i], VECTORS_ND[i], figure)


def test_figures_worked_out_by_hand() -> None:
    # By meaning 0, 1, 2 (cosine falls with i); by words 2, 3.
    hits = fuse([found(0), found(1), found(2)], [found(2, 5.0), found(3, 4.0)], QUERY_D, k=60)
    assert [hit.event for hit in hits] == [EVENTS[2], EVENTS[0], EVENTS[1], EVENTS[3]]
    assert [hit.rrf for hit in hits] == pytest.approx([1 / 63 + 1 / 61, 1 / 61, 1 / 62, 1 / 62])
    assert [hit.bm25 for hit in hits] == [5.0, None, None, 4.0]
    assert [hit.cosine for hit in hits] == pytest.approx([one / 1.3 for one in (0.5, 0.9, 0.7, 0.3)], abs=1e-6)


def test_the_list_of_vectors_is_ranked_anew_by_exact_cosine() -> None:
    shuffled = fuse([found(4), found(0), found(2)], [], QUERY_D, k=60)
    assert [hit.event for hit in shuffled] == [EVENTS[0], EVENTS[2], EVENTS[4]]


def test_without_a_query_vector_there_is_no_cosine() -> None:
    assert [hit.cosine for hit in fuse([], [found(0, 1.0)], None, k=60)] == [None]
    assert fuse([], [], None, k=60) == []


def test_a_zero_vector_is_near_to_nothing() -> None:
    nothing = Found(EVENTS[0], np.zeros(6, np.float32), 0.0)
    assert [hit.cosine for hit in fuse([nothing], [], QUERY_D, k=60)] == [0.0]


@given(st.permutations(range(6)), st.permutations(range(6)), st.integers(0, 6), st.integers(0, 6))
def test_each_event_comes_once_and_both_lists_beat_one(one: list[int], two: list[int], n: int, m: int) -> None:
    by_meaning, by_words = [found(i) for i in one[:n]], [found(i, 10.0 - r) for r, i in enumerate(two[:m])]
    query_D = vectors(1, dim=6)[0]
    hits = fuse(by_meaning, by_words, query_D, k=60)
    ids = [hit.event.id for hit in hits]
    assert sorted(ids) == sorted({EVENTS[i].id for i in (*one[:n], *two[:m])})
    assert [hit.rrf for hit in hits] == sorted((hit.rrf for hit in hits), reverse=True)
    if set(one[:n]) & set(two[:m]) and hits:
        assert hits[0].rrf > 1 / 61 or hits[0].event.id in {EVENTS[i].id for i in set(one[:n]) & set(two[:m])}
