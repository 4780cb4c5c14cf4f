"""QVHighlights' measures of highlight detection: does the score of each two seconds say what people liked?

Three people rated the clips, two seconds each, in which a query is true, from 0 (very bad) to 4 (very good); all
other clips count as 0 (Lei et al. 2021, arXiv:2107.09609). At each of three least ratings:

- HL-Hit1: the share of queries whose surest clip reached it with one of the three people at least;
- HL-mAP: the average precision of the clips' scores against each person's ratings, averaged over people and
  queries.

The arithmetic follows the benchmark's own evaluation, github.com/jayleicn/moment_detr, standalone_eval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_RATINGS", "ClipScores", "highlight_figures", "percent"]

LEAST_RATINGS = {"HL-min-Fair": 2, "HL-min-Good": 3, "HL-min-VeryGood": 4}

_CLIP_S = 2
_RATERS = 3


@dataclass(frozen=True, slots=True)
class ClipScores:
    """What three people thought of the clips ``clip_ids`` of a video; ``scores`` has three ratings for each clip.

    Law: the clips lie within the video's whole clips of two seconds, of which there is one at least.
    """

    duration_s: float
    clip_ids: tuple[int, ...]
    scores: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise ValueError(f"duration must hold one clip of {_CLIP_S} s at least, got {self.duration_s}")
        if len(self.clip_ids) != len(self.scores):
            raise ValueError(
                "saliency_scores and relevant_clip_ids must be equally many, "
                f"got {len(self.scores)} and {len(self.clip_ids)}"
            )
        for clip_id in self.clip_ids:
            if not 0 <= clip_id < self.clips:
                raise ValueError(f"a clip's id must lie in 0 to {self.clips - 1}, got {clip_id}")
        for each in self.scores:
            if len(each) != _RATERS:
                raise ValueError(f"each clip must have {_RATERS} saliency scores, got {list(each)}")

    @property
    def clips(self) -> int:
        """How many whole clips the video has."""
        return int(self.duration_s / _CLIP_S)

    def ratings_CR(self) -> NDArray[np.float64]:
        """The ratings of all clips (C) by three people (R)."""
        ratings_CR = np.zeros((self.clips, _RATERS))
        if self.clip_ids:
            ratings_CR[list(self.clip_ids)] = self.scores
        return ratings_CR


def percent(share: float) -> float:
    """A share in [0, 1] as the benchmark prints it: in percent, with two decimals."""
    return float(f"{100 * share:.2f}")


def highlight_figures(
    clips: Mapping[str, ClipScores], saliency: Mapping[str, tuple[float, ...]]
) -> dict[str, dict[str, float]]:
    """HL-mAP and HL-Hit1, in percent, at each of `LEAST_RATINGS`, over the queries of ``saliency``.

    ``saliency`` is the predicted score of each clip, by the query's key; ``clips`` must have all of these keys.
    """
    figures = {}
    ratings = {key: clips[key].ratings_CR() for key in saliency}
    for name, least in LEAST_RATINGS.items():
        hits, precisions = [], []
        for key, scores in saliency.items():
            liked_CR = ratings[key] >= least
            surest = int(np.argmax(scores))
            hits.append(surest < len(liked_CR) and bool(liked_CR[surest].any()))
            fitted_C = _fitted(scores, len(liked_CR))
            precisions.append([_precision(liked_CR[:, rater], fitted_C) for rater in range(_RATERS)])
        figures[name] = {"HL-mAP": percent(float(np.mean(precisions))), "HL-Hit1": percent(float(np.mean(hits)))}
    return figures


def _fitted(scores: tuple[float, ...], clips: int) -> NDArray[np.float64]:
    """As many scores as there are clips: too many are cut off, and what is missing is 0."""
    fitted_C = np.zeros(clips)
    fitted_C[: len(scores)] = scores[:clips]
    return fitted_C


def _precision(liked_C: NDArray[np.bool_], scores_C: NDArray[np.float64]) -> float:
    """Average precision: the mean over the recalls that a threshold reaches, each with the best precision at it or
    at a higher one.

    Clips of equal score share a threshold. Nothing liked is 0, everything liked 1.
    """
    if liked_C.all() or not liked_C.any():
        return float(liked_C[0])
    order = np.argsort(-scores_C, kind="stable")
    thresholds = np.append(np.flatnonzero(np.diff(scores_C[order])), len(order) - 1)
    found = np.cumsum(liked_C[order])[thresholds][::-1]
    precision = found / (thresholds[::-1] + 1)
    best = np.maximum.accumulate(precision)
    steps = np.flatnonzero(np.diff(np.append(found, 0)))
    return float(np.mean(best[steps]))
