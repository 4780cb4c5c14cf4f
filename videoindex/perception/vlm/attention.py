"""Exact attention in parts: over a kept prefix and over what follows it, joined by log-sum-exp.

Softmax over a long row can be taken piece by piece: each piece gives its output and the logarithm of its sum of
exponentials, and the whole is the sum of the outputs weighted by these (the arithmetic of FlashAttention, Dao et
al., arXiv 2205.14135, and, for a prefix that many rows share, of Hydragen, arXiv 2402.05099). So one copy of a
prefix serves any number of windows, and every piece is either unmasked or plainly causal, which is what fast
kernels take.

A *kernel* attends queries (B, H, N, D) to keys and values (B, H, M, D) and gives the output (B, H, N, D) and the
log-sum-exp (B, H, N) in float32. Kernels differ in speed and in where they run, never in what they compute: each
is held against ``plain`` on the device at hand before it is chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from videoindex.errors import ConfigError

if TYPE_CHECKING:
    import torch

    Part = tuple[torch.Tensor, torch.Tensor]
    Kernel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, bool, float], Part]

__all__ = ["KERNELS", "attend_prefix", "attend_rows", "choose_kernel", "join", "plain"]

log = logging.getLogger(__name__)

# A kernel is trusted when it is within this of plain attention, relative to the largest output.
_TRIAL_TOLERANCE = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 3e-2}
# Streams that a GPU is kept busy with when few rows ask a long prefix: the prefix is cut into pieces of this many
# keys, which are attended to side by side.
_PIECE_KEYS = 4_096


def plain(q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float) -> Part:
    """Attention as it is written down: for trials, for tests, and where no kernel works. N x M in memory."""
    import torch

    scores = torch.matmul(q_BHND.float(), k_BHMD.float().transpose(2, 3)) * scale
    if is_causal:
        n, m = scores.shape[2:]
        hidden = torch.ones(n, m, dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(hidden, float("-inf"))
    lse = torch.logsumexp(scores, dim=-1)
    return torch.matmul((scores - lse[..., None]).exp(), v_BHMD.float()).to(q_BHND.dtype), lse


def _cpu_flash(
    q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float
) -> Part:
    import torch

    out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        q_BHND, k_BHMD, v_BHMD, 0.0, is_causal, scale=scale
    )
    return out, lse


def _flash(
    q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float
) -> Part:
    import torch

    out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(
        q_BHND, k_BHMD, v_BHMD, 0.0, is_causal, False, scale=scale
    )
    return out, lse[:, :, : q_BHND.shape[2]]


def _cudnn(
    q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float
) -> Part:
    import torch

    out, lse, *_ = torch.ops.aten._scaled_dot_product_cudnn_attention(
        q_BHND, k_BHMD, v_BHMD, None, True, 0.0, is_causal, False, scale=scale
    )
    return out, lse.reshape(q_BHND.shape[:3])


def _flash_attention_2(
    q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float
) -> Part:
    from flash_attn import flash_attn_func

    out, lse, _ = flash_attn_func(
        *(x.transpose(1, 2) for x in (q_BHND, k_BHMD, v_BHMD)),
        softmax_scale=scale,
        causal=is_causal,
        return_attn_probs=True,
    )
    return out.transpose(1, 2), lse


def _flash_attention_3(
    q_BHND: torch.Tensor, k_BHMD: torch.Tensor, v_BHMD: torch.Tensor, is_causal: bool, scale: float
) -> Part:
    from flash_attn_interface import flash_attn_func

    out, lse = flash_attn_func(
        *(x.transpose(1, 2) for x in (q_BHND, k_BHMD, v_BHMD)),
        softmax_scale=scale,
        causal=is_causal,
        return_attn_probs=True,
    )
    return out.transpose(1, 2), lse


KERNELS: dict[str, Kernel] = {
    "flash_attention_3": _flash_attention_3,
    "flash_attention_2": _flash_attention_2,
    "cudnn": _cudnn,
    "flash": _flash,
    "cpu_flash": _cpu_flash,
    "plain": plain,
}
"""By the name that ``vlm.local.attention`` gives them, fastest first: the flash-attn packages, then what torch's
scaled-dot-product attention is made of, then plain arithmetic."""


def choose_kernel(name: str, device: torch.device, dtype: torch.dtype, head_dim: int) -> tuple[str, Kernel]:
    """The kernel ``name``, or for ``auto`` the first that runs here and agrees with ``plain``; says so in the log.

    Raises ConfigError when a named kernel is unknown, does not run here, or computes something else.
    """
    if name != "auto" and name not in KERNELS:
        raise ConfigError(f"vlm.local.attention must be auto or one of {', '.join(KERNELS)}, got {name!r}")
    refused: list[str] = []
    for candidate in KERNELS if name == "auto" else (name,):
        fault = _trial(KERNELS[candidate], device, dtype, head_dim)
        if not fault:
            passed_over = f"; passed over: {'; '.join(refused)}" if refused else ""
            log.info("attention: %s on %s in %s%s", candidate, device, dtype, passed_over)
            return candidate, KERNELS[candidate]
        refused.append(f"{candidate} ({fault})")
    raise ConfigError(f"vlm.local.attention = {name!r} cannot be used on {device}: {refused[-1]}; choose auto")


def _trial(kernel: Kernel, device: torch.device, dtype: torch.dtype, head_dim: int) -> str:
    """What is wrong with a kernel on this device: empty when it agrees with plain attention, causal and not."""
    import torch

    generator = torch.Generator().manual_seed(0)
    # As attend_prefix lays them out: one set of queries for several pieces of keys that lie in one buffer.
    q = torch.randn(1, 2, 5, head_dim, generator=generator).to(device, dtype).expand(2, -1, -1, -1)
    k, v = (torch.randn(2, 2, 133, head_dim, generator=generator).to(device, dtype).transpose(0, 1) for _ in "kv")
    tolerance = _TRIAL_TOLERANCE.get(str(dtype).removeprefix("torch."), 1e-4)
    for queries, is_causal in ((q, False), (k, True)):
        try:
            out, lse = kernel(queries, k, v, is_causal, head_dim**-0.5)
        except (ImportError, RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError) as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else 'no reason'}"
        wanted, wanted_lse = plain(queries, k, v, is_causal, head_dim**-0.5)
        off = max(
            float((out.float() - wanted.float()).abs().max() / wanted.float().abs().max()),
            float((lse.float() - wanted_lse).abs().max()),
        )
        if not off <= tolerance:
            return f"off by {off:.2g}"
    return ""


def attend_prefix(
    kernel: Kernel, q_BHND: torch.Tensor, k_GMD: torch.Tensor, v_GMD: torch.Tensor, scale: float
) -> Part:
    """All rows and heads of ``q_BHND`` to one prefix of G key heads, none of which is copied or masked.

    Every query sees the whole prefix, so the B rows and the H/G heads that share a key head are simply more
    queries of that head. A prefix that is long for so few queries is cut into pieces that are attended to side by
    side.
    """
    rows, heads, count, dim = q_BHND.shape
    groups, keys = k_GMD.shape[:2]
    q_GND = q_BHND.view(rows, groups, heads // groups, count, dim).permute(1, 0, 2, 3, 4).reshape(groups, -1, dim)
    pieces = keys // _PIECE_KEYS if q_GND.shape[1] <= _PIECE_KEYS // 16 else 1
    parts = []
    if pieces > 1:
        whole = pieces * _PIECE_KEYS
        k_PGMD, v_PGMD = (
            x[:, :whole].view(groups, pieces, _PIECE_KEYS, dim).transpose(0, 1) for x in (k_GMD, v_GMD)
        )
        q_PGND = q_GND.expand(pieces, -1, -1, -1)
        outs, lses = kernel(q_PGND, k_PGMD, v_PGMD, False, scale)
        parts += [(outs[i : i + 1], lses[i : i + 1]) for i in range(pieces)]
        k_GMD, v_GMD = k_GMD[:, whole:], v_GMD[:, whole:]
    if k_GMD.shape[1]:
        parts.append(kernel(q_GND[None], k_GMD[None], v_GMD[None], False, scale))
    out, lse = join(parts)
    out = out.view(groups, rows, heads // groups, count, dim).permute(1, 0, 2, 3, 4).reshape(q_BHND.shape)
    lse = lse.view(groups, rows, heads // groups, count).permute(1, 0, 2, 3).reshape(rows, heads, count)
    return out, lse


def attend_rows(
    q_BHND: torch.Tensor, k_BGMD: torch.Tensor, v_BGMD: torch.Tensor, seen_BNM: torch.Tensor, scale: float
) -> Part:
    """Each row to its own few keys, as far as ``seen_BNM`` lets it. N x M in memory: for questions and answers.

    A query that sees no key at all gives an output of 0 and a log-sum-exp of minus infinity.
    """
    import torch

    rows, heads, count, dim = q_BHND.shape
    groups = k_BGMD.shape[1]
    q = q_BHND.view(rows, groups, heads // groups, count, dim).float()
    scores = torch.einsum("bghnd,bgmd->bghnm", q, k_BGMD.float()) * scale
    scores = scores.masked_fill(~seen_BNM[:, None, None], float("-inf"))
    lse = torch.logsumexp(scores, dim=-1)
    weights = (scores - lse[..., None].nan_to_num(neginf=0.0)).exp()
    out = torch.einsum("bghnm,bgmd->bghnd", weights, v_BGMD.float())
    return out.reshape(q_BHND.shape).to(q_BHND.dtype), lse.reshape(rows, heads, count)


def join(parts: Sequence[Part]) -> Part:
    """The attention over several pieces of one row of keys, from the attention over each."""
    import torch

    if len(parts) == 1:
        return parts[0]
    lse_P = torch.stack([lse.float() for _, lse in parts])
    whole = torch.logsumexp(lse_P, dim=0)
    weight_P = (lse_P - whole).exp()[..., None]
    out = sum(weight * part.float() for weight, (part, _) in zip(weight_P, parts, strict=True))
    assert isinstance(out, torch.Tensor)
    return out.to(parts[0][0].dtype), whole
