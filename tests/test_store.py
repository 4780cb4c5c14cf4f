"""The index itself: what is committed is found, replaced whole, erased whole, and mended after a kill."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from index_samples import DIM, commit, coverage, event, record, vectors

from videoindex.errors import IndexBusyError, IndexStoreError
from videoindex.index.records import Filters, StoreSettings
from videoindex.index.store import Store
from videoindex.types import Box, Event, Span

TEXTS = [
    "a red car enters",
    "Die Straße zur Prüfung",
    "error ERR_42 costs $43.50",
    "un élève naïf",
    "日本語の字幕",
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "db", dim=DIM, embedder="e1")


def test_events_videos_and_coverage_come_back_equal(store: Store) -> None:
    recorded_at = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=1)))
    full = Event("id1", "v", Span(1.5, 2.25), "text", "objects", "ssd", 0.75, (Box(1.6, 1, 2, 3.5, 4),), True)
    plain = event("v", 3.0, "other")
    kept = record("v", camera="door", recorded_at=recorded_at)
    store.commit_video(kept, [full, plain], vectors(2), coverage("v"))
    assert list(store.events()) == [full, plain]
    assert store.video("v") == kept
    assert store.videos() == [kept]
    assert store.video("v").video.recorded_at.utcoffset() == timedelta(hours=1)  # type: ignore[union-attr]
    assert store.coverage() == coverage("v")
    assert store.coverage(["other"]) == []
    assert store.verify() == []


def test_an_event_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    events = commit(store, "v", TEXTS)
    for one in events:
        assert store.events_called(one.id) == [one]
        assert store.events_called(one.id[:8]) == [one]
    assert store.events_called("zzzzzz") == []
    assert store.events_called("' OR 1=1 --") == []
    assert len(store.events_called("", limit=3)) == 3


def test_a_commit_replaces_all_of_its_video_and_nothing_else(store: Store) -> None:
    other = commit(store, "w", TEXTS[:2])
    commit(store, "v", TEXTS)
    for _ in range(2):
        newer = commit(store, "v", ["new words"])
    assert list(store.events(Filters(video_ids=("v",)))) == newer
    assert list(store.events(Filters(video_ids=("w",)))) == other
    assert len(store.coverage(["v"])) == 2
    assert store.verify() == []


def test_equal_ids_in_one_commit_are_kept_once_with_their_first_vector(store: Store) -> None:
    one = event("v", 0.0, "once")
    vectors_ND = vectors(2)
    store.commit_video(record("v"), [one, one], vectors_ND, [])
    assert [hit.cosine for hit in store.vector(vectors_ND[0])] == [pytest.approx(1.0)]


def test_a_video_without_events_is_known(store: Store) -> None:
    store.commit_video(record("v"), [], np.zeros((0, DIM), np.float32), coverage("v"))
    assert store.video("v") is not None
    assert list(store.events()) == []
    assert store.coverage() == coverage("v")


def test_a_commit_of_mismatched_input_is_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(ValueError, match="vectors of shape"):
        store.commit_video(record("v"), [event("v", 0, "x")], vectors(1, dim=DIM + 1), [])
    with pytest.raises(ValueError, match="another video"):
        store.commit_video(record("v"), [event("w", 0, "x")], vectors(1), [])
    assert store.videos() == []
    assert store.verify() == []


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("strasse", 1), ("Straße", 1), ("Prufung", 1), ("PRÜFUNG", 1), ("eleve", 3), ("err_42", 2), ("43.50", 2),
        ("字幕", 4), ("cars", 0), ("when does the car enter?", 0),
    ],
)  # fmt: skip
def test_words_are_found_across_spellings_languages_and_codes(store: Store, question: str, found: int) -> None:
    events = commit(store, "v", TEXTS)
    assert store.fulltext(question)[0].event == events[found]


@pytest.mark.parametrize(
    "question",
    ["", "  ", '"', "(", "a AND (b", "+-:~^*?\\/", "col:x", "' OR 1=1 --", "\x00", "\ud800", "é" * 5000],
)
def test_no_text_is_read_as_query_syntax_or_breaks_the_search(store: Store, question: str) -> None:
    commit(store, "v", ["nothing of that"])
    assert store.fulltext(question) == []
    assert len(store.hybrid(question, vectors(1)[0])) == 1


def test_hybrid_keeps_the_figures_of_both_searches(store: Store) -> None:
    texts = [f"filler number {i}" for i in range(30)] + ["the heron lands"]
    events = commit(store, "v", texts)
    all_ND = vectors(len(texts))
    hits = store.hybrid("heron", all_ND[3], limit=40)
    by_id = {hit.event.id: hit for hit in hits}
    assert len(hits) == 31
    assert [hit.rrf for hit in hits] == sorted((hit.rrf for hit in hits), reverse=True)
    assert by_id[events[30].id].bm25 is not None
    assert by_id[events[3].id].bm25 is None
    for i, one in enumerate(events):
        assert by_id[one.id].cosine == pytest.approx(float(all_ND[i] @ all_ND[3]), abs=1e-6)


def test_a_hit_by_words_alone_still_has_its_exact_cosine(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db", dim=DIM, embedder="e1", settings=StoreSettings(candidates=2))
    texts = [f"filler number {i}" for i in range(20)] + ["the heron lands"]
    commit(store, "v", texts)
    all_ND = vectors(len(texts))
    heron = next(hit for hit in store.hybrid("heron", -all_ND[20], limit=2) if hit.bm25 is not None)
    assert heron.cosine == pytest.approx(-1.0, abs=1e-6)


def test_events_page_in_the_order_of_video_and_time(store: Store) -> None:
    second, first = commit(store, "w", TEXTS), commit(store, "v", TEXTS)
    assert list(store.events()) == first + second
    assert list(store.events(limit=3, offset=4)) == (first + second)[4:7]


def test_removing_a_video_leaves_no_trace_of_it_on_disk(store: Store, tmp_path: Path) -> None:
    commit(store, "keepsake", [f"ordinary sentence {i}" for i in range(40)])
    commit(store, "secret-video", ["the password is xylophone", "and zeppelin too"], camera="hidden-camera")
    store.optimize()
    assert holding(tmp_path, b"xylophon")
    assert store.remove_video("secret-video")
    assert not store.remove_video("secret-video")
    for trace in (b"xylophon", b"zeppelin", b"secret-video", b"hidden-camera"):
        assert holding(tmp_path, trace) == []
    assert store.fulltext("xylophone") == []
    assert len(list(store.events())) == 40
    assert store.fulltext("ordinary 7")[0].event.text == "ordinary sentence 7"
    assert store.verify() == []


def holding(folder: Path, trace: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and trace in path.read_bytes()]


def test_another_embedder_or_length_is_refused(store: Store) -> None:
    for dim, embedder in ((DIM, "e2"), (DIM + 1, "e1")):
        with pytest.raises(IndexStoreError, match="was made with"):
            Store.open(store.uri, dim=dim, embedder=embedder)
    assert Store.open(store.uri, create=False).embedder == "e1"


def test_no_index_says_how_to_make_one(tmp_path: Path) -> None:
    for create in (True, False):
        with pytest.raises(IndexStoreError, match="videoindex index"):
            Store.open(tmp_path / "none", create=create)
    assert not (tmp_path / "none" / "events.lance").exists()


def test_a_second_writer_is_told_who_writes(store: Store) -> None:
    script = f"""
        import time
        from videoindex.index.store import Store
        with Store.open({store.uri!r}).writing():
            print("locked", flush=True)
            time.sleep(60)
    """
    holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(IndexBusyError, match=str(holder.pid)):
            commit(store, "v", TEXTS)
        assert list(store.events()) == []
    finally:
        holder.kill()
        holder.wait()
    commit(store, "v", TEXTS)
    assert len(list(store.events())) == len(TEXTS)


KILLED_COMMIT = """
    import os, sys
    from index_samples import commit
    from videoindex.index.store import Store
    store, calls = Store.open(sys.argv[1]), 0
    def counted(table, name):
        inner = getattr(table, name)
        def call(*args, **kwargs):
            global calls
            calls += 1
            if calls == int(sys.argv[2]):
                os._exit(9)
            return inner(*args, **kwargs)
        setattr(table, name, call)
    for table in (store._opened.videos, store._opened.events, store._opened.coverage):
        for name in ("delete", "add", "merge_insert"):
            counted(table, name)
    commit(store, "v", ["new words"])
