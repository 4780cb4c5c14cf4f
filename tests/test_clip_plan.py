"""What is copied and what is encoded, against a plain statement of what is on display."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.media.clip_plan import (
    SLACK_S,
    STAMP_HZ,
    Coded,
    Piece,
    decode_stamps,
    plan_pieces,
    stamps_of,
    window_of,
)
from videoindex.types import Span

TICK = Fraction(1, 1000)


@st.composite
def coded_pictures(draw: st.DrawFn) -> Coded:
    """Groups of pictures, some of them open (led by pictures that need the group before), P after Bs."""
    packets: list[tuple[int, bool]] = []
    stamp = draw(st.integers(0, 50))
    for _ in range(draw(st.integers(1, 4))):
        leads = draw(st.integers(0, 2)) if packets else 0
        minis = draw(st.lists(st.integers(0, 3), max_size=6))
        for number, b_pictures in enumerate([leads, *minis]):
            steps = draw(st.lists(st.integers(2, 60), min_size=b_pictures + 1, max_size=b_pictures + 1))
            stamps = [stamp + sum(steps[: i + 1]) for i in range(len(steps))]
            packets.append((stamps[-1], number == 0))
            packets += [(each, False) for each in stamps[:-1]]
            stamp = stamps[-1]
    return Coded(TICK, tuple(p for p, _ in packets), tuple(k for _, k in packets), stamp + 40)


@given(coded_pictures(), st.data(), st.booleans())
def test_the_pieces_are_what_is_on_display_in_order_and_copies_stand_alone(
    coded: Coded, data: st.DataObject, may_mix: bool
) -> None:
    shown = coded.shown_N
    start = data.draw(st.integers(shown[0], coded.end_pts - 1))
    end = data.draw(st.integers(start + 1, coded.end_pts))
    window = window_of(coded, Span(start / 1000, end / 1000))
    truth = [pts for pts in shown if start < pts < end]
    truth = [max(pts for pts in shown if pts <= start), *truth]
    pieces = plan_pieces(coded, window, may_mix)
    played = [
        pts
        for piece in pieces
        for pts in (
            sorted(coded.pts_N[piece.first : piece.stop]) if piece.is_copy else shown[piece.first : piece.stop]
        )
    ]
    assert played == truth
    for piece in pieces:
        if piece.is_copy:
            run = coded.pts_N[piece.first : piece.stop]
            assert coded.is_fresh_N[piece.first]
            # Nothing copied needs what is not: it is all that is shown from the key on, in one stretch of packets.
            assert min(run) == run[0]
            assert all(pts > max(run) or pts < min(run) for pts in coded.pts_N if pts not in run)
    if not may_mix:
        assert len(pieces) == 1


@given(coded_pictures(), st.data())
def test_what_is_encoded_beside_a_copy_is_the_least(coded: Coded, data: st.DataObject) -> None:
    shown = coded.shown_N
    start = data.draw(st.integers(shown[0], coded.end_pts - 1))
    end = data.draw(st.integers(start + 1, coded.end_pts))
    window = window_of(coded, Span(start / 1000, end / 1000))
    pieces = plan_pieces(coded, window, True)

    def is_clean(at: int) -> bool:
        return set(coded.pts_N[:at]) == set(shown[:at])

    def is_join(at: int) -> bool:
        return is_clean(at) and coded.is_fresh_N[at] and coded.pts_N[at] == shown[at]

    joins = [at for at in range(window.first, window.stop) if is_join(at)]
    ends = [at for at in range(window.first + 1, window.stop + 1) if is_clean(at)]
    copies = [(piece.first, piece.stop) for piece in pieces if piece.is_copy]
    expected = [(joins[0], ends[-1])] if joins and ends and joins[0] < ends[-1] else []
    assert copies == expected


def _coded(pts: list[int], keys: set[int], **more: object) -> Coded:
    return Coded(TICK, tuple(pts), tuple(p in keys for p in pts), max(pts) + 40, **more)  # type: ignore[arg-type]


PLAIN = _coded([0, 40, 80, 120, 160, 200], {0, 120})


@pytest.mark.parametrize(
    ("start_s", "end_s", "shown"),
    [
        (0.0, 0.24, (0, 6)),
        (0.05, 0.1, (1, 3)),
        (0.04, 0.08, (1, 2)),  # half-open: the picture that appears at the end is not in it
        (0.0796, 0.0804, (1, 3)),  # both mean the picture at 0.080: too short for that, they are taken as they are
        (0.0404, 0.1196, (1, 3)),  # times are good to the millisecond
        (0.041, 0.119, (1, 3)),
        (0.039, 0.121, (0, 4)),
    ],
)
def test_a_time_means_the_picture_within_half_a_millisecond(
    start_s: float, end_s: float, shown: tuple[int, int]
) -> None:
    window = window_of(PLAIN, Span(start_s, end_s))
    assert (window.first, window.stop) == shown


def test_ends_that_mean_a_picture_take_its_stamp() -> None:
    ntsc = Coded(Fraction(1001, 30_000), (0, 1, 2, 3), (True,) * 4, 4)
    window = window_of(ntsc, Span(0.033, 0.1))
    assert (window.start, window.end) == (Fraction(1001, 30_000), Fraction(3003, 30_000))
    assert window_of(ntsc, Span(0.05, 0.133)).end == Fraction(4004, 30_000)  # the end of the last picture, too
    assert abs(window_of(ntsc, Span(0.05, 0.133)).start - Fraction(1, 20)) < SLACK_S


def test_a_cut_at_key_pictures_is_copied_whole() -> None:
    assert plan_pieces(PLAIN, window_of(PLAIN, Span(0.12, 0.24)), False) == (Piece(True, 3, 6),)
    # A key picture is on display at 0.13 too: nothing else is needed to show it.
    assert plan_pieces(PLAIN, window_of(PLAIN, Span(0.13, 0.2)), False) == (Piece(True, 3, 5),)


def test_without_mixing_a_cut_elsewhere_is_encoded_whole() -> None:
    window = window_of(PLAIN, Span(0.04, 0.24))
    assert plan_pieces(PLAIN, window, False) == (Piece(False, 1, 6),)
    assert plan_pieces(PLAIN, window, True) == (Piece(False, 1, 3), Piece(True, 3, 6))


@pytest.mark.parametrize("more", [{"why_no_copy": "it is damaged there"}, {"is_by_order": True}])
def test_nothing_is_copied_where_it_must_not(more: dict[str, object]) -> None:
    coded = _coded([0, 40, 80], {0, 40, 80}, **more)
    assert plan_pieces(coded, window_of(coded, Span(0.0, 0.12)), True) == (Piece(False, 0, 3),)


def test_stamps_count_from_the_start_and_what_is_on_display_then_is_shown_from_0() -> None:
    coded = _coded([0, 120, 40, 80, 160], {0})
    window = window_of(coded, Span(0.02, 0.2))
    copied = stamps_of(coded, window, Piece(True, 0, 5))
    assert copied == [0, 9_000, 1_800, 5_400, 12_600]
    assert stamps_of(coded, window, Piece(False, 1, 4)) == [1_800, 5_400, 9_000]
    assert STAMP_HZ == 90_000


@given(coded_pictures())
def test_stamps_of_decoding_rise_and_are_never_late(coded: Coded) -> None:
    dts = decode_stamps(coded.pts_N)
    assert len(dts) == len(coded.pts_N)
    assert all(a < b for a, b in pairwise(dts))
    assert all(decode <= show for decode, show in zip(dts, coded.pts_N, strict=True))


def test_pictures_in_order_are_decoded_when_they_are_shown() -> None:
    assert decode_stamps([0, 3, 7]) == [0, 3, 7]
    assert decode_stamps([0, 30, 10, 20]) == [-10, 0, 10, 20]
    assert decode_stamps([]) == []
    with pytest.raises(ValueError, match="one stamp"):
        decode_stamps([1, 2, 2])


def test_a_piece_needs_pictures() -> None:
    with pytest.raises(ValueError, match="needs pictures"):
        Piece(True, 3, 3)
