"""Answers of model servers, sound and unsound."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception.vlm.base import Reply
from videoindex.perception.vlm.server_replies import Answered, OddAnswerError, error_words, read_answer


def answer(message: Any, finish_reason: Any = "stop", **usage: Any) -> str:
    return json.dumps({"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage})


def said(text: str, *, thinks: bool = False) -> Reply:
    return read_answer(text, thinks=thinks).reply


def test_text_and_counts_are_read() -> None:
    read = read_answer(answer({"content": "yes"}, prompt_tokens=900, completion_tokens=3), thinks=False)
    assert read == Answered(Reply("yes", tokens=3), 900)


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": "many", "completion_tokens": -1}])
def test_counts_that_are_none_are_zero(usage: Any) -> None:
    text = json.dumps({"choices": [{"message": {"content": "yes"}}], "usage": usage})
    assert read_answer(text, thinks=False) == Answered(Reply("yes"), 0)


@pytest.mark.parametrize(
    ("message", "text", "thought"),
    [
        ({"content": "{}", "reasoning": "hm"}, "{}", "hm"),
        ({"content": "{}", "reasoning_content": "hm"}, "{}", "hm"),
        ({"content": "{}", "reasoning": "hm", "reasoning_content": "hm"}, "{}", "hm"),
        ({"content": "<think>\nhm\n</think>\n\n{}"}, "{}", "hm"),
        ({"content": "hm\n</think>\n\n{}"}, "{}", "hm"),  # the prompt opened the thought
        ({"content": None, "reasoning": "hm"}, "", "hm"),
        ({"content": "a < b"}, "a < b", ""),
    ],
)
def test_a_thought_is_kept_apart_wherever_it_stands(message: dict[str, Any], text: str, thought: str) -> None:
    assert said(answer(message)) == Reply(text, thought)


def test_what_was_cut_before_the_thought_ended_is_all_thought() -> None:
    assert said(answer({"content": "<think>hm, and"}, "length")) == Reply("", "hm, and", is_cut=True)
    assert said(answer({"content": "hm, and"}, "length"), thinks=True) == Reply("", "hm, and", is_cut=True)
    assert said(answer({"content": "hm, and"}, "length")) == Reply("hm, and", is_cut=True)
    cut = answer({"content": '{"events": [', "reasoning": "hm"}, "length")
    assert said(cut, thinks=True) == Reply('{"events": [', "hm", is_cut=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"not JSON: \(empty\)"),
        ("<html>busy</html>", "not JSON: <html>busy</html>"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no object"),
        ("{}", "holds no message"),
        ('{"choices": null}', "holds no message"),
        ('{"choices": [null]}', "holds no message"),
        ('{"choices": [{"message": null}]}', "holds no message"),
        ('{"error": {"message": "out of memory"}}', "holds no message: out of memory"),
        (answer({"content": [{"type": "text", "text": "yes"}]}), "no text"),
        (answer({"content": "yes", "reasoning": {"text": "hm"}}), "no text"),
        (
            answer({"content": "I cannot"}, "content_filter"),
            "ended the answer with 'content_filter' and said: I cannot",
        ),
        (answer({"content": "par"}, "abort"), "ended the answer with 'abort'"),
    ],
)
def test_an_odd_answer_is_quoted(text: str, words: str) -> None:
    with pytest.raises(OddAnswerError, match=words):
        read_answer(text, thinks=False)


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_answer_ends_in_anything_but_a_reply_or_an_odd_answer(text: str) -> None:
    with contextlib.suppress(OddAnswerError):
        read_answer(text, thinks=False)


def test_half_a_sign_does_not_reach_the_reader() -> None:
    assert said(r'{"choices": [{"message": {"content": "a\ud800b"}}]}').text == "a?b"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": {"message": "too long", "code": 400}}', "too long"),
        ('{"error": "too long"}', "too long"),
        ('{"object": "error", "message": "too long"}', "too long"),
        ('{"detail": "too long"}', "too long"),
        ('{"detail": [{"msg": "too long"}]}', '[{"msg": "too long"}]'),
        ("too long\n", "too long"),
        ("", ""),
    ],
)
def test_the_words_of_an_error_are_found_where_each_server_puts_them(body: str, words: str) -> None:
    assert error_words(body) == words
