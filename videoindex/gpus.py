"""The GPUs of this machine, as their driver names them. Imports nothing heavy."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

__all__ = ["Gpu", "find_gpus"]

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; ``memory_bytes`` is 0 where the driver does not tell, as on chips that share the host's memory."""

    name: str
    memory_bytes: int

    def __str__(self) -> str:
        return f"{self.name}, {self.memory_bytes // _MIB} MiB" if self.memory_bytes else self.name


def find_gpus() -> list[Gpu]:
    """The NVIDIA GPUs; none where there is no driver, or it does not answer."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []  # a driver that does not answer gives no GPU to work with
    return [_gpu(line) for line in listed.stdout.splitlines() if line.strip()] if listed.returncode == 0 else []


def _gpu(line: str) -> Gpu:
    name, _, memory = line.rpartition(",")
    mib = memory.removesuffix("MiB").strip()
    return Gpu(name.strip(), int(mib) * _MIB if mib.isdigit() else 0)
