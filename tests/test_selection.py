"""The plan of what to decode, against a plain statement of what is on display."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from videoindex.media.decoders.selection import Assigner, Part, PartLimits, PartMaker, Pick, to_ticks

END = 10_000


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[int, bool]]:
    """Packets in decode order, (stamp, is key): groups whose pictures are reordered, some ahead of their key."""
    packets: list[tuple[int, bool]] = []
    stamp = draw(st.integers(0, 50))
    for _ in range(draw(st.integers(1, 5))):
        mini_groups = draw(st.lists(st.integers(0, 3), min_size=1, max_size=12))
        leads = draw(st.integers(0, 3)) if packets else 0
        for number, b_pictures in enumerate([leads, *mini_groups]):
            steps = draw(st.lists(st.integers(1, 60), min_size=b_pictures + 1, max_size=b_pictures + 1))
            stamps = [stamp + sum(steps[: i + 1]) for i in range(len(steps))]
            packets.append((stamps[-1], number == 0))
            packets += [(s, False) for s in stamps[:-1]]
            stamp = stamps[-1]
    return packets


def _picks(packets: list[tuple[int, bool]], asked: list[int]) -> list[Pick[int]]:
    assigner: Assigner[int] = Assigner(asked, END, from_start=True)
    picks = [p for n, (pts, key) in enumerate(packets) for p in assigner.push(n, pts, key, 100)]
    return picks + assigner.finish()


asked_lists = st.lists(st.integers(0, 4000), unique=True, max_size=40).map(sorted)


@given(streams(), asked_lists)
def test_each_instant_goes_to_the_last_picture_not_after_it(
    packets: list[tuple[int, bool]], asked: list[int]
) -> None:
    picks = _picks(packets, asked)
    assert [pick.packet for pick in picks] == list(range(len(packets)))
    given_to = {i: pick.pts for pick in picks for i in pick.asked}
    stamps = sorted(pts for pts, _ in packets)
    truth = {i: max((s for s in stamps if s <= at), default=stamps[0]) for i, at in enumerate(asked)}
    assert given_to == truth
    assert sum(len(pick.asked) for pick in picks) == len(asked)


@given(streams(), asked_lists, st.integers(2, 9), st.integers(1, 4))
def test_parts_hold_all_that_wanted_pictures_need(
    packets: list[tuple[int, bool]], asked: list[int], most_packets: int, most_wanted: int
) -> None:
    maker: PartMaker[int] = PartMaker(PartLimits(packets=most_packets, wanted=most_wanted))
    picks = _picks(packets, asked)
    parts = [part for pick in picks for part in maker.push(pick)] + maker.finish()
    wanted = sorted(i for part in parts for pick in part.picks for i in pick.asked)
    assert wanted == list(range(len(asked)))
    _check_groups(parts)
    for group in {part.group for part in parts}:
        held = [pick for part in parts if part.group == group for pick in part.picks]
        assert held[0].is_key
        # From the key on nothing is missing but the leading pictures of that key, which the group before decodes.
        numbers = [pick.packet for pick in held]
        for a, b in pairwise(numbers):
            assert all(packets[n][0] < packets[numbers[0]][0] for n in range(a + 1, b))


def _check_groups(parts: list[Part[int]]) -> None:
    open_group: int | None = None
    for part in parts:
        assert part.opens == (open_group is None)
        assert open_group in (None, part.group)
        open_group = None if part.closes else part.group
    assert open_group is None
    assert [part.group for part in parts] == sorted(part.group for part in parts)


def test_groups_without_a_wanted_picture_are_left_out() -> None:
    packets = [(n * 10, n % 10 == 0) for n in range(100)]
    maker: PartMaker[int] = PartMaker(PartLimits())
    parts = [part for pick in _picks(packets, [125, 735]) for part in maker.push(pick)] + maker.finish()
    assert [[pick.packet for pick in part.picks] for part in parts] == [[10, 11, 12], [70, 71, 72, 73]]


def test_one_group_never_begins_anew() -> None:
    packets = [(n * 10, n % 10 == 0) for n in range(40)]
    maker: PartMaker[int] = PartMaker(PartLimits(), is_one_group=True)
    parts = [part for pick in _picks(packets, [125]) for part in maker.push(pick)] + maker.finish()
    assert [pick.packet for part in parts for pick in part.picks] == list(range(40))
    assert [part.opens for part in parts] == [True]


def test_a_stretch_that_ends_in_a_jump_claims_nothing_beyond() -> None:
    assigner: Assigner[int] = Assigner([15, 500], END, from_start=True)
    picks = [p for n in range(5) for p in assigner.push(n, n * 10, n == 0, 1)] + assigner.finish(500)
    assert [list(pick.asked) for pick in picks] == [[], [0], [], [], []]


@given(st.integers(0, 10**9), st.sampled_from([1 / 90000, 1 / 12800, 0.001, 1 / 25]))
def test_a_stamp_in_seconds_comes_back_as_its_tick(tick: int, seconds_per_tick: float) -> None:
    assert to_ticks([tick * seconds_per_tick], seconds_per_tick) == [tick]
