"""Answers of a model that must be JSON: parsed, and asked for once more when they cannot be used.

A model's word is never trusted, and nothing in an answer is run or followed: what does not parse is asked for once
more with what is wrong with it, and after that it is an error that the caller records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from videoindex.perception.qwen_prompt import repair_question
from videoindex.perception.vlm.base import Form, Reply, Viewing

__all__ = ["UnfitError", "ask_parsed", "parse_json"]

T = TypeVar("T")

_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)
_SHOWN_AGAIN_CHARACTERS = 8_000  # how much of an unfit answer the model is shown


class UnfitError(ValueError):
    """An answer that cannot be used; the text says why, for the model and for a person."""


def parse_json(text: str) -> object:
    """The JSON document of an answer, with or without a code fence around it. Raises UnfitError."""
    fenced = _FENCED.search(text)
    candidates = [text.strip(), *([fenced[1].strip()] if fenced else [])]
    fault = ""
    for candidate in candidates:
        try:
            return json.loads(candidate, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            fault = fault or str(error)
    raise UnfitError(f"it is not JSON: {fault}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def ask_parsed(
    viewing: Viewing, questions: Sequence[str], form: Form, parse: Callable[[Reply], T]
) -> list[T | UnfitError]:
    """What ``parse`` makes of each answer, or of a second one where it raises UnfitError; then that error.

    All questions are asked at once, and so are those that need a second answer.
    """
    found = [_parsed(reply, form, parse) for reply in viewing.ask(questions, form)]
    unfit = [i for i, (outcome, _) in enumerate(found) if isinstance(outcome, UnfitError)]
    if unfit:
        again = [
            repair_question(questions[i], found[i][1].text[:_SHOWN_AGAIN_CHARACTERS], str(found[i][0]))
            for i in unfit
        ]
        for i, reply in zip(unfit, viewing.ask(again, form), strict=True):
            found[i] = _parsed(reply, form, parse)
    return [outcome for outcome, _ in found]


def _parsed(reply: Reply, form: Form, parse: Callable[[Reply], T]) -> tuple[T | UnfitError, Reply]:
    try:
        return parse(reply), reply
    except UnfitError as unfit:
        cut = f" (the answer was cut off at {form.max_tokens:,} tokens)" if reply.is_cut else ""
        return UnfitError(f"{unfit}{cut}"), reply
