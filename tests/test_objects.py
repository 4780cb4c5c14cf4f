"""The observer on staged scenes whose times, sides and colours are known; the real detector, no file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from moving import HEIGHT_PX, WIDTH_PX, Actor, Stage, StageDecoder

from videoindex.errors import ConfigError
from videoindex.evaluation.cutouts import cut_out
from videoindex.perception.object_words import NOBODY
from videoindex.perception.objects import Objects, ObjectsSettings
from videoindex.types import Event, Observation, Span

MAN = cut_out("photographer", (190, 30, 30)).resized(300)
OFFICER = cut_out("officer", (30, 70, 190)).resized(280)
MOTORCYCLE = cut_out("motorcycle").resized(240)


def _observe(stage: Stage) -> list[Event]:
    observer = Objects(ObjectsSettings(), StageDecoder(stage))
    segments = observer.segments(stage.video, stage.scan())
    return [event for segment in segments for event in observer.observe(stage.video, segment).events]


def _visits(events: list[Event], word: str) -> list[Event]:
    return [event for event in events if word in event.text.split() and event.boxes]


@pytest.fixture(scope="module")
def walker() -> list[Event]:
    """Comes in from the left at 4 s, stands from 7 to 13 s, goes out at the right until 17 s."""
    path_px = (-float(MAN.rgb_HWC.shape[1]), 400.0, 400.0, float(WIDTH_PX))
    return _observe(Stage(21.0, (Actor(MAN, (4.0, 7.0, 13.0, 17.0), path_px),)))


def test_a_visit_is_one_event_with_its_times_sides_and_colours(walker: list[Event]) -> None:
    (visit,) = _visits(walker, "person")
    assert visit.span.start_s == pytest.approx(4.0, abs=0.6)
    assert visit.span.end_s == pytest.approx(17.0, abs=0.6)
    for words in (
        "a person",
        "red top",
        "enters from the left",
        "to the right",
        "stands still",
        "leaves at the right",
    ):
        assert words in visit.text
    assert visit.confidence >= 0.6
    assert visit.source == "objects"


def test_boxes_lie_on_the_walker(walker: list[Event]) -> None:
    (visit,) = _visits(walker, "person")
    assert 2 <= len(visit.boxes) <= 8
    for box in visit.boxes:
        assert box.at_s in visit.span
        assert 0 <= box.left_px < box.right_px <= WIDTH_PX
        assert 0 <= box.top_px < box.bottom_px <= HEIGHT_PX
    standing = [box for box in visit.boxes if 7.5 <= box.at_s <= 12.5]
    assert standing
    for box in standing:
        assert abs((box.left_px + box.right_px) / 2 - (400 + MAN.rgb_HWC.shape[1] / 2)) < 60


def test_nobody_is_in_view_before_and_after(walker: list[Event]) -> None:
    empty = [event.span for event in walker if event.text == NOBODY]
    assert [span.start_s for span in empty] == pytest.approx([0.0, 17.0], abs=0.6)
    assert [span.end_s for span in empty] == pytest.approx([4.0, 21.0], abs=0.6)


def test_two_at_once_are_counted() -> None:
    crossing = Actor(MAN, (2.0, 8.0), (-200.0, float(WIDTH_PX)))
    standing = Actor(OFFICER, (4.0, 6.0, 9.0, 10.5), (float(WIDTH_PX), 640.0, 640.0, float(WIDTH_PX)))
    events = _observe(Stage(12.0, (crossing, standing)))
    assert len(_visits(events, "person")) == 2
    (both,) = [event for event in events if event.text == "two people in view"]
    assert both.span.start_s == pytest.approx(4.3, abs=0.8)
    assert both.span.end_s == pytest.approx(7.8, abs=0.8)


def test_a_vehicle_drives_through_and_one_that_stays_is_one_event() -> None:
    (nobody, passing) = _observe(Stage(10.0, (Actor(MOTORCYCLE, (3.0, 7.0), (float(WIDTH_PX), -340.0)),)))
    assert (nobody.text, nobody.span) == (NOBODY, Span(0.0, 10.0))
    assert passing.text == "a red motorcycle enters from the right, rides to the left, leaves at the left"
    assert passing.span.start_s == pytest.approx(3.0, abs=0.7)
    assert passing.span.end_s == pytest.approx(7.0, abs=0.7)
    (parked,) = _visits(_observe(Stage(70.0, (Actor(MOTORCYCLE, (0.0, 1000.0), (300.0, 300.0)),))), "motorcycle")
    assert parked.text.endswith("motorcycle is parked")
    assert (parked.span.start_s, parked.span.end_s) == (0.0, 70.0)


def test_in_an_empty_room_with_lamps_and_noise_there_is_nobody() -> None:
    (event,) = _observe(Stage(20.0, lights=((5.0, 0.5), (9.0, 1.2), (13.0, 0.7))))
    assert (event.text, event.span) == (NOBODY, Span(0.0, 20.0))


def test_grey_pictures_have_no_colours() -> None:
    events = _observe(Stage(8.0, (Actor(MAN, (1.0, 7.0), (-200.0, float(WIDTH_PX))),), grey=True))
    (visit,) = _visits(events, "person")
    assert "wearing" not in visit.text


def test_instants_that_cannot_be_decoded_are_gaps() -> None:
    whole = Stage(12.0, (Actor(MAN, (1.0, 11.0), (-200.0, float(WIDTH_PX))),))
    damaged = Stage(12.0, whole.actors, lost=(Span(5.0, 6.0),))
    observer = Objects(ObjectsSettings(), StageDecoder(damaged))
    (segment,) = observer.segments(damaged.video, damaged.scan())
    (gap,) = observer.observe(damaged.video, segment).gaps
    assert (gap.span.start_s, gap.span.end_s) == (5.0, 6.0)
    assert gap.observer == "objects"


def test_observing_twice_in_threads_gives_equal_events() -> None:
    stage = Stage(6.0, (Actor(MAN, (1.0, 5.0), (-200.0, float(WIDTH_PX))),))
    observer = Objects(ObjectsSettings(), StageDecoder(stage))
    (segment,) = observer.segments(stage.video, stage.scan())

    def observe(_: int) -> Observation:
        return observer.observe(stage.video, segment)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(observe, range(2))
    assert one == other
    assert one.events


def test_settings_out_of_range_are_refused_and_change_the_fingerprint() -> None:
    with pytest.raises(ConfigError, match="longest_side_px"):
        ObjectsSettings(longest_side_px=10)
    with pytest.raises(ConfigError, match="threads"):
        ObjectsSettings(threads=0)
    decoder = StageDecoder(Stage(1.0))
    default, finer = Objects(ObjectsSettings(), decoder), Objects(ObjectsSettings(longest_side_px=1280), decoder)
    assert default.fingerprint != finer.fingerprint
    assert default.name == "objects"
    assert 0 < default.shortest_event_s < 2
