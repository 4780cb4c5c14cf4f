"""The files of a model, in a folder or in the hub's cache, and what they say of it. Asks no network."""

from __future__ import annotations

import json
from pathlib import Path

from videoindex.errors import ConfigError
from videoindex.models import ModelSpec, find_model, spec_from_config

__all__ = ["describe", "find_file", "missing_files"]

_SHARDS = "model.safetensors.index.json"


def describe(name: str) -> ModelSpec:
    """The model of a name of the family, of a folder of weights, or of weights that the hub's cache holds.

    Raises ConfigError when it is none of them, or no Qwen3-VL.
    """
    if not Path(name).expanduser().is_dir():
        try:
            return find_model(name)
        except ConfigError:
            if _repo_file(name, "config.json") is None:
                raise
    config = find_file(name, "config.json")
    if config is None:
        raise ConfigError(f"{name}: the folder has no config.json; name a folder of a model's weights")
    try:
        document = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{config}: not valid JSON: {error}") from error
    folder = Path(name).expanduser()
    return spec_from_config(document, str(folder.resolve()) if folder.is_dir() else name)


def find_file(name: str, file: str, revision: str = "") -> Path | None:
    """One file of the model ``name``, a folder or a repository of the hub; None where it is not here."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder / file if (folder / file).is_file() else None
    return _repo_file(name, file, revision)


def missing_files(name: str, revision: str = "") -> list[str]:
    """What is not here of the model's configuration, tokenizer and weights, all of their shards counted."""
    lacking = [
        file for file in ("config.json", "tokenizer_config.json") if find_file(name, file, revision) is None
    ]
    if find_file(name, "model.safetensors", revision) is not None:
        return lacking
    index = find_file(name, _SHARDS, revision)
    if index is None:
        return [*lacking, "model.safetensors"]
    shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    return lacking + [shard for shard in shards if find_file(name, shard, revision) is None]


def _repo_file(repo_id: str, file: str, revision: str = "") -> Path | None:
    """The file in the hub's cache; None too where ``repo_id`` cannot be a repository's name."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo_id, file, revision=revision or None)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None
