from __future__ import annotations

import json
import shlex
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from videoindex import doctor_vlm
from videoindex.check import Check
from videoindex.config import OBSERVERS, IndexSettings, Settings
from videoindex.doctor_vlm import vlm_checks
from videoindex.fits import largest_segment
from videoindex.gpus import Gpu
from videoindex.models import GIB, find_model
from videoindex.perception.vlm.settings import LocalSettings, ServerSettings, VlmSettings

H100 = Gpu("NVIDIA H100", 80 * GIB)


def settings(vlm: VlmSettings, *, watches: bool = True) -> Settings:
    return Settings(index=IndexSettings(observers=OBSERVERS if watches else OBSERVERS[:-1]), vlm=vlm)


def found(vlm: VlmSettings, *gpus: Gpu, watches: bool = True) -> dict[str, Check]:
    return {check.name: check for check in vlm_checks(settings(vlm, watches=watches), gpus)}


@dataclass
class ModelServer:
    """A model server on loopback: what it answers at each path."""

    url: str
    answers: dict[str, object]

    def vlm(self, backend: str, model: str = "m") -> VlmSettings:
        return VlmSettings(backend=backend, model=model, server=ServerSettings(url=self.url))

    def tells(self, *models: str, version: str = "", context_tokens: int | None = None) -> None:
        entries = [{"id": name, "max_model_len": context_tokens} for name in models]
        self.answers.update({"/v1/models": {"data": entries}})
        for path, name in (("/version", "version"), ("/api/version", "version"), ("/props", "build_info")):
            self.answers[path] = {name: version}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    answers: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers.get(self.path, {"error": "no such place"})).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield ModelServer(f"http://127.0.0.1:{http.server_address[1]}/v1", answers)
        http.shutdown()
        thread.join()


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.usefixtures("empty_cache")
def test_weights_that_are_not_here_are_named_with_their_size_and_the_download() -> None:
    check = found(VlmSettings())["weights of Qwen/Qwen3-VL-8B-Instruct"]
    assert (check.state, check.detail) == ("missing", "not downloaded, 17.5 GB")
    assert check.fix == "hf download Qwen/Qwen3-VL-8B-Instruct"
    light = VlmSettings(model="Qwen/Qwen3-VL-8B-Instruct-FP8", local=LocalSettings(revision="v2"))
    check = found(light)["weights of Qwen/Qwen3-VL-8B-Instruct-FP8"]
    assert (check.detail, check.fix) == (
        "not downloaded, 10.6 GB",
        "hf download Qwen/Qwen3-VL-8B-Instruct-FP8 --revision v2",
    )
    unknown = found(VlmSettings(model="somebody/tuned"))["weights of somebody/tuned"]
    assert (unknown.detail, unknown.fix) == ("not downloaded", "hf download somebody/tuned")


@pytest.mark.usefixtures("empty_cache")
def test_a_model_that_nobody_uses_is_only_absent() -> None:
    assert {check.state for check in found(VlmSettings(), H100, watches=False).values()} <= {"absent", "ok"}


def test_a_folder_is_whole_or_says_what_it_lacks(tmp_path: Path) -> None:
    tiny = Path(__file__).parent / "models" / "needle_vlm"
    assert found(VlmSettings(model=str(tiny)))[f"weights of {tiny}"].state == "ok"
    (tmp_path / "config.json").write_text("{}")
    check = found(VlmSettings(model=str(tmp_path)))[f"weights of {tmp_path}"]
    assert check.state == "missing"
    assert "lacks tokenizer_config.json, model.safetensors" in check.detail


def test_a_gpu_needs_a_torch_that_is_built_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = tmp_path / "torch" / "version.py"
    version.parent.mkdir()
    (version.parent / "__init__.py").write_text("raise ImportError('doctor must not import torch')")
    spec = doctor_vlm.importlib.util.spec_from_file_location("torch", version.parent / "__init__.py")
    monkeypatch.setattr(doctor_vlm.importlib.util, "find_spec", lambda _: spec)
    version.write_text("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n")
    lack = found(VlmSettings(), H100)["torch and the GPU"]
    assert (lack.state, lack.detail) == ("missing", "torch is built for the CPU alone")
    assert lack.fix.startswith("pip install")
    version.write_text("__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\n")
    there = found(VlmSettings(), H100)["torch and the GPU"]
    assert (there.state, there.detail) == ("ok", "torch is built for CUDA 13.0")
    assert "torch and the GPU" not in found(VlmSettings())
    assert "torch and the GPU" not in found(VlmSettings(local=LocalSettings(device="cpu")), H100)


def test_the_torch_of_this_environment_is_read_without_importing_it() -> None:
    import torch

    assert doctor_vlm._torch_cuda() == (torch.version.cuda or "")


def test_packages_are_asked_for_where_the_settings_need_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_vlm, "installed_version", lambda _: None)
    assert found(VlmSettings(), H100)["accelerate"].fix == "pip install accelerate"
    assert "accelerate" not in found(VlmSettings())
    assert "bitsandbytes" not in found(VlmSettings(), H100)
    four = found(VlmSettings(local=LocalSettings(four_bit=True)), H100)["bitsandbytes"]
    assert (four.state, four.fix) == ("missing", "pip install bitsandbytes")
    monkeypatch.setattr(doctor_vlm, "installed_version", lambda _: "1.2.3")
    assert found(VlmSettings(), H100)["accelerate"].state == "ok"


