"""Models that are loaded, and those that are not: each says why and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from small_models import KINDS, NEEDLE, loaded, make, noise, showing, stock, whole_prompt

from videoindex.errors import BackendError, ConfigError, MissingDependencyError
from videoindex.perception.qwen_prompt import INSTRUCTIONS
from videoindex.perception.vlm import loading, prefill
from videoindex.perception.vlm.decode import first_logits
from videoindex.perception.vlm.loading import load, weights_digest
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.sampling import mrope
from videoindex.sampling.mrope import FrameSize


def settings(model: object, **local: object) -> VlmSettings:
    return VlmSettings(model=str(model), local=LocalSettings(**{"device": "cpu", **local}))


@pytest.mark.parametrize("kind", KINDS)
def test_dense_and_mixed_models_say_how_they_run(kind: str) -> None:
    model = loaded(kind)
    assert model.kernel_name == "cpu_flash"
    assert (model.device.type, model.dtype) == ("cpu", torch.float32)
    assert model.weights_bytes == 4 * sum(p.numel() for p in model.model.parameters())
    assert model.spec.parameters == sum(p.numel() for p in model.model.parameters())
    assert not any(p.requires_grad for p in model.model.parameters())
    assert model.ends == {model.tokenizer.convert_tokens_to_ids("<|im_end|>")}


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_weights_take_the_wished_precision(dtype: str) -> None:
    assert load(settings(NEEDLE, dtype=dtype)).dtype == getattr(torch, dtype)


def test_a_home_folder_may_be_written_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(NEEDLE, tmp_path / "weights")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(settings("~/weights")).device.type == "cpu"
    assert weights_digest("~/weights") == weights_digest(str(NEEDLE)) != ""


def test_a_model_that_is_not_there_is_named_with_the_command_that_fetches_it() -> None:
    with pytest.raises(BackendError, match=r"hf download Qwen/Qwen3-VL-2B-Instruct --revision abc"):
        load(settings("Qwen/Qwen3-VL-2B-Instruct", revision="abc"))


def test_a_folder_that_holds_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=rf"{tmp_path}.*cannot be loaded.*folder with all files"):
        load(settings(tmp_path))


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(BackendError, match="bert model, not a Qwen3-VL"):
        load(settings(tmp_path))


def test_what_needs_a_gpu_is_refused_without_one() -> None:
    with pytest.raises(ConfigError, match=r"vlm\.local\.device is 'cuda:1'.*no GPU"):
        load(settings(NEEDLE, device="cuda:1"))
    with pytest.raises(ConfigError, match=r"four_bit needs a GPU"):
        load(settings(NEEDLE, four_bit=True))


def test_packages_that_a_gpu_needs_are_named_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match="pip install accelerate"):
        load(settings(NEEDLE, device="auto"))
    with pytest.raises(MissingDependencyError, match="pip install bitsandbytes"):
        load(settings(NEEDLE, four_bit=True))


def test_other_weights_in_the_folder_are_other_weights(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    make(first, "dense")
    shutil.copytree(first, second)
    assert weights_digest(str(first)) == weights_digest(str(second))
    data = bytearray((second / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (second / "model.safetensors").write_bytes(data)
    assert weights_digest(str(first)) != weights_digest(str(second))
    assert weights_digest("Qwen/Qwen3-VL-8B-Instruct") == ""


def test_yarn_comes_in_only_where_positions_need_it_and_is_what_transformers_makes_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, size = loaded("dense"), FrameSize(64, 64)
    looks = noise(8, size)
    reference = stock(model)
    with torch.inference_mode():
        short = prefill.read(model, showing(looks, size), 100)
        plain = first_logits(model, short, ["?"])
        assert short.yarn_factor is None
        limit = short.next_position - 1
        monkeypatch.setattr(mrope, "CONTEXT_POSITIONS", limit)
        monkeypatch.setattr(loading, "CONTEXT_POSITIONS", limit)
        kept = prefill.read(model, showing(looks, size), 100)
        stretched = first_logits(model, kept, ["?"])
        assert kept.yarn_factor == 2.0
        config = reference.config.text_config
        config.rope_parameters = config.rope_parameters | {
            "rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": limit,
        }  # fmt: skip
        language = reference.model.language_model
        language.rotary_emb = type(language.rotary_emb)(config)
        whole = whole_prompt(model, looks, size, "?", INSTRUCTIONS)
        theirs = reference(**whole, logits_to_keep=1, use_cache=False).logits[:, -1]
        torch.testing.assert_close(stretched, theirs, atol=1e-4, rtol=0)
        assert float((stretched - plain).abs().max()) > 1e-3
        monkeypatch.undo()
        torch.testing.assert_close(
            first_logits(model, prefill.read(model, showing(looks, size), 100), ["?"]), plain
        )
