"""Commands over one small index: a talk, a night recording with captions, and files that are not videos."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import slides
from index_samples import record
from PIL import Image

from videoindex.cli import parser
from videoindex.commands import Result, run
from videoindex.config import load_settings, open_store
from videoindex.errors import IndexStoreError, UsageError
from videoindex.index.store import Store

TITLES = {"Aperture Synthesis": (2.0, 9.0), "Copper Alloys": (12.0, 20.0), "Tidal Locking": (24.0, 32.0)}
SAID = "The lighthouse keeper counts eleven ships."
MOMENT = {"video_id", "path", "start_s", "end_s", "wall_clock", "score", "text", "sources", "events"}
EVENT = {"start_s", "end_s", "text", "source", "confidence"}
COVERAGE = {"examined_s", "total_s", "gaps", "shortest_event_s"}
DOCUMENT = {"query", "moments", "coverage", "anchors", "notes", "suggested"}
LIGHT = ["--without", "speech", "--without", "objects"]


@dataclass
class Bench:
    """A folder of recordings and the index of what can be indexed of them."""

    folder: Path
    first: Result

    def run(self, *line: str) -> Result:
        return run(parser().parse_args([*line, "--db", str(self.folder / "db")]))

    def document(self, *line: str) -> Any:
        """The command's document, as it is printed."""
        return json.loads(json.dumps(self.run(*line).document))

    def path(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("commands")
    lines = [slides.Planted(title, *span) for title, span in TITLES.items()]
    slides.record(folder / "talk.mp4", slides.plain((240, 240, 235), 640, 360), lines, 36.0, fps=8)
    slides.record(folder / "pier_2026-03-01_22-00-00.mp4", slides.plain((20, 20, 40), 320, 180), [], 20.0, fps=8)
    (folder / "pier_2026-03-01_22-00-00.srt").write_text(f"1\n00:00:05,000 --> 00:00:08,000\n{SAID}\n")
    (folder / "empty.mp4").touch()
    (folder / "letter.mp4").write_text("Dear all,\nthis is not a video.\n" * 50)
    Image.new("RGB", (320, 180), (90, 20, 20)).save(folder / "photo.mp4", format="PNG")
    made = Bench(folder, Result(None, ""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder / "prefect"))
        patch.delenv("VIDEOINDEX_DB", raising=False)
        made.first = made.run("index", *LIGHT, "--camera", "pier", str(folder), made.path("nowhere.mp4"))
        yield made


def test_good_files_are_indexed_and_bad_ones_named_with_their_reason(bench: Bench) -> None:
    assert bench.first.code == 1
    document = json.loads(json.dumps(bench.first.document))
    assert set(document) == {"videos"}
    rows = {Path(row["path"]).name: row for row in document["videos"]}
    for row in rows.values():
        assert set(row) == {"path", "video_id", "status", "reason", "duration_s", "events", "wall_s"}
    talk, pier = rows.pop("talk.mp4"), rows.pop("pier_2026-03-01_22-00-00.mp4")
    assert (talk["status"], talk["reason"], talk["duration_s"]) == ("indexed", None, pytest.approx(36.0, abs=0.2))
    assert talk["events"] == {"captions": 0, "screen_text": len(TITLES)}
    assert pier["events"] == {"captions": 1, "screen_text": 0}
    assert set(rows) == {"empty.mp4", "letter.mp4", "photo.mp4", "nowhere.mp4"}
    for name, row in rows.items():
        assert (row["status"], row["video_id"]) == ("failed", None)
        assert name in row["reason"]
        assert f"failed   {row['path']}: {row['reason']}" in bench.first.text
    assert "empty" in rows["empty.mp4"]["reason"].replace("empty.mp4", "")
    assert "does not exist" in rows["nowhere.mp4"]["reason"]
    assert "image" in rows["photo.mp4"]["reason"]
    assert len(bench.document("videos")["videos"]) == 2


def test_a_second_run_skips_and_overwrite_observes_anew(bench: Bench) -> None:
    before = bench.document("events", "--video", "talk.mp4")
    again = bench.run("index", *LIGHT, "--camera", "pier", bench.path("talk.mp4"))
    assert again.code == 0
    assert again.document["videos"][0]["status"] == "skipped"  # type: ignore[index]
    (event, *_) = before["events"]
    observed = list((bench.folder / "db" / "artifacts" / event["video_id"]).rglob("screen_text-*.json"))
    written = [path.stat().st_mtime_ns for path in observed]
    anew = bench.document("index", *LIGHT, "--camera", "pier", "--overwrite", bench.path("talk.mp4"))
    assert anew["videos"][0]["status"] == "indexed"
    assert all(path.stat().st_mtime_ns > was for path, was in zip(observed, written, strict=True))
    assert bench.document("events", "--video", "talk.mp4") == before


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ([], [*TITLES, SAID]),
        (["--video", "talk.mp4"], [*TITLES]),
        (["--source", "captions"], [SAID]),
        (["--source", "objects"], []),
        (["--camera", "attic"], []),
        (["--video", "talk.mp4", "--after", "0:12", "--before", "24"], ["Copper Alloys"]),
        (["--after", "2026-03-01T22:00:04+00:00", "--before", "2026-03-01T22:00:06+00:00"], [SAID]),
        (["--after", "2026-03-01T22:00:09+00:00"], []),
        (["--limit", "1", "--video", "talk.mp4"], ["Aperture Synthesis"]),
    ],
)
def test_events_pass_the_filters(bench: Bench, line: list[str], texts: list[str]) -> None:
    assert sorted(event["text"] for event in bench.document("events", *line)["events"]) == sorted(texts)


