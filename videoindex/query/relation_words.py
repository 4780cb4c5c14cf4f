"""Splits a question at a relation in time to another event: "X after Y", "X between Y and Z", "X while Y". Pure.

A word such as "after" is a relation only where what follows can be looked for as an event: it holds a quotation, a
word about speech or the screen, or something that object tracks show. "after the war" stays words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from videoindex.query import words
from videoindex.query.match import tokens
from videoindex.query.scene import read_scene

__all__ = ["QUOTE", "Edge", "Relation", "Split", "anchor_edge", "split_relation"]

QUOTE = re.compile("[\ue000-\ue0ff]")
"""One sign for each quoted phrase, while a question is taken apart; no other word pattern matches them."""


class Relation(StrEnum):
    """How the moments asked for lie to the anchor."""

    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"
    WHILE = "while"


class Edge(StrEnum):
    """Which end of the anchor is meant: "after it appears" is its start, "after it is gone" its end."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Split:
    """``main`` stands in ``relation`` to the ``anchors`` (two for "between", else one)."""

    relation: Relation
    main: str
    anchors: tuple[str, ...]


_SOON = r"(?:(?:right|just|soon|shortly|immediately|directly|straight|only|even)\s+)?"
_AFTER = rf"{_SOON}(?:after|following|once)"
_BEFORE = rf"{_SOON}(?:before|prior to|ahead of)"
_DURING = r"(?:while|whilst|during|as long as|at the (?:same )?(?:time|moment)(?: when| as| that)?)"
_TO = r"(?:to|until|till)"
_COMMA = r"\s*,\s*(?:and\s+)?"
# Each holds the groups main and anchor (and other, for between); the first that fits is taken.
_FORMS = tuple(
    (relation, re.compile(pattern, re.IGNORECASE))
    for relation, pattern in (
        (
            Relation.BETWEEN,
            rf"^(?P<main>.+?)\s+{_AFTER}\s+(?P<anchor>.+?),?\s+(?:and|but)\s+{_BEFORE}\s+(?P<other>.+)$",
        ),
        (
            Relation.BETWEEN,
            rf"^{_AFTER}\s+(?P<anchor>.+?),?\s+(?:and|but)\s+{_BEFORE}\s+(?P<other>.+?){_COMMA}(?P<main>.+)$",
        ),
        (Relation.BETWEEN, r"^(?P<main>.+?)\s+(?:in\s+)?between\s+(?P<anchor>.+?)\s+and\s+(?P<other>.+)$"),
        (Relation.BETWEEN, rf"^(?:in\s+)?between\s+(?P<anchor>.+?)\s+and\s+(?P<other>.+?){_COMMA}(?P<main>.+)$"),
        (Relation.AFTER, rf"^(?P<anchor>.+?)[.;:]\s+(?P<main>.+?)\s+{_AFTER}\s+(?:that|this|it)$"),
        (Relation.BEFORE, rf"^(?P<anchor>.+?)[.;:]\s+(?P<main>.+?)\s+{_BEFORE}\s+(?:that|this|it)$"),
        (Relation.AFTER, rf"^{_AFTER}\s+(?P<anchor>.+?){_COMMA}(?P<main>.+)$"),
        (Relation.AFTER, rf"^(?P<main>.+?)\s+{_AFTER}\s+(?P<anchor>.+)$"),
        (Relation.BEFORE, rf"^{_BEFORE}\s+(?P<anchor>.+?){_COMMA}(?P<main>.+)$"),
        (Relation.BEFORE, rf"^(?P<main>.+?)\s+{_BEFORE}\s+(?P<anchor>.+)$"),
        (Relation.WHILE, rf"^(?P<main>.+?)\s+{_DURING}\s+(?P<anchor>.+)$"),
        (Relation.WHILE, rf"^{_DURING}\s+(?P<anchor>.+?){_COMMA}(?P<main>.+)$"),
        (Relation.BETWEEN, rf"^from\s+(?P<anchor>.+?)\s+{_TO}\s+(?P<other>.+?){_COMMA}(?P<main>.+)$"),
        (
            Relation.BETWEEN,
            rf"^(?P<main>(?:what|which|who)\b.+?)\s+from\s+(?P<anchor>.+?)\s+{_TO}\s+(?P<other>.+)$",
        ),
        # "has said" and "next" tell that one follows the other.
        (Relation.AFTER, rf"^when\s+(?P<anchor>.+?){_COMMA}(?P<main>(?:what|which|who)\b.+?\bnext)$"),
        (Relation.WHILE, rf"^with\s+(?P<anchor>.+?){_COMMA}(?P<main>(?:what|which|who)\b.+)$"),
        # "as" and "when" join two events only beside an open question: "which slide is shown when he says …".
        (Relation.WHILE, r"^(?P<main>(?:what|which|who)\b.+?)\s+(?:as|when)\s+(?P<anchor>.+)$"),
        (Relation.WHILE, rf"^(?:as|when)\s+(?P<anchor>.+?){_COMMA}(?P<main>(?:what|which|who)\b.+)$"),
    )
)
# Before these "after" and "before" are no relation: "looks after", "runs after", "the day after", "stands before".
# fmt: off
_NO_RELATION = frozenset((
    "look", "looks", "looked", "looking", "run", "runs", "ran", "running", "chase", "chases", "chasing", "go",
    "goes", "going", "named", "take", "takes", "took", "ask", "asks", "asked", "ever", "one", "long", "day",
    "days", "week", "weeks", "month", "months", "year", "years", "night", "morning", "stand", "stands", "stood",
    "standing", "sit", "sits", "sitting"))
