"""Does a text say what a question asks? Pure lexical matching that forgives recognition errors.

On-screen text and speech come from recognisers: words are glued together ("LaunchingApplications"), split, or
off by a letter. Letters are therefore compared fuzzily (rapidfuzz, normalised Indel similarity), numbers exactly.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from videoindex.index.words import folded
from videoindex.query.number_words import with_digits
from videoindex.query.words import STOP_WORDS

__all__ = ["Page", "coverage", "focus", "idf", "page", "phrase_match", "same_text", "stem", "tokens", "word_match"]

_TOKEN = re.compile(r"\w+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_APOSTROPHES = re.compile(r"['’`´]")
_CLOSE = 0.8  # two words this similar may be one word misread
_MISREAD = 0.6  # inside a quotation that fits as a whole, a word this similar is a misreading
_SHORTEST_FUZZY = 5  # letters: shorter words must be equal ("cat" is not "car")
_SHORTEST_TORN = 6  # letters of the stem: shorter words are too often two real ones
_SHORTEST_REST = 3  # letters: what a word is glued to is a word itself ("flight" holds no "light")


@dataclass(frozen=True, slots=True)
class Page:
    """A text made ready for matching: its tokens, their stems, and all of it without spaces."""

    tokens: tuple[str, ...]
    stems: frozenset[str]
    glued: str


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers, accents and apostrophes removed: "I'm at 3:05" gives im, at, 3, 05."""
    return _TOKEN.findall(folded(_APOSTROPHES.sub("", text)).replace("_", " "))


