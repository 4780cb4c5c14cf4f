"""Exports as a person asks for them: formats, files, and what is said on standard output and standard error."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import planted
import pytest
from clipped import SIZE
from index_samples import DIM, vectors
from marked import BEGAN, mark, video
from PIL import Image

from videoindex import cli, exporting
from videoindex.cli import parser
from videoindex.commands import Result, run
from videoindex.errors import DecodeError, UsageError
from videoindex.exporting import FORMATS, ExportWish, export
from videoindex.index.records import VideoRecord
from videoindex.index.store import Store
from videoindex.media.decoders import open_decoder
from videoindex.media.probe import probe
from videoindex.media.subtitles import find_tracks, read_cues
from videoindex.query.export import Sheet
from videoindex.types import Event, Span


@dataclass(frozen=True)
class Bench:
    """An index of one film, whose clock starts late, with two events."""

    folder: Path
    film: VideoRecord
    events: tuple[Event, ...]

    def run(self, *line: str) -> Result:
        return run(parser().parse_args(["events", *line, "--db", str(self.folder / "db")]))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("exporting")
    film = planted.write(folder / "film.ts", planted.steady(25, 1000, 40.0), size_px=SIZE, gop=250)
    kept = VideoRecord(replace(probe(film.path).video, recorded_at=BEGAN), "door", "k", BEGAN)
    start_s = kept.video.span.start_s
    events = tuple(
        Event.observed(
            kept.video.id, Span(start_s + a, start_s + b), text, source="speech", model="m", confidence=0.5
        )
        for a, b, text in ((1.0, 2.0, "first, with a comma"), (12.0, 13.0, "second"), (25.5, 27.0, "third"))
    )
    Store.open(folder / "db", dim=DIM, embedder="e").commit_video(kept, events, vectors(3), [])
    return Bench(folder, kept, events)


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_goes_to_standard_output_or_a_file_with_the_same_content(
    bench: Bench, format_name: str, tmp_path: Path
) -> None:
    printed = bench.run("--format", format_name)
    output = tmp_path / "out.anything"
    told = bench.run("--format", format_name, "-o", str(output))
    assert told.text == f"wrote {output} ({format_name}, 3)"
    assert told.document == {"output": str(output), "format": format_name, "count": 3, "notes": list(told.notes)}
    written = output.read_bytes().decode()
    if format_name == "md":
        assert [line for line in written.splitlines() if "![" not in line and line] == [
            line for line in printed.text.splitlines() if line
        ]
        assert any("no pictures" in note for note in printed.notes)
    else:
        assert written.rstrip("\r\n") == printed.text
        assert written.endswith("\n")


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("a.csv", "csv"),
        ("a.SRT", "srt"),
        ("a.vtt", "vtt"),
        ("a.txt", "chapters"),
        ("a.edl", "edl"),
        ("a.otio", "otio"),
    ],
)
def test_a_files_suffix_says_the_format(bench: Bench, name: str, format_name: str, tmp_path: Path) -> None:
    assert bench.run("-o", str(tmp_path / name)).document["format"] == format_name  # type: ignore[index]


def test_formats_hold_the_events(bench: Bench) -> None:
    rows = list(csv.DictReader(io.StringIO(bench.run("--format", "csv").text, newline="")))
    assert [row["id"] for row in rows] == [event.id for event in bench.events]
    assert rows[0]["text"] == "first, with a comma"
    assert (rows[0]["camera"], rows[0]["wall_clock"]) == ("door", "2026-05-01T12:00:01.000+00:00")
    assert json.loads(bench.run("--format", "json").text) == json.loads(json.dumps(bench.run().document))
    assert bench.run("--format", "chapters").text == "0:00 first, with a comma\n0:12 second\n0:25 third"
    timeline = otio.adapters.read_from_string(bench.run("--format", "otio").text, "otio_json")
    assert len(list(timeline.find_clips())) == 3


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_subtitles_beside_the_recording_are_read_back_at_the_times_of_the_events(
    bench: Bench, suffix: str
) -> None:
    output = bench.film.video.path.with_suffix(suffix)
    bench.run("-o", str(output))
    try:
        (track,) = find_tracks(bench.film.video)
        cues = read_cues(bench.film.video, track)
    finally:
        output.unlink()
    assert [cue.text for cue in cues] == [event.text for event in bench.events]
    for cue, event in zip(cues, bench.events, strict=True):
        assert cue.span.start_s == pytest.approx(event.span.start_s, abs=6e-4)
        assert cue.span.end_s == pytest.approx(event.span.end_s, abs=6e-4)


def test_a_report_has_the_picture_of_each_moments_beginning(bench: Bench, tmp_path: Path) -> None:
    bench.run("-o", str(tmp_path / "my report.md"))
    text = (tmp_path / "my report.md").read_text()
    links = re.findall(r"!\[[^\]]*\]\(<([^>]*)>\)", text)
    assert len(links) == 3
    for link, number in zip(links, (25, 300, 637), strict=True):  # 25.5 s is half-way through picture 637
        path = tmp_path / link.replace("%20", " ")
        assert path.parent == tmp_path / "my report_frames"
        with Image.open(path) as image:
            assert planted.read(np.asarray(image.convert("RGB"))) == number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my report.md", "my report_frames"]


def test_a_new_report_leaves_no_old_pictures_and_spares_what_is_not_its_own(bench: Bench, tmp_path: Path) -> None:
    bench.run("-o", str(tmp_path / "r.md"))
    (tmp_path / "r_frames" / "holiday.jpg").write_text("mine")
    bench.run("-o", str(tmp_path / "r.md"), "--overwrite", "--limit", "1")
    assert sorted(path.name for path in (tmp_path / "r_frames").iterdir())[1:] == ["holiday.jpg"]


def test_what_is_there_is_not_written_over(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    (tmp_path / "b_frames").mkdir()
    for name in ("a.csv", "b.md"):
        with pytest.raises(UsageError, match=r"is there already.*--overwrite"):
            bench.run("-o", str(tmp_path / name))
    assert (tmp_path / "a.csv").read_text() == "mine"
    bench.run("-o", str(tmp_path / "a.csv"), "--overwrite")
    assert (tmp_path / "a.csv").read_text() != "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b_frames"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["-o", "a.xyz"], r"a\.xyz: its name says no format; give --format"),
        (["-o", "nowhere/a.csv"], "is no folder"),
        (["--overwrite"], "--overwrite is of a file"),
        (["--format", "csv", "--json"], "both go to standard output"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    bench: Bench, line: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        bench.run(*line)


def test_without_flags_nothing_is_exported(bench: Bench) -> None:
    assert ExportWish.of(argparse.Namespace(format=None, output=None, overwrite=False, json=False)) is None
    assert set(bench.run().document) == {"events"}  # type: ignore[call-overload]
    assert cli.FORMATS == FORMATS


def _export(sheet: Sheet, format_name: str, output: Path | None = None) -> Any:
    return export(sheet, {}, ExportWish(format_name, output), open_decoder)


def test_several_recordings_do_not_go_into_one_subtitle_file() -> None:
    sheet = Sheet("x", (mark(1, 2, "a", video("a.mp4")), mark(1, 2, "b", video("b.mp4"))))
    for format_name, said in (("srt", "SRT"), ("vtt", "VTT"), ("chapters", "a list of chapters")):
        with pytest.raises(UsageError, match=f"{said} counts the time of one recording"):
            _export(sheet, format_name)
    assert len(_export(sheet, "csv").text.splitlines()) == 3


def test_an_answer_is_told_where_the_format_has_no_place_for_it() -> None:
    assert _export(Sheet("when?", (), "Not found: 90 of 90 s examined."), "csv").notes == (
        "Not found: 90 of 90 s examined.",
    )
    assert _export(Sheet("when", ()), "vtt").notes == ("nothing was found",)
    report = _export(Sheet("when?", (), "Not found."), "md")
    assert "Not found." in report.text
    assert "Not found." not in report.notes


def test_a_recording_that_moved_is_asked_only_where_its_clock_starts_late(tmp_path: Path) -> None:
    assert "00:00:01,000" in _export(Sheet("x", (mark(1, 2, "a"),)), "srt").text
    with pytest.raises(DecodeError, match=r"film\.mp4 is not there any more, and its clock starts at 5\.000 s"):
        _export(Sheet("x", (mark(6, 7, "a", video(start_s=5.0)),)), "srt")
    done = _export(Sheet("x", (mark(1, 2, "a"),)), "md", tmp_path / "r.md")
    assert "No picture could be decoded at 0:00:01.000." in (tmp_path / "r.md").read_text()
    assert done.notes == ("no picture could be decoded at film.mp4 0:00:01.000",)


def test_a_run_that_is_cut_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "try_still", cut_off)
    with pytest.raises(KeyboardInterrupt):
        _export(Sheet("x", (mark(1, 2, "a"),)), "md", tmp_path / "r.md")
    monkeypatch.setattr(exporting.os, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        _export(Sheet("x", (mark(1, 2, "a"),)), "csv", tmp_path / "r.csv")
    assert list(tmp_path.iterdir()) == []


def test_notes_go_to_standard_error(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["events", "--format", "edl", "--db", str(bench.folder / "db")])
    printed = capsys.readouterr()
    assert stopped.value.code == 0
    assert printed.out.startswith("TITLE: Events\nFCM: NON-DROP FRAME\n")
    assert printed.err == "videoindex: timecode counts 25 frames a second, non-drop\n"
