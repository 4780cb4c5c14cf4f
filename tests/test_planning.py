from __future__ import annotations

from pathlib import Path

import planted
import pytest

from videoindex import planning
from videoindex.config import Settings
from videoindex.errors import ConfigError, NotAVideoError
from videoindex.fits import largest_segment
from videoindex.gpus import Gpu
from videoindex.models import FORMATS, GIB, MODELS, ModelSpec
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.planning import plan_file
from videoindex.sampling.settings import SamplingSettings


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("planning") / "clip.mp4"
    planted.write(path, planted.steady(10, 50))
    return path


@pytest.fixture(autouse=True)
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[Gpu]:
    """The GPUs of this machine, as a test wants them."""
    here: list[Gpu] = []
    monkeypatch.setattr(planning, "find_gpus", lambda: here)
    return here


def test_a_model_that_fits_is_served_by_the_gpus_that_are_here(film: Path, gpus: list[Gpu]) -> None:
    gpus += [Gpu("NVIDIA H100", 80 * GIB)] * 2
    planned = plan_file(film, Settings(), "30B-A3B", "bf16")
    assert (planned.verdict.is_enough, planned.verdict.needs) == (True, 1)
    assert planned.verdict.segment_tokens > 262_144
    assert [way.server for way in planned.ways] == ["vllm", "sglang", "llamacpp", "ollama"]
    assert "--tensor-parallel-size" not in planned.ways[0].serve


def test_a_model_that_does_not_fit_is_served_by_as_many_as_it_takes(film: Path, gpus: list[Gpu]) -> None:
    gpus += [Gpu("NVIDIA L4", 24 * GIB)]
    planned = plan_file(film, Settings(), "30B-A3B-FP8")
    assert planned.plan.weights == "fp8"
    assert (planned.verdict.is_enough, planned.verdict.needs) == (False, 2)
    assert "--enable-expert-parallel" in planned.ways[0].serve


def test_no_server_is_asked_for_a_longer_context_than_its_gpu_holds(film: Path, gpus: list[Gpu]) -> None:
    gpus += [Gpu("NVIDIA L4", 24 * GIB)]
    planned = plan_file(film, Settings(), "8B", "bf16")
    held = planned.verdict.segment_tokens
    assert planned.verdict.is_enough
    assert planned.plan.prompt_tokens < held < Settings().sampling.token_budget
    assert [str(held) in " ".join(way.serve) for way in planned.ways] == [True] * 4
    assert "--tensor-parallel-size" not in planned.ways[0].serve


def test_a_second_gpu_is_used_where_one_does_not_hold_the_budget(film: Path, gpus: list[Gpu]) -> None:
    gpus += [Gpu("NVIDIA L4", 24 * GIB)] * 3
    words = plan_file(film, Settings(), "8B", "bf16").ways[0].serve
    assert words[words.index("--tensor-parallel-size") + 1] == "2"
    assert words[words.index("--max-model-len") + 1] == "32768"


@pytest.mark.parametrize("gib", [4, 8, 16, 24, 48, 80])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("model", MODELS[::2], ids=lambda model: model.size)
def test_a_command_is_for_a_context_that_its_gpus_hold_and_the_file_fits(
    film: Path, gpus: list[Gpu], model: ModelSpec, count: int, gib: int
) -> None:
    gpus += [Gpu("some", gib * GIB)] * count
    for weights in FORMATS:
        planned = plan_file(film, Settings(), model.repo_id, weights)
        if planned.verdict.needs == 0 or weights == "4bit":
            continue  # no number of these GPUs is enough, or the command names no number of GPUs
        words = planned.ways[0].serve
        context = int(words[words.index("--max-model-len") + 1])
        split = "--tensor-parallel-size"
        used = int(words[words.index(split) + 1]) if split in words else 1
        assert planned.plan.prompt_tokens <= context
        assert context <= largest_segment(model, planned.verdict.gpu_bytes, weights, used)
        assert used <= count or not planned.verdict.is_enough


def test_the_settings_name_the_model_and_the_longest_prompt(film: Path) -> None:
    settings = Settings(
        vlm=VlmSettings(model="qwen3-vl:4b-instruct-q4_K_M"), sampling=SamplingSettings(token_budget=65_536)
    )
    planned = plan_file(film, settings)
    assert (planned.plan.model.size, planned.plan.weights) == ("4B", "4bit")
    assert "65536" in planned.ways[0].serve


def test_a_longer_budget_than_servers_take_asks_them_for_all_they_have(film: Path) -> None:
    settings = Settings(sampling=SamplingSettings(token_budget=1_000_000))
    assert "262144" in plan_file(film, settings, "2B").ways[0].serve


def test_a_wrong_model_is_named_before_the_file_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="99B"):
        plan_file(tmp_path / "absent.mp4", Settings(), "99B")
    with pytest.raises(NotAVideoError, match="absent"):
        plan_file(tmp_path / "absent.mp4", Settings(), "8B")
