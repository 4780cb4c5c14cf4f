"""Moments in relation to other events: interval arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.index.records import VideoRecord
from videoindex.query.relation_words import Edge, Relation
from videoindex.query.relations import around, close_anchors, pick, stretches
from videoindex.query.understand import Question, Which, understand
from videoindex.types import Event, Moment, Span, Video

NINE = datetime(2026, 3, 14, 9, tzinfo=UTC)


def record(name: str, camera: str | None = None, at: datetime | None = None) -> VideoRecord:
    video = Video(name, Path(f"/v/{name}.mp4"), Span(0.0, 3600.0), 640, 360, 25.0, True, at)
    return VideoRecord(video, camera, "key", NINE)


RECORDS = {
    "a": record("a"),
    "b": record("b"),
    "nine": record("nine", "yard", NINE),
    "ten": record("ten", "yard", NINE + timedelta(hours=1)),
}


def moment(start_s: float, end_s: float, video_id: str = "a", score: float = 0.9, text: str = "x") -> Moment:
    span = Span(start_s, end_s)
    event = Event.observed(video_id, span, f"{text} {start_s}", source="speech", model="m", confidence=0.9)
    return Moment(video_id, span, score, (event,))


def asked(relation: Relation, which: Which = Which.BEST, *, text: str = "whales") -> Question:
    return replace(understand(text), relation=relation, which=which)


def picked(
    relation: Relation,
    moments: list[Moment],
    anchors: list[list[Moment]],
    which: Which = Which.BEST,
    edges: tuple[Edge | None, ...] = (None, None),
) -> list[tuple[float, float]]:
    within = stretches(relation, anchors, edges, RECORDS)
    found = pick(asked(relation, which), moments, within, RECORDS)
    return [(one.moment.span.start_s, one.moment.span.end_s) for one in found]


SAID = [moment(0, 5), moment(10, 15), moment(20, 25), moment(30, 35)]
SLIDE = [moment(12, 22, text="slide")]


def test_after_is_what_comes_next() -> None:
    assert picked(Relation.AFTER, SAID, [SLIDE]) == [(30, 35)]
    assert picked(Relation.AFTER, SAID, [SLIDE], edges=(Edge.START,)) == [(20, 25)]
    assert picked(Relation.AFTER, SAID, [SLIDE], Which.EVERY, (Edge.START,)) == [(20, 25), (30, 35)]
    assert picked(Relation.AFTER, SAID, [SLIDE], Which.LAST, (Edge.START,)) == [(30, 35), (20, 25)]


def test_before_is_what_came_last() -> None:
    assert picked(Relation.BEFORE, SAID, [SLIDE]) == [(10, 15)]
    assert picked(Relation.BEFORE, SAID, [SLIDE], Which.FIRST) == [(0, 5), (10, 15)]
    assert picked(Relation.BEFORE, SAID, [SLIDE], edges=(Edge.END,)) == [(20, 25)]


def test_each_sighting_of_the_anchor_has_its_next_one() -> None:
    twice = [moment(6, 9, text="bell"), moment(26, 29, text="bell")]
    assert picked(Relation.AFTER, SAID, [twice]) == [(10, 15), (30, 35)]
    assert picked(Relation.AFTER, SAID, [twice], Which.FIRST) == [(10, 15), (30, 35)]
    assert picked(Relation.AFTER, SAID, [twice], Which.COUNT) == [(10, 15), (20, 25), (30, 35)]


def test_between_two_anchors_in_either_order() -> None:
    first, second = [moment(6, 8, text="dog")], [moment(28, 29, text="cat")]
    assert picked(Relation.BETWEEN, SAID, [first, second]) == [(10, 15), (20, 25)]
    assert picked(Relation.BETWEEN, SAID, [second, first]) == [(10, 15), (20, 25)]
    assert picked(Relation.BETWEEN, SAID, [first, [moment(9, 10, text="cat")]]) == []


def test_while_is_cut_to_what_both_have_in_common() -> None:
    assert picked(Relation.WHILE, SAID, [SLIDE]) == [(12, 15), (20, 22)]
    assert picked(Relation.WHILE, [moment(21.9, 30)], [SLIDE]) == []


def test_the_anchor_itself_is_no_answer() -> None:
    assert picked(Relation.AFTER, [*SAID, *SLIDE], [SLIDE], edges=(Edge.START,)) == [(20, 25)]


def test_other_recordings_are_on_another_axis_unless_the_camera_and_the_date_join_them() -> None:
    assert picked(Relation.AFTER, [moment(100, 110, "b")], [SLIDE]) == []
    motorcycle = [moment(3500, 3510, "nine", text="motorcycle")]
    later = moment(5, 20, "ten")
    assert picked(Relation.AFTER, [later], [motorcycle]) == [(5, 20)]
    assert picked(Relation.BEFORE, [later], [motorcycle]) == []


def test_who_leaves_is_placed_by_the_end() -> None:
    motorcycle = [moment(10, 15, text="motorcycle")]
    stays = moment(8, 30, text="person")
    within = stretches(Relation.AFTER, [motorcycle], (None,), RECORDS)
    leaves = understand("a person leaves after the motorcycle passes")
    comes = understand("a person comes in after the motorcycle passes")
    assert [one.moment for one in pick(leaves, [stays], within, RECORDS)] == [stays]
    assert pick(comes, [stays], within, RECORDS) == []


def test_anchors_are_the_sightings_about_as_sure_as_the_best() -> None:
    sure, also, other = moment(50, 51, score=0.95), moment(5, 6, score=0.9), moment(1, 2, score=0.6)
    assert close_anchors([sure, other, also], Which.BEST) == [also, sure]
    assert close_anchors([sure, other, also], Which.FIRST) == [also]
    assert close_anchors([sure, other, also], Which.LAST) == [sure]
    assert close_anchors([], Which.BEST) == []


@pytest.mark.parametrize(
    ("relation", "after_s", "before_s"), [(Relation.AFTER, 1999.5, 2900), (Relation.BEFORE, 599.5, 1500)]
)
def test_an_open_question_looks_near_the_anchor_only(relation: Relation, after_s: float, before_s: float) -> None:
    (only,) = around(stretches(relation, [[moment(1500, 2000)]], (None,), RECORDS), RECORDS)
    assert (only.video_ids, only.after_s, only.before_s) == (("a",), after_s, before_s)


spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=12, unique=True), st.lists(spans, min_size=1, max_size=4, unique=True))
def test_after_and_before_agree_with_the_plain_definition(
    rows: list[tuple[int, int]], anchor_rows: list[tuple[int, int]]
) -> None:
    moments = [moment(start, end) for start, end in rows]
    anchors = [moment(start, end, text="anchor") for start, end in anchor_rows]
    after = picked(Relation.AFTER, moments, [anchors], Which.EVERY)
    earliest_s = min(anchor.span.end_s for anchor in anchors)
    assert sorted(after) == sorted((s, e) for s, e in rows if s >= earliest_s - 0.5)
    before = picked(Relation.BEFORE, moments, [anchors], Which.EVERY)
    latest_s = max(anchor.span.start_s for anchor in anchors)
    assert sorted(before) == sorted((s, e) for s, e in rows if s < latest_s)
