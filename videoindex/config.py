"""TOML to frozen settings, and the one place that opens backends.

Every table of the file is one settings class, defined beside the code that it steers; every key is one of its
fields. What a file leaves out keeps its default. Unknown tables and keys, wrong types and values out of range
are errors that name the file and the key.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import tomllib
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from videoindex.errors import ConfigError
from videoindex.index.artifacts import ArtifactStore
from videoindex.index.cross_encoder import PairReader
from videoindex.index.embed import EmbedSettings, SentenceEmbedder
from videoindex.index.embed_frames import FrameSettings, PictureEmbedder
from videoindex.index.frame_work import FrameWork
from videoindex.index.ingest import Backends
from videoindex.index.records import StoreSettings
from videoindex.index.store import Store
from videoindex.media.decoders import open_decoder
from videoindex.media.scan import ScanSettings
from videoindex.perception.captions import Captions, CaptionsSettings
from videoindex.perception.objects import Objects, ObjectsSettings
from videoindex.perception.observer import Observer
from videoindex.perception.qwen import Qwen, QwenSettings
from videoindex.perception.screen_text import ScreenText, ScreenTextSettings
from videoindex.perception.speech import Speech, SpeechSettings
from videoindex.perception.vlm.base import Vlm
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.query.frames import PictureSearch
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.settings import SearchSettings
from videoindex.sampling.settings import SamplingSettings

T = TypeVar("T")

__all__ = [
    "OBSERVERS",
    "IndexSettings",
    "Settings",
    "load_settings",
    "open_backends",
    "open_picture_search",
    "open_pictures",
    "open_reranker",
    "open_store",
    "open_store_to_manage",
    "open_vlm",
]

OBSERVERS = ("captions", "screen_text", "speech", "objects", "qwen")

# What a prompt holds beside pictures and answer: the describer's instructions, its question, the chat's frame.
_PROMPT_TOKENS = 640


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Where the index lies and how ingest runs."""

    # A folder, or an object-store URI (s3://, gs://, az://).
    db: str = "~/.videoindex"
    # The local folder of what was observed, from which an interrupted run goes on; empty: inside a local db, or in
    # the cache folder of the user for a remote one.
    artifacts: str = ""
    # Who watches: any of captions, screen_text, speech, objects, qwen.
    observers: tuple[str, ...] = OBSERVERS[:-1]
    # Segments observed at once.
    workers: int = 2
    # One of pyav, decord, torchcodec.
    decoder: str = "pyav"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.observers) - set(OBSERVERS))
        if unknown:
            raise ConfigError(f"index.observers names {', '.join(unknown)}; there are {', '.join(OBSERVERS)}")
        if self.workers < 1:
            raise ConfigError(f"index.workers must be 1 or more, got {self.workers}")
        if len(set(self.observers)) < len(self.observers):
            raise ConfigError(f"index.observers names one twice: {', '.join(self.observers)}")

    @property
    def is_remote(self) -> bool:
        return "://" in self.db

    @property
    def db_uri(self) -> str:
        return self.db if self.is_remote else str(Path(self.db).expanduser().resolve())

    @property
    def artifacts_dir(self) -> Path:
        if self.artifacts:
            return Path(self.artifacts).expanduser().resolve()
        if self.is_remote:
            cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
            return cache / "videoindex" / self.db.replace("://", "_").replace("/", "_")
        return Path(self.db_uri) / "artifacts"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, one table each."""

    index: IndexSettings = field(default_factory=IndexSettings)
    scan: ScanSettings = field(default_factory=ScanSettings)
    captions: CaptionsSettings = field(default_factory=CaptionsSettings)
    screen_text: ScreenTextSettings = field(default_factory=ScreenTextSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    objects: ObjectsSettings = field(default_factory=ObjectsSettings)
    qwen: QwenSettings = field(default_factory=QwenSettings)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    vlm: VlmSettings = field(default_factory=VlmSettings)
    embed: EmbedSettings = field(default_factory=EmbedSettings)
    frames: FrameSettings = field(default_factory=FrameSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    look: SecondLookSettings = field(default_factory=SecondLookSettings)

    def __post_init__(self) -> None:
        need = self.qwen.answer_tokens + _PROMPT_TOKENS
        if "qwen" in self.index.observers and self.sampling.reserved_tokens < need:
            raise ConfigError(
                f"sampling.reserved_tokens ({self.sampling.reserved_tokens}) must be {need} or more: an answer of "
                f"qwen.answer_tokens ({self.qwen.answer_tokens}) and {_PROMPT_TOKENS} tokens of instructions"
            )


def load_settings(config: Path | None = None, db: str | None = None) -> Settings:
    """Settings of a TOML file (None: the defaults), with ``db`` in place of its ``index.db`` when given.

    Without ``db``, the environment's VIDEOINDEX_DB is taken in its place where it is set.

    Raises ConfigError naming the file, the table and the key.
    """
    settings = Settings()
    if config is not None:
        try:
            document = tomllib.loads(config.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                f"{config}: no such settings file; configs/embedded.toml is a complete one"
            ) from None
        except OSError as error:
            raise ConfigError(f"{config}: cannot be read ({error.strerror}); name a TOML file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{config}: not valid TOML: {error}") from error
        settings = _table(Settings, document, str(config))
    db = db or os.environ.get("VIDEOINDEX_DB")
    if db:
        settings = dataclasses.replace(settings, index=dataclasses.replace(settings.index, db=db))
    return settings


def _table(cls: type[T], table: dict[str, object], where: str) -> T:
    """A settings class of a TOML table, and of the tables inside it."""
    hints = typing.get_type_hints(cls)
    unknown = [name for name in table if name not in hints]
    if unknown:
        raise ConfigError(f"{where}: {unknown[0]!r} is not known; there are {', '.join(hints)}")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    try:
        return cls(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _value(hint: Any, value: object, where: str) -> Any:
    """``value`` as the field's type: lists become tuples, tables settings classes, integers pass for floats."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} must be a table, got {value!r}")
        return _table(hint, value, where)
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_value(typing.get_args(hint)[0], item, where) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:
        return value
    raise ConfigError(f"{where} must be {getattr(hint, '__name__', hint)}, got {value!r}")