def stem(word: str) -> str:
    """A light English stem: plural, -ing and -ed endings off, a doubled last letter undone."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) + len(kept) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + kept
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


@functools.lru_cache(maxsize=4096)
def page(text: str) -> Page:
    """The text made ready, numbers in digits; remembered: a question looks at the same hits several times."""
    words = tuple(with_digits(tokens(_THOUSANDS.sub("", text))))
    return Page(words, frozenset(stem(word) for word in words), "".join(words))


def word_match(word: str, on: Page) -> float:
    """How surely ``word`` stands on the page: 1 equal, 0.95 same stem, 0.9 inside glued text, else its likeness.

    Numbers and words with digits match exactly or not at all; short words are never matched fuzzily.
    """
    if word in on.tokens:
        return 1.0
    if any(letter.isdigit() for letter in word):
        return 0.0
    if stem(word) in on.stems:
        return 0.95
    if len(word) < _SHORTEST_FUZZY - 1:
        return 0.0
    if any(_is_glued_in(word, token) for token in on.tokens):
        return 0.9
    if len(word) < _SHORTEST_FUZZY:
        return 0.0
    if any(_same_root(word, token) for token in on.tokens) or _is_heard_as_two(word, on):
        return 0.85
    most = 1 if len(word) < 8 else 2
    likest = max((fuzz.ratio(word, t) / 100 for t in on.tokens if abs(len(t) - len(word)) <= most), default=0.0)
    if likest >= _CLOSE and len(word) > _SHORTEST_FUZZY:
        return likest * 0.9
    return 0.9 if word in on.glued and len(word) >= 8 else 0.0


def _is_glued_in(word: str, token: str) -> bool:
    """Whether ``token`` is ``word`` and other words without spaces; a short word must stand at one of its ends."""
    rest = len(token) - len(word)
    if rest < _SHORTEST_REST or (len(word) < _SHORTEST_FUZZY and rest < 4):
        return False
    at = token.find(word)
    if len(word) < _SHORTEST_FUZZY:
        return token.startswith(word) or token.endswith(word)
    return at >= 0 and (at == 0 or at >= _SHORTEST_REST) and (at == rest or rest - at >= _SHORTEST_REST)


def _same_root(word: str, other: str) -> bool:
    """Whether two words begin alike for six letters and most of the longer: director, directed."""
    return word[:6] == other[:6] and len(word) >= 6 and 0.7 * max(len(word), len(other)) <= 6


def _is_heard_as_two(word: str, on: Page) -> bool:
    """Whether two neighbouring words are a longer one torn apart, a letter off: "sun flower", "miss takes"."""
    root = stem(word)
    if len(root) < _SHORTEST_TORN:
        return False
    near = (one + two for one, two in pairwise(on.tokens) if min(len(one), len(two)) >= _SHORTEST_REST)
    joined = (stem(both) for both in near if abs(len(both) - len(word)) <= 2)
    return any(Levenshtein.distance(root, both, score_cutoff=1) <= 1 for both in joined)


def idf(words: Sequence[str], pages: Sequence[Page]) -> dict[str, float]:
    """Inverse document frequency of each word over the pages at hand (BM25's form), at least 0.2.

    The pages are the hits of one question, not the whole index, so this costs nothing at a million events; a word
    that most hits share tells them apart as little here as it would there.
    """
    count = len(pages)
    weights: dict[str, float] = {}
    for word in words:
        holding = sum(word in p.tokens or stem(word) in p.stems for p in pages)
        weights[word] = max(0.2, math.log(1 + (count - holding + 0.5) / (holding + 0.5)))
    return weights


def coverage(words: Sequence[str], weights: dict[str, float], on: Page) -> float:
    """The share, by weight, of ``words`` that stand on the page, in [0, 1]."""
    total = sum(weights[word] for word in words)
    return sum(weights[word] * word_match(word, on) for word in words) / total if total else 0.0


def focus(words: Sequence[str], on: Page) -> float:
    """The share of the page that the question's words make up: near 1 for a title, near 0 for a long text."""
    if not on.tokens:
        return 0.0
    stems = {stem(word) for word in words}
    return sum(stem(token) in stems for token in on.tokens) / len(on.tokens)


def phrase_match(phrase: str, on: Page) -> float:
    """The likeness, in [0, 1], of a quoted phrase to the best run of words on the page.

    Word borders count ("art" is not in "start"), spaces inside do not ("gate keepers" is "gatekeepers"), numbers
    must be equal.
    """
    wanted = page(phrase).tokens
    if not wanted or not on.tokens or not _most_words_there(wanted, on):
        return 0.0
    if len(wanted) == 1 and word_match(wanted[0], on) >= 0.9:
        return word_match(wanted[0], on)
    glued = "".join(wanted)
    if fuzz.partial_ratio(glued, on.glued) < 70:
        return 0.0
    least = 1.0 if len(glued) <= _SHORTEST_FUZZY else 0.0
    best = 0.0
    sizes = sorted({1, *range(max(1, len(wanted) - 2), len(wanted) + 3)})
    most_apart = len(glued) if len(wanted) > 1 else 2  # "flower" is no misread "sunflower"
    for size in sizes:
        for start in range(max(1, len(on.tokens) - size + 1)):
            run = "".join(on.tokens[start : start + size])
            if abs(len(run) - len(glued)) > most_apart:
                continue
            best = max(best, fuzz.ratio(glued, run, score_cutoff=best * 100) / 100)
        if best == 1.0:
            break
    return best if best >= least else 0.0


def _most_words_there(wanted: Sequence[str], on: Page) -> bool:
    """Every number, and at least four of five words, must stand on the page or be likely misreadings there.

    Without this, one wrong word in three ("installed scipy" for "installed numpy") would pass as a misreading.
    """
    telling = [word for word in wanted if word not in STOP_WORDS] or list(wanted)
    if len(wanted) == 1 and word_match(wanted[0], on) >= 0.9:
        return True
    missing = [word for word in telling if not _may_be_there(word, on)]
    return not any(word.isdigit() for word in missing) and len(missing) <= len(telling) / 5


def _may_be_there(word: str, on: Page) -> bool:
    if word in on.tokens:
        return True
    if word.isdigit() or len(word) < 4:
        return False
    return word in on.glued or any(fuzz.ratio(word, token) >= _MISREAD * 100 for token in on.tokens)


def same_text(one: str, other: str) -> bool:
    """Whether two events' texts are repeats of each other, or one has grown out of the other."""
    first, second = page(one), page(other)
    if not first.glued or not second.glued:
        return False
    if fuzz.ratio(first.glued, second.glued) >= 85:
        return True
    if min(len(first.glued), len(second.glued)) >= 4 and (
        first.glued.startswith(second.glued) or second.glued.startswith(first.glued)
    ):
        return True
    short, long = sorted((set(first.tokens), set(second.tokens)), key=len)
    return len(short) >= 2 and len(short & long) >= 0.9 * len(short) and len(short) >= 0.5 * len(long)
