from __future__ import annotations

import json
from pathlib import Path

import pytest

from videoindex.errors import ConfigError
from videoindex.model_files import describe, find_file, missing_files
from videoindex.models import find_model

TINY = Path(__file__).parent / "models" / "needle_vlm"
LAYERS = json.loads((TINY / "config.json").read_text())["text_config"]["num_hidden_layers"]
COMMIT = "0c351dd01ed87e9c1b53cbc748cba10e6187ff3b"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def keep(cache: Path, repo_id: str, **files: str) -> None:
    """Puts files into the cache as the hub's client does; ``_`` stands for a dot."""
    repo = cache / f"models--{repo_id.replace('/', '--')}"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(COMMIT)
    snapshot = repo / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, text in files.items():
        (snapshot / name.replace("_DOT_", ".")).write_text(text)


def test_a_name_of_the_family_needs_no_file(cache: Path) -> None:
    assert describe("30b-thinking") == find_model("30b-thinking")


def test_a_folder_of_weights_says_itself_what_it_is() -> None:
    spec = describe(str(TINY))
    assert (spec.repo_id, spec.is_released) == (str(TINY), False)
    assert spec.size == f"{spec.parameters / 1e6:.1f}M"
    assert spec.text.layers == LAYERS


def test_a_folder_is_taken_at_its_word_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "Qwen3-VL-8B-Instruct"
    folder.mkdir()
    (folder / "config.json").write_text((TINY / "config.json").read_text())
    assert describe(str(folder)).text.layers == LAYERS
    assert describe(str(folder)).size == "8B"


def test_weights_in_the_hubs_cache_are_described_without_a_network(cache: Path) -> None:
    keep(cache, "somebody/tuned", config_DOT_json=(TINY / "config.json").read_text())
    spec = describe("somebody/tuned")
    assert (spec.repo_id, spec.text.layers) == ("somebody/tuned", LAYERS)


@pytest.mark.parametrize("name", ["99B", "somebody/unknown", "not a name at all", "a/b/c"])
def test_what_is_neither_is_answered_with_the_family(cache: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is not a Qwen3-VL model"):
        describe(name)


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.json"):
        describe(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        describe(str(tmp_path))


def test_a_whole_folder_misses_nothing() -> None:
    assert missing_files(str(TINY)) == []
    assert find_file(str(TINY), "config.json") == TINY / "config.json"
    assert find_file(str(TINY), "absent.json") is None


def test_every_missing_shard_is_named(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer_config.json", "model-00001-of-00003.safetensors"):
        (tmp_path / name).write_text("{}")
    shards = {f"w{i}": f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    lacking = ["model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"]
    assert missing_files(str(tmp_path)) == lacking


def test_a_repository_that_was_never_downloaded_lacks_everything(cache: Path) -> None:
    lacking = ["config.json", "tokenizer_config.json", "model.safetensors"]
    assert missing_files("Qwen/Qwen3-VL-8B-Instruct") == lacking
    assert missing_files("qwen3-vl:8b") == lacking


def test_a_download_is_looked_for_under_its_revision(cache: Path) -> None:
    files = {"config_DOT_json": "{}", "tokenizer_config_DOT_json": "{}", "model_DOT_safetensors": ""}
    keep(cache, "Qwen/Qwen3-VL-8B-Instruct", **files)
    assert missing_files("Qwen/Qwen3-VL-8B-Instruct") == []
    assert missing_files("Qwen/Qwen3-VL-8B-Instruct", COMMIT) == []
    assert "model.safetensors" in missing_files("Qwen/Qwen3-VL-8B-Instruct", "v2")
