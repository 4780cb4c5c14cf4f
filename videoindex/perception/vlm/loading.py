"""Loads any Qwen3-VL, dense or mixture of experts, through transformers; says openly how it runs."""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoindex.errors import BackendError, ConfigError, MissingDependencyError
from videoindex.media.identity import content_id
from videoindex.models import ModelSpec, spec_from_config
from videoindex.perception.vlm.attention import choose_kernel
from videoindex.perception.vlm.inputs import SpecialIds
from videoindex.perception.vlm.kept import IMPLEMENTATION, register
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.sampling.mrope import CONTEXT_POSITIONS

if TYPE_CHECKING:
    import torch

    from videoindex.perception.vlm.attention import Kernel

__all__ = ["Loaded", "load", "prepared", "weights_digest"]

log = logging.getLogger(__name__)

_KINDS = ("qwen3_vl", "qwen3_vl_moe")


@dataclass(slots=True, eq=False)
class Loaded:
    """A model in memory and how it is run. ``ends`` are the tokens that end an answer, ``device`` is where inputs
    go; the ``rotaries`` that were made are kept by their YaRN factor (None: as the model comes)."""

    model: Any
    tokenizer: Any
    special: SpecialIds
    ends: frozenset[int]
    pad: int
    kernel_name: str
    kernel: Kernel
    device: torch.device
    dtype: torch.dtype
    spec: ModelSpec
    weights_bytes: int
    rotaries: dict[float | None, Any] = field(default_factory=dict)

    def set_yarn(self, factor: float | None) -> None:
        """Rotary positions for prompts that need this YaRN factor, None for those that fit the native context."""
        language = self.model.model.language_model
        if not self.rotaries:
            self.rotaries[None] = language.rotary_emb
        if factor not in self.rotaries:
            config = language.config.__class__.from_dict(language.config.to_dict())
            config.rope_parameters = {
                **language.config.rope_parameters,
                "rope_type": "yarn",
                "factor": factor,
                "original_max_position_embeddings": CONTEXT_POSITIONS,
            }
            log.info("YaRN with factor %s: this prompt has more than %d positions", factor, CONTEXT_POSITIONS)
            self.rotaries[factor] = type(language.rotary_emb)(config).to(self.device)
        language.rotary_emb = self.rotaries[factor]


def load(settings: VlmSettings) -> Loaded:
    """Loads ``settings.model`` from the hub or a folder.

    Raises BackendError when it cannot be had or is no Qwen3-VL, MissingDependencyError when a package is missing,
    ConfigError when a setting does not suit this machine.
    """
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer
    from transformers import logging as hf_logging

    local = settings.local
    register()
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(settings.model).expanduser()
    name = str(folder) if folder.is_dir() else settings.model
    revision = local.revision or None
    try:
        config = AutoConfig.from_pretrained(name, revision=revision)
        if config.model_type not in _KINDS:
            raise BackendError(
                f"{settings.model} is a {config.model_type} model, not a Qwen3-VL; set vlm.model to one of the "
                "family (`videoindex doctor` lists it) or use a server for it"
            )
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model: Any = AutoModelForImageTextToText.from_pretrained(
            name,
            revision=revision,
            dtype=local.dtype if local.dtype == "auto" else getattr(torch, local.dtype),
            device_map=_device_map(local.device),
            attn_implementation={"text_config": IMPLEMENTATION, "vision_config": "sdpa"},
            quantization_config=_four_bit() if local.four_bit else None,
            use_safetensors=True,
        )
    except (OSError, ValueError) as error:
        raise BackendError(_cannot_load(settings, error)) from error
    model.eval().requires_grad_(False)
    return prepared(settings, model, tokenizer)


def prepared(settings: VlmSettings, model: Any, tokenizer: Any) -> Loaded:
    """A model that is in memory already, made ready: its attention chosen, its tokens looked up."""
    weight = model.get_input_embeddings().weight
    text = model.config.text_config
    name, kernel = choose_kernel(settings.local.attention, weight.device, weight.dtype, text.head_dim)
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [tokenizer.eos_token_id if ends is None else ends]
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
    loaded = Loaded(
        model=model,
        tokenizer=tokenizer,
        special=SpecialIds.of(tokenizer),
        ends=frozenset(ends),
        pad=pad,
        kernel_name=name,
        kernel=kernel,
        device=weight.device,
        dtype=weight.dtype,
        spec=spec_from_config(model.config.to_dict(), settings.model),
        weights_bytes=sum(p.numel() * p.element_size() for p in model.parameters()),
    )
    log.info(
        "%s: %.2f GB of weights, %s on %s, attention by %s",
        settings.model, loaded.weights_bytes / 1e9, loaded.dtype, loaded.device, name,
    )  # fmt: skip
    return loaded


def _device_map(device: str) -> str | None:
    """What transformers is told of where the weights go, None for the CPU, which it takes by itself.

    ``auto`` is the CPU where torch sees no GPU; with one or more, it is they, as far as accelerate finds room.
    """
    import torch

    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return None
    if not torch.cuda.is_available():
        raise ConfigError(f"vlm.local.device is {device!r}, but torch sees no GPU here; set it to auto or cpu")
    if importlib.util.find_spec("accelerate") is None:
        raise MissingDependencyError("placing weights on a GPU needs accelerate: pip install accelerate")
    return device


def _four_bit() -> Any:
    """Layers of the language model in 4 bits with 16-bit arithmetic; vision and output stay as they are."""
    import torch

    if not torch.cuda.is_available():
        raise ConfigError("vlm.local.four_bit needs a GPU, and torch sees none here; set it to false")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingDependencyError("vlm.local.four_bit needs bitsandbytes: pip install bitsandbytes")
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=["visual", "lm_head"],
    )


def _cannot_load(settings: VlmSettings, error: Exception) -> str:
    where = Path(settings.model)
    lines = str(error).strip().splitlines()
    reason = lines[0][:300] if lines else type(error).__name__
    if where.exists() or settings.model.startswith((".", "/", "~")):
        return f"{settings.model} cannot be loaded: {reason}; vlm.model must be a folder with all files of a model"
    at = f" --revision {settings.local.revision}" if settings.local.revision else ""
    return (
        f"{settings.model} cannot be loaded: {reason}; fetch it with `hf download {settings.model}{at}`, or set "
        "vlm.model to a folder that holds it"
    )


def weights_digest(model: str) -> str:
    """What tells the contents of a model's folder apart; empty for a name at the hub, whose revision does that."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return ""
    files = sorted(file for file in folder.iterdir() if file.suffix in (".safetensors", ".json", ".jinja"))
    return " ".join(f"{file.name}:{content_id(file)}" for file in files if file.stat().st_size)
