"""How fast a segment is read and windows of it are answered: ``python benchmarks/gpu_describe.py``.

Random weights at a model's true shapes (nothing is downloaded; speed and memory do not depend on their values), on
a GPU where there is one:

    python benchmarks/gpu_describe.py --model 8B --tokens 262144

and without one at toy size, or with the small model of the tests (``--model tests/models/needle_vlm``), on the
CPU, where it also holds one reading of a segment against one for each window. Measured are the rate of a large
matrix product, reading ``--tokens`` of video (tokens and operations a second, share of that rate), peak memory
against what videoindex predicts, and ``--windows`` answers one by one and side by side. It needs torch,
transformers and this checkout.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videoindex.models import ModelSpec, find_model, prefill_flops
from videoindex.perception.qwen_prompt import INSTRUCTIONS, question
from videoindex.perception.vlm.base import Looks, Showing
from videoindex.perception.vlm.decode import Choice, first_logits, generate
from videoindex.perception.vlm.kept import IMPLEMENTATION, register
from videoindex.perception.vlm.loading import Loaded, load, prepared
from videoindex.perception.vlm.memory import Load, predict
from videoindex.perception.vlm.prefill import Read, prefix_tokens, read, slice_looks
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize, patch_tokens
from videoindex.types import Span

TOKENIZER = Path(__file__).resolve().parent.parent / "tests" / "models" / "needle_vlm"
SIZE = FrameSize(640, 384)
SMALL_SIZE = FrameSize(96, 64)  # of the pictures that the small model was trained on
GIB = 2**30
LIKELIEST = Choice()


@dataclass(frozen=True)
class Toy:
    """Shapes for a CPU: the family's architecture with everything else small."""

    layers: int = 4
    hidden: int = 256


def random_model(shape: ModelSpec | Toy, settings: VlmSettings, device: str, dtype: torch.dtype) -> Loaded:
    """A Qwen3-VL of these shapes with random weights, made where it runs."""
    from transformers import AutoTokenizer, Qwen3VLConfig, Qwen3VLForConditionalGeneration

    register()
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    config = Qwen3VLConfig(**configuration(shape, tokenizer))
    config._attn_implementation = {"text_config": IMPLEMENTATION, "vision_config": "sdpa"}
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    with torch.device(device):
        model = Qwen3VLForConditionalGeneration(config)
    torch.set_default_dtype(before)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.02)
    model.eval().requires_grad_(False)
    return prepared(settings, model, tokenizer)


def configuration(shape: ModelSpec | Toy, tokenizer: Any) -> dict[str, Any]:
    """The arguments of Qwen3VLConfig for a released dense model or the toy."""
    rope = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    ids = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{token}|>")
        for name, token in (
            ("image", "image_pad"),
            ("video", "video_pad"),
            ("vision_start", "vision_start"),
            ("vision_end", "vision_end"),
        )
    }
    if isinstance(shape, Toy):
        text = {
            "hidden_size": shape.hidden,
            "intermediate_size": 3 * shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": 8,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "vocab_size": len(tokenizer),
        }
        vision = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4}
        vision |= {"deepstack_visual_indexes": [0, 1], "num_position_embeddings": 2304}
        rope["mrope_section"] = [6, 5, 5]
    else:
        t, v = shape.text, shape.vision
        assert t.experts == 1, "this benchmark measures the dense models"
        text = {
            "hidden_size": t.hidden,
            "intermediate_size": t.intermediate,
            "num_hidden_layers": t.layers,
            "num_attention_heads": t.heads,
            "num_key_value_heads": t.kv_heads,
            "head_dim": t.head_dim,
            "vocab_size": t.vocabulary,
        }
        vision = {"depth": v.depth, "hidden_size": v.hidden, "intermediate_size": v.intermediate}
        vision |= {"num_heads": v.heads, "deepstack_visual_indexes": list(v.deepstack_layers)}
    vision["out_hidden_size"] = text["hidden_size"]
    text |= {"rope_parameters": rope, "max_position_embeddings": 262_144}
    return {"text_config": text, "vision_config": vision, "tie_word_embeddings": True, **ids}


