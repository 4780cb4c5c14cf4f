"""Which vision-language model, and how it is run. Pure data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from videoindex.errors import ConfigError
from videoindex.models import DEFAULT_MODEL

__all__ = ["BACKENDS", "LocalSettings", "ServerSettings", "VlmSettings"]

BACKENDS = ("local", "vllm", "sglang", "llamacpp", "ollama", "openai")


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """A model loaded into this process by transformers."""

    # A commit, branch or tag of the model's repository; empty: its newest.
    revision: str = ""
    # auto (as the weights are stored), bfloat16, float16 or float32.
    dtype: str = "auto"
    # Where the weights go: auto (a GPU where there is one, several where one is too small), cpu, cuda, cuda:1 ...
    device: str = "auto"
    # The language model's layers in 4 bits, by bitsandbytes (a GPU only).
    four_bit: bool = False
    # auto, flash_attention_3, flash_attention_2, cudnn, flash, cpu_flash or plain; auto takes the first of them
    # that is here and agrees with plain attention in a trial, and says which.
    attention: str = "auto"
    # Tokens read at once when a segment is prefilled: more is faster and takes more memory.
    chunk_tokens: int = 4_096
    # Memory that a segment may plan with, in GiB; 0: what is free when it begins, less a tenth.
    memory_gib: float = 0.0
    # Windows of one segment that are answered side by side.
    batch_windows: int = 8

    def __post_init__(self) -> None:
        if self.dtype not in ("auto", "bfloat16", "float16", "float32"):
            raise ConfigError(f"vlm.local.dtype must be auto, bfloat16, float16 or float32, got {self.dtype!r}")
        for name in ("chunk_tokens", "batch_windows"):
            if getattr(self, name) < 1:
                raise ConfigError(f"vlm.local.{name} must be 1 or more, got {getattr(self, name)}")
        if not (math.isfinite(self.memory_gib) and self.memory_gib >= 0):
            raise ConfigError(f"vlm.local.memory_gib must be 0 or more, got {self.memory_gib}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A model behind an OpenAI-compatible server."""

    # Where it answers, up to and with /v1.
    url: str = "http://127.0.0.1:8000/v1"
    # The environment variable that holds the server's key; empty: none is sent.
    key_variable: str = ""
    # Requests under way at once.
    concurrency: int = 4
    # Longest wait for one answer.
    timeout_s: float = 600.0
    # Further tries after a fault of transport (refused, reset, timed out, 429, 502, 503, 504).
    retries: int = 4
    # Quality of the JPEG pictures that are sent, 1 to 100.
    jpeg_quality: int = 90
    # Whether the server is asked to hold answers to a JSON Schema: auto (every kind but openai), always, never.
    schema: str = "auto"

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"vlm.server.url must begin with http:// or https://, got {self.url!r}")
        if "@" in urlsplit(self.url).netloc:
            raise ConfigError(
                "vlm.server.url must hold no user and password; name a key in vlm.server.key_variable"
            )
        if self.concurrency < 1:
            raise ConfigError(f"vlm.server.concurrency must be 1 or more, got {self.concurrency}")
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0):
            raise ConfigError(f"vlm.server.timeout_s must be a positive number of seconds, got {self.timeout_s}")
        if self.retries < 0:
            raise ConfigError(f"vlm.server.retries must be 0 or more, got {self.retries}")
        if not 1 <= self.jpeg_quality <= 100:
            raise ConfigError(f"vlm.server.jpeg_quality must lie in 1..100, got {self.jpeg_quality}")
        if self.schema not in ("auto", "always", "never"):
            raise ConfigError(f"vlm.server.schema must be auto, always or never, got {self.schema!r}")


@dataclass(frozen=True, slots=True)
class VlmSettings:
    """The vision-language model that describes, looks again and reads."""

    # local, or what kind of server: vllm, sglang, llamacpp, ollama, openai (any other that speaks its protocol).
    backend: str = "local"
    # A repository id at the model hub, a folder with weights, or the name the server knows the model by.
    model: str = DEFAULT_MODEL
    # How freely answers are worded; 0 always takes the likeliest token.
    temperature: float = 0.0
    # With a temperature above 0: the same seed gives the same answer.
    seed: int = 0
    local: LocalSettings = field(default_factory=LocalSettings)
    server: ServerSettings = field(default_factory=ServerSettings)

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ConfigError(f"vlm.backend must be one of {', '.join(BACKENDS)}, got {self.backend!r}")
        if not self.model.strip():
            raise ConfigError("vlm.model names no model")
        if not 0.0 <= self.temperature <= 2.0:
            raise ConfigError(f"vlm.temperature must lie in [0, 2], got {self.temperature}")
