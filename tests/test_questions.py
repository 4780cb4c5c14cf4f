"""Questions of every kind to two prepared recordings: the small, fast sister of benchmarks/questions.py.

The recordings are events as the observers write them, misheard words and split pages included; wordings are those
of people in a hurry. Each row is (kind, question, true windows); the moments must be just these, save for ``after``
and ``before``, where an open question goes on and the first must be right.
"""

# ruff: noqa: E501  (one event a line reads best)
from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from query_corpora import Corpus, MemoryIndex, Remembered

from videoindex.errors import UsageError
from videoindex.index.embed import SentenceEmbedder
from videoindex.query.ask import Reply, ask
from videoindex.types import Span

NINE = datetime(2026, 3, 14, 9, tzinfo=UTC)

LECTURE = Corpus(
    "bees",
    300.0,
    [
        ("screen_text", 0.0, 20.0, "How Bees Find Their Way\nSun, memory and the waggle dance"),
        ("speech", 1.0, 4.0, "Welcome to lecture four."),
        ("speech", 6.0, 12.0, "Today we ask how a honey be finds her way home."),
        ("screen_text", 20.0, 70.0, "Three Sources of Direction"),
        ("screen_text", 20.5, 70.0, "The sun compass"),
        ("screen_text", 40.0, 70.0, "Landmarks learned in flight"),
        ("speech", 22.0, 27.0, "The first source is the position of the sun."),
        ("speech", 30.0, 37.0, "When clouds hide the sun, the pattern of polarized light is enough."),
        ("speech", 42.0, 49.0, "Near the hive, bees trust landmarks such as trees and walls."),
        ("screen_text", 70.0, 120.0, "The Waggle Dance\nfood: 40° right of the sun"),
        ("speech", 72.0, 78.0, "On the comb, straight up stands for the direction of the sun."),
        ("speech", 85.0, 92.0, "The students marked three hundred twenty-nine foragers with a dot of paint."),
        ("screen_text", 120.0, 200.0, "Field Study: Alder Hill\nDances peak at 13:00"),
        ("speech", 124.0, 130.0, "The next field study was made at Alderhill."),
        ("speech", 140.0, 147.0, "Most dances were seen around thirteen o'clock."),
        ("speech", 180.0, 186.0, "When the clover was cut, the bees of Alder Hill changed to heather."),
        ("screen_text", 200.0, 300.0, "Thank you\nNext week: navigation at night"),
        ("speech", 205.0, 209.0, "See you next week."),
    ],
    [],
)
GATE = Corpus(
    "gate",
    600.0,
    [
        ("screen_text", 0, 600, "CAM 02 GATE"),
        ("objects", 30, 42, "a person wearing a red top enters from the left, walks to the right, leaves at the right"),
        ("objects", 90, 98, "a red motorcycle enters from the right, rides to the left, leaves at the left"),
        ("objects", 120, 140, "a person wearing a green top enters from the right, walks to the left, leaves at the left"),
        ("objects", 125, 150, "a person wearing a black top enters from the left, stands still, leaves at the left"),
        ("objects", 125, 140, "two people in view"),
        ("objects", 300, 308, "a blue motorcycle enters from the left, rides to the right, leaves at the right"),
        ("objects", 400, 415, "a person wearing a blue top enters from the left, walks to the right, leaves at the right"),
        ("objects", 0, 30, "nobody in view"),
        ("objects", 42, 120, "nobody in view"),
        ("objects", 150, 400, "nobody in view"),
        ("objects", 415, 600, "nobody in view"),
    ],
    [],
)  # fmt: skip