# fmt: on
_NO_MAIN = re.compile(
    r"^(?:what|who)(?:\s+(?:happens|happened|is happening)|(?:['’]s|\s+(?:is|was))\s+the\s+(?:exact\s+)?"
    r"(?:time|moment|second|minute|point))?$",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"\b(?:appear(?:s|ed)?|shown|shows?|comes?|coming|came|on (?:the )?screen|starts?|started|begins?|began|"
    r"opens?|opened|pops?\s+up|enters?|entered|arrives?|arrived|is (?:up|there)|visible|displayed)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:disappear(?:s|ed)?|ends?|ended|leaves?|left|gone|closes?|closed|vanish(?:es|ed)?|finish(?:es|ed)?|over)\b",
    re.IGNORECASE,
)
_END_OF = re.compile(r"^the\s+(end|beginning|start)\s+of\s+", re.IGNORECASE)
_CLOSING = re.compile(r"\s+(?:has|have|had|is|are|was|were)\s+(?:gone|over|away|up|left)$", re.IGNORECASE)


def split_relation(text: str) -> Split | None:
    """The question taken apart at its relation, None where it has none. Quotations are ``QUOTE``."""
    plain = text.strip(" ?!.,;:")
    for relation, form in _FORMS:
        match = form.match(plain)
        if match is None:
            continue
        parts = match.groupdict()
        anchors = tuple(parts[name].strip(" ,") for name in ("anchor", "other") if parts.get(name))
        main = parts["main"].strip(" ,")
        if _can_lead(relation, main) and all(_is_event(anchor) for anchor in anchors):
            return Split(relation, main, _with_shared_noun(anchors))
    return None


def _can_lead(relation: Relation, main: str) -> bool:
    """Whether ``main`` is something to look for, and its last word does not bind the relation's word to itself."""
    said = tokens(main)
    if not QUOTE.search(main) and (not said or _NO_MAIN.match(main)):
        return relation is not Relation.WHILE and bool(said)
    return relation is Relation.WHILE or not said or bool(QUOTE.match(main[-1:])) or said[-1] not in _NO_RELATION


def _is_event(text: str) -> bool:
    """Whether the anchor can be looked for: a quotation, a word about speech or screen, or a seen thing."""
    if QUOTE.search(text):
        return True
    if words.SPEECH_CUES.union(words.SCREEN_CUES).intersection(tokens(text.replace("on screen", "onscreen"))):
        return True
    return read_scene(text).about_objects


def _with_shared_noun(anchors: tuple[str, ...]) -> tuple[str, ...]:
    """``the slides A and B``: the second anchor is a slide too."""
    first = QUOTE.search(anchors[0])
    if len(anchors) < 2 or first is None or not QUOTE.fullmatch(anchors[1]):
        return anchors
    return (anchors[0], anchors[0][: first.start()] + anchors[1])


def anchor_edge(text: str) -> tuple[str, Edge | None]:
    """The anchor without a closing "has gone", and which of its ends is meant; None when nothing tells."""
    end = _END_OF.match(text)
    if end is not None:
        return text[end.end() :], Edge.END if end[1].lower() == "end" else Edge.START
    bare = _CLOSING.sub("", text)
    if bare != text or _ENDS.search(text):
        return bare, Edge.END
    return bare, Edge.START if _STARTS.search(text) else None
