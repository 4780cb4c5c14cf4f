"""Writes the page of the models, docs/models.md, from the code that calculates with them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from videoindex.fits import LONGEST_SEGMENT_TOKENS, fit, gpus_needed
from videoindex.listing_models import fit_text
from videoindex.models import FORMATS, GIB, MODELS, ModelSpec, Weights, memory_bytes
from videoindex.serving import (
    MINIMUM_VERSIONS,
    REQUEST_TIMES_VERSION,
    TRUST_FLAG_VERSION,
    gguf_files,
    servings,
    upgrade,
    version_text,
)

_CONTEXTS = (32_768, 65_536, 262_144)
_GPUS_GIB = (16, 24, 48, 80, 96, 141)
_SERVED_TOKENS = 32_768
_SERVED_GIB = 80
_SIZES = [model for model in MODELS if model.edition == "Instruct"]


def models() -> str:
    """The family, its memory, the GPUs it fits and the commands that serve it, as Markdown."""
    parts = [_head(), _family(), _memory(), _fits(), _versions(), _commands(), _files()]
    return "\n".join(line for part in parts for line in part)


def _head() -> Iterable[str]:
    yield "# Qwen3-VL models"
    yield ""
    yield from _paragraph(
        "Written by `python docs/reference.py`. Shapes are those of the released configurations and are checked "
        "against the model classes; memory and segments are calculated from them, not measured. `videoindex "
        "plan` calculates for one recording, `videoindex doctor` for this machine's GPU or, with `--gpu-gib N`, "
        "for another."
    )


def _family() -> Iterable[str]:
    yield "## The family"
    yield ""
    yield from _paragraph(
        "Each size comes as Instruct and as Thinking. Names of the Thinking edition have `Thinking` or "
        "`thinking` in the place of `Instruct` or `instruct`; FP8 weights have `-FP8` behind the name at the "
        "hub, files for llama.cpp `-GGUF`. vLLM and SGLang use the hub's name."
    )
    head = ["size", "parameters", "active", "layers", "KV heads", "KV a token", "context", "hub", "Ollama"]
    yield from _table(head, [_family_row(model) for model in _SIZES])


def _family_row(model: ModelSpec) -> list[str]:
    return [
        model.size,
        f"{model.parameters / 1e9:.2f} B",
        f"{model.active_parameters / 1e9:.2f} B",
        str(model.text.layers),
        str(model.text.kv_heads),
        f"{model.kv_bytes_per_token // 1024} KiB",
        f"{model.context:,}",
        f"`{model.repo_id}`",
        f"`{model.ollama_tag}`",
    ]


def _memory() -> Iterable[str]:
    yield "## Memory"
    yield ""
    yield from _paragraph(
        "GiB for one prompt on one GPU: weights, keys and values in bf16, input embeddings, 2 GiB for the "
        "runtime. FP8 and 4-bit weights leave the embeddings and the vision transformer in bf16; 4-bit is "
        "counted as Q4_K_M."
    )
    columns = [(tokens, weights) for tokens in _CONTEXTS for weights in FORMATS]
    head = ["size", *(f"{tokens // 1024}K {weights}" for tokens, weights in columns)]
    rows = [[model.size, *(_gib(model, *column) for column in columns)] for model in _SIZES]
    yield from _table(head, rows)


def _gib(model: ModelSpec, tokens: int, weights: Weights) -> str:
    return f"{memory_bytes(model, tokens, weights) / GIB:.1f}"


def _fits() -> Iterable[str]:
    yield "## Can your GPU run it"
    yield ""
    yield from _paragraph(
        "The largest segment on one GPU, in tokens (instructions and answer included) and in minutes of video "
        "at one look a second of 240 cells, planned with nine tenths of the memory; or how many such GPUs it "
        f"takes. Servers take prompts of at most {MODELS[0].context:,} tokens; longer ones are for the local "
        f"backend, up to the {LONGEST_SEGMENT_TOKENS:,} tokens that the models' authors evaluate."
    )
    head = ["size", "weights", *(f"{gib} GiB" for gib in _GPUS_GIB)]
    rows = [
        [model.size, weights, *(fit_text(fit(model, weights, gib * GIB)) for gib in _GPUS_GIB)]
        for model in _SIZES
        for weights in FORMATS
    ]
    yield from _table(head, rows)


def _versions() -> Iterable[str]:
    yield "## Servers"
    yield ""
    yield from _paragraph(
        "`videoindex doctor` checks the version of the server that `[vlm]` names, where it can be reached."
    )
    least = {server: version_text(version) for server, version in MINIMUM_VERSIONS.items()}
    rows = [
        ["vLLM", f"{least['vllm']} or later", f"`{upgrade('vllm')}`"],
        ["SGLang", "any that lists Qwen3-VL", f"`{upgrade('sglang')}`"],
        ["llama.cpp", f"build {least['llamacpp']} or later", f"`{upgrade('llamacpp')}`"],
        ["Ollama", f"{least['ollama']} or later", f"`{upgrade('ollama')}`"],
    ]
    yield from _table(["server", "version", "upgrade"], rows)
    yield from _paragraph(
        f"vLLM before {version_text(REQUEST_TIMES_VERSION)} ignores the times that a request gives for its "
        f"video. From {version_text(TRUST_FLAG_VERSION)} on it takes them only when started with "
        "`--trust-request-mm-kwargs`, which lets every client set how its pictures are processed: keep such a "
        "server to yourself, on the loopback address as below, and never start it with `--trust-remote-code`, "
        "with which such a setting can run code (GHSA-h3rc-6mm3-gc2m). Leave the flag out before that version, "
        "which does not know it."
    )
    yield from _paragraph(
        "Ollama's tags without an edition, such as `qwen3-vl:8b`, are the Thinking edition, whose thoughts count "
        "as part of the answer's length."
    )


def _commands() -> Iterable[str]:
    yield "## Commands"
    yield ""
    yield from _paragraph(
        f"For prompts of {_SERVED_TOKENS:,} tokens on GPUs of {_SERVED_GIB} GiB, as few as it takes. `videoindex "
        "plan` prints the commands for your GPUs, for other formats and for Thinking, whose thoughts vLLM and "
        "SGLang split off with `--reasoning-parser`. The flags were read in the sources of vLLM 0.11.0 and "
        "0.33.0 and of SGLang 0.5.23, and in the documentation of llama.cpp and Ollama; none was tried on a GPU."
    )
    yield from _block("vLLM, FP8:", _lines("vllm", "fp8"))
    yield from _block(
        "vLLM, mixtures of experts on several GPUs: tensors are split, experts are shared out whole, since the "
        "FP8 "
        "weights of an expert cannot be split further, and every GPU has the small vision transformer:",
        (line for model in _SIZES if model.text.experts > 1 for line in _mixture_lines(model)),
    )
    yield from _block("SGLang, FP8:", _lines("sglang", "fp8"))
    yield from _block(
        "llama.cpp, 4-bit; `-hf` fetches the weights and their projector:", _lines("llamacpp", "4bit")
    )
    yield from _block(
        "Ollama, 4-bit; its context is set where it is started, its models are pulled:", _lines("ollama", "4bit")
    )


def _lines(server: str, weights: Weights) -> Iterable[str]:
    for model in _SIZES:
        gpus = gpus_needed(model, weights, _SERVED_GIB * GIB, _SERVED_TOKENS)
        yield from _way(model, server, weights, gpus)


def _mixture_lines(model: ModelSpec) -> Iterable[str]:
    for weights in ("bf16", "fp8"):
        gpus = gpus_needed(model, weights, _SERVED_GIB * GIB, _SERVED_TOKENS)
        yield from _way(model, "vllm", weights, max(2, gpus))


def _way(model: ModelSpec, server: str, weights: Weights, gpus: int) -> Iterable[str]:
    return next(way.lines for way in servings(model, weights, _SERVED_TOKENS, gpus) if way.server == server)


def _files() -> Iterable[str]:
    yield from _paragraph(
        "Where `llama-server` reaches no hub, fetch both files elsewhere and name them, with the other flags as "
        "above. The names are as public code writes them."
    )
    rows = [[model.size, *(f"`{file}`" for file in gguf_files(model))] for model in _SIZES]
    yield from _table(["size", "`-m`", "`--mmproj`"], rows)


def _paragraph(text: str) -> Iterable[str]:
    yield textwrap.fill(text, 115, break_long_words=False, break_on_hyphens=False)
    yield ""


def _block(title: str, lines: Iterable[str]) -> Iterable[str]:
    yield from _paragraph(title)
    yield "```sh"
    yield from dict.fromkeys(lines)
    yield "```"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    yield ""