PEOPLE = [(30, 42), (120, 140), (125, 150), (400, 415)]
ROWS: list[tuple[str, str, list[tuple[float, float]]]] = [
    ("every", "every time the sun is mentioned", [(22, 27), (30, 37), (72, 78)]),
    ("every", 'list all moments when somebody says "bees"', [(42, 49), (180, 186)]),
    ("every", "show me every person", PEOPLE),
    ("every", "at what times does a motorcycle pass", [(90, 98), (300, 308)]),
    ("count", "how often does she mention Alder Hill", [(124, 130), (180, 186)]),
    ("count", "how many people come in", PEOPLE),
    ("count", "how many times is nobody there on the gate camera", [(0, 30), (42, 120), (150, 400), (415, 600)]),
    ("first", "when is Alder Hill first mentioned", [(124, 130)]),
    ("first", "the first time a motorcycle comes by", [(90, 98)]),
    ("first", "when does a person first appear", [(30, 42)]),
    ("last", "when was a motorcycle last seen", [(300, 308)]),
    ("last", "the last thing said", [(205, 209)]),
    ("last", "final mention of the sun", [(72, 78)]),
    ("how long", "how long is the slide about the waggle dance shown", [(70, 120)]),
    ("how long", "how long does the person in the green jacket stay", [(120, 140)]),
    ("how long", "for how many seconds is a motorcycle in view", [(90, 98), (300, 308)]),
    ("after", "what is said right after the slide about the waggle dance appears", [(72, 78)]),
    ("after", "which slide comes after she says that the bees changed to heather", [(200, 300)]),
    ("after", "when does a person come by after the red motorcycle passes", [(120, 140)]),
    ("after", "once the blue motorcycle has gone, who comes", [(400, 415)]),
    ("before", "what was said before the slide titled Field Study", [(85, 92)]),
    ("before", "when was a person seen before the red motorcycle came", [(30, 42)]),
    ("between", "who comes between the red motorcycle and the blue motorcycle", [(120, 140), (125, 150)]),
    ("while", "what does he say while the slide about three sources is shown", [(22, 27), (30, 37), (42, 49)]),
    ("while", "which slide is shown when she says that most dances were seen around 13 o'clock", [(140, 147)]),
    ("times", "what is said between 1:10 and 1:35", [(72, 78), (85, 92)]),
    ("times", "what is said in the last two minutes of bees.mp4", [(180, 186), (205, 209)]),
    ("times", "who came between 9:06 and 9:07 on Saturday", [(400, 415)]),
    ("times", "did anybody come in after 9:05", [(400, 415)]),
    ("places", "a motorcycle on the gate camera", [(90, 98), (300, 308)]),
    ("places", "in bees.mp4, when is the sun mentioned", [(22, 27), (30, 37), (72, 78)]),
    ("numbers", "when does she say that 329 foragers were marked", [(85, 92)]),
    ("leaves", "when does the person in the red jacket leave", [(30, 42)]),
    ("never", "does anybody ever mention penguins", []),
    ("never", "how many times is chocolate mentioned", []),
    ("never", "the first time a dog comes by", []),
    ("never", 'when does the slide titled "Quarterly Revenue" appear', []),
    ("never", "when does a motorcycle come by after the person in the blue jacket", []),
    ("never", "what is said after the slide about penguins appears", []),
    ("never", "three people at the same time", []),
    ("never", "a person in a yellow coat between the red motorcycle and the blue motorcycle", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    embedder = Remembered(SentenceEmbedder())
    index = MemoryIndex(embedder)
    index.add(LECTURE)
    index.add(GATE, camera="gate", recorded_at=NINE)
    return index


def reply_to(index: MemoryIndex, question: str) -> Reply:
    assert index.embedder is not None
    return ask(index, index.embedder, question, limit=50, is_there=lambda path: True, now=NINE + timedelta(days=3))


def test_questions_of_every_kind_are_answered(index: MemoryIndex) -> None:
    wrong: list[str] = []
    asked: Counter[str] = Counter()
    for kind, question, windows in ROWS:
        moments = reply_to(index, question).answer.moments
        found = sorted((moment.span.start_s, moment.span.end_s) for moment in moments)
        asked[kind] += 1
        if kind in ("after", "before"):
            found = [(moment.span.start_s, moment.span.end_s) for moment in moments[:1]]
        if found != windows:
            wrong.append(f"{kind}: {question}: {found}")
    assert len(wrong) <= 0.05 * asked.total(), "\n".join(wrong)
    assert not [line for line in wrong if line.startswith("never")]


def test_every_cited_time_is_of_its_moment(index: MemoryIndex) -> None:
    for _, question, windows in ROWS:
        reply = reply_to(index, question)
        assert reply.answer.found == bool(windows), question
        for moment in reply.answer.moments[:1]:
            assert moment.span.intersect(Span(0.0, 600.0)) is not None
            assert moment.events[0].span.intersect(moment.span) is not None, question


def test_a_day_without_recordings_is_refused_where_it_can_be_nothing_else(index: MemoryIndex) -> None:
    with pytest.raises(UsageError, match="on Friday"):
        reply_to(index, "every time somebody is seen on Friday")
    assert not reply_to(index, "when does she mention the seminar on Friday").answer.found
