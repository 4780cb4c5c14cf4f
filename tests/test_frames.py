"""Pictures that look like the question suggest where to look, and never answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_samples import record
from numpy.typing import NDArray
from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.index.frame_work import FRAMES
from videoindex.index.records import Filters, FrameHit, VideoRecord
from videoindex.query.ask import ask
from videoindex.query.frames import (
    Likeness,
    PictureSearch,
    can_be_seen,
    likeness_text,
    merge_hits,
    propose_from_pictures,
)
from videoindex.query.render import answer_text, ask_json, search_text
from videoindex.query.scope import Scope
from videoindex.query.search import search
from videoindex.query.understand import understand
from videoindex.types import Span

YARD = Corpus("yard", 600.0, [("speech", 10.0, 12.5, "Good evening, here is the news.")], [])
NO_FILTERS = Filters()


def hit(start_s: float, cosine: float, video_id: str = "yard", length_s: float = 2.0) -> FrameHit:
    return FrameHit(video_id, Span(start_s, start_s + length_s), cosine)


class Pictures:
    """An index whose pictures are given; remembers the filters it was asked with."""

    def __init__(self, hits: Sequence[FrameHit], made_by: str | None = "clip-1") -> None:
        self.hits, self.pictures_by = list(hits), made_by
        self.asked: list[Filters] = []

    def pictured_ids(self) -> frozenset[str]:
        return frozenset(one.video_id for one in self.hits)

    def pictures(
        self, vector_D: NDArray[np.float32], filters: Filters = NO_FILTERS, *, limit: int = 200
    ) -> list[FrameHit]:
        self.asked.append(filters)
        return sorted(self.hits, key=lambda one: -one.cosine)[:limit]


class Asks:
    """Remembers what it was asked to find."""

    fingerprint = "clip-1"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_query(self, text: str) -> NDArray[np.float32]:
        self.texts.append(text)
        return np.ones(3, np.float32)


def yard_index() -> MemoryIndex:
    index = MemoryIndex()
    index.add(YARD)
    return index


def test_neighbours_that_reach_half_the_height_are_one_stretch() -> None:
    heights = [0.1, 0.1, 0.5, 0.9, 0.8, 0.1, 0.1]
    assert merge_hits([hit(2.0 * i, height) for i, height in enumerate(heights)]) == [
        Likeness("yard", Span(4.0, 10.0), 6.0, 0.9)
    ]


def test_two_peaks_are_two_and_slopes_are_none() -> None:
    heights = [0.1, 0.9, 0.45, 0.1, 0.1, 0.8, 0.44, 0.1]
    found = merge_hits([hit(2.0 * i, height) for i, height in enumerate(heights)])
    assert [(one.span, one.at_s) for one in found] == [(Span(2.0, 4.0), 2.0), (Span(10.0, 12.0), 10.0)]


def test_peaks_below_half_of_the_best_are_left_out() -> None:
    heights = [0.0, 1.0, 0.0, 0.0, 0.4, 0.0]
    assert [one.at_s for one in merge_hits([hit(2.0 * i, height) for i, height in enumerate(heights)])] == [2.0]


def test_pictures_with_a_hole_between_them_and_those_of_other_videos_stay_apart() -> None:
    hits = [hit(0.0, 0.9), hit(2.0, 0.9), hit(10.0, 0.9), hit(2.0, 0.9, "other"), hit(40.0, 0.1)]
    assert [(one.video_id, one.span) for one in merge_hits(hits)] == [
        ("other", Span(2.0, 4.0)),
        ("yard", Span(0.0, 4.0)),
        ("yard", Span(10.0, 12.0)),
    ]


def test_one_picture_and_pictures_all_alike_are_one_stretch() -> None:
    assert merge_hits([]) == []
    assert merge_hits([hit(4.0, 0.3)]) == [Likeness("yard", Span(4.0, 6.0), 4.0, 0.3)]
    assert merge_hits([hit(2.0 * i, 0.3) for i in range(5)]) == [Likeness("yard", Span(0.0, 10.0), 0.0, 0.3)]


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(-1.0, 1.0), st.sampled_from("ab")), max_size=40))
def test_stretches_never_overlap_and_the_best_picture_is_always_told(rows: list[tuple[int, float, str]]) -> None:
    hits = {(video_id, at): hit(2.0 * at, cosine, video_id) for at, cosine, video_id in rows}
    found = merge_hits(list(hits.values()))
    assert bool(found) == bool(hits)
    assert [one.cosine for one in found] == sorted((one.cosine for one in found), reverse=True)
    assert all(one.at_s in one.span for one in found)
    if hits:
        assert found[0].cosine == max(one.cosine for one in hits.values())
    for number, one in enumerate(found):
        for other in found[:number]:
            assert one.video_id != other.video_id or one.span.intersect(other.span) is None


@pytest.mark.parametrize(
    ("question", "seen"),
    [
        ("when does a red car enter?", True),
        ("a dog", True),
        ("when does the screen turn red", True),
        ('the slide titled "Outlook"', False),
        ("when is revenue mentioned?", False),
        ("what is said after 0:10", False),
    ],
)
def test_only_what_a_picture_can_show_is_looked_for(question: str, seen: bool) -> None:
    assert can_be_seen(understand(question), NO_FILTERS) == seen


def test_the_user_s_choice_of_observers_is_kept() -> None:
    question = understand("a red car")
    assert not can_be_seen(question, Filters(sources=("speech",)))
    assert can_be_seen(question, Filters(sources=("speech", "objects")))


def held() -> dict[str, VideoRecord]:
    return {one.video.id: one for one in (record("yard"), record("hall"))}


def test_pictures_are_asked_for_what_the_question_names_under_each_filter_without_observers() -> None:
    index, asks = Pictures([hit(4.0, 0.3), hit(4.0, 0.9, "unknown"), hit(9.0, 0.1, "hall")]), Asks()
    filters = (Filters(after_s=1.0, sources=("objects",)), Filters(after_s=3.0))
    found, notes = PictureSearch(index, asks).like(
        understand("when does a dog appear"), Scope(held(), filters), NO_FILTERS, 5
    )
    assert asks.texts == ["a dog appear"]
    assert index.asked == [Filters(after_s=1.0), Filters(after_s=3.0)]
    assert [(one.video_id, one.at_s) for one in found] == [("yard", 4.0)]
    assert notes == ()


def test_at_most_so_many_are_told_best_first() -> None:
    index = Pictures([hit(20.0 * i, 0.9 - 0.01 * i) for i in range(8)] + [hit(0.0, -0.9, "hall")])
    found, _ = PictureSearch(index, Asks()).like(understand("a dog"), Scope(held(), (NO_FILTERS,)), NO_FILTERS, 3)
    assert [one.at_s for one in found] == [0.0, 20.0, 40.0]


def test_pictures_of_another_model_are_said_and_not_searched() -> None:
    index, asks = Pictures([hit(0.0, 0.9)], made_by="clip-0"), Asks()
    found, notes = PictureSearch(index, asks).like(
        understand("a dog"), Scope(held(), (NO_FILTERS,)), NO_FILTERS, 5
    )
    assert (found, asks.texts, index.asked) == ((), [], [])
    assert notes == (
        "The index's pictures were embedded by clip-0, not by clip-1: `videoindex index` on the recordings embeds "
        "them anew, and nothing else.",
    )


@pytest.mark.parametrize(
    ("hits", "made_by", "said"), [([], None, "2 of 2"), ([hit(0.0, 0.5)], "clip-1", "1 of 2")]
)
def test_recordings_without_pictures_are_said(hits: list[FrameHit], made_by: str | None, said: str) -> None:
    search_in = PictureSearch(Pictures(hits, made_by), Asks())
    found, notes = search_in.like(understand("a dog"), Scope(held(), (NO_FILTERS,)), NO_FILTERS, 5)
    assert len(found) == len(hits)
    assert notes == (
        f"The index holds no pictures of {said} recordings: `videoindex index` on them adds these, and nothing "
        "else.",
    )


def test_likeness_alone_never_turns_not_found_into_found() -> None:
    pictures = PictureSearch(Pictures([hit(100.0, 0.999), hit(0.0, -0.9)]), Asks())
    plain, shown = (
        ask(yard_index(), NoMeaning(), "when does a dragon appear?", pictures=one) for one in (None, pictures)
    )
    assert not plain.answer.found
    assert not shown.answer.found
    assert shown.answer == plain.answer
    (one,) = shown.result.suggested
    assert one.at_s == 100.0
    text = answer_text(shown)
    assert text.startswith("Not found")
    assert "likeness is no proof" in text
    assert ask_json(shown)["suggested"] == [
        {
            "video_id": "yard",
            "path": "/videos/yard.mp4",
            "start_s": 100.0,
            "end_s": 102.0,
            "at_s": 100.0,
            "likeness": 0.999,
        }
    ]


def test_pictures_change_no_moment_that_was_found() -> None:
    pictures = PictureSearch(Pictures([hit(100.0, 0.999)]), Asks())
    plain, shown = (search(yard_index(), NoMeaning(), "the news", pictures=one) for one in (None, pictures))
    assert plain.moments
    assert shown.moments == plain.moments
    assert search_text(shown, "").endswith("likeness 0.999")


def test_a_search_that_finds_nothing_still_says_its_notes_and_its_pictures() -> None:
    pictures = PictureSearch(Pictures([hit(100.0, 0.5)], made_by="clip-0"), Asks())
    result = search(yard_index(), NoMeaning(), "a dragon", pictures=pictures)
    assert search_text(result, "Nothing.").splitlines()[0] == "Nothing."
    assert "embedded by clip-0" in search_text(result, "Nothing.")


def test_an_empty_index_asks_no_model() -> None:
    asks = Asks()
    result = search(MemoryIndex(), NoMeaning(), "a dragon", pictures=PictureSearch(Pictures([]), asks))
    assert (result.suggested, result.notes, asks.texts) == ((), (), [])


def test_the_second_look_begins_with_the_best_pictures_and_says_what_they_are() -> None:
    like = [Likeness("yard", Span(0.0, 60.0), 20.0, 0.4), Likeness("yard", Span(90.0, 91.0), 90.0, -0.2)]
    first, second = propose_from_pictures(like, "clip-1", 4.0, 5)
    assert (first.span, first.score) == (Span(20.0, 24.0), 0.4)
    assert (second.span, second.score) == (Span(90.0, 91.0), 0.0)
    (event,) = first.events
    assert (event.text, event.source, event.model) == ("picture most like the question", FRAMES, "clip-1")
    assert event.verified is None
    assert propose_from_pictures(like, "clip-1", 4.0, 1) == (first,)


def test_text_for_a_person_has_a_line_for_each_picture() -> None:
    found = [Likeness("yard", Span(100.0, 104.0), 102.0, 0.25)]
    lines = likeness_text(found, {"yard": replace(record("yard"), camera="x")}).splitlines()
    assert lines[1].strip() == "0:01:40.0-0:01:44.0  yard.mp4  likeness 0.250"
    assert likeness_text([], {}) == ""
