"""A question, read: what is asked for, when and where it is looked for, what nobody here can check. Pure.

Reading is shallow and in English: word lists and word order, no parser. What it does not understand it keeps as
content words, so that an odd question is searched for as it stands rather than misread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from videoindex.errors import UsageError
from videoindex.index.records import VideoRecord
from videoindex.query import words
from videoindex.query.match import tokens
from videoindex.query.number_words import with_digits
from videoindex.query.places import find_places
from videoindex.query.question_cues import (
    CAPTIONS,
    DESCRIBED,
    OBJECTS,
    SCREEN_TEXT,
    SPEECH,
    content_text,
    content_words,
    describes_picture,
    sources_of,
)
from videoindex.query.question_frames import Frame, Which, read_frame
from videoindex.query.relation_words import QUOTE, Edge, Relation, anchor_edge, split_relation
from videoindex.query.scene import SceneReading, read_scene
from videoindex.query.time_windows import times_meant
from videoindex.query.time_words import TimePhrase, find_times

__all__ = [
    "CAPTIONS",
    "DESCRIBED",
    "OBJECTS",
    "SCREEN_TEXT",
    "SPEECH",
    "Anchor",
    "Question",
    "Which",
    "understand",
]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks.

    ``quotes`` must be found word for word (recognition errors forgiven). ``content`` are the words that carry
    meaning, cues and frames taken off. ``sources`` are the observers that can know (empty: any of them).
    ``pictured`` is True where a picture is described, not a topic. ``scene`` is the reading for object tracks.

    ``is_how_long``: the length of the moments is wanted. ``is_open``: no thing is named, whatever was said, shown
    or seen in the time asked about is wanted. ``wants_end``: the second in which it ends ("leaves"). ``is_title``:
    a page is asked for by its heading ("the slide about"). ``nth``: which of them in order, from 1. ``unread``:
    words such as "after" that were not taken for a relation in time. ``times``, ``video_ids`` and ``cameras`` say
    where to look; ``relation`` is how the moments lie to the ``anchors``, other events that are looked for first.
    ``also`` are further wordings of the same thing, each searched for by itself.
    """

    text: str
    search_text: str
    quotes: tuple[str, ...]
    content: tuple[str, ...]
    sources: tuple[str, ...]
    which: Which
    pictured: bool
    scene: SceneReading
    is_how_long: bool = False
    is_open: bool = False
    wants_end: bool = False
    is_title: bool = False
    nth: int = 1
    unread: tuple[str, ...] = ()
    times: tuple[TimePhrase, ...] = ()
    video_ids: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    relation: Relation | None = None
    anchors: tuple[Anchor, ...] = ()
    also: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event that a question is about the time around, and which of its ends is meant (None: not said)."""

    question: Question
    edge: Edge | None


_QUOTED = re.compile(
    r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|„([^“”]+)[“”]|(?<!\w)'([^']+(?:'\w[^']*)*)'(?!\w)|`([^`]+)`"
)
_LABEL = re.compile(r"\b(?:labell?ed|titled|entitled|saying|called)\s+(?:as\s+)?([\w .:-]+)$", re.IGNORECASE)
_ON_SCREEN = re.compile(r"\bon[- ](?:the )?screen\b", re.IGNORECASE)
_WHO = re.compile(r"^who\b(?!\s+(?:says?|said|mentions?|speaks?|talks?|asks?|explains?)\b)", re.IGNORECASE)
# "Question: when does …", "Who was first: when did …": what stands before the colon asks nothing more.
_LEAD_IN = re.compile(
    r"^(?!(?:a|an|the)\b)(?:\w+\s+){0,3}[a-z]+:\s+(?=(?:when|what|which|who|where|how)\b)", re.IGNORECASE
)
_RELATING = re.compile(r"\b(?:after|before|between|while|during)\b", re.IGNORECASE)
_GOES = re.compile(r"\b(?:disappear|vanish|go(?:es)? away|gone\b|removed\b)", re.IGNORECASE)
# Words that an open question may hold beside those that say where to look.
# fmt: off
_OPEN_WORDS = frozenset((
    "come", "comes", "came", "next", "follow", "follows", "happens", "happened", "happening", "going", "be",
    "then", "everything", "put", "looking"))
# fmt: on


def understand(text: str, records: Sequence[VideoRecord] = (), now: datetime | None = None) -> Question:
    """Reads a question put to ``records``; with none, no name and no doubtful time is taken for one.

    ``now`` is what "today" is counted from. Raises UsageError where the question holds no word to search for, or
    names a file that is not indexed.
    """
    clean = " ".join(text.split())
    if not tokens(clean):
        raise UsageError(_no_word(text))
    masked, quotes = _masked(clean)
    places = find_places(masked, records)
    masked = _without(masked, [(place.begin, place.end) for place in places])
    is_seen = not (words.SPEECH_CUES | words.SCREEN_CUES).intersection(tokens(masked)) and not quotes
    times = times_meant(find_times(masked), records, now or datetime.now(UTC), is_seen=is_seen)
    bare = _LEAD_IN.sub("", _without(masked, [(phrase.begin, phrase.end) for phrase in times]).lstrip(" :;"))
    question = _related(bare, clean, quotes, is_placed=bool(times or places))
    return replace(
        question,
        text=clean,
        times=times,
        video_ids=tuple(dict.fromkeys(video_id for place in places for video_id in place.video_ids)),
        cameras=tuple(dict.fromkeys(place.camera for place in places if place.camera)),
    )


def _masked(text: str) -> tuple[str, dict[str, str]]:
    """The text with a sign in place of each quotation, and the quotations as written by their signs."""
    quotes: dict[str, str] = {}

    def keep(match: re.Match[str]) -> str:
        sign = chr(ord("\ue000") + min(len(quotes), 255))
        quotes[sign] = match[0]
        return sign

    return _QUOTED.sub(keep, QUOTE.sub(" ", text)), quotes


def _without(text: str, ranges: Sequence[tuple[int, int]]) -> str:
    """The text without these ranges, and without the commas that then stand alone."""
    for begin, end in sorted(ranges, reverse=True):
        text = f"{text[:begin]} {text[end:]}"
    return re.sub(r"\s+,|^\s*,", "", " ".join(text.split())).strip()


def _related(masked: str, text: str, quotes: Mapping[str, str], *, is_placed: bool) -> Question:
    """The question with its anchors, where it is put in relation to other events."""
    split = split_relation(masked)
    if split is None:
        alone = _clause(_unmasked(masked, quotes), text, may_be_open=is_placed)
        left = tuple(dict.fromkeys(word.lower() for word in _RELATING.findall(masked)))
        return replace(alone, unread=left if alone.scene.about_objects and not alone.sources else ())
    anchors = []
    for anchor in split.anchors:
        bare, edge = anchor_edge(anchor)
        anchors.append(Anchor(_clause(_unmasked(bare, quotes), text, may_be_open=False), edge))
    main = _clause(_unmasked(split.main, quotes), text, may_be_open=True)
    return replace(main, relation=split.relation, anchors=tuple(anchors))


def _unmasked(part: str, quotes: Mapping[str, str]) -> str:
    """``part`` with its quotations put back."""
    return QUOTE.sub(lambda sign: quotes.get(sign[0], ""), part)


def _clause(text: str, whole: str, *, may_be_open: bool) -> Question:
    """One thing that is asked for. Raises UsageError where there is none."""
    quotes = _quotes(text)
    frame = read_frame(_WHO.sub("a person", _QUOTED.sub(" ", text)))
    bare = _ON_SCREEN.sub("onscreen", frame.bare)
    bare_words = with_digits(tokens(bare))
    cued_words = tokens(_ON_SCREEN.sub("onscreen", frame.cued))
    sources = sources_of(cued_words)
    if frame.starts_open and not sources and {"sentence", "sentences"}.intersection(cued_words):
        sources = (SPEECH, CAPTIONS)
    quotes = quotes or _labels(bare)
    carrying = [word for word in bare_words if word not in words.STOP_WORDS]
    content = content_words(bare_words, sources)
    scene = read_scene(bare)
    if frame.starts_open and not quotes and not scene.about_objects and _is_open(content):
        if may_be_open or (sources and frame.which in (Which.FIRST, Which.LAST)):
            return _open(whole, sources, frame, is_title=_is_title(cued_words, sources))
        raise UsageError(
            f"the question {whole!r} asks for what every recording is full of: name a thing, "
            "a time (between 0:30 and 1:00), or another event (after he says …)"
        )
    content = content or carrying
    if not (content or quotes or bare_words):
        raise UsageError(_no_word(whole))
    if not content and not quotes and not scene.about_objects:
        raise UsageError(
            f"the question {whole!r} holds only words that every recording is full of: "
            "name a thing, or put the exact words in quotation marks"
        )
    pictured = not sources and not quotes and (scene.about_objects or describes_picture(bare_words))
    phrases = " ".join(quotes)
    return Question(
        text=text,
        search_text=phrases or (" ".join(content_text(bare, sources)) if sources else bare) or text,
        quotes=quotes,
        content=tuple(dict.fromkeys(content)),
        sources=sources,
        which=frame.which,
        pictured=pictured,
        scene=scene,
        is_how_long=frame.is_how_long,
        wants_end=_wants_end(frame, sources, scene),
        is_title=_is_title(cued_words, sources) or _is_page(frame, sources, quotes, content),
        nth=frame.nth,
    )


def _is_open(content: Sequence[str]) -> bool:
    return all(word in _OPEN_WORDS for word in content)


def _open(text: str, sources: tuple[str, ...], frame: Frame, *, is_title: bool) -> Question:
    """Whatever was said, shown or seen: nothing is searched for by its words."""
    return Question(
        text=text,
        search_text=text,
        quotes=(),
        content=(),
        sources=sources,
        which=frame.which,
        pictured=False,
        scene=SceneReading(),
        is_how_long=frame.is_how_long,
        is_open=True,
        is_title=is_title,
        nth=frame.nth,
    )


def _is_title(cued_words: Sequence[str], sources: Sequence[str]) -> bool:
    """Whether a page is asked for."""
    return SCREEN_TEXT in sources and bool(words.TITLE_CUES.intersection(cued_words))


def _is_page(frame: Frame, sources: Sequence[str], quotes: Sequence[str], content: Sequence[str]) -> bool:
    """Whether the length is asked of something on the screen that more than a word names: then of its page."""
    return frame.is_how_long and sources[:1] == (SCREEN_TEXT,) and not quotes and len(content) > 1


def _wants_end(frame: Frame, sources: Sequence[str], scene: SceneReading) -> bool:
    """Whether the second is asked for in which somebody leaves, or a text disappears."""
    if frame.is_how_long:
        return False
    if sources:
        return SCREEN_TEXT in sources and bool(_GOES.search(frame.cued))
    return bool(scene.motions) and all(motion.verb == "leaves" for motion in scene.motions)


def _no_word(text: str) -> str:
    return f"the question {text!r} holds no word to search for: name a thing, or words that were said or shown"


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
