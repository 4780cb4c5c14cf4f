"""`eval compare A B`: two runs over the same queries, set side by side.

A run is what `eval grounding --json` printed (its rows stand under ``queries``, or ``trials``), or JSON lines, one
row each, as `eval needle` writes its trials; or the folder that holds its ``trials.jsonl``. A row needs:

- ``key``: text, the same in both runs for the same query, and no other row's;
- ``score``: a number in [0, 1], or true or false; null where it could not be judged, which leaves the row out;
- ``cluster`` (of a needle, its haystack) or ``video``: text, the recording it is about, whose rows stay together.

``kind``, where both runs have it, breaks the figures down; the true seconds, ``windows`` or ``truth``, must agree
where both have them. Further fields are passed over; each that holds numbers in [0, 1], or true and false, can be
compared in place of ``score``. Where the rows of a file are of more than one ``arm``, the arm belongs to the key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoindex.errors import UsageError
from videoindex.evaluation.paired import RESAMPLES, Difference, Pair, difference
from videoindex.evaluation.rows import check_fields, number, numbered_lines, read_text, text_field

__all__ = ["Comparison", "Run", "RunRow", "compare_runs", "comparison_document", "comparison_text", "load_run"]

FEW_VIDEOS = 10
_HOLDS = "what `eval grounding --json` printed, or JSON lines with key, score and video or cluster"
_TRIALS = "trials.jsonl"
_SEED = 0


@dataclass(frozen=True, slots=True)
class RunRow:
    """One query of a run; ``score`` is None where it was not judged, ``truth`` its true seconds as JSON."""

    key: str
    cluster: str
    score: float | None
    kind: str
    truth: str
    arm: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run's rows by key."""

    path: Path
    rows: Mapping[str, RunRow]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs have in common, and how they differ there; ``by_kind`` is empty where there is one kind."""

    a: Path
    b: Path
    measure: str
    level: float | None
    only_a: int
    only_b: int
    unjudged: int
    whole: Difference
    by_kind: Mapping[str, Difference]


def load_run(path: Path, measure: str = "score", arm: str | None = None) -> Run:
    """Reads a run, taking ``measure`` for the score, and of its rows those of one ``arm`` (None: all).

    ``path`` may be the folder of a needle run. Raises UsageError naming the file, the row and the value.
    """
    path = path / _TRIALS if path.is_dir() else path
    placed: list[tuple[str, RunRow]] = []
    for place, raw in _raw_rows(path):
        try:
            placed.append((place, _row(raw, measure)))
        except ValueError as error:
            raise UsageError(f"{path}, {place}: {error}; give {_HOLDS}") from error
    arms = dict.fromkeys(row.arm for _, row in placed)
    if arm is not None and arm not in arms:
        known = ", ".join(filter(None, arms))
        raise UsageError(
            f"{path}: no row is of the arm {arm!r}; " + (f"its arms are {known}" if known else "leave out --arms")
        )
    rows: dict[str, RunRow] = {}
    for place, row in placed:
        if arm is None or row.arm == arm:
            key = f"{row.key} ({row.arm})" if arm is None and len(arms) > 1 else row.key
            if key in rows:
                raise UsageError(f"{path}, {place}: {key!r} stands there already; each query has one row")
            rows[key] = row
    if not rows:
        raise UsageError(f"{path}: holds no row; give {_HOLDS}")
    return Run(path, rows)


def _raw_rows(path: Path) -> list[tuple[str, object]]:
    """The rows, each with its place in the file."""
    try:
        document = json.loads(read_text(path, _HOLDS))
    except json.JSONDecodeError:
        document = None  # several lines, or none that is JSON: each is read by itself
    for name in ("queries", "trials"):
        if isinstance(document, dict) and isinstance(document.get(name), list):
            return [(f"{name}[{index}]", row) for index, row in enumerate(document[name])]
    rows: list[tuple[str, object]] = []
    for line_number, line in numbered_lines(path, _HOLDS):
        try:
            rows.append((f"line {line_number}", json.loads(line)))
        except json.JSONDecodeError as error:
            raise UsageError(f"{path}, line {line_number}: not JSON ({error}); give {_HOLDS}") from error
    return rows


def _row(raw: object, measure: str) -> RunRow:
    fields = check_fields(raw, {"key", measure})
    value = fields[measure]
    score = float(value) if isinstance(value, bool) else None if value is None else number(value, measure)
    if score is not None and not 0.0 <= score <= 1.0:
        raise ValueError(f"{measure} must lie in [0, 1], got {value!r}")
    key, cluster = text_field(fields, "key"), text_field(fields, "cluster") or text_field(fields, "video")
    if not (key and cluster):
        raise ValueError("key, and one of video and cluster, must be there and not empty")
    windows = fields.get("windows", fields.get("truth"))
    truth = "" if windows is None else json.dumps(windows)
    return RunRow(key, cluster, score, text_field(fields, "kind"), truth, text_field(fields, "arm"))


def compare_runs(a: Run, b: Run, measure: str = "score", level: float | None = None) -> Comparison:
    """Pairs the rows by key. With ``level``, each score is 1 where it reaches the level and 0 elsewhere.

    Raises UsageError when no key is in both, none of these is judged in both, or a key is not the same query.
    """
    shared = [(row, b.rows[key]) for key, row in a.rows.items() if key in b.rows]
    if not shared:
        raise UsageError(
            f"{a.path} and {b.path} share no key (such as {next(iter(a.rows))!r} and {next(iter(b.rows))!r}): "
            "compare two runs over the same queries"
        )
    for one, other in shared:
        if one.cluster != other.cluster or (one.truth and other.truth and one.truth != other.truth):
            raise UsageError(
                f"{one.key!r} is of {one.cluster} {one.truth} in {a.path}, but of {other.cluster} {other.truth} "
                f"in {b.path}: compare two runs over the same truth"
            )
    kinds: dict[str, list[Pair]] = {}
    for one, other in shared:
        if one.score is not None and other.score is not None:
            pair = Pair(one.cluster, _at(one.score, level), _at(other.score, level))
            kinds.setdefault(one.kind if one.kind == other.kind else "", []).append(pair)
    pairs = [pair for of_kind in kinds.values() for pair in of_kind]
    if not pairs:
        raise UsageError(f"{a.path} and {b.path} share {len(shared)} queries, but none was judged in both")
    return Comparison(
        a=a.path,
        b=b.path,
        measure=measure,
        level=level,
        only_a=len(a.rows) - len(shared),
        only_b=len(b.rows) - len(shared),
        unjudged=len(shared) - len(pairs),
        whole=difference(pairs, _SEED),
        by_kind={kind: difference(kinds[kind], _SEED) for kind in kinds} if len(kinds) > 1 else {},
    )


def _at(score: float, level: float | None) -> float:
    return score if level is None else float(score >= level)


def _difference_document(found: Difference) -> dict[str, object]:
    return {
        "queries": found.queries,
        "videos": found.videos,
        "mean_a": found.mean_a,
        "mean_b": found.mean_b,
        "difference": found.mean,
        "low": found.low,
        "high": found.high,
        "better": found.better,
        "worse": found.worse,
        "p": found.p,
        "test": found.test,
    }


def comparison_document(found: Comparison) -> dict[str, object]:
    """What ``eval compare --json`` prints; ``difference`` is run B less run A."""
    return {
        "a": str(found.a),
        "b": str(found.b),
        "measure": found.measure,
        "at": found.level,
        "only_in_a": found.only_a,
        "only_in_b": found.only_b,
        "unjudged": found.unjudged,
        "resamples": RESAMPLES,
        "seed": _SEED,
        "all": _difference_document(found.whole),
        "by_kind": {kind or "-": _difference_document(part) for kind, part in found.by_kind.items()},
    }


def comparison_text(found: Comparison) -> str:
    """A Markdown table, then what the figures are, and what to beware of."""
    header = ["kind", "queries", "videos", "A", "B", "B - A", "better", "worse", "p"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += [_line(kind or "-", part) for kind, part in [*found.by_kind.items(), ("all", found.whole)]]
    what = found.measure if found.level is None else f"{found.measure} >= {found.level:g}"
    lines += [f"A is {found.a}, B is {found.b}; compared is {what}, query by query."]
    lines += [f"B - A with its 95 % interval, videos resampled; p by {found.whole.test}."]
    if found.only_a or found.only_b or found.unjudged:
        lines.append(
            f"Left out: {found.only_a} queries only in A, {found.only_b} only in B, {found.unjudged} not judged."
        )
    return "\n".join([*lines, *_warnings(found.whole)])


def _line(kind: str, part: Difference) -> str:
    interval = "" if part.low is None else f" [{part.low:+.3f}, {part.high:+.3f}]"
    cells = [kind, str(part.queries), str(part.videos), f"{part.mean_a:.3f}", f"{part.mean_b:.3f}"]
    cells += [f"{part.mean:+.3f}{interval}", str(part.better), str(part.worse), _p_text(part.p)]
    return "| " + " | ".join(cells) + " |"


def _p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _warnings(whole: Difference) -> Sequence[str]:
    if whole.videos == 1:
        return ["One video alone says nothing about others: there is no interval, and p is 1."]
    if whole.videos < FEW_VIDEOS:
        least = 2 / 2**whole.videos
        return [f"Only {whole.videos} videos: the interval is too narrow, and p cannot fall below {least:.2g}."]
    return []
