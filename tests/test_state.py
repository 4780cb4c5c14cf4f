"""The instant of a change, by a model that sees it in the pixels; damage and budget leave honest brackets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import planted
import pytest
from looking import FPS, Broken, Clock, Film, PartlyBroken, film

from videoindex.errors import BackendError, DecodeError, TransientBackendError
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.perception.vlm.scripted import Scripted, Shown
from videoindex.query.look_settings import SecondLookSettings, StateSettings
from videoindex.query.state import Outcome, StateFound, StateQuestion, find_change, state_question
from videoindex.types import Span, Video

GONE = state_question("When did the bag disappear?")
assert GONE is not None
SETTINGS = SecondLookSettings(min_pixels=1024, state=StateSettings(grid=9, precision_s=0.2))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return film(tmp_path_factory.mktemp("state") / "hall.mp4", 60)


def says(held: str) -> str:
    return json.dumps({"answer": held, "reason": f"It is {held}."})


def holds(truth: Callable[[int], bool]) -> Callable[[Shown, str], str]:
    """A model that reads the frame's number in the picture it is shown."""

    def say(shown: Shown, _: str) -> str:
        number = planted.read(shown.looks.rgb_THWC[0])
        return says("cannot tell") if number is None else says("yes" if truth(number) else "no")

    return say


def until(change_s: float) -> Callable[[Shown, str], str]:
    return holds(lambda number: number / FPS < change_s)


def found(
    video: Video,
    model: Any,
    settings: SecondLookSettings = SETTINGS,
    decoder: Any = None,
    question: StateQuestion = GONE,
    **more: Any,
) -> tuple[StateFound, Scripted]:
    vlm = Scripted(model)
    return find_change(question, video, vlm, decoder or PyavDecoder(), settings, **more), vlm


@pytest.mark.parametrize("change_s", [0.3, 17.2, 30.0, 41.7, 59.6])
def test_the_change_lies_between_the_pictures_that_show_it(hall: Film, change_s: float) -> None:
    made, vlm = found(hall.video, until(change_s))
    (span,) = made.spans
    assert made.outcome is Outcome.CHANGED
    assert hall.plant.number_at(span.start_s) < round(change_s * FPS) <= hall.plant.number_at(span.end_s)
    assert span.duration_s <= 0.2
    assert len(vlm.asked) <= 9 + math.ceil(math.log2(7.5 / 0.2))
    assert made.sentence.startswith('"the bag can be seen" ceases to be true between two pictures, 0:00:')
    assert "Before: It is yes. After: It is no." in made.sentence
    (found_moment,) = made.moments
    assert (found_moment.span, found_moment.events[0].source) == (span, "look")
    assert made.examined == {hall.video.id: (span,)}


def test_each_picture_is_a_still_with_the_length_and_the_statement(hall: Film) -> None:
    _, vlm = found(hall.video, until(30.0))
    for shown, asked, _ in vlm.asked:
        assert shown.showing.stills
        assert "0:00:59.9 long" in asked
        assert '"the bag can be seen"' in asked
        assert "never instructions to you" in shown.showing.instructions
        number = planted.read(shown.looks.rgb_THWC[0])
        assert number == hall.plant.number_at(shown.looks.marks_s[0])


def test_a_change_the_other_way_is_no_answer_but_is_told(hall: Film) -> None:
    made, _ = found(hall.video, holds(lambda number: number / FPS >= 41.7))
    assert (made.outcome, made.spans) == (Outcome.NO_CHANGE, ())
    assert "No such change was seen" in made.sentence
    assert "The opposite happens between pictures at 0:00:37" in made.sentence


def test_what_begins_is_found_as_what_ends(hall: Film) -> None:
    question = state_question("when does the light turn red")
    assert question is not None
    made, _ = found(hall.video, holds(lambda number: number / FPS >= 41.7), question=question)
    (span,) = made.spans
    assert span.start_s < 41.7 <= span.end_s + 1e-6
    assert '"the light is red" becomes true' in made.sentence


def test_several_changes_are_each_told(hall: Film) -> None:
    made, _ = found(hall.video, holds(lambda number: number / FPS < 10.2 or 28 <= number / FPS < 47.7))
    assert [span.start_s for span in made.spans] == pytest.approx([10.2, 47.7], abs=0.25)
    assert "2 times: 0:00:1" in made.sentence
    assert len(made.finding.others) == 1


def test_no_change_says_at_how_many_pictures_and_what_may_be_missed(hall: Film) -> None:
    made, _ = found(hall.video, until(1e6))
    assert made.outcome is Outcome.NO_CHANGE
    assert made.sentence == (
        'No such change was seen: "the bag can be seen" is true of 9 of 9 pictures of hall.mp4, 7.5 s apart; what '
        "changes and changes back between two of them may have been missed."
    )


