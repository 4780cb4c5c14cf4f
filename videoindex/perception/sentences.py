"""Sentences with times, from pieces of text with times. Pure.

Subtitle cues cut sentences where the screen is full; transcribers join several into one line. Both are brought to
the same shape: one sentence, and the span in which it is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from videoindex.types import Span

__all__ = ["Said", "join_sentences", "split_said", "split_sentences", "without_rolling"]

# Words that end in a full stop without ending a sentence.
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "cf", "fig", "eq", "vol", "pp"}
    | {"al", "approx", "dept", "inc", "ltd", "u.s", "u.k", "a.m", "p.m"}
)
_END = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]""")
# A cue such as "[Applause]" or "♪ la la ♪" stands alone.
_ASIDE = re.compile(r"^(?:[\[(♪♫].*[\])♪♫]|[♪♫].*)$", re.DOTALL)
# A dash at the start of a line marks another speaker.
_DASH = re.compile(r"^[-–—]\s*(?=\w)")
# No sentence is given less time than this.
_SHORTEST_S = 0.01


@dataclass(frozen=True, slots=True)
class Said:
    """A text and the span in which it is said or shown."""

    span: Span
    text: str


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text``: cut after . ! ? … where a space and no lower-case letter follows.

    Abbreviations, initials ("J. Smith") and numbers ("3.5") do not end a sentence.
    """
    sentences = []
    start = 0
    for end in _END.finditer(text):
        after = text[end.end() :].lstrip()
        if after and (after[0].islower() or _is_abbreviation(text[start : end.end()])):
            continue
        sentences.append(text[start : end.end()].strip())
        start = end.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _is_abbreviation(sentence: str) -> bool:
    if not sentence.endswith("."):
        return False
    word = sentence.rstrip(".").rsplit(None, 1)[-1].lstrip("(\"'“").lower() if sentence.rstrip(". ") else ""
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")


def split_said(said: Said, pauses: Sequence[Span] = ()) -> list[Said]:
    """One entry a sentence. Time is shared out by length of text, then moved to the nearest fitting pause.

    ``pauses`` are the silences inside the span, in order. A sentence ends where its pause begins and the next
    starts where that ends; with no pause near enough (a third of the shorter neighbour) the shared-out time stays.
    """
    sentences = split_sentences(said.text)
    if len(sentences) < 2 or said.span.duration_s < 2 * _SHORTEST_S * len(sentences):
        return [said]
    spoken_s = said.span.duration_s - sum(pause.duration_s for pause in pauses)
    lengths = [len(sentence) + 1 for sentence in sentences]
    seconds_each_char = max(spoken_s, 0.1) / sum(lengths)
    ends_s: list[float] = []
    starts_s = [said.span.start_s]
    spoken = 0
    for index, length in enumerate(lengths[:-1]):
        spoken += length
        latest_s = said.span.end_s - _SHORTEST_S * (len(sentences) - 1 - index)
        nominal_s = _at_spoken(said.span, pauses, spoken * seconds_each_char)
        nominal_s = min(max(nominal_s, starts_s[-1] + _SHORTEST_S), latest_s)
        reach_s = max(0.3, min(length, lengths[index + 1]) * seconds_each_char / 3)
        fitting = [pause for pause in pauses if starts_s[-1] < pause.start_s and pause.end_s < latest_s]
        cut = _nearest(fitting, nominal_s, reach_s)
        ends_s.append(cut.start_s if cut else nominal_s)
        starts_s.append(cut.end_s if cut else nominal_s)
    ends_s.append(said.span.end_s)
    times = zip(starts_s, ends_s, sentences, strict=True)
    return [Said(Span(start_s, end_s), sentence) for start_s, end_s, sentence in times]


def _at_spoken(span: Span, pauses: Sequence[Span], spoken_s: float) -> float:
    """The time by which ``spoken_s`` seconds of speech have passed, pauses not counted."""
    at_s = span.start_s
    for pause in pauses:
        if at_s + spoken_s <= pause.start_s:
            break
        spoken_s -= pause.start_s - at_s
        at_s = pause.end_s
    return min(at_s + spoken_s, span.end_s)


def _nearest(pauses: Sequence[Span], at_s: float, reach_s: float) -> Span | None:
    """The pause that best fits a cut at ``at_s``: near, and the longer the better."""
    near = [pause for pause in pauses if pause.start_s - reach_s <= at_s <= pause.end_s + reach_s]
    return max(near, key=lambda pause: pause.duration_s - 0.3 * _distance_s(pause, at_s), default=None)


def _distance_s(span: Span, at_s: float) -> float:
    return max(span.start_s - at_s, at_s - span.end_s, 0.0)


def without_rolling(cues: Sequence[Said]) -> list[Said]:
    """Cues in which each line comes once, at the time it first appears.

    Automatic captions roll: every cue repeats the line before and adds one, or grows a line word by word. A cue's
    leading lines that were the last lines on screen until then are dropped, and so is the part of a growing line
    that already stood there; a cue with nothing new lengthens the one before.
    """
    kept: list[Said] = []
    shown: list[str] = []
    shown_until_s = float("-inf")
    for cue in cues:
        lines = cue.text.split("\n")
        fresh = _fresh(shown, lines) if cue.span.start_s <= shown_until_s + 0.25 else lines
        if not fresh:
            kept[-1] = Said(Span(kept[-1].span.start_s, max(kept[-1].span.end_s, cue.span.end_s)), kept[-1].text)
        else:
            if fresh != lines:
                kept[-1] = _ended(kept[-1], cue.span.start_s)
            kept.append(Said(cue.span, "\n".join(fresh)))
        shown, shown_until_s = lines, max(shown_until_s, cue.span.end_s)
    return kept


def _ended(cue: Said, at_s: float) -> Said:
    """A rolled line stays on screen under the next: its words end where the next ones start."""
    return Said(Span(cue.span.start_s, at_s), cue.text) if cue.span.start_s < at_s < cue.span.end_s else cue


def _fresh(shown: Sequence[str], lines: Sequence[str]) -> list[str]:
    for count in range(min(len(shown), len(lines)), 0, -1):
        if list(shown[-count:]) == list(lines[:count]):
            return list(lines[count:])
    if shown and lines[0].startswith(shown[-1] + " "):
        return [lines[0][len(shown[-1]) :].strip(), *lines[1:]]
    return list(lines)


def join_sentences(
    cues: Sequence[Said], join_gap_s: float = 1.5, longest_s: float = 20.0, most_chars: int = 300
) -> list[Said]:
    """Whole sentences from cues in order: a sentence that runs over several cues becomes one entry.

    A sentence also ends at a gap of more than ``join_gap_s``, at another speaker's dash, at an aside such as
    "[Applause]", and before it would outgrow ``longest_s`` or ``most_chars`` (text without punctuation).
    """
    joined: list[Said] = []
    open_: Said | None = None
    for piece in _pieces(cues):
        fits = (
            open_ is not None
            and not _ends(open_.text)
            and piece.span.start_s - open_.span.end_s <= join_gap_s
            and piece.span.end_s - open_.span.start_s <= longest_s
            and len(open_.text) + len(piece.text) < most_chars
            and not _ASIDE.match(piece.text)
            and not _DASH.match(piece.text)
        )
        if open_ is not None and fits:
            span = Span(open_.span.start_s, max(open_.span.end_s, piece.span.end_s))
            open_ = Said(span, f"{open_.text} {piece.text}")
            continue
        if open_ is not None:
            joined.append(open_)
        open_ = piece
    if open_ is not None:
        joined.append(open_)
    return [Said(said.span, _DASH.sub("", said.text)) for said in joined]


def _pieces(cues: Sequence[Said]) -> Iterator[Said]:
    """Each cue's sentences, after its speakers are told apart by their dashes."""
    for cue in cues:
        if _ASIDE.match(cue.text):
            yield Said(cue.span, cue.text.replace("\n", " "))
            continue
        turns: list[str] = []
        for line in cue.text.split("\n"):
            if turns and not _DASH.match(line):
                turns[-1] += f" {line}"
            else:
                turns.append(line)
        start_s, total = cue.span.start_s, sum(map(len, turns))
        for turn in turns:
            end_s = min(start_s + cue.span.duration_s * len(turn) / total, cue.span.end_s)
            if start_s < end_s:
                yield from split_said(Said(Span(start_s, end_s), turn))
            start_s = end_s


def _ends(text: str) -> bool:
    """Whether ``text`` is complete: it ends with a sentence mark, or is an aside."""
    marks = list(_END.finditer(text))
    complete = bool(marks) and marks[-1].end() == len(text) and not _is_abbreviation(text)
    return complete or bool(_ASIDE.match(text))
