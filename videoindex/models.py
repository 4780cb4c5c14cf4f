"""The Qwen3-VL family as data: shapes, names, memory, operations. Pure.

Shapes are those of the released ``config.json`` files (text_config and vision_config); everything else, the
parameter counts included, is derived from them and checked against the classes of transformers 5.23.0. Any other
weights of the same architecture are described by their own configuration: ``spec_from_config``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from videoindex.errors import ConfigError

__all__ = [
    "DEFAULT_MODEL",
    "FORMATS",
    "GIB",
    "MODELS",
    "RUNTIME_BYTES",
    "ModelSpec",
    "TextShape",
    "VisionShape",
    "Weights",
    "find_model",
    "find_weights",
    "kv_bytes",
    "memory_bytes",
    "prefill_flops",
    "spec_from_config",
    "weight_bytes",
]

Weights = Literal["bf16", "fp8", "4bit"]
FORMATS: tuple[Weights, ...] = get_args(Weights)

GIB = 1024**3
_BF16_BYTES = 2
# Bytes of one weight of the language model's layers. 4-bit is GGUF's Q4_K_M, which mixes 4 and 6 bits and is the
# heaviest of its kind; bitsandbytes' NF4 takes 0.5625. The sums lie 2 to 30 % above the sizes that Ollama lists
# (6.1 GB for 8B, 20 GB for 30B-A3B, 143 GB for 235B-A22B), most for small models, whose embeddings it packs too.
_LAYER_WEIGHT_BYTES: dict[Weights, float] = {"bf16": 2.0, "fp8": 1.0, "4bit": 0.61}
# CUDA context, workspaces and the activations of one prefill chunk: an allowance, not a measurement.
RUNTIME_BYTES = 2 * GIB
_PATCHES_PER_TOKEN = 4
# What the arithmetic of sizes, positions and parameters takes for granted of a vision transformer.
_PATCHING = {"patch_size": 16, "temporal_patch_size": 2, "spatial_merge_size": 2, "in_channels": 3}


@dataclass(frozen=True, slots=True)
class VisionShape:
    """The vision transformer: pre-norm blocks with biases, a 2 x 2 merger, one more for each DeepStack level."""

    depth: int
    hidden: int
    intermediate: int
    heads: int
    deepstack_layers: tuple[int, ...]
    position_embeddings: int = 48 * 48

    def parameters(self, out_hidden: int) -> int:
        """All parameters, for a language model of width ``out_hidden``."""
        wide, merged = self.hidden, 4 * self.hidden
        embed = 3 * 2 * 16 * 16 * wide + wide + self.position_embeddings * wide
        attention = 4 * (wide * wide + wide)
        mlp = 2 * wide * self.intermediate + self.intermediate + wide
        merger = merged * merged + merged + merged * out_hidden + out_hidden
        norms = self.depth * 4 * wide + 2 * wide + len(self.deepstack_layers) * 2 * merged
        return embed + self.depth * (attention + mlp) + (1 + len(self.deepstack_layers)) * merger + norms


@dataclass(frozen=True, slots=True)
class TextShape:
    """The language model: grouped-query attention with QK norms, a gated MLP or a mixture of experts."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int  # of one expert where there are experts
    tied_embeddings: bool
    experts: int = 1
    active_experts: int = 1
    vocabulary: int = 151_936

    @property
    def embedding_parameters(self) -> int:
        return self.vocabulary * self.hidden * (1 if self.tied_embeddings else 2)

    def layer_parameters(self, experts: int) -> int:
        """Parameters of all layers when ``experts`` of each layer's experts are counted."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads) + 2 * self.head_dim
        router = self.hidden * self.experts if self.experts > 1 else 0
        mlp = 3 * self.hidden * self.intermediate * experts
        return self.layers * (attention + router + mlp + 2 * self.hidden) + self.hidden


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. ``repo_id`` is its name at the hub and for vLLM and SGLang; a folder's path where the weights are
    not of the family as released, which then are in bf16 alone and known to neither Ollama nor llama.cpp."""

    repo_id: str
    size: str
    edition: Literal["Instruct", "Thinking"]
    text: TextShape
    vision: VisionShape
    context: int = 262_144
    is_released: bool = True

    @property
    def fp8_repo_id(self) -> str:
        return f"{self.repo_id}-FP8"

    @property
    def gguf_repo_id(self) -> str:
        """Where the authors keep the weights for llama.cpp."""
        return f"{self.repo_id}-GGUF"

    @property
    def ollama_tag(self) -> str:
        return f"qwen3-vl:{self.size.lower()}-{self.edition.lower()}"

    @property
    def parameters(self) -> int:
        """All parameters, the vision transformer included."""
        return (
            self.vision.parameters(self.text.hidden)
            + self.text.layer_parameters(self.text.experts)
            + self.text.embedding_parameters
        )

    @property
    def active_parameters(self) -> int:
        """Parameters that one token meets: as ``parameters``, with the chosen experts only."""
        idle = self.text.layer_parameters(self.text.experts) - self.text.layer_parameters(self.text.active_experts)
        return self.parameters - idle

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of one token in all layers, in bf16."""
        return 2 * self.text.layers * self.text.kv_heads * self.text.head_dim * _BF16_BYTES

    @property
    def input_bytes_per_token(self) -> int:
        """The input embedding of one token and one more for each DeepStack level, in bf16."""
        return (1 + len(self.vision.deepstack_layers)) * self.text.hidden * _BF16_BYTES


_SMALL_VISION = VisionShape(depth=24, hidden=1024, intermediate=4096, heads=16, deepstack_layers=(5, 11, 17))
_LARGE_VISION = VisionShape(depth=27, hidden=1152, intermediate=4304, heads=16, deepstack_layers=(8, 16, 24))

_FAMILY: tuple[tuple[str, TextShape, VisionShape], ...] = (
    ("2B", TextShape(28, 2048, 16, 8, 128, 6144, tied_embeddings=True), _SMALL_VISION),
    ("4B", TextShape(36, 2560, 32, 8, 128, 9728, tied_embeddings=True), _SMALL_VISION),
    ("8B", TextShape(36, 4096, 32, 8, 128, 12288, tied_embeddings=False), _LARGE_VISION),
    (
        "30B-A3B",
        TextShape(48, 2048, 32, 4, 128, 768, tied_embeddings=False, experts=128, active_experts=8),
        _LARGE_VISION,
    ),
    ("32B", TextShape(64, 5120, 64, 8, 128, 25600, tied_embeddings=False), _LARGE_VISION),
    (
        "235B-A22B",
        TextShape(94, 4096, 64, 4, 128, 1536, tied_embeddings=False, experts=128, active_experts=8),
        _LARGE_VISION,
    ),
)

MODELS: tuple[ModelSpec, ...] = tuple(
    ModelSpec(f"Qwen/Qwen3-VL-{size}-{edition}", size, edition, text, vision)
    for size, text, vision in _FAMILY
    for edition in ("Instruct", "Thinking")
)

DEFAULT_MODEL = "Qwen/Qwen3-VL-8B-Instruct"

# How a name says in which format its weights are.
_FORMAT_ENDINGS: dict[str, Weights] = {
    "-fp8": "fp8",
    "-q4_k_m": "4bit",
    ":q4_k_m": "4bit",
    "-4bit": "4bit",
    "-bf16": "bf16",
    ":f16": "bf16",
}


def find_model(name: str) -> ModelSpec:
    """The model of a repo id, an Ollama tag or a size, upper or lower case.

    ``Qwen/Qwen3-VL-8B-Instruct``, ``Qwen3-VL-8B-Thinking-FP8``, ``qwen3-vl:8b-instruct`` or ``8b``; without an
    edition it is Instruct, but Ollama's ``qwen3-vl:8b`` is Thinking; ``30b`` and ``235b`` are the mixtures of that
    size. Raises ConfigError with the known sizes for any other name.
    """
    plain, _ = _split_format(name)
    plain = plain.rsplit("/", 1)[-1].removesuffix("-gguf")
    # Ollama lists one digest for qwen3-vl:8b and qwen3-vl:8b-thinking-q4_K_M.
    unsaid = "thinking" if plain.startswith("qwen3-vl:") else "instruct"
    plain = plain.removeprefix("qwen3-vl").lstrip("-:")
    for spec in MODELS:
        size, edition = spec.size.lower(), spec.edition.lower()
        short = size.split("-")[0]
        if plain in (f"{size}-{edition}", f"{short}-{edition}"):
            return spec
        if plain in (size, short) and edition == unsaid:
            return spec
    known = ", ".join(size for size, *_ in _FAMILY)
    raise ConfigError(
        f"{name!r} is not a Qwen3-VL model; name one as {DEFAULT_MODEL!r} or by its size ({known}), "
        "with -Instruct or -Thinking"
    )


def find_weights(name: str) -> Weights | None:
    """The format that a model's name speaks of: fp8 for ``...-FP8``, 4bit for ``...-q4_K_M``; None of none."""
    return _split_format(name)[1]


