"""What the vision-language model of the settings has and lacks, and the command that mends each lack."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from videoindex.check import Check, State, installed_version
from videoindex.config import Settings
from videoindex.errors import BackendError, ConfigError
from videoindex.fits import SHORTEST_SEGMENT_TOKENS, judge, served_on
from videoindex.gpus import Gpu
from videoindex.model_files import missing_files
from videoindex.models import find_model, find_weights, weight_bytes
from videoindex.serving import (
    MINIMUM_VERSIONS,
    REQUEST_TIMES_VERSION,
    Serving,
    download,
    is_at_least,
    servings,
    upgrade,
    version_text,
)

__all__ = ["vlm_checks"]


def vlm_checks(settings: Settings, gpus: Sequence[Gpu]) -> Iterator[Check]:
    """Packages, weights and server. Loads no model; asks a server only where the settings name one."""
    lack: State = "missing" if "qwen" in settings.index.observers else "absent"
    if settings.vlm.backend == "local":
        yield from _local_packages(settings, gpus, lack)
        yield _weights(settings, lack)
    else:
        yield from _server(settings, gpus, lack)


def _local_packages(settings: Settings, gpus: Sequence[Gpu], lack: State) -> Iterator[Check]:
    local = settings.vlm.local
    if gpus and local.device != "cpu":
        cuda = _torch_cuda()
        name = "torch and the GPU"
        if cuda:
            yield Check(name, "ok", f"torch is built for CUDA {cuda}")
        else:
            yield Check(
                name, lack, "torch is built for the CPU alone", "pip install --force-reinstall --no-deps torch"
            )
        yield _package("accelerate", "weights straight onto the GPU, or onto several", lack)
    if local.four_bit:
        yield _package("bitsandbytes", "vlm.local.four_bit", lack)


def _package(name: str, purpose: str, lack: State) -> Check:
    version = installed_version(name)
    if version:
        return Check(name, "ok", f"{version}, {purpose}")
    return Check(name, lack, f"not installed, needed for {purpose}", f"pip install {name}")


def _torch_cuda() -> str:
    """The CUDA that torch is built for, empty when for none; read from its version file, importing nothing."""
    spec = importlib.util.find_spec("torch")
    file = Path(spec.origin).parent / "version.py" if spec and spec.origin else None
    if file is None or not file.is_file():
        return ""
    found = re.search(r"^cuda\b[^=]*= *['\"]([\d.]+)['\"]", file.read_text(), re.MULTILINE)
    return found[1] if found else ""


def _weights(settings: Settings, lack: State) -> Check:
    """Whether the model's files are here: in a folder, or in the hub's cache."""
    name, revision = settings.vlm.model, settings.vlm.local.revision
    what = f"weights of {name}"
    lacking = missing_files(name, revision)
    if Path(name).expanduser().is_dir():
        if lacking:
            return Check(what, lack, f"the folder lacks {', '.join(lacking)}; copy it again")
        return Check(what, "ok", "in the folder")
    if not lacking:
        return Check(what, "ok", "in the hub's cache")
    try:
        size = f", {weight_bytes(find_model(name), find_weights(name) or 'bf16') / 1e9:.1f} GB"
    except ConfigError:
        size = ""  # not of the family: its size is known only when it is here
    fix = download(name) + (f" --revision {revision}" if revision else "")
    return Check(what, lack, f"not downloaded{size}", fix)


def _server(settings: Settings, gpus: Sequence[Gpu], lack: State) -> Iterator[Check]:
    from videoindex.perception.vlm.server_reach import reach

    vlm = settings.vlm
    serving = _serving(settings, gpus)
    serve_line = serving.serve_line if serving else ""
    try:
        reached = reach(vlm)
    except (BackendError, ConfigError) as error:
        yield Check(f"{vlm.backend} server", lack, f"{error}{_renaming(vlm.model, serving)}", serve_line)
        return
    yield from _version(vlm.backend, reached.version, reached.url, lack)
    name = f"model {vlm.model}"
    if vlm.model not in reached.models and f"{vlm.model}:latest" not in reached.models:
        fix = f"ollama pull {vlm.model}" if vlm.backend == "ollama" else serve_line
        yield Check(name, lack, f"not served; the server has {', '.join(reached.models) or 'none'}", fix)
        return
    yield Check(name, "ok", f"served at {reached.url}")
    budget, longest = settings.sampling.token_budget, reached.context_tokens
    if longest is not None and longest < budget:
        detail = (
            f"the server takes {longest:,} tokens, sampling.token_budget is {budget:,}: lower it, or serve anew"
        )
        yield Check("prompt length", lack, detail, serve_line)


def _renaming(name: str, serving: Serving | None) -> str:
    """What the settings must say where the server would know the model by another name than ``name``."""
    if serving is None or serving.model == name or (serving.server == "ollama" and name.startswith("qwen3-vl:")):
        return ""
    return f"; vlm.model is then {serving.model}"


def _version(backend: str, version: str, url: str, lack: State) -> Iterator[Check]:
    """Whether the server is new enough for Qwen3-VL, and for videos with times of their own."""
    name, told = f"{backend} server", version or "version not told"
    minimum = MINIMUM_VERSIONS.get(backend)
    if minimum and version and not is_at_least(version, minimum):
        detail = f"{told} at {url}, Qwen3-VL needs {version_text(minimum)}"
        yield Check(name, lack, detail, upgrade(backend))
    else:
        yield Check(name, "ok", f"{told} at {url}")
    if backend == "vllm" and version and not is_at_least(version, REQUEST_TIMES_VERSION):
        least = version_text(REQUEST_TIMES_VERSION)
        detail = f"{told} ignores what a request says of its video's times, {least} follows it"
        yield Check("times of videos", lack, detail, upgrade("vllm"))


def _serving(settings: Settings, gpus: Sequence[Gpu]) -> Serving | None:
    """How the settings' server would serve the settings' model here; None where that is not known."""
    name = settings.vlm.model
    try:
        model = find_model(name)
    except ConfigError:
        return None
    backend = settings.vlm.backend
    weights = find_weights(name) or ("4bit" if backend in ("llamacpp", "ollama") else "bf16")
    wanted = min(settings.sampling.token_budget, model.context)
    verdict = judge(model, weights, min(wanted, SHORTEST_SEGMENT_TOKENS), gpus)
    count, context = served_on(model, weights, verdict, wanted)
    return next((way for way in servings(model, weights, context, count) if way.server == backend), None)
