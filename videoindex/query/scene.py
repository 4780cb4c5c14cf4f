"""Reads the description of a scene with the words of the object observer. Pure.

The same reader serves both sides: questions ("a man in a red coat comes in from the left") and the texts of object
events ("a person wearing a red top enters from the left"). What a track of a box can confirm is kept as wanted
classes, looks and motions; what it cannot is kept by name: ``unchecked`` words (a beard, a table) leave a sighting
likely and are named in the answer, ``unverifiable`` ones (sits, with a spear) are what the question is about, so
that no sighting can answer it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from videoindex.perception import object_words as seen
from videoindex.query import words
from videoindex.query.match import tokens

__all__ = ["Look", "Motion", "SceneReading", "Wanted", "read_scene"]


@dataclass(frozen=True, slots=True)
class Look:
    """A colour ("dark" and "light" count) and where it is worn: "top", "trousers", or "" for anywhere."""

    colour: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Motion:
    """A motion word of the object observer and a side or direction, "" when none is named."""

    verb: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that must be in view: any of ``classes``, ``at_least`` so many at once, looking so."""

    word: str
    classes: tuple[str, ...]
    at_least: int = 1
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneReading:
    """What a description says, divided by what object tracks can confirm."""

    wanted: tuple[Wanted, ...] = ()
    motions: tuple[Motion, ...] = ()
    absent: bool = False
    unverifiable: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def about_objects(self) -> bool:
        return bool(self.wanted) or self.absent

    @property
    def verifiable(self) -> bool:
        return self.about_objects and not self.unverifiable


_REWRITES = tuple(
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"\bt[- ]shirt", "tshirt"),
        (r"\bclose[- ]up", "closeup"),
        (r"\btowards? the camera\b", "camerawards"),
        (r"\baway from the camera\b", "awaywards"),
        (r"\b(?:walk|come|go|step)(?:s|es|ing)?\s+(?:in|into|inside)\b", "enters"),
        (r"\b(?:walk|come|go|step)(?:s|es|ing)?\s+(?:out|off|away|outside)\b(?!wards)", "leaves"),
        (r"\b(?:come|comes|came|coming)\s+(?:by|past|along|through)\b", "passes"),
        (r"\bshow(?:s|ed|ing)?\s+up\b", "appears"),
        (
            r"\b(?:(?:caught|recorded|filmed|captured)\s+(?:by|on|in)|on)\s+(?:the\s+)?(?:camera|video|film|tape)\b",
            " ",
        ),
        (r"\bstands?\s+still\b", "stands"),
        (
            r"\b(?:all|entirely|completely|fully|wholly)\s+(?:(?:dressed|clad)\s+)?in\s+(\w+)\b(?!\s+\w+ing\b)",
            r"in a \1 top and \1 trousers",
        ),
        (r"\bin\s+(?:the\s+)?(?:view|sight|picture|frame|shot)\b", " "),
        (r"\bout of (?:the )?(?:view|sight|picture|frame|shot)\b", " "),
    )
)
_SIDES = frozenset(seen.SIDES) | {"up", "down", "camerawards", "awaywards"}
_FAR_SIDE = {"camerawards": "towards the camera", "awaywards": "away from the camera"}
_NOBODY = re.compile(
    r"\b(?:" + "|".join(re.escape(word) for word in sorted(seen.NOBODY_SYNONYMS, key=len, reverse=True)) + r")\b"
)
_TOGETHER = re.compile("|".join(words.TOGETHER))
_SIDE_LEADS = frozenset({"the", "from", "to", "at", "on", "towards", "toward", "far", "hard"})
_DETERMINERS = frozenset({"a", "an", "the", "his", "her", "their", "its"})


