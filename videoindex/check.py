"""One finding of ``doctor``, and what its checks have in common."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "State", "installed_version"]

State = Literal["ok", "absent", "missing"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``missing`` stops something that is switched on; ``absent`` is an option not installed."""

    name: str
    state: State
    detail: str
    fix: str = ""


def installed_version(package: str) -> str | None:
    """The version of an installed distribution; imports nothing of it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
