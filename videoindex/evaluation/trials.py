"""The finished trials of a needle run, one JSON line each: a line is there when, and only when, its trial is done.

A run that was stopped is gone on with by asking only what has no line yet. A last line that was cut short by the
stop is taken away. ``run.json`` beside it holds what the run was asked for, so that it is not gone on with
otherwise.
"""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from videoindex.errors import UsageError
from videoindex.files import write_whole

__all__ = ["Outcome", "TrialLog", "TrialRow", "open_run", "read_rows"]

Outcome: TypeAlias = Literal["answered", "failed", "unjudged"]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """How one trial ended. ``score`` in [0, 1] is None where it could not be judged.

    ``offset_s`` is the first window's start less the needle's; ``is_on_mark`` whether a found time is that of a
    look that shows the needle; ``cluster`` the haystack, within which trials are not independent. ``picture`` is a
    picture of the needle as planted, relative to the run's folder. Other fields: `videoindex.evaluation.judging`.
    """

    key: str
    arm: str
    task: str
    kind: str
    prominence: str
    length: str
    length_s: float
    depth: float | None
    parity: str
    cluster: str
    outcome: Outcome
    score: float | None
    right: bool | None
    found: bool | None
    offset_s: float | None
    iou: float | None
    is_false_find: bool | None
    is_on_mark: bool | None
    question: str
    answer: str
    said: str
    predicted: tuple[tuple[float, float], ...]
    truth: tuple[tuple[float, float], ...]
    reason: str
    wall_s: float
    tokens: int
    picture: str = ""

    @property
    def time_error_s(self) -> float | None:
        return None if self.offset_s is None else abs(self.offset_s)

    def to_json(self) -> str:
        document = dataclasses.asdict(self) | {"time_error_s": self.time_error_s}
        return json.dumps({name: _rounded(value) for name, value in document.items()}, ensure_ascii=False)

    @classmethod
    def from_plain(cls, said: dict[str, Any]) -> TrialRow:
        """What `to_json` gave, parsed. Raises KeyError or TypeError for anything else."""
        said = {name: said[name] for name in (field.name for field in dataclasses.fields(cls))}
        spans = {name: tuple((float(a), float(b)) for a, b in said[name]) for name in ("predicted", "truth")}
        return cls(**(said | spans))


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return value


def read_rows(path: Path) -> list[TrialRow]:
    """The finished trials of ``path``; none where the file is not there.

    A last line without its end was being written when the run stopped: it is taken off the file. Raises UsageError
    naming any other line that cannot be read.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    rows = []
    for number, line in enumerate(whole.decode().split("\n"), start=1):
        if line.strip():
            try:
                rows.append(TrialRow.from_plain(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{path}, line {number}: no trial ({error!r}); remove this line") from error
    return rows


class TrialLog:
    """Appends finished trials to a file, each at once and whole. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = threading.Lock()

    def add(self, rows: Sequence[TrialRow]) -> None:
        text = "".join(row.to_json() + "\n" for row in rows)
        with self._one_at_a_time, self._path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _flat(document: dict[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """Values by their dotted names, such as ``run.grid.seed``."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{under}{name}.")
        else:
            yield f"{under}{name}", value


def open_run(folder: Path, asked: dict[str, Any]) -> TrialLog:
    """The log of a run in ``folder``, new or to be gone on with; ``asked`` is all that decides its outcome.

    Raises UsageError where the folder holds a run that was asked for otherwise, naming what differs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    header = folder / "run.json"
    said = json.loads(json.dumps(asked))
    if header.exists():
        known = json.loads(header.read_text(encoding="utf-8"))
        was, now = dict(_flat(known)), dict(_flat(said))
        differing = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
        if differing:
            shown = "; ".join(f"{name} was {was.get(name)!r}, is {now.get(name)!r}" for name in differing[:3])
            raise UsageError(f"{folder} holds another run ({shown[:600]}); go on with that, or name a new folder")
    else:
        write_whole(header, (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode())
    return TrialLog(folder / "trials.jsonl")
