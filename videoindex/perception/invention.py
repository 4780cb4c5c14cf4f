"""Text that a transcriber invents: loops, stock phrases over noise, more words than a mouth can say. Pure.

Transcribers are language models: fed noise they complete sentences they were trained on. What is kept here must be
plausible for the sound it was made from; what is cut is cut whole, never reworded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from videoindex.perception.sentences import Said

__all__ = ["plausible", "without_loops"]

# Nobody says more: quick speakers reach 5 words a second, auctioneers 6.
_MOST_WORDS_A_SECOND = 7.0
# A phrase said more often than this in a row is a loop, not emphasis.
_MOST_REPEATS = 3
_LONGEST_LOOP_WORDS = 12
# A voice this little above the noise is a guess of the detector, and a stock phrase over it an invention.
_FAINT_DB = 10.0
# What speech models say of noise, from their training on subtitled videos (seen in openai/whisper discussions).
_STOCK = frozenset(
    {"thank you", "thanks", "thanks for watching", "thank you for watching", "please subscribe", "you", "bye"}
    | {
        "okay",
        "oh",
        "uh",
        "um",
        "so",
        "the",
        "i'm sorry",
        "see you next time",
        "subtitles by the amara org community",
    }
)
_WORD = re.compile(r"[\w']+")


def plausible(said: Sequence[Said], voice_above_noise_db: Sequence[float]) -> list[Said]:
    """What of ``said`` can have been said; ``voice_above_noise_db`` gives each one's level over the background.

    Loops are cut to one round; a sentence with no word, too many words for its time, or a stock phrase that hardly
    stands out of the noise is left out, and so is the fourth and every further repetition of one in a row.
    """
    kept: list[Said] = []
    run = 0
    for sentence, above_db in zip(said, voice_above_noise_db, strict=True):
        text = without_loops(sentence.text)
        words = _words(text)
        looped = text != sentence.text
        too_quick = not looped and len(words) > 2 and len(words) / sentence.span.duration_s > _MOST_WORDS_A_SECOND
        invented = " ".join(words) in _STOCK and above_db < _FAINT_DB
        if not words or too_quick or invented:
            continue
        run = run + 1 if kept and _words(kept[-1].text) == words else 0
        if run < _MOST_REPEATS:
            kept.append(Said(sentence.span, text))
    return kept


def without_loops(text: str) -> str:
    """``text`` with every phrase that comes more than three times in a row cut to one round."""
    words = text.split()
    keys = [" ".join(_words(word)) for word in words]
    out: list[str] = []
    at = 0
    while at < len(words):
        size, rounds = _loop_at(keys, at)
        out += words[at : at + size]
        at += size * rounds
    return " ".join(out)


def _loop_at(keys: Sequence[str], at: int) -> tuple[int, int]:
    """The length of the phrase that loops from ``at`` on and its number of rounds; (1, 1) when none does."""
    for size in range(1, min(_LONGEST_LOOP_WORDS, (len(keys) - at) // (_MOST_REPEATS + 1)) + 1):
        phrase = keys[at : at + size]
        rounds = 1
        while keys[at + rounds * size : at + (rounds + 1) * size] == phrase:
            rounds += 1
        if rounds > _MOST_REPEATS:
            return size, rounds
    return 1, 1


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))
