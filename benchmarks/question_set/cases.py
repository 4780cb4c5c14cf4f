"""Questions drawn from the truth, each with the windows that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

import numpy as np

from question_set.truth import CameraTruth, LectureTruth
from question_set.wordings import DEVELOPED, HELD_OUT, NEVER
from videoindex.query.match import stem, tokens
from videoindex.query.words import STOP_WORDS
from videoindex.types import Span

_WORDS_A_LECTURE = 6
_SENTENCES_A_LECTURE = 3
_LOOKS_A_CAMERA = 5
_BEYOND = "astronaut"
"""No class of the object detector: the answer says that it cannot be checked, so it is not asked for here."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question and its truth.

    ``video`` is the file that the windows lie in; where ``is_filtered`` the question is put to that file alone.
    ``scoring``: ``first`` (the first moment must be right), ``any`` (it must be in one of the windows), ``all``
    (each window, nothing else), ``count`` (as many as windows), ``length`` (their sum), ``reads`` (a moment in a
    window must read ``reads``), ``none``. Moments in ``optional`` windows (a sentence that reaches a little into
    the time asked about) are neither wanted nor false. ``every`` asks for all, whatever the words say.
    """

    kind: str
    medium: str
    text: str
    windows: tuple[Span, ...]
    scoring: str
    is_held_out: bool
    video: str = ""
    is_filtered: bool = True
    reads: str = ""
    optional: tuple[Span, ...] = ()
    every: bool = False


class Drawer:
    """Makes cases in every wording in turn, of both sets."""

    def __init__(self) -> None:
        self._turn: dict[tuple[str, str, bool], int] = {}

    def draw(
        self,
        kind: str,
        medium: str,
        windows: Sequence[Span],
        scoring: str,
        *,
        video: str,
        is_filtered: bool = True,
        reads: str = "",
        optional: Sequence[Span] = (),
        **subjects: str,
    ) -> Iterator[Case]:
        """One question of each set about the same truth."""
        for is_held_out, wordings in ((False, DEVELOPED), (True, HELD_OUT)):
            choices = wordings[kind, medium]
            turn = self._turn.get((kind, medium, is_held_out), 0)
            self._turn[kind, medium, is_held_out] = turn + 1
            text = choices[turn % len(choices)].format(**subjects)
            yield Case(
                kind,
                medium,
                text,
                tuple(windows),
                scoring,
                is_held_out,
                video,
                is_filtered,
                reads,
                tuple(optional),
            )


def cases_of(lectures: Sequence[LectureTruth], cameras: Sequence[CameraTruth], seed: int) -> list[Case]:
    """All questions, the same for the same seed."""
    rng = np.random.default_rng(seed)
    drawer = Drawer()
    cases: list[Case] = []
    for lecture in lectures:
        cases += _slides(lecture, drawer, rng)
        cases += _sentences(lecture, drawer, rng)
        cases += _spoken_words(lecture, drawer, rng)
        cases += _around_slides(lecture, drawer, rng)
        cases += _between_minutes(lecture, drawer)
    for camera in cameras:
        cases += _visits(camera, drawer, rng)
        cases += _visits_around(camera, drawer)
        cases += _wall_clock(camera, drawer)
    cases += _named_places(lectures, cameras, drawer)
    return [*cases, *_never(lectures, cameras)]


def _is_doubtful(look: str) -> bool:
    """Looks that several visitors answer to, or that no observer of the embedded default can name."""
    return "dark" in look or _BEYOND in look


def _some(rng: np.random.Generator, count: int, at_most: int) -> list[int]:
    return sorted(int(i) for i in rng.choice(count, min(count, at_most), replace=False))


def _slides(lecture: LectureTruth, drawer: Drawer, rng: np.random.Generator) -> Iterator[Case]:
    showings = lecture.timeline.showings
    for i in _some(rng, len(showings), 4):
        title, span = showings[i].slide.title, [showings[i].span]
        yield from drawer.draw("when", "text", span, "first", video=lecture.video, x=title)
        yield from drawer.draw("how long", "text", span, "length", video=lecture.video, x=title)
    for i in _some(rng, len(showings), 2):
        title, span = showings[i].slide.title, [showings[i].span]
        yield from drawer.draw("first", "text", span, "first", video=lecture.video, x=title)
        yield from drawer.draw("last", "text", span, "first", video=lecture.video, x=title)


def _sentences(lecture: LectureTruth, drawer: Drawer, rng: np.random.Generator) -> Iterator[Case]:
    said = [one for showing in lecture.timeline.showings for one in showing.sentences]
    long = [one for one in said if len(tokens(one.text)) >= 6]
    for i in _some(rng, len(long), _SENTENCES_A_LECTURE):
        sentence = _quoted(long[i].text)
        yield from drawer.draw("when", "speech", [long[i].span], "first", video=lecture.video, x=sentence)


def _quoted(text: str) -> str:
    bare = text.rstrip(".?!")
    return bare[0].lower() + bare[1:]


def _spoken_words(lecture: LectureTruth, drawer: Drawer, rng: np.random.Generator) -> Iterator[Case]:
    """Words that two to six sentences hold, in one form or with a plural s."""
    holding: dict[str, list[Span]] = {}
    for showing in lecture.timeline.showings:
        for one in showing.sentences:
            for word in {token.removesuffix("s") for token in tokens(one.text)}:
                holding.setdefault(word, []).append(one.span)
    words = sorted(
        word
        for word, spans in holding.items()
        if 2 <= len(spans) <= 6
        and len(word) >= 4
        and word.isalpha()
        and not {word, word + "s"} & STOP_WORDS
        # "dance" beside "dancing", "flower" beside "sunflower": whether these count is anybody's guess.
        and not any(other != word and (word in other or stem(word) == stem(other)) for other in holding)
    )
    for i in _some(rng, len(words), _WORDS_A_LECTURE):
        spans, video = sorted(holding[words[i]]), lecture.video
        yield from drawer.draw("every", "speech", spans, "all", video=video, x=words[i])
        yield from drawer.draw("count", "speech", spans, "count", video=video, x=words[i])
        yield from drawer.draw("first", "speech", spans[:1], "first", video=video, x=words[i])
        yield from drawer.draw("last", "speech", spans[-1:], "first", video=video, x=words[i])


def _around_slides(lecture: LectureTruth, drawer: Drawer, rng: np.random.Generator) -> Iterator[Case]:
    """What is said after, before, between and during slides, and what is shown after and during sentences."""
    showings, video = lecture.timeline.showings, lecture.video
    for i in _some(rng, len(showings) - 2, 2):
        before, here, after = showings[i : i + 3]
        title, last = here.slide.title, here.sentences[-1]
        said = [one.span for one in here.sentences]
        yield from drawer.draw("after", "speech", said[:1], "first", video=video, y=title)
        earlier = [before.sentences[-1].span]
        yield from drawer.draw("before", "speech", earlier, "first", video=video, y=title)
        yield from drawer.draw(
            "after", "text", [after.span], "reads", video=video, reads=after.slide.title, y=_quoted(last.text)
        )
        yield from drawer.draw(
            "while", "text", [last.span], "reads", video=video, reads=title, y=_quoted(last.text)
        )
        yield from drawer.draw("while", "speech", said, "all", video=video, y=title)
        for case in drawer.draw(
            "between events", "speech", said, "all", video=video, y=before.slide.title, z=after.slide.title
        ):
            from_start = "appeared" in case.text
            more = tuple(one.span for one in before.sentences) if from_start else ()
            yield Case(case.kind, case.medium, case.text, more + case.windows, "all", case.is_held_out, video)


def _between_minutes(lecture: LectureTruth, drawer: Drawer) -> Iterator[Case]:
    said = [one.span for showing in lecture.timeline.showings for one in showing.sentences]
    for start_s, end_s, y, z in ((30, 55, "0:30", "0:55"), (60, 80, "1:00", "1:20")):
        within = [span for span in said if span.intersect(Span(start_s, end_s))]
        whole = [span for span in within if span.start_s >= start_s and span.end_s <= end_s]
        partly = [span for span in within if span not in whole]
        yield from drawer.draw(
            "between times", "speech", whole, "all", video=lecture.video, optional=partly, y=y, z=z
        )


def _visits(camera: CameraTruth, drawer: Drawer, rng: np.random.Generator) -> Iterator[Case]:
    video = camera.video
    looks = [look for look in camera.looks if not _is_doubtful(look)]
    for i in _some(rng, len(looks), _LOOKS_A_CAMERA):
        yield from drawer.draw("when", "objects", camera.looks[looks[i]][:1], "first", video=video, x=looks[i])
        yield from drawer.draw("how long", "objects", camera.looks[looks[i]], "length", video=video, x=looks[i])
    for x in ("a person", "somebody", "a motorcycle"):
        spans = list(camera.visits("motorcycle" if "cycle" in x else "person"))
        for kind, windows, scoring in (
            ("every", spans, "all"),
            ("every", spans, "all"),
            ("count", spans, "count"),
            ("first", spans[:1], "first"),
            ("last", spans[-1:], "first"),
        ):
            yield from drawer.draw(kind, "objects", windows, scoring, video=video, x=x)


def _visits_around(camera: CameraTruth, drawer: Drawer) -> Iterator[Case]:
    people, video = camera.visits("person"), camera.video
    anchors = {look: spans for look, spans in camera.looks.items() if not _is_doubtful(look)}
    for look, spans in anchors.items():
        anchor = "the " + look.split(" ", 1)[1]
        later = [span for span in people if span.start_s >= spans[0].end_s]
        earlier = [span for span in people if span.end_s <= spans[0].start_s]
        if later:
            yield from drawer.draw("after", "objects", later[:1], "first", video=video, x="a person", y=anchor)
        if earlier:
            yield from drawer.draw("before", "objects", earlier[-1:], "first", video=video, x="a person", y=anchor)
    ordered = sorted(anchors.items(), key=lambda item: item[1][0])
    for first, second in combinations(ordered, 2):
        within = Span(first[1][0].end_s, second[1][0].start_s)
        found = [span for span in people if within.intersect(span) == span]
        y, z = ("the " + one[0].split(" ", 1)[1] for one in (first, second))
        if found:
            yield from drawer.draw(
                "between events", "objects", found[:1], "first", video=video, x="a person", y=y, z=z
            )


def _wall_clock(camera: CameraTruth, drawer: Drawer) -> Iterator[Case]:
    people = camera.visits("person")
    for start_s, end_s in ((10, 50), (50, 80), (1, 60)):
        y, z = ((camera.starts_at + timedelta(seconds=at_s)) for at_s in (start_s, end_s))
        within = [span for span in people if span.intersect(Span(start_s, end_s))]
        yield from drawer.draw(
            "between times",
            "objects",
            within,
            "first",
            video=camera.video,
            is_filtered=False,
            x="a person",
            y=f"{y:%H:%M:%S}",
            z=f"{z:%H:%M:%S}"
            + ("" if start_s == 10 else f" on {z.day} {z:%B}" if start_s == 50 else f" on {z:%A}"),
        )


def _named_places(
    lectures: Sequence[LectureTruth], cameras: Sequence[CameraTruth], drawer: Drawer
) -> Iterator[Case]:
    for camera in cameras:
        for x, noun in (
            ("a motorcycle", "motorcycle"),
            ("somebody", "person"),
            ("a red motorcycle", "motorcycle"),
        ):
            spans = camera.looks["a red motorcycle"] if "red" in x else camera.visits(noun)
            yield from drawer.draw(
                "on a camera",
                "objects",
                spans,
                "first" if noun == "person" else "all",
                video=camera.video,
                is_filtered=False,
                x=x,
                y=camera.camera,
            )
    for lecture in lectures:
        for showing in lecture.timeline.showings[1:3]:
            yield from drawer.draw(
                "in a video",
                "text",
                [showing.span],
                "first",
                video=lecture.video,
                is_filtered=False,
                x=showing.slide.title,
                y=lecture.video,
            )


def _never(lectures: Sequence[LectureTruth], cameras: Sequence[CameraTruth]) -> Iterator[Case]:
    """What happens nowhere, put to the whole index; and what never follows, put to one camera."""
    for set_name, wordings in (("developed", DEVELOPED), ("held out", HELD_OUT)):
        is_held_out = set_name == "held out"
        for medium in ("text", "speech", "objects"):
            choices = wordings["never", medium]
            for number, x in enumerate(NEVER[set_name, medium]):
                for text in (choices[number % len(choices)], choices[(number + 1) % len(choices)]):
                    yield Case("never", medium, text.format(x=x), (), "none", is_held_out, "", False)
        for camera in cameras:
            for text in wordings["never", "after"]:
                yield from _nothing_follows(camera, text, is_held_out)


def _nothing_follows(camera: CameraTruth, text: str, is_held_out: bool) -> Iterator[Case]:
    """Nobody comes after the last visitor, no motorcycle after the last one, where its looks tell which it is."""
    cycles = [look for look in camera.looks if "motorcycle" in look]
    for x, looks in (("somebody", list(camera.looks)), ("a motorcycle", cycles)):
        last = max(looks, key=lambda look: camera.looks[look][-1])
        if not _is_doubtful(last):
            asked = text.format(x=x, y="the " + last.split(" ", 1)[1])
            yield Case("never", "objects", asked, (), "none", is_held_out, camera.video)
