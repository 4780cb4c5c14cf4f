"""Bisection over time: what a truthful model proves, whatever could not be decoded, in how many pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.look_answers import Held
from videoindex.query.look_settings import StateSettings
from videoindex.query.state_plan import Finding, Outcome, Sight, conclude, grid_instants, next_instants
from videoindex.types import Span

DAY = Span(0.0, 86_400.0)
SETTINGS = StateSettings()


def run(
    holds: Callable[[float], Held | None],
    span: Span = DAY,
    settings: StateSettings = SETTINGS,
    hints: Sequence[float] = (),
    *,
    becomes: bool = False,
) -> Finding:
    """Asks a model that answers ``holds`` until the plan wants no more."""
    grid = grid_instants(span, settings, hints)
    sights: list[Sight] = []
    while wanted := next_instants(grid, sights, settings, becomes=becomes):
        assert len(set(wanted)) == len(wanted)
        assert not set(wanted) & {sight.at_s for sight in sights}, "an instant was asked for twice"
        assert all(at_s in span for at_s in wanted)
        sights += [Sight(at_s, holds(at_s), "") for at_s in wanted]
        assert len(sights) <= settings.pictures
    return conclude(sights, becomes=becomes)


def until(change_s: float) -> Callable[[float], Held]:
    return lambda at_s: Held.YES if at_s < change_s else Held.NO


spans = st.builds(lambda a, d: Span(a, a + d), st.floats(0, 1e5), st.floats(0.3, 1e5))


@given(spans, st.floats(0, 1), st.integers(2, 40), st.floats(0.05, 30))
def test_one_change_lies_in_its_bracket_and_takes_a_grid_and_a_logarithm_of_pictures(
    span: Span, share: float, grid: int, precision_s: float
) -> None:
    settings = StateSettings(grid=grid, precision_s=precision_s, pictures=grid + 64)
    instants = grid_instants(span, settings)
    change_s = instants[0] + share * (instants[-1] - instants[0])
    found = run(until(change_s), span, settings)
    if not instants[0] < change_s:  # it never held
        assert (found.outcome, found.changes) == (Outcome.NO_CHANGE, ())
        return
    (change,) = found.changes
    assert found.outcome is Outcome.CHANGED
    assert change.before.at_s < change_s <= change.after.at_s
    assert change.span.duration_s <= precision_s
    step_s = (instants[-1] - instants[0]) / (len(instants) - 1)
    assert len(found.sights) <= len(instants) + max(0, math.ceil(math.log2(step_s / precision_s) - 1e-9))


def test_a_day_is_searched_to_half_a_second_with_few_pictures() -> None:
    found = run(until(51_234.5))
    assert found.changes[0].span.duration_s <= 0.5
    assert len(found.sights) == 17 + 14


@given(st.lists(st.integers(0, 15), unique=True, max_size=6).map(sorted))
def test_several_changes_between_pictures_of_the_grid_are_told_apart(steps: list[int]) -> None:
    """Each change lies in another stretch of the grid; every second one is back to what it was."""
    settings = StateSettings(pictures=200)
    grid = grid_instants(DAY, settings)
    changes_s = [grid[k] + 0.37 * (grid[k + 1] - grid[k]) for k in steps]

    def holds(at_s: float) -> Held:
        return Held.YES if sum(change_s <= at_s for change_s in changes_s) % 2 == 0 else Held.NO

    found = run(holds, settings=settings)
    assert len(found.changes) == len(changes_s[0::2])
    assert len(found.others) == len(changes_s[1::2])
    for change, change_s in zip(found.changes, changes_s[0::2], strict=True):
        assert change.before.at_s < change_s <= change.after.at_s
        assert change.span.duration_s <= settings.precision_s


@pytest.mark.parametrize("held", [Held.YES, Held.NO])
def test_no_change_is_no_change_and_takes_but_the_grid(held: Held) -> None:
    found = run(lambda _: held)
    assert (found.outcome, found.changes, found.others) == (Outcome.NO_CHANGE, (), ())
    assert len(found.sights) == 17


def test_only_the_change_that_was_asked_about_is_closed_in_on() -> None:
    found = run(until(51_234.5), becomes=True)
    assert (found.outcome, found.changes, len(found.sights)) == (Outcome.NO_CHANGE, (), 17)
    assert found.others[0].before.at_s < 51_234.5 <= found.others[0].after.at_s


@given(st.data(), spans, st.booleans())
def test_whatever_is_answered_it_ends_and_a_bracket_is_what_its_pictures_say(
    data: st.DataObject, span: Span, becomes: bool
) -> None:
    answers = data.draw(st.lists(st.sampled_from([*Held, None]), min_size=64, max_size=64))
    said = iter(answers)
    found = run(lambda _: next(said), span, becomes=becomes)
    before, after = (Held.NO, Held.YES) if becomes else (Held.YES, Held.NO)
    for change in found.changes:
        assert (change.before.held, change.after.held) == (before, after)
        between = [sight for sight in found.sights if change.span.start_s < sight.at_s < change.span.end_s]
        assert not any(sight.is_known for sight in between)
    assert found.outcome is not Outcome.CHANGED or found.changes


@given(st.floats(1_000, 85_000), st.floats(0, 1), st.floats(10, 20_000))
def test_a_stretch_that_cannot_be_decoded_is_gone_round_and_the_truth_stays_in_the_bracket(
    change_s: float, share: float, lost_s: float
) -> None:
    lost = Span(change_s - share * lost_s, change_s + (1 - share) * lost_s + 1)
    found = run(lambda at_s: None if at_s in lost else until(change_s)(at_s), settings=StateSettings(pictures=120))
    if found.outcome is Outcome.CHANGED:
        (change,) = found.changes
        assert change.before.at_s < change_s <= change.after.at_s


def test_an_instant_that_cannot_be_decoded_gives_way_to_its_neighbour() -> None:
    grid = grid_instants(DAY, SETTINGS)
    found = run(lambda at_s: None if at_s in grid[5:8] else until(51_234.5)(at_s))
    assert found.changes[0].span.duration_s <= 0.5
    tried = [sight.at_s for sight in found.sights if grid[5] < sight.at_s < grid[8]]
    assert len(tried) == 5, "two more of the grid, and a neighbour of each of the three"


def test_a_hole_around_the_change_leaves_a_wider_bracket_after_a_few_tries() -> None:
    found = run(lambda at_s: None if 51_000 <= at_s < 52_000 else until(51_234.5)(at_s))
    (change,) = found.changes
    assert change.before.at_s < 51_000
    assert change.after.at_s >= 52_000
    assert change.span.duration_s < 3_000
    between = [s for s in found.sights if change.span.start_s < s.at_s < change.span.end_s]
    assert len(between) == 6


@pytest.mark.parametrize("held", [None, Held.CANNOT_TELL])
def test_pictures_that_tell_nothing_leave_it_undecided(held: Held | None) -> None:
    found = run(lambda _: held)
    assert found.outcome is Outcome.UNDECIDED
    assert len(found.sights) == 34
    mostly = run(lambda at_s: Held.YES if at_s < 10_000 else held)
    assert mostly.outcome is Outcome.UNDECIDED


def test_what_is_too_short_for_the_grid_is_found_at_a_hint() -> None:
    def holds(at_s: float) -> Held:
        return Held.NO if 40_000 <= at_s < 40_003 else Held.YES

    assert run(holds).outcome is Outcome.NO_CHANGE
    found = run(holds, hints=[40_001.0, -5.0, 99_999_999.0])
    (change,) = found.changes
    assert change.before.at_s < 40_000 <= change.after.at_s


def test_the_pictures_are_never_more_than_the_settings_allow() -> None:
    settings = StateSettings(grid=17, pictures=20)
    found = run(until(51_234.5), settings=settings, hints=[100.0 * k for k in range(100)])
    assert len(found.sights) == 20


@given(spans, st.integers(2, 50), st.floats(0.05, 10))
def test_the_grid_reaches_from_the_first_picture_to_the_last(span: Span, grid: int, precision_s: float) -> None:
    settings = StateSettings(grid=grid, precision_s=precision_s, pictures=64)
    instants = grid_instants(span, settings)
    assert instants[0] == span.start_s
    assert span.end_s - precision_s <= instants[-1] < span.end_s
    assert 2 <= len(instants) <= grid
