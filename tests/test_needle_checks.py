"""Signs that something is broken: each is silent over a sound run, and speaks over its fault."""

from __future__ import annotations

from needle_rows import control, missed, row

from videoindex.evaluation.needle_checks import checked
from videoindex.evaluation.trials import TrialRow

DEPTHS = (0.1, 0.3, 0.5, 0.7, 0.9)
OFFSETS = (-0.1, 0.05, 0.2, 0.0)


def sound() -> list[TrialRow]:
    """Twenty needles found to the second, and five controls that are left alone."""
    found = [
        row(n, depth=depth, offset_s=OFFSETS[n], is_on_mark=True, parity=("first", "second")[n % 2])
        for depth in DEPTHS
        for n in range(4)
    ]
    return [*found, *(control(n) for n in range(5))]


def warned(rows: list[TrialRow], planned: list[str] | None = None) -> str:
    return " | ".join(checked(rows, planned or [one.key for one in rows]))


def changed(rows: list[TrialRow], **changes: object) -> list[TrialRow]:
    return [row(n, **({"depth": one.depth} | changes)) for n, one in enumerate(rows) if one.task != "control"]


def test_a_sound_run_is_not_warned_of() -> None:
    assert warned(sound()) == ""


def test_trials_without_an_outcome_are_counted() -> None:
    rows = sound()
    assert "1 of 26 trials have no outcome (such as 10m/more)" in warned(
        rows, [*(r.key for r in rows), "10m/more"]
    )


def test_a_run_without_controls_is_warned_of() -> None:
    assert "no control was asked" in warned([one for one in sound() if one.task != "control"])


def test_controls_that_nobody_scored_are_warned_of() -> None:
    """A scorer that ignores controls: they were planned, and no outcome is left of them."""
    planned = [one.key for one in sound()]
    kept = [one for one in sound() if one.task != "control"]
    assert "5 controls were planned and none is scored" in warned(kept, planned)


def test_a_system_that_always_claims_a_find_is_warned_of() -> None:
    rows = [one for one in sound() if one.task != "control"]
    assert "claimed whether or not" in warned([*rows, *(control(n, false_find=True) for n in range(5))])


def test_a_shifted_clock_is_warned_of_and_scattered_times_are_not() -> None:
    shifted = [row(n, offset_s=offset_s + 1.0) for n, offset_s in enumerate(OFFSETS)]
    assert "late by 1.0" in warned([*shifted, control(0)])
    early = [row(n, offset_s=offset_s - 1.5) for n, offset_s in enumerate(OFFSETS)]
    assert "early by 1.4" in warned([*early, control(0)])
    wild = [row(n, offset_s=offset_s) for n, offset_s in enumerate((-9.0, 4.0, 30.0, -2.0, 12.0))]
    assert "clock" not in warned([*wild, control(0)])


def test_a_dropped_segment_is_warned_of_and_a_weak_run_is_not() -> None:
    lost = [missed(n, depth=one.depth) if one.depth == 0.5 else one for n, one in enumerate(sound())]
    assert "around 50% of the length" in warned(lost)
    weak = [missed(n, depth=one.depth) if n % 2 else one for n, one in enumerate(sound()) if one.depth]
    assert "segment" not in warned([*weak, control(0)])


def test_depths_of_one_arm_are_not_held_against_another() -> None:
    rows = [row(0, arm="index", depth=0.1), missed(0, arm="index", depth=0.5)]
    rows += [row(0, arm="ask", depth=0.1), missed(0, arm="ask", depth=0.5)]
    assert "segment" not in warned([*rows, control(0)])


def test_times_between_the_marks_are_warned_of() -> None:
    assert "off by one" in warned([*changed(sound(), is_on_mark=False), control(0)])


def test_a_parity_that_fails_is_warned_of() -> None:
    rows = [row(n, parity="first") for n in range(6)] + [missed(n, parity="second") for n in range(6)]
    assert "far more often on the first frame" in warned([*rows, control(0)])
