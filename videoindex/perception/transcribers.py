"""Transcribers: sound in, sentences with times out. One protocol, two backends, each a thin adapter.

Moonshine (English, tiny, 2024-25 by Moonshine AI, MIT) comes inside the package that runs it, together with the
Silero voice activity detector that decides what it is given. faster-whisper takes a model from a local folder.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, MissingDependencyError
from videoindex.perception.loudness import levels_db, noise_floor_db, pauses, trimmed
from videoindex.perception.sentences import Said, split_said, split_sentences
from videoindex.types import Span

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from moonshine_voice.transcriber import Transcriber as MoonshineHandle

__all__ = ["RATE_HZ", "Moonshine", "Transcriber", "Whisper", "Word", "sentences_of_words"]

RATE_HZ = 16_000

# Moonshine's detector averages over half a second, so its lines start this much early and end this much late (the
# medians over planted sentences in noise); used where noise hides the voice's own onset.
_EARLY_S, _LATE_S = 0.2, 0.4
# Silence after which that detector no longer knows what it heard before: 40 s were enough in every trial, 20 s
# were not (0.3 s of work).
_FORGET_S = 60


class Transcriber(Protocol):
    """Writes down what is said. Loads its model at the first call; may be called from several threads."""

    @property
    def model(self) -> str: ...

    def transcribe(self, samples_T: NDArray[np.float32]) -> list[Said]:
        """The sentences in mono sound at RATE_HZ, in order, timed in seconds from sample 0.

        Raises MissingDependencyError when a package or weight is missing, BackendError when the model fails.
        """
        ...


class Moonshine:
    """moonshine-voice 0.1.0 with the English model inside its package; nothing is ever downloaded."""

    model = "moonshine-tiny-en 0.1.0"
    _lock = threading.Lock()  # of the class: all instances share one detector

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._handle: MoonshineHandle | None = None

    def transcribe(self, samples_T: NDArray[np.float32]) -> list[Said]:
        """See Transcriber.transcribe."""
        with self._lock:
            if self._handle is None:
                self._handle = _load_moonshine(self._threads)
            # Its detector, one for the whole process, remembers the sound before: silence makes it forget.
            _moonshine_lines(self._handle, np.zeros(_FORGET_S * RATE_HZ, np.float32))
            lines = _moonshine_lines(self._handle, samples_T)
        levels_T = levels_db(samples_T, RATE_HZ)
        floor_db = noise_floor_db(levels_T)
        return [sentence for line in lines for sentence in _timed(line, levels_T, floor_db)]


def _timed(line: Said, levels_T: NDArray[np.float32], floor_db: float) -> list[Said]:
    """A detector's line as sentences: its ends are trimmed to the voice, its inner cuts laid into pauses."""
    span = trimmed(levels_T, line.span, floor_db)
    if span == line.span and span.duration_s > 2 * (_EARLY_S + _LATE_S):
        span = Span(span.start_s + _EARLY_S, span.end_s - _LATE_S)
    return split_said(Said(span, line.text), pauses(levels_T, span, floor_db))


def _load_moonshine(threads: int) -> MoonshineHandle:
    try:
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber as Handle
        from moonshine_voice.utils import get_model_path
    except ImportError as error:
        raise MissingDependencyError(
            f"speech needs moonshine-voice ({error}): pip install moonshine-voice==0.1.0, or turn speech off"
        ) from error
    folder = Path(get_model_path("tiny-en"))
    if not (folder / "encoder_model.ort").is_file():
        raise MissingDependencyError(
            f"the installed moonshine-voice carries no model at {folder}: pip install moonshine-voice==0.1.0"
        )
    with _single_thread(threads == 1):
        return Handle(folder, ModelArch.TINY)


@contextmanager
def _single_thread(wanted: bool) -> Iterator[None]:
    """Moonshine's only switch for threads is this variable, read at loading; without it all cores are used."""
    name = "MOONSHINE_ORT_SINGLE_THREAD"
    before = os.environ.get(name)
    if wanted:
        os.environ[name] = "1"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ[name]
        elif wanted and before is not None:
            os.environ[name] = before


