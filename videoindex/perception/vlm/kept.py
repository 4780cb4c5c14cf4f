"""Keys and values that stay: one prefix that is read once, and rows of questions and answers behind it.

Both stand in for a cache of transformers (``update``, ``get_seq_length``) and do the attention of every layer
themselves: ``kept_attention`` is what the model is loaded with as its attention implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from videoindex.perception.vlm.attention import attend_prefix, attend_rows, join

if TYPE_CHECKING:
    import torch

    from videoindex.perception.vlm.attention import Kernel

__all__ = ["IMPLEMENTATION", "Prefix", "Rows", "register"]

IMPLEMENTATION = "videoindex_kept"
"""The name of this attention among transformers' implementations."""


def register() -> None:
    """Makes the attention known to transformers. It asks for no mask: what is masked is decided here."""
    from transformers import AttentionInterface

    AttentionInterface.register(IMPLEMENTATION, _kept_attention)


def _kept_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    kept: Prefix | Rows,
    **_: Any,  # transformers hands on its own further arguments (dropout, position ids, use_cache)
) -> tuple[torch.Tensor, None]:
    """Attention of one layer as transformers calls it; ``kept`` travels with the call of the language model."""
    return kept.attend(module.layer_idx, query, key, value, scaling).transpose(1, 2), None


class Prefix:
    """The keys and values of one prompt, read chunk by chunk into buffers of its final length.

    ``capacity`` is the most tokens it will hold. Memory is taken at the first chunk of each layer, on that layer's
    device, and never moved or grown.
    """

    def __init__(self, kernel: Kernel, capacity: int) -> None:
        self._kernel = kernel
        self._capacity = capacity
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.length = 0

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens read so far."""
        return self.length

    def update(
        self, key_BGMD: torch.Tensor, value_BGMD: torch.Tensor, layer_idx: int, *_args: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keeps a chunk's keys and values (one row); gives back the chunk alone."""
        import torch

        _, groups, count, dim = key_BGMD.shape
        if layer_idx not in self._layers:
            shape = (groups, self._capacity, dim)
            self._layers[layer_idx] = (
                torch.empty(shape, dtype=key_BGMD.dtype, device=key_BGMD.device),
                torch.empty(shape, dtype=key_BGMD.dtype, device=key_BGMD.device),
            )
        keys, values = self._layers[layer_idx]
        keys[:, self.length : self.length + count] = key_BGMD[0]
        values[:, self.length : self.length + count] = value_BGMD[0]
        return key_BGMD, value_BGMD

    def advance(self, count: int) -> None:
        """Counts a chunk as read, once all layers have seen it."""
        self.length += count

    def attend(
        self, layer: int, q_BHND: torch.Tensor, k_BGMD: torch.Tensor, v_BGMD: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """A chunk to all that was read before it, and causally to itself."""
        repeats = q_BHND.shape[1] // k_BGMD.shape[1]
        own = self._kernel(
            q_BHND, k_BGMD.repeat_interleave(repeats, 1), v_BGMD.repeat_interleave(repeats, 1), True, scale
        )
        return own[0] if not self.length else join([self.part(layer, q_BHND, scale), own])[0]

    def part(self, layer: int, q_BHND: torch.Tensor, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention of any rows to all that was read, uncopied, with its log-sum-exp."""
        keys, values = self._layers[layer]
        return attend_prefix(self._kernel, q_BHND, keys[:, : self.length], values[:, : self.length], scale)


class Rows:
    """Questions and answers of several windows, side by side behind one prefix that none of them changes.

    Rows are filled from the left: ``pads`` says how many of a row's first slots hold nothing, so that all
    questions end in the same slot. ``capacity`` is the most slots that questions and answers take.
    """

    def __init__(self, prefix: Prefix, pads: Sequence[int], capacity: int) -> None:
        self._prefix = prefix
        self._pads = list(pads)
        self._capacity = capacity
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.length = 0

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens before the next one: the prefix and the filled slots."""
        return self._prefix.length + self.length

    def update(
        self, key_BGMD: torch.Tensor, value_BGMD: torch.Tensor, layer_idx: int, *_args: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keeps the next slots of every row; gives back all filled ones."""
        import torch

        rows, groups, count, dim = key_BGMD.shape
        if layer_idx not in self._layers:
            shape = (rows, groups, self._capacity, dim)
            self._layers[layer_idx] = (
                torch.empty(shape, dtype=key_BGMD.dtype, device=key_BGMD.device),
                torch.empty(shape, dtype=key_BGMD.dtype, device=key_BGMD.device),
            )
        keys, values = self._layers[layer_idx]
        end = self.length + count
        keys[:, :, self.length : end] = key_BGMD
        values[:, :, self.length : end] = value_BGMD
        return keys[:, :, :end], values[:, :, :end]

    def advance(self, count: int) -> None:
        """Counts slots as filled, once all layers have seen them."""
        self.length += count

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with these rows alone: the others have their answers."""
        self._pads = [self._pads[row] for row in rows]
        self._layers = {
            layer: (keys[list(rows)], values[list(rows)]) for layer, (keys, values) in self._layers.items()
        }

    def attend(
        self, layer: int, q_BHND: torch.Tensor, k_BGMD: torch.Tensor, v_BGMD: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """The newest slots of every row to the prefix, which they share, and to their own row so far."""
        own = attend_rows(q_BHND, k_BGMD, v_BGMD, self._seen(q_BHND, k_BGMD), scale)
        return join([self._prefix.part(layer, q_BHND, scale), own])[0]

    def _seen(self, q_BHND: torch.Tensor, k_BGMD: torch.Tensor) -> torch.Tensor:
        """Which of its row's slots each query sees: filled ones, up to its own."""
        import torch

        count, slots = q_BHND.shape[2], k_BGMD.shape[2]
        at_M = torch.arange(slots, device=q_BHND.device)
        at_N = torch.arange(slots - count, slots, device=q_BHND.device)
        pads_B = torch.tensor(self._pads, device=q_BHND.device)
        return (at_M[None, None] <= at_N[None, :, None]) & (at_M[None, None] >= pads_B[:, None, None])
