"""The commands: words of a shell, with the flags that each model and each number of GPUs needs."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.fits import usable_gpus
from videoindex.models import FORMATS, MODELS, ModelSpec, Weights, find_model, find_weights, spec_from_config
from videoindex.perception.vlm.settings import BACKENDS, ServerSettings, VlmSettings
from videoindex.serving import (
    MINIMUM_VERSIONS,
    Serving,
    download,
    gguf_files,
    is_at_least,
    servings,
    upgrade,
    version_text,
)


def way(model: ModelSpec, server: str, weights: Weights, gpus: int = 1, context: int = 32_768) -> Serving:
    return next(serving for serving in servings(model, weights, context, gpus) if serving.server == server)


def after(words: tuple[str, ...], flag: str) -> str:
    return words[words.index(flag) + 1]


@given(st.sampled_from(MODELS), st.sampled_from(FORMATS), st.integers(1, 262_144), st.data())
def test_every_command_is_words_of_a_shell_and_its_settings_are_legal(model, weights, context, data):
    gpus = data.draw(st.sampled_from(usable_gpus(model, weights)))
    ways = servings(model, weights, context, gpus)
    assert {serving.server for serving in ways} <= set(BACKENDS)
    assert ways
    for serving in ways:
        assert tuple(shlex.split(serving.serve_line)) == serving.serve
        assert tuple(shlex.split(serving.pull_line)) == serving.pull
        assert any(str(context) in word for word in serving.serve)
        settings = VlmSettings(serving.server, serving.model, server=ServerSettings(serving.url))
        assert find_model(settings.model) == model
        assert find_weights(settings.model) in (weights, None)


@pytest.mark.parametrize("edition", ["Instruct", "Thinking"])
@pytest.mark.parametrize("weights", ["bf16", "fp8"])
@pytest.mark.parametrize("size", ["30B-A3B", "235B-A22B"])
def test_mixtures_on_several_gpus_are_split_by_tensors_and_by_experts(size, weights, edition):
    model = find_model(f"{size}-{edition}")
    vllm = way(model, "vllm", weights, 8).serve
    assert after(vllm, "--tensor-parallel-size") == "8"
    assert "--enable-expert-parallel" in vllm
    assert after(vllm, "--mm-encoder-tp-mode") == "data"
    sglang = way(model, "sglang", weights, 8).serve
    assert (after(sglang, "--tp-size"), after(sglang, "--ep-size")) == ("8", "8")


def test_dense_models_are_split_by_tensors_alone_and_one_gpu_splits_nothing():
    dense, mixture = find_model("32B"), find_model("30B-A3B")
    assert after(way(dense, "vllm", "bf16", 4).serve, "--tensor-parallel-size") == "4"
    assert "--enable-expert-parallel" not in way(dense, "vllm", "bf16", 4).serve
    assert "--ep-size" not in way(dense, "sglang", "bf16", 4).serve
    alone = way(mixture, "vllm", "bf16").serve + way(mixture, "sglang", "bf16").serve
    assert not {"--tensor-parallel-size", "--enable-expert-parallel", "--mm-encoder-tp-mode", "--tp-size"} & set(
        alone
    )


def test_vllm_takes_whole_videos_with_their_times():
    words = way(find_model("8B"), "vllm", "bf16", context=65_536).serve
    assert words[:3] == ("vllm", "serve", "Qwen/Qwen3-VL-8B-Instruct")
    assert after(words, "--max-model-len") == "65536"
    assert json.loads(after(words, "--media-io-kwargs")) == {"video": {"num_frames": -1}}
    assert json.loads(after(words, "--limit-mm-per-prompt")) == {"video": 1}
    assert "--trust-request-mm-kwargs" in words
    assert after(words, "--host") == "127.0.0.1"


def test_thoughts_are_split_off_where_the_model_thinks():
    thinking, instruct = find_model("8B-Thinking"), find_model("8B")
    assert after(way(thinking, "vllm", "bf16").serve, "--reasoning-parser") == "deepseek_r1"
    assert after(way(thinking, "sglang", "bf16").serve, "--reasoning-parser") == "qwen3-thinking"
    assert "--reasoning-parser" not in way(instruct, "vllm", "bf16").serve + way(instruct, "sglang", "bf16").serve


def test_fp8_weights_have_a_repository_of_their_own_and_llamacpp_has_none_of_them():
    ways = servings(find_model("8B"), "fp8", 32_768)
    assert [serving.server for serving in ways] == ["vllm", "sglang"]
    assert all(serving.model == "Qwen/Qwen3-VL-8B-Instruct-FP8" for serving in ways)
    assert all(serving.pull == ("hf", "download", serving.model) for serving in ways)
    assert [serving.server for serving in servings(find_model("8B"), "4bit", 32_768)] == ["llamacpp", "ollama"]


def test_llamacpp_fetches_weights_and_projector_and_gives_one_prompt_the_whole_context():
    serving = way(find_model("30B-A3B-Thinking"), "llamacpp", "4bit")
    assert after(serving.serve, "-hf") == "Qwen/Qwen3-VL-30B-A3B-Thinking-GGUF:Q4_K_M"
    assert (after(serving.serve, "--ctx-size"), after(serving.serve, "--parallel")) == ("32768", "1")
    assert after(serving.serve, "--alias") == serving.model
    assert serving.pull[-4:] == ("--include", "*Q4_K_M*", "--include", "mmproj*")
    assert gguf_files(find_model("8B")) == (
        "Qwen3VL-8B-Instruct-Q4_K_M.gguf",
        "mmproj-Qwen3VL-8B-Instruct-F16.gguf",
    )


def test_ollama_is_started_with_the_context_and_then_pulls():
    serving = way(find_model("235B-A22B-Thinking"), "ollama", "4bit", context=65_536)
    assert serving.lines == (
        "OLLAMA_CONTEXT_LENGTH=65536 ollama serve",
        "ollama pull qwen3-vl:235b-a22b-thinking-q4_K_M",
    )
    assert serving.model == "qwen3-vl:235b-a22b-thinking-q4_K_M"
    assert way(find_model("2B"), "ollama", "bf16").model == "qwen3-vl:2b-instruct-bf16"


def tuned(name: str) -> ModelSpec:
    text = {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
            "intermediate_size": 96, "vocab_size": 300, "max_position_embeddings": 262_144}  # fmt: skip
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2,
              "deepstack_visual_indexes": [0], "num_position_embeddings": 16}  # fmt: skip
    return spec_from_config({"text_config": text, "vision_config": vision}, name)


def test_weights_of_ones_own_are_served_as_they_are_and_a_folder_is_not_downloaded():
    ways = servings(tuned("/weights/my own"), "bf16", 32_768)
    assert [serving.server for serving in ways] == ["vllm", "sglang"]
    assert "'/weights/my own'" in ways[0].serve_line
    assert (ways[0].pull, ways[0].model) == ((), "/weights/my own")
    assert servings(tuned("somebody/tuned"), "bf16", 32_768)[0].pull_line == "hf download somebody/tuned"
    assert servings(tuned("somebody/tuned"), "4bit", 32_768) == []


def test_a_prompt_that_no_server_takes_is_refused_with_the_setting():
    with pytest.raises(ConfigError, match=r"262,144.*sampling\.token_budget"):
        servings(find_model("8B"), "bf16", 262_145)


@pytest.mark.parametrize(
    ("version", "minimum", "is_enough"),
    [
        ("0.11.0", (0, 11, 0), True),
        ("0.9.2", (0, 11, 0), False),
        ("v0.31.0rc1", (0, 31, 0), True),
        ("0.12", (0, 12, 7), False),
        ("0.12.10", (0, 12, 7), True),
        ("1.0", (0, 12, 7), True),
        ("b6887-16724b5b6", (6887,), True),
        ("b6886-16724b5b6", (6887,), False),
        ("5.23.0", (5, 0), True),
        ("4.57.1", (5, 0), False),
    ],
)
def test_versions_are_compared_by_their_numbers(version, minimum, is_enough):
    assert is_at_least(version, minimum) is is_enough


def test_every_server_with_a_version_to_check_has_a_command_that_mends_it():
    for server, version in MINIMUM_VERSIONS.items():
        assert shlex.split(upgrade(server))
        assert is_at_least(version_text(version), version)
    assert upgrade("openai") == ""
    assert download("Qwen/Qwen3-VL-2B-Instruct") == "hf download Qwen/Qwen3-VL-2B-Instruct"
