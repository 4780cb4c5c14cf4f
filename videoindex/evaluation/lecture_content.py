"""What the lecture sample says and shows: two written lectures, then drawn-up slides without end.

All text is the project's own. The facts about bees are textbook knowledge (von Frisch 1967); places, experiments
and their numbers are invented, and differ from seed to seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["LECTURES", "Lecture", "Slide", "slides_of"]

Layout = Literal["title", "bullets", "code", "diagram", "table"]


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide and what is said over it.

    ``lines`` are bullets, lines of code, table rows with cells parted by "|", or a diagram's labels. Where the
    slide ``grows``, line i appears with sentence i.
    """

    layout: Layout
    title: str
    lines: tuple[str, ...]
    narration: tuple[str, ...]
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Lecture:
    """The written ``opening`` slides, and ``draw_up(number, rng)``, which makes slide ``number`` after them."""

    course: str
    opening: tuple[Slide, ...]
    draw_up: Callable[[int, np.random.Generator], Slide]
    never_said: tuple[str, ...]
    never_shown: tuple[str, ...]


_BEES_OPENING = (
    Slide(
        "title",
        "How Bees Find Their Way",
        ("Sun, memory and the waggle dance", "Lecture 4"),
        ("Welcome to lecture four.", "Today we ask how a honey bee finds her way home."),
    ),
    Slide(
        "bullets",
        "Three Sources of Direction",
        ("The sun compass", "Polarised light in the sky", "Landmarks learned in flight"),
        (
            "The first source is the position of the sun.",
            "When clouds hide the sun, the pattern of polarised light is enough.",
            "Near the hive, bees trust landmarks such as trees and walls.",
        ),
        grows=True,
    ),
    Slide(
        "diagram",
        "The Waggle Dance",
        ("40° to the right of vertical", "food: 40° right of the sun"),
        (
            "On the comb, straight up stands for the direction of the sun.",
            "A dance tilted forty degrees to the right sends the others forty degrees right of the sun.",
        ),
    ),
    Slide(
        "table",
        "Distance and Dance Duration",
        ("Distance|Waggle run|Dancers", "200 m|0.5 s|14", "1000 m|1.4 s|22", "2500 m|2.9 s|9"),
        (
            "The longer the waggle run, the farther away the flowers are.",
            "One second of dancing means roughly a kilometre of flight.",
        ),
    ),
    Slide(
        "code",
        "Path Integration in Code",
        (
            "def homeward(steps):",
            "    east = sum(length * sin(turn)",
            "               for length, turn in steps)",
            "    north = sum(length * cos(turn)",
            "                for length, turn in steps)",
            "    return atan2(-east, -north)",
        ),
        (
            "Path integration needs only a running sum of two numbers.",
            "The way home is the opposite of everything flown so far.",
        ),
    ),
)

_SEARCH_OPENING = (
    Slide(
        "title",
        "How a Search Index Works",
        ("From documents to answers", "Lecture 7"),
        ("Good morning and welcome back.", "Today we open up a search engine and look inside."),
    ),
    Slide(
        "bullets",
        "Building the Inverted Index",
        ("Split documents into terms", "Sort the terms in a dictionary", "Keep a posting list for each term"),
        (
            "First we split every document into terms.",
            "Then the terms are sorted, so that each can be found quickly.",
            "For each term we keep the list of documents that contain it.",
        ),
        grows=True,
    ),
    Slide(
        "diagram",
        "Meaning as a Direction",
        ("40° between query and document", "closer angle: closer meaning"),
        (
            "A sentence can be turned into an arrow in a space of many dimensions.",
            "Two sentences mean nearly the same when their arrows point the same way.",
        ),
    ),
    Slide(
        "table",
        "Recall Against Speed",
        ("Method|Recall|Latency", "Brute force|1.00|115 ms", "Graph index|0.94|2 ms", "Product codes|0.41|1 ms"),
        (
            "Brute force finds everything, but it is slow.",
            "A graph index gives up a little recall for a great deal of speed.",
        ),
    ),
    Slide(
        "code",
        "Ranking with Two Lists",
        (
            "def fuse(lists, k=60):",
            "    score = Counter()",
            "    for ranked in lists:",
            "        for place, item in enumerate(ranked):",
            "            score[item] += 1 / (k + place)",
            "    return score.most_common()",
        ),
        (
            "Two rankings are merged by adding up the reciprocal of each rank.",
            "An item that both lists like comes out on top.",
        ),
    ),
)

# fmt: off
_FIRST_HALF = (
    "Alder", "Birch", "Cedar", "Dune", "Elm", "Falcon", "Granite", "Harbour", "Iris", "Juniper", "Kestrel",
    "Linden", "Maple", "North", "Orchard", "Poplar", "Quarry", "Raven", "Silver", "Thistle", "Upland", "Violet",
    "Willow", "Yarrow")
_SECOND_HALF = (
    "Hill", "Marsh", "Valley", "Ridge", "Meadow", "Point", "Creek", "Farm", "Gate", "Heath", "Island", "Bridge",
    "Forest")
