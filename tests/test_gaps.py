"""What was asked for and not decoded becomes gaps: no more, no less."""

from hypothesis import given
from hypothesis import strategies as some

from videoindex.perception.gaps import undecoded
from videoindex.types import Gap, Segment, Span

SEGMENT = Segment("v", "objects", Span(10.0, 20.0), (11.0, 12.0, 14.0, 17.0))


def test_a_gap_reaches_from_a_lost_instant_to_the_next_one_asked_for():
    (gap,) = undecoded(SEGMENT, {11.0, 14.0, 17.0})
    assert (gap.video_id, gap.observer, gap.span) == ("v", "objects", Span(12.0, 14.0))
    assert "decoded" in gap.reason


def test_neighbours_are_one_gap_and_the_last_reaches_to_the_end():
    spans = [gap.span for gap in undecoded(SEGMENT, {14.0})]
    assert spans == [Span(11.0, 14.0), Span(17.0, 20.0)]


def test_what_asks_for_nothing_lacks_nothing():
    assert undecoded(Segment("v", "speech", Span(0.0, 5.0)), ()) == ()


@given(some.sets(some.sampled_from(SEGMENT.at_s_T)))
def test_an_instant_lies_in_a_gap_exactly_when_it_was_lost(seen):
    gaps: tuple[Gap, ...] = undecoded(SEGMENT, seen)
    for at_s in SEGMENT.at_s_T:
        assert any(at_s in gap.span for gap in gaps) == (at_s not in seen)