@functools.lru_cache(maxsize=8192)
def read_scene(text: str) -> SceneReading:
    """The reading of one description, in words of ``perception/object_words.py``."""
    plain = text.lower()
    for pattern, by in _REWRITES:
        plain = pattern.sub(by, plain)
    together = bool(_TOGETHER.search(plain))
    plain = _TOGETHER.sub(" ", plain)
    nobody = _NOBODY.search(plain)
    if nobody is not None:
        plain = re.split(r"[,;]|\bonly\b|\bbut\b|\bexcept\b", plain)[0]
        plain = _NOBODY.sub(" ", plain)
    reader = _Reader(tokens(plain))
    reader.run()
    if nobody is not None and not reader.wanted:
        return _absence(reader)
    wanted = list(reader.wanted)
    if together and len(wanted) == 1 and wanted[0].at_least == 1:
        wanted[0] = Wanted(wanted[0].word, wanted[0].classes, 2, wanted[0].looks)
    blocked = list(reader.unverifiable)
    if nobody is not None and nobody[0] not in ("empty", "deserted", "unattended"):
        blocked.append(nobody[0])
    return SceneReading(tuple(wanted), tuple(reader.motions), False, _once(blocked), _once(reader.unchecked))


def _absence(reader: _Reader) -> SceneReading:
    """Nobody in view: places do not matter, but nothing may be said of what nobody does or wears."""
    acts = [motion.verb for motion in reader.motions if motion.verb != "stands still"]
    worn = [word for word in reader.unchecked if word in words.CLOTHES or word in seen.CLOTHING_SYNONYMS]
    return SceneReading((), (), True, _once([*reader.unverifiable, *acts, *worn]), _once(reader.unchecked))


