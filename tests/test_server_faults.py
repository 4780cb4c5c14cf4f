"""Faults: what is tried again, after how long, and what a user is told to do."""

from __future__ import annotations

import email.utils
import time

import openai
import pytest

from videoindex.perception.vlm import server_faults
from videoindex.perception.vlm.server_faults import Fault, explain, fault_of, next_step, pause_s, quoted, shortened
from videoindex.perception.vlm.settings import ServerSettings, VlmSettings

VLLM = VlmSettings(backend="vllm")
OLLAMA = VlmSettings(backend="ollama", model="qwen3-vl:8b-instruct")


def refused(status: int, words: str, headers: dict[str, str] | None = None) -> Fault:
    """The fault of an answer of that status, as the client reports it."""
    import httpx2

    request = httpx2.Request("POST", "http://127.0.0.1:8000/v1/chat/completions")
    response = httpx2.Response(status, json={"error": {"message": words}}, headers=headers, request=request)
    return fault_of(openai.APIStatusError(words, response=response, body=None), 600.0)


def broken(cause: Exception) -> Fault:
    import httpx2

    request = httpx2.Request("POST", "http://127.0.0.1:8000/v1/chat/completions")
    error = openai.APIConnectionError(request=request)
    error.__cause__ = cause
    return fault_of(error, 600.0)


@pytest.mark.parametrize("status", range(400, 600))
def test_only_what_another_try_may_mend_is_tried_again(status: int) -> None:
    assert refused(status, "no").is_transient == (status in {408, 429, 502, 503, 504})


# What the servers say: vLLM 0.33.0, SGLang 0.5.23, llama.cpp, Ollama; and the advice.
@pytest.mark.parametrize(
    ("settings", "status", "words", "advice"),
    [
        (
            VLLM,
            400,
            "Per-request media_io_kwargs are disabled by default because they can change multimodal media loading "
            "resource usage. Start the server with --trust-request-mm-kwargs only when clients are trusted.",
            "start vLLM with --trust-request-mm-kwargs",
        ),
        (
            VLLM,
            400,
            "The decoder prompt contains a(n) video item with 27600 embedding tokens, which exceeds the "
            "pre-allocated encoder cache size 16384. Please reduce the input size or increase the encoder cache "
            "size by setting --limit-mm-per-prompt at startup.",
            "--max-num-batched-tokens",
        ),
        (
            VLLM,
            400,
            "Request decoded media exceeds VLLM_MAX_MEDIA_REQUEST_DECODE_BYTES=715827880",
            "a larger VLLM_MAX",
        ),
        (
            VLLM,
            400,
            "This model's maximum context length is 16384 tokens. However, your prompt contains 20000 input "
            "tokens, which exceeds this limit",
            "lower sampling.token_budget, or give the server a larger context (--max-model-len)",
        ),
        (VLLM, 404, "The model `Qwen/Qwen3-VL-8B-Instruct` does not exist.", "check vlm.server.url and vlm.model"),
        (VLLM, 400, "At most 0 video(s) may be provided in one prompt.", "--limit-mm-per-prompt"),
        (
            VlmSettings(backend="sglang"),
            400,
            "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
            "(--context-length)",
        ),
        (
            VlmSettings(backend="llamacpp"),
            400,
            "the request exceeds the available context size, try increasing it",
            "(--ctx-size)",
        ),
        (
            VlmSettings(backend="llamacpp"),
            500,
            "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
            "serve a vision-language model with its projector",
        ),
        (OLLAMA, 404, "model 'qwen3-vl:8b-instruct' not found", "`ollama pull qwen3-vl:8b-instruct`"),
        (OLLAMA, 400, "this model does not support image input", "serve a vision-language model"),
        (
            VlmSettings(backend="openai", model="x"),
            400,
            "Server is pinned to 'y'; requested 'x'.",
            "vlm.model (x)",
        ),
        (VLLM, 400, "Invalid grammar: unsupported keyword", "vlm.server.schema to never"),
        (VLLM, 401, "Unauthorized", "set vlm.server.key_variable to the environment variable"),
        (VLLM, 413, "Payload Too Large", "vlm.server.jpeg_quality"),
        (VLLM, 500, "EngineCore encountered an issue", "look into the server's log"),
    ],
)
def test_the_servers_own_words_are_answered_with_what_to_do(
    settings: VlmSettings, status: int, words: str, advice: str
) -> None:
    told = explain(settings, "yard.mp4 0:00:00.0-0:01:00.0", refused(status, words), "")
    assert told.startswith(f"{settings.server.url} about yard.mp4 0:00:00.0-0:01:00.0: status {status}: ")
    assert words[:150] in told
    assert advice in told.rpartition('"; ')[2]


