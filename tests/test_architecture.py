"""The layers of the design, held against the imports that the code really has."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lower layers first. A module may import its own layer and those before it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("videoindex.types", "videoindex.errors", "videoindex.clock", "videoindex.files"),
    (
        "videoindex.sampling",
        "videoindex.models",
        "videoindex.model_files",
        "videoindex.gpus",
        "videoindex.fits",
        "videoindex.serving",
    ),
    ("videoindex.media",),
    ("videoindex.perception",),
    ("videoindex.index",),
    ("videoindex.query",),
    ("videoindex.evaluation",),
    ("videoindex.config",),
    ("videoindex.recordings",),
    (
        "videoindex.asking",
        "videoindex.check",
        "videoindex.clipping",
        "videoindex.doctor",
        "videoindex.doctor_vlm",
        "videoindex.evaluating",
        "videoindex.needle_evaluating",
        "videoindex.exporting",
        "videoindex.looking",
        "videoindex.picturing",
        "videoindex.planning",
        "pipelines",
    ),
    ("videoindex.listing", "videoindex.listing_models"),
    ("videoindex.demo",),
    ("videoindex.commands",),
    ("videoindex.cli", "videoindex.needle_arguments"),
)

# Each heavy library has one room.
ROOMS: dict[str, tuple[str, ...]] = {
    "ffmpeg": ("videoindex.media",),
    "imageio_ffmpeg": ("videoindex.media",),
    "decord": ("videoindex.media",),
    "av": ("videoindex.media",),
    "torchcodec": ("videoindex.media",),
    "torch": ("videoindex.perception", "videoindex.index.embed"),
    "transformers": ("videoindex.perception", "videoindex.index.embed"),
    "openai": ("videoindex.perception",),
    "rapidocr": ("videoindex.perception",),
    "onnxruntime": ("videoindex.perception",),
    "moonshine_voice": ("videoindex.perception",),
    "faster_whisper": ("videoindex.perception",),
    "sentence_transformers": (
        "videoindex.index.embed",
        "videoindex.index.embed_frames",
        "videoindex.index.cross_encoder",
    ),
    "lancedb": ("videoindex.index.store", "videoindex.index.store_tables", "videoindex.index.store_frames"),
    "prefect": ("pipelines",),
    "matplotlib": ("videoindex.evaluation.report_charts",),
    "opentimelineio": ("videoindex.query.export_timeline",),
}


def modules() -> list[tuple[str, Path]]:
    files = [*(ROOT / "videoindex").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")]
    named = ((".".join(file.relative_to(ROOT).with_suffix("").parts), file) for file in files)
    return sorted((name.removesuffix(".__init__"), file) for name, file in named)


def imported(file: Path) -> Iterator[str]:
    """Every module that ``file`` imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_inside(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def layer_of(module: str) -> int | None:
    return next((i for i, layer in enumerate(LAYERS) if any(is_inside(module, place) for place in layer)), None)


@pytest.mark.parametrize(("name", "file"), modules(), ids=[name for name, _ in modules()])
def test_imports_point_down_and_heavy_ones_stay_in_their_room(name: str, file: Path) -> None:
    own = layer_of(name)
    assert own is not None or name == "videoindex", f"{name} stands in no layer"
    for target in imported(file):
        theirs = layer_of(target)
        if own is not None and theirs is not None:
            assert theirs <= own, f"{name} imports {target}, which lies above it"
        for library, rooms in ROOMS.items():
            if is_inside(target, library):
                assert any(is_inside(name, room) for room in rooms), f"{name} imports {library} outside {rooms}"


def test_every_module_has_its_test_file() -> None:
    tests = {file.stem for file in (ROOT / "tests").rglob("test_*.py")}
    # "observer" is a protocol: tests/contract/test_observers.py holds all who keep it to it.
    # So are the decoders' protocol and the wrappers of decord and torchcodec: tests/contract/test_decoders.py.
    bare = {"types", "errors", "observer", "base", "decord", "torchcodec"}
    names = [name for name, file in modules() if file.name != "__init__.py"]
    wanted = {name.rsplit(".", 1)[-1] for name in names} - bare
    missing = sorted(stem for stem in wanted if not any(test == f"test_{stem}" for test in tests))
    assert not missing, f"no test file for {missing}"


def test_help_imports_no_heavy_library() -> None:
    script = (
        "import sys, contextlib, io\n"
        "from videoindex.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['--help'])\n"
        "print('\\n'.join(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {*ROOMS, "cv2", "numpy", "pyarrow", "PIL", "rich"} & set(loaded)
    assert not heavy, f"--help imports {sorted(heavy)}"


def test_functions_and_modules_stay_small() -> None:
    for name, file in modules():
        text = file.read_text()
        assert text.count("\n") <= 350, f"{name} has more than 350 lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{name}.{node.name} has {length} lines"
