"""What a showing takes in memory, said before it begins. Pure but for asking how much is free.

Counted are the keys and values that stay, and the most that lives at once beside them: while a chunk passes
through the vision transformer, while it passes through a layer of the language model, or while questions are
answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videoindex.errors import ConfigError
from videoindex.models import ModelSpec, kv_bytes

if TYPE_CHECKING:
    import torch

__all__ = ["Load", "Memory", "check_fits", "free_bytes", "largest_prefix", "predict"]

_FLOAT_BYTES = 4
_PATCHES_PER_CELL = 4
_PIXELS = 3 * 2 * 16 * 16
# The share of free memory that is planned with: allocators round up and fragment.
_USABLE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Load:
    """How a model is run: tokens of one chunk, cells of the largest slice, rows answered at once and their
    slots."""

    chunk_tokens: int
    slice_cells: int
    rows: int
    question_tokens: int
    answer_tokens: int
    element_bytes: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: ``kept`` from the first chunk to the last answer; ``seeing``, ``reading`` and ``asking`` by turns."""

    kept: int
    seeing: int
    reading: int
    asking: int

    @property
    def peak(self) -> int:
        """The most at once, beside the weights."""
        return self.kept + max(self.seeing, self.reading, self.asking)


def predict(spec: ModelSpec, prefix_tokens: int, load: Load) -> Memory:
    """The memory of a prefix of so many tokens and of the answers to it, beside the weights."""
    return Memory(
        kept=kv_bytes(spec, prefix_tokens) * load.element_bytes // 2,
        seeing=_seeing(spec, load),
        reading=_reading(spec, load),
        asking=_asking(spec, load),
    )


def largest_prefix(spec: ModelSpec, available_bytes: int, load: Load) -> int:
    """Tokens of the longest prefix that fits into ``available_bytes``; 0 when none does."""
    memory = predict(spec, 0, load)
    per_token = max(1, kv_bytes(spec, 1) * load.element_bytes // 2)
    return max(0, (available_bytes - memory.peak) // per_token)


def check_fits(spec: ModelSpec, prefix_tokens: int, available_bytes: int, load: Load, what: str) -> Memory:
    """The prediction, when it fits. Raises ConfigError that says what would make it fit; ``what`` is shown."""
    memory = predict(spec, prefix_tokens, load)
    if memory.peak <= available_bytes:
        return memory
    room = largest_prefix(spec, available_bytes, load)
    gib = 2**30
    need = f"{what} needs {memory.peak / gib:.2f} GiB beside the weights ({prefix_tokens:,} tokens)"
    have = f"and {available_bytes / gib:.2f} GiB may be used"
    if room > load.chunk_tokens // 4:
        raise ConfigError(f"{need}, {have}: set sampling.token_budget to {room} or less")
    raise ConfigError(
        f"{need}, {have}: lower vlm.local.chunk_tokens ({load.chunk_tokens}) and vlm.local.batch_windows "
        f"({load.rows}), or choose a smaller model or vlm.local.four_bit"
    )


def free_bytes(device: torch.device, limit_gib: float) -> int:
    """Bytes that a showing may use: ``limit_gib`` where one is set, else nine tenths of what is free now."""
    if limit_gib:
        return int(limit_gib * 2**30)
    if device.type != "cuda":
        available_kib = next(
            line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable")
        ).split()[1]
        return int(int(available_kib) * 1024 * _USABLE_SHARE)
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int((free + unused) * _USABLE_SHARE)


def _seeing(spec: ModelSpec, load: Load) -> int:
    """A slice in the vision transformer: pixels, the stream, queries and keys turned in float32, or the MLP."""
    vision, size = spec.vision, load.element_bytes
    patches = _PATCHES_PER_CELL * load.slice_cells
    stream = patches * vision.hidden * size * 3
    turning = patches * vision.hidden * (3 * size + 6 * _FLOAT_BYTES)
    mlp = patches * vision.intermediate * size * 2
    features = load.slice_cells * spec.text.hidden * size * (1 + len(vision.deepstack_layers))
    return patches * _PIXELS * (_FLOAT_BYTES + size) + stream + max(turning, mlp) + features


def _reading(spec: ModelSpec, load: Load) -> int:
    """A chunk in one layer, beside its slice's embeddings and features."""
    held = max(load.chunk_tokens, load.slice_cells) * spec.text.hidden * load.element_bytes
    return held * (2 + len(spec.vision.deepstack_layers)) + _layer(spec, load.chunk_tokens, load.element_bytes)


def _layer(spec: ModelSpec, tokens: int, size: int) -> int:
    """So many tokens in one layer of the language model: the stream, then attention in two parts or the MLP."""
    text = spec.text
    stream = tokens * text.hidden * size * 3
    wide = text.heads * text.head_dim
    attention = tokens * (wide * (5 * size + 3 * _FLOAT_BYTES) + 2 * text.kv_heads * text.head_dim * size)
    mlp = tokens * text.intermediate * text.active_experts * size * 3
    return stream + max(attention, mlp)


def _asking(spec: ModelSpec, load: Load) -> int:
    """Rows of questions and answers: their keys and values, one layer with these in float32, the logits."""
    text = spec.text
    questions = load.rows * load.question_tokens
    slots = questions + load.rows * load.answer_tokens
    kept = kv_bytes(spec, slots) * load.element_bytes // 2
    turned = 2 * slots * text.kv_heads * text.head_dim * _FLOAT_BYTES
    scores = 3 * questions * load.question_tokens * text.heads * _FLOAT_BYTES
    logits = 3 * load.rows * load.vocabulary * _FLOAT_BYTES
    return kept + turned + _layer(spec, questions, load.element_bytes) + max(scores, logits)