def test_the_models_that_are_there_are_named() -> None:
    fault = Fault("no such model", 404, "absent")
    assert next_step(VLLM, fault, ("a/b", "c")) == "set vlm.model to one that the server has: a/b, c"
    assert "must end in /v1" in next_step(VLLM, fault, (VLLM.model,))


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (VLLM, "vllm serve Qwen/Qwen3-VL-8B-Instruct "),
        (VlmSettings(backend="sglang"), "python3 -m sglang.launch_server --model-path Qwen/Qwen3-VL-8B-Instruct "),
        (VlmSettings(backend="llamacpp"), "llama-server -hf Qwen/Qwen3-VL-8B-Instruct-GGUF:"),
        (OLLAMA, "ollama serve"),
    ],
)
def test_a_server_that_is_not_there_is_answered_with_the_command_that_starts_it(
    settings: VlmSettings, command: str
) -> None:
    class ConnectError(Exception):
        pass

    fault = broken(ConnectError("[Errno 111] Connection refused"))
    assert fault.is_transient
    assert "cannot be reached: [Errno 111] Connection refused; start it: " in explain(settings, "", fault, "")
    assert command in next_step(settings, fault)
    assert "where it answers" in next_step(VlmSettings(backend="openai", model="mine"), fault)


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    fault = broken(OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"))
    assert not fault.is_transient
    assert "SSL_CERT_FILE" in next_step(VLLM, fault)


def test_a_broken_connection_and_a_late_answer_may_mend() -> None:
    import httpx2

    assert broken(httpx2.ReadError("reset by peer")) == Fault(
        "broke the connection off: reset by peer", None, "lost", is_transient=True
    )
    late = fault_of(openai.APITimeoutError(request=httpx2.Request("POST", "http://127.0.0.1/v1")), 90.0)
    assert late == Fault("no answer within 90 s", None, "slow", is_transient=True)


def test_pauses_grow_to_a_bound_and_are_no_shorter_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for chance in (0.5, 1.0):
        monkeypatch.setattr(server_faults.random, "uniform", lambda low, high, chance=chance: chance)
        pauses = [pause_s(tries, Fault("busy", 503)) for tries in range(1, 10)]
        assert pauses == [chance * min(30.0, 0.5 * 2**n) for n in range(9)]
    assert pause_s(1, Fault("busy", 429, wait_s=12.0)) == 12.0


@pytest.mark.parametrize(
    ("header", "wait_s"), [("17", 17.0), (" 0.5 ", 0.5), ("0", 0.0), ("", None), ("soon", None), ("-3", None)]
)
def test_retry_after_is_read(header: str, wait_s: float | None) -> None:
    assert refused(429, "busy", {"Retry-After": header}).wait_s == wait_s
    assert refused(400, "bad", {"Retry-After": header}).wait_s is None


def test_retry_after_may_be_a_date() -> None:
    later = refused(503, "busy", {"Retry-After": email.utils.formatdate(time.time() + 1_000, usegmt=True)}).wait_s
    assert later is not None
    assert 900 < later <= 1_000
    assert refused(503, "busy", {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}).wait_s == 0.0


def test_a_redirect_says_where_to() -> None:
    fault = refused(308, "moved", {"Location": "http://elsewhere/v1"})
    assert not fault.is_transient
    told = explain(VLLM, "", fault, "")
    assert "answers elsewhere: http://elsewhere/v1" in told
    assert "redirects are not followed" in told


def test_the_key_is_cut_out_of_what_is_quoted() -> None:
    settings = VlmSettings(backend="vllm", server=ServerSettings(key_variable="YARD_KEY"))
    told = explain(settings, "", Fault("is sk-secret a key?", 401, "key"), "sk-secret")
    assert "secret" not in told
    assert "set YARD_KEY to a key that the server accepts" in told


def test_long_words_keep_their_beginning_and_their_end() -> None:
    assert shortened("a\n  b\tc") == "a b c"
    short = shortened("begin " + "x" * 5_000 + " end")
    assert short.startswith("begin x")
    assert short.endswith("x end")
    assert len(short) < 420
    assert quoted(Fault("", 502), "") == "status 502: no words"
