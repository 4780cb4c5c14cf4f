"""Pictures and questions to vectors of one space, with a sentence-transformers model that takes both.

CLIP, SigLIP and Qwen3-VL-Embedding are such models. None is installed with videoindex: a user names one.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, ConfigError
from videoindex.index.embed import dimension, document_vectors, load_model, model_fingerprint, query_vector

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["FrameEmbedder", "FrameSettings", "PictureEmbedder"]


class FrameEmbedder(Protocol):
    """Turns pictures and questions into float32 vectors of length 1 in one space: a dot product is a cosine."""

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints make equal vectors; an index holds pictures of one at a time."""
        ...

    def takes_square(self) -> bool:
        """Whether pictures are to be squeezed to a square, because the model would cut off their sides."""
        ...

    def embed_pictures(self, rgb_THWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors (T, D) of pictures, uint8 RGB."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,) of what a picture should show."""
        ...


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """Pictures as vectors, to find what looks like the question. Off until a model is named."""

    # A folder or a model hub's id of a sentence-transformers model that takes pictures and texts: CLIP, SigLIP,
    # Qwen3-VL-Embedding. "" is off.
    model: str = ""
    # A hub model's commit, tag or branch; "" takes its main branch.
    revision: str = ""
    # Seconds between two pictures, less those that did not change.
    every_s: float = 2.0
    # A picture has changed when this share of any block's pixels has, added up since the last one that was taken.
    changed_share: float = 0.25
    # However still the picture, one is taken this often.
    heartbeat_s: float = 60.0
    # Longest side of the pictures given to the model, which makes them smaller by itself where it wants to.
    side_px: int = 448
    # Pictures embedded together.
    batch: int = 16
    # "cpu", "cuda", "cuda:1", "mps", or "auto" for the best there is.
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.model != self.model.strip():
            raise ConfigError(f'frames.model {self.model!r} has blanks around it: name a model, or "" for none')
        for name in ("every_s", "heartbeat_s", "changed_share"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"frames.{name} must be a positive number, got {value}")
        if self.heartbeat_s < self.every_s:
            raise ConfigError(
                f"frames.heartbeat_s ({self.heartbeat_s}) is shorter than frames.every_s ({self.every_s}); "
                "raise it, or lower frames.every_s"
            )
        if not 32 <= self.side_px <= 4096:
            raise ConfigError(f"frames.side_px must lie in 32..4096, got {self.side_px}")
        if self.batch < 1:
            raise ConfigError(f"frames.batch must be at least 1, got {self.batch}")
        if not self.device.strip():
            raise ConfigError('frames.device is empty: say "auto", "cpu", "cuda" or "mps"')


class PictureEmbedder:
    """A sentence-transformers model of pictures and texts, loaded by the first that needs it; safe to share.

    The model's own prompts for queries and documents are used where it defines them. Every call that loads raises
    BackendError when the model cannot be loaded, or takes no pictures or no texts.
    """

    def __init__(self, settings: FrameSettings) -> None:
        if not settings.model:
            raise ValueError("frames.model is off: there is no model to open")
        self._settings = settings
        self._model: SentenceTransformer | None = None
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Model and version, without loading anything."""
        return model_fingerprint(self._settings.model, self._settings.revision)

    @property
    def dim(self) -> int:
        """Length of the vectors. Loads the model."""
        with self._lock:
            return dimension(self._loaded())

    def takes_square(self) -> bool:
        """Whether the model's own preparation keeps only the middle of a picture, as CLIP's does. Loads it."""
        with self._lock:
            processor = getattr(self._loaded()[0], "processor", None)
        prepares = getattr(processor, "image_processor", processor)
        return bool(getattr(prepares, "do_center_crop", False))

    def embed_pictures(self, rgb_THWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors (T, D), L2-normalised, of one picture or more, uint8 RGB."""
        from PIL import Image

        if rgb_THWC.ndim != 4 or rgb_THWC.shape[3] != 3 or rgb_THWC.dtype != np.uint8 or not len(rgb_THWC):
            raise ValueError(f"need pictures as uint8 THWC, got {rgb_THWC.dtype} {rgb_THWC.shape}")
        pictures = [Image.fromarray(rgb_HWC) for rgb_HWC in rgb_THWC]
        with self._lock:
            return document_vectors(self._loaded(), pictures, self._settings.batch)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,), L2-normalised. A text longer than the model reads counts by its beginning."""
        with self._lock:
            return query_vector(self._loaded(), text)

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            self._model = _load(self._settings)
        return self._model


def _load(settings: FrameSettings) -> SentenceTransformer:
    mend = "set frames.model to a sentence-transformers model of pictures and texts, such as CLIP or SigLIP"
    try:
        model = load_model(settings.model, settings.revision, settings.device)
    except (OSError, ValueError, RuntimeError, AssertionError, ImportError) as error:
        raise BackendError(
            f'the picture model {settings.model} cannot be loaded ({error}): {mend}, or to "" for none'
        ) from error
    lacking = [kind for kind in ("image", "text") if not model.supports(kind)]
    if lacking:
        raise BackendError(f"the picture model {settings.model} does not take {' and '.join(lacking)}: {mend}")
    return model
