"""A question, read: what is asked for, where it can be found, and what of it nobody here can check. Pure.

Reading is shallow and in English: word lists and word order, no parser. What it does not understand it keeps as
content words, so that an odd question is searched for as it stands rather than misread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from videoindex.errors import UsageError
from videoindex.perception.object_words import COUNT_WORDS
from videoindex.query import words
from videoindex.query.match import tokens
from videoindex.query.scene import SceneReading, read_scene

__all__ = ["CAPTIONS", "DESCRIBED", "OBJECTS", "SCREEN_TEXT", "SPEECH", "Question", "Which", "understand"]

SPEECH, SCREEN_TEXT, CAPTIONS, OBJECTS = "speech", "screen_text", "captions", "objects"
# Observers that write free descriptions of the picture.
DESCRIBED = ("qwen",)


class Which(StrEnum):
    """Which of the matching moments the question wants."""

    BEST = "best"
    FIRST = "first"
    LAST = "last"
    EVERY = "every"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks.

    ``quotes`` must be found word for word (recognition errors forgiven). ``content`` are the words that carry
    meaning, cues and frames taken off. ``sources`` are the observers that can know (empty: any of them).
    ``pictured`` is True where a picture is described, not a topic. ``scene`` is the reading for object tracks.
    """

    text: str
    search_text: str
    quotes: tuple[str, ...]
    content: tuple[str, ...]
    sources: tuple[str, ...]
    which: Which
    pictured: bool
    scene: SceneReading


_QUOTED = re.compile(
    r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|„([^“”]+)[“”]|(?<!\w)'([^']+(?:'\w[^']*)*)'(?!\w)|`([^`]+)`"
)
_LABEL = re.compile(r"\b(?:labell?ed|titled|entitled|saying|called)\s+(?:as\s+)?([\w .:-]+)$", re.IGNORECASE)
_ON_SCREEN = re.compile(r"\bon[- ](?:the )?screen\b", re.IGNORECASE)
# Frames, longest first: what surrounds the thing asked for.
_FRAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:please\s+)?(?:can|could|would) you\s+",
        r"^(?:please\s+)?(?:find|show|give|tell|list|get|jump to|go to|take me to|search for|look for)"
        r"\s+(?:me\s+)?",
        r"^(?:at\s+)?(?:what|which)\s+(?:exact\s+)?(?:second|minute|time|point|moment|timestamp)s?\s+"
        r"(?:in the \w+\s+)?",
        r"^(?:in|on)\s+(?:what|which)\s+(?:scene|shot|slide|video|frame)s?\s+",
        r"^how\s+(?:often|many times|many|much)\s+",
        r"^(?:when|where|since when|until when)\s+(?:exactly\s+)?",
        r"^(?:is|was|were|are|do|does|did)\s+there\s+(?:ever\s+)?(?:(?:a|any)\s+)?(?:(?:moment|scene|time|part)s?\s+)?",
        r"^(?:is|are|was|were|do|does|did|has|have|will|can)\s+(?=\w)",
        r"^(?:all|every|each|any|the)\s+(?:of\s+)?(?:the\s+)?(?:moment|time|occasion|occurrence|scene|part|instance|place)s?"
        r"\s+(?:of|when|where|in which|that|at which)?\s*",
        r"^(?:every|each)\s+time\s+(?:that\s+|when\s+)?",
        r"^(?:the\s+)?(?:first|last|second|final|next)\s+(?:time|moment|occurrence|mention|appearance)\s*"
        r"(?:of|when|where|that)?\s*",
        r"^what\s+(?=(?:do|does|did|is|are|was|were)\b)",
        r"^what\s+(?:happens|happened|is happening)\s+(?:when|as|while)\s+",
        r"^(?:what|who)\s+(?=(?:say|says|said|mention|explain|talk|speak)\w*\b)",
    )
)
_EVERY = re.compile(
    r"^(?:please )?(?:show|find|list|give|get)(?: me)? all\b|"
    r"\b(every time|each time|every|all (?:the )?(?:moments|times|occurrences|scenes|places|mentions))\b",
    re.I,
)
_COUNT = re.compile(
    r"\b(how often|how many times|how many|number of times|count (?:the|how|all|every))\b", re.IGNORECASE
)
_FIRST = re.compile(r"\b(?:the first|for the first time|first time|earliest)\b", re.IGNORECASE)
_LAST = re.compile(r"\b(?:the last|the final|for the last time|last time|latest|most recent)\b", re.IGNORECASE)
_ORDINAL = re.compile(
    r"\b(?:for )?(?:the )?(?:very )?(?:first|last|final|earliest|latest)"
    r"(?: (?:time|moment|occurrence|mention))?\b",
    re.I,
)


