"""Captions: what is already written about a recording, as sentence-level events, and its chapters.

The cheapest observer and, where there are subtitles, the best text there is. One track a language is read: files
beside the recording before streams in it, full tracks before forced ones.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from videoindex.errors import ConfigError, DecodeError
from videoindex.media.subtitles import Cue, Track, chapters, find_tracks, read_cues
from videoindex.perception.sentences import Said, join_sentences, without_rolling
from videoindex.types import Event, Gap, Observation, Scan, Segment, Span, Video, merge_spans

__all__ = ["Captions", "CaptionsSettings", "captioned_spans"]

_log = logging.getLogger(__name__)

_VERSION = "1"  # a change of what is made of equal cues
_CONFIDENCE = 0.95  # written by people, or by a program whose work somebody shipped
# ISO 639-2 codes, which containers use, as the two letters that file names use.
_TWO_LETTERS = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "por": "pt",
    "dut": "nl", "nld": "nl", "rus": "ru", "pol": "pl", "swe": "sv", "dan": "da", "nor": "no", "fin": "fi",
    "jpn": "ja", "chi": "zh", "zho": "zh", "kor": "ko", "ara": "ar", "heb": "he", "tur": "tr", "hin": "hi",
    "english": "en",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaptionsSettings:
    """How subtitles become events."""

    language: str = "en"
    """What a track is taken to be in that does not say: two letters."""
    join_gap_s: float = 1.5
    """Cues further apart than this never make one sentence."""
    longest_s: float = 20.0
    """Text without punctuation is cut into events no longer than this."""

    def __post_init__(self) -> None:
        if len(self.language) != 2 or not self.language.islower():
            raise ConfigError(f"captions.language must be two small letters such as 'en', got {self.language!r}")
        if not 0 <= self.join_gap_s <= 60:
            raise ConfigError(f"captions.join_gap_s must lie in 0..60, got {self.join_gap_s}")
        if not 1 <= self.longest_s <= 600:
            raise ConfigError(f"captions.longest_s must lie in 1..600, got {self.longest_s}")


class Captions:
    """The observer of subtitle streams, subtitle files beside the recording, and chapters."""

    name = "captions"
    model = "subtitles"
    shortest_event_s = 0.0

    def __init__(self, settings: CaptionsSettings | None = None) -> None:
        self._settings = settings or CaptionsSettings()

    @property
    def fingerprint(self) -> str:
        return f"captions/{_VERSION} {self._settings}"

    def segments(self, video: Video, scan: Scan) -> list[Segment]:
        """One segment for the whole recording, named after what its tracks hold; none where nothing is written."""
        tracks = find_tracks(video)
        if not tracks and not chapters(video):
            return []
        return [Segment(video.id, self.name, video.span, side_input=_digest(tracks))]

    def observe(self, video: Video, segment: Segment) -> Observation:
        """The sentences and chapters that lie in the segment.

        Raises DecodeError when the recording cannot be opened or its subtitle files changed since ``segments``.
        """
        tracks = find_tracks(video)
        if _digest(tracks) != segment.side_input:
            raise DecodeError(f"the subtitles of {video.path} changed while it was being indexed; index it again")
        events: list[Event] = []
        gaps: list[Gap] = []
        for candidates in _by_language(tracks, self._settings.language):
            cues, reason = _first_readable(video, candidates)
            events += self._events(video, segment.span, self._sentences(cues), "subtitles")
            if reason:
                gaps.append(Gap(video.id, segment.span, reason, self.name))
        titles = [Said(cue.span, f"chapter: {cue.text}") for cue in chapters(video)]
        events += self._events(video, segment.span, titles, "chapters")
        return Observation(tuple(events), tuple(gaps))

    def _sentences(self, cues: Sequence[Cue]) -> list[Said]:
        said = without_rolling([Said(cue.span, cue.text) for cue in cues])
        return join_sentences(said, self._settings.join_gap_s, self._settings.longest_s)

    def _events(self, video: Video, within: Span, said: Sequence[Said], model: str) -> list[Event]:
        events = {}
        for sentence in said:
            span = sentence.span.intersect(within)
            if span is None:
                _log.info("%s: left out, it lies outside the recording: %r", video.path, sentence.text)
                continue
            event = Event.observed(
                video.id, span, sentence.text, source=self.name, model=model, confidence=_CONFIDENCE
            )
            events[event.id] = event
        return list(events.values())


def captioned_spans(video: Video, language: str) -> list[Span]:
    """When full subtitles in ``language`` are shown, as disjoint, sorted spans inside the recording.

    Tracks that state another language, forced tracks and chapters do not count; a track that cannot be read counts
    as absent. Raises DecodeError when the recording cannot be opened.
    """
    tracks = [track for track in find_tracks(video) if not track.forced]
    for candidates in _by_language(tracks, language):
        if _language(candidates[0], language) == language:
            cues, _ = _first_readable(video, candidates)
            return merge_spans(common for cue in cues if (common := cue.span.intersect(video.span)))
    return []


def _language(track: Track, unstated: str) -> str:
    stated = track.language.split("-")[0]
    return _TWO_LETTERS.get(stated, stated) or unstated


def _by_language(tracks: Sequence[Track], unstated: str) -> list[list[Track]]:
    """The tracks of each language, the one to read first in front."""
    groups: dict[str, list[Track]] = {}
    for track in sorted(tracks, key=lambda track: (track.forced, track.path is None)):
        groups.setdefault(_language(track, unstated), []).append(track)
    return list(groups.values())


def _first_readable(video: Video, candidates: Sequence[Track]) -> tuple[list[Cue], str]:
    """The cues of the first track that can be read, or none and the reason why no track could."""
    reasons = []
    for track in candidates:
        try:
            return read_cues(video, track), ""
        except DecodeError as error:
            _log.warning("%s", error)
            reasons.append(str(error))
    return [], "; ".join(reasons)


def _digest(tracks: Sequence[Track]) -> str:
    parts = [f"{track.name}\x1f{track.language}\x1f{track.forced}\x1f{track.digest}" for track in tracks]
    return "subtitles " + hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:24]
