"""What went wrong with a model server, in the server's own words, and what to do about it."""

from __future__ import annotations

import email.utils
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from videoindex.errors import ConfigError
from videoindex.models import find_model, find_weights
from videoindex.perception.vlm.server_replies import error_words
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.serving import servings

if TYPE_CHECKING:
    import openai

__all__ = ["Fault", "context_flag", "explain", "fault_of", "next_step", "pause_s", "quoted", "shortened"]

# What a second try may mend: the request timed out, too many at once, a gateway or a server that is not ready.
_TRANSIENT = frozenset({408, 429, 502, 503, 504})
_QUOTED_CHARACTERS = 400
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# What the command that starts a server is shown with; `doctor` shows it with what the settings need.
_SHOWN_CONTEXT = 32_768

_CONTEXT_SETTINGS = {
    "vllm": "--max-model-len",
    "sglang": "--context-length",
    "llamacpp": "--ctx-size",
    "ollama": "OLLAMA_CONTEXT_LENGTH",
}
_KIND_WORDS = (
    (r"encoder cache size", "encoder_cache"),
    (r"MEDIA_REQUEST_DECODE_BYTES", "decoded"),
    (r"trust.request.mm.kwargs|media_io_kwargs|mm_processor_kwargs", "trust"),
    (r"mmproj|image input is not supported|not a multimodal model|does not support (image|multimodal)", "blind"),
    (r"at most \d+ (image|video)|limit.mm", "limit"),
    (r"context (length|size|window)|exceed_context|max_model_len|longer than the maximum|too long", "context"),
    (r"json_schema|response_format|grammar|guided|structured output", "schema"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request came to nothing. ``status`` is None where the server answered nothing; ``kind`` says which
    advice fits; ``wait_s`` is what the server asks for before another try."""

    words: str
    status: int | None = None
    kind: str = ""
    is_transient: bool = False
    wait_s: float | None = None


def fault_of(error: openai.OpenAIError, timeout_s: float) -> Fault:
    """What an error of the client means."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _refusal(error)
    cause = error.__cause__
    if "CERTIFICATE_VERIFY_FAILED" in str(cause):
        return Fault(f"cannot be trusted: {cause}", kind="certificate")
    if "Connect" in type(cause).__name__:
        return Fault(f"cannot be reached: {cause}", kind="down", is_transient=True)
    if isinstance(error, openai.APITimeoutError):
        return Fault(f"no answer within {timeout_s:g} s", kind="slow", is_transient=True)
    if isinstance(error, openai.APIConnectionError):
        return Fault(f"broke the connection off: {cause or error}", kind="lost", is_transient=True)
    return Fault(str(error))


def _refusal(error: openai.APIStatusError) -> Fault:
    status = error.status_code
    words = error_words(error.response.text)
    if 300 <= status < 400:
        return Fault(f"answers elsewhere: {error.response.headers.get('location', '')}", status, "elsewhere")
    kinds = {401: "key", 403: "key", 404: "absent", 413: "large"}
    found = next((kind for pattern, kind in _KIND_WORDS if re.search(pattern, words, re.IGNORECASE)), "")
    is_transient = status in _TRANSIENT
    wait_s = _asked_wait_s(error.response.headers.get("retry-after", "")) if is_transient else None
    # A model that is not there is a 404 for most servers, a 400 for some.
    if status == 400 and not found and re.search(r"\bmodel\b|pinned", words, re.IGNORECASE):
        found = "absent"
    return Fault(words, status, kinds.get(status, found), is_transient, wait_s)


def _asked_wait_s(header: str) -> float | None:
    """What ``Retry-After`` says: seconds, or a date."""
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", header):
        return float(header)
    date = email.utils.parsedate_tz(header) if header else None
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None


def pause_s(tries: int, fault: Fault) -> float:
    """How long to wait after so many tries: twice as long each time, up to half of it left out by chance, and no
    less than the server asks for."""
    longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (tries - 1))
    return max(fault.wait_s or 0.0, longest_s * random.uniform(0.5, 1.0))


def explain(settings: VlmSettings, shown: str, fault: Fault, key: str, models: tuple[str, ...] = ()) -> str:
    """The message for a user: where, what was shown, what the server said, what to do. Never the key."""
    about = f" about {shown}" if shown else ""
    return f"{settings.server.url}{about}: {quoted(fault, key)}; {next_step(settings, fault, models)}"


def quoted(fault: Fault, key: str) -> str:
    """What the server said, without its key, or what kept it from saying anything."""
    words = shortened(fault.words.replace(key, "...") if key else fault.words)
    if fault.status is None:
        return words
    return f"status {fault.status}: " + (f'"{words}"' if words else "no words")


def shortened(words: str) -> str:
    """In one line, the middle left out where it is long."""
    line = " ".join(words.split())
    half = _QUOTED_CHARACTERS // 2
    return line if len(line) <= _QUOTED_CHARACTERS else f"{line[:half]} ... {line[-half:]}"


def next_step(settings: VlmSettings, fault: Fault, models: tuple[str, ...] = ()) -> str:
    """What mends ``fault``; ``models`` are those that the server says it has."""
    server = settings.server
    steps = {
        "down": _start(settings),
        "slow": "raise vlm.server.timeout_s, lower vlm.server.concurrency or sampling.token_budget",
        "lost": "look into the server's log",
        "elsewhere": "redirects are not followed: set vlm.server.url to the server itself",
        "trust": "start vLLM with --trust-request-mm-kwargs: it must accept the times and sizes of the pictures",
        "encoder_cache": "start vLLM with --max-num-batched-tokens at sampling.token_budget or above, or lower it",
        "decoded": "start vLLM with a larger VLLM_MAX_MEDIA_REQUEST_DECODE_BYTES (8,192 for each token of the "
        "pictures), or lower sampling.token_budget",
        "context": f"lower sampling.token_budget, or give the server a larger context{context_flag(settings)}",
        "limit": "start the server so that it takes more pictures at once (vLLM: --limit-mm-per-prompt), or lower "
        "sampling.token_budget",
        "blind": "serve a vision-language model with its projector (llama-server: --mmproj)",
        "schema": "the server cannot hold answers to this JSON Schema: make it simpler, or set vlm.server.schema "
        "to never",
        "certificate": "set vlm.server.url to the name in its certificate, or SSL_CERT_FILE to who signed it",
        "key": f"set {server.key_variable} to a key that the server accepts"
        if server.key_variable
        else "set vlm.server.key_variable to the environment variable that holds its key",
        "absent": _name_one(settings, models),
        "large": "lower sampling.token_budget or vlm.server.jpeg_quality",
    }
    if fault.kind in steps:
        return steps[fault.kind]
    return "look into the server's log; `videoindex doctor` says what it serves"


def context_flag(settings: VlmSettings) -> str:
    """How such a server is given a larger context, in brackets; empty where that is not known."""
    flag = _CONTEXT_SETTINGS.get(settings.backend)
    return f" ({flag})" if flag else ""


def _name_one(settings: VlmSettings, models: tuple[str, ...]) -> str:
    if models and settings.model not in models:
        return f"set vlm.model to one that the server has: {', '.join(models)}"
    if models:
        return f"the server has {', '.join(models)}: check vlm.server.url, which must end in /v1"
    pull = f", or `ollama pull {settings.model}`" if settings.backend == "ollama" else ""
    return f"check vlm.server.url and vlm.model ({settings.model}){pull}"


def _start(settings: VlmSettings) -> str:
    """The command that starts such a server with the model of the settings, where it is of the family."""
    try:
        model = find_model(settings.model)
        weights = find_weights(settings.model) or (
            "4bit" if settings.backend in ("llamacpp", "ollama") else "bf16"
        )
        ways = servings(model, weights, _SHOWN_CONTEXT)
        line = next((way.serve_line for way in ways if way.server == settings.backend), "")
    except ConfigError:
        line = ""
    if not line:
        return "start the server, or set vlm.server.url to where it answers"
    return f"start it: {line} (`videoindex doctor` fits this to the machine), or set vlm.server.url"
