"""Which model fits which GPUs, and how long a segment then may be. Pure: calculated, not measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from videoindex.gpus import Gpu
from videoindex.models import (
    FORMATS,
    GIB,
    MODELS,
    RUNTIME_BYTES,
    ModelSpec,
    Weights,
    weight_bytes,
)
from videoindex.sampling.mrope import FrameSize, patch_tokens
from videoindex.sampling.pack import VIDEO_FRAME_TOKENS
from videoindex.sampling.settings import SamplingSettings

__all__ = [
    "GPU_COUNTS",
    "LONGEST_SEGMENT_TOKENS",
    "SHORTEST_SEGMENT_TOKENS",
    "Fit",
    "Verdict",
    "bytes_on_each",
    "fit",
    "fit_family",
    "gpus_needed",
    "judge",
    "largest_segment",
    "segment_seconds",
    "served_on",
    "usable_gpus",
]

# How many GPUs of one machine share a model.
GPU_COUNTS = (1, 2, 4, 8)
# The longest prompt the authors evaluate (needle test with YaRN, Qwen3-VL technical report).
LONGEST_SEGMENT_TOKENS = 1_048_576
# What is worth the name: about three quarters of a minute at one look a second.
SHORTEST_SEGMENT_TOKENS = 16_384
# The share of a GPU's memory that is planned with; vLLM's --gpu-memory-utilization is 0.9 by default in 0.11.0,
# 0.92 in 0.33.0.
_USABLE_SHARE = 0.9
# What is planned for where no GPU is known: one of the H100 class.
_ASSUMED_GPU_BYTES = 80 * GIB
_VISION_BYTES = 2
# Released FP8 weights have one scale for each block of 128 x 128; a GPU takes whole blocks.
_FP8_BLOCK = 128
# The picture by which tokens are told as time: 16 : 9 at the default cap, 240 cells.
_USUAL_SIZE = FrameSize(640, 384)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits GPUs of ``gpu_bytes`` each.

    It takes ``gpus`` of them, 0 where not even eight are enough. ``segment_tokens`` is the longest prompt that
    then fits, with instructions and answer; ``segment_s`` the video in it, at one look a second of 240 cells.
    """

    model: ModelSpec
    weights: Weights
    gpu_bytes: int
    gpus: int
    segment_tokens: int
    segment_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one prompt fits the GPUs of a machine.

    ``segment_tokens`` is the longest that fits them; the prompt takes ``needs`` such GPUs, 0 where eight are not
    enough. Where the machine's GPUs are not known, ``gpus`` is empty and ``needs`` counts GPUs of 80 GiB.
    """

    gpus: tuple[Gpu, ...]
    gpu_bytes: int
    segment_tokens: int
    needs: int

    @property
    def is_enough(self) -> bool:
        return 0 < self.needs <= len(self.gpus)


def judge(model: ModelSpec, weights: Weights, tokens: int, gpus: Sequence[Gpu]) -> Verdict:
    """Whether a prompt of ``tokens`` fits ``gpus``, each counted as the smallest of them."""
    known = tuple(gpu for gpu in gpus if gpu.memory_bytes)
    gpu_bytes = min((gpu.memory_bytes for gpu in known), default=_ASSUMED_GPU_BYTES)
    needs = gpus_needed(model, weights, gpu_bytes, tokens)
    counts = [count for count in usable_gpus(model, weights) if count <= len(known)]
    largest = largest_segment(model, gpu_bytes, weights, max(counts)) if counts else 0
    return Verdict(known, gpu_bytes, largest, needs)


def served_on(model: ModelSpec, weights: Weights, verdict: Verdict, context: int) -> tuple[int, int]:
    """On how many GPUs a server is started, and for prompts of how many tokens: of ``context`` where that fits.

    Where the GPUs that are here hold the prompt that ``verdict`` judges and no ``context``, it is all that they
    hold: a server that is asked for more than it has memory for does not start.
    """
    counts = usable_gpus(model, weights)
    most = max(count for count in counts if count <= len(verdict.gpus)) if verdict.is_enough else max(counts)
    count = gpus_needed(model, weights, verdict.gpu_bytes, context)
    if 0 < count <= most or not verdict.needs:
        return count or most, context
    return most, largest_segment(model, verdict.gpu_bytes, weights, most)


def fit(model: ModelSpec, weights: Weights, gpu_bytes: int, gpus: int = 1) -> Fit:
    """How ``model`` fits ``gpus`` GPUs, and where it does not, on how many more of them it would."""
    here = max(count for count in usable_gpus(model, weights) if count <= gpus)
    needed = gpus_needed(model, weights, gpu_bytes, SHORTEST_SEGMENT_TOKENS)
    count = max(here, needed) if needed else 0
    tokens = largest_segment(model, gpu_bytes, weights, count) if count else 0
    return Fit(model, weights, gpu_bytes, count, tokens, segment_seconds(tokens))


def gpus_needed(model: ModelSpec, weights: Weights, gpu_bytes: int, tokens: int) -> int:
    """The fewest GPUs of ``gpu_bytes`` on which a prompt of ``tokens`` fits; 0 where eight are not enough."""
    counts = usable_gpus(model, weights)
    return next((n for n in counts if largest_segment(model, gpu_bytes, weights, n) >= tokens), 0)


def fit_family(gpu_bytes: int, gpus: int = 1) -> list[Fit]:
    """Every size in every format, smallest first; both editions of a size are alike."""
    sizes = [model for model in MODELS if model.edition == "Instruct"]
    return [fit(model, weights, gpu_bytes, gpus) for model in sizes for weights in FORMATS]


def usable_gpus(model: ModelSpec, weights: Weights) -> tuple[int, ...]:
    """On how many GPUs the model can be split evenly: by heads, by whole experts, by whole blocks of FP8."""
    text = model.text

    def is_even(gpus: int) -> bool:
        if text.heads % gpus:
            return False
        if text.experts > 1:
            return text.experts % gpus == 0
        return text.intermediate % (gpus * (_FP8_BLOCK if weights == "fp8" else 1)) == 0

    return tuple(gpus for gpus in GPU_COUNTS if gpus == 1 or is_even(gpus))


def bytes_on_each(model: ModelSpec, tokens: int, weights: Weights, gpus: int = 1) -> int:
    """Memory that one prompt takes on each of ``gpus`` GPUs.

    The language model is split; the vision transformer, the inputs and the runtime stand on every GPU. Keys and
    values are split by their heads, so four heads on eight GPUs are kept twice.
    """
    vision = model.vision.parameters(model.text.hidden) * _VISION_BYTES
    language = -(-(weight_bytes(model, weights) - vision) // gpus)
    kept = -(-model.kv_bytes_per_token // min(gpus, model.text.kv_heads))
    return vision + language + tokens * (kept + model.input_bytes_per_token) + RUNTIME_BYTES


def largest_segment(model: ModelSpec, gpu_bytes: int, weights: Weights, gpus: int = 1) -> int:
    """Tokens of the longest prompt that fits ``gpus`` GPUs of ``gpu_bytes`` each; 0 when not even the weights do.

    Plans with nine tenths of the memory and never with more than 1,048,576 tokens. Past ``model.context``
    *positions* a prompt needs YaRN; video tokens share positions, so that comes much later than this many tokens.
    """
    empty = bytes_on_each(model, 0, weights, gpus)
    per_token = bytes_on_each(model, 1, weights, gpus) - empty
    free = int(gpu_bytes * _USABLE_SHARE) - empty
    return min(max(0, free // per_token), LONGEST_SEGMENT_TOKENS)


def segment_seconds(tokens: int, size: FrameSize = _USUAL_SIZE) -> float:
    """Seconds of video in a prompt of so many tokens, at one look a second of ``size``, from the beginning on."""
    left = tokens - VIDEO_FRAME_TOKENS - SamplingSettings().reserved_tokens
    looks = 0
    while (left := left - patch_tokens(looks + 0.5, size)) >= 0:
        looks += 1
    return float(looks)
