"""The model family against the classes of transformers, built without weights."""

import json
from math import prod
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.models import (
    DEFAULT_MODEL,
    FORMATS,
    GIB,
    MODELS,
    ModelSpec,
    TextShape,
    VisionShape,
    find_model,
    find_weights,
    kv_bytes,
    memory_bytes,
    prefill_flops,
    spec_from_config,
    weight_bytes,
)

INSTRUCT = [spec for spec in MODELS if spec.edition == "Instruct"]


def real_config(spec: ModelSpec):
    """The configuration that transformers would load for ``spec``, and the name of its kind."""
    import transformers

    text, vision = spec.text, spec.vision
    sizes = {
        "vocab_size": text.vocabulary,
        "hidden_size": text.hidden,
        "intermediate_size": text.intermediate,
        "num_hidden_layers": text.layers,
        "num_attention_heads": text.heads,
        "num_key_value_heads": text.kv_heads,
        "head_dim": text.head_dim,
        "tie_word_embeddings": text.tied_embeddings,
    }
    kind = "Qwen3VL"
    if text.experts > 1:
        kind = "Qwen3VLMoe"
        sizes |= {
            "moe_intermediate_size": text.intermediate,
            "num_experts": text.experts,
            "num_experts_per_tok": text.active_experts,
        }
    sees = {
        "depth": vision.depth,
        "hidden_size": vision.hidden,
        "intermediate_size": vision.intermediate,
        "num_heads": vision.heads,
        "out_hidden_size": text.hidden,
        "deepstack_visual_indexes": list(vision.deepstack_layers),
        "num_position_embeddings": vision.position_embeddings,
    }
    config = getattr(transformers, f"{kind}Config")(
        text_config=sizes, vision_config=sees, tie_word_embeddings=text.tied_embeddings
    )
    return config, kind


def meta_parameters(config, kind: str) -> int:
    """Counts the parameters of the real class on the meta device: shapes without memory."""
    import transformers

    with torch.device("meta"):
        model = getattr(transformers, f"{kind}ForConditionalGeneration")(config)
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("spec", INSTRUCT, ids=lambda spec: spec.size)
def test_parameters_are_those_of_the_real_class(spec):
    assert spec.parameters == meta_parameters(*real_config(spec))


@pytest.mark.parametrize(
    ("size", "kib"), [("2B", 112), ("4B", 144), ("8B", 144), ("30B-A3B", 96), ("32B", 256), ("235B-A22B", 188)]
)
def test_keys_and_values_of_a_token(size, kib):
    assert find_model(size).kv_bytes_per_token == kib * 1024


@pytest.mark.parametrize(("size", "billions"), [("30B-A3B", 3.5), ("235B-A22B", 22.0)])
def test_a_mixture_meets_only_its_chosen_experts(size, billions):
    assert find_model(size).active_parameters / 1e9 == pytest.approx(billions, rel=0.15)


@pytest.mark.parametrize(
    "name",
    [
        DEFAULT_MODEL,
        "Qwen3-VL-8B-Instruct-FP8",
        "Qwen/Qwen3-VL-8B-Instruct-GGUF",
        "Qwen/Qwen3-VL-8B-Instruct-GGUF:Q4_K_M",
        "qwen3-vl:8b-instruct",
        "qwen3-vl:8b-instruct-q4_K_M",
        "8B",
        "8b-instruct",
    ],
)
def test_a_model_is_found_by_any_of_its_names(name):
    assert find_model(name).repo_id == DEFAULT_MODEL


def test_every_model_is_found_by_its_own_names():
    for spec in MODELS:
        assert find_model(spec.repo_id) == find_model(spec.fp8_repo_id) == find_model(spec.ollama_tag) == spec
    assert len({spec.repo_id for spec in MODELS}) == len(MODELS) == 12


def test_without_an_edition_a_tag_of_ollama_is_the_one_that_thinks():
    assert find_model("qwen3-vl:8b").edition == find_model("qwen3-vl:235b-a22b").edition == "Thinking"
    assert find_model("qwen3-vl-8b").edition == find_model("8b").edition == "Instruct"


def test_a_mixture_is_found_by_its_size_alone_as_ollama_has_it():
    assert find_model("qwen3-vl:30b").repo_id == "Qwen/Qwen3-VL-30B-A3B-Thinking"
    assert find_model("235b-thinking").repo_id == "Qwen/Qwen3-VL-235B-A22B-Thinking"


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct-FP8", "fp8"),
        ("qwen3-vl:8b-instruct-q4_K_M", "4bit"),
        ("Qwen/Qwen3-VL-8B-Instruct-GGUF:Q4_K_M", "4bit"),
        ("qwen3-vl:8b-instruct-bf16", "bf16"),
        ("8b", None),
    ],
)
def test_a_name_may_say_the_format_of_its_weights(name, weights):
    assert find_weights(name) == weights


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"7B.*235B-A22B"):
        find_model("Qwen/Qwen3-VL-7B-Instruct")


