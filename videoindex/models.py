"""The Qwen3-VL family as data, and what fits which GPU. Pure.

Shapes are those of the released ``config.json`` files (text_config and vision_config); everything else, the
parameter counts included, is derived from them and checked against the classes of transformers 5.23.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from videoindex.errors import ConfigError

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "ModelSpec",
    "TextShape",
    "VisionShape",
    "Weights",
    "find_model",
    "kv_bytes",
    "largest_context",
    "memory_bytes",
    "prefill_flops",
    "weight_bytes",
]

Weights = Literal["bf16", "fp8", "4bit"]

GIB = 1024**3
_BF16_BYTES = 2
# Bytes of one weight of the language model's layers; 4-bit formats keep a 16-bit scale for every 32 weights.
_LAYER_WEIGHT_BYTES: dict[Weights, float] = {"bf16": 2.0, "fp8": 1.0, "4bit": 0.5625}
# CUDA context, workspaces and the activations of one prefill chunk: an allowance, not a measurement.
_RUNTIME_BYTES = 2 * GIB
# The share of a GPU's memory that a server may plan with (vLLM's --gpu-memory-utilization default).
_USABLE_SHARE = 0.9
# The longest prompt the authors evaluate (needle test with YaRN, Qwen3-VL technical report).
_LONGEST_PROMPT_TOKENS = 1_048_576
_VOCABULARY = 151_936
_PATCHES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class VisionShape:
    """The vision transformer: pre-norm blocks with biases, a 2 x 2 merger, one more for each DeepStack level."""

    depth: int
    hidden: int
    intermediate: int
    heads: int
    deepstack_layers: tuple[int, ...]

    def parameters(self, out_hidden: int) -> int:
        """All parameters, for a language model of width ``out_hidden``."""
        wide, merged = self.hidden, 4 * self.hidden
        embed = 3 * 2 * 16 * 16 * wide + wide + 48 * 48 * wide
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

    @property
    def embedding_parameters(self) -> int:
        return _VOCABULARY * self.hidden * (1 if self.tied_embeddings else 2)

    def layer_parameters(self, experts: int) -> int:
        """Parameters of all layers when ``experts`` of each layer's experts are counted."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads) + 2 * self.head_dim
        router = self.hidden * self.experts if self.experts > 1 else 0
        mlp = 3 * self.hidden * self.intermediate * experts
        return self.layers * (attention + router + mlp + 2 * self.hidden) + self.hidden


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One released model. ``repo_id`` is its name at the hub and for vLLM and SGLang."""

    size: str
    edition: Literal["Instruct", "Thinking"]
    text: TextShape
    vision: VisionShape
    ollama_size: str
    context: int = 262_144

    @property
    def repo_id(self) -> str:
        return f"Qwen/Qwen3-VL-{self.size}-{self.edition}"

    @property
    def fp8_repo_id(self) -> str:
        return f"{self.repo_id}-FP8"

    @property
    def ollama_tag(self) -> str:
        return f"qwen3-vl:{self.ollama_size}-{self.edition.lower()}"

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


_SMALL_VISION = VisionShape(depth=24, hidden=1024, intermediate=4096, heads=16, deepstack_layers=(5, 11, 17))
_LARGE_VISION = VisionShape(depth=27, hidden=1152, intermediate=4304, heads=16, deepstack_layers=(8, 16, 24))

_FAMILY: tuple[tuple[str, str, TextShape, VisionShape], ...] = (
    ("2B", "2b", TextShape(28, 2048, 16, 8, 128, 6144, tied_embeddings=True), _SMALL_VISION),
    ("4B", "4b", TextShape(36, 2560, 32, 8, 128, 9728, tied_embeddings=True), _SMALL_VISION),
    ("8B", "8b", TextShape(36, 4096, 32, 8, 128, 12288, tied_embeddings=False), _LARGE_VISION),
    (
        "30B-A3B",
        "30b-a3b",
        TextShape(48, 2048, 32, 4, 128, 768, tied_embeddings=False, experts=128, active_experts=8),
        _LARGE_VISION,
    ),
    ("32B", "32b", TextShape(64, 5120, 64, 8, 128, 25600, tied_embeddings=False), _LARGE_VISION),
    (
        "235B-A22B",
        "235b-a22b",
        TextShape(94, 4096, 64, 4, 128, 1536, tied_embeddings=False, experts=128, active_experts=8),
        _LARGE_VISION,
    ),
)

MODELS: tuple[ModelSpec, ...] = tuple(
    ModelSpec(size, edition, text, vision, ollama_size)
    for size, ollama_size, text, vision in _FAMILY
    for edition in ("Instruct", "Thinking")
)

DEFAULT_MODEL = "Qwen/Qwen3-VL-8B-Instruct"


def find_model(name: str) -> ModelSpec:
    """The model of a repo id, an Ollama tag or a size, upper or lower case.

    ``Qwen/Qwen3-VL-8B-Instruct``, ``Qwen3-VL-8B-Thinking-FP8``, ``qwen3-vl:8b-instruct`` or ``8b``; without an
    edition it is Instruct. Raises ConfigError with the known sizes for any other name.
    """
    plain = name.lower().rsplit("/", 1)[-1].removeprefix("qwen3-vl").lstrip("-:").removesuffix("-fp8")
    for spec in MODELS:
        size = spec.size.lower()
        if plain == f"{size}-{spec.edition.lower()}" or (plain == size and spec.edition == "Instruct"):
            return spec
    known = ", ".join(size for size, *_ in _FAMILY)
    raise ConfigError(
        f"{name!r} is not a Qwen3-VL model; name one as {DEFAULT_MODEL!r} or by its size ({known}), "
        "with -Instruct or -Thinking"
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
    return weight_bytes(model, weights) + tokens * _bytes_per_token(model) + _RUNTIME_BYTES


def largest_context(model: ModelSpec, gpu_bytes: int, weights: Weights = "bf16") -> int:
    """Tokens of the longest prompt that fits a GPU of ``gpu_bytes``; 0 when not even the weights do.

    Plans with nine tenths of the memory and never with more than 1,048,576 tokens. Past ``model.context``
    *positions* a prompt needs YaRN; video tokens share positions, so that comes much later than this many tokens.
    """
    free = int(gpu_bytes * _USABLE_SHARE) - weight_bytes(model, weights) - _RUNTIME_BYTES
    return min(max(0, free // _bytes_per_token(model)), _LONGEST_PROMPT_TOKENS)


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


def _bytes_per_token(model: ModelSpec) -> int:
    """Keys and values, the input embedding, and one more embedding for each DeepStack level."""
    embeddings = (1 + len(model.vision.deepstack_layers)) * model.text.hidden * _BF16_BYTES
    return model.kv_bytes_per_token + embeddings
