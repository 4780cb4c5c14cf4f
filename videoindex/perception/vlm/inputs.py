"""From pictures and text to what Qwen3-VL takes, without torchvision: pixels, token ids, position ids.

Golden-tested against ``Qwen3VLProcessor`` of transformers 5.23.0 (``processing_qwen3_vl.py``,
``video_processing_qwen3_vl.py``). Every temporal patch is written as ``<12.5 seconds><|vision_start|>`` cells
``<|vision_end|>``, and the chat template keeps one more ``<|vision_start|>`` ... ``<|vision_end|>`` round the
video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videoindex.errors import BackendError
from videoindex.sampling.mrope import CELL_PX, PATCH_FRAMES, FrameSize, marker

if TYPE_CHECKING:
    import torch

__all__ = [
    "PATCH_PX",
    "ChatFrame",
    "SpecialIds",
    "chat_frame",
    "encode",
    "grid_thw",
    "patchify",
    "question_ids",
    "resize",
    "video_ids",
]

PATCH_PX = 16
_MERGE = CELL_PX // PATCH_PX
_VIDEO = "<|video_pad|>"
# Stands in for the question while the model's own template is rendered; no prompt holds it.
_QUESTION = "\x1aquestion\x1a"


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """The tokens that carry pictures."""

    vision_start: int
    vision_end: int
    video: int

    @classmethod
    def of(cls, tokenizer: Any) -> SpecialIds:
        """Looks them up. Raises BackendError when the tokenizer is not one of Qwen3-VL's."""
        names = ("<|vision_start|>", "<|vision_end|>", "<|video_pad|>")
        ids = [tokenizer.convert_tokens_to_ids(name) for name in names]
        lacking = [name for name, at in zip(names, ids, strict=True) if at is None or at == tokenizer.unk_token_id]
        if lacking:
            raise BackendError(
                f"the tokenizer knows no {', '.join(lacking)}: this is not a Qwen3-VL model; set vlm.model to one"
            )
        return cls(*ids)


@dataclass(frozen=True, slots=True)
class ChatFrame:
    """The model's own chat template, cut where the video and the question stand.

    A prompt is ``before`` + the looks' ids + ``between`` + the question's ids + ``after``. The template's own
    ``<|vision_start|>`` ends ``before``, its ``<|vision_end|>`` begins ``between``.
    """

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]


def chat_frame(tokenizer: Any, instructions: str) -> ChatFrame:
    """Renders the tokenizer's template with ``instructions`` as the system text and one video before a question.

    Raises BackendError when there is no template, or it writes no such message.
    """
    messages = [
        {"role": "system", "content": [{"type": "text", "text": instructions}]},
        {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": _QUESTION}]},
    ]
    if not tokenizer.chat_template:
        raise BackendError("the model's folder has no chat template (chat_template.jinja): fetch it whole")
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    before, video, rest = text.partition(_VIDEO)
    between, asked, after = rest.partition(_QUESTION)
    if not (video and asked):
        raise BackendError(
            f"the model's chat template writes no {_VIDEO} before the question: this is not a Qwen3-VL model"
        )
    return ChatFrame(*(tuple(encode(tokenizer, part)) for part in (before, between, after)))


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids of ``text``, nothing added; special tokens in it are taken as such."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []


def question_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of ``text`` as words: what looks like a special token in it is spelt out."""
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]) if text else []


def video_ids(tokenizer: Any, special: SpecialIds, marks_s: Sequence[float], size: FrameSize) -> list[int]:
    """Token ids of a run of looks of one video: each one's marker, start, cells and end."""
    ids: list[int] = []
    for mark_s in marks_s:
        ids += encode(tokenizer, marker(mark_s))
        ids += [special.vision_start, *[special.video] * size.cells, special.vision_end]
    return ids


def grid_thw(looks: int, size: FrameSize) -> tuple[int, int, int]:
    """Patches over time, height and width, as the vision transformer is told."""
    return looks, size.height_px // PATCH_PX, size.width_px // PATCH_PX


def resize(rgb_THWC: torch.Tensor, size: FrameSize) -> torch.Tensor:
    """Pictures (uint8) scaled to ``size`` as the processor does it: bicubic with antialiasing, in uint8."""
    import torch.nn.functional as F  # noqa: N812

    if tuple(rgb_THWC.shape[1:3]) == (size.height_px, size.width_px):
        return rgb_THWC
    scaled_TCHW = F.interpolate(
        rgb_THWC.permute(0, 3, 1, 2), (size.height_px, size.width_px), mode="bicubic", antialias=True
    )
    return scaled_TCHW.permute(0, 2, 3, 1)


def patchify(rgb_THWC: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Pictures (uint8, T even, sides in whole cells) as rows of the vision transformer: (patches, 3 * 2 * 16 *
    16).

    Values are ``rgb / 127.5 - 1`` (mean and deviation 0.5). Patches run look by look, cell by cell and within a
    cell row by row, as ``Qwen3VLVideoProcessor.patchify`` orders them. Works where the pictures lie, in slices of
    any length: looks are independent of each other.
    """
    frames, height_px, width_px, _ = rgb_THWC.shape
    pixels = rgb_THWC.to(dtype=_exact(dtype)).sub_(127.5).div_(127.5).to(dtype)
    rows, columns = height_px // CELL_PX, width_px // CELL_PX
    cut = pixels.view(frames // PATCH_FRAMES, PATCH_FRAMES, rows, _MERGE, PATCH_PX, columns, _MERGE, PATCH_PX, 3)
    # look, cell row, cell column, patch row, patch column | channel, frame, pixel row, pixel column
    ordered = cut.permute(0, 2, 5, 3, 6, 8, 1, 4, 7)
    return ordered.reshape(-1, 3 * PATCH_FRAMES * PATCH_PX * PATCH_PX)


def _exact(dtype: torch.dtype) -> torch.dtype:
    """Pixels are normalised in float32 whatever they are kept in: bfloat16 cannot hold 255 levels."""
    import torch

    return dtype if dtype == torch.float64 else torch.float32
