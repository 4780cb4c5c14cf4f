"""The notebooks run from their first cell to their last, and are kept as a reader should see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))

MOST_BYTES = 500_000
LONGEST_CELL_S = 1_800

# What must hold when a notebook has run, in its own words, and how many pictures it draws.
HOLDS = {
    "01_first_index": (
        3,
        "assert found['hits'] == found['n'] > 10\n"
        "assert false_finds['hits'] == 0 < false_finds['n']\n"
        "assert not answer['found']",
    ),
    "02_reading_a_needle_eval": (
        4,
        "four, two = (one['recall']['value'] for one in reports.values())\n"
        "assert four > 0.8 and four > two\n"
        "assert all(one['false_finds']['hits'] == 0 < one['false_finds']['n'] for one in reports.values())\n"
        "assert compared['worse'] > compared['better']",
    ),
    "03_planning_for_your_gpu": (
        4,
        "assert base.memory_bytes <= GPU_GIB * GIB\n"
        "assert np.all(np.diff([one.prefill_s for one in plans][1:]) > 0)\n"
        "assert {way.server for way in ways} >= {'vllm', 'sglang'}",
    ),
}


def pictures(notebook: Any) -> int:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return sum("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, folder in (("PREFECT_HOME", "prefect"), ("TMPDIR", "tmp"), ("JUPYTER_DATA_DIR", "jupyter")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    expected, holds = HOLDS[path.stem]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(holds))
    client = NotebookClient(
        notebook, timeout=LONGEST_CELL_S, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert pictures(notebook) == expected


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_it_ran_and_is_small(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run it from the top"
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data"}
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    assert pictures(notebook) == HOLDS[path.stem][0]
    assert path.stat().st_size < MOST_BYTES
    shown = "".join(output.get("text", "") for output in outputs)
    assert str(Path.home()) not in shown
    assert "/tmp" not in shown


def test_every_notebook_is_held_to_something() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(HOLDS)