def _split_format(name: str) -> tuple[str, Weights | None]:
    plain = name.lower()
    for ending, weights in _FORMAT_ENDINGS.items():
        if plain.endswith(ending):
            return plain.removesuffix(ending), weights
    return plain, None


def spec_from_config(config: Mapping[str, Any], name: str) -> ModelSpec:
    """The model of any Qwen3-VL weights: ``config`` is their ``config.json``, or transformers' ``to_dict`` of it.

    ``name`` is a repo id or a folder; size and edition are what it says, else the parameters' count and Instruct.
    Raises ConfigError when the configuration is not of this architecture.
    """
    try:
        text, vision = _text_shape(config), _vision_shape(config["vision_config"])
        context = int(config["text_config"]["max_position_embeddings"])
    except KeyError as error:
        raise ConfigError(f"{name}: its config.json has no {error}; Qwen3-VL's has") from error
    odd = [key for key, value in _PATCHING.items() if config["vision_config"].get(key, value) != value]
    if odd:
        raise ConfigError(
            f"{name}: its vision_config.{odd[0]} is {config['vision_config'][odd[0]]}, Qwen3-VL's is "
            f"{_PATCHING[odd[0]]}; use a model of that family"
        )
    size = re.search(r"\d+(\.\d+)?B(-A\d+B)?(?![A-Za-z0-9])", name)
    edition: Literal["Instruct", "Thinking"] = "Thinking" if "thinking" in name.lower() else "Instruct"
    spec = ModelSpec(name, size[0] if size else "", edition, text, vision, context, is_released=False)
    same = [known for known in MODELS if known.repo_id == name and (known.text, known.vision) == (text, vision)]
    return same[0] if same else spec if size else replace(spec, size=f"{spec.parameters / 1e6:.1f}M")


