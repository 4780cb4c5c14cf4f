"""The frame of a question: what stands around the thing asked for, and says which of its moments are wanted.

Pure word patterns, English. Words that report something ("says that the first source is the sun") keep what they
report untouched: there "first" and "every" are content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Frame", "Which", "read_frame"]


class Which(StrEnum):
    """Which of the matching moments the question wants."""

    BEST = "best"
    FIRST = "first"
    LAST = "last"
    EVERY = "every"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Frame:
    """A question without its frame.

    ``bare`` is the thing asked for; ``cued`` is the same with words such as "mention of" still there, which tell
    who can know. ``is_how_long`` where the length of the moments is asked for. ``starts_open`` where it begins as
    one for whatever was said or shown does ("what is said", "which slide"). ``nth`` counts from 1 ("second time").
    """

    bare: str
    cued: str
    which: Which
    is_how_long: bool
    starts_open: bool
    nth: int = 1


def _patterns(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_THING = r"(?:moment|time|occasion|occurrence|scene|part|instance|place|point|shot)s?"
_SEEN = r"(?:appearance|mention|sighting|visit|occurrence|showing)s?"
# "(When is a) list mentioned" asks for no list.
_DONE = r"(?!(?:(?:is|are|was|were|first|last|ever)\s+)*(?:mentioned|said|heard|spoken|used|shown|seen)\b)"
# Requests, before anything is read.
_REQUESTS = _patterns(
    r"^(?:please\s+)?(?:can|could|would|will)\s+you\s+(?:please\s+)?",
    r"^(?:please\s+)?(?:find|show|give|tell|list|get|jump to|go to|take me to|search for|look for)\s+"
    rf"{_DONE}(?:me\s+)?(?:when\s+)?",
    rf"^play\s+(?:me\s+)?(?=(?:the|each|every)\s+(?:{_THING}|sentences?|words?|lines?)\b)",
    r"^(?:do|did)\s+you\s+(?:know|see)\s+",
    r"^i(?:['’]d|\s+would)?\s+(?:want|need|like|love)\s+(?:to\s+(?:know|see|find|hear)\s+)?(?:when\s+)?",
    r"^(?:(?:is|was)\s+there\s+)?any\s+(?:signs?|traces?)\s+of\s+",
    r"^look\s+(?:(?:at|in|into|through)\s+)?(?:and\s+(?:find|show)\s+)?",
    r"^i(?:['’]m|\s+am)\s+(?:looking|searching)\s+for\s+",
)
# Frames, longest first: what surrounds the thing asked for.
_FRAMES = _patterns(
    r"^(?:what|which)\s+(?:is|was)\s+the\s+(?:exact\s+)?(?:time|moment|second|minute|point)\s+"
    r"(?:when|that|at which)\s+",
    r"^(?:at|in|on)?\s*(?:what|which)\s+(?:exact\s+)?"
    r"(?:second|minute|time|point|moment|timestamp|occasion|place|part|passage)s?\s+"
    r"(?:in the \w+\s+)?",
    r"^(?:in|on)\s+(?:what|which)\s+(?:scene|shot|slide|video|frame)s?\s+",
    r"^(?:on\s+)?how\s+(?:often|frequently|many\s+(?:times|occasions)|many|much)\s+",
    r"^(?:when|where|since when|until when|whenever)\s+(?:exactly\s+)?",
    r"^(?:do|does|did|can|could)\s+(?:we|you|i|one)\s+(?:ever\s+|first\s+|last\s+)?(?:get\s+to\s+)?(?:see|hear|find|notice|get|spot)\s+(?:that\s+)?",
    rf"^(?:is|was|were|are|do|does|did)\s+there\s+(?:ever\s+)?(?:(?:a|any)\s+(?=moment|scene|time|part))?(?:{_THING}\s+)?"
    r"(?:(?:when|where|in which|that|at which|of)\s+)?",
    r"^(?:is|are|was|were|do|does|did|has|have|had|will|can)\s+(?:ever\s+)?(?=\w)",
    rf"^(?:all|every|each|any|the)\s+(?:of\s+)?(?:the\s+)?(?:single\s+)?{_THING}\b"
    r"\s*(?:of|when|where|in which|with|that|at which)?\s*",
    rf"^(?:the\s+)?(?:first|last|final|next|earliest|latest)\s+{_THING}\b\s*(?:of|when|where|with|that)?\s*",
    rf"^(?:(?:all|every|each|any|the|a|its|first|last|final)\s+)*{_SEEN}\s+(?:of|by|from)\s+",
    r"^(?:the\s+)?(?:number of times|times|timestamps?)\s+(?:that\s+|when\s+|of\s+|at which\s+)?",
    r"^count\s+(?:how\s+(?:many\s+times|often)\s+|the\s+(?:number\s+of\s+)?(?:times\s+)?|all\s+|every\s+)?(?:that\s+)?",
    r"^(?:any\s+)?(?:footage|signs?|traces?|sightings?|clips?|videos?|pictures?)\s+"
    r"(?:of|with|showing|where|in which)\s+",
    r"^(?:all|some)\s+(?:the\s+)?(?=(?:footage|clips|videos|pictures)\b)",
    r"^we\s+(?:have|had|see|saw|get|got)\s+",
    r"^(?:the\s+)?number\s+of\s+(?=\w)",
    r"^what\s+(?=(?:do|does|did|is|are|was|were)\b)",
    r"^what\s+(?:happens|happened|is happening)\s+(?:when|as|while)\s+",
    r"^(?:what|who)\s+(?=(?:say|says|said|mention|explain|talk|speak)\w*\b)",
)
_HOW_LONG = _patterns(
    r"^(?:for\s+)?how\s+long\b(?!\s+(?:ago|until|before|after)\b)\s*",
    r"^(?:for\s+)?how\s+many\s+(?:seconds|minutes|hours)\s+(?=(?:is|are|was|were|do|does|did|can|has|have)\b)",
    r"^(?:for\s+)?how\s+much\s+time\s+",
    r"^(?:for\s+)?what\s+(?:length\s+of\s+time|duration)\s+",
    r"^(?:the\s+)?(?:total\s+)?(?:amount\s+of\s+)?time\s+(?:that\s+)?"
    r"(?=.*\b(?:spends?|spent|stays?|stayed|lasts?|lasted|takes?|took)\b)",
    r"^(?:what\s+is\s+)?(?:the\s+)?(?:total\s+)?(?:duration|length)\s+of\s+",
)
_LASTING = re.compile(
    r"\b(?:stays?|stayed|staying|lasts?|lasted|lasting|remains?|remained|spends?|spent|takes?|took|gets?|got|"
    r"in\s+(?:seconds|minutes)|visible|present|for\s+in\s+total|in\s+total|altogether|there)\b",
    re.IGNORECASE,
)
_EVER = re.compile(r"\b(?:ever|at all|exactly|precisely|anywhere|somewhere)\b", re.IGNORECASE)
# "… List all.", "I want all of them." or "All places, please." after the question.
_LIST_ALL = re.compile(
    r"[.,:;?!]\s*(?:please\s+)?(?:(?:list|show|give|name|find|i\s+(?:want|need))\b[^.?!]*\b(?:all|every|each)\b[^.?!]*"
    rf"|(?:all|each|every)(?:\s+(?:of|the|them|one|single))*(?:\s+(?:{_THING}|{_SEEN}))?)(?:,?\s+please)?$",
    re.IGNORECASE,
)
# "When did the first visit of … begin?": a moment is given from its beginning on.
_BEGINS = re.compile(rf"\b(?P<seen>{_SEEN}\s+(?:of|by)\s+.+?)\s+(?:begins?|began|starts?|started)$", re.IGNORECASE)
# "… How many times?" after the question.
_COUNT_TOO = re.compile(r"(?:\s+often)?[.,:;?!]\s*(?:and\s+)?how\s+(?:many\s+times|often)$", re.IGNORECASE)
_PLEASE = re.compile(r",?\s+please$", re.IGNORECASE)
# "a red car: how long in view" asks how long a red car is in view.
_TURNED = re.compile(
    r"^(?P<thing>[^:]+):\s*(?P<ask>how\s+(?:long|often|many\s+times)|when)\b(?P<rest>(?:\s+\w+){0,3})$", re.I
)
_EVERY = re.compile(
    r"\b(?:what|which) (?:times|moments|points|places|parts|passages|occasions)\b|"
    r"^(?:please )?(?:show|find|list|give|get)(?: me)? (?:all|each|every)\b|"
    rf"\b(?:every|each)\b|\ball (?:the |of the )?(?:{_THING}|{_SEEN})\b|\b(?:whenever|all times|all the times)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:how often|how frequently|how many(?: times| occasions)?|"
    r"number of (?:times|visits|mentions|appearances|occurrences|sightings)|"
    r"^count|count (?:the|how|all|every))\b",
    re.IGNORECASE,
)
_VERBS = (
    r"(?:appear|come|came|see|seen|show|shown|say|said|hear|heard|mention|visible|on|in|up|enter|arriv|pass|speak|"
    r"spoke|talk|get|display|read|written|open|leav|drive|drove|there|use|introduce|bring|brought|discuss|explain)\w*"
)


def _ordinal(words: str) -> tuple[re.Pattern[str], ...]:
    """The forms in which an ordinal chooses among moments."""
    return _patterns(
        rf"\b(?:for\s+)?(?:the\s+)?(?:very\s+)?(?:{words})\s+{_THING}\b",
        rf"\b(?:the\s+)?(?:very\s+)?(?:{words})\s+(?={_SEEN})",
        rf"\b(?:the\s+)(?:very\s+)?(?:{words})\b",
        rf"(?<=\w )(?:{words})(?=\s+{_VERBS})",
        rf"(?<=\w )(?:{words})$",
    )


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NTH = re.compile(
    rf"\b(?:for\s+)?the\s+({'|'.join(_ORDINALS[1:])}|[2-9](?:nd|rd|th)|[1-9]\dth)\s+(?:{_THING}|{_SEEN})(?:\s+(?:that|when))?\b",
    re.IGNORECASE,
)
_CLOSING_ORDINAL = re.compile(r"(?<=\w)\s+(?:first|last)$", re.IGNORECASE)
_FIRST = _ordinal("first|earliest|initial")
_LAST = _ordinal("last|final|latest|most recent")
_RECENTLY = re.compile(r"\bmost recently\b|\bthe last time\b|\blast time\b|\bfor the last time\b", re.IGNORECASE)
_FIRSTLY = re.compile(r"\bfor the first time\b|\bthe first time\b|\bfirst time\b", re.IGNORECASE)
_SPEAKS_OF = re.compile(
    r"\b(?:(?:bring|brings|brought|bringing)\s+up|(?:refer|refers|referred|referring)\s+to|"
    r"(?:touch|touches|touched)\s+(?:up)?on|(?:go|goes|went)\s+over|(?:speak|speaks|spoke)\s+of|"
    r"(?:use|uses|used)\s+the\s+words?)\b",
    re.IGNORECASE,
)
_WORD_USED = re.compile(r"\bthe\s+(?:words?|terms?)\s+(.+?)\s+(?:is|are|was|were)\s+used\b", re.IGNORECASE)
_THE_WORD = re.compile(r"\bthe\s+(?:words?|terms?)\s+(?=.+\s(?:mentioned|said|heard|spoken)\b)", re.IGNORECASE)
_IS_USED = re.compile(
    r"\b(?:is|are|was|were)\s+the\s+(?:words?|terms?)\s+(.+?)\s+(?:used|said|spoken)\b", re.IGNORECASE
)
# Turns of phrase, and how they are put plainly.
_OTHERWISE = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"^what['’]s\b", "what is"),
        (r"\bturn(?:s|ed)?\s+up\b", "appears"),
        (r"\bnext\s+(?=(?:there|here|seen|shown)\b)", ""),
        (
            r"\bthe\s+(?:word|term)s?\s+(.+?)\s+(?:comes?|came|crops?|cropped|appears)(?:\s+up)?\b",
            r"\1 is mentioned",
        ),
        (
            r"\bsentences?\s+(?:with|containing|that\s+(?:contains?|holds?|has|have))\s+the\s+words?\s+"
            r"(.+?)(?:\s+in\s+(?:it|them))?$",
            r"mention of \1",
        ),
        (
            r"\b(?:\w+\s+)?(visits?|appearances?)\s+(?:do|does|did)\s+(.+?)\s+(?:makes?|made|pays?|paid)$",
            r"\1 of \2",
        ),
    )
)
# From here on words report what was said.
_REPORTS = re.compile(
    r"\b(?:says?|said|saying|mentions|mentioning|explains?|explained|tells?|told|claims?|asks?|asked|talks?|talked|"
    r"talking|hear|heard|discuss(?:es)?|describes?|announces?)\s+(?!(?:the\s+)?(?:first|last)\s+time\b)"
    r"|\bthe\s+(?:sentence|phrase|words|line)(?:\s*:|\s+(?:where|in which|that))\s+",
    re.IGNORECASE,
)
# "what is said first": nothing is reported.
_ALONE = re.compile(r"(?:first|last|next|then|now)", re.IGNORECASE)
_ASKS_WHAT = re.compile(r"(?:what|which|said|say|he says?|she says?|does|did)\b", re.IGNORECASE)
_OPEN = _patterns(
    r"^(?:what|which)\b",
    r"^(?:the\s+)?(?:(?:first|last|next|final)\s+)?(?:thing|things|words?|sentences?|lines?|everything|all)\b",
)


def read_frame(text: str) -> Frame:
    """Takes the frame off ``text``, from which quoted phrases have been taken out."""
    whole = _TURNED.sub(r"\g<ask> is \g<thing>\g<rest>", " ".join(text.split()).strip(" ?!.,;:"))
    whole = _PLEASE.sub("", whole)
    plain = _said_otherwise(_COUNT_TOO.sub("", _LIST_ALL.sub("", whole)).strip(" ?!.,;:"))
    asked = _off(plain, _REQUESTS) or plain
    is_how_long = any(pattern.match(asked) for pattern in _HOW_LONG)
    head, reported = _parts(plain)
    nth = _nth(head)
    which = Which.EVERY if _LIST_ALL.search(whole) else _which(head, reported)
    which = Which.COUNT if _COUNT_TOO.search(whole) else which
    if is_how_long:
        which = which if which in (Which.FIRST, Which.LAST) else Which.EVERY
        asked = _LASTING.sub(" ", _off(asked, _HOW_LONG))
    cued = " ".join(_EVER.sub(" ", asked).split())
    starts_open = any(pattern.match(asked) for pattern in _OPEN)
    bare = _without_frames(cued)
    if nth > 1:
        cued, bare = _NTH.sub(" ", cued).strip(), _without_frames(_NTH.sub(" ", bare).strip())
    if which in (Which.FIRST, Which.LAST):
        cued = _CLOSING_ORDINAL.sub("", cued)
        bare = _without_ordinals(bare, which)
        bare = _without_frames(bare)
    return Frame(bare, cued, which, is_how_long, starts_open, nth)


def _nth(head: str) -> int:
    """Which of the moments in their order is wanted: 2 for "the second time"."""
    match = _NTH.search(head)
    if match is None:
        return 1
    word = match[1].lower()
    return _ORDINALS.index(word) + 1 if word in _ORDINALS else int(re.sub(r"\D", "", word))


def _said_otherwise(text: str) -> str:
    """Phrases for speaking of something, in one word."""
    for pattern, plain in _OTHERWISE:
        text = pattern.sub(plain, text)
    text = _WORD_USED.sub(r"\1 is mentioned", _SPEAKS_OF.sub("mentions", _BEGINS.sub(r"\g<seen>", text)))
    return _THE_WORD.sub("", _IS_USED.sub(r"is \1 mentioned", text))


def _parts(text: str) -> tuple[str, str]:
    """The question up to the first word that reports, and what it reports."""
    match = _REPORTS.search(text)
    if match is None or (_ALONE.fullmatch(text, match.end()) and _is_asked(text, match)):
        return text, ""
    return text[: match.end()], text[match.end() :]


def _which(head: str, reported: str) -> Which:
    if _COUNT.search(head):
        return Which.COUNT
    if _NTH.search(head):
        return Which.FIRST
    if _EVERY.search(head) or re.search(r"\b(?:every|each) time\b", reported, re.IGNORECASE):
        return Which.EVERY
    if any(pattern.search(head) for pattern in _FIRST) or _FIRSTLY.search(reported):
        return Which.FIRST
    if any(pattern.search(head) for pattern in _LAST) or _RECENTLY.search(f"{head} {reported}"):
        return Which.LAST
    return Which.BEST


def _is_asked(text: str, verb: re.Match[str]) -> bool:
    """Whether a closing "first" belongs to the question: "what is said first", "when is it mentioned first"."""
    is_passive = re.search(r"\b(?:is|are|was|were)\b", text[: verb.start()], re.IGNORECASE)
    return bool(_ASKS_WHAT.match(text)) or (bool(is_passive) and verb[0].rstrip().endswith(("d", "n")))


def _off(text: str, patterns: tuple[re.Pattern[str], ...]) -> str:
    for pattern in patterns:
        text = pattern.sub("", text, count=1).strip(" ?!.,;:")
    return text


def _without_frames(text: str) -> str:
    """What is left when frames are taken off the front, over and over; at least one word stays."""
    bare = text
    for _ in range(5):
        before = bare
        bare = _off(_off(bare, _REQUESTS) or bare, _FRAMES) or bare
        if bare == before:
            break
    return bare


def _without_ordinals(text: str, which: Which) -> str:
    """Takes the ordinal off, but never out of what is reported."""
    head, reported = _parts(text)
    for pattern in _FIRST if which is Which.FIRST else _LAST:
        head = pattern.sub(" ", head)
    reported = (_FIRSTLY if which is Which.FIRST else _RECENTLY).sub(" ", reported)
    head = _RECENTLY.sub(" ", head) if which is Which.LAST else head
    return " ".join(f"{head} {reported}".split())
