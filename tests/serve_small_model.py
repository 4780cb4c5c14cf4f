"""Runs the real ``transformers serve`` where torchvision lies outside the environment (see real_processor.py).

``python serve_small_model.py serve MODEL --port 0 ...`` takes what ``transformers`` takes. Of torchvision, its
compiled picture decoder cannot be loaded either: Pillow stands in for it.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from real_processor import TORCHVISION, declare_operators


def decode_image(file: Any, mode: Any, apply_exif_orientation: bool = False) -> Any:
    """``torchvision.io.decode_image`` for RGB: the bytes of a picture, a uint8 tensor, as uint8 CHW."""
    import numpy as np
    import torch
    from PIL import Image

    assert mode.name == "RGB", mode
    with Image.open(io.BytesIO(file.numpy().tobytes())) as picture:
        return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)


def main() -> None:
    sys.path.append(str(TORCHVISION))
    kept = declare_operators()
    import torchvision.io
    from transformers.cli.transformers import main as transformers

    torchvision.io.decode_image = decode_image
    transformers()
    del kept


if __name__ == "__main__":
    main()
