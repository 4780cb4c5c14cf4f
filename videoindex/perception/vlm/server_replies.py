"""What model servers answer, read with distrust. Pure.

Servers differ in where a Thinking model's thought stands: ``reasoning`` (vLLM since 0.12, Ollama),
``reasoning_content`` (SGLang, llama.cpp, older vLLM, transformers) or in the text itself, where the server was not
told to take it out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from videoindex.perception.vlm.base import Reply
from videoindex.perception.vlm.decode import split_thought

__all__ = ["Answered", "OddAnswerError", "error_words", "read_answer"]

_THOUGHTS = ("reasoning", "reasoning_content")
# Beside "stop", what may end an answer that can be used; None is said by some servers.
_ENDS = (None, "", "stop", "length", "eos")


class OddAnswerError(ValueError):
    """An answer that is not of the protocol; the text quotes it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, and how many tokens the server says it read for it (0: it does not say)."""

    reply: Reply
    prompt_tokens: int = 0


def read_answer(text: str, *, thinks: bool) -> Answered:
    """Reads the body of an answer. ``thinks``: the model begins with a thought, whether it says so or not.

    Raises OddAnswerError.
    """
    body = _parsed(text)
    if not isinstance(body, dict):
        raise OddAnswerError(f"its answer is no object: {text}")
    try:
        choice = body["choices"][0]
        message, end = choice["message"], choice.get("finish_reason")
        content = message.get("content") or ""
        thoughts = [message[name] for name in _THOUGHTS if message.get(name)]
    except (LookupError, TypeError, AttributeError):
        raise OddAnswerError(f"its answer holds no message: {error_words(text)}") from None
    if not isinstance(content, str) or not all(isinstance(thought, str) for thought in thoughts):
        raise OddAnswerError(f"its answer's message is no text: {text}")
    if end not in _ENDS:
        raise OddAnswerError(f"it ended the answer with {end!r} and said: {content or text}")
    is_cut = end == "length"
    said, thought = split_thought(_sound(content), opened=thinks and is_cut and not thoughts)
    whole = "\n".join(
        [*dict.fromkeys(_sound(thought).strip() for thought in thoughts), *([thought] if thought else [])]
    )
    reply = Reply(said, whole, is_cut=is_cut, tokens=_count(body, "completion_tokens"))
    return Answered(reply, _count(body, "prompt_tokens"))


def error_words(text: str) -> str:
    """The server's own words in the body of an error: its message where there is one, else all of it."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return text.strip()
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise OddAnswerError(f"its answer is not JSON: {text or '(empty)'}") from None


def _count(body: dict[str, Any], name: str) -> int:
    usage = body.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and count > 0 else 0


def _sound(text: str) -> str:
    """Without the lone surrogates that JSON can spell and nothing can write."""
    return text.encode("utf-8", "replace").decode()
