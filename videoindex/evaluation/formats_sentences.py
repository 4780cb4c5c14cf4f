"""The files of Charades-STA and ActivityNet Captions: sentences about videos, each with its seconds.

- Charades-STA, text: a line is ``VIDEO START END##SENTENCE`` (Gao et al. 2017; github.com/jiyanggao/TALL).
- ActivityNet Captions, one JSON object: ``{VIDEO: {"duration": s, "timestamps": [[start_s, end_s], …],
  "sentences": […]}}`` (Krishna et al. 2017; cs.stanford.edu/people/ranjaykrishna/densevid), or, as its captioning
  challenge takes predictions, ``{"results": {VIDEO: [{"sentence": …, "timestamp": [start_s, end_s]}, …]}}``.

No format of grounding predictions is published with them: they are read in the shape of the truth, one window a
sentence, or as JSON lines of the project's own (`videoindex.evaluation.truth`), with as many as there are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from videoindex.errors import UsageError
from videoindex.evaluation.rows import check_fields, number, number_pairs, numbered_lines, read_text, row_error

__all__ = ["Sentence", "is_own_rows", "load_sentences", "sentence_keys"]

_CHARADES_LINE = re.compile(r"(\S+) (\S+) (\S+?)##(.*\S)")
_CHARADES_HOLDS = "lines of VIDEO START END##SENTENCE"
_ACTIVITYNET_HOLDS = "a JSON object of videos, each with its sentences and timestamps"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence about one video, and the seconds beside it; ``place`` says where in the file it stands.

    The seconds are as they stand there: the published files hold some that end before they start.
    """

    video: str
    query: str
    start_s: float
    end_s: float
    place: str


class _Asked(Protocol):
    @property
    def video(self) -> str: ...

    @property
    def query(self) -> str: ...


def sentence_keys(rows: Sequence[_Asked]) -> list[str]:
    """A name for each: its video and its words, and "(2)" where the same was said before of that video."""
    counts: Counter[tuple[str, str]] = Counter()
    keys = []
    for row in rows:
        counts[row.video, row.query] += 1
        times = counts[row.video, row.query]
        keys.append(f"{row.video}: {row.query}" + (f" ({times})" if times > 1 else ""))
    return keys


def is_own_rows(path: Path) -> bool:
    """Whether the first line is a prediction of the project's own. Raises UsageError where none can be read."""
    lines = numbered_lines(path, "predictions, one query a line")
    try:
        row = json.loads(lines[0][1]) if lines else None
    except json.JSONDecodeError:
        return False
    return isinstance(row, dict) and "windows" in row


def load_sentences(path: Path, format_name: str) -> list[Sentence]:
    """All sentences of a file of "charades" or "activitynet", in its order; blanks about them are taken off.

    Raises UsageError naming the file, the line or video, and what is wrong.
    """
    sentences = _charades(path) if format_name == "charades" else _activitynet(path)
    if not sentences:
        raise UsageError(f"{path}: holds no query; give {_CHARADES_HOLDS} or {_ACTIVITYNET_HOLDS}")
    return sentences


def _charades(path: Path) -> list[Sentence]:
    rows = []
    for line_number, line in numbered_lines(path, _CHARADES_HOLDS):
        parts = _CHARADES_LINE.fullmatch(line.strip())
        if parts is None:
            raise row_error(path, line_number, f"expected VIDEO START END##SENTENCE, got {line.strip()!r}")
        try:
            start_s, end_s = _seconds(parts[2]), _seconds(parts[3])
        except ValueError as error:
            raise row_error(path, line_number, error) from error
        rows.append(Sentence(parts[1], parts[4].strip(), start_s, end_s, f"line {line_number}"))
    return rows


def _seconds(text: str) -> float:
    try:
        return number(float(text), "a time")
    except ValueError as error:
        raise ValueError(f"a time must be finite seconds, got {text!r}") from error


def _activitynet(path: Path) -> list[Sentence]:
    try:
        document = json.loads(read_text(path, _ACTIVITYNET_HOLDS))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}, line {error.lineno}: not JSON ({error}); give {_ACTIVITYNET_HOLDS}") from error
    videos = document.get("results", document) if isinstance(document, dict) else document
    if not isinstance(videos, dict):
        raise UsageError(f"{path}: expected {_ACTIVITYNET_HOLDS}, got {type(videos).__name__}")
    found: list[Sentence] = []
    for video, entry in videos.items():
        try:
            found += _sentences_of(video, entry)
        except ValueError as error:
            raise UsageError(f"{path}, video {video}: {error}; mend this entry") from error
    return found


def _sentences_of(video: str, entry: object) -> list[Sentence]:
    if isinstance(entry, list):
        rows = [check_fields(row, {"sentence", "timestamp"}) for row in entry]
        sentences: object = [row["sentence"] for row in rows]
        timestamps: object = [row["timestamp"] for row in rows]
    else:
        fields = check_fields(entry, {"sentences", "timestamps"})
        sentences, timestamps = fields["sentences"], fields["timestamps"]
    pairs = number_pairs(timestamps, "timestamps")
    if not isinstance(sentences, list) or len(sentences) != len(pairs):
        raise ValueError(f"sentences must be as many as the {len(pairs)} timestamps, got {sentences!r}")
    found = []
    for sentence, (start_s, end_s) in zip(sentences, pairs, strict=True):
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(f"a sentence must be text, and not empty, got {sentence!r}")
        found.append(Sentence(video, sentence.strip(), start_s, end_s, f"video {video}, {sentence.strip()!r}"))
    return found
