"""Numbers said in words, as digits: speech is written "three hundred twenty-nine" where a slide has 329.

Pure and in English. Single words below ten ("one", "two") stay words: they are seldom numbers that are looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["with_digits"]

# fmt: off
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
          "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
_SMALL = {word: value for value, word in enumerate(_UNITS, start=1)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


def with_digits(words: Sequence[str]) -> list[str]:
    """``words`` (lower case) with each run of number words as one number in digits."""
    written: list[str] = []
    run: list[str] = []
    for word in (*words, ""):
        goes_on = bool(run) and (run[-1] in _SCALES if word == "and" else word in _SCALES and run[-1] != "and")
        if word in _SMALL or goes_on:
            run.append(word)
        elif word in _SCALES and not run and written and written[-1].isdecimal():
            run = [written.pop(), word]
        else:
            written += _numbers(run)
            run = []
            if word:
                written.append(word)
    return written


def _numbers(run: list[str]) -> list[str]:
    """The numbers of one run: "nineteen sixty two" is 1962, "forty six seven" is 46 and 7."""
    if not run:
        return []
    trailing = run[-1:] == ["and"]
    words = run[:-1] if trailing else run
    if len(words) == 1 and _SMALL.get(words[0], 10) < 10:
        return run
    found: list[int] = []
    total, part, last = 0, -1, 0
    for word in words:
        value = int(word) if word.isdecimal() else _SMALL.get(word, 0)
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, part = total + part, 0
        elif word != "and":
            if part > 0 and not _goes_on(last, value):
                found.append(total + part)
                total, part = 0, 0
            part = max(part, 0) + value
        last = last if word == "and" else _SCALES.get(word, value)
    found.append(total + max(part, 0))
    if len(found) == 2 and 13 <= found[0] <= 20 and 10 <= found[1] <= 99:
        found = [found[0] * 100 + found[1]]
    return [str(number) for number in found] + (["and"] if trailing else [])


def _goes_on(last: int, value: int) -> bool:
    """Whether ``value`` belongs to the same number: after hundreds anything below, after tens a unit."""
    return last >= 100 or (20 <= last <= 90 and last % 10 == 0 and 1 <= value <= 9)
