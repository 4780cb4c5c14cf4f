"""`eval` as a person runs it: whose files these are, what is printed, and with which exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import slides

from videoindex import cli
from videoindex.cli import parser
from videoindex.commands import Result, run
from videoindex.errors import UsageError, VideoIndexError
from videoindex.evaluating import recording_file
from videoindex.evaluation.formats import TRUTH_FORMATS

FILES = Path(__file__).parent / "benchmark_files"
SAID = "The lighthouse keeper counts eleven ships."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A recording of 20 s with one caption, as a benchmark would name it: without its suffix."""
    made = tmp_path_factory.mktemp("evaluating")
    slides.record(made / "PIER1.mp4", slides.plain((20, 20, 40), 320, 180), [], 20.0, fps=8)
    (made / "PIER1.srt").write_text(f"1\n00:00:05,000 --> 00:00:08,000\n{SAID}\n")
    (made / "light.toml").write_text('[index]\nobservers = ["captions"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(made / "prefect"))
        patch.delenv("VIDEOINDEX_DB", raising=False)
        yield made


def evaluated(folder: Path, *line: str) -> tuple[Result, Any]:
    """The result, and its document as it is printed."""
    files = [
        "--db",
        str(folder / "db"),
        *(["--config", str(folder / "light.toml")] if "grounding" in line else []),
    ]
    result = run(parser().parse_args(["eval", *line, *files]))
    return result, json.loads(json.dumps(result.document))


def test_the_command_prints_what_the_benchmarks_script_prints() -> None:
    """As a shell runs it: the document on standard output begins with all of the script's figures."""
    line = ["eval", "grounding", "--format", "qvhighlights", "--json"]
    line += ["--truth", str(FILES / "qvhighlights_truth.jsonl")]
    line += ["--predictions", str(FILES / "qvhighlights_predictions.jsonl")]
    program = "import sys; from videoindex.cli import main; main(sys.argv[1:])"
    shell = subprocess.run([sys.executable, "-c", program, *line], capture_output=True, text=True, check=True)
    document, figures = json.loads(shell.stdout), json.loads((FILES / "qvhighlights_figures.json").read_text())
    assert {name: document[name] for name in figures} == figures
    assert len(document["queries"]) == 8


def test_the_index_is_asked_about_recordings_that_a_benchmark_names_without_suffix(folder: Path) -> None:
    truth = folder / "truth.txt"
    truth.write_text(f"PIER1 5.0 8.0##{SAID}\nPIER1 9.0 9.0##nothing at all\n")
    result, document = evaluated(folder, "grounding", "--format", "charades", "--truth", str(truth))
    assert (result.code, document["brief"]["R1@0.7"]) == (0, 100.0)
    (row,) = document["queries"]
    assert row["predicted"][0] == [pytest.approx(5.0, abs=0.2), pytest.approx(8.0, abs=0.2)]
    assert [note for note in result.notes if note.endswith("the first is 'PIER1: nothing at all'")]


def test_a_recording_that_cannot_be_indexed_fails_its_queries(folder: Path) -> None:
    (folder / "LETTER.mp4").write_text("Dear all,\nthis is not a video.\n" * 50)
    truth = folder / "letter.txt"
    truth.write_text("LETTER 0 1##a letter\n")
    result, document = evaluated(folder, "grounding", "--format", "charades", "--truth", str(truth))
    assert (result.code, document["all"]["failed"], document["brief"]["mIoU"]) == (1, 1, 0.0)
    assert "failed: LETTER: 'a letter': " in result.text


def test_a_recording_that_is_not_there_is_named(folder: Path) -> None:
    truth = folder / "absent.txt"
    truth.write_text("ABSENT 0 1##a letter\n")
    with pytest.raises(UsageError, match=r"ABSENT: named by .*absent.txt, but not there; give --videos DIR"):
        evaluated(folder, "grounding", "--format", "charades", "--truth", str(truth))


def test_a_recording_is_found_by_its_whole_name_or_without_suffix(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mkv", "c.txt", "d", "d.mp4"):
        (tmp_path / name).touch()
    assert recording_file(tmp_path, "a.mp4") == tmp_path / "a.mp4"
    assert recording_file(tmp_path, "b") == tmp_path / "b.mkv"
    assert recording_file(tmp_path, "c") is None
    assert recording_file(tmp_path, "d") == tmp_path / "d"
    (tmp_path / "a.webm").touch()
    with pytest.raises(UsageError, match=r"a may be a.mp4 or a.webm; keep one of them in "):
        recording_file(tmp_path, "a")


def test_two_runs_are_compared_by_what_they_printed(folder: Path) -> None:
    truth = [json.loads(line) for line in (FILES / "qvhighlights_truth.jsonl").read_text().splitlines()]
    perfect = [{"qid": row["qid"], "pred_relevant_windows": [[*row["relevant_windows"][0], 1]]} for row in truth]
    (folder / "perfect.jsonl").write_text("\n".join(map(json.dumps, perfect)))
    for name, given in (("a", FILES / "qvhighlights_predictions.jsonl"), ("b", folder / "perfect.jsonl")):
        line = ["--truth", str(FILES / "qvhighlights_truth.jsonl"), "--predictions", str(given)]
        _, document = evaluated(folder, "grounding", "--format", "qvhighlights", *line)
        (folder / f"{name}.json").write_text(json.dumps(document))
    pair = [str(folder / "a.json"), str(folder / "b.json")]
    result, document = evaluated(folder, "compare", *pair, "--at", "0.7")
    assert (document["all"]["mean_a"], document["all"]["mean_b"]) == (0.5, 1.0)
    assert (document["all"]["better"], document["all"]["worse"]) == (4, 0)
    assert "Only 3 videos" in result.text
    _, by_precision = evaluated(folder, "compare", *pair, "--measure", "ap")
    assert by_precision["measure"] == "ap"
    with pytest.raises(VideoIndexError, match=r"a.json: no row is of the arm 'index'; leave out --arms"):
        evaluated(folder, "compare", *pair, "--arms", "index", "ask")


def test_the_files_that_the_document_shows_are_read(tmp_path: Path) -> None:
    page = (FILES.parent.parent / "docs" / "evaluation.md").read_text().split("## Comparing two runs")[0]
    shown = re.findall(r"```(?:json)?\n([{3].*?)```", page, re.DOTALL)
    pairs = [("videoindex", 0, 1), ("qvhighlights", 2, 3), ("charades", 4, 4), ("activitynet", 5, 5)]
    for format_name, truth, given in pairs:
        (tmp_path / "truth").write_text(shown[truth])
        (tmp_path / "given").write_text(shown[given])
        files = ["--truth", str(tmp_path / "truth"), "--predictions", str(tmp_path / "given")]
        document: Any = run(parser().parse_args(["eval", "grounding", "--format", format_name, *files])).document
        assert all(row["outcome"] == "answered" for row in document["queries"]), format_name
    assert len(shown) == 6
    assert tuple(name for name, *_ in pairs) == TRUTH_FORMATS == cli.TRUTH_FORMATS
    assert set(TRUTH_FORMATS) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