def _moonshine_lines(handle: MoonshineHandle, samples_T: NDArray[np.float32]) -> list[Said]:
    """Lines as the library gives them, one for each stretch of speech it detects.

    The library is called as its own transcribe_without_streaming calls it, save that the samples are handed over
    in place: made into a Python list first, as there, five minutes take 150 MB.
    """
    from moonshine_voice.moonshine_api import TranscriptC

    samples_T = np.ascontiguousarray(samples_T, np.float32)
    found = ctypes.POINTER(TranscriptC)()
    pointer = samples_T.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    code = handle._lib.moonshine_transcribe_without_streaming(
        handle._handle, pointer, len(samples_T), RATE_HZ, 0, ctypes.byref(found)
    )
    if code != 0:
        raise BackendError(
            f"moonshine failed with code {code} on {len(samples_T) / RATE_HZ:.1f} s of sound; try again"
        )
    end_s = len(samples_T) / RATE_HZ
    lines = []
    for line in found.contents.lines[: found.contents.line_count]:
        text = ctypes.string_at(line.text).decode("utf-8", errors="ignore").strip() if line.text else ""
        start_s, stop_s = max(0.0, line.start_time), min(end_s, line.start_time + line.duration)
        if text and start_s < stop_s:
            lines.append(Said(Span(start_s, stop_s), text))
    return lines


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times, spelled with its punctuation."""

    start_s: float
    end_s: float
    text: str


class Whisper:
    """faster-whisper with a CTranslate2 model from a local folder; times are those of its words."""

    def __init__(self, folder: Path, threads: int, language: str) -> None:
        self._folder, self._threads, self._language = folder, threads, language
        self._lock = threading.Lock()
        self._handle: WhisperModel | None = None

    @property
    def model(self) -> str:
        return f"faster-whisper {self._folder.name}"

    def transcribe(self, samples_T: NDArray[np.float32]) -> list[Said]:
        """See Transcriber.transcribe."""
        with self._lock:
            self._handle = self._handle or self._load()
            segments, _ = self._handle.transcribe(
                samples_T,
                language=self._language,
                vad_filter=True,
                word_timestamps=True,
                condition_on_previous_text=False,  # one loop would feed the next
            )
            words = [
                Word(word.start, word.end, word.word.strip())
                for segment in segments
                # Whisper's own criterion for text that is not there (openai/whisper, no_speech_threshold).
                if not (segment.no_speech_prob > 0.6 and segment.avg_logprob < -1.0)
                for word in segment.words or ()
            ]
        return sentences_of_words(words)

    def _load(self) -> WhisperModel:
        if not (self._folder / "model.bin").is_file():
            raise MissingDependencyError(
                f"{self._folder} holds no faster-whisper model (model.bin is missing); put one there or clear "
                "speech.model_path"
            )
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingDependencyError(
                f"speech.model_path needs faster-whisper ({error}): pip install 'videoindex[whisper]'"
            ) from error
        return WhisperModel(
            str(self._folder), device="auto", compute_type="auto", cpu_threads=self._threads, local_files_only=True
        )


def sentences_of_words(words: Iterable[Word], join_gap_s: float = 1.5) -> list[Said]:
    """Sentences from timed words: they end at a sentence mark, and where more than ``join_gap_s`` passes."""
    sentences: list[Said] = []
    held: list[Word] = []
    for word in words:
        apart = bool(held) and word.start_s - held[-1].end_s > join_gap_s
        complete = bool(held) and len(split_sentences(f"{_text(held)} {word.text}")) > 1
        if apart or complete:
            sentences += _said(held)
            held = []
        held.append(word)
    return sentences + _said(held)


def _text(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


def _said(words: list[Word]) -> list[Said]:
    if not words or not _text(words).strip():
        return []
    start_s = words[0].start_s
    return [Said(Span(start_s, max(words[-1].end_s, start_s + 0.01)), _text(words))]
