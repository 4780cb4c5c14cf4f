"""Speech: what is said, as sentences with times.

A recording is cut into pieces of about five minutes, each cut at the quietest point near its nominal boundary, so
that no sentence is cut in two. Where full subtitles exist they are better text, and nothing is transcribed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.errors import ConfigError, MediaError
from videoindex.media.audio import read_audio, read_sound
from videoindex.perception.captions import captioned_spans
from videoindex.perception.invention import plausible
from videoindex.perception.loudness import STEP_S, levels_db, noise_floor_db, quietest_s
from videoindex.perception.sentences import Said
from videoindex.perception.transcribers import RATE_HZ, Moonshine, Transcriber, Whisper
from videoindex.types import Event, Gap, Observation, Scan, Segment, Span, Video

__all__ = ["Speech", "SpeechSettings"]

_VERSION = "1"  # a change of what is made of equal sound
_LANGUAGE_OF_MOONSHINE = "en"
# A sound that stays under this everywhere holds no speech worth a model: 60 dB under full scale is a quiet room.
_SILENT_DB = -60.0


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """How sound becomes sentences."""

    model_path: str = ""
    """Folder of a faster-whisper (CTranslate2) model; empty for the English model of moonshine-voice."""
    language: str = "en"
    """What is spoken: two letters. Moonshine knows English only."""
    threads: int = 1
    """Cores the model may use; Moonshine knows one or all."""
    segment_s: float = 300.0
    """Nominal length of a piece, the unit of work and of resume."""
    search_s: float = 10.0
    """A piece may end this much earlier or later, where it is quiet."""
    skip_when_captioned: bool = True
    """Leave out pieces of which captions in ``language`` that are read cover at least ``captioned_share``."""
    captioned_share: float = 0.2
    """Subtitles over a smaller share are signs and songs, not what is said."""

    def __post_init__(self) -> None:
        if len(self.language) != 2 or not self.language.islower():
            raise ConfigError(f"speech.language must be two small letters such as 'en', got {self.language!r}")
        if not self.model_path and self.language != _LANGUAGE_OF_MOONSHINE:
            raise ConfigError(
                f"speech.language is {self.language!r}, but the built-in model knows English only; "
                "set speech.model_path to the folder of a faster-whisper model"
            )
        if not 1 <= self.threads <= 64:
            raise ConfigError(f"speech.threads must lie in 1..64, got {self.threads}")
        if not 30 <= self.segment_s <= 1800:
            raise ConfigError(f"speech.segment_s must lie in 30..1800, got {self.segment_s}")
        if not 0 <= self.search_s <= self.segment_s / 4:
            raise ConfigError(f"speech.search_s must lie in 0..a quarter of segment_s, got {self.search_s}")
        if not 0 < self.captioned_share <= 1:
            raise ConfigError(f"speech.captioned_share must lie in (0, 1], got {self.captioned_share}")


class Speech:
    """The observer of what is said."""

    name = "speech"
    # A single short word; the detector of speech passes over what is shorter.
    shortest_event_s = 0.5

    def __init__(self, settings: SpeechSettings | None = None, transcriber: Transcriber | None = None) -> None:
        self._settings = settings or SpeechSettings()
        self._transcriber = transcriber or _transcriber(self._settings)

    @property
    def model(self) -> str:
        return self._transcriber.model

    @property
    def fingerprint(self) -> str:
        return f"speech/{_VERSION} {self.model} {replace(self._settings, threads=1)}"

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """Pieces that tile the recording, less those in which subtitles already say it; none without sound."""
        if not video.has_audio:
            return []
        settings = self._settings
        captioned = captioned_spans(video, settings.language) if settings.skip_when_captioned else []
        cuts_s = [
            video.span.start_s,
            *(self._cut_s(video, at_s) for at_s in self._nominal_s(video)),
            video.span.end_s,
        ]
        pieces = [Span(start_s, end_s) for start_s, end_s in pairwise(cuts_s)]
        return [
            Segment(video.id, self.name, piece)
            for piece in pieces
            if _covered_share(piece, captioned) < settings.captioned_share
        ]

    def observe(self, video: Video, segment: Segment) -> Observation:
        """The sentences of one piece. A piece whose sound cannot be decoded is a gap, not an error.

        Raises MissingDependencyError or BackendError when the model is missing or fails.
        """
        try:
            sound = read_sound(video, segment.span, RATE_HZ)
        except MediaError as error:
            return Observation(gaps=(Gap(video.id, segment.span, str(error), self.name),))
        gaps = tuple(Gap(video.id, span, "its sound is damaged", self.name) for span in sound.broken)
        levels_T = levels_db(sound.samples_T, RATE_HZ)
        if not len(levels_T) or float(levels_T.max()) < _SILENT_DB:
            return Observation(gaps=gaps)
        said = self._transcriber.transcribe(sound.samples_T)
        above_db = [_above_noise_db(levels_T, sentence.span) for sentence in said]
        events = [self._event(video, segment, sentence, levels_T) for sentence in plausible(said, above_db)]
        return Observation(tuple(event for event in events if event is not None), gaps)

    def _event(self, video: Video, segment: Segment, said: Said, levels_T: NDArray[np.float32]) -> Event | None:
        start_s = segment.span.start_s
        span = Span(start_s + said.span.start_s, start_s + said.span.end_s).intersect(segment.span)
        if span is None:
            return None
        confidence = _confidence(_above_noise_db(levels_T, said.span))
        return Event.observed(video.id, span, said.text, source=self.name, model=self.model, confidence=confidence)

    def _nominal_s(self, video: Video) -> list[float]:
        """Inner boundaries at equal distances; the last piece is never shorter than half a piece."""
        count = max(1, round(video.span.duration_s / self._settings.segment_s))
        return [video.span.start_s + video.span.duration_s * k / count for k in range(1, count)]

    def _cut_s(self, video: Video, nominal_s: float) -> float:
        """The quietest point near ``nominal_s``; that itself where the sound there cannot be decoded."""
        around = Span(nominal_s - self._settings.search_s, nominal_s + self._settings.search_s + STEP_S)
        try:
            samples_T = read_audio(video, around, RATE_HZ)
        except MediaError:
            return nominal_s
        return round(around.start_s + quietest_s(levels_db(samples_T, RATE_HZ), self._settings.search_s), 2)


def _covered_share(piece: Span, spans: Sequence[Span]) -> float:
    common = [inside for span in spans if (inside := span.intersect(piece)) is not None]
    return sum(span.duration_s for span in common) / piece.duration_s


def _transcriber(settings: SpeechSettings) -> Transcriber:
    if settings.model_path:
        return Whisper(Path(settings.model_path).expanduser(), settings.threads, settings.language)
    return Moonshine(settings.threads)


def _above_noise_db(levels_T: NDArray[np.float32], span: Span) -> float:
    """How far the voice in ``span`` stands above the background of the 30 s around it."""
    middle_s = (span.start_s + span.end_s) / 2
    first, last = round(max(0.0, middle_s - 15) / STEP_S), round((middle_s + 15) / STEP_S)
    inside_T = levels_T[round(span.start_s / STEP_S) : round(span.end_s / STEP_S)]
    if not len(inside_T):
        return 0.0
    return float(np.percentile(inside_T, 90)) - noise_floor_db(levels_T[first:last])


def _confidence(above_db: float) -> float:
    """Moonshine states none, so clearness does: 0.9 from 20 dB over the noise, 0.5 at 5 dB and less."""
    return round(float(np.clip(0.5 + 0.4 * (above_db - 5) / 15, 0.5, 0.9)), 2)