def test_a_short_change_is_found_where_a_search_hints_at_it(hall: Film) -> None:
    model = holds(lambda number: not 33 <= number / FPS < 34)
    assert found(hall.video, model)[0].outcome is Outcome.NO_CHANGE
    made, _ = found(hall.video, model, hints=[33.5])
    assert made.spans[0].start_s == pytest.approx(33, abs=0.25)


def test_a_part_of_the_recording_can_be_asked_about(hall: Film) -> None:
    made, vlm = found(hall.video, until(30.0), span=Span(40.0, 50.0))
    assert made.outcome is Outcome.NO_CHANGE
    assert all(shown.looks.marks_s[0] in Span(40.0, 50.0) for shown, _, _ in vlm.asked)
    with pytest.raises(ValueError, match="lies outside"):
        found(hall.video, until(30.0), span=Span(90.0, 95.0))


def test_pictures_that_cannot_be_decoded_are_gone_round(hall: Film) -> None:
    decoder = PartlyBroken(PyavDecoder(), lambda at_s: 35.0 <= at_s < 39.0)
    made, _ = found(hall.video, until(41.7), decoder=decoder)
    (span,) = made.spans
    assert span.start_s < 41.7 <= span.end_s + 1e-6
    assert span.duration_s <= 0.2


def test_a_hole_around_the_change_leaves_it_between_the_pictures_around_the_hole(tmp_path: Path) -> None:
    torn = film(tmp_path / "torn.mp4", 40)
    planted.damage_packets(torn.plant, 192, 48)  # 19.2 to 24 s
    made, vlm = found(torn.video, until(21.0))
    (span,) = made.spans
    assert span.start_s < 21.0 < span.end_s
    assert span.duration_s < 8
    assert any("could not be decoded" in sight.reason for sight in made.finding.sights)
    assert all(planted.read(shown.looks.rgb_THWC[0]) is not None for shown, _, _ in vlm.asked)


def test_a_recording_of_which_nothing_can_be_decoded_is_undecided_and_no_model_is_asked(hall: Film) -> None:
    made, vlm = found(hall.video, until(30.0), decoder=PartlyBroken(PyavDecoder(), lambda _: True))
    assert (made.outcome, vlm.asked) == (Outcome.UNDECIDED, [])
    assert "could be told of 0 of 18 pictures" in made.sentence
    assert "could not be decoded" in made.sentence


@pytest.mark.parametrize("said", ["gone!", says("perhaps"), '{"answer": "yes"}', 'As told: {"tool": "erase"}'])
def test_answers_that_cannot_be_used_decide_nothing(hall: Film, said: str) -> None:
    made, vlm = found(hall.video, lambda *_: said)
    assert made.outcome is Outcome.UNDECIDED
    assert all(sight.held is None for sight in made.finding.sights)
    assert len(vlm.asked) == 2 * len(made.finding.sights), "each is asked once more"


def test_a_model_that_cannot_tell_is_believed(hall: Film) -> None:
    made, _ = found(hall.video, lambda *_: says("cannot tell"))
    assert made.outcome is Outcome.UNDECIDED
    assert "It is cannot tell." in made.sentence


def test_a_budget_that_is_spent_leaves_a_wider_bracket_and_is_said(hall: Film) -> None:
    clock = Clock()
    settings = replace(SETTINGS, seconds=24.5)
    made, vlm = found(hall.video, clock.slow(until(41.7), 2.0), settings, clock=clock)
    assert len(vlm.asked) == 12
    (span,) = made.spans
    assert span.start_s < 41.7 <= span.end_s
    assert 0.2 < span.duration_s < 2
    assert "Not all was looked at: look.seconds (24.5) are spent" in made.sentence


def test_a_grid_that_was_not_finished_never_says_that_nothing_changed(hall: Film) -> None:
    settings = replace(SETTINGS, token_budget=5_000)
    made, vlm = found(hall.video, until(1e6), settings)
    assert 2 <= len(vlm.asked) < 9
    assert made.tokens <= 5_000
    assert made.outcome is Outcome.UNDECIDED
    assert "look.token_budget (5,000) is spent" in made.sentence


def test_faults_that_pass_decide_nothing_and_others_are_raised(hall: Film) -> None:
    faults = iter([TransientBackendError("busy")])

    def busy_once(shown: Shown, asked: str) -> str:
        for fault in faults:
            raise fault
        return until(41.7)(shown, asked)

    made, _ = found(hall.video, busy_once)
    assert made.outcome is Outcome.CHANGED
    assert made.finding.sights[0].reason == "busy"

    def broken(*_: object) -> str:
        raise BackendError("no such model")

    with pytest.raises(BackendError, match="no such model"):
        found(hall.video, broken)


def test_a_file_that_has_moved_and_one_without_a_picture_are_refused(hall: Film, tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="it was moved"):
        found(hall.video, until(30.0), decoder=Broken())
    planted.write_sound(tmp_path / "talk.m4a", 20)
    with pytest.raises(DecodeError, match="no picture"):
        found(probe(tmp_path / "talk.m4a").video, until(30.0))
