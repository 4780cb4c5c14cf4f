from __future__ import annotations

from pathlib import Path

import pytest

from videoindex import doctor
from videoindex.check import Check
from videoindex.config import IndexSettings, Settings, open_store
from videoindex.doctor import checks, examine
from videoindex.errors import UsageError
from videoindex.fits import fit_family
from videoindex.gpus import Gpu
from videoindex.models import GIB


def settings(folder: Path, *observers: str) -> Settings:
    kept = observers or ("captions", "screen_text", "speech", "objects")
    return Settings(index=IndexSettings(db=str(folder / "db"), observers=kept))


def named(found: list[Check], name: str) -> Check:
    return next(check for check in found if check.name == name)


def test_a_machine_that_runs_the_tests_misses_nothing(tmp_path: Path) -> None:
    found = checks(settings(tmp_path), [])
    assert [check for check in found if check.state == "missing"] == []
    assert {"python", "machine", "gpu", "av", "decord", "lancedb", "prefect"} <= {check.name for check in found}
    assert any(check.name.startswith("ffmpeg in ") for check in found)


def test_a_package_that_is_not_there_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = doctor.installed_version
    gone = ("lancedb", "flash-attn")
    monkeypatch.setattr(doctor, "installed_version", lambda package: None if package in gone else there(package))
    found = checks(settings(tmp_path), [])
    lacking, optional = named(found, "lancedb"), named(found, "flash-attn")
    assert (lacking.state, lacking.fix) == ("missing", "pip install lancedb")
    assert (optional.state, optional.fix) == ("absent", "pip install 'videoindex[local]'")


def test_weights_are_missing_only_for_observers_that_are_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _: None)
    found = checks(settings(tmp_path, "screen_text"), [])
    states = {check.name.split(" (")[0]: check.state for check in found if "(" in check.name}
    assert states == {
        "text recognition": "missing",
        "speech": "absent",
        "objects": "absent",
        "embedding": "missing",
    }


def test_gpus_are_named_and_so_is_what_their_absence_means(tmp_path: Path) -> None:
    there = named(checks(settings(tmp_path), [Gpu("NVIDIA H200", 143_771 * 2**20), Gpu("NVIDIA GB10", 0)]), "gpu")
    assert (there.state, there.detail) == ("ok", "NVIDIA H200, 143771 MiB; NVIDIA GB10")
    absent = named(checks(settings(tmp_path), []), "gpu")
    assert absent.state == "absent"
    assert "text, speech and objects are read on the CPU" in absent.detail


@pytest.mark.parametrize(("version", "state"), [("4.57.1", "missing"), ("5.0.0", "ok"), ("5.23.0", "ok")])
def test_a_transformers_that_knows_no_qwen3_vl_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, state: str
) -> None:
    monkeypatch.setattr(doctor, "installed_version", lambda _: version)
    check = named(checks(settings(tmp_path), []), "transformers")
    assert check.state == state
    assert check.fix == ("pip install -U 'transformers>=5.0'" if state == "missing" else "")


def test_the_models_are_fitted_to_the_gpus_that_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_gpus", lambda: [Gpu("NVIDIA L4", 23 * GIB), Gpu("NVIDIA H200", 140 * GIB)])
    found = examine(settings(tmp_path))
    assert (found.gpus, found.fits[0].gpu_bytes) == (2, 23 * GIB)
    assert list(found.fits) == fit_family(23 * GIB, 2)
    assert named(list(found.checks), "gpu").state == "ok"


def test_the_models_are_fitted_to_gpus_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_gpus", lambda: [Gpu("NVIDIA L4", 23 * GIB)])
    assert list(examine(settings(tmp_path), gpu_gib=80).fits) == fit_family(80 * GIB)
    eight = examine(settings(tmp_path), gpu_gib=80, gpus=8)
    assert (list(eight.fits), eight.gpus) == (fit_family(80 * GIB, 8), 8)
    with pytest.raises(UsageError, match="--gpu-gib"):
        examine(settings(tmp_path), gpus=2)


def test_without_a_gpu_of_known_memory_nothing_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_gpus", lambda: [Gpu("NVIDIA GB10", 0)])
    found = examine(settings(tmp_path))
    assert (found.fits, found.gpus, found.is_lacking) == ((), 0, False)


def test_what_is_switched_on_and_missing_is_a_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _: None)
    assert examine(settings(tmp_path)).is_lacking


def test_an_index_is_looked_for_and_not_made(tmp_path: Path) -> None:
    absent = named(checks(settings(tmp_path), []), "index")
    assert (absent.state, absent.fix) == ("absent", "videoindex index PATH")
    assert not (tmp_path / "db").exists()
    open_store(settings(tmp_path), create=True)
    detail = named(checks(settings(tmp_path), []), "index").detail
    assert detail.startswith("0 ")
    assert str(tmp_path / "db") in detail
    assert detail.endswith(" GB free")
