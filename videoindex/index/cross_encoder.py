"""How well texts answer a question, read together with it: a sentence-transformers cross-encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError
from videoindex.index.embed import plain, quiet_transformers

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["PairReader"]


class PairReader:
    """A cross-encoder, loaded by the first question that needs it; safe to share between threads.

    ``model`` is a folder or a model hub's id, ``revision`` a hub model's commit, tag or branch ("" its main one),
    ``device`` as for the embedder. Texts longer than the model reads count by their beginning.
    """

    def __init__(self, model: str, revision: str = "", device: str = "auto") -> None:
        if not model:
            raise ValueError("search.reranker is off: there is no model to open")
        self._name, self._revision, self._device = model, revision, device
        self._model: CrossEncoder | None = None
        self._lock = threading.Lock()

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """One figure (N,) for each text, higher for a better answer; of this model, and of nothing else.

        Raises BackendError when the model cannot be loaded, or gives more than one figure for a pair.
        """
        if not texts:
            return np.zeros(0)
        asked = plain(question)
        with self._lock:
            figures = self._loaded().predict(
                [(asked, plain(text)) for text in texts], convert_to_numpy=True, show_progress_bar=False
            )
        scores_N = np.asarray(figures, np.float64)
        if scores_N.shape != (len(texts),):
            raise BackendError(
                f"the reranker {self._name} gives {scores_N.shape[1:]} figures for a text, not one: name a "
                "cross-encoder with a single label in search.reranker"
            )
        return scores_N

    def _loaded(self) -> CrossEncoder:
        if self._model is None:
            self._model = _load(self._name, self._revision, self._device)
        return self._model


def _load(name: str, revision: str, device: str) -> CrossEncoder:
    local = Path(name).expanduser()
    is_local = local.is_dir()
    with quiet_transformers():
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(
                str(local) if is_local else name,
                device=None if device == "auto" else device,
                revision=revision or None,
                local_files_only=is_local,
            )
            return model
        except (OSError, ValueError, RuntimeError, AssertionError, ImportError) as error:
            raise BackendError(
                f"the reranker {name} cannot be loaded ({error}): set search.reranker to a cross-encoder's folder "
                'or hub id, or to "" for none'
            ) from error
