"""What every transcriber must do, on sound with planted sentences; and that each says what it lacks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import spoken
from numpy.typing import NDArray

from videoindex.errors import MissingDependencyError
from videoindex.perception.sentences import Said
from videoindex.perception.transcribers import RATE_HZ, Moonshine, Transcriber, Whisper, Word, sentences_of_words

Narrated = tuple[NDArray[np.float32], list[Said]]


@pytest.fixture(scope="module")
def narrated() -> Narrated:
    return spoken.narrated(spoken.SENTENCES)


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Moonshine(threads=1)


def test_words_and_times_are_near_what_was_said(narrated: Narrated, transcriber: Transcriber) -> None:
    samples_T, truth = narrated
    heard = transcriber.transcribe(samples_T)
    said = " ".join(piece.text for piece in truth)
    assert spoken.word_errors(said, " ".join(piece.text for piece in heard)) <= 0.15
    starts = [piece.span.start_s for piece in heard]
    ends = [piece.span.end_s for piece in heard]
    assert starts == pytest.approx([piece.span.start_s for piece in truth], abs=0.5)
    assert ends == pytest.approx([piece.span.end_s for piece in truth], abs=0.5)
    assert np.median(np.abs(np.subtract(starts, [piece.span.start_s for piece in truth]))) < 0.1


def test_one_sentence_each_even_where_the_pause_is_short(transcriber: Transcriber) -> None:
    samples_T, truth = spoken.narrated(spoken.SENTENCES[:4], gap_s=0.3)
    heard = transcriber.transcribe(samples_T)
    assert len(heard) == len(truth)
    for piece, planted in zip(heard, truth, strict=True):
        assert piece.span.iou(planted.span) > 0.7


@pytest.mark.parametrize("kind", ["silence", "hiss", "music", "hum"])
def test_what_is_no_speech_gives_no_text(kind: str, transcriber: Transcriber) -> None:
    hiss = np.random.default_rng(1).normal(0, 0.05, 20 * RATE_HZ).astype(np.float32)
    sounds = {
        "silence": np.zeros(20 * RATE_HZ, np.float32),
        "hiss": hiss,
        "music": spoken.music(20.0),
        "hum": spoken.tone(20.0, 50, level=0.2) + hiss / 5,
    }
    assert transcriber.transcribe(sounds[kind]) == []


def test_words_are_heard_over_soft_music(narrated: Narrated, transcriber: Transcriber) -> None:
    samples_T, truth = narrated
    mixed = samples_T + 0.1 * spoken.music(len(samples_T) / RATE_HZ + 1)[: len(samples_T)]
    heard = transcriber.transcribe(mixed)
    said = " ".join(piece.text for piece in truth)
    assert spoken.word_errors(said, " ".join(piece.text for piece in heard)) <= 0.3


def test_equal_sound_gives_equal_text_from_any_thread(narrated: Narrated, transcriber: Transcriber) -> None:
    samples_T = narrated[0][: 12 * RATE_HZ]
    first = transcriber.transcribe(samples_T)
    assert first
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(transcriber.transcribe, [samples_T, samples_T])) == [first, first]
    assert Moonshine(threads=1).transcribe(samples_T) == first


def test_what_was_heard_before_changes_nothing(narrated: Narrated, transcriber: Transcriber) -> None:
    samples_T = np.concatenate([narrated[0][: 10 * RATE_HZ], np.zeros(4 * RATE_HZ, np.float32)])
    heard = transcriber.transcribe(samples_T)
    for before_T in (spoken.music(5.0), spoken.tone(3.1, 440), narrated[0][: round(2.3 * RATE_HZ)]):
        transcriber.transcribe(before_T)
        assert transcriber.transcribe(samples_T) == heard


def test_no_sound_at_all_is_no_text(transcriber: Transcriber) -> None:
    assert transcriber.transcribe(np.zeros(0, np.float32)) == []


def test_whisper_without_its_model_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"model\.bin is missing"):
        Whisper(tmp_path, threads=1, language="en").transcribe(np.zeros(RATE_HZ, np.float32))


def test_whisper_without_its_package_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.bin").touch()
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        Whisper(tmp_path, threads=1, language="en").transcribe(np.zeros(RATE_HZ, np.float32))


@dataclass(frozen=True)
class _Spoken:
    """What faster-whisper yields, as far as it is read."""

    words: list[Any]
    no_speech_prob: float
    avg_logprob: float


@dataclass(frozen=True)
class _SpokenWord:
    start: float
    end: float
    word: str


def test_whisper_words_become_sentences_and_its_doubts_are_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Model:
        def __init__(self, folder: str, **options: Any) -> None:
            asked.update(options, folder=folder)

        def transcribe(self, samples_T: NDArray[np.float32], **options: Any) -> tuple[list[_Spoken], None]:
            asked.update(options)
            words = [(0.5, 0.9, " Good"), (0.9, 1.4, " morning."), (1.8, 2.2, " Sit"), (2.2, 2.6, " down.")]
            sure = _Spoken([_SpokenWord(*word) for word in words], 0.1, -0.2)
            unsure = _Spoken([_SpokenWord(5.0, 5.4, " Thank"), _SpokenWord(5.4, 5.8, " you.")], 0.9, -1.5)
            return [sure, unsure], None

    module = ModuleType("faster_whisper")
    module.WhisperModel = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", module)
    (tmp_path / "model.bin").touch()
    heard = Whisper(tmp_path, threads=2, language="en").transcribe(np.zeros(RATE_HZ * 6, np.float32))
    assert [(piece.span.start_s, piece.span.end_s, piece.text) for piece in heard] == [
        (0.5, 1.4, "Good morning."),
        (1.8, 2.6, "Sit down."),
    ]
    assert asked["local_files_only"] is True
    assert asked["condition_on_previous_text"] is False
    assert asked["cpu_threads"] == 2


def test_words_far_apart_are_no_sentence() -> None:
    words = [Word(0.0, 0.5, "so"), Word(0.5, 1.0, "then"), Word(9.0, 9.5, "again")]
    assert [piece.text for piece in sentences_of_words(words)] == ["so then", "again"]
