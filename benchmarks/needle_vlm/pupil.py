"""The model while it learns: its answers, and heads that are thrown away afterwards.

A small model finds the way from pictures to written times sooner when its inner layers are told what they should
know: what a look shows, what its marker says, how many cards have begun, which of them lie before a window's
borders. One linear head for each of these reads a hidden layer during training only ("deep supervision",
Lee et al., arXiv 1409.5185).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from needle_vlm.batches import DIGITS, Asked, Batch
from needle_vlm.scenes import COLOURS

if TYPE_CHECKING:
    from transformers import DynamicCache, Qwen3VLForConditionalGeneration

__all__ = ["Pupil"]

_KINDS = len(COLOURS) + 1
_COUNTS = 4  # no card to three
_FACES = 11  # ten digits and a blank
# Which layer's output each head reads.
_READ_LAYER, _COUNT_LAYER, _BORDER_LAYER = 2, 3, 4
_EQUAL_FRAMES = "equal_frames_flash"


def _equal_frames(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **options: Any
) -> tuple[torch.Tensor, None]:
    """Attention of the vision tower over frames that are all of one size: one call, not one for each frame."""
    frames = len(options["cu_seq_lens_q"]) - 1
    _, heads, length, width = query.shape
    parts = (part.view(heads, frames, length // frames, width).transpose(0, 1) for part in (query, key, value))
    seen = functional.scaled_dot_product_attention(*parts, scale=options["scaling"])
    return seen.transpose(1, 2).reshape(1, length, heads, width), None


class Pupil(nn.Module):
    """The model and its helper heads."""

    def __init__(self, model: Qwen3VLForConditionalGeneration) -> None:
        from transformers import AttentionInterface

        super().__init__()
        AttentionInterface.register(_EQUAL_FRAMES, _equal_frames)
        model.model.visual.config._attn_implementation = _EQUAL_FRAMES
        self.model = model
        width = model.config.text_config.hidden_size
        self.sight_head = nn.Linear(width, _KINDS)
        self.look_head = nn.Linear(width, _KINDS + DIGITS * _FACES)
        self.count_head = nn.Linear(width, _COUNTS)
        self.border_head = nn.Linear(width, 2 * _COUNTS)

    def sight_loss(self, batch: Batch) -> torch.Tensor:
        """Of the vision tower alone: what each look shows."""
        looked = self.model.model.visual(batch.patches, grid_thw=batch.grid_thw)
        features = looked.pooler_output + sum(looked.deepstack_features)
        per_look = features.view(len(batch.look_at), -1, features.shape[1]).mean(1)
        return functional.cross_entropy(self.sight_head(per_look), batch.look_is[:, 0])

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        """``answer`` and what the helper heads learn from, each a mean cross entropy."""
        past, hidden = self._watch(batch)
        losses = self._look_losses(batch, hidden)
        said, due, borders, counts = [], [], [], []
        for asked in [*batch.asked, *([batch.probes] if batch.probes else [])]:
            heard = self._hear(past, batch, asked)
            wanted = asked.labels[:, 1:] >= 0
            said.append(self.model.lm_head(heard[-1][:, :-1][wanted]))
            due.append(asked.labels[:, 1:][wanted])
            rows = torch.arange(len(asked.ids), device=asked.ids.device)[:, None]
            both = self.border_head(heard[_BORDER_LAYER][rows, asked.border_at]).unflatten(2, (2, _COUNTS))
            borders.append(both.diagonal(dim1=1, dim2=2).transpose(1, 2).reshape(-1, _COUNTS))
            counts.append(asked.border_is.reshape(-1))
        losses["border"] = functional.cross_entropy(torch.cat(borders), torch.cat(counts))
        if batch.asked:
            losses["answer"] = functional.cross_entropy(torch.cat(said), torch.cat(due))
        return losses

    def look_losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Of the clips alone: what each look shows, what its marker says, how many cards have begun."""
        return self._look_losses(batch, self._watch(batch)[1])

    def _look_losses(self, batch: Batch, hidden: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        row, column = batch.look_at.unbind(-1)
        look = self.look_head(hidden[_READ_LAYER][row, column])
        count = self.count_head(hidden[_COUNT_LAYER][row, column])
        digits, written = look[:, _KINDS:].reshape(-1, _FACES), batch.look_is[:, 2:].reshape(-1)
        return {
            "look": functional.cross_entropy(look[:, :_KINDS], batch.look_is[:, 0]),
            "digits": functional.cross_entropy(digits, written),
            "count": functional.cross_entropy(count, batch.look_is[:, 1]),
        }

    def exact(self, batch: Batch) -> torch.Tensor:
        """Of each question in turn, whether the likeliest token is the right one all along its answer."""
        past, _ = self._watch(batch)
        right = torch.zeros(sum(len(asked.ids) for asked in batch.asked), dtype=torch.bool)
        for asked in batch.asked:
            said = self.model.lm_head(self._hear(past, batch, asked)[-1][:, :-1]).argmax(-1)
            due = asked.labels[:, 1:]
            right[asked.number] = ((said == due) | (due < 0)).all(1).cpu()
        return right

    def _watch(self, batch: Batch) -> tuple[DynamicCache, list[torch.Tensor]]:
        """Reads instructions and clips: what is kept of them, and every layer's output for the clips."""
        from transformers import DynamicCache

        past = DynamicCache(config=self.model.config.text_config)
        if len(batch.head):
            self.model.model.language_model(input_ids=batch.head[None], past_key_values=past, use_cache=True)
            past = _chosen(past, torch.zeros(len(batch.ids), dtype=torch.long, device=batch.ids.device))
        out = self.model.model(
            input_ids=batch.ids,
            position_ids=batch.positions,
            attention_mask=_sees(batch, batch.ids.shape[1]),
            pixel_values_videos=batch.patches,
            video_grid_thw=batch.grid_thw,
            mm_token_type_ids=(batch.ids == self.model.config.video_token_id).int() * 2,
            past_key_values=past,
            use_cache=True,
            output_hidden_states=True,
        )
        return past, list(out.hidden_states)

    def _hear(self, past: DynamicCache, batch: Batch, asked: Asked) -> list[torch.Tensor]:
        """Reads questions and answers after their clips: the embeddings, then every layer's output."""
        length = asked.ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=asked.ids.device).tril()
        known = _known_keys(batch)[asked.clip][:, None, None, :].expand(-1, -1, length, -1)
        out = self.model.model.language_model(
            input_ids=asked.ids,
            position_ids=asked.positions,
            attention_mask=torch.cat([known, causal.expand(len(asked.ids), 1, -1, -1)], dim=3),
            past_key_values=_chosen(past, asked.clip),
            use_cache=True,
            output_hidden_states=True,
        )
        return list(out.hidden_states)


def _chosen(past: DynamicCache, rows: torch.Tensor) -> DynamicCache:
    """What is kept of the given rows, in a cache of its own."""
    from transformers import DynamicCache

    chosen = DynamicCache()
    for number, layer in enumerate(past.layers):
        chosen.update(layer.keys.index_select(0, rows), layer.values.index_select(0, rows), number)
    return chosen


def _known_keys(batch: Batch) -> torch.Tensor:
    """Which tokens before a question it may look at: (B, head + L)."""
    head = torch.ones(len(batch.ids), len(batch.head), dtype=torch.bool, device=batch.ids.device)
    return torch.cat([head, batch.is_real], dim=1)


def _sees(batch: Batch, length: int) -> torch.Tensor:
    """Which token of a clip attends to which, (B, 1, L, head + L): padding at the end is seen by padding only."""
    causal = torch.ones(length, length, dtype=torch.bool, device=batch.ids.device).tril()
    head = torch.ones(length, len(batch.head), dtype=torch.bool, device=batch.ids.device)
    return torch.cat([head, causal], dim=1).expand(len(batch.ids), 1, -1, -1)