@pytest.mark.parametrize(
    ("backend", "version", "least"),
    [
        ("vllm", "0.10.2", "0.11.0"),
        ("ollama", "0.12.6", "0.12.7"),
        ("llamacpp", "b6800-abc", "6887"),
    ],
)
def test_an_old_server_is_named_with_the_version_that_it_takes(
    server: ModelServer, backend: str, version: str, least: str
) -> None:
    server.tells("m", version=version)
    check = found(server.vlm(backend))[f"{backend} server"]
    assert check.state == "missing"
    assert check.detail == f"{version} at {server.url}, Qwen3-VL needs {least}"
    assert shlex.split(check.fix)


@pytest.mark.parametrize(
    ("backend", "version"),
    [("vllm", "0.33.0"), ("ollama", "0.12.7"), ("llamacpp", "b7000-abc"), ("openai", ""), ("vllm", "")],
)
def test_a_server_that_is_new_enough_or_does_not_tell_is_taken(
    server: ModelServer, backend: str, version: str
) -> None:
    server.tells("m", "n", version=version)
    checks = found(server.vlm(backend))
    assert {check.state for check in checks.values()} == {"ok"}
    assert checks[f"{backend} server"].detail == f"{version or 'version not told'} at {server.url}"
    assert checks["model m"].detail == f"served at {server.url}"


def test_a_vllm_that_ignores_the_times_of_a_request_is_told_apart(server: ModelServer) -> None:
    server.tells("m", version="0.19.1")
    checks = found(server.vlm("vllm"))
    assert checks["vllm server"].state == "ok"
    assert (checks["times of videos"].state, checks["times of videos"].fix) == ("missing", "pip install -U vllm")
    server.tells("m", version="0.20.0")
    assert "times of videos" not in found(server.vlm("vllm"))


def test_a_server_that_takes_shorter_prompts_than_are_planned_is_named(server: ModelServer) -> None:
    name = "Qwen/Qwen3-VL-8B-Instruct"
    server.tells(name, version="0.33.0", context_tokens=16_384)
    check = found(server.vlm("vllm", name))["prompt length"]
    assert check.state == "missing"
    assert "takes 16,384 tokens, sampling.token_budget is 32,768" in check.detail
    assert "--max-model-len 32768" in check.fix
    server.tells(name, version="0.33.0", context_tokens=32_768)
    assert "prompt length" not in found(server.vlm("vllm", name))


def test_a_server_that_is_not_there_is_mended_by_the_command_that_serves_the_model() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listened on: nothing answers there
        nowhere = ModelServer(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", {})
        vlm = nowhere.vlm("vllm", "Qwen/Qwen3-VL-235B-A22B-Instruct-FP8")
        check = found(vlm, *[H100] * 8)["vllm server"]
        other = found(nowhere.vlm("ollama", "8B"))["ollama server"]
        own = found(nowhere.vlm("ollama", "qwen3-vl:8b"))["ollama server"]
        foreign = found(nowhere.vlm("openai", "gpt-5"))["openai server"]
    assert check.state == "missing"
    assert nowhere.url in check.detail
    words = shlex.split(check.fix)
    assert words[:3] == ["vllm", "serve", "Qwen/Qwen3-VL-235B-A22B-Instruct-FP8"]
    assert {"--tensor-parallel-size", "--enable-expert-parallel"} <= set(words)
    assert words[words.index("--max-model-len") + 1] == "32768"
    assert other.detail.endswith("; vlm.model is then qwen3-vl:8b-instruct-q4_K_M")
    assert other.fix == own.fix == "OLLAMA_CONTEXT_LENGTH=32768 ollama serve"
    assert "is then" not in own.detail
    assert foreign.fix == ""


def test_a_server_is_started_with_what_the_gpus_hold(server: ModelServer) -> None:
    server.tells(version="0.33.0")
    name = "Qwen/Qwen3-VL-8B-Instruct"
    small = Gpu("NVIDIA L4", 24 * GIB)

    def words(*gpus: Gpu) -> list[str]:
        return shlex.split(found(server.vlm("vllm", name), *gpus)[f"model {name}"].fix)

    held = largest_segment(find_model(name), small.memory_bytes, "bf16")
    assert words(small)[words(small).index("--max-model-len") + 1] == str(held)
    assert "--tensor-parallel-size" not in words(small)
    assert words(small, small)[words(small, small).index("--max-model-len") + 1] == "32768"
    assert "--tensor-parallel-size" in words(small, small)


def test_a_key_that_is_named_and_not_set_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    vlm = VlmSettings(backend="openai", model="m", server=ServerSettings(key_variable="SOME_KEY"))
    check = found(vlm)["openai server"]
    assert check.state == "missing"
    assert "SOME_KEY" in check.detail


def test_a_model_that_the_server_lacks_is_mended_in_its_own_way(server: ModelServer) -> None:
    server.tells("qwen3-vl:2b-instruct", "llama3:latest", version="0.13.0")
    check = found(server.vlm("ollama", "qwen3-vl:8b-instruct"))["model qwen3-vl:8b-instruct"]
    assert check.detail == "not served; the server has qwen3-vl:2b-instruct, llama3:latest"
    assert check.fix == "ollama pull qwen3-vl:8b-instruct"
    assert found(server.vlm("ollama", "llama3"))["model llama3"].state == "ok"
    server.tells(version="0.33.0")
    name = "Qwen/Qwen3-VL-8B-Thinking"
    check = found(server.vlm("vllm", name), watches=False)[f"model {name}"]
    assert (check.state, check.detail) == ("absent", "not served; the server has none")
    assert check.fix.startswith(f"vllm serve {name} ")
