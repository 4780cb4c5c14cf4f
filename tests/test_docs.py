"""The documents say what is true: README commands run, reference pages match the code, links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from videoindex.cli import main
from videoindex.evaluation.samples import make_lecture

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import reference  # noqa: E402


@pytest.mark.parametrize("page", ["commands", "models", "settings"])
def test_the_reference_pages_are_up_to_date(page: str) -> None:
    made = getattr(reference, page)()
    assert (ROOT / "docs" / f"{page}.md").read_text() == made, "run `python docs/reference.py`"


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_every_benchmark_script_has_its_figures_and_its_command() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    for script in (ROOT / "benchmarks").glob("*.py"):
        assert f"python benchmarks/{script.name}" in page, f"docs/benchmarks.md lacks {script.name}"


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_readme_shows_every_command() -> None:
    shown = {shlex.split(line)[1] for line in readme_commands()}
    finding = {"index", "ask", "search", "read", "clip"}
    assert shown == finding | {"probe", "plan", "videos", "events", "eval", "remove"}
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "videoindex doctor" in readme


def run(line: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as stopped:
        main(shlex.split(line)[1:])
    assert stopped.value.code == 0, f"{line}: {printed.getvalue()}"
    return printed.getvalue()


def test_the_readme_commands_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDEOINDEX_DB", str(tmp_path / "index"))
    make_lecture(tmp_path / "lecture.mp4", minutes=1.5).save()
    printed = {line: run(line) for line in readme_commands()}
    answers = {line: text for line, text in printed.items() if " ask " in line}
    assert re.search(
        r"0:00:4[45]\.\d-0:00:5[34]\.\d in lecture.mp4", answers[next(a for a in answers if "path" in a)]
    )
    assert re.search(r"0:00:11\.\d-0:00:15\.\d in lecture.mp4", answers[next(a for a in answers if "clouds" in a)])
    said = "Not found: 90 of 90 s examined; nothing shorter than 0.5 s is sure to be seen.\n"
    assert answers[next(a for a in answers if "revenue" in a)] == said
    assert said in (ROOT / "README.md").read_text()