@functools.lru_cache(maxsize=4)
def open_backends(settings: Settings) -> Backends:
    """The observers, artifacts and embedder of ``settings``; kept for the life of the process, since models are.

    Opening is cheap: weights are loaded by the first segment that needs them.
    """
    decoder = open_decoder(settings.index.decoder)
    makers: dict[str, Callable[[], Observer]] = {
        "captions": lambda: Captions(settings.captions),
        "screen_text": lambda: ScreenText(settings.screen_text, decoder),
        "speech": lambda: Speech(_speech(settings)),
        "objects": lambda: Objects(settings.objects, decoder),
        "qwen": lambda: Qwen(settings.qwen, settings.sampling, open_vlm(settings), decoder),
    }
    observers = tuple(makers[name]() for name in settings.index.observers)
    pictures = open_pictures(settings)
    frames = FrameWork(pictures, decoder, settings.frames) if pictures is not None else None
    artifacts = ArtifactStore(settings.index.artifacts_dir)
    return Backends(observers, artifacts, _embedder(settings.embed), settings.scan, frames)


@functools.lru_cache(maxsize=4)
def _embedder(settings: EmbedSettings) -> SentenceEmbedder:
    """One embedder for the store and the backends: asking some models for their vectors' length loads them."""
    return SentenceEmbedder(settings)


def open_pictures(settings: Settings) -> PictureEmbedder | None:
    """The model of pictures and questions, None where ``frames.model`` is empty. Nothing is loaded yet."""
    return _pictures(settings.frames) if settings.frames.model else None


@functools.lru_cache(maxsize=2)
def _pictures(settings: FrameSettings) -> PictureEmbedder:
    return PictureEmbedder(settings)


def open_picture_search(settings: Settings, store: Store) -> PictureSearch | None:
    """How the pictures of an index are searched, None where ``frames.model`` is empty."""
    model = open_pictures(settings)
    return None if model is None else PictureSearch(store, model)


def open_reranker(settings: Settings) -> PairReader | None:
    """The cross-encoder, None where ``search.reranker`` is empty. Nothing is loaded yet."""
    chosen = settings.search
    if not chosen.reranker:
        return None
    return _reranker(chosen.reranker, chosen.reranker_revision, settings.embed.device)


@functools.lru_cache(maxsize=2)
def _reranker(model: str, revision: str, device: str) -> PairReader:
    return PairReader(model, revision, device)


def open_vlm(settings: Settings) -> Vlm:
    """The vision-language model of ``settings``; one for all who use it. Opening loads and reaches nothing yet."""
    return _vlm(settings.vlm)


@functools.lru_cache(maxsize=2)
def _vlm(settings: VlmSettings) -> Vlm:
    if settings.backend == "local":
        from videoindex.perception.vlm.local import Local

        return Local(settings)
    from videoindex.perception.vlm.server import Server

    return Server(settings)


def _speech(settings: Settings) -> SpeechSettings:
    """Speech passes over what captions say only where captions are read."""
    if "captions" in settings.index.observers:
        return settings.speech
    return dataclasses.replace(settings.speech, skip_when_captioned=False)


def open_store(settings: Settings, *, create: bool = False) -> Store:
    """The index of ``settings``. Raises IndexStoreError when it is absent (unless ``create``) or does not fit."""
    embedder = _embedder(settings.embed)
    return Store.open(
        settings.index.db_uri,
        dim=embedder.dim,
        embedder=embedder.fingerprint,
        create=create,
        settings=settings.store,
    )


def open_store_to_manage(settings: Settings) -> Store:
    """The index whatever embedder made it, to list and to remove; asks no model. Raises IndexStoreError."""
    return Store.open(settings.index.db_uri, create=False, settings=settings.store)
