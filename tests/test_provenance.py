"""What a run was made with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from videoindex.evaluation import provenance as module
from videoindex.evaluation.provenance import provenance, recorded


def test_versions_machine_and_revision_are_told() -> None:
    import numpy as np

    found = provenance()
    assert found["numpy"] == np.__version__
    assert "cores" in found["machine"]
    assert found["git revision"]


def test_the_same_is_recorded_once_and_a_change_is_kept_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recorded(tmp_path)
    assert len(first) == 1
    assert recorded(tmp_path) == first
    monkeypatch.setattr(module, "_revision", lambda: "another")
    both = recorded(tmp_path)
    assert [one["git revision"] for one in both] == [first[0]["git revision"], "another"]
    assert json.loads((tmp_path / "made_with.json").read_text()) == both


def test_without_a_checkout_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert provenance()["git revision"] == "no checkout"


def test_a_package_that_is_absent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("no-such-package-anywhere",))
    assert provenance()["no-such-package-anywhere"] == "not installed"
