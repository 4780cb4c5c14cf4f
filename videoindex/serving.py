"""The exact commands that fetch a model and serve it: vLLM, SGLang, llama.cpp, Ollama. Pure; nothing is run.

Flags were read in the sources of vLLM 0.11.0 and 0.33.0 and of SGLang 0.5.23, and in the documentation of
llama.cpp and Ollama; none was tried on a GPU. vLLM serves Qwen3-VL since 0.11.0, takes the times of a video with
each request since 0.20.0 (vllm-project/vllm#40133), and since 0.31.0 only where it was started with
``--trust-request-mm-kwargs``, a flag that older ones do not know. Ollama knows Qwen3-VL since 0.12.7, llama.cpp
since build 6887 (ggml-org/llama.cpp#16780). FP8 mixtures need expert parallelism: split by tensors, an expert is
no whole number of scaled blocks any more (vllm-project/vllm#25292).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from videoindex.errors import ConfigError
from videoindex.models import ModelSpec, Weights

__all__ = [
    "MINIMUM_VERSIONS",
    "REQUEST_TIMES_VERSION",
    "TRUST_FLAG_VERSION",
    "Serving",
    "download",
    "gguf_files",
    "is_at_least",
    "servings",
    "upgrade",
    "version_text",
]

# The first version of each server that serves Qwen3-VL; llama.cpp counts builds.
MINIMUM_VERSIONS: dict[str, tuple[int, ...]] = {"vllm": (0, 11, 0), "ollama": (0, 12, 7), "llamacpp": (6887,)}
# vLLM before it ignores what a request says of its video's times.
REQUEST_TIMES_VERSION = (0, 20, 0)
# vLLM from here on refuses it without the flag.
TRUST_FLAG_VERSION = (0, 31, 0)

_UPGRADES = {
    "vllm": "pip install -U vllm",
    "sglang": "pip install -U sglang",
    "llamacpp": "brew upgrade llama.cpp",
    "ollama": "curl -fsSL https://ollama.com/install.sh | sh",
}
_GGUF_QUANTS: dict[Weights, str] = {"4bit": "Q4_K_M", "bf16": "F16"}
_OLLAMA_ENDINGS: dict[Weights, str] = {"4bit": "-q4_K_M", "bf16": "-bf16"}
# More layers than any of the family has: all of them go to the GPU.
_ALL_LAYERS = "99"
# The authors' 235B is too large for one file: of three parts the first is named. Its one projector that was seen.
_PARTS = {"235B-A22B": "-split-00001-of-00003"}
_PROJECTORS = {"235B-A22B": "Q8_0"}


@dataclass(frozen=True, slots=True)
class Serving:
    """How one server serves one model. ``pull`` and ``serve`` are words of a shell (nothing to pull: empty).

    ``server``, ``model`` and ``url`` are what ``[vlm]`` and ``[vlm.server]`` of the settings then say; ``weights``
    is the server's own word for the format.
    """

    server: str
    weights: str
    pull: tuple[str, ...]
    serve: tuple[str, ...]
    model: str
    url: str

    @property
    def pull_line(self) -> str:
        return shlex.join(self.pull)

    @property
    def serve_line(self) -> str:
        return shlex.join(self.serve)

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands in their order. Only Ollama is told to fetch, once it runs; the others do when started."""
        return (self.serve_line, self.pull_line) if self.server == "ollama" else (self.serve_line,)


def servings(model: ModelSpec, weights: Weights, context: int, gpus: int = 1) -> list[Serving]:
    """Every way to serve ``model`` for prompts of up to ``context`` tokens, answers included, on ``gpus`` GPUs.

    vLLM and SGLang take bf16 and FP8, llama.cpp and Ollama bf16 and 4 bits; other weights than the released ones
    are served as they are, by vLLM and SGLang. Raises ConfigError when ``context`` is more than ``model.context``,
    which is the most that servers take.
    """
    if context > model.context:
        raise ConfigError(
            f"servers take prompts of at most {model.context:,} tokens, not {context:,}: set "
            f"sampling.token_budget to {model.context} or less, or vlm.backend to local"
        )
    makers: list[Callable[[ModelSpec, Weights, int, int], Serving]] = []
    if weights == "bf16" or (weights == "fp8" and model.is_released):
        makers += [_vllm, _sglang]
    if weights in _GGUF_QUANTS and model.is_released:
        makers += [_llamacpp, _ollama]
    return [make(model, weights, context, gpus) for make in makers]


def download(repo_id: str) -> str:
    """The command that fetches a model from the hub, for the local backend."""
    return shlex.join(["hf", "download", repo_id])


