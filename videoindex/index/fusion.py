"""Two ranked lists into one: reciprocal rank fusion, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoindex.index.records import Hit
from videoindex.types import Event

__all__ = ["Found", "fuse"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A row that one search found: its event, its stored vector (D,) and that search's own figure."""

    event: Event
    vector_D: NDArray[np.float32]
    figure: float


def fuse(
    by_meaning: Sequence[Found], by_words: Sequence[Found], query_D: NDArray[np.float32] | None, k: int
) -> list[Hit]:
    """Hits by descending ``sum of 1 / (k + rank)``, ranks from 1 in each list that holds the event.

    Cormack, Clarke & Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009. ``by_meaning`` is ranked anew by its exact cosine with ``query_D`` (an approximate index
    orders by quantised distance), ``by_words`` by its figure, BM25. Ties go to the higher cosine, then the id.
    """
    found = {one.event.id: one for one in (*by_words, *by_meaning)}
    cosines = _cosines(list(found.values()), query_D)
    bm25 = {one.event.id: one.figure for one in by_words}
    ranked_by_meaning = sorted((one.event.id for one in by_meaning), key=lambda id: (-(cosines[id] or 0.0), id))
    ranked_by_words = sorted(bm25, key=lambda id: (-bm25[id], id))
    score = dict.fromkeys(found, 0.0)
    for ranking in (ranked_by_meaning, ranked_by_words):
        for rank, event_id in enumerate(ranking, start=1):
            score[event_id] += 1.0 / (k + rank)
    hits = [Hit(one.event, cosines[id], bm25.get(id), score[id]) for id, one in found.items()]
    return sorted(hits, key=lambda hit: (-hit.rrf, -(hit.cosine or 0.0), hit.event.id))


def _cosines(found: Sequence[Found], query_D: NDArray[np.float32] | None) -> dict[str, float | None]:
    """Cosine with the query by event id; a zero vector is near to nothing (0)."""
    if query_D is None or not found:
        return {one.event.id: None for one in found}
    vectors_ND = np.stack([one.vector_D for one in found]).astype(np.float64)
    lengths_N = np.linalg.norm(vectors_ND, axis=1) * np.linalg.norm(query_D)
    dots_N = vectors_ND @ query_D.astype(np.float64)
    cosines_N = np.divide(dots_N, lengths_N, out=np.zeros_like(dots_N), where=lengths_N > 0)
    return {one.event.id: float(cosine) for one, cosine in zip(found, cosines_N, strict=True)}