def test_a_recording_is_named_by_path_by_name_by_id_and_by_its_beginning(bench: Bench) -> None:
    video_id = bench.document("events", "--video", bench.path("talk.mp4"))["events"][0]["video_id"]
    for named in ("talk.mp4", video_id, video_id[:8], bench.path("../" + bench.folder.name + "/talk.mp4")):
        assert len(bench.document("events", "--video", named)["events"]) == 3, named
    with pytest.raises(UsageError, match=r"'other\.mp4' is not indexed; `videoindex videos`"):
        bench.run("search", "x", "--video", "other.mp4")


@pytest.mark.parametrize(("title", "span"), TITLES.items())
def test_search_finds_each_title_in_its_second(bench: Bench, title: str, span: tuple[float, float]) -> None:
    found = bench.document("search", f'the text "{title}"', "--limit", "3")
    assert set(found) == DOCUMENT
    assert set(found["coverage"]) == COVERAGE
    first = found["moments"][0]
    assert set(first) == MOMENT
    assert all(set(event) == EVENT for event in first["events"])
    assert (first["path"], first["text"], first["sources"]) == (bench.path("talk.mp4"), title, ["screen_text"])
    assert (first["start_s"], first["end_s"]) == pytest.approx(span, abs=0.5)
    assert first["wall_clock"] is None


def test_ask_answers_on_the_wall_clock_where_it_is_known(bench: Bench) -> None:
    asked = bench.document("ask", "When does someone say that the lighthouse keeper counts ships?")
    assert set(asked) == {*DOCUMENT, "answer", "found", "length_s", "moved"}
    assert asked["found"] is True
    assert (asked["moments"][0]["start_s"], asked["moments"][0]["end_s"]) == pytest.approx((5.0, 8.0), abs=0.01)
    assert asked["moments"][0]["wall_clock"].startswith("2026-03-01T22:00:05.000")


def test_nothing_found_is_an_answer_with_coverage(bench: Bench) -> None:
    line = 'the text "Quarterly Revenue"'
    asked, searched = bench.document("ask", line), bench.run("search", line)
    assert (asked["found"], asked["moments"]) == (False, [])
    assert asked["answer"].startswith("Not found: 56 of 56 s examined")
    assert searched.text.startswith("Nothing found; 56 of 56 s examined")
    assert searched.code == 0


def truth(folder: Path) -> Path:
    rows = [
        {"video": "talk.mp4", "query": f'the text "{title}"', "windows": [span], "kind": "ocr"}
        for title, span in TITLES.items()
    ]
    rows.append({"video": "talk.mp4", "query": 'the text "Quarterly Revenue"', "windows": [], "kind": "negative"})
    path = folder / "truth.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize("verb", ["search", "ask"])