_FLOWERS = ("clover", "heather", "lavender", "mustard", "sunflower", "apple blossom", "thyme", "buttercup")
_WEATHER = (
    "a warm and windless week", "three days of light rain", "a cold spring", "a long dry spell",
    "thick morning fog")
_CORPORA = (
    "news articles", "court records", "recipes", "patents", "travel diaries", "support tickets", "film reviews")
_SETTINGS = (
    "a single laptop", "two small servers", "an old desktop machine", "a borrowed cluster", "one rented core")
# fmt: on


def _place(number: int) -> str:
    """A place name; the first 312 differ, as 24 and 13 have no common factor."""
    return f"{_FIRST_HALF[number % 24]} {_SECOND_HALF[number % 13]}"


def _bee_study(number: int, rng: np.random.Generator) -> Slide:
    place = _place(number)
    flower, other = (str(word) for word in rng.choice(_FLOWERS, 2, replace=False))
    weather, marked, metres = str(rng.choice(_WEATHER)), int(rng.integers(40, 400)), int(rng.integers(3, 40)) * 100
    hour, share = int(rng.integers(8, 17)), int(rng.integers(20, 90))
    narration = (
        f"The next field study was made at {place}.",
        f"The hives stood beside a field of {flower}, in {weather}.",
        f"The students marked {marked} foragers with a dot of paint on the back.",
        f"On average, they flew {metres} metres before they landed on the first flower.",
        f"Most dances were seen around {hour} o'clock, on the comb nearest to the entrance.",
        f"When the {flower} was cut, the bees of {place} changed to {other} within two days.",
    )
    if number % 3 == 2:
        hours = sorted(int(value) for value in rng.choice(np.arange(7, 19), 4, replace=False))
        rows = tuple(f"{at}:00|{int(rng.integers(5, 90))}|{int(rng.integers(2, 40)) * 100} m" for at in hours)
        return Slide("table", f"{place}: Flights by Hour", ("Hour|Departures|Distance", *rows), narration)
    bullets = (
        f"Site: {place}, {flower} in bloom",
        f"Weather: {weather}",
        f"{marked} foragers marked",
        f"Mean flight {metres} m",
        f"Dances peak at {hour}:00, {share} % of loads {flower}",
        f"Switch to {other} in two days",
    )
    return Slide("bullets", f"Field Study: {place}", bullets, narration, grows=number % 3 == 0)


def _search_experiment(number: int, rng: np.random.Generator) -> Slide:
    place = _place(number)
    corpus, setting = str(rng.choice(_CORPORA)), str(rng.choice(_SETTINGS))
    thousands, share, milliseconds = (
        int(rng.integers(2, 90)) * 10,
        int(rng.integers(70, 99)),
        int(rng.integers(2, 80)),
    )
    queries = int(rng.integers(2, 30)) * 50
    narration = (
        f"The next experiment is known as {place}.",
        f"It holds {thousands} thousand {corpus}, and everything ran on {setting}.",
        f"We put {queries} questions to it, each of them written by hand.",
        f"The index answered within {milliseconds} milliseconds on average.",
        f"It found {share} percent of what an exhaustive search would have found.",
        f"The mistakes in {place} came mostly from names that were spelled in two ways.",
    )
    if number % 3 == 2:
        sizes = sorted(int(value) for value in rng.choice(np.arange(1, 60), 4, replace=False))
        rows = tuple(f"{size},000|0.{int(rng.integers(70, 99))}|{int(rng.integers(2, 90))} ms" for size in sizes)
        return Slide("table", f"{place}: Recall by Size", ("Documents|Recall|Latency", *rows), narration)
    bullets = (
        f"Collection: {thousands},000 {corpus}",
        f"Hardware: {setting}",
        f"{queries} questions written by hand",
        f"Mean latency {milliseconds} ms",
        f"Recall {share} %",
        "Errors: names spelled in two ways",
    )
    return Slide("bullets", f"Experiment {place}", bullets, narration, grows=number % 3 == 0)


LECTURES = (
    Lecture(
        "Animal Behaviour",
        _BEES_OPENING,
        _bee_study,
        never_said=("the engine of the ship broke down at sea", "please fasten your seat belts"),
        never_shown=('a slide titled "Volcanoes of Iceland"', 'the text "Quarterly Revenue"'),
    ),
    Lecture(
        "Information Systems",
        _SEARCH_OPENING,
        _search_experiment,
        never_said=("the patient was given two units of blood", "the train to Vienna leaves at noon"),
        never_shown=('a slide titled "Roman Aqueducts"', 'the text "Breakfast Menu"'),
    ),
)


def slides_of(lecture: Lecture, seed: int) -> Iterator[Slide]:
    """The lecture's slides without end: the opening, then drawn-up ones."""
    yield from lecture.opening
    rng = np.random.default_rng((seed, 4))
    number = 0
    while True:
        yield lecture.draw_up(number, rng)
        number += 1
