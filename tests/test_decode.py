"""Many questions to one kept prefix: each is answered as if it were the only one, asked of a fresh prompt."""

from __future__ import annotations

import pytest
import torch
from small_models import KINDS, loaded, noise, showing, stock, whole_prompt

from videoindex.perception.qwen_prompt import INSTRUCTIONS
from videoindex.perception.vlm.base import Form
from videoindex.perception.vlm.decode import Choice, answer, first_logits, generate, split_thought
from videoindex.perception.vlm.prefill import Read, read
from videoindex.sampling.mrope import FrameSize

SIZE = FrameSize(64, 64)
LOOKS = noise(8, SIZE, seed=3)
QUESTIONS = ["when?", "when is the red card shown, and for how long?", "x", "List the events between 1 and 2."]
FORM = Form(24)
LIKELIEST = Choice()


@pytest.fixture(scope="module", params=KINDS)
def kept(request: pytest.FixtureRequest) -> Read:
    with torch.inference_mode():
        return read(loaded(request.param), showing(LOOKS, SIZE), 60)


@pytest.fixture
def model(request: pytest.FixtureRequest, kept: Read):
    return loaded(request.node.callspec.params["kept"])


@torch.inference_mode()
def test_answers_side_by_side_are_those_of_fresh_prompts(kept: Read, model) -> None:
    said = generate(model, kept, QUESTIONS, 24, LIKELIEST)
    assert len({tuple(ids) for ids in said}) > 1
    for question, ids in zip(QUESTIONS, said, strict=True):
        whole = whole_prompt(model, LOOKS, SIZE, question, INSTRUCTIONS)
        made = stock(model).generate(**whole, max_new_tokens=24, do_sample=False)
        assert ids == [
            token for token in made[0, whole["input_ids"].shape[1] :].tolist() if token not in model.ends
        ]


@torch.inference_mode()
def test_asking_changes_nothing_for_who_asks_later(kept: Read, model) -> None:
    first = first_logits(model, kept, QUESTIONS[:1])
    answer(model, kept, QUESTIONS, FORM, LIKELIEST)
    torch.testing.assert_close(first_logits(model, kept, QUESTIONS[:1]), first)


@torch.inference_mode()
def test_company_changes_no_answer(kept: Read, model) -> None:
    alone = first_logits(model, kept, [QUESTIONS[0]])[0]
    in_company = first_logits(model, kept, QUESTIONS)[0]
    torch.testing.assert_close(in_company, alone, atol=1e-4, rtol=0)
    singly = [generate(model, kept, [question], 24, LIKELIEST)[0] for question in QUESTIONS]
    assert generate(model, kept, QUESTIONS, 24, LIKELIEST) == singly


@torch.inference_mode()
def test_an_answer_ends_at_its_limit_and_says_that_it_was_cut(kept: Read, model) -> None:
    for limit in (1, 5):
        for reply in answer(model, kept, QUESTIONS, Form(limit), LIKELIEST):
            assert reply.tokens <= limit
            assert reply.is_cut == (reply.tokens == limit)


@torch.inference_mode()
def test_an_answer_ends_where_the_model_ends_it(kept: Read, model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows end at different steps: what each answer is drawn to hold is cut where an end comes in it."""
    warm = Choice(temperature=3.0, seed=1)
    whole = generate(model, kept, QUESTIONS, 24, warm)
    ends = frozenset({whole[0][3], whole[1][9]})
    monkeypatch.setattr(model, "ends", ends)
    wanted = [ids[: next((i for i, token in enumerate(ids) if token in ends), 24)] for ids in whole]
    assert len({len(ids) for ids in wanted}) > 2
    assert generate(model, kept, QUESTIONS, 24, warm) == wanted
    assert [reply.is_cut for reply in answer(model, kept, QUESTIONS, FORM, warm)] == [
        len(ids) == 24 for ids in wanted
    ]


@torch.inference_mode()
def test_drawn_answers_are_the_same_for_the_same_seed_and_whatever_the_company(kept: Read, model) -> None:
    warm = Choice(temperature=1.0, seed=4)
    alone = generate(model, kept, [QUESTIONS[1]], 24, warm)[0]
    assert generate(model, kept, QUESTIONS, 24, warm)[1] == alone
    assert generate(model, kept, [QUESTIONS[1]], 24, Choice(1.0, seed=5))[0] != alone


@pytest.mark.parametrize(
    ("text", "opened", "parts"),
    [
        ("[1]", False, ("[1]", "")),
        ("<think>\nhm\n</think>\n\n[1]", False, ("[1]", "hm")),
        ("hm\n</think>\n\n[1]", True, ("[1]", "hm")),
        ("still thinking", True, ("", "still thinking")),
        ("<think>still thinking", False, ("", "still thinking")),
        ("</think>[1]", True, ("[1]", "")),
    ],
)
def test_thoughts_are_told_from_answers(text: str, opened: bool, parts: tuple[str, str]) -> None:
    assert split_thought(text, opened=opened) == parts