def test_what_is_found_can_be_exported(bench: Bench, verb: str, tmp_path: Path) -> None:
    (shown,) = bench.document(verb, "Copper Alloys", "--limit", "1")["moments"]
    (row,) = csv.DictReader(io.StringIO(bench.run(verb, "Copper Alloys", "-n", "1", "--format", "csv").text))
    assert [row[name] for name in ("path", "text")] == [shown["path"], shown["text"]]
    assert [float(row[name]) for name in ("start_s", "end_s")] == [shown["start_s"], shown["end_s"]]
    bench.run(verb, "Copper Alloys", "-n", "1", "-o", str(tmp_path / "r.md"))
    report = (tmp_path / "r.md").read_text()
    assert "# Copper Alloys\n" in report
    assert "```text\nCopper Alloys\n```" in report
    assert "## What was looked at" in report
    assert len(list((tmp_path / "r_frames").glob("001_*.jpg"))) == 1


def test_what_is_found_can_be_cut_out(bench: Bench, tmp_path: Path) -> None:
    made = bench.document(
        "clip", "--query", "Copper Alloys", "-n", "1", "--padding", "1", "-o", str(tmp_path / "r.mp4")
    )
    (shown,) = bench.document("search", "Copper Alloys", "--limit", "1")["moments"]
    (moment,) = made["moments"]
    assert (moment["start_s"], moment["end_s"]) == (shown["start_s"] - 1, shown["end_s"] + 1)
    assert bench.document("probe", str(tmp_path / "r.mp4"))["duration_s"] == pytest.approx(
        made["duration_s"], abs=0.13
    )


def test_eval_grounding_asks_the_index(bench: Bench, tmp_path: Path) -> None:
    result = bench.run("eval", "grounding", "--truth", str(truth(tmp_path)), "--videos", str(bench.folder),
                       "--config", str(light_settings(tmp_path)))  # fmt: skip
    assert result.code == 0
    assert "| all | 4 | 1.00" in result.text
    assert "| negative | 1 |" in result.text


def light_settings(folder: Path) -> Path:
    path = folder / "light.toml"
    path.write_text('[index]\nobservers = ["captions", "screen_text"]\n')
    return path


def test_eval_grounding_judges_given_predictions(bench: Bench, tmp_path: Path) -> None:
    first, second, *_ = TITLES
    rows = [
        {"video": "talk.mp4", "query": f'the text "{first}"', "windows": [TITLES[first]]},
        {"video": "talk.mp4", "query": f'the text "{second}"', "windows": [[0.0, 1.0]]},
    ]
    (tmp_path / "given.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    result = bench.run(
        "eval", "grounding", "--truth", str(truth(tmp_path)), "--predictions", str(tmp_path / "given.jsonl")
    )
    assert "| ocr | 3 | 0.50" in result.text
    assert result.text.count("unjudged: talk.mp4") == 2
    with pytest.raises(UsageError, match=r"talk.mp4: named by .*truth.jsonl, but not there; give --videos DIR"):
        bench.run("eval", "grounding", "--truth", str(truth(tmp_path)))


def test_a_moved_file_is_found_at_its_new_place_and_not_observed_again(bench: Bench) -> None:
    old, new = bench.folder / "talk.mp4", bench.folder / "moved" / "lecture.mp4"
    observed = sorted((bench.folder / "db" / "artifacts").rglob("screen_text-*.json"))
    written = [path.stat().st_mtime_ns for path in observed]
    new.parent.mkdir()
    shutil.move(old, new)
    try:
        assert bench.document("index", *LIGHT, "--camera", "pier", str(new))["videos"][0]["status"] == "indexed"
        assert {event["path"] for event in bench.document("events", "--source", "screen_text")["events"]} == {
            str(new)
        }
        assert [path.stat().st_mtime_ns for path in observed] == written
    finally:
        shutil.move(new, old)


