from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from videoindex.cli import main, parser
from videoindex.commands import Result
from videoindex.errors import ConfigError, NotAVideoError, UsageError, VideoIndexError

LINES = {
    "demo": ["demo"],
    "probe": ["probe", "a.mp4"],
    "plan": ["plan", "a.mp4"],
    "index": ["index", "a.mp4"],
    "read": ["read", "a.mp4", "--at", "1"],
    "search": ["search", "a dog"],
    "ask": ["ask", "when?"],
    "clip": ["clip", "a.mp4", "-o", "b.mp4"],
    "eval grounding": ["eval", "grounding", "--truth", "t.jsonl"],
    "eval needle": ["eval", "needle"],
    "eval compare": ["eval", "compare", "a.json", "b.json"],
    "videos": ["videos"],
    "events": ["events"],
    "remove": ["remove", "a.mp4"],
    "doctor": ["doctor"],
}


def verbs(of: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command of a parser, those below ``eval`` too."""
    below = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield " ".join(before)
    for action in below:
        for name, inner in action.choices.items():
            yield from verbs(inner, (*before, name))


def test_every_command_is_tried_below() -> None:
    assert sorted(verbs(parser())) == sorted(LINES)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_every_command_takes_the_common_flags(line: list[str]) -> None:
    read = parser().parse_args([*line, "--db", "somewhere", "--config", "my.toml", "--json"])
    assert (read.db, read.config, read.json) == ("somewhere", Path("my.toml"), True)


def ends(line: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["bogus"], "invalid choice: 'bogus'"),
        ([], "the following arguments are required: COMMAND"),
        (["index"], "the following arguments are required: PATH"),
        (["search"], "the following arguments are required: query"),
        (["search", "x", "--limit", "0"], "must be a whole number of 1 or more, got '0'"),
        (["ask", "x", "--look", "--agent"], "argument --agent: not allowed with argument --look"),
        (["events", "--limit", "many"], "must be a whole number of 1 or more, got 'many'"),
        (["events", "--source", "smell"], "invalid choice: 'smell'"),
        (["index", "a.mp4", "--without", "smell"], "invalid choice: 'smell'"),
        (["eval", "guess"], "invalid choice: 'guess'"),
        (["eval", "grounding", "--truth", "t.jsonl", "--format", "coco"], "invalid choice: 'coco'"),
        (["eval", "compare", "a.json", "b.json", "--at", "50"], "must be a number above 0 and up to 1, got '50'"),
    ],
)
def test_bad_usage_is_one_line_and_the_next_step(
    line: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    wrong, step = printed.err.splitlines()
    assert says in wrong
    assert step.startswith("See `videoindex")
    assert "--help`" in step


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VideoIndexError("a.mp4: it failed"), 1),
        (NotAVideoError("a.mp4 is empty"), 1),
        (UsageError("--after is odd"), 2),
        (ConfigError("my.toml: index is odd"), 2),
    ],
)
def test_an_error_is_one_line_or_one_document(
    error: VideoIndexError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: argparse.Namespace) -> Result:
        raise error

    monkeypatch.setattr("videoindex.commands.run", fails)
    assert ends(["videos"]) == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"videoindex: {error}\n")
    assert ends(["videos", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {"error": str(error)}


def test_a_stopped_command_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_: argparse.Namespace) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr("videoindex.commands.run", stopped)
    assert ends(["videos"]) == 1
    assert "run the same command again to go on" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1])
def test_a_result_is_text_or_one_document_and_its_exit_status(
    code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("videoindex.commands.run", lambda _: Result({"name": "Zürich"}, "a text", code))
    assert ends(["videos"]) == code
    assert capsys.readouterr().out == "a text\n"
    assert ends(["videos", "--json"]) == code
    assert capsys.readouterr().out == '{"name": "Zürich"}\n'


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert ends(["--version"]) == 0
    assert capsys.readouterr().out == f"videoindex {version('videoindex')}\n"


def test_a_reader_that_stops_early_is_no_error() -> None:
    script = "from videoindex.cli import main\nmain(['doctor'])"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) in (0, 1)
