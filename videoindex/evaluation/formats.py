"""Truth and predictions of public benchmarks, each in the files that its authors publish.

- ``qvhighlights``: see `videoindex.evaluation.formats_qvhighlights`;
- ``charades`` and ``activitynet``: see `videoindex.evaluation.formats_sentences`;
- ``videoindex``: the project's own, see `videoindex.evaluation.truth`.

A benchmark's figure is one over all of its queries: predictions must answer each, if with an empty list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from videoindex.errors import UsageError
from videoindex.evaluation.formats_qvhighlights import load_qvhighlights, load_qvhighlights_answers
from videoindex.evaluation.formats_sentences import Sentence, is_own_rows, load_sentences, sentence_keys
from videoindex.evaluation.highlights import ClipScores
from videoindex.evaluation.rows import parse_rows
from videoindex.evaluation.truth import (
    GroundingQuery,
    PredictedWindow,
    Prediction,
    load_predictions,
    load_truth,
    prediction_row,
)
from videoindex.types import Span

__all__ = ["TRUTH_FORMATS", "Benchmark", "load_answers", "load_benchmark"]

TRUTH_FORMATS = ("videoindex", "qvhighlights", "charades", "activitynet")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a file of truth asks.

    ``left_out`` are keys of queries whose window does not end after it starts: the files of ActivityNet Captions
    hold some, and those who publish figures drop them. ``clips`` are the highlights of QVHighlights, by key.
    """

    format: str
    path: Path
    queries: tuple[GroundingQuery, ...]
    left_out: tuple[str, ...] = ()
    clips: Mapping[str, ClipScores] = field(default_factory=dict)


def load_benchmark(path: Path, format_name: str) -> Benchmark:
    """Reads truth in one of `TRUTH_FORMATS`. Raises UsageError that names the file, the place and the value."""
    if format_name == "videoindex":
        return Benchmark(format_name, path, load_truth(path))
    if format_name == "qvhighlights":
        asked = load_qvhighlights(path)
        clips = {query.key: scores for query, scores in asked if scores is not None}
        return Benchmark(format_name, path, tuple(query for query, _ in asked), clips=clips)
    sentences = load_sentences(path, format_name)
    queries, left_out = [], []
    for key, row in zip(sentence_keys(sentences), sentences, strict=True):
        if row.start_s < row.end_s:
            window = Span(row.start_s, row.end_s)
            queries.append(GroundingQuery(row.video, row.query, (window,), format_name, id=key))
        else:
            left_out.append(key)
    if not queries:
        raise UsageError(f"{path}: holds no query whose window ends after it starts; is it the right file?")
    return Benchmark(format_name, path, tuple(queries), tuple(left_out))


def load_answers(path: Path, benchmark: Benchmark) -> tuple[Prediction, ...]:
    """Reads predictions in the benchmark's format, in the order of the file, each with its query's key.

    Raises UsageError as `load_benchmark`, and for a public benchmark when a query is missing or unknown.
    """
    if benchmark.format == "videoindex":
        return load_predictions(path)
    if benchmark.format == "qvhighlights":
        answers: Sequence[Prediction] = load_qvhighlights_answers(path)
        _check_saliency(path, answers, benchmark)
    elif is_own_rows(path):
        answers = _matched([row for _, row in parse_rows(path, prediction_row)], benchmark)
    else:
        answers = _windows_of(path, load_sentences(path, benchmark.format), benchmark)
    _check_complete(path, answers, benchmark)
    return tuple(answers)


def _windows_of(path: Path, sentences: Sequence[Sentence], benchmark: Benchmark) -> list[Prediction]:
    """Predictions in the shape of the truth: one window a sentence. What the truth leaves out is left out."""
    left_out = set(benchmark.left_out)
    answers = []
    for key, row in zip(sentence_keys(sentences), sentences, strict=True):
        if key in left_out:
            continue
        try:
            window = PredictedWindow(row.start_s, row.end_s)
        except ValueError as error:
            raise UsageError(f"{path}, {row.place}: {error}; mend it") from error
        answers.append(Prediction(row.video, row.query, (window,), id=key))
    return answers


def _matched(rows: Sequence[Prediction], benchmark: Benchmark) -> list[Prediction]:
    """The project's own rows, with the keys of the queries they answer, less those of what was left out.

    Where a sentence stands several times for a video, the rows answer in order; a single row answers them all.
    """
    stripped = [replace(row, query=row.query.strip()) for row in rows]
    keyed = [replace(row, id=key) for key, row in zip(sentence_keys(stripped), stripped, strict=True)]
    counts = Counter((row.video, row.query) for row in stripped)
    single = {(row.video, row.query): row for row in stripped if counts[row.video, row.query] == 1}
    given = {row.key for row in keyed}
    for query in benchmark.queries:
        if query.key not in given and (query.video, query.query) in single:
            keyed.append(replace(single[query.video, query.query], id=query.key))
    left_out = set(benchmark.left_out)
    return [row for row in keyed if row.key not in left_out]


def _check_complete(path: Path, answers: Sequence[Prediction], benchmark: Benchmark) -> None:
    given = {row.key for row in answers}
    missing = [query for query in benchmark.queries if query.key not in given]
    if missing:
        raise UsageError(
            f"{path}: lacks {len(missing)} of the {len(benchmark.queries)} queries of {benchmark.path}, the first "
            f"being {missing[0].key!r}; give each a row, with an empty list where nothing was predicted"
        )
    wanted = {query.key for query in benchmark.queries}
    unknown = [row.key for row in answers if row.key not in wanted]
    if unknown:
        raise UsageError(
            f"{path}: {len(unknown)} of its rows answer no query of {benchmark.path}, the first being "
            f"{unknown[0]!r}; are they of another split?"
        )


def _check_saliency(path: Path, answers: Sequence[Prediction], benchmark: Benchmark) -> None:
    """Scores of clips come with every row or with none, and with ratings to judge them by."""
    scored = [row.key for row in answers if row.saliency]
    if scored and len(scored) < len(answers):
        lacking = next(row.key for row in answers if not row.saliency)
        raise UsageError(
            f"{path}: qid {lacking} lacks pred_saliency_scores, but qid {scored[0]} has them; give all or none"
        )
    asked = {query.key for query in benchmark.queries}
    unrated = [key for key in scored if key in asked and key not in benchmark.clips]
    if unrated:
        raise UsageError(
            f"{path}: qid {unrated[0]} has pred_saliency_scores, but no saliency_scores in {benchmark.path}; "
            "leave them out to be judged by windows alone"
        )