def test_remove_forgets_a_recording_and_all_that_came_of_it(bench: Bench) -> None:
    pier = next(v for v in bench.document("videos")["videos"] if "pier" in v["path"])
    removed = bench.run("remove", "pier_2026-03-01_22-00-00.mp4", pier["video_id"])
    assert removed.document == {"removed": [{"video_id": pier["video_id"], "path": pier["path"]}]}
    assert bench.document("events", "--source", "captions") == {"events": []}
    assert not (bench.folder / "db" / "artifacts" / pier["video_id"]).exists()
    assert open_store(load_settings(db=bench.path("db"))).verify() == []
    with pytest.raises(UsageError, match="is not indexed"):
        bench.run("remove", pier["video_id"])


def test_a_removal_that_was_cut_off_can_be_ended(tmp_path: Path) -> None:
    db = str(tmp_path / "db")
    store = open_store(load_settings(db=db), create=True)
    store.commit_video(record("v1"), [], np.zeros((0, store.dim), np.float32), [])
    store._mark_incomplete("v1")
    removed = run(parser().parse_args(["remove", "v1", "--db", db]))
    assert removed.document == {"removed": [{"video_id": "v1", "path": "/films/v1.mp4"}]}
    assert open_store(load_settings(db=db)).videos(incomplete=True) == []


def test_an_index_of_another_embedder_can_be_listed_and_emptied(tmp_path: Path) -> None:
    db = str(tmp_path / "db")
    store = Store.open(db, dim=8, embedder="gone")
    store.commit_video(record("v1"), [], np.zeros((0, 8), np.float32), [])
    with pytest.raises(IndexStoreError, match="was made with embedder gone"):
        run(parser().parse_args(["search", "x", "--db", db]))
    assert run(parser().parse_args(["events", "--db", db])).document == {"events": []}
    run(parser().parse_args(["remove", "v1", "--db", db]))
    assert run(parser().parse_args(["videos", "--db", db])).document == {"videos": []}


def test_what_an_unfinished_run_left_can_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, film = tmp_path / "db", tmp_path / "film.mp4"
    film.touch()
    video = replace(record("v1").video, path=film)
    monkeypatch.setattr("videoindex.media.probe.probe", lambda _: SimpleNamespace(video=video))
    open_store(load_settings(db=str(db)), create=True)
    left = db / "artifacts" / "v1" / "observations"
    left.mkdir(parents=True)
    removed = run(parser().parse_args(["remove", str(film), "--db", str(db)]))
    assert removed.document == {"removed": [{"video_id": "v1", "path": str(film)}]}
    assert not left.parent.exists()
    with pytest.raises(UsageError, match="is not indexed"):
        run(parser().parse_args(["remove", str(film), "--db", str(db)]))


def test_probe_and_plan_need_no_index(bench: Bench) -> None:
    pier = bench.path("pier_2026-03-01_22-00-00.mp4")
    assert bench.document("probe", pier)["width_px"] == 320
    assert bench.document("plan", pier, "--model", "2B")["model"].endswith("Qwen3-VL-2B-Instruct")


def test_questions_to_no_index_say_how_to_make_one(bench: Bench, tmp_path: Path) -> None:
    for line in (["videos"], ["search", "x"], ["ask", "x"], ["events"], ["remove", "x"]):
        with pytest.raises(
            IndexStoreError, match=r"there is no index at .*: make one with `videoindex index PATH"
        ):
            run(parser().parse_args([*line, "--db", str(tmp_path / "none")]))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["index", "a.mp4", "--recorded-at", "90"], "--recorded-at needs a date and a time"),
        (["index", "a.mp4", "b.mp4", "--recorded-at", "2026-03-01T10:00"], "2 files are given"),
        (["demo", "--video", "a.mp4"], "--video and --question go together"),
        (["events", "--after", "soon"], "cannot read 'soon' as a time"),
        (["events", "--after", "90", "--before", "1:00"], "nothing lies after 90.0 s and before 60.0 s"),
        (["search", "x", "--after", "2026-13-01"], "cannot read '2026-13-01' as a date and time"),
        (["plan", "talk.mp4", "--model", "99B"], "is not a Qwen3-VL model"),
    ],
)
def test_a_wrong_request_is_named_before_anything_is_done(
    bench: Bench, line: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bench.folder)
    with pytest.raises(UsageError, match=says):
        bench.run(*line)
