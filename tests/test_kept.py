"""Buffers of keys and values: what is kept, what is seen, what is let go."""

from __future__ import annotations

import torch

from videoindex.perception.vlm.attention import KERNELS, plain
from videoindex.perception.vlm.kept import Prefix, Rows

SCALE = 0.3


def fed(prefix: Prefix, k_GMD: torch.Tensor, v_GMD: torch.Tensor, q_HMD: torch.Tensor, cut: int) -> torch.Tensor:
    """A layer's attention over a prompt that is read in two chunks."""
    outs = []
    for part in (slice(0, cut), slice(cut, k_GMD.shape[1])):
        key, value = prefix.update(k_GMD[None, :, part], v_GMD[None, :, part], 0)
        outs.append(prefix.attend(0, q_HMD[None, :, part], key, value, SCALE))
        prefix.advance(key.shape[2])
    return torch.cat(outs, dim=2)


def test_a_prompt_in_chunks_attends_as_one_causal_whole() -> None:
    k, v, q = torch.randn(2, 20, 8), torch.randn(2, 20, 8), torch.randn(4, 20, 8)
    prefix = Prefix(KERNELS["cpu_flash"], 20)
    out = fed(prefix, k, v, q, 13)
    wanted, _ = plain(q[None], k.repeat_interleave(2, 0)[None], v.repeat_interleave(2, 0)[None], True, SCALE)
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)
    assert prefix.get_seq_length() == 20


def test_rows_see_the_prefix_and_themselves_and_never_each_other_or_empty_slots() -> None:
    prefix = Prefix(KERNELS["cpu_flash"], 6)
    k, v = torch.randn(2, 6, 8), torch.randn(2, 6, 8)
    fed(prefix, k, v, torch.randn(4, 6, 8), 3)
    rows = Rows(prefix, pads=[0, 2], capacity=4)
    own_k, own_v, q = torch.randn(2, 2, 4, 8), torch.randn(2, 2, 4, 8), torch.randn(2, 4, 4, 8)
    keys, values = rows.update(own_k, own_v, 0)
    out = rows.attend(0, q, keys, values, SCALE)
    for row, pad in ((0, 0), (1, 2)):
        for slot in range(pad, 4):
            seen_k = torch.cat([k, own_k[row, :, pad : slot + 1]], dim=1).repeat_interleave(2, 0)[None]
            seen_v = torch.cat([v, own_v[row, :, pad : slot + 1]], dim=1).repeat_interleave(2, 0)[None]
            wanted, _ = plain(q[row : row + 1, :, slot : slot + 1], seen_k, seen_v, False, SCALE)
            torch.testing.assert_close(out[row, :, slot], wanted[0, :, 0], atol=1e-5, rtol=1e-5)


def test_rows_that_have_their_answer_are_let_go_and_the_others_go_on_unchanged() -> None:
    prefix = Prefix(KERNELS["cpu_flash"], 3)
    fed(prefix, torch.randn(2, 3, 8), torch.randn(2, 3, 8), torch.randn(4, 3, 8), 1)
    first = [torch.randn(3, 2, 2, 8) for _ in "kv"]
    later = [torch.randn(3, 2, 1, 8) for _ in "kv"]
    query = torch.randn(3, 4, 1, 8)
    outs = []
    for kept in ([0, 1, 2], [0, 2]):
        rows = Rows(prefix, pads=[0, 1, 1], capacity=3)
        rows.update(*first, 0)
        rows.advance(2)
        rows.keep(kept)
        keys, values = rows.update(*(x[kept] for x in later), 0)
        outs.append(rows.attend(0, query[kept], keys, values, SCALE))
    torch.testing.assert_close(outs[0][[0, 2]], outs[1])


def test_answers_leave_the_prefix_as_it_was() -> None:
    prefix = Prefix(KERNELS["cpu_flash"], 3)
    fed(prefix, torch.randn(2, 3, 8), torch.randn(2, 3, 8), torch.randn(4, 3, 8), 1)
    query = torch.randn(1, 4, 1, 8)
    before = prefix.part(0, query, SCALE)[0].clone()
    rows = Rows(prefix, [0], 2)
    rows.update(torch.randn(1, 2, 2, 8), torch.randn(1, 2, 2, 8), 0)
    rows.advance(2)
    assert rows.get_seq_length() == 5
    assert prefix.get_seq_length() == 3
    assert torch.equal(prefix.part(0, query, SCALE)[0], before)
