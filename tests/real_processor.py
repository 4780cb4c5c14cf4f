"""Runs transformers' own Qwen3-VL processor, which needs torchvision, in a process of its own.

The registry's torchvision is built for CUDA and breaks other libraries where it is installed beside a CPU build of
torch, so `make` puts it into a folder that only this script looks into, and its two custom operators, which the
processor never calls, are declared before it is imported.

``python real_processor.py MODEL CASES OUT`` reads ``CASES`` (a JSON list; pictures in ``<CASES>.npz``) and writes
what the processor makes of each, and the model's own position ids, to ``OUT`` (npz).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TORCHVISION = Path(sys.prefix) / "torchvision"


@dataclass(frozen=True)
class Case:
    """Pictures at these milliseconds (an odd number of them is legal, one alone is not), and what is asked."""

    rgb_THWC: NDArray[np.uint8]
    at_ms_T: tuple[int, ...]
    instructions: str
    question: str
    min_pixels: int
    max_pixels: int


@dataclass(frozen=True)
class Made:
    """What the processor made of a case, and the model of that."""

    input_ids: NDArray[np.int64]
    mm_token_type_ids: NDArray[np.int64]
    pixel_values: NDArray[np.float32]
    grid_thw: NDArray[np.int64]
    position_ids_3N: NDArray[np.int64]


def declare_operators() -> object:
    """Lets torchvision be imported without its compiled part. The library lives as long as what is returned."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def process(model: Path, cases: Sequence[Case], folder: Path) -> list[Made]:
    """All ``cases`` through the real processor with the tokenizer and configuration of ``model``."""
    assert TORCHVISION.is_dir(), f"{TORCHVISION} is not there: `make setup` installs torchvision into it"
    told = [
        {"at_ms": case.at_ms_T, "instructions": case.instructions, "question": case.question,
         "min_pixels": case.min_pixels, "max_pixels": case.max_pixels}
        for case in cases
    ]  # fmt: skip
    (folder / "cases.json").write_text(json.dumps(told))
    np.savez(folder / "cases.npz", **{str(i): case.rgb_THWC for i, case in enumerate(cases)})
    line = [sys.executable, __file__, str(model), str(folder / "cases.json"), str(folder / "made.npz")]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    with np.load(folder / "made.npz") as arrays:
        names = Made.__dataclass_fields__
        return [Made(**{name: arrays[f"{i}.{name}"] for name in names}) for i in range(len(cases))]


def main(model: str, cases: str, out: str) -> None:
    sys.path.append(str(TORCHVISION))
    kept = declare_operators()
    import torch
    from transformers import AutoConfig, AutoTokenizer, Qwen3VLProcessor
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
    from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLModel
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = Qwen3VLModel(AutoConfig.from_pretrained(model)).eval()
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=16, temporal_patch_size=2, merge_size=2),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(cap_pixels_per_frame=False),
        chat_template=tokenizer.chat_template,
    )
    pictures = np.load(Path(cases).with_suffix(".npz"))
    made: dict[str, Any] = {}
    for i, case in enumerate(json.loads(Path(cases).read_text())):
        rgb_THWC, at_ms = pictures[str(i)], case["at_ms"]
        messages = [
            {"role": "system", "content": [{"type": "text", "text": case["instructions"]}]},
            {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": case["question"]}]},
        ]
        batch = processor(
            text=[processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)],
            videos=[torch.from_numpy(rgb_THWC).permute(0, 3, 1, 2)],
            # A thousand "frames" a second, so that an index is a millisecond.
            video_metadata=[{"fps": 1000.0, "total_num_frames": at_ms[-1] + 1, "frames_indices": list(at_ms)}],
            do_sample_frames=False,
            size={
                "shortest_edge": case["min_pixels"] * len(at_ms),
                "longest_edge": case["max_pixels"] * len(at_ms),
            },
            return_tensors="pt",
        )
        positions, _ = network.get_rope_index(
            batch["input_ids"],
            mm_token_type_ids=batch["mm_token_type_ids"],
            video_grid_thw=batch["video_grid_thw"],
        )
        made |= {
            f"{i}.input_ids": batch["input_ids"][0].numpy(),
            f"{i}.mm_token_type_ids": batch["mm_token_type_ids"][0].numpy(),
            f"{i}.pixel_values": batch["pixel_values_videos"].numpy(),
            f"{i}.grid_thw": batch["video_grid_thw"][0].numpy(),
            f"{i}.position_ids_3N": positions[:, 0].numpy(),
        }
    np.savez(out, **made)
    del kept


if __name__ == "__main__":
    main(*sys.argv[1:])
