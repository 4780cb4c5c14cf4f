"""Qwen3-VL models of random weights, small enough to compute with; the tokenizer is the needle model's."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videoindex.perception.qwen_prompt import INSTRUCTIONS
from videoindex.perception.vlm import inputs
from videoindex.perception.vlm.base import Looks, Showing
from videoindex.perception.vlm.loading import Loaded, load
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize
from videoindex.types import Span

NEEDLE = Path(__file__).parent / "models" / "needle_vlm"
KINDS = ("dense", "experts")


def make(folder: Path, kind: str, layers: int = 3, hidden: int = 64) -> Path:
    """Saves a random model with grouped keys (4 heads to 2) and two DeepStack levels; ``experts``: 4, 2 chosen."""
    import transformers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(NEEDLE)
    text: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 262_144,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [3, 3, 2]},
    }
    prefix = "Qwen3VL" if kind == "dense" else "Qwen3VLMoe"
    if kind == "experts":
        text |= {"moe_intermediate_size": hidden, "num_experts": 4, "num_experts_per_tok": 2}
    special = {
        f"{name}_id": tokenizer.convert_tokens_to_ids(token)
        for name, token in (
            ("image_token", "<|image_pad|>"),
            ("video_token", "<|video_pad|>"),
            ("vision_start_token", "<|vision_start|>"),
            ("vision_end_token", "<|vision_end|>"),
        )
    }
    config = getattr(transformers, f"{prefix}Config")(
        text_config=text,
        vision_config={
            "depth": 3,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": hidden,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 2],
        },
        tie_word_embeddings=False,
        **special,
    )
    torch.manual_seed(7)
    model = getattr(transformers, f"{prefix}ForConditionalGeneration")(config)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.25)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(NEEDLE / name, folder)
    return folder


@functools.cache
def loaded(kind: str) -> Loaded:
    """A random model, loaded once for a test process."""
    with tempfile.TemporaryDirectory() as folder:
        local = LocalSettings(dtype="float32", device="cpu")
        return load(VlmSettings(model=str(make(Path(folder), kind)), local=local))


def noise(looks: int, size: FrameSize, seed: int = 0, until_s: float = 120.0) -> Looks:
    """Looks of noise at uneven instants."""
    draw = np.random.default_rng(seed)
    rgb_THWC = draw.integers(0, 256, (2 * looks, size.height_px, size.width_px, 3), dtype=np.uint8)
    return Looks(rgb_THWC, np.sort(draw.uniform(0, until_s, 2 * looks)).round(3))


def showing(looks: Looks, size: FrameSize, *, batch: int = 3, instructions: str = INSTRUCTIONS) -> Showing:
    """A showing of ``looks``, in batches of ``batch``."""
    cuts = range(0, len(looks), batch)
    parts = [
        Looks(looks.rgb_THWC[2 * cut : 2 * (cut + batch)], looks.at_s_T[2 * cut : 2 * (cut + batch)])
        for cut in cuts
    ]
    span = Span(0.0, float(looks.at_s_T[-1]) + 1.0)
    return Showing("noise.mp4", span, instructions, parts, looks.marks_s, size)


def whole_prompt(model: Loaded, looks: Looks, size: FrameSize, question: str, instructions: str) -> dict[str, Any]:
    """What the stock model is given for the same prompt in one piece."""
    frame = inputs.chat_frame(model.tokenizer, instructions)
    video = inputs.video_ids(model.tokenizer, model.special, looks.marks_s, size)
    asked = inputs.question_ids(model.tokenizer, question)
    ids = torch.tensor([[*frame.before, *video, *frame.between, *asked, *frame.after]])
    return {
        "input_ids": ids,
        "mm_token_type_ids": (ids == model.special.video).int() * 2,
        "pixel_values_videos": inputs.patchify(torch.from_numpy(looks.rgb_THWC), torch.float32),
        "video_grid_thw": torch.tensor([inputs.grid_thw(len(looks), size)]),
    }


def stock(model: Loaded) -> Any:
    """The same weights as transformers runs them by itself."""
    other = type(model.model)(model.model.config.__class__.from_dict(model.model.config.to_dict()))
    other.load_state_dict(model.model.state_dict())
    other.set_attn_implementation("sdpa")
    other.generation_config = model.model.generation_config
    return other.eval()
