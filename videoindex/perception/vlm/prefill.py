"""Reads a showing once: pictures through the vision transformer in slices of time, text and cells in chunks.

Memory is bounded by the slice and the chunk, whatever the length: a slice's pictures and features are gone once
its chunk is read, only keys and values stay. Looks do not see each other in the vision transformer, and each chunk
attends to all that was read before it, so slices and chunks change nothing but the order of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from videoindex.perception.vlm.base import Looks, Showing
from videoindex.perception.vlm.inputs import chat_frame, grid_thw, patchify, resize, video_ids
from videoindex.perception.vlm.kept import Prefix
from videoindex.sampling.mrope import PATCH_FRAMES, patch_tokens, position_ids, yarn_factor

if TYPE_CHECKING:
    import torch

    from videoindex.perception.vlm.inputs import ChatFrame
    from videoindex.perception.vlm.loading import Loaded

__all__ = ["Read", "pack_slices", "prefix_tokens", "read", "slice_looks"]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A showing that was read: its kept prefix, where positions go on, and the template round a question."""

    prefix: Prefix
    next_position: int
    frame: ChatFrame
    yarn_factor: float | None
    marks_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the vision transformer made of some looks: a vector for each cell, and one more for each DeepStack
    level."""

    cells_ND: torch.Tensor
    levels_LND: list[torch.Tensor]


def prefix_tokens(frame: ChatFrame, showing: Showing) -> int:
    """Tokens of everything before the question, if all planned looks can be shown."""
    looks = sum(patch_tokens(mark_s, showing.size) for mark_s in showing.marks_s)
    return len(frame.before) + looks + len(frame.between)


def slice_looks(showing: Showing, chunk_tokens: int) -> int:
    """How many looks go through the vision transformer at once: about a chunk's worth, at least one."""
    return max(1, min(len(showing.marks_s), chunk_tokens // patch_tokens(showing.span.end_s, showing.size)))


def read(loaded: Loaded, showing: Showing, chunk_tokens: int) -> Read:
    """Reads all of ``showing``; its looks are consumed slice by slice. The model must not be in use elsewhere."""
    frame = chat_frame(loaded.tokenizer, showing.instructions)
    prefix = Prefix(loaded.kernel, prefix_tokens(frame, showing))
    factor = yarn_factor(_positions(frame, showing))
    loaded.set_yarn(factor)
    at = _text(loaded, prefix, frame.before, 0, chunk_tokens)
    marks_s: list[float] = []
    for looks in pack_slices(showing.looks, slice_looks(showing, chunk_tokens)):
        ids = video_ids(loaded.tokenizer, loaded.special, looks.marks_s, showing.size)
        positions_3N = position_ids(looks.marks_s, showing.size) + at
        _feed(loaded, prefix, ids, positions_3N, _see(loaded, looks, showing), chunk_tokens)
        at = int(positions_3N.max()) + 1
        marks_s += looks.marks_s
    at = _text(loaded, prefix, frame.between, at, chunk_tokens)
    return Read(prefix, at, frame, factor, tuple(marks_s))


def pack_slices(batches: Iterable[Looks], most: int) -> Iterator[Looks]:
    """The same looks in batches of ``most``, the last perhaps shorter, whatever batches they came in."""
    held: list[Looks] = []
    for batch in batches:
        held.append(batch)
        while sum(map(len, held)) >= most:
            whole = _joined(held)
            cut = most * PATCH_FRAMES
            yield Looks(whole.rgb_THWC[:cut], whole.at_s_T[:cut])
            held = [Looks(whole.rgb_THWC[cut:], whole.at_s_T[cut:])]
    if sum(map(len, held)):
        yield _joined(held)


def _joined(batches: Sequence[Looks]) -> Looks:
    if len(batches) == 1:
        return batches[0]
    return Looks(
        np.concatenate([batch.rgb_THWC for batch in batches]), np.concatenate([batch.at_s_T for batch in batches])
    )


def _positions(frame: ChatFrame, showing: Showing) -> int:
    ids_3N = position_ids(showing.marks_s, showing.size, len(frame.before), len(frame.between))
    return int(ids_3N.max()) + 1


def _see(loaded: Loaded, looks: Looks, showing: Showing) -> _Seen:
    import torch

    visual = loaded.model.model.visual
    rgb_THWC = resize(torch.from_numpy(looks.rgb_THWC).to(loaded.device), showing.size)
    grid = torch.tensor([grid_thw(len(looks), showing.size)], device=loaded.device)
    seen = visual(patchify(rgb_THWC, loaded.dtype), grid_thw=grid, return_dict=True)
    return _Seen(seen.pooler_output, list(seen.deepstack_features))


def _text(loaded: Loaded, prefix: Prefix, ids: Sequence[int], at: int, chunk_tokens: int) -> int:
    """Reads a run of text from position ``at`` on; returns the position after it."""
    if ids:
        positions_3N = np.broadcast_to(np.arange(at, at + len(ids)), (3, len(ids)))
        _feed(loaded, prefix, ids, positions_3N, None, chunk_tokens)
    return at + len(ids)


def _feed(
    loaded: Loaded,
    prefix: Prefix,
    ids: Sequence[int],
    positions_3N: NDArray[np.int64],
    seen: _Seen | None,
    chunk_tokens: int,
) -> None:
    """The language model over one run of tokens, chunk by chunk; cells stand where their tokens are."""
    import torch

    ids_N = torch.tensor(ids, device=loaded.device)
    is_cell_N = ids_N == loaded.special.video
    embedded_ND = loaded.model.get_input_embeddings()(ids_N)
    if seen is not None:
        embedded_ND[is_cell_N] = seen.cells_ND.to(embedded_ND.dtype)
    place_N = is_cell_N.cumsum(0) - 1
    at_3N = torch.from_numpy(np.ascontiguousarray(positions_3N)).to(loaded.device)
    for start in range(0, len(ids), chunk_tokens):
        chunk = slice(start, min(len(ids), start + chunk_tokens))
        cells_N = is_cell_N[chunk]
        levels = None
        if seen is not None and bool(cells_N.any()):
            levels = [level_ND[place_N[chunk][cells_N]] for level_ND in seen.levels_LND]
        loaded.model.model.language_model(
            inputs_embeds=embedded_ND[None, chunk],
            position_ids=at_3N[:, None, chunk],
            past_key_values=prefix,
            use_cache=True,
            visual_pos_masks=cells_N[None] if levels is not None else None,
            deepstack_visual_embeds=levels,
            kept=prefix,
        )
        prefix.advance(chunk.stop - start)
