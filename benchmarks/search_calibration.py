"""Fits the log-odds of ``SearchSettings`` and prints how often a search finds, and finds falsely.

    python benchmarks/search_calibration.py

The weights are fitted on ``CALIBRATION`` of tests/query_corpora.py by logistic regression with a small ridge, one
row for each text event that a question without quotation marks is put to; the table is then measured on both
halves with the settings as they stand in the code. docs/decisions/007-when-to-say-not-found.md holds its output.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from query_corpora import CALIBRATION, Corpus, Embedder, MemoryIndex, Remembered
from query_heldout import HELD_OUT

from videoindex.index.embed import SentenceEmbedder
from videoindex.index.records import Filters
from videoindex.query.match import coverage, idf, page
from videoindex.query.search import SearchSettings, search
from videoindex.query.understand import understand
from videoindex.types import Span

# Weights tried: as they stand in the code, and as fitted here with other biases.
BIASES = (-4.0, -5.0, -6.0, -7.0, -8.0)


def rows_of(corpora: Sequence[Corpus], embedder: Embedder) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (N, 3): lexical share, cosine, 1; and labels (N,): whether the event lies in a true window."""
    features: list[list[float]] = []
    labels: list[float] = []
    for corpus in corpora:
        index = MemoryIndex(embedder)
        index.add(corpus)
        for _, text, windows in corpus.questions:
            question = understand(text)
            if question.quotes or question.pictured:
                continue
            asked = Filters(sources=question.sources or ("speech", "captions", "screen_text"))
            hits = index.hybrid(text, embedder.embed_query(question.search_text), asked, limit=200)
            weights = idf(question.content, [page(hit.event.text) for hit in hits])
            for hit in hits:
                inside = any(hit.event.span.iou(Span(*window)) >= 0.3 for window in windows)
                share = coverage(question.content, weights, page(hit.event.text))
                features.append([share, hit.cosine or 0.0, 1.0])
                labels.append(float(inside))
    return np.array(features), np.array(labels)


def fit(
    features_NF: NDArray[np.float64], labels_N: NDArray[np.float64], ridge: float = 0.05
) -> NDArray[np.float64]:
    """Weights (F,) by Newton's method; positives and negatives count equally in sum."""
    positives = labels_N.sum()
    balance_N = np.where(labels_N > 0, 0.5 / positives, 0.5 / (len(labels_N) - positives)) * 2 * positives
    weights_F = np.zeros(features_NF.shape[1])
    for _ in range(50):
        chance_N = 1 / (1 + np.exp(-features_NF @ weights_F))
        slope_F = features_NF.T @ (balance_N * (labels_N - chance_N)) - ridge * weights_F
        bend_FF = (features_NF.T * (balance_N * chance_N * (1 - chance_N))) @ features_NF
        weights_F = weights_F + np.linalg.solve(bend_FF + ridge * np.eye(len(weights_F)), slope_F)
    return weights_F


def measure(
    corpora: Sequence[Corpus], embedder: Embedder, settings: SearchSettings
) -> tuple[Counter[str], Counter[str]]:
    """Questions answered well (first moment at IoU >= 0.3; nothing where nothing is true) and asked, by kind."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for corpus in corpora:
        index = MemoryIndex(embedder)
        index.add(corpus)
        for kind, text, windows in corpus.questions:
            moments = search(index, embedder, text, settings=settings).moments
            asked[kind] += 1
            hit = bool(moments) and any(moments[0].span.iou(Span(*window)) >= 0.3 for window in windows)
            right[kind] += hit if windows else not moments
    return right, asked


def main() -> None:
    embedder = Remembered(SentenceEmbedder())
    corpora = (*CALIBRATION, *HELD_OUT)
    embedder.learn([understand(text).search_text for corpus in corpora for _, text, _ in corpus.questions])
    features_NF, labels_N = rows_of(CALIBRATION, embedder)
    lexical, cosine, bias = fit(features_NF, labels_N)
    print(f"fitted on {len(labels_N)} rows: bias {bias:.2f}, lexical {lexical:.2f}, cosine {cosine:.2f}")
    ours = SearchSettings()
    tried = [ours, *(replace(ours, lexical=lexical, cosine=cosine, bias=bias) for bias in BIASES)]
    for name, half in (("calibration", CALIBRATION), ("held out", HELD_OUT)):
        for settings in tried:
            right, asked = measure(half, embedder, settings)
            found = sum(n for kind, n in right.items() if kind != "negative")
            there = sum(n for kind, n in asked.items() if kind != "negative")
            kinds = ", ".join(f"{kind} {right[kind]}/{asked[kind]}" for kind in sorted(asked))
            false = asked["negative"] - right["negative"]
            odds = f"{settings.bias:.1f} + {settings.lexical:.1f} lexical + {settings.cosine:.1f} cosine"
            print(f"{name:11s} {odds}: found {found}/{there}, false finds {false}/{asked['negative']} ({kinds})")


if __name__ == "__main__":
    main()