def _once(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class _Reader:
    """Walks over the words once, left to right; what has been read so far decides what a word means."""

    line: list[str]
    at: int = 0
    mode: str = ""  # "", "place" after a preposition, "with" after with
    taken: int = 0  # unknown words taken since the mode began
    count: int = 0  # a number waiting for its noun
    colour: str = ""  # a colour waiting for its noun
    joined: bool = False  # "and" or "with" was read since the last noun
    wanted: list[Wanted] = field(default_factory=list)
    pending_looks: list[Look] = field(default_factory=list)
    motions: list[Motion] = field(default_factory=list)
    unverifiable: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def run(self) -> None:
        while self.at < len(self.line):
            self._read(self.line[self.at])
            self.at += 1
        self._wear("")

    def _read(self, word: str) -> None:
        if word in _SIDES and self._is_side(word):
            self._side(word)
        elif word in seen.SYNONYMS or word in seen.GROUPS:
            self._noun(word)
        elif word in seen.COLOURS or word in seen.COLOUR_SYNONYMS:
            self._wear("")
            self.colour = seen.COLOUR_SYNONYMS.get(word, word)
        elif word in seen.CLOTHING_SYNONYMS or word in words.CLOTHES or (word == "top" and self.colour):
            self._garment(word)
        elif word in seen.MOTION_SYNONYMS:
            self._wear("")
            self.motions.append(Motion(seen.MOTION_SYNONYMS[word]))
            self.mode, self.joined = "", False
        elif word in words.BARE_SHADES and self._is_worn(self._peek(1)):
            self.colour = words.BARE_SHADES[word]
        elif word in words.BODY or word in words.LOOKS or word in words.SHADES:
            self.colour = "" if word in words.BODY else self.colour
            self.unchecked.append(word)
        elif not self._grammar(word):
            self._unknown(word)

    def _grammar(self, word: str) -> bool:
        """Reads the words that hold a sentence together; False when ``word`` is not one of them."""
        if word in seen.COUNT_WORDS or word.isdecimal() or word in words.MANY:
            self.count = self._number(word)
        elif word in ("and", "with"):
            self.joined = True
            if word == "with":
                self.mode, self.taken = "with", 0
            elif self._peek(1) not in _DETERMINERS:
                self._wear("")
                self.mode = self.mode if self._peek(1) in words.SHADES or self._is_colour(self._peek(1)) else ""
        elif word in words.PLACE_PREPOSITIONS:
            self._wear("")
            self.mode, self.taken = "place", 0
        elif word in words.PLACES or word in words.GENERIC_MOVES or word.endswith("ly"):
            self.colour = ""
            self.taken += word in words.PLACES
            if word not in words.PASSING:
                self.unchecked.append(word)
        else:
            return word in words.FUNCTION_WORDS or word in words.PRESENCE or len(word) == 1
        return True

    def _number(self, word: str) -> int:
        if word in words.MANY:
            return words.MANY[word]
        return int(word[:4]) if word.isdecimal() else seen.COUNT_WORDS.index(word)

    def _noun(self, word: str) -> None:
        """A class of the detector: a new thing wanted, or one more of the same kind."""
        classes = seen.GROUPS.get(word) or (seen.SYNONYMS[word],)
        number = max(self.count, words.MANY.get(word, 1), 1)
        looks: tuple[Look, ...] = ()
        if self.colour and classes != ("person",):
            looks = (Look(self.colour),)
        elif self.colour:
            self.unchecked.append(self.colour)
        if word not in words.ANYONE and classes == ("person",):
            self.unchecked.append(word)
        self.count, self.colour, self.mode = 0, "", ""
        for index, known in enumerate(self.wanted):
            if known.classes == classes:
                total = known.at_least + number if self.joined else max(known.at_least, number)
                self.wanted[index] = Wanted(known.word, classes, total, known.looks + looks)
                break
        else:
            self.wanted.append(Wanted(word, classes, number, looks))
        self.joined = False

    def _garment(self, word: str) -> None:
        """Clothing: the waiting colour is worn there, unless the name of the garment goes on."""
        self.joined = False
        part = word if word in seen.PARTS else seen.CLOTHING_SYNONYMS.get(word, "")
        following = self._peek(1)
        if self.colour and not (following in seen.CLOTHING_SYNONYMS or following in words.CLOTHES):
            self._wear(part)
        if word not in seen.PARTS:
            self.unchecked.append(word)

    def _wear(self, part: str) -> None:
        """Gives the waiting colour to the last thing named."""
        if self.colour and self.wanted:
            last = self.wanted[-1]
            looks = (*last.looks, Look(self.colour, part))
            self.wanted[-1] = Wanted(last.word, last.classes, last.at_least, looks)
        self.colour = ""

    def _is_side(self, word: str) -> bool:
        before = self._peek(-1)
        if word in ("top", "bottom", "up", "down"):
            led = before in _SIDE_LEADS or before in seen.MOTION_SYNONYMS
            return bool(self.motions) and not self.colour and led and self._peek(1) not in _DETERMINERS
        return word != "left" or before in _SIDE_LEADS or before in seen.MOTION_SYNONYMS or self.mode == "place"

    def _side(self, word: str) -> None:
        side = _FAR_SIDE.get(word, word)
        if self.motions and not self.motions[-1].side:
            self.motions[-1] = Motion(self.motions[-1].verb, side)
        elif not self.motions:
            self.unchecked.append(side)

    def _unknown(self, word: str) -> None:
        """A word in no list: by its place it is a place, a trait of the next noun, or what happens."""
        acts = word.endswith("ing") or (word.endswith("s") and not word.endswith("ss"))
        if self._names_next_noun(acts) or (self.mode == "place" and self._is_place(word, acts)):
            if self.colour and self.mode == "place" and "in" in self.line[max(0, self.at - 4) : self.at]:
                self._wear("")
            self.colour = ""
            self.unchecked.append(word)
            self.taken += 1
            return
        self.joined, self.colour = False, ""
        self.unverifiable.append(word)

    def _is_place(self, word: str, acts: bool) -> bool:
        before = self._peek(-1)
        if self.taken == 0:
            return before != "to"
        return self.taken < 3 and not acts and not word.endswith("ed")

    def _names_next_noun(self, acts: bool) -> bool:
        ahead = 1
        while self._peek(ahead) in words.SHADES | words.LOOKS or self._is_colour(self._peek(ahead)):
            ahead += 1
        noun = self._peek(ahead)
        known = noun in seen.SYNONYMS or noun in seen.GROUPS or noun in words.CLOTHES or noun in words.BODY
        known = known or noun in seen.CLOTHING_SYNONYMS or (noun in words.PLACES and self.mode == "place")
        return known and (not acts or self._peek(-1) in _DETERMINERS)

    def _is_worn(self, word: str) -> bool:
        """Whether "dark" before ``word`` is a colour to be seen: of clothing, a vehicle or an animal."""
        thing = seen.SYNONYMS.get(word, word if word in seen.GROUPS else "person")
        return thing != "person" or word in words.CLOTHES - words.SMALL_CLOTHES or word in seen.CLOTHING_SYNONYMS

    def _is_colour(self, word: str) -> bool:
        return word in seen.COLOURS or word in seen.COLOUR_SYNONYMS

    def _peek(self, step: int) -> str:
        index = self.at + step
        return self.line[index] if 0 <= index < len(self.line) else ""
