"""The model family against the classes of transformers, built without weights."""

import pytest
import torch

from videoindex.errors import ConfigError
from videoindex.models import (
    DEFAULT_MODEL,
    GIB,
    MODELS,
    ModelSpec,
    find_model,
    kv_bytes,
    largest_context,
    memory_bytes,
    prefill_flops,
    weight_bytes,
)

INSTRUCT = [spec for spec in MODELS if spec.edition == "Instruct"]


def meta_parameters(spec: ModelSpec) -> int:
    """Counts the parameters of the real class on the meta device: shapes without memory."""
    import transformers

    text, vision = spec.text, spec.vision
    sizes = {
        "vocab_size": 151_936,
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
    }
    config = getattr(transformers, f"{kind}Config")(
        text_config=sizes, vision_config=sees, tie_word_embeddings=text.tied_embeddings
    )
    with torch.device("meta"):
        model = getattr(transformers, f"{kind}ForConditionalGeneration")(config)
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("spec", INSTRUCT, ids=lambda spec: spec.size)
def test_parameters_are_those_of_the_real_class(spec):
    assert spec.parameters == meta_parameters(spec)


@pytest.mark.parametrize(
    ("size", "kib"), [("2B", 112), ("4B", 144), ("8B", 144), ("30B-A3B", 96), ("32B", 256), ("235B-A22B", 188)]
)
def test_keys_and_values_of_a_token(size, kib):
    assert find_model(size).kv_bytes_per_token == kib * 1024


@pytest.mark.parametrize(("size", "billions"), [("30B-A3B", 3.5), ("235B-A22B", 22.0)])
def test_a_mixture_meets_only_its_chosen_experts(size, billions):
    assert find_model(size).active_parameters / 1e9 == pytest.approx(billions, rel=0.15)


@pytest.mark.parametrize(
    "name", [DEFAULT_MODEL, "Qwen3-VL-8B-Instruct-FP8", "qwen3-vl:8b-instruct", "qwen3-vl:8b", "8B", "8b-instruct"]
)
def test_a_model_is_found_by_any_of_its_names(name):
    assert find_model(name).repo_id == DEFAULT_MODEL


def test_every_model_is_found_by_its_own_names():
    for spec in MODELS:
        assert find_model(spec.repo_id) == find_model(spec.fp8_repo_id) == find_model(spec.ollama_tag) == spec
    assert len({spec.repo_id for spec in MODELS}) == len(MODELS) == 12


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


@pytest.mark.parametrize("spec", INSTRUCT, ids=lambda spec: spec.size)
@pytest.mark.parametrize("gib", [16, 24, 80, 141])
def test_the_largest_context_fits_and_one_token_more_does_not(spec, gib):
    usable = int(0.9 * gib * GIB)
    tokens = largest_context(spec, gib * GIB)
    if tokens == 0:
        assert memory_bytes(spec, 1) > usable
    else:
        assert memory_bytes(spec, tokens) <= usable
        assert tokens == 1_048_576 or memory_bytes(spec, tokens + 1) > usable