def a_showing(tokens: int, size: FrameSize) -> Showing:
    """A segment of about ``tokens``, one look a second from second 0.5 on; the same noise in every batch."""
    looks = max(1, tokens // patch_tokens(1_000.5, size))
    at_s_T = np.array([k + offset for k in range(looks) for offset in (0.45, 0.55)])
    rgb_THWC = np.random.default_rng(0).integers(0, 256, (8, size.height_px, size.width_px, 3), dtype=np.uint8)

    def batches() -> Iterator[Looks]:
        for start in range(0, 2 * looks, 8):
            times = at_s_T[start : start + 8]
            yield Looks(rgb_THWC[: len(times)], times)

    marks_s = tuple(k + 0.5 for k in range(looks))
    return Showing("noise", Span(0.0, float(looks)), INSTRUCTIONS, batches(), marks_s, size)


def seconds(work: Callable[[], Any], device: str) -> tuple[Any, float]:
    """The result of ``work`` and how long it took, the GPU's part included."""
    _wait(device)
    began = time.perf_counter()
    result = work()
    _wait(device)
    return result, time.perf_counter() - began


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def matmul_flops(device: str, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product: what this machine can do at best. The best of ten."""
    side = 8_192 if device == "cuda" else 1_024
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in "ab")
    times = [seconds(lambda: a @ b, device)[1] for _ in range(13)][3:]
    return float(2 * side**3 / min(times))


def measure(loaded: Loaded, size: FrameSize, arguments: argparse.Namespace, device: str) -> None:
    """Prints a row for each figure."""
    spec, local = loaded.spec, LocalSettings(chunk_tokens=arguments.chunk_tokens)
    row("attention", loaded.kernel_name)
    best = matmul_flops(device, loaded.dtype)
    row("matrix product", f"{best / 1e12:.2f} TFLOP/s")
    seconds(
        lambda: read(loaded, a_showing(2 * arguments.chunk_tokens, size), local.chunk_tokens), device
    )  # warm-up
    showing = a_showing(arguments.tokens, size)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    kept, took_s = seconds(lambda: read(loaded, showing, local.chunk_tokens), device)
    tokens = kept.prefix.length
    flops = prefill_flops(spec, tokens, size.cells)
    row("reading", f"{tokens:,} tokens in {took_s:.2f} s: {tokens / took_s:,.0f} tokens/s")
    row("", f"{flops / took_s / 1e12:.2f} TFLOP/s, {flops / took_s / best:.0%} of the matrix product")
    show_memory(loaded, kept, showing, arguments, device)
    answers(loaded, kept, arguments, device)
    if arguments.fresh:
        fresh(loaded, kept, size, arguments, device)


def show_memory(loaded: Loaded, kept: Read, showing: Showing, arguments: argparse.Namespace, device: str) -> None:
    """Peak memory of the reading, beside the weights, against the prediction."""
    cells = slice_looks(showing, arguments.chunk_tokens) * showing.size.cells
    run_as = Load(
        arguments.chunk_tokens, cells, arguments.windows, 128, arguments.answer_tokens,
        loaded.dtype.itemsize, loaded.spec.text.vocabulary,
    )  # fmt: skip
    memory = predict(loaded.spec, prefix_tokens(kept.frame, showing), run_as)
    said = (memory.kept + max(memory.seeing, memory.reading)) / GIB
    if device != "cuda":
        row("memory", f"{said:.3f} GiB predicted beside the weights; measured on a GPU only")
        return
    peak = (torch.cuda.max_memory_allocated() - loaded.weights_bytes) / GIB
    row("memory", f"{peak:.2f} GiB at the peak beside the weights, {said:.2f} predicted ({said / peak - 1:+.0%})")


def answers(loaded: Loaded, kept: Read, arguments: argparse.Namespace, device: str) -> None:
    """Answers of one length, one by one and side by side."""
    loaded.ends = frozenset()  # every answer is as long as the others
    asked = questions(kept, arguments.windows)
    length = arguments.answer_tokens
    generate(loaded, kept, asked, 4, LIKELIEST)
    singly, one_s = seconds(lambda: [generate(loaded, kept, [one], length, LIKELIEST)[0] for one in asked], device)
    together, all_s = seconds(lambda: generate(loaded, kept, asked, length, LIKELIEST), device)
    total = length * len(asked)
    row("answers, one by one", f"{total / one_s:.1f} tokens/s")
    row(f"answers, {len(asked)} side by side", f"{total / all_s:.1f} tokens/s, {one_s / all_s:.2f} times as many")
    row("", f"{sum(a == b for a, b in zip(singly, together, strict=True))} of {len(asked)} answers are the same")


def fresh(loaded: Loaded, kept: Read, size: FrameSize, arguments: argparse.Namespace, device: str) -> None:
    """One reading for all windows against one reading for each, and how far their logits are apart."""
    asked = questions(kept, arguments.fresh)
    length = arguments.answer_tokens

    def once() -> None:
        own = read(loaded, a_showing(arguments.tokens, size), arguments.chunk_tokens)
        generate(loaded, own, asked, length, LIKELIEST)

    def each() -> None:
        for one in asked:
            own = read(loaded, a_showing(arguments.tokens, size), arguments.chunk_tokens)
            generate(loaded, own, [one], length, LIKELIEST)

    once_s, each_s = seconds(once, device)[1], seconds(each, device)[1]
    row(
        f"{len(asked)} windows",
        f"one reading {once_s:.2f} s, a reading each {each_s:.2f} s: {each_s / once_s:.1f} x",
    )
    side_by_side = first_logits(loaded, kept, asked)
    off = 0.0
    for one, ours in zip(asked[:4], side_by_side, strict=False):
        own = read(loaded, a_showing(arguments.tokens, size), arguments.chunk_tokens)
        off = max(off, float((first_logits(loaded, own, [one])[0] - ours).abs().max()))
    row("", f"largest difference of a logit {off:.1e}")


def questions(kept: Read, count: int) -> list[str]:
    whole = Span(0.0, max(1.0, kept.marks_s[-1] + 0.5))
    step = whole.duration_s / count
    return [question(Span(k * step, (k + 1) * step), whole, whole) for k in range(count)]


def row(name: str, value: str) -> None:
    print(f"| {name} | {value} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cuda = torch.cuda.is_available()
    parser.add_argument("--model", default="8B" if cuda else "toy", help="2B, 4B, 8B, 32B, toy, or a folder")
    parser.add_argument("--tokens", type=int, default=262_144 if cuda else 12_000, help="of the segment")
    parser.add_argument("--chunk-tokens", type=int, default=8_192 if cuda else 2_048)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--answer-tokens", type=int, default=128 if cuda else 16)
    parser.add_argument("--attention", default="auto", help="see vlm.local.attention")
    parser.add_argument("--fresh", type=int, default=0 if cuda else 16, metavar="N",
                        help="also: N windows over one reading against N readings")  # fmt: skip
    arguments = parser.parse_args()
    device, dtype = ("cuda", torch.bfloat16) if cuda else ("cpu", torch.float32)
    settings = VlmSettings(model=arguments.model, local=LocalSettings(attention=arguments.attention))
    machine = torch.cuda.get_device_name() if cuda else f"{torch.get_num_threads()} threads of a CPU"
    is_folder = Path(arguments.model).is_dir()
    print(f"{arguments.model}, {'its' if is_folder else 'random'} weights, {machine}, torch {torch.__version__}\n")
    print("| what | figure |\n|---|---|")
    with torch.inference_mode():
        if is_folder:
            measure(load(settings), SMALL_SIZE, arguments, device)
        else:
            shape = Toy() if arguments.model == "toy" else find_model(arguments.model)
            measure(random_model(shape, settings, device, dtype), SIZE, arguments, device)


if __name__ == "__main__":
    main()
