"""Qwen3-VL's arithmetic against the model's own code."""

import ast
import importlib.util
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from videoindex.errors import ConfigError
from videoindex.sampling import mrope
from videoindex.sampling.mrope import CELL_PX, CONTEXT_POSITIONS, FrameSize, fit_frame

sides_px = st.integers(1, 4_000)
marks_s = st.lists(st.floats(0.0, 40_000.0), min_size=1, max_size=12).map(sorted)
sizes = st.builds(
    lambda wide, high: FrameSize(wide * CELL_PX, high * CELL_PX), st.integers(1, 20), st.integers(1, 20)
)
TEXT, VIDEO, START, END, VIDEO_TYPE = 5, 90, 91, 92, 2


@pytest.fixture(scope="module")
def smart_resize() -> Callable[..., tuple[int, int]]:
    """The model's own function, cut out of its source: its module cannot be imported without torchvision."""
    (root,) = importlib.util.find_spec("transformers").submodule_search_locations
    source = (Path(root) / "models/qwen3_vl/video_processing_qwen3_vl.py").read_text()
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "smart_resize"
    )
    namespace = {"math": math}
    exec(compile(ast.Module([function], []), "smart_resize", "exec"), namespace)
    return namespace["smart_resize"]


@pytest.fixture(scope="module")
def tiny_model():
    """A Qwen3-VL of a few thousand random parameters: position ids do not depend on the weights."""
    from transformers import Qwen3VLConfig
    from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLModel

    text = {
        "vocab_size": 128,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": CONTEXT_POSITIONS,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [3, 3, 2]},
    }
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 32,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    return Qwen3VLModel(
        Qwen3VLConfig(
            text_config=text,
            vision_config=vision,
            video_token_id=VIDEO,
            image_token_id=93,
            vision_start_token_id=START,
            vision_end_token_id=END,
        )
    ).eval()


@given(sides_px, sides_px, st.integers(1, 60), st.integers(0, 900), st.integers(1, 8))
def test_frames_are_resized_as_the_model_does_it(smart_resize, width_px, height_px, min_cells, more_cells, pairs):
    assume(max(width_px, height_px) / min(width_px, height_px) < 150)
    low, high = min_cells * CELL_PX**2, (min_cells + more_cells) * CELL_PX**2
    frames = 2 * pairs
    theirs = smart_resize(frames, height_px, width_px, 2, CELL_PX, low * frames, high * frames)
    size = fit_frame(width_px, height_px, low, high)
    assert (size.height_px, size.width_px) == theirs


@given(sides_px, sides_px, st.integers(4, 60), st.integers(0, 900))
def test_a_fitted_frame_stays_below_the_cap(width_px, height_px, min_cells, more_cells):
    assume(max(width_px, height_px) / min(width_px, height_px) < 4)
    cap = (min_cells * 4 + more_cells) * CELL_PX**2
    size = fit_frame(width_px, height_px, min_cells * CELL_PX**2, cap)
    assert size.width_px * size.height_px <= cap


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ((0, 10, 1024, 4096), "picture"),
        ((9000, 32, 1024, 4096), "200 : 1"),
        ((640, 360, 5000, 4096), "min_pixels"),
    ],
)
def test_an_impossible_size_is_refused(args, word):
    with pytest.raises(ConfigError, match=word):
        fit_frame(*args)


@given(marks_s, sizes, st.integers(0, 30), st.integers(0, 30))
def test_position_ids_are_those_of_the_model(tiny_model, marks, size, before, after):
    rows, columns = size.height_px // CELL_PX, size.width_px // CELL_PX
    ids = [TEXT] * before
    for at_s in marks:
        ids += [TEXT] * mrope.marker_tokens(at_s) + [START] + [VIDEO] * size.cells + [END]
    ids += [TEXT] * after
    token_ids = torch.tensor([ids])
    theirs, _ = tiny_model.get_rope_index(
        token_ids,
        mm_token_type_ids=(token_ids == VIDEO).int() * VIDEO_TYPE,
        video_grid_thw=torch.tensor([[len(marks), 2 * rows, 2 * columns]]),
    )
    ours = mrope.position_ids(marks, size, before, after)
    np.testing.assert_array_equal(ours, theirs[:, 0].numpy())
    assert ours.shape[1] == before + after + sum(mrope.patch_tokens(at_s, size) for at_s in marks)
    moved = before + after + sum(mrope.patch_positions(at_s, size) for at_s in marks)
    assert int(ours.max()) + 1 == moved


@given(st.floats(0.0, 99_999.0))
def test_a_marker_is_one_token_a_character_but_for_its_last_word(at_s):
    # Qwen's tokenizer splits digits one by one; "<", ".", " seconds" and ">" are one token each.
    digits_and_point = mrope.marker(at_s).removeprefix("<").removesuffix(" seconds>")
    assert mrope.marker_tokens(at_s) == 1 + len(digits_and_point) + 2
    assert abs(float(digits_and_point) - at_s) <= 0.05 + 1e-9


def test_published_figures():
    assert mrope.marker_tokens(0.3) == 6
    size = FrameSize(672, 352)
    marks = [2.0 * k + 0.5 for k in range(900)]  # 1,800 frames at 1 a second
    assert sum(mrope.patch_tokens(at_s, size) for at_s in marks) == pytest.approx(218_000, rel=0.01)
    assert sum(mrope.patch_positions(at_s, size) for at_s in marks) == pytest.approx(29_000, rel=0.03)


def test_yarn_comes_in_only_when_positions_need_it():
    assert mrope.yarn_factor(CONTEXT_POSITIONS) is None
    assert mrope.yarn_factor(CONTEXT_POSITIONS + 1) == 2.0
    assert mrope.yarn_factor(2 * CONTEXT_POSITIONS + 1) == 3.0
    with pytest.raises(ConfigError, match="position_budget"):
        mrope.yarn_factor(3 * CONTEXT_POSITIONS + 1)


def test_a_frame_is_whole_cells():
    with pytest.raises(ValueError, match="multiples"):
        FrameSize(640, 360)
    assert FrameSize(640, 384).cells == 240
    assert FrameSize(640, 384).longest_cells == 20