def test_deepstack_layers_lie_within_the_vision_transformer():
    for spec in MODELS:
        assert len(spec.vision.deepstack_layers) == 3
        assert max(spec.vision.deepstack_layers) < spec.vision.depth


@pytest.mark.parametrize(("size", "petaflops"), [("2B", 9.3), ("4B", 23), ("8B", 25), ("30B-A3B", 29)])
def test_reading_a_full_context(size, petaflops):
    assert prefill_flops(find_model(size), 262_144) / 1e15 == pytest.approx(petaflops, rel=0.03)


def test_attention_makes_one_long_prompt_dearer_than_eight_short_ones():
    spec = find_model("8b")
    assert prefill_flops(spec, 262_144) / (8 * prefill_flops(spec, 32_768)) == pytest.approx(3.5, rel=0.15)


def test_memory_adds_up_and_lighter_weights_are_lighter():
    spec = find_model("8b")
    assert weight_bytes(spec) == 2 * spec.parameters
    assert weight_bytes(spec, "fp8") / GIB == pytest.approx(9.87, abs=0.05)  # a released FP8 file is 9.87 GiB
    assert weight_bytes(spec, "4bit") < weight_bytes(spec, "fp8") < weight_bytes(spec, "bf16")
    assert kv_bytes(spec, 262_144) == 36 * GIB
    assert memory_bytes(spec, 262_144) > weight_bytes(spec) + kv_bytes(spec, 262_144)


@given(st.sampled_from(MODELS), st.sampled_from(FORMATS), st.integers(0, 2_000_000), st.integers(1, 1_000_000))
def test_more_tokens_take_more_memory_and_never_less_than_the_weights(model, weights, tokens, more):
    assert weight_bytes(model, weights) < memory_bytes(model, tokens, weights)
    assert memory_bytes(model, tokens, weights) < memory_bytes(model, tokens + more, weights)


@pytest.mark.parametrize(
    ("size", "gigabytes"),
    [("2B", 1.9), ("4B", 3.3), ("8B", 6.1), ("30B-A3B", 20), ("32B", 21), ("235B-A22B", 143)],
)
def test_four_bit_weights_are_not_thought_lighter_than_those_that_ollama_pulls(size, gigabytes):
    assert 1.0 < weight_bytes(find_model(size), "4bit") / 1e9 / gigabytes < 1.31


@pytest.mark.parametrize("spec", INSTRUCT, ids=lambda spec: spec.size)
def test_a_released_model_is_known_by_its_own_configuration(spec):
    config, _ = real_config(spec)
    document = config.to_dict()
    document["text_config"]["max_position_embeddings"] = 262_144
    assert spec_from_config(document, spec.repo_id) == spec
    tuned = spec_from_config(document, f"/weights/tuned-{spec.size}-on-cooking")
    assert (tuned.text, tuned.vision, tuned.size) == (spec.text, spec.vision, spec.size)
    assert not tuned.is_released


@given(
    layers=st.integers(1, 3),
    heads=st.sampled_from([2, 4]),
    experts=st.sampled_from([1, 4]),
    tied=st.booleans(),
    vocabulary=st.integers(16, 400),
    side=st.integers(2, 9),
)
def test_any_weights_are_described_by_their_configuration(layers, heads, experts, tied, vocabulary, side):
    text = TextShape(layers, 32, heads, 2, 16, 48, tied, experts, min(2, experts), vocabulary)
    vision = VisionShape(2, 32, 40, 2, (0, 1), side * side)
    config, kind = real_config(ModelSpec("tiny", "", "Instruct", text, vision))
    spec = spec_from_config(config.to_dict(), "somebody/tiny-thinking")
    assert (spec.text, spec.vision, spec.edition) == (text, vision, "Thinking")
    assert spec.parameters == meta_parameters(config, kind)
    assert spec.size == f"{spec.parameters / 1e6:.1f}M"


def test_the_weights_beside_a_configuration_are_as_many_as_it_says():
    folder = Path(__file__).parent / "models" / "needle_vlm"
    spec = spec_from_config(json.loads((folder / "config.json").read_text()), str(folder))
    with (folder / "model.safetensors").open("rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert spec.parameters == sum(prod(tensor["shape"]) for name, tensor in head.items() if name != "__metadata__")


def test_a_configuration_of_another_kind_is_refused_with_what_it_lacks():
    with pytest.raises(ConfigError, match=r"llama.*text_config"):
        spec_from_config({"model_type": "llama"}, "llama")
    config, _ = real_config(INSTRUCT[0])
    document = config.to_dict()
    document["vision_config"]["patch_size"] = 14
    with pytest.raises(ConfigError, match=r"patch_size is 14, Qwen3-VL's is 16"):
        spec_from_config(document, "older")
