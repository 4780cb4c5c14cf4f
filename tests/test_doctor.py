from __future__ import annotations

from pathlib import Path

import pytest

from videoindex import doctor
from videoindex.config import IndexSettings, Settings, open_store
from videoindex.doctor import Check, checks


def settings(folder: Path, *observers: str) -> Settings:
    kept = observers or ("captions", "screen_text", "speech", "objects")
    return Settings(index=IndexSettings(db=str(folder / "db"), observers=kept))


def named(found: list[Check], name: str) -> Check:
    return next(check for check in found if check.name == name)


def test_a_machine_that_runs_the_tests_misses_nothing(tmp_path: Path) -> None:
    found = checks(settings(tmp_path))
    assert [check for check in found if check.state == "missing"] == []
    assert {"python", "machine", "gpu", "av", "decord", "lancedb", "prefect"} <= {check.name for check in found}
    assert any(check.name.startswith("ffmpeg in ") for check in found)


def test_a_package_that_is_not_there_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = doctor._version
    monkeypatch.setattr(
        doctor, "_version", lambda package: None if package in ("lancedb", "flash-attn") else there(package)
    )
    found = checks(settings(tmp_path))
    lacking, optional = named(found, "lancedb"), named(found, "flash-attn")
    assert (lacking.state, lacking.fix) == ("missing", "pip install lancedb")
    assert (optional.state, optional.fix) == ("absent", "pip install 'videoindex[local]'")


def test_weights_are_missing_only_for_observers_that_are_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _: None)
    found = checks(settings(tmp_path, "screen_text"))
    states = {check.name.split(" (")[0]: check.state for check in found if "(" in check.name}
    assert states == {
        "text recognition": "missing",
        "speech": "absent",
        "objects": "absent",
        "embedding": "missing",
    }


@pytest.mark.parametrize(
    ("tool", "state", "says"),
    [
        ("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB'\n", "ok", "NVIDIA H200, 143771 MiB"),
        (
            "#!/bin/sh\necho 'no devices were found'\nexit 9\n",
            "absent",
            "text, speech and objects are read on the CPU",
        ),
    ],
)
def test_a_gpu_is_what_its_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, state: str, says: str
) -> None:
    script = tmp_path / "nvidia-smi"
    script.write_text(tool)
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    gpu = named(checks(settings(tmp_path)), "gpu")
    assert gpu.state == state
    assert says in gpu.detail


def test_an_index_is_looked_for_and_not_made(tmp_path: Path) -> None:
    absent = named(checks(settings(tmp_path)), "index")
    assert (absent.state, absent.fix) == ("absent", "videoindex index PATH")
    assert not (tmp_path / "db").exists()
    open_store(settings(tmp_path), create=True)
    detail = named(checks(settings(tmp_path)), "index").detail
    assert detail.startswith("0 ")
    assert str(tmp_path / "db") in detail
    assert detail.endswith(" GB free")
