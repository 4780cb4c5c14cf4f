"""The arguments of ``eval needle``."""

from __future__ import annotations

from typing import get_args

import pytest

from videoindex.cli import parser
from videoindex.evaluation.grid import ARMS, Parity
from videoindex.evaluation.needles import KINDS, Prominence
from videoindex.evaluation.tasks import TASKS
from videoindex.needle_arguments import ARM_NAMES, KIND_NAMES, PARITY_NAMES, PROMINENCE_NAMES, TASK_NAMES


def test_names_are_those_of_the_harness() -> None:
    assert ARM_NAMES == ARMS
    assert KIND_NAMES == KINDS
    assert TASK_NAMES == TASKS
    assert set(PARITY_NAMES) == set(get_args(Parity))
    assert set(PROMINENCE_NAMES) == set(get_args(Prominence))


def test_lists_are_read_once_each() -> None:
    arguments = parser().parse_args(["eval", "needle", "--arm", "index,ask,index", "--kinds", "speech, overlay"])
    assert arguments.arm == ("index", "ask")
    assert arguments.kinds == ("speech", "overlay")


def test_what_is_not_said_is_left_open_for_a_protocol() -> None:
    arguments = parser().parse_args(["eval", "needle"])
    left = (arguments.depths, arguments.trials, arguments.controls, arguments.lengths, arguments.seed)
    assert left == (None,) * 5
    assert arguments.arm == ("index",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--arm", "guess"], "'guess' is none of direct, index, ask"),
        (["--trials", "0"], "must be a number of 1 or more, got '0'"),
        (["--needle-s", "-1"], "must be a number of 0 or more, got '-1'"),
        (["--needle-s", "inf"], "must be a number of 0 or more"),
        (["--rate", "fast"], "must be a number of 0 or more, got 'fast'"),
        (["--protocol", "ruler"], "invalid choice: 'ruler'"),
    ],
)
def test_bad_usage_is_named(line: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(["eval", "needle", *line])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
