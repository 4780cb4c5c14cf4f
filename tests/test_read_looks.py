"""A model is shown what changed on the screen, in windows that leave nothing out, on the recording's own clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import planted
import pytest
import slides
from hypothesis import given
from hypothesis import strategies as st

from videoindex.errors import DecodeError
from videoindex.media.decoders.base import Decoder
from videoindex.media.decoders.decord import DecordDecoder
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.media.scan import ScanSettings
from videoindex.query.read import ReadSettings
from videoindex.query.read_looks import (
    PartDecoder,
    changed_pairs,
    decoded_looks,
    fine,
    plan_windows,
    scan_part,
)
from videoindex.sampling.mrope import FrameSize, patch_tokens
from videoindex.sampling.ticks import Pair
from videoindex.types import Frames, Scan, Span, Video

SIZE = FrameSize(64, 32)


def seen_at(pts_s: Sequence[float], changed: Sequence[bool]) -> Scan:
    change_TRC = np.zeros((len(pts_s), 2, 2), np.uint8)
    change_TRC[np.array(changed), 0, 1] = 40
    return Scan(np.array(pts_s), change_TRC, (), ())


def test_looks_at_which_nothing_changed_are_left_out() -> None:
    """Looks lie at 10.25, 10.75 ... 13.75; what changed are the pictures from 11.4 and 12.6 on."""
    pts_s = [10.0 + 0.25 * n for n in range(16)]
    changed = [at_s in (10.0, 11.5, 12.75) for at_s in pts_s]
    marks = [pair.at_s for pair in changed_pairs(Span(10.0, 14.0), seen_at(pts_s, changed), 2.0)]
    assert marks == pytest.approx([10.25, 11.75, 12.75])


def test_a_screen_that_gives_no_new_pictures_needs_one_look_however_long() -> None:
    """A recorder that writes a picture only when something changes: the scan has but one."""
    pairs = changed_pairs(Span(0.0, 600.0), seen_at([0.0], [True]), 2.0)
    assert [pair.at_s for pair in pairs] == pytest.approx([0.25])


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([0.2, 1.0, 2.0, 5.0]))
def test_every_change_is_followed_by_a_look_before_the_next_but_one_interval(
    changed: list[bool], rate_hz: float
) -> None:
    pts_s = [0.25 * n for n in range(len(changed))]
    span = Span(0.0, 0.25 * len(changed))
    marks = [pair.at_s for pair in changed_pairs(span, seen_at(pts_s, changed), rate_hz)]
    last = max((pts_s[n] for n, fired in enumerate(changed) if fired), default=0.0)
    assert marks == sorted(set(marks))
    if last + 1.5 / rate_hz < span.end_s:
        assert any(last <= mark + 0.06 for mark in marks)


def test_the_tick_of_a_check_box_is_a_change(tmp_path: Path) -> None:
    white = np.full((1080, 1920, 3), 250, np.uint8)
    ticked = white.copy()
    ticked[500:510, 900:910] = 30
    background = {False: white, True: ticked}
    path = tmp_path / "box.mp4"
    video = slides.record(path, lambda at_s: background[at_s >= 2.0], [], 4.0, fps=8)
    seen = scan_part(video, video.span, PyavDecoder(), fine(ScanSettings(), video, 2.0))
    marks = [pair.at_s for pair in changed_pairs(video.span, seen, 2.0)]
    assert marks == pytest.approx([0.25, 2.25])


@given(
    st.integers(1, 70),
    st.integers(1, 30),
    st.integers(1, 3000),
)
def test_windows_tile_the_span_and_show_every_look_once_with_the_one_before(
    looks: int, most: int, tokens: int
) -> None:
    pairs = [Pair(100.2 + n, 100.3 + n) for n in range(looks)]
    span = Span(100.0, 100.5 + looks)
    windows = plan_windows(pairs, span, SIZE, ReadSettings(window_looks=most, window_tokens=tokens))
    own = [pair for window in windows for pair in window.pairs[window.before :]]
    assert own == pairs
    assert windows[0].span.start_s == span.start_s
    assert windows[-1].span.end_s == span.end_s
    for one, other in pairwise(windows):
        assert one.span.end_s == other.span.start_s == other.pairs[1].first_s
        assert (other.before, other.pairs[0]) == (1, one.pairs[-1])
    for window in windows:
        assert len(window.pairs) - window.before <= most
        cost = len(window.pairs) * patch_tokens(span.end_s, SIZE)
        assert cost <= tokens or len(window.pairs) - window.before == 1


class Lossy:
    """A decoder that loses the instants ``lost_s``."""

    name = "lossy"

    def __init__(self, decoder: Decoder, lost_s: set[float]) -> None:
        self._decoder, self._lost_s = decoder, lost_s

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        return self._decoder.frames(video, [at for at in at_s_T if at not in self._lost_s], size_px, batch_frames)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[planted.Planted, Video]:
    """A recording whose clock begins at 7 s."""
    path = tmp_path_factory.mktemp("looks") / "late.mkv"
    made = planted.write(path, planted.steady(8.0, 64, start_s=7.0))
    return made, probe(path).video


def test_a_look_is_both_its_frames_or_it_is_none(late: tuple[planted.Planted, Video]) -> None:
    made, video = late
    pairs = [Pair(8.0, 8.1), Pair(9.0, 9.13), Pair(10.0, 10.1)]
    looks, is_whole = decoded_looks(video, pairs, Lossy(PyavDecoder(), {9.13}), FrameSize(192, 128))
    assert is_whole == [True, False, True]
    assert looks.marks_s == pytest.approx((8.05, 10.05))
    numbers = [planted.read(rgb_HWC) for rgb_HWC in looks.rgb_THWC]
    assert numbers == [made.number_at(at_s) for at_s in (8.0, 8.1, 10.0, 10.1)]
    none, _ = decoded_looks(video, pairs[1:2], Lossy(PyavDecoder(), {9.0}), FrameSize(192, 128))
    assert len(none) == 0


@pytest.mark.parametrize("decoder", [PyavDecoder(), DecordDecoder()], ids=lambda decoder: decoder.name)
def test_a_part_is_decoded_on_the_clock_of_the_whole(
    late: tuple[planted.Planted, Video], decoder: Decoder
) -> None:
    made, video = late
    part = Video(video.id, video.path, Span(9.0, 12.0), 192, 128, 8.0, False)
    (frames,) = PartDecoder(decoder, video).frames(part, [9.0, 10.05, 11.99])
    assert [planted.read(rgb_HWC) for rgb_HWC in frames.rgb_THWC] == [
        made.number_at(at) for at in (9.0, 10.05, 11.99)
    ]
    seen = scan_part(video, Span(9.0, 12.0), decoder, ScanSettings())
    assert seen.gaps == ()
    assert (seen.pts_s_T[0], seen.pts_s_T[-1]) == pytest.approx((9.0, 11.75), abs=0.13)


def test_a_part_of_which_nothing_can_be_decoded_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gone.mp4").write_bytes(b"\0" * 4096)
    video = Video("v", tmp_path / "gone.mp4", Span(0.0, 9.0), 192, 128, 8.0, False)
    with pytest.raises(DecodeError, match=r"gone\.mp4"):
        scan_part(video, Span(0.0, 9.0), PyavDecoder(), ScanSettings())