def understand(text: str) -> Question:
    """Reads a question. Raises UsageError where it holds no word to search for."""
    clean = " ".join(text.split())
    quotes = _quotes(clean)
    unquoted = _QUOTED.sub(" ", clean)
    which = _which(unquoted)
    bare = _without_frames(unquoted, ordinals=which in (Which.FIRST, Which.LAST))
    bare = _ON_SCREEN.sub("onscreen", bare)
    bare_words = tokens(bare)
    sources = _sources(bare_words)
    quotes = quotes or _labels(bare)
    cues = words.SPEECH_CUES | words.SCREEN_CUES
    carrying = [word for word in bare_words if word not in words.STOP_WORDS]
    content = [word for word in carrying if word not in cues and word not in words.VISUAL_CUES] or carrying
    if not (content or quotes or bare_words) or not (tokens(clean)):
        raise UsageError(
            f"the question {text!r} holds no word to search for: name a thing, or words that were said or shown"
        )
    scene = read_scene(bare)
    pictured = not sources and not quotes and (scene.about_objects or _describes_picture(bare_words))
    if not content and not quotes and not scene.about_objects:
        raise UsageError(
            f"the question {text!r} holds only words that every recording is full of: "
            "name a thing, or put the exact words in quotation marks"
        )
    phrases = " ".join(quotes)
    return Question(
        text=clean,
        search_text=phrases or (" ".join(_content_text(bare, cues)) if sources else bare) or clean,
        quotes=quotes,
        content=tuple(dict.fromkeys(content)),
        sources=sources,
        which=which,
        pictured=pictured,
        scene=scene,
    )


def _quotes(text: str) -> tuple[str, ...]:
    """The quoted phrases that hold at least one word or number."""
    found = (next(part for part in match.groups() if part is not None) for match in _QUOTED.finditer(text))
    return tuple(phrase.strip() for phrase in found if tokens(phrase))


def _labels(text: str) -> tuple[str, ...]:
    """``a key labelled command`` quotes without marks: the words after such a verb, where they are few."""
    match = _LABEL.search(text.strip(" ?!."))
    if match is None or not 1 <= len(tokens(match[1])) <= 5:
        return ()
    return (match[1].strip(),)


def _which(text: str) -> Which:
    if _COUNT.search(text):
        return Which.COUNT
    if _EVERY.search(text):
        return Which.EVERY
    if _FIRST.search(text):
        return Which.FIRST
    return Which.LAST if _LAST.search(text) else Which.BEST


def _without_frames(text: str, ordinals: bool) -> str:
    """What is left when question frames are taken off the front, over and over, and ordinals anywhere."""
    bare = text.strip(" ?!.,;:")
    for _ in range(4):
        before = bare
        for frame in _FRAMES:
            bare = frame.sub("", bare, count=1).strip(" ?!.,;:")
        if bare == before:
            break
    if ordinals:
        bare = " ".join(_ORDINAL.sub(" ", bare).split())
    return bare


def _sources(bare_words: list[str]) -> tuple[str, ...]:
    """The observers that the question's cue words point at; none when there is no cue."""
    found: list[str] = []
    present = set(bare_words)
    if present & words.SPEECH_CUES:
        found += [SPEECH, CAPTIONS]
    if present & words.SCREEN_CUES:
        found += [SCREEN_TEXT, *DESCRIBED]
    if present & words.CAPTION_CUES:
        found += [CAPTIONS, SCREEN_TEXT]
    return tuple(dict.fromkeys(found))


def _describes_picture(bare_words: list[str]) -> bool:
    """``a bridge collapses`` and ``a close-up of`` describe; ``gradient descent`` and ``the budget`` do not."""
    opens = bare_words[:1] and (bare_words[0] in ("a", "an", "some") or bare_words[0] in COUNT_WORDS)
    return bool(opens) or bool(words.VISUAL_CUES.intersection(bare_words))


def _content_text(bare: str, cues: frozenset[str]) -> list[str]:
    """The question's own words in order, cue words off, for embedding; all when none is left."""
    kept = [word for word in bare.split() if not set(tokens(word)) & cues]
    leading = 0
    while leading < len(kept) and set(tokens(kept[leading])) <= words.STOP_WORDS:
        leading += 1
    return kept[leading:] or kept or bare.split()
