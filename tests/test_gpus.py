from __future__ import annotations

from pathlib import Path

import pytest

from videoindex.gpus import Gpu, find_gpus


def driver(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts an nvidia-smi of our own before any other."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "gpus"),
    [
        ("echo 'NVIDIA H200, 143771'", [Gpu("NVIDIA H200", 143_771 * 2**20)]),
        ("echo 'NVIDIA L4, 23034'; echo 'NVIDIA T4, 15360'",
         [Gpu("NVIDIA L4", 23_034 * 2**20), Gpu("NVIDIA T4", 15_360 * 2**20)]),
        ("echo 'NVIDIA GB10, [N/A]'", [Gpu("NVIDIA GB10", 0)]),
        ("echo 'no devices were found'; exit 9", []),
        ("true", []),
    ],
)  # fmt: skip
def test_gpus_are_what_the_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, gpus: list[Gpu]
) -> None:
    driver(tmp_path, monkeypatch, script)
    assert find_gpus() == gpus


def test_the_driver_is_asked_for_names_and_memory_without_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked')
    find_gpus()
    asked = (tmp_path / "asked").read_text()
    assert "--query-gpu=name,memory.total" in asked
    assert "nounits" in asked


def test_a_machine_without_a_driver_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_gpus() == []


def test_a_gpu_is_named_with_its_memory_where_it_is_known() -> None:
    assert str(Gpu("NVIDIA H200", 143_771 * 2**20)) == "NVIDIA H200, 143771 MiB"
    assert str(Gpu("NVIDIA GB10", 0)) == "NVIDIA GB10"
