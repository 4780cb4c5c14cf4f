"""Voices for recordings that videoindex makes itself: text in, samples out, offline and deterministic.

Two engines, best first. ``pico`` (SVOX Pico, Apache-2.0, through the ttspico package, which carries its voices and
is compiled when installed) is what the speech observer understands best; ``espeak`` (eSpeak NG, GPL-3, through the
espeakng-loader package, prebuilt for Linux, macOS and Windows) is the other. Neither is needed to index anything.
"""

from __future__ import annotations

import ctypes
import importlib.util
import threading

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import BackendError, MissingDependencyError, UsageError

__all__ = ["VOICES", "installed_voices", "say"]

# Voice names, best understood first, and the package that carries each.
VOICES: dict[str, str] = {"pico": "ttspico", "espeak": "espeakng_loader"}
_INSTALL = (
    "install a voice: pip install 'videoindex[demo]' (or, without a C compiler: pip install espeakng-loader)"
)
_PICO_RATE_HZ = 16_000
_ESPEAK_WORDS_PER_MINUTE = 150
# Constants of espeak's speak_lib.h: AUDIO_OUTPUT_SYNCHRONOUS, POS_CHARACTER, espeakCHARS_UTF8, espeakRATE.
_ESPEAK_SYNCHRONOUS, _ESPEAK_BY_CHARACTER, _ESPEAK_UTF8, _ESPEAK_RATE = 2, 1, 1, 1
# Samples below this share of the loudest one at either end are silence, and are cut off.
_SILENCE_SHARE = 0.02

_lock = threading.Lock()


def installed_voices() -> tuple[str, ...]:
    """The voices that can speak here, best first; empty when none is installed."""
    return tuple(voice for voice, package in VOICES.items() if importlib.util.find_spec(package) is not None)


def say(text: str, rate_hz: int = 16_000, voice: str = "") -> NDArray[np.float32]:
    """Speaks English ``text``: mono float32 samples in [-1, 1] at ``rate_hz``, cut to the spoken extent.

    Sample 0 is where the voice sets in and the last one where it ends, so that a caller who places the samples
    knows the sentence's true times. ``voice`` is one of VOICES, or "" for the first installed one. "pico" gives
    the same samples for the same text; "espeak" carries a little of what it said before into them. Raises
    UsageError for an empty text or an unknown voice, MissingDependencyError when the voice is not installed,
    BackendError when the engine fails.
    """
    if not text.strip():
        raise UsageError("there is nothing to say: give a text with at least one word")
    if rate_hz <= 0:
        raise UsageError(f"a sampling rate must be positive, got {rate_hz} Hz")
    chosen = _choose(voice)
    with _lock:
        pcm, voice_hz = _speak_pico(text) if chosen == "pico" else _speak_espeak(text)
    samples = np.asarray(pcm.astype(np.float32) / 32768, dtype=np.float32)
    spoken = np.flatnonzero(np.abs(samples) > _SILENCE_SHARE * np.abs(samples).max(initial=0.0))
    if not len(spoken):
        raise BackendError(f"voice {chosen!r} made no sound of {text!r}; try plain English words")
    return _resample(samples[spoken[0] : spoken[-1] + 1], voice_hz, rate_hz)


def _resample(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Band-limited resampling of one short clip: its spectrum is cut or padded with zeros (the Fourier method)."""
    if from_hz == to_hz:
        return samples
    wanted = max(1, round(len(samples) * to_hz / from_hz))
    spectrum = np.fft.rfft(samples)[: wanted // 2 + 1]
    return np.asarray(np.clip(np.fft.irfft(spectrum, wanted) * (wanted / len(samples)), -1, 1), dtype=np.float32)


def _choose(voice: str) -> str:
    installed = installed_voices()
    if voice and voice not in VOICES:
        raise UsageError(f"unknown voice {voice!r}; known are {', '.join(VOICES)}")
    if voice and voice not in installed:
        raise MissingDependencyError(f"voice {voice!r} is not installed: pip install {VOICES[voice]}")
    if not installed:
        raise MissingDependencyError(f"no voice is installed, so no recording can be narrated; {_INSTALL}")
    return voice or installed[0]


def _speak_pico(text: str) -> tuple[NDArray[np.int16], int]:
    """SVOX Pico, American English: the samples and their rate."""
    from ttspico import TtsEngine

    # A new engine each time (2 ms): a used one speaks the same text differently.
    engine = TtsEngine("en-US")
    # At full volume it clips, which costs the transcriber several percent of the words.
    engine.volume = 50
    return np.frombuffer(engine.speak(text) or b"", np.int16), _PICO_RATE_HZ


def _speak_espeak(text: str) -> tuple[NDArray[np.int16], int]:
    """eSpeak NG, American English, through its C interface (speak_lib.h): the samples and their rate."""
    import espeakng_loader

    pieces = [np.zeros(0, np.int16)]

    def collect(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if samples and count > 0:
            pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(
        collect
    )
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    data_path = str(espeakng_loader.get_data_path()).encode()
    rate_hz = int(library.espeak_Initialize(_ESPEAK_SYNCHRONOUS, 0, data_path, 0))
    if rate_hz <= 0 or library.espeak_SetVoiceByName(b"en-us") != 0:
        raise BackendError("espeak could not start; reinstall it: pip install --force-reinstall espeakng-loader")
    try:
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetParameter(_ESPEAK_RATE, _ESPEAK_WORDS_PER_MINUTE, 0)
        utf8 = text.encode()
        library.espeak_Synth(utf8, len(utf8) + 1, 0, _ESPEAK_BY_CHARACTER, 0, _ESPEAK_UTF8, None, None)
        library.espeak_Synchronize()
    finally:
        library.espeak_Terminate()
    return np.concatenate(pieces), rate_hz
