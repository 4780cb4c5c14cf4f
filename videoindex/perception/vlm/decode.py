"""Questions to a kept prefix, answered side by side; the prefix is neither copied nor changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from videoindex.perception.vlm.base import Form, Reply
from videoindex.perception.vlm.inputs import question_ids
from videoindex.perception.vlm.kept import Rows

if TYPE_CHECKING:
    import torch

    from videoindex.perception.vlm.loading import Loaded
    from videoindex.perception.vlm.prefill import Read

__all__ = ["Choice", "answer", "first_logits", "generate", "split_thought"]


@dataclass(frozen=True, slots=True)
class Choice:
    """How the next token is chosen: the likeliest at temperature 0, else drawn with a seed of the question's
    own."""

    temperature: float = 0.0
    seed: int = 0


def answer(loaded: Loaded, read: Read, questions: Sequence[str], form: Form, choice: Choice) -> list[Reply]:
    """Answers ``questions`` as one batch, each as if it were the only one. The model must be free meanwhile."""
    said = generate(loaded, read, questions, form.max_tokens, choice)
    return [_reply(loaded, read, ids, form) for ids in said]


def generate(
    loaded: Loaded, read: Read, questions: Sequence[str], max_tokens: int, choice: Choice
) -> list[list[int]]:
    """The tokens of each answer, without the one that ends it; rows that have ended are let go."""
    import torch

    loaded.set_yarn(read.yarn_factor)
    asked = [_question(loaded, read, question) for question in questions]
    rows = _rows(read, asked, max_tokens)
    logits_BV = _read_questions(loaded, read, rows, asked)
    draws = [_generator(choice, question) for question in questions]
    said: list[list[int]] = [[] for _ in questions]
    live = list(range(len(questions)))
    while True:
        tokens = _next(logits_BV, choice, [draws[row] for row in live])
        going = []
        for place, (row, token) in enumerate(zip(live, tokens, strict=True)):
            if token not in loaded.ends:
                said[row].append(token)
                if len(said[row]) < max_tokens:
                    going.append(place)
        if not going:
            return said
        if len(going) < len(live):
            rows.keep(going)
            live, tokens = [live[place] for place in going], [tokens[place] for place in going]
        ids_B1 = torch.tensor([[token] for token in tokens], device=loaded.device)
        positions = [[read.next_position + len(asked[row]) + len(said[row]) - 1] for row in live]
        logits_BV = _step(loaded, rows, ids_B1, torch.tensor(positions, device=loaded.device))


def first_logits(loaded: Loaded, read: Read, questions: Sequence[str]) -> torch.Tensor:
    """Logits (B, vocabulary; float32) of the first token of each answer, the questions read side by side."""
    loaded.set_yarn(read.yarn_factor)
    asked = [_question(loaded, read, question) for question in questions]
    return _read_questions(loaded, read, _rows(read, asked, 1), asked)


def split_thought(text: str, *, opened: bool) -> tuple[str, str]:
    """(answer, thought) of what a Thinking model wrote; ``opened`` where the prompt itself opened the thought.

    A thought that was never closed is all thought: the answer is empty.
    """
    head, closed, rest = text.partition("</think>")
    if closed:
        return rest.strip(), head.replace("<think>", "", 1).strip()
    if opened or text.lstrip().startswith("<think>"):
        return "", text.replace("<think>", "", 1).strip()
    return text.strip(), ""


def _question(loaded: Loaded, read: Read, question: str) -> list[int]:
    return [*question_ids(loaded.tokenizer, question), *read.frame.after]


def _rows(read: Read, asked: Sequence[Sequence[int]], answer_tokens: int) -> Rows:
    longest = max(map(len, asked))
    return Rows(read.prefix, [longest - len(ids) for ids in asked], longest + answer_tokens)


def _read_questions(loaded: Loaded, read: Read, rows: Rows, asked: Sequence[Sequence[int]]) -> torch.Tensor:
    """All questions in one pass, shorter ones behind empty slots, whose positions do not matter: none sees
    them."""
    import torch

    longest = max(map(len, asked))
    ids_BN = torch.tensor([[loaded.pad] * (longest - len(ids)) + list(ids) for ids in asked], device=loaded.device)
    first = read.next_position
    positions = [[max(first, first + slot - (longest - len(ids))) for slot in range(longest)] for ids in asked]
    return _step(loaded, rows, ids_BN, torch.tensor(positions, device=loaded.device))


def _step(loaded: Loaded, rows: Rows, ids_BN: torch.Tensor, positions_BN: torch.Tensor) -> torch.Tensor:
    """The next slots of every row; logits (B, vocabulary; float32) after the last of them, and of no other."""
    seen = loaded.model.model.language_model(
        inputs_embeds=loaded.model.get_input_embeddings()(ids_BN),
        position_ids=positions_BN.expand(3, -1, -1),
        past_key_values=rows,
        use_cache=True,
        kept=rows,
    )
    rows.advance(ids_BN.shape[1])
    logits_BV: torch.Tensor = loaded.model.lm_head(seen.last_hidden_state[:, -1])
    return logits_BV.float()


def _generator(choice: Choice, question: str) -> torch.Generator | None:
    import torch

    if choice.temperature == 0.0:
        return None
    digest = hashlib.sha256(f"{choice.seed}\x1f{question}".encode("utf-8", "surrogatepass")).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _next(logits_BV: torch.Tensor, choice: Choice, draws: Sequence[torch.Generator | None]) -> list[int]:
    """The next token of every row."""
    import torch

    likeliest: list[int] = logits_BV.argmax(dim=-1).tolist()
    if choice.temperature == 0.0:
        return likeliest
    chances_BV = torch.softmax(logits_BV.cpu() / choice.temperature, dim=-1)
    return [
        int(torch.multinomial(chances_V, 1, generator=draw))
        for chances_V, draw in zip(chances_BV, draws, strict=True)
    ]


def _reply(loaded: Loaded, read: Read, ids: list[int], form: Form) -> Reply:
    text = loaded.tokenizer.decode(ids, skip_special_tokens=True)
    opened = loaded.tokenizer.decode(list(read.frame.after)).rstrip().endswith("<think>")
    said, thought = split_thought(text, opened=opened)
    return Reply(said, thought, is_cut=len(ids) >= form.max_tokens, tokens=len(ids))
