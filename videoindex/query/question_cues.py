"""The words of a question that say who can know, and those that carry its meaning. Pure, English."""

from __future__ import annotations

from collections.abc import Sequence

from videoindex.perception.object_words import COUNT_WORDS
from videoindex.query import words
from videoindex.query.match import tokens

__all__ = [
    "CAPTIONS",
    "DESCRIBED",
    "OBJECTS",
    "SCREEN_TEXT",
    "SPEECH",
    "TEXTS",
    "content_text",
    "content_words",
    "describes_picture",
    "sources_of",
]

SPEECH, SCREEN_TEXT, CAPTIONS, OBJECTS = "speech", "screen_text", "captions", "objects"
# Observers that write free descriptions of the picture.
DESCRIBED = ("qwen",)
# Observers whose events are words, not tracks.
TEXTS = (SPEECH, CAPTIONS, SCREEN_TEXT, *DESCRIBED)
_FEW_WORDS = 4
_BEING = frozenset({"is", "are", "was", "were", "be", "been", "being"})


def sources_of(cued_words: list[str]) -> tuple[str, ...]:
    """The observers that the question's cue words point at; none when there is no cue.

    Of a sentence that somebody says, what stands after the verb points nowhere ("mentions the error message"),
    nor does what is mentioned ("is the field mentioned"). A sign or a slide may say something too.
    """
    pointing = _pointing(cued_words)
    found: list[str] = []
    if pointing & words.SPEECH_CUES:
        found += [SPEECH, CAPTIONS]
    if pointing & words.SCREEN_CUES:
        found += [SCREEN_TEXT, *DESCRIBED]
    if pointing & words.CAPTION_CUES:
        found += [CAPTIONS, SCREEN_TEXT]
    return tuple(dict.fromkeys(found))


def _pointing(cued_words: list[str]) -> set[str]:
    """The words that say where to look."""
    verb = _speech_verb(cued_words)
    if verb is None:
        asking = cued_words[: _own_words(cued_words)]
        carrying = [word for word in asking if word not in words.STOP_WORDS]
        return set(asking) - words.DOUBTFUL_CUES | (set(carrying[:2]) - words.DOUBTFUL_VERBS)
    subject = set(cued_words[max(0, verb - 2) : verb])
    is_passive = cued_words[verb] in words.SPEECH_PARTICIPLES
    is_passive = is_passive and (verb == len(cued_words) - 1 or bool(_BEING & subject))
    screen = (words.CAPTION_CUES if is_passive else words.SCREEN_CUES).intersection(subject)
    return {cued_words[verb]} | screen | words.CAPTION_CUES.intersection(cued_words)


def _own_words(line: Sequence[str]) -> int:
    """Where a sentence's own words begin ("the sentence where we ..."), which point nowhere; else the end."""
    opens = next((n for n, word in enumerate(line[:4]) if word in words.SENTENCES), len(line))
    return opens + 1 if len(line) - opens > _FEW_WORDS else len(line)


def _speech_verb(line: Sequence[str]) -> int | None:
    """Where the first word stands that reports what was said."""
    return next((number for number, word in enumerate(line) if word in words.SPEECH_VERBS), None)


def content_words(line: Sequence[str], sources: Sequence[str]) -> list[str]:
    """The words that carry meaning. What was said keeps its own, whatever they would point at elsewhere."""
    verb = _speech_verb(line)
    if verb is None or SCREEN_TEXT in sources:
        cues = words.SPEECH_CUES | words.SCREEN_CUES | words.VISUAL_CUES
        cues = cues if SCREEN_TEXT in sources else cues - words.DOUBTFUL_CUES
        return [word for word in line if word not in words.STOP_WORDS and word not in cues]
    before = [word for word in line[:verb] if word not in words.SPEECH_CUES]
    after = list(line[verb + 1 :])
    if after[:1] == ["by"]:  # "is mentioned by the speaker"
        after = [word for word in after if word not in words.SPEECH_CUES]
    return [word for word in (*before, *after) if word not in words.STOP_WORDS]


def describes_picture(bare_words: list[str]) -> bool:
    """``a bridge collapses`` and ``a close-up of`` describe; ``gradient descent`` and ``the budget`` do not."""
    opens = bare_words[:1] and (bare_words[0] in ("a", "an", "some") or bare_words[0] in COUNT_WORDS)
    return bool(opens) or bool(words.VISUAL_CUES.intersection(bare_words))


def content_text(bare: str, sources: Sequence[str]) -> list[str]:
    """The question's own words in order, cue words off, for embedding; all when none is left."""
    cues = words.SPEECH_CUES if SCREEN_TEXT not in sources else words.SPEECH_CUES | words.SCREEN_CUES
    kept = [word for word in bare.split() if not set(tokens(word)) & cues]
    leading = 0
    while leading < len(kept) and set(tokens(kept[leading])) <= words.STOP_WORDS:
        leading += 1
    return kept[leading:] or kept or bare.split()