"""


@pytest.mark.parametrize("step", range(1, 7))
def test_a_commit_killed_at_any_step_is_hidden_and_mended_by_the_next(store: Store, step: int) -> None:
    other = commit(store, "w", TEXTS[:1])
    old = commit(store, "v", TEXTS)
    tests = Path(__file__).parent
    command = [sys.executable, "-c", textwrap.dedent(KILLED_COMMIT), store.uri, str(step)]
    assert subprocess.run(command, cwd=tests, check=False).returncode == 9
    seen = list(store.events(Filters(video_ids=("v",))))
    if store.video("v") is None:
        assert seen == []
        assert store.coverage(["v"]) == []
        assert any("incomplete" in problem for problem in store.verify())
    else:
        assert seen == old
    newer = commit(store, "v", ["new words"])
    assert list(store.events()) == newer + other
    assert store.verify() == []


def test_a_store_refuses_to_work_in_a_forked_child(store: Store) -> None:
    context = multiprocessing.get_context("fork")
    outcome = context.Queue()
    child = context.Process(target=_try_in_child, args=(store, outcome))
    child.start()
    assert "fork" in outcome.get(timeout=20)
    child.join()


def _try_in_child(store: Store, outcome: multiprocessing.Queue[str]) -> None:
    try:
        store.videos()
        outcome.put("worked")
    except IndexStoreError as error:
        outcome.put(str(error))


def test_verify_names_doubled_events_and_orphans(store: Store) -> None:
    commit(store, "v", TEXTS[:2])
    rows = store._opened.events.search().limit(1).to_arrow()
    store._opened.events.add(rows)
    store._opened.videos.delete("video_id = 'v'")
    problems = "\n".join(store.verify())
    assert "held twice" in problems
    assert "unknown video v" in problems


def test_wall_clock_is_kept_to_the_millisecond(store: Store) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    store.commit_video(record("v", recorded_at=at), [event("v", 10.0, "x")], vectors(1), [])
    inside = Filters(after_wall=at + timedelta(seconds=11.999), before_wall=at + timedelta(seconds=60))
    outside = Filters(after_wall=at + timedelta(seconds=12))
    assert len(list(store.events(inside))) == 1
    assert list(store.events(outside)) == []
