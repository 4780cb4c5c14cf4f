"""Attention in parts is attention: laws over shapes, and kernels that compute something else are refused."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.perception.vlm import attention
from videoindex.perception.vlm.attention import KERNELS, attend_prefix, attend_rows, choose_kernel, join, plain

CPU = torch.device("cpu")
SCALE = 0.25
counts = st.integers(1, 5)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


def repeated(x_GMD: torch.Tensor, rows: int, heads: int) -> torch.Tensor:
    """One prefix copied for every row and head: what attend_prefix does without copying."""
    return x_GMD.repeat_interleave(heads // len(x_GMD), 0)[None].expand(rows, -1, -1, -1)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 12))
def test_two_halves_of_a_row_of_keys_join_to_the_whole(first: int, second: int, queries: int) -> None:
    q, k, v = random(2, 2, queries, 8), random(2, 2, first + second, 8), random(2, 2, first + second, 8)
    parts = [
        plain(q, k[:, :, :first], v[:, :, :first], False, SCALE),
        plain(q, k[:, :, first:], v[:, :, first:], False, SCALE),
    ]
    out, lse = join(parts)
    wanted, wanted_lse = plain(q, k, v, False, SCALE)
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(lse, wanted_lse, atol=1e-5, rtol=1e-5)


@given(counts, counts, counts, st.integers(1, 4), st.integers(1, 40))
def test_rows_share_a_prefix_that_nobody_copies(
    rows: int, groups: int, each: int, queries: int, keys: int
) -> None:
    q, k, v = random(rows, groups * each, queries, 8), random(groups, keys, 8), random(groups, keys, 8)
    out, lse = attend_prefix(KERNELS["cpu_flash"], q, k, v, SCALE)
    wanted, wanted_lse = plain(q, repeated(k, rows, groups * each), repeated(v, rows, groups * each), False, SCALE)
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(lse, wanted_lse, atol=1e-5, rtol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 5), st.integers(0, 63), st.sampled_from(["cpu_flash", "plain"]))
def test_a_prefix_in_pieces_is_the_whole_prefix(pieces: int, rest: int, name: str) -> None:
    keys = max(1, 64 * pieces + rest)
    q, k, v = random(2, 4, 1, 8), random(2, keys + 9, 8)[:, :keys], random(2, keys + 9, 8)[:, :keys]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "_PIECE_KEYS", 64)
        out, _ = attend_prefix(KERNELS[name], q, k, v, SCALE)
    wanted, _ = plain(q, repeated(k, 2, 4), repeated(v, 2, 4), False, SCALE)
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)


@given(counts, counts, counts, st.integers(1, 6), st.integers(0, 6))
def test_rows_see_what_they_are_let_to_see(rows: int, groups: int, each: int, queries: int, more: int) -> None:
    keys = queries + more
    q, k, v = random(rows, groups * each, queries, 8), random(rows, groups, keys, 8), random(rows, groups, keys, 8)
    seen = torch.rand(rows, queries, keys) < 0.6
    seen[:, :, 0] = True
    out, lse = attend_rows(q, k, v, seen, SCALE)
    scores = torch.einsum("bhnd,bhmd->bhnm", q, k.repeat_interleave(each, 1)) * SCALE
    scores = scores.masked_fill(~seen[:, None], float("-inf"))
    torch.testing.assert_close(lse, scores.logsumexp(-1), atol=1e-5, rtol=1e-5)
    wanted = scores.softmax(-1) @ v.repeat_interleave(each, 1)
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)


def test_who_sees_nothing_adds_nothing_to_the_join() -> None:
    q, k, v = random(1, 2, 3, 8), random(1, 2, 4, 8), random(1, 2, 4, 8)
    blind = attend_rows(q, k, v, torch.zeros(1, 3, 4, dtype=torch.bool), SCALE)
    assert not blind[0].any()
    seeing = plain(q, k, v, False, SCALE)
    torch.testing.assert_close(join([seeing, blind])[0], seeing[0])


def test_auto_takes_the_first_that_runs_here_and_says_why_not_the_others(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        name, _ = choose_kernel("auto", CPU, torch.float32, 16)
    assert name == "cpu_flash"
    assert "attention: cpu_flash on cpu" in caplog.text
    for passed_over in ("flash_attention_3 (", "flash_attention_2 (", "cudnn (", "flash ("):
        assert passed_over in caplog.text


def _late(kernel: attention.Kernel) -> attention.Kernel:
    return lambda q, k, v, is_causal, scale: kernel(q, k, v, is_causal, scale * 1.01)


def _unmasked(kernel: attention.Kernel) -> attention.Kernel:
    return lambda q, k, v, _, scale: kernel(q, k, v, False, scale)


def _wrong_lse(kernel: attention.Kernel) -> attention.Kernel:
    def off(q, k, v, is_causal, scale):
        out, lse = kernel(q, k, v, is_causal, scale)
        return out, lse / 0.6931

    return off


@pytest.mark.parametrize("spoil", [_late, _unmasked, _wrong_lse])
def test_a_kernel_that_computes_something_else_is_not_used(
    spoil: Callable[[attention.Kernel], attention.Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KERNELS, "cpu_flash", spoil(KERNELS["cpu_flash"]))
    assert choose_kernel("auto", CPU, torch.float32, 16)[0] == "plain"
    with pytest.raises(ConfigError, match=r"cpu_flash.*off by .*auto"):
        choose_kernel("cpu_flash", CPU, torch.float32, 16)


def test_a_named_kernel_that_cannot_run_here_is_an_error_and_no_fallback() -> None:
    with pytest.raises(ConfigError, match=r"flash_attention_2.*No module named 'flash_attn'"):
        choose_kernel("flash_attention_2", CPU, torch.float32, 16)
    with pytest.raises(ConfigError, match="must be auto or one of"):
        choose_kernel("fastest", CPU, torch.float32, 16)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_half_precision_has_a_kernel_too(dtype: torch.dtype) -> None:
    assert choose_kernel("auto", CPU, dtype, 32)[0] in ("cpu_flash", "plain")
