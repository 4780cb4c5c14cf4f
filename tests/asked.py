"""An index of planted films, and a model that sees in them what is planted: a bag from 8 to 12.2 s."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from index_samples import INDEXED_AT
from looking import FPS, film, numbers, sees

from videoindex.cli import parser
from videoindex.commands import Result, run
from videoindex.config import Settings, load_settings, open_backends, open_store
from videoindex.index.records import ObserverCoverage, VideoRecord
from videoindex.perception.vlm.base import Reply
from videoindex.perception.vlm.scripted import Scripted, Shown
from videoindex.types import Event, Span, Video

BAG = Span(8.0, 12.2)
CONFIG = """
[vlm]
backend = "vllm"
model = "a-model"

[look]
widen_s = 4.0
min_pixels = 1024

[look.state]
grid = 5
precision_s = 0.5
"""


def has_bag(number: int) -> bool:
    return number / FPS in BAG


def event(video: Video, start_s: float, end_s: float, text: str, source: str = "qwen") -> Event:
    return Event.observed(video.id, Span(start_s, end_s), text, source=source, model="test", confidence=0.8)


@dataclass
class Bench:
    """A folder with films and their index; ``run`` is the command line's ``ask``."""

    folder: Path
    settings: Settings

    def ask(self, question: str, *more: str) -> Result:
        return run(parser().parse_args(["ask", question, *more, *self.everywhere]))

    def document(self, question: str, *more: str) -> Any:
        """The command's document, as it is printed."""
        return json.loads(json.dumps(self.ask(question, *more, "--json").document))

    @property
    def everywhere(self) -> list[str]:
        return ["--db", str(self.folder / "db"), "--config", str(self.folder / "vlm.toml")]

    def add(self, name: str, events: Callable[[Video], Sequence[Event]], seconds: float = 40) -> Video:
        """Makes a film and indexes what is said to be seen in it. Its content tells it from the others."""
        video = film(self.folder / name, seconds).video
        self.commit(VideoRecord(video, None, "k", INDEXED_AT), events(video))
        return video

    def commit(self, record: VideoRecord, events: Sequence[Event]) -> None:
        vectors = open_backends(self.settings).embedder.embed_documents([event.text for event in events])
        watched = [ObserverCoverage(record.video.id, "qwen", (record.video.span,), (), 1.0)]
        open_store(self.settings, create=True).commit_video(record, list(events), vectors, watched)


def make_bench(folder: Path) -> Bench:
    """A yard with a bag, as somebody wrote it down: too early, too long, and once where it is not. And a film that
    was moved since."""
    (folder / "vlm.toml").write_text(CONFIG)
    bench = Bench(folder, load_settings(folder / "vlm.toml", str(folder / "db")))
    bench.add(
        "yard.mp4",
        lambda video: [
            event(video, 6.0, 15.0, "a brown bag stands on the bench"),
            event(video, 30.0, 33.0, "a brown bag lies on the bench"),
        ],
    )
    lost = replace(film(folder / "lost.mp4", 20).video, path=folder / "gone.mp4")
    bench.commit(VideoRecord(lost, None, "k", INDEXED_AT), [event(lost, 3.0, 5.0, "a ladder leans on the wall")])
    return bench


@contextmanager
def watcher() -> Iterator[Scripted]:
    """The model that settings open. It sees the bag in windows and in single pictures, and finds it by steps."""
    seeing = Scripted(_says)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videoindex.looking.open_vlm", lambda _: seeing)
        yield seeing


def _says(shown: Shown, asked: str) -> Reply | str:
    if "The statement" in asked:
        number = numbers(shown)[0]
        there = number is not None and has_bag(number)
        return json.dumps({"answer": "yes" if there else "no", "reason": "I see the bench."})
    if asked.startswith("The recordings"):
        return json.dumps(_step(asked))
    if "The question: " in asked:
        return json.dumps({"says": "A bag.", "at": []})
    return sees(has_bag)(shown, asked)


def _step(asked: str) -> dict[str, Any]:
    name = next(json.loads(row)["video"] for row in asked.splitlines() if '"file": "yard.mp4"' in row)
    if "Step 1" not in asked:
        return {"action": "search_events", "query": "a bag", "source": None, "after": None, "before": None}
    if "Step 2" not in asked:
        return {"action": "look_at", "video": name, "start_s": 6, "end_s": 14, "question": "Is there a bag?"}
    return {
        "action": "answer",
        "found": True,
        "text": "A bag stands on the bench",
        "cites": [{"video": name, "start_s": 8, "end_s": 12}],
    }