def gguf_files(model: ModelSpec) -> tuple[str, str]:
    """File names of the 4-bit weights and of their projector in ``model.gguf_repo_id``, as public code names them.

    For ``llama-server -m FILE --mmproj FILE``, on a machine that reaches no hub.
    """
    name = f"Qwen3VL-{model.size}-{model.edition}"
    return (
        f"{name}-Q4_K_M{_PARTS.get(model.size, '')}.gguf",
        f"mmproj-{name}-{_PROJECTORS.get(model.size, 'F16')}.gguf",
    )


def upgrade(server: str) -> str:
    """The command that brings a server up to date; empty for one that is not known here."""
    return _UPGRADES.get(server, "")


def is_at_least(version: str, minimum: tuple[int, ...]) -> bool:
    """Whether a version such as ``0.12.7``, ``v0.31.0rc1`` or ``b6887-4b2dae3`` is ``minimum`` or later."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[: len(minimum)])
    return numbers + (0,) * (len(minimum) - len(numbers)) >= minimum


def version_text(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)


def _vllm(model: ModelSpec, weights: Weights, context: int, gpus: int) -> Serving:
    repo_id = model.fp8_repo_id if weights == "fp8" else model.repo_id
    words = ["vllm", "serve", repo_id]
    if gpus > 1:
        words += ["--tensor-parallel-size", str(gpus), "--mm-encoder-tp-mode", "data"]
        words += ["--enable-expert-parallel"] if model.text.experts > 1 else []
    # A segment is one video, which must fit the encoder cache: as many tokens as are batched.
    words += ["--max-model-len", str(context), "--max-num-batched-tokens", str(context)]
    words += ["--limit-mm-per-prompt", json.dumps({"video": 1})]
    # Every frame that is sent is looked at: by default 32 of them would be.
    words += ["--media-io-kwargs", json.dumps({"video": {"num_frames": -1}}), "--trust-request-mm-kwargs"]
    words += ["--reasoning-parser", "deepseek_r1"] if model.edition == "Thinking" else []
    words += ["--host", "127.0.0.1", "--port", "8000"]
    return Serving("vllm", weights, _hub(repo_id), tuple(words), repo_id, "http://127.0.0.1:8000/v1")


def _sglang(model: ModelSpec, weights: Weights, context: int, gpus: int) -> Serving:
    repo_id = model.fp8_repo_id if weights == "fp8" else model.repo_id
    words = ["python3", "-m", "sglang.launch_server", "--model-path", repo_id]
    if gpus > 1:
        words += ["--tp-size", str(gpus)]
        words += ["--ep-size", str(gpus)] if model.text.experts > 1 else []
    words += ["--context-length", str(context)]
    words += ["--reasoning-parser", "qwen3-thinking"] if model.edition == "Thinking" else []
    words += ["--host", "127.0.0.1", "--port", "30000"]
    return Serving("sglang", weights, _hub(repo_id), tuple(words), repo_id, "http://127.0.0.1:30000/v1")


def _llamacpp(model: ModelSpec, weights: Weights, context: int, _: int) -> Serving:
    """One slot, since llama.cpp divides its context between slots; ``-hf`` fetches the projector too.

    The alias is the name that the server lists.
    """
    quant = _GGUF_QUANTS[weights]
    repo = f"{model.gguf_repo_id}:{quant}"
    words = ["llama-server", "-hf", repo, "--alias", model.repo_id, "--ctx-size", str(context)]
    words += ["--parallel", "1", "--n-gpu-layers", _ALL_LAYERS, "--jinja", "--host", "127.0.0.1", "--port", "8080"]
    pull = ("hf", "download", model.gguf_repo_id, "--include", f"*{quant}*", "--include", "mmproj*")
    return Serving("llamacpp", quant, pull, tuple(words), model.repo_id, "http://127.0.0.1:8080/v1")


def _ollama(model: ModelSpec, weights: Weights, context: int, _: int) -> Serving:
    """The context is the server's: its OpenAI interface takes none with a request."""
    tag = model.ollama_tag + _OLLAMA_ENDINGS[weights]
    serve = (f"OLLAMA_CONTEXT_LENGTH={context}", "ollama", "serve")
    word = _OLLAMA_ENDINGS[weights].lstrip("-")
    return Serving("ollama", word, ("ollama", "pull", tag), serve, tag, "http://127.0.0.1:11434/v1")


def _hub(repo_id: str) -> tuple[str, ...]:
    return () if repo_id.startswith(("/", ".", "~")) else tuple(shlex.split(download(repo_id)))
