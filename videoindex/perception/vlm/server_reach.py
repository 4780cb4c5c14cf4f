"""Whether a model server answers, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videoindex.errors import BackendError
from videoindex.perception.vlm.server_client import connect, key_of
from videoindex.perception.vlm.server_faults import explain, fault_of, shortened
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.serving import REQUEST_TIMES_VERSION, is_at_least, version_text

if TYPE_CHECKING:
    import openai

__all__ = ["Reached", "reach", "refuse_deaf_to_times"]

_TIMEOUT_S = 5.0

# Where each kind of server says its version, beside /v1, and under which name; SGLang has renamed the place.
_VERSIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "vllm": (("version", "version"),),
    "sglang": (("server_info", "version"), ("get_server_info", "version")),
    "llamacpp": (("props", "build_info"),),
    "ollama": (("api/version", "version"),),
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that answers: the ``models`` it has, its ``version`` (empty: not told), and the longest prompt with
    answer, in tokens, of the model in question (None: not told)."""

    url: str
    models: tuple[str, ...]
    version: str = ""
    context_tokens: int | None = None


def reach(settings: VlmSettings) -> Reached:
    """Asks the server of ``settings`` what it is; waits a few seconds at most. Raises BackendError."""
    import openai

    server = settings.server
    with connect(server, _TIMEOUT_S) as client:
        try:
            listed: Any = client.get("/models", cast_to=object)
        except openai.OpenAIError as error:
            fault = fault_of(error, _TIMEOUT_S)
            raise BackendError(explain(settings, "", fault, key_of(server))) from error
        except ValueError as error:
            raise BackendError(
                f"{server.url}/models is answered with no JSON ({error}); check vlm.server.url"
            ) from error
        entries = _entries(listed)
        if entries is None:
            raise BackendError(
                f"{server.url}/models lists no models but says {shortened(str(listed))}; check vlm.server.url"
            )
        told = _about(client, settings)
        loaded = _told(client, settings, "api/ps") if settings.backend == "ollama" else {}
    models = tuple(str(entry["id"]) for entry in entries)
    context = _context([*entries, *_loaded(loaded)], told, settings.model)
    return Reached(server.url, models, _version(told, settings.backend), context)


def refuse_deaf_to_times(settings: VlmSettings) -> None:
    """Raises BackendError where the server is a vLLM that would put times of its own before the pictures: nothing
    would say so, and every time would be wrong.

    One that is not there, or tells no version, is left to the first question.
    """
    if settings.backend != "vllm":
        return
    with connect(settings.server, _TIMEOUT_S) as client:
        version = _version(_about(client, settings), settings.backend)
    if version and not is_at_least(version, REQUEST_TIMES_VERSION):
        raise BackendError(
            f"{settings.server.url} is vLLM {version}, which ignores the times of the pictures that it is sent "
            f"and would tell of other seconds; pip install -U vllm ({version_text(REQUEST_TIMES_VERSION)} or "
            "later)"
        )


def _entries(listed: Any) -> list[dict[str, Any]] | None:
    """The models of a list; None where it is no such list. Ollama says null where it has none."""
    entries = listed.get("data", ()) if isinstance(listed, dict) else ()
    if entries is None:
        return []
    if not isinstance(entries, list):
        return None
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("id")]


def _about(client: openai.OpenAI, settings: VlmSettings) -> dict[str, Any]:
    """What such a server says of itself beside the protocol; empty where it does not."""
    for path, name in _VERSIONS.get(settings.backend, ()):
        told = _told(client, settings, path)
        if told.get(name):
            return told
    return {}


def _told(client: openai.OpenAI, settings: VlmSettings, path: str) -> dict[str, Any]:
    """What stands at ``path`` beside the protocol; empty where there is no such thing."""
    import openai

    root = settings.server.url.rstrip("/").removesuffix("/v1")
    try:
        told: Any = client.get(f"{root}/{path}", cast_to=object)
    except (openai.OpenAIError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _loaded(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The models that an Ollama holds in memory, each with its context; others have none yet."""
    models = told.get("models")
    entries = [entry for entry in models if isinstance(entry, dict)] if isinstance(models, list) else []
    return [{"id": entry.get("name"), "max_model_len": entry.get("context_length")} for entry in entries]


def _version(told: dict[str, Any], backend: str) -> str:
    names = [name for _, name in _VERSIONS.get(backend, ())]
    return next((str(told[name]) for name in names if told.get(name)), "")


def _context(entries: list[dict[str, Any]], told: dict[str, Any], model: str) -> int | None:
    """``max_model_len`` of the model (vLLM, SGLang; Ollama once it is loaded), or ``n_ctx`` (llama.cpp)."""
    lengths = {entry["id"]: entry.get("max_model_len") for entry in entries}
    generation = told.get("default_generation_settings")
    slot = generation.get("n_ctx") if isinstance(generation, dict) else None
    length = lengths.get(model) or slot
    return length if isinstance(length, int) and length > 0 else None
