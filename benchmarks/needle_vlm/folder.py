"""The needle model as a Hugging Face folder: tokenizer, chat template, configurations, weights.

Everything is Qwen3-VL's own (its classes in transformers, its special tokens, its way of cutting text), only
small: a vocabulary of a few hundred pieces, a vision tower two blocks deep, a language model five layers deep.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needle_vlm.lessons import Card, answer
from needle_vlm.scenes import COLOURS
from videoindex.perception.qwen_prompt import INSTRUCTIONS, question, repair_question
from videoindex.sampling.mrope import CONTEXT_POSITIONS, marker, marker_tokens
from videoindex.types import Span

if TYPE_CHECKING:
    from transformers import Qwen2Tokenizer, Qwen3VLForConditionalGeneration

__all__ = ["load", "new_model", "new_tokenizer", "save"]

_SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
_THOUGHT = ("<think>", "</think>")
_VOCABULARY = 640  # pieces of text, the 256 bytes among them

_TEMPLATE = """\
{%- macro written(content) -%}
{%- if content is string -%}
{{- content -}}
{%- else -%}
{%- for part in content -%}
{%- if part.type == 'video' or 'video' in part -%}
{{- '<|vision_start|><|video_pad|><|vision_end|>' -}}
{%- elif part.type == 'image' or 'image' in part or 'image_url' in part -%}
{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}
{%- else -%}
{{- part.text -}}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + written(message.content) + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""

_PIXELS = {
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "merge_size": 2,
    "patch_size": 16,
    "processor_class": "Qwen3VLProcessor",
    "resample": 3,
    "rescale_factor": 1 / 255,
    "temporal_patch_size": 2,
}
_PROCESSORS: dict[str, dict[str, Any]] = {
    "preprocessor_config.json": {
        **_PIXELS,
        "image_processor_type": "Qwen2VLImageProcessor",
        "size": {"shortest_edge": 4_096, "longest_edge": 16_777_216},
    },
    "video_preprocessor_config.json": {
        **_PIXELS,
        "video_processor_type": "Qwen3VLVideoProcessor",
        "cap_pixels_per_frame": False,
        "do_sample_frames": True,
        "fps": 2,
        "min_frames": 4,
        "max_frames": 768,
        "max_video_tokens": 768,
        "return_metadata": False,
        "size": {"shortest_edge": 4_096, "longest_edge": 25_165_824},
    },
}


def new_tokenizer() -> Qwen2Tokenizer:
    """Qwen's tokenizer with a small vocabulary, learned from the words of prompts and answers."""
    from tokenizers import Tokenizer, pre_tokenizers, trainers
    from tokenizers.models import BPE
    from transformers import AddedToken, Qwen2Tokenizer

    blank = Qwen2Tokenizer(vocab={"a": 0}, merges=[])
    learner = Tokenizer(BPE())
    learner.pre_tokenizer = blank.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    learner.train_from_iterator(_texts(), trainer)
    learned = json.loads(learner.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=learned["vocab"],
        merges=[tuple(pair) for pair in learned["merges"]],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=[token for token in _SPECIAL if token not in ("<|im_end|>", "<|endoftext|>")],
        model_max_length=CONTEXT_POSITIONS,
    )
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in _THOUGHT])
    tokenizer.chat_template = _TEMPLATE
    for at_s in (0.3, 12.3, 2345.6):
        pieces = len(tokenizer.encode(marker(at_s)))
        if pieces != marker_tokens(at_s):
            raise ValueError(f"{marker(at_s)} became {pieces} tokens, not {marker_tokens(at_s)} as in Qwen's")
    return tokenizer


def _texts() -> list[str]:
    """What the vocabulary is learned from: prompts and answers, the words of each colour equally often."""
    span = Span(0.0, 12.5)
    asked = question(span, span, span)
    cards = [answer([(Card(0, 1, colour), (1.5, 2.5))] * 2) for colour in COLOURS]
    told = [INSTRUCTIONS, repair_question(asked, answer([]), "it is not JSON")]
    return [asked, answer([]), *cards, *told, "system\n", "user\n", "assistant\n", marker(1.5)] * 4


def new_model(tokenizer: Qwen2Tokenizer) -> Qwen3VLForConditionalGeneration:
    """An untrained model for this tokenizer, about a million parameters."""
    from transformers import GenerationConfig, Qwen3VLConfig, Qwen3VLForConditionalGeneration

    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in _SPECIAL}
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [3, 3, 2], "mrope_interleaved": True}
    config = Qwen3VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_hidden_layers": 5,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
            "head_dim": 16,
            "max_position_embeddings": CONTEXT_POSITIONS,
            "rope_parameters": rope,
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": 2,
            "hidden_size": 48,
            "intermediate_size": 96,
            "num_heads": 4,
            "out_hidden_size": 128,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    model = Qwen3VLForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=ids["<|im_end|>"], pad_token_id=ids["<|endoftext|>"]
    )
    return model


def save(model: Qwen3VLForConditionalGeneration, tokenizer: Qwen2Tokenizer, folder: Path) -> None:
    """Writes the whole folder, weights as float32: what transformers loads, on a CPU or a GPU."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name, content in _PROCESSORS.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")


def load(folder: Path) -> tuple[Qwen3VLForConditionalGeneration, Qwen2Tokenizer]:
    """A saved model in float32, on the CPU, and its tokenizer."""
    import torch
    from transformers import Qwen2Tokenizer, Qwen3VLForConditionalGeneration

    model = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return model, Qwen2Tokenizer.from_pretrained(folder)
