"""Questions of every kind to recordings with known truth: how often the answer is right, and how exact its times.

    python benchmarks/questions.py                         # four lectures and two cameras, made and indexed
    python benchmarks/questions.py --work DIR --list wrong # keeps them in DIR; prints what was answered wrongly
    python benchmarks/questions.py --truth FILE            # recordings and truth as `eval grounding` takes them

The recordings are the product's own samples, indexed by ``pipelines.ingest.run_ingest`` with the embedded default.
Questions are drawn from the truth with a fixed seed, in the wordings of question_set/wordings.py; those that the
rules were developed with and those held out are reported apart. Times of warm questions are of this process,
embedder loaded. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from question_set.cases import Case, cases_of
from question_set.grounding import cases_of_truth
from question_set.judge import Judged, judge, refused, table
from question_set.recordings import make_recordings

from pipelines.ingest import Recording, run_ingest
from videoindex.config import Settings, load_settings, open_backends, open_store
from videoindex.errors import UsageError
from videoindex.evaluation.truth import load_truth
from videoindex.index.records import Filters
from videoindex.query.ask import ask

TIMED = 20


def ask_all(settings: Settings, cases: Sequence[Case]) -> list[Judged]:
    """Puts every question to the index; one that is refused counts as answered with nothing."""
    store, embedder = open_store(settings), open_backends(settings).embedder
    names = {record.video.id: record.video.path.name for record in store.videos()}
    judged = []
    for case in cases:
        try:
            reply = ask(
                store,
                embedder,
                case.text,
                filters=_filters(case, names),
                every=case.every,
                limit=100,
                settings=settings.search,
            )
        except UsageError as error:
            judged.append(refused(case, str(error)))
            continue
        judged.append(judge(case, reply, names))
    return judged


def warm_ms(settings: Settings, cases: Sequence[Case]) -> list[float]:
    """Wall time of ``TIMED`` questions, spread over all kinds, each asked for the first time in a warm process."""
    store, embedder = open_store(settings), open_backends(settings).embedder
    names = {record.video.id: record.video.path.name for record in store.videos()}
    wanted = cases[:: max(1, len(cases) // (TIMED + 1))][: TIMED + 1]
    took_ms = []
    for case in wanted:
        started = time.perf_counter()
        ask(store, embedder, case.text, filters=_filters(case, names), every=case.every, settings=settings.search)
        took_ms.append(1000 * (time.perf_counter() - started))
    return took_ms[1:]


def _filters(case: Case, names: dict[str, str]) -> Filters:
    ids = tuple(video_id for video_id, name in names.items() if name == case.video)
    return Filters(video_ids=ids) if case.is_filtered and ids else Filters()


def main() -> None:
    parser = argparse.ArgumentParser(description="Asks questions of every kind of recordings with known truth.")
    parser.add_argument("--work", type=Path, help="folder that keeps recordings and index, and is read again")
    parser.add_argument("--truth", type=Path, help="ask the queries of this JSONL file of the videos beside it")
    parser.add_argument(
        "--list", choices=("wrong", "all"), help="print questions and answers, not of those held out"
    )
    parser.add_argument("--seed", type=int, default=1, help="which questions are drawn")
    arguments = parser.parse_args()
    if arguments.work is not None:
        arguments.work.mkdir(parents=True, exist_ok=True)
        run(arguments, arguments.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(arguments, Path(folder))


def run(arguments: argparse.Namespace, work: Path) -> None:
    """Makes or takes the recordings, indexes, asks, prints."""
    started = time.monotonic()
    if arguments.truth is not None:
        queries = load_truth(arguments.truth)
        files = dict.fromkeys(query.video for query in queries)
        recordings = [Recording(arguments.truth.parent / name) for name in files]
        cases = cases_of_truth(queries)
    else:
        made = make_recordings(work)
        recordings = [Recording(path, camera) for path, camera in made.files]
        cases = cases_of(made.lectures, made.cameras, arguments.seed)
    made_s = time.monotonic() - started
    settings = load_settings(None, str(work / "index"))
    outcomes = run_ingest(settings, recordings)
    failed = [f"{outcome.path.name}: {outcome.reason}" for outcome in outcomes if outcome.status == "failed"]
    if failed:
        sys.exit("\n".join(failed))
    indexed_s = time.monotonic() - started - made_s
    length_s = sum(outcome.duration_s for outcome in outcomes)
    print(
        f"{len(recordings)} recordings of {length_s:.0f} s made in {made_s:.0f} s, indexed in {indexed_s:.0f} s."
    )
    took_ms = warm_ms(settings, cases)
    print(f"Warm questions (n = {len(took_ms)}): median {median(took_ms):.0f} ms, slowest {max(took_ms):.0f} ms.")
    report(ask_all(settings, cases), arguments.list)


def report(judged: Sequence[Judged], listed: str | None) -> None:
    """Prints a table for each set of wordings."""
    for one in judged:
        if listed == "all" or (listed == "wrong" and not (one.is_right or one.case.is_held_out)):
            truth = ", ".join(f"{window.start_s:.1f}-{window.end_s:.1f}" for window in one.case.windows) or "never"
            mark = "right" if one.is_right else "WRONG"
            print(
                f"{mark} [{one.case.kind}, {one.case.medium}] {one.case.text}\n   {one.answer}\n   truth: {truth}"
            )
    for name, is_held_out in (("developed with", False), ("held out", True)):
        of_set = [one for one in judged if one.case.is_held_out == is_held_out]
        if of_set:
            print(f"\n**Wordings {name}**\n")
            print("\n".join(table(of_set)))
    print(f"\n{len(judged)} questions")


if __name__ == "__main__":
    main()
