"""Voices: what is said is heard, starts at sample 0, and is the same every time."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from videoindex.errors import MissingDependencyError, UsageError
from videoindex.evaluation import voices
from videoindex.evaluation.voices import say


@pytest.mark.parametrize("voice", voices.installed_voices())
def test_speech_fills_its_samples_from_the_first_to_the_last(voice: str) -> None:
    samples = say("The train leaves at seven in the morning.", voice=voice)
    assert samples.dtype == np.float32
    assert 1.5 < len(samples) / 16_000 < 4.5
    loudest = np.abs(samples).max()
    assert 0.1 < loudest <= 1.0
    for end in (samples[:1], samples[-1:]):
        assert np.abs(end).max() > 0.015 * loudest


def test_the_same_text_gives_the_same_samples() -> None:
    first = say("A good index makes every search fast.", voice="pico")
    say("Something else in between.", voice="pico")
    assert np.array_equal(first, say("A good index makes every search fast.", voice="pico"))


def test_another_rate_keeps_length_and_pitch() -> None:
    slow, fast = say("Good morning."), say("Good morning.", rate_hz=48_000)
    assert len(fast) / 48_000 == pytest.approx(len(slow) / 16_000, abs=1e-3)
    back = voices._resample(fast, 48_000, 16_000)
    common = min(len(back), len(slow))
    assert np.abs(back[:common] - slow[:common]).max() < 0.02


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="nothing to say"):
        say(text)


def test_an_unknown_voice_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="known are pico, espeak"):
        say("Good morning.", voice="hal")


def test_a_missing_voice_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert voices.installed_voices() == ()
    with pytest.raises(MissingDependencyError, match="pip install"):
        say("Good morning.")
