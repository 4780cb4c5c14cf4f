"""A prompt that is read in slices and chunks is the prompt that stock transformers reads in one piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_models import KINDS, loaded, noise, showing, stock, whole_prompt

from videoindex.perception.qwen_prompt import INSTRUCTIONS
from videoindex.perception.vlm.base import Looks
from videoindex.perception.vlm.decode import first_logits
from videoindex.perception.vlm.inputs import chat_frame
from videoindex.perception.vlm.prefill import pack_slices, prefix_tokens, read
from videoindex.sampling.mrope import FrameSize

SIZE = FrameSize(96, 64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk_tokens", [7, 100, 100_000])
def test_logits_are_those_of_the_whole_prompt_whatever_the_chunk(kind: str, chunk_tokens: int) -> None:
    model, looks = loaded(kind), noise(9, SIZE)
    with torch.inference_mode():
        kept = read(model, showing(looks, SIZE), chunk_tokens)
        ours_BV = first_logits(model, kept, ["when is it?", "and then, later on?"])
        for question, ours_V in zip(["when is it?", "and then, later on?"], ours_BV, strict=True):
            whole = whole_prompt(model, looks, SIZE, question, INSTRUCTIONS)
            theirs = stock(model)(**whole, logits_to_keep=1, use_cache=False).logits[0, -1]
            assert theirs.std() > 0.1
            torch.testing.assert_close(ours_V, theirs, atol=1e-4, rtol=0)


def test_a_changed_pixel_a_changed_time_and_a_dropped_look_all_change_the_answer() -> None:
    model, looks = loaded("dense"), noise(6, SIZE)
    pixels = looks.rgb_THWC.copy()
    pixels[4, 8:40, 8:40] = 255
    others = [
        Looks(pixels, looks.at_s_T),
        Looks(looks.rgb_THWC, looks.at_s_T + 1.0),
        Looks(looks.rgb_THWC[2:], looks.at_s_T[2:]),
    ]
    with torch.inference_mode():
        before = first_logits(model, read(model, showing(looks, SIZE), 64), ["when?"])
        for other in others:
            after = first_logits(model, read(model, showing(other, SIZE), 64), ["when?"])
            assert float((after - before).abs().max()) > 1e-3


def test_what_was_read_is_as_long_as_was_planned() -> None:
    model, looks = loaded("dense"), noise(5, SIZE)
    shown = showing(looks, SIZE)
    with torch.inference_mode():
        kept = read(model, shown, 50)
    assert kept.prefix.length == prefix_tokens(chat_frame(model.tokenizer, INSTRUCTIONS), shown)
    assert kept.marks_s == looks.marks_s
    assert kept.yarn_factor is None


def test_looks_that_could_not_be_decoded_are_simply_not_there() -> None:
    model, looks = loaded("dense"), noise(6, SIZE)
    planned = showing(looks, SIZE)
    some = Looks(looks.rgb_THWC[4:], looks.at_s_T[4:])
    from dataclasses import replace

    with torch.inference_mode():
        kept = read(model, replace(planned, looks=[some]), 50)
        alone = read(model, showing(some, SIZE), 50)
        torch.testing.assert_close(first_logits(model, kept, ["?"]), first_logits(model, alone, ["?"]))
    assert kept.marks_s == some.marks_s


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 4))
def test_slices_hold_the_same_looks_in_the_same_order(batches: list[int], most: int) -> None:
    total = 2 * sum(batches)
    rgb_THWC = np.arange(total, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    at_s_T = np.arange(total, dtype=np.float64)
    parts, at = [], 0
    for count in batches:
        parts.append(Looks(rgb_THWC[at : at + 2 * count], at_s_T[at : at + 2 * count]))
        at += 2 * count
    sliced = list(pack_slices(parts, most))
    assert [len(one) for one in sliced[:-1]] == [most] * (len(sliced) - 1)
    assert all(1 <= len(one) <= most for one in sliced)
    assert [x for one in sliced for x in one.at_s_T] == at_s_T.tolist()
    assert [x for one in sliced for x in one.rgb_THWC[:, 0, 0, 0]] == rgb_THWC[:, 0, 0, 0].tolist()
