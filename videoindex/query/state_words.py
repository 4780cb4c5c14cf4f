"""Questions about the instant at which something changed: "when did the bag disappear?". Pure.

A question is recognised only where one of the rules below fits all of it; what is about words, sounds or somebody
("when does he leave?"), counts, or says more than the rules know is left to search.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["StateQuestion", "state_question"]


@dataclass(frozen=True, slots=True)
class StateQuestion:
    """``statement`` is what a picture shows or does not: "the light is on". ``becomes`` is True where the question
    asks when it begins to be true, False where it asks when it ceases to be."""

    text: str
    statement: str
    becomes: bool


_WHEN = re.compile(
    r"(?:(?:please )?(?:find|show me|tell me) )?"
    r"(?:since when|when|(?:at|in|on) (?:what|which) (?:exact )?(?:second|minute|time|moment|point|frame)|"
    r"what time|(?:the )?(?:second|moment|instant|point)(?: (?:when|that|at which|in which))?) "
    r"(?:exactly )?(?P<rest>.+)"
)
# Left out wherever they stand: they change neither what is looked for nor how it changes.
_IDLE = re.compile(
    r"\b(?:first|last|finally|suddenly|actually|exactly|again|completely|eventually|"
    r"for the (?:first|last) time|in the (?:video|recording|film|clip|footage|picture)|on (?:the )?camera)\b"
)
_NOT_OURS = re.compile(
    r"[\"“”„«»'`]\w|\w[\"”»`]|\b(?:not|never|no|how|why|or|if|while|every|each|always|often|before|after|until|"
    r"said|says|say|word|words|text|title|slide|sentence|caption|subtitle|page|chapter|speaker|song|music|sound|"
    r"voice|applause|topic|subject|theme|term|name|phrase|idea|concept|question|issue|problem|formula|equation)\b|n't\b"
)
_AUX = r"(?P<aux>did|does|do|has|have|had|is|are|was|were|will|gets?|got)"
# Heads of what can be open or closed, and of what shines: a meeting opens and an alarm goes off, but are neither.
_OPENABLE = (
    r"(?:doors?|gates?|windows?|box(?:es)?|lids?|drawers?|curtains?|blinds?|shutters?|fridge|refrigerator|oven|"
    r"bags?|suitcase|briefcase|laptop|book|umbrella|garage|barrier|hatch|trunk|boot|bonnet|hood|cupboard|locker|"
    r"safe|cabinet|elevator|lift|valve|mouth|eyes?)"
)
_SHINING = (
    r"(?:lights?|lamps?|led|leds|headlights?|taillights?|bulbs?|screens?|monitors?|display|tv|television|candles?|"
    r"flames?|lantern|torch|flashlight|projector|sign|beacon|spotlight|indicator|laser)"
)
_COLOURS = (
    r"(?:red|green|blue|yellow|orange|white|black|grey|gray|purple|pink|brown|dark|bright|blank|empty|full|"
    r"transparent|foggy|cloudy)"
)
_SWITCHABLE = (
    rf"(?:{_SHINING}|fans?|radio|heater|heating|pump|computer|laptop|phone|camera|engine|motor|machine|oven|stove|"
    r"tap|power|microwave|printer|vacuum|kettle)"
)
# Who or what switches something, in a question such as "when does the man turn off the light".
_ACTOR = r"(?:(?:he|she|they|somebody|someone|anyone|(?:the|a|an) [\w-]+(?: [\w-]+)?) )"
_PRONOUNS = frozenset({"it", "he", "she", "they", "this", "that", "these", "those", "there", "we", "you", "i"})
_LONGEST_SUBJECT = 7  # words
_LONGEST_QUESTION = 200  # characters
_CLAUSE = frozenset({"and", "is", "are", "was", "were", "to", "who", "which", "when", "did", "does"})

_S = r"(?P<subject>[\w-]+(?: [\w-]+)*?)"
_PLACE = r" (?P<near>from|off|on|in|at) (?P<place>(?:the|its|his|her|their|a|an) [\w-]+(?: [\w-]+){0,2})"
_BE = r"(?: (?:is|are|was|were|been|be|gets?|got))?"
# What is said of a thing that comes into the picture or goes out of it. Some of it says so only with a place: an
# order is placed, and a photograph is taken.
_GONE = (
    r"(?:disappear(?:s|ed)?|vanish(?:es|ed)?|(?:go|goes|went|gone) (?:missing|away)|gone|missing|"
    r"(?:taken|carried|driven|towed|wheeled) (?:away|off)|stolen|removed|picked up)"
)
_COME = (
    r"(?:appear(?:s|ed)?|arrive(?:s|d)?|show(?:s|ed|n)? up|turn(?:s|ed)? up|"
    r"(?:put|set|laid) down|dropped off|left behind)"
)
# ... and whether it comes.
_RULES = (
    (rf"{_GONE}(?:{_PLACE})?", False),
    (rf"{_COME}(?:{_PLACE})?", True),
    (rf"taken{_PLACE}", False),
    (rf"(?:placed|put|left){_PLACE}", True),
)
# Subjects that end in a certain head: what is said of them, what they then are (True) or no longer are (False).
_HEADED = (
    (_SHINING, r"(?:(?:go|goes|went|gone) (?:off|out|dark)|off|extinguished)", "on", False),
    (_SHINING, r"(?:(?:go|goes|went|gone|come|comes|came) on|lights? up|lit(?: up)?|on)", "on", True),
    (_SWITCHABLE, r"(?:(?:turn|switch)(?:s|es|ed)?|shuts?|powered) off", "on", False),
    (_SWITCHABLE, r"(?:(?:turn|switch)(?:s|es|ed)?|powered) on", "on", True),
    (_OPENABLE, r"(?:open(?:s|ed)?|unlocked)", "open", True),
    (_OPENABLE, r"(?:close[sd]?|shut(?:s)?|slam(?:s|med)? shut)", "closed", True),
)
_COLOURED = rf"(?:(?:turn|become|go|change)(?:s|ed|es)?(?: to)?|became|went) (?P<colour>{_COLOURS})"
_SWITCH = r"(?:turn|switch)(?:s|es|ed)?"
_HANDLED = ((r"open(?:s|ed)?", "open"), (r"(?:close[sd]?|shuts?)", "closed"))


def state_question(text: str) -> StateQuestion | None:
    """The change that ``text`` asks for the time of, or None where no rule fits the whole of it."""
    clean = " ".join(text.split()).strip(" ?!.")
    asked = clean.casefold()
    when = _WHEN.fullmatch(asked) if len(asked) <= _LONGEST_QUESTION else None
    if when is None or _NOT_OURS.search(asked):
        return None
    rest = " ".join(_IDLE.sub(" ", when["rest"]).split())
    made = _by_actor(rest) or _by_subject(rest) or _by_colour(rest)
    return StateQuestion(clean, *made) if made else None


def _by_subject(rest: str) -> tuple[str, bool] | None:
    """``did the bag disappear from the table``, ``the light goes off``, ``is the door open``."""
    for predicate, becomes in _RULES:
        found = re.fullmatch(rf"(?:{_AUX} )?{_S}{_BE} {predicate}", rest)
        subject = _subject(found)
        if found is not None and subject:
            near = {"from": "at", "off": "on", None: ""}.get(found["near"], found["near"])
            where = f" {near} {found['place']}" if near else ""
            return f"{subject} can be seen{where}", becomes
    for head, predicate, word, becomes in _HEADED:
        found = re.fullmatch(rf"(?:{_AUX} )?(?P<subject>(?:[\w-]+ )*?{head}){_BE} {predicate}", rest)
        subject = _subject(found)
        if found is not None and subject:
            return f"{subject} {_verb(found, subject)} {word}", becomes
    return None


def _by_colour(rest: str) -> tuple[str, bool] | None:
    """``does the light turn red``, ``the screen goes dark``."""
    found = re.fullmatch(rf"(?:{_AUX} )?{_S} {_COLOURED}", rest)
    subject = _subject(found)
    if found is None or not subject:
        return None
    return f"{subject} {_verb(found, subject)} {found['colour']}", True


def _by_actor(rest: str) -> tuple[str, bool] | None:
    """``does the man turn off the light``, ``somebody opens the door``: of the thing, not of who did it."""
    owned = r"(?:the|a|an|his|her|their) (?:[\w-]+ ){0,3}?"
    for particle, becomes in (("off", False), ("on", True)):
        thing = rf"(?P<subject>{owned}{_SWITCHABLE})"
        for order in (rf"{_SWITCH} {particle} {thing}", rf"{_SWITCH} {thing} {particle}"):
            found = re.fullmatch(rf"(?:{_AUX} )?{_ACTOR}{order}", rest)
            if found is not None:
                return f"{found['subject']} {_verb_of(found['subject'])} on", becomes
    for verb, word in _HANDLED:
        thing = rf"(?P<subject>{owned}{_OPENABLE})"
        found = re.fullmatch(rf"(?:{_AUX} )?{_ACTOR}{verb} {thing}", rest)
        if found is not None:
            return f"{found['subject']} {_verb_of(found['subject'])} {word}", True
    return None


def _subject(found: re.Match[str] | None) -> str:
    """The thing, where it is one: not a pronoun, which names nothing, and not half a sentence."""
    subject = found["subject"] if found is not None else ""
    words = subject.split()
    if not words or len(words) > _LONGEST_SUBJECT or _PRONOUNS.intersection(words):
        return ""
    return "" if _CLAUSE.intersection(words) else subject


def _verb(found: re.Match[str], subject: str) -> str:
    """``is`` or ``are``, as the question has it, or else as the subject sounds."""
    aux = found["aux"]
    if aux in ("do", "are", "were", "have"):
        return "are"
    return "is" if aux in ("does", "is", "was", "has") else _verb_of(subject)


def _verb_of(subject: str) -> str:
    last = subject.rsplit(maxsplit=1)[-1]
    return "are" if last.endswith("s") and not last.endswith(("ss", "us")) else "is"
