"""What a search is tuned by. The figures behind the defaults: docs/decisions/007-when-to-say-not-found.md."""

from __future__ import annotations

from dataclasses import dataclass

from videoindex.errors import ConfigError

__all__ = ["SearchSettings"]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Thresholds and sizes of a search. Scores lie in [0, 1]."""

    # Events fetched for each of the two questions to the index: what was said or shown, what was seen.
    candidates: int = 200
    # Where the first, the last, all, or the number of moments is asked for and these do not hold them: up to this.
    most_candidates: int = 3200
    # A moment below this score is not reported: the answer is then "not found".
    confident: float = 0.5
    # A quoted phrase counts as found from this likeness on (1 = equal), so that recognition errors are forgiven.
    phrase_likeness: float = 0.8
    # Log-odds that a text answers the question: bias + lexical * (share of the question's words, by weight)
    # + cosine * (cosine of the sentence vectors). Fitted by benchmarks/search_calibration.py.
    bias: float = -4.5
    lexical: float = 6.5
    cosine: float = 3.0
    # Taken off the log-odds where a question describes a picture but only words said or shown can answer it.
    picture_penalty: float = 2.0
    # How steeply the score of a visitor falls who fits the described looks and motions in part only.
    fit_power: float = 8.0
    # Repeats of one text this close together are one sighting; sentences this close may hold one quotation.
    merge_gap_s: float = 2.0
    # A cross-encoder that puts the best moments in order by reading each with the question: a folder or a model
    # hub's id. It decides which comes first, never whether anything is found. "" is off.
    reranker: str = ""
    # A hub model's commit, tag or branch; "" takes its main branch.
    reranker_revision: str = ""
    # Moments that it reads, best first.
    rerank_best: int = 50
    # Pictures that look like the question are told of up to this many; none without a model in frames.model.
    pictures: int = 5
    # Neighbouring events read together when the words of a question are spread over them, at most.
    run_events: int = 3
    # Further wordings of a question that the vision-language model of [vlm] is asked for, 0 to 3; 0 asks none.
    rewrites: int = 0

    def __post_init__(self) -> None:
        for name in ("confident", "phrase_likeness"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"search setting {name} must lie in (0, 1], got {getattr(self, name)}")
        if self.reranker != self.reranker.strip():
            raise ConfigError(
                f'search setting reranker {self.reranker!r} has blanks around it: name a model, or ""'
            )
        for name in ("candidates", "most_candidates", "run_events", "rerank_best", "pictures"):
            if getattr(self, name) < 1:
                raise ConfigError(f"search setting {name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.rewrites <= 3:
            raise ConfigError(f"search setting rewrites must lie in 0..3, got {self.rewrites}")
        for name in ("lexical", "cosine", "picture_penalty", "fit_power", "merge_gap_s"):
            if not getattr(self, name) >= 0.0:
                raise ConfigError(f"search setting {name} must not be negative, got {getattr(self, name)}")
