"""The main job on a fresh machine: make two recordings, index them, ask, and compare answers with the truth."""

from __future__ import annotations

import dataclasses
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoindex.clock import format_clock, format_span
from videoindex.config import Settings, open_backends, open_store
from videoindex.errors import VideoIndexError
from videoindex.index.records import Filters
from videoindex.query.ask import Reply, ask
from videoindex.query.render import ask_json
from videoindex.types import Span

__all__ = ["QUESTIONS", "Asked", "Demo", "run_demo"]

# What the demo asks of which recording, and under which query the recording's own truth has the answer. The first
# three happen, the last two never do.
QUESTIONS = (
    (
        "lecture",
        "When does the slide about path integration in code appear?",
        'a slide titled "Path Integration in Code"',
    ),
    (
        "lecture",
        "When does the speaker say that clouds hide the sun?",
        'someone says "When clouds hide the sun, the pattern of polarised light is enough"',
    ),
    ("camera", "When does a person in a red jacket come by?", "a person in a red jacket"),
    ("lecture", "When is the quarterly revenue on a slide?", 'the text "Quarterly Revenue"'),
    ("camera", "When does a dog run through the yard?", "a dog runs through the yard"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answer, and the true windows (None when nobody knows them, as for a user's own file)."""

    question: str
    reply: Reply
    truth: tuple[Span, ...] | None

    @property
    def is_right(self) -> bool:
        """Whether the first moment overlaps a true window (IoU of 0.3 at least), or nothing is rightly found."""
        if self.truth is None:
            return True
        moments = self.reply.answer.moments
        if not self.truth or not moments:
            return not self.truth and not moments
        return any(moments[0].span.iou(window) >= 0.3 for window in self.truth)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo did."""

    files: tuple[Path, ...]
    index_s: float
    recorded_s: float
    asked: tuple[Asked, ...]
    db: str

    @property
    def is_right(self) -> bool:
        return all(asked.is_right for asked in self.asked)

    def document(self) -> dict[str, Any]:
        """``demo --json``."""
        return {
            "files": [str(file) for file in self.files],
            "recorded_s": round(self.recorded_s, 3),
            "index_s": round(self.index_s, 2),
            "answers": [
                {
                    **ask_json(asked.reply),
                    "truth": None if asked.truth is None else [[w.start_s, w.end_s] for w in asked.truth],
                    "is_right": asked.is_right,
                }
                for asked in self.asked
            ],
        }

    def text(self) -> str:
        """Questions and answers, each beside the truth."""
        length = format_clock(self.recorded_s)
        lines = [f"Indexed {length} of recordings in {self.index_s:.0f} s.", ""]
        for asked in self.asked:
            lines += [f"? {asked.question}", f"  {asked.reply.answer.text}"]
            if asked.truth is not None:
                windows = ", ".join(format_span(w.start_s, w.end_s) for w in asked.truth) or "it never happens"
                lines.append(f"  {'right' if asked.is_right else 'WRONG'}; as made: {windows}")
            lines.append("")
        lines.append(f"Ask more: videoindex --help; this index: --db {self.db}")
        return "\n".join(lines)


def run_demo(
    settings: Settings, folder: Path | None, video: Path | None, question: str | None, *, db: str | None = None
) -> Demo:
    """Indexes ``video``, or two recordings made in ``folder``, and asks.

    The index is ``db``; when None, it lies in ``folder`` too, and the user's own is left alone.
    """
    from pipelines.ingest import Recording, run_ingest
    from pipelines.progress import terminal_progress

    folder = (folder or Path("~/.videoindex/demo").expanduser()).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    settings = dataclasses.replace(
        settings, index=dataclasses.replace(settings.index, db=db or str(folder / "index"), artifacts="")
    )
    if video is not None and question is not None:
        questions: list[tuple[Path, str, tuple[Span, ...] | None]] = [(video, question, None)]
    else:
        questions = _sample_questions(folder)
    files = tuple(dict.fromkeys(file for file, _, _ in questions))
    started = time.monotonic()
    outcomes = run_ingest(settings, [Recording(file) for file in files], progress=terminal_progress())
    index_s = time.monotonic() - started
    for outcome in outcomes:
        if outcome.status == "failed":
            raise VideoIndexError(outcome.reason or f"{outcome.path} could not be indexed")
    ids = {outcome.path: outcome.video_id or "" for outcome in outcomes}
    store, embedder = open_store(settings), open_backends(settings).embedder
    asked = tuple(
        Asked(
            text,
            ask(store, embedder, text, filters=Filters(video_ids=(ids[file],)), settings=settings.search),
            truth,
        )
        for file, text, truth in questions
    )
    return Demo(files, index_s, sum(outcome.duration_s for outcome in outcomes), asked, settings.index.db)


def _sample_questions(folder: Path) -> list[tuple[Path, str, tuple[Span, ...] | None]]:
    """Makes the recordings, and takes the five questions' truth from how they were made."""
    from videoindex.evaluation.samples import make_samples

    print("Making a narrated lecture and a camera recording …", file=sys.stderr)
    lecture, camera = make_samples(folder / "recordings")
    truth = {query.query: query.windows for sample in (lecture, camera) for query in sample.queries}
    files = {"lecture": lecture.path, "camera": camera.path}
    return [(files[which], question, truth[query]) for which, question, query in QUESTIONS]