def _text_shape(config: Mapping[str, Any]) -> TextShape:
    text = config["text_config"]
    experts = int(text.get("num_experts", text.get("num_local_experts", 1)))
    return TextShape(
        layers=int(text["num_hidden_layers"]),
        hidden=int(text["hidden_size"]),
        heads=int(text["num_attention_heads"]),
        kv_heads=int(text["num_key_value_heads"]),
        head_dim=int(text.get("head_dim") or text["hidden_size"] // text["num_attention_heads"]),
        intermediate=int(text["moe_intermediate_size" if experts > 1 else "intermediate_size"]),
        tied_embeddings=bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False))),
        experts=experts,
        active_experts=int(text["num_experts_per_tok"]) if experts > 1 else 1,
        vocabulary=int(text["vocab_size"]),
    )


def _vision_shape(vision: Mapping[str, Any]) -> VisionShape:
    return VisionShape(
        depth=int(vision["depth"]),
        hidden=int(vision["hidden_size"]),
        intermediate=int(vision["intermediate_size"]),
        heads=int(vision["num_heads"]),
        deepstack_layers=tuple(int(layer) for layer in vision["deepstack_visual_indexes"]),
        position_embeddings=int(vision["num_position_embeddings"]),
    )


def weight_bytes(model: ModelSpec, weights: Weights = "bf16") -> int:
    """Memory of the weights. Only the language model's layers are quantized, as in the released FP8 files."""
    layers = model.text.layer_parameters(model.text.experts)
    return int(layers * _LAYER_WEIGHT_BYTES[weights]) + (model.parameters - layers) * _BF16_BYTES


def kv_bytes(model: ModelSpec, tokens: int) -> int:
    """Memory of the keys and values of a prompt, in bf16: what bounds its length."""
    return tokens * model.kv_bytes_per_token


def memory_bytes(model: ModelSpec, tokens: int, weights: Weights = "bf16") -> int:
    """GPU memory for one prompt: weights, keys and values, input embeddings, an allowance for the runtime."""
    inputs = tokens * model.input_bytes_per_token
    return weight_bytes(model, weights) + kv_bytes(model, tokens) + inputs + RUNTIME_BYTES


def prefill_flops(model: ModelSpec, tokens: int, tokens_per_patch: int = 256) -> float:
    """Floating-point operations to read a prompt of ``tokens``, nearly all of them cells of the picture.

    Twice the active parameters a token, plus causal attention (queries by keys and weights by values:
    2 x tokens^2 x heads x head_dim a layer), plus the vision transformer over four patches a token, which
    attends within one temporal patch of ``tokens_per_patch`` tokens.
    """
    text, vision = model.text, model.vision
    dense = 2.0 * text.layer_parameters(text.active_experts) * tokens
    attention = 2.0 * tokens * tokens * text.heads * text.head_dim * text.layers
    patches = tokens * _PATCHES_PER_TOKEN
    block = 4 * vision.hidden * vision.hidden + 2 * vision.hidden * vision.intermediate
    attended = tokens_per_patch * _PATCHES_PER_TOKEN
    seeing = vision.depth * patches * (2.0 * block + 4.0 * attended * vision.hidden)
    return dense + attention + seeing
