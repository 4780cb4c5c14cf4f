"""How surely a text that was said or shown answers a question. Pure: hits in, scored candidates out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from videoindex.index.records import Hit
from videoindex.query.match import Page, focus, idf, page, phrase_match, word_match
from videoindex.query.settings import SearchSettings
from videoindex.query.understand import DESCRIBED, SCREEN_TEXT, Question
from videoindex.query.words import ANYONE
from videoindex.types import Event, Span

__all__ = ["Candidate", "Evidence", "probability", "read_hits"]

_HEADING = 0.6
"""Words that make up this share of a line are its subject."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Events that together may answer a question, the span they answer it with, and how surely, in [0, 1]."""

    video_id: str
    span: Span
    score: float
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a text: the share of the question's words on it (by weight), the cosine, and its focus."""

    lexical: float
    cosine: float
    focus: float


def probability(evidence: Evidence, settings: SearchSettings, penalty: float = 0.0) -> float:
    """Logistic in lexical coverage and cosine; focus only orders texts that are otherwise alike."""
    odds = settings.bias + settings.lexical * evidence.lexical + settings.cosine * evidence.cosine - penalty
    return 0.97 / (1.0 + math.exp(-odds)) + 0.03 * evidence.focus


def read_hits(question: Question, hits: Sequence[Hit], settings: SearchSettings) -> list[Candidate]:
    """Scores every hit, and runs of neighbouring hits of one observer where the words are spread over them."""
    pages = [page(hit.event.text) for hit in hits]
    weights = idf(question.content, pages)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index in sorted(range(len(hits)), key=lambda i: hits[i].event.span):
        groups[hits[index].event.video_id, hits[index].event.source].append(index)
    found: list[Candidate] = []
    for members in groups.values():
        group = [hits[index] for index in members]
        on = [pages[index] for index in members]
        if question.quotes:
            found += _quoted(question, group, on, settings)
        else:
            found += _worded(question, group, on, weights, settings)
    return _headed(question, found, settings) if question.is_title else found


def _headed(question: Question, found: Sequence[Candidate], settings: SearchSettings) -> list[Candidate]:
    """Where a slide is asked for by its heading, and lines say little else, those that hold it among others go."""
    words = [word for quote in question.quotes for word in page(quote).tokens] or list(question.content)
    shares = [_line_share(words, one) if one.score >= settings.confident else 0.0 for one in found]
    if not any(share >= _HEADING for share in shares):
        return list(found)
    return [one for one, share in zip(found, shares, strict=True) if share >= _HEADING]


def _line_share(words: Sequence[str], one: Candidate) -> float:
    """The largest share of a line, of those on the screen, that the words make up."""
    lines = [line for event in one.events for line in event.text.split("\n")]
    return max(focus(words, page(line)) for line in lines)


def _quoted(
    question: Question, hits: Sequence[Hit], pages: Sequence[Page], settings: SearchSettings
) -> list[Candidate]:
    """Candidates that hold every quoted phrase; alone where possible, else in the shortest run that does."""
    found: list[Candidate] = []
    taken: set[int] = set()
    for length in range(1, settings.run_events + 1):
        for start in range(len(hits) - length + 1):
            run = range(start, start + length)
            if taken.intersection(run) or not _neighbours([hits[i] for i in run], settings.merge_gap_s):
                continue
            on = _joined([pages[i] for i in run])
            likeness = min(phrase_match(quote, on) for quote in question.quotes)
            if likeness < settings.phrase_likeness:
                continue
            taken.update(run)
            near = (likeness - settings.phrase_likeness) / max(1e-9, 1.0 - settings.phrase_likeness)
            words = [word for quote in question.quotes for word in page(quote).tokens]
            around = [word for word in question.content if word not in words]
            beside = sum(word_match(word, on) for word in around) / len(around) if around else 0.0
            score = settings.confident + (1 - settings.confident) * (
                0.2 + 0.5 * near + 0.2 * focus(words, on) + 0.1 * beside
            )
            found.append(_candidate([hits[i].event for i in run], score))
    return found


def _worded(
    question: Question,
    hits: Sequence[Hit],
    pages: Sequence[Page],
    weights: dict[str, float],
    settings: SearchSettings,
) -> list[Candidate]:
    """Candidates by the question's content words and by meaning."""
    words = question.content
    total = sum(weights[word] for word in words) or 1.0
    matches = [[word_match(word, on) for word in words] for on in pages]

    def lexical(run: Sequence[int]) -> float:
        return sum(weights[w] * max(matches[i][k] for i in run) for k, w in enumerate(words)) / total

    found: list[Candidate] = []
    for start, hit in enumerate(hits):
        alone = lexical([start])
        best = _score(question, [hit], alone, focus(words, pages[start]), settings)
        events = [hit.event]
        for length in range(2, settings.run_events + 1):
            run = range(start, start + length)
            if run.stop > len(hits) or not _neighbours([hits[i] for i in run], settings.merge_gap_s):
                break
            together = lexical(run)
            if together < max(lexical([i]) for i in run) + 0.15:
                continue
            near = focus(words, _joined([pages[i] for i in run]))
            score = _score(question, [hits[i] for i in run], together, near, settings)
            if score > best + 0.05:
                best, events = score, [hits[i].event for i in run]
        found.append(_candidate(events, best))
    return found


def _score(
    question: Question, hits: Sequence[Hit], lexical: float, near: float, settings: SearchSettings
) -> float:
    cosine = max(hit.cosine or 0.0 for hit in hits)
    on = [page(hit.event.text) for hit in hits]
    numbers = [word for word in question.content if word.isdigit()]
    if any(all(number not in one.tokens for one in on) for number in numbers):
        lexical, cosine = lexical / 2, cosine / 2
    penalised = question.pictured and hits[0].event.source not in DESCRIBED
    if penalised and question.scene.about_objects and not _names_what_is_seen(question, on):
        return 0.0
    penalty = settings.picture_penalty * (1.0 - near) if penalised else 0.0
    return probability(Evidence(lexical, cosine, near), settings, penalty)


def _names_what_is_seen(question: Question, on: Sequence[Page]) -> bool:
    """Whether words said or shown name the thing that a picture is described by ("two people" names nothing)."""
    nouns = [wanted.word for wanted in question.scene.wanted if wanted.word not in ANYONE]
    return any(word_match(noun, one) >= 0.85 for noun in nouns for one in on)


def _neighbours(hits: Sequence[Hit], gap_s: float) -> bool:
    """Whether the events, in order of start, follow or overlap each other without a longer pause."""
    end_s = hits[0].event.span.end_s
    for hit in hits[1:]:
        if hit.event.span.start_s - end_s > gap_s:
            return False
        end_s = max(end_s, hit.event.span.end_s)
    return True


def _joined(pages: Sequence[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    tokens = tuple(token for one in pages for token in one.tokens)
    stems = frozenset[str]().union(*(one.stems for one in pages))
    return Page(tokens, stems, "".join(one.glued for one in pages))


def _candidate(events: Sequence[Event], score: float) -> Candidate:
    """One candidate over ``events``: while lines stand on the screen together, it is then that they answer."""
    start_s = min(event.span.start_s for event in events)
    span = Span(start_s, max(event.span.end_s for event in events))
    if len(events) > 1 and events[0].source == SCREEN_TEXT:
        common: Span | None = events[0].span
        for event in events[1:]:
            common = common.intersect(event.span) if common is not None else None
        span = common or span
    return Candidate(events[0].video_id, span, min(1.0, score), tuple(events))
