"""What the lectures say and show: well formed, without end, and never what the truth calls a negative."""

from __future__ import annotations

from itertools import islice

import pytest

from videoindex.evaluation.lecture_content import LECTURES, Lecture, Slide, slides_of


def slides(lecture: Lecture, seed: int, count: int = 100) -> list[Slide]:
    return list(islice(slides_of(lecture, seed), count))


def test_titles_of_a_long_lecture_differ() -> None:
    for lecture in LECTURES:
        assert len({slide.title for slide in slides(lecture, 3, 120)}) == 120


def test_what_never_comes_up_is_neither_said_nor_shown() -> None:
    for lecture in LECTURES:
        given = slides(lecture, 0)
        said = " ".join(text for slide in given for text in slide.narration).lower()
        shown = " ".join(text for slide in given for text in (slide.title, *slide.lines))
        assert not any(never.lower() in said for never in lecture.never_said)
        assert not any(never.split('"')[1] in shown for never in lecture.never_shown)


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.course)
def test_every_slide_can_be_shown_and_spoken(lecture: Lecture) -> None:
    for slide in slides(lecture, 1):
        assert slide.title.strip()
        assert slide.narration
        assert all(text.strip().endswith((".", "?", "!")) for text in slide.narration)
        if slide.grows:
            assert len(slide.lines) == len(slide.narration)
        if slide.layout == "table":
            assert len({line.count("|") for line in slide.lines}) == 1


def test_equal_seeds_draw_up_equal_slides_and_others_other_ones_after_the_same_opening() -> None:
    for lecture in LECTURES:
        first, again, other = slides(lecture, 0, 20), slides(lecture, 0, 20), slides(lecture, 2, 20)
        opening = len(lecture.opening)
        assert first == again
        assert first[:opening] == other[:opening] == list(lecture.opening)
        assert all(one != two for one, two in zip(first[opening:], other[opening:], strict=True))
