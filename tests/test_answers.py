"""Answers that must be JSON: what is taken, what is asked for once more, what is given up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from videoindex.perception.vlm.answers import UnfitError, ask_parsed, parse_json
from videoindex.perception.vlm.base import Form, Reply


class Heard:
    """A viewing that says these things one after another."""

    def __init__(self, *replies: Reply | str) -> None:
        self.replies = list(replies)
        self.batches: list[list[str]] = []

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        self.batches.append(list(questions))
        said = [self.replies.pop(0) for _ in questions]
        return [reply if isinstance(reply, Reply) else Reply(reply) for reply in said]


def as_number(reply: Reply) -> int:
    value = parse_json(reply.text)
    if not isinstance(value, int):
        raise UnfitError("it is no whole number")
    return value


@pytest.mark.parametrize(
    "text",
    ["[1, 2]", " [1, 2]\n", "```json\n[1, 2]\n```", "Here it is:\n```\n[1, 2]\n```\nDone.", "```json\n[1, 2]```"],
)
def test_json_is_taken_with_or_without_a_fence(text: str) -> None:
    assert parse_json(text) == [1, 2]


@pytest.mark.parametrize("text", ["", "I see a dog.", "[1, 2", "NaN", "[Infinity]", "[" * 100_000])
def test_what_is_no_json_is_unfit(text: str) -> None:
    with pytest.raises(UnfitError, match="not JSON"):
        parse_json(text)


def test_only_unfit_answers_are_asked_for_again_and_with_what_was_wrong() -> None:
    viewing = Heard("1", "one", "3", "2")
    assert ask_parsed(viewing, ["a?", "b?", "c?"], Form(9), as_number) == [1, 2, 3]
    assert viewing.batches[0] == ["a?", "b?", "c?"]
    (again,) = viewing.batches[1]
    assert again.startswith("b?\n")
    assert "one" in again
    assert "not JSON" in again


def test_a_second_unfit_answer_is_given_up_and_stops_no_other() -> None:
    viewing = Heard("x", "2", Reply("y", is_cut=True))
    first, second = ask_parsed(viewing, ["a?", "b?"], Form(9), as_number)
    assert isinstance(first, UnfitError)
    assert "cut off at 9 tokens" in str(first)
    assert second == 2
    assert len(viewing.batches) == 2


def test_a_long_unfit_answer_is_shown_again_in_part() -> None:
    viewing = Heard("x" * 100_000, "7")
    assert ask_parsed(viewing, ["a?"], Form(9), as_number) == [7]
    assert len(viewing.batches[1][0]) < 10_000


def test_nothing_asked_is_nothing_heard() -> None:
    viewing = Heard()
    assert ask_parsed(viewing, [], Form(9), as_number) == []
