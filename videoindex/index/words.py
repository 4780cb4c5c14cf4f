"""What the full-text search sees of a text: folded words, so that spelling variants of one word meet."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["folded", "query_words"]

# A question longer than this is a pasted document; its first words decide.
_MAX_QUERY_WORDS = 64
# Letters that Unicode does not decompose, spelled as their languages do without accents.
_SPELLED = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
# Scripts written without spaces: each character becomes a word of its own.
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f])")
_WORD = re.compile(r"\w+")
# Words that carry grammar, not content. They are indexed, but left out of a question that has others.
_FUNCTION_WORDS = """
a an the this that these those is are was were be been being am do does did have has had will would shall
should can could may might must of in on at to for from by with about into over under and or but not no as if
then than so it its he she they them his her their i you we my your our me us who whom whose what which when
where why how there here
der die das den dem des ein eine einen einem einer eines ist sind war waren wird werden wurde wurden hat haben
hatte und oder aber nicht von im am auf zu zum zur mit bei aus nach fur uber wer wann wo wie warum welche
welcher welches
le la les un une du de est sont etait etaient et ou mais ne pas dans sur au aux avec pour par qui que quoi
quand comment pourquoi quel quelle quels quelles ce cet cette ces il elle ils elles
"""


def folded(text: str) -> str:
    """``text`` in lower case without accents ("Straße" and "strasse" become one), CJK characters set apart.

    Folding here, before the database's stemmer, keeps "élève" and "eleve" together: its own folding runs after.
    """
    if text.isascii():
        return text.lower()
    # Decomposed on both sides of the case folding: some signs are capitals inside ("℠" is "SM").
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_SPELLED)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _UNSPACED.sub(r" \1 ", plain)


@cache
def _function_words() -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.split())


def query_words(text: str) -> str:
    """The words of a question worth looking up, joined by spaces; "" when it holds none.

    Punctuation never survives, so no text is read as query syntax. A question of function words alone
    ("to be or not to be") keeps them.
    """
    words = list(dict.fromkeys(_WORD.findall(folded(text))))
    content = [word for word in words if word not in _function_words()]
    return " ".join((content or words)[:_MAX_QUERY_WORDS])
