"""Cuts, held against pictures that tell their own number and sound that tells its own time."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import planted
import pytest
from clipped import CODED, SIZE, cut_out, first_heard_s, lag_s, noise, numbers, shown_in
from planted import Planted, steady

from videoindex.errors import DecodeError, UsageError
from videoindex.media import clip as clip_module
from videoindex.media.audio import read_audio
from videoindex.media.clip import Clip, Cut, cut
from videoindex.media.identity import content_id
from videoindex.media.probe import probe
from videoindex.media.recorder import record
from videoindex.types import Span

STEADY = steady(25, 75)
AUDIO_PACKET_S = 0.07  # 1,024 samples of AAC at 16 kHz are 64 ms, and the first packet fades in
UNEVEN = (0.0, 0.1, 0.5, 0.53, 0.9, 1.0, 2.0, 2.1, 2.2, 2.25, 3.0, 3.1, 3.2)
CLOSED_HEVC = {"x265-params": "log-level=none:open-gop=0"}
OPEN_GROUPS = {"bf": "2", "x264-params": "scenecut=0:open-gop=1"}
ALL_ENCODED, ALL_COPIED, MIXED = "encoded", "copied", "mixed"


def _how(made: Clip) -> str:
    if made.copied_s == 0.0:
        return ALL_ENCODED
    return ALL_COPIED if made.encoded_s < 1e-9 else MIXED


def _film(folder: Path, name: str, times_s: tuple[float, ...] = STEADY, **more: object) -> Planted:
    wish: dict[str, object] = {"size_px": SIZE, "options": CODED, **more}
    return planted.write(folder / name, times_s, **wish)  # type: ignore[arg-type]


def _assert_exact(film: Planted, span: Span, made: Clip) -> None:
    """The first picture is on display at the start, the last is the last before the end, each at its time."""
    assert not probe(made.path).damage
    late_s = probe(film.path).video.span.start_s - film.times_s[0]
    times_s = [at_s + late_s for at_s in film.times_s]
    first = max(n for n, at_s in enumerate(times_s) if at_s <= span.start_s + 5e-4 or n == 0)
    wanted = [n for n, at_s in enumerate(times_s) if n == first or span.start_s < at_s < span.end_s - 5e-4]
    shown = shown_in(made.path)
    assert [one.number for one in shown] == wanted
    for one, number in zip(shown, wanted, strict=True):
        assert one.at_s == pytest.approx(max(0.0, times_s[number] - span.start_s), abs=0.0011)


@pytest.mark.parametrize(
    ("start_s", "end_s", "suffix", "how"),
    [
        (0.96, 1.92, ".mp4", ALL_COPIED),  # from key picture to key picture
        (0.96, 1.92, ".ts", ALL_COPIED),
        (0.97, 1.0, ".mp4", ALL_COPIED),  # the key picture that is on display at the start is all there is
        (0.2, 2.3, ".mp4", MIXED),
        (0.2, 2.3, ".mkv", MIXED),
        (0.2, 2.3, ".mov", MIXED),
        (0.2, 2.3, ".ts", MIXED),
        (0.2, 1.92, ".mp4", MIXED),  # nothing to encode at the end
        (0.96, 2.1, ".mp4", MIXED),  # nothing to encode at the beginning
        (0.2, 0.7, ".mp4", ALL_ENCODED),  # within one group of pictures
        (0.0, 3.0, ".mkv", ALL_COPIED),
    ],
)
def test_a_cut_is_exact_to_the_picture_and_encodes_no_more_than_it_must(
    tmp_path: Path, start_s: float, end_s: float, suffix: str, how: str
) -> None:
    film = _film(tmp_path, "film.mp4")
    made = cut_out(film.path, start_s, end_s, tmp_path / f"cut{suffix}")
    _assert_exact(film, Span(start_s, end_s), made)
    assert _how(made) == how
    assert made.copied_s + made.encoded_s == pytest.approx(end_s - start_s)
    assert bool(made.notes) == (how == ALL_ENCODED)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.2, 2.6), (0.7, 0.85), (0.9, 3.15), (1.5, 1.9)])
def test_uneven_pictures_keep_their_times(tmp_path: Path, start_s: float, end_s: float) -> None:
    film = _film(tmp_path, "film.mp4", UNEVEN, gop=4)
    _assert_exact(film, Span(start_s, end_s), cut_out(film.path, start_s, end_s, tmp_path / "cut.mp4"))


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_a_file_that_starts_late_is_cut_by_its_own_clock(tmp_path: Path, name: str) -> None:
    film = _film(tmp_path, name, steady(25, 75, 40.0))
    start_s = probe(film.path).video.span.start_s
    assert start_s > 39.0
    span = Span(start_s + 0.52, start_s + 2.0)
    made = cut_out(film.path, span.start_s, span.end_s, tmp_path / "cut.mp4")
    _assert_exact(film, span, made)
    assert _how(made) == MIXED


@pytest.mark.parametrize(
    ("turn", "suffix", "how"),
    [(90, ".mp4", MIXED), (180, ".mp4", MIXED), (270, ".mkv", MIXED), (90, ".ts", ALL_ENCODED)],
)
def test_a_turned_recording_stays_upright(tmp_path: Path, turn: int, suffix: str, how: str) -> None:
    size_px = SIZE if turn == 180 else SIZE[::-1]
    film = _film(tmp_path, "film.mp4", size_px=size_px, clockwise_deg=turn)
    made = cut_out(film.path, 0.2, 2.3, tmp_path / f"cut{suffix}")
    _assert_exact(film, Span(0.2, 2.3), made)
    assert {one.size_px for one in shown_in(made.path)} == {size_px}
    assert _how(made) == how


def test_a_turned_recording_that_must_be_encoded_stays_upright_too(tmp_path: Path) -> None:
    film = _film(tmp_path, "film.mp4", size_px=SIZE[::-1], clockwise_deg=90)
    made = cut_out(film.path, 0.2, 0.6, tmp_path / "cut.mp4")
    _assert_exact(film, Span(0.2, 0.6), made)
    assert {one.size_px for one in shown_in(made.path)} == {SIZE[::-1]}


@pytest.mark.parametrize(
    ("name", "more", "at_keys", "elsewhere"),
    [
        ("hevc.mp4", {"codec": "libx265", "options": CLOSED_HEVC}, ALL_COPIED, ALL_ENCODED),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {}}, ALL_COPIED, ALL_ENCODED),
        ("baseline.mp4", {"options": {"profile": "baseline", "x264-params": "scenecut=0"}}, ALL_COPIED, MIXED),
        ("ten_bits.mp4", {"pixel_format": "yuv420p10le"}, ALL_COPIED, MIXED),
        ("fields.mp4", {"options": {"x264-params": "scenecut=0:tff=1"}}, ALL_COPIED, ALL_ENCODED),
        ("open_groups.mp4", {"options": OPEN_GROUPS}, ALL_ENCODED, ALL_ENCODED),
        ("flash.flv", {}, ALL_COPIED, MIXED),
        ("old.avi", {"codec": "mpeg4", "options": {"bf": "2"}}, ALL_ENCODED, ALL_ENCODED),
        ("by_order.avi", {}, ALL_ENCODED, ALL_ENCODED),
        ("mpeg2.ts", {"codec": "mpeg2video", "options": {"bf": "2"}}, ALL_ENCODED, ALL_ENCODED),
        ("odd.mkv", {"codec": "libvpx-vp9", "options": {}, "size_px": (129, 73)}, ALL_COPIED, ALL_ENCODED),
    ],
)  # fmt: skip
def test_every_codec_is_cut_exactly_and_mixed_only_where_that_is_sound(
    tmp_path: Path, name: str, more: dict[str, object], at_keys: str, elsewhere: str
) -> None:
    film = _film(tmp_path, name, steady(25, 55), **more)
    late_s = probe(film.path).video.span.start_s
    for start_s, end_s, how in ((0.96, 1.92, at_keys), (0.2, 1.8, elsewhere)):
        span = Span(late_s + start_s, late_s + end_s)
        made = cut_out(film.path, span.start_s, span.end_s, tmp_path / f"{start_s}.mp4")
        _assert_exact(film, span, made)
        assert _how(made) == how
        assert bool(made.notes) == (how == ALL_ENCODED)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures a second beside noise, a key picture every second."""
    path = tmp_path_factory.mktemp("noisy") / "noisy.mp4"
    record(path, (planted.draw(n, SIZE) for n in range(40)), 10, noise(4.0), 16_000, 1.0)
    return path


@pytest.mark.parametrize(
    ("start_s", "end_s", "suffix"),
    [(1.33, 3.21, suffix) for suffix in (".mp4", ".mkv", ".ts", ".webm")]
    + [(1.0, 3.0, ".mp4"), (0.0, 1.5, ".mp4")],
)
def test_sound_is_in_step_with_the_picture(
    noisy: Path, tmp_path: Path, start_s: float, end_s: float, suffix: str
) -> None:
    made = cut_out(noisy, start_s, end_s, tmp_path / f"cut{suffix}")
    late_s, likeness = lag_s(noisy, Span(start_s, end_s), made.path)
    assert abs(late_s) < 0.002
    assert likeness > 0.95
    assert first_heard_s(made.path) < AUDIO_PACKET_S


def test_a_cut_of_a_cut_of_a_cut_is_still_exact_and_whole(noisy: Path, tmp_path: Path) -> None:
    path = noisy
    for suffix in (".mkv", ".mkv", ".mp4", ".ts", ".mp4"):
        source = probe(path).video.span
        path = cut_out(path, source.start_s + 0.13, source.end_s, tmp_path / f"{path.stem}_{suffix}").path
        assert first_heard_s(path) < AUDIO_PACKET_S
        assert not probe(path).damage
    late_s, likeness = lag_s(noisy, Span(0.65, 2.65), path)
    assert abs(late_s) < 0.005  # Matroska rounds stamps to the millisecond each time
    assert likeness > 0.9
    assert numbers(path)[:10] == list(range(6, 16))


def test_the_seams_of_a_mixed_clip_give_no_decoder_cause_to_complain(tmp_path: Path) -> None:
    film = _film(tmp_path, "film.mp4")
    made = cut_out(film.path, 0.2, 2.26, tmp_path / "cut.mp4")
    assert _how(made) == MIXED
    line = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-xerror", "-i", str(made.path), "-f", "null", "-"]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".m4a"])
def test_sound_alone_can_be_cut_out(noisy: Path, tmp_path: Path, suffix: str) -> None:
    made = cut_out(noisy, 1.33, 3.21, tmp_path / f"cut{suffix}")
    late_s, likeness = lag_s(noisy, Span(1.33, 3.21), made.path)
    assert abs(late_s) < 0.002
    assert likeness > 0.95
    assert (made.copied_s, made.encoded_s) == (0.0, 0.0)
    assert not probe(made.path).video.has_picture


def test_a_recording_of_sound_alone_can_be_cut(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 3.0)
    made = cut_out(tmp_path / "talk.m4a", 0.5, 2.0, tmp_path / "cut.mp4")
    assert probe(made.path).video.span.duration_s == pytest.approx(1.5, abs=0.15)
    with pytest.raises(UsageError, match="has no sound"):
        cut_out(_film(tmp_path, "mute.mp4").path, 0.5, 1.0, tmp_path / "cut.wav")


def test_several_cuts_of_one_recording_make_a_reel_and_are_copied_where_they_can_be(
    noisy: Path, tmp_path: Path
) -> None:
    source = probe(noisy)
    spans = [Span(2.6, 3.5), Span(0.2, 0.5), Span(1.0, 2.0)]
    made = cut([Cut(source, span) for span in spans], tmp_path / "reel.mp4")
    assert numbers(made.path) == [*range(26, 35), *range(2, 5), *range(10, 20)]
    assert made.starts_s == pytest.approx((0.0, 0.9, 1.2))
    assert made.duration_s == pytest.approx(2.2)
    assert made.copied_s >= 1.4
    for span, start_s in zip(spans, made.starts_s, strict=True):
        late_s, likeness = lag_s(noisy, span, made.path, start_s)
        assert abs(late_s) < 0.002
        assert likeness > 0.9


def test_a_reel_of_several_recordings_takes_the_size_of_the_first(noisy: Path, tmp_path: Path) -> None:
    tall = _film(tmp_path, "tall.mp4", steady(10, 20), size_px=SIZE[::-1])
    turned = _film(tmp_path, "turned.mp4", size_px=SIZE[::-1], clockwise_deg=90, with_sound=True)
    parts = [(noisy, Span(1.33, 1.9)), (tall.path, Span(0.55, 1.0)), (turned.path, Span(0.5, 0.7))]
    made = cut([Cut(probe(path), span) for path, span in parts], tmp_path / "reel.mp4")
    # 128 x 72 holds a picture of 72 x 128 at 40 x 72, in the middle.
    shown = [one.number for one in shown_in(made.path)]
    boxed = [one.number for one in shown_in(made.path, (44, 0, 84, 72))]
    assert shown[:6] == list(range(13, 19))
    assert boxed[6:] == [*range(5, 10), *range(12, 18)]
    assert {one.size_px for one in shown_in(made.path)} == {SIZE}
    assert made.starts_s == pytest.approx((0.0, 0.57, 1.02))
    times = [one.at_s for one in shown_in(made.path)]
    assert times[6] == pytest.approx(0.57, abs=1e-3)
    assert times[7] == pytest.approx(0.57 + 0.05, abs=1e-3)  # the picture of 0.6 s, 0.05 s into its cut
    assert all(a < b for a, b in pairwise(times))
    assert any("several recordings" in note for note in made.notes)


def test_where_a_recording_of_a_reel_has_no_sound_there_is_silence(noisy: Path, tmp_path: Path) -> None:
    mute = _film(tmp_path, "mute.mp4", steady(10, 20))
    parts = [(mute.path, Span(0.5, 1.5)), (noisy, Span(1.0, 2.0))]
    made = cut([Cut(probe(path), span) for path, span in parts], tmp_path / "reel.mp4")
    late_s, likeness = lag_s(noisy, Span(1.0, 2.0), made.path, 1.0)
    assert abs(late_s) < 0.002
    assert likeness > 0.9
    here = probe(made.path).video
    assert float(np.abs(read_audio(here, Span(0.1, 0.8))).max()) < 0.01


def test_damage_is_cut_through_and_told(tmp_path: Path) -> None:
    film = _film(tmp_path, "film.mp4")
    planted.damage_packets(film, 10, 4)
    made = cut_out(film.path, 0.2, 1.5, tmp_path / "cut.mp4")
    shown = shown_in(made.path)
    assert [one.number for one in shown[:4]] == list(range(5, 9))
    sound_again = [one for one in shown if (one.number or 0) >= 24]  # from the next key picture on
    assert [one.number for one in sound_again] == list(range(24, 38))
    for one in sound_again:
        assert one.at_s == pytest.approx((one.number or 0) / 25 - 0.2, abs=0.0011)
    assert any("cannot be copied from" in note for note in made.notes)
    assert any("pictures of a cut could be decoded" in note for note in made.notes)


@pytest.mark.parametrize(("start_s", "end_s"), [(2.5, 3.5), (-1.0, 1.0), (5.0, 6.0)])
def test_times_outside_are_refused_with_the_recordings_own(tmp_path: Path, start_s: float, end_s: float) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    with pytest.raises(
        UsageError, match=r"film\.mp4: .* lies outside the recording, which runs from 0\.000 s up to"
    ):
        Cut(source, Span(start_s, end_s))


def test_an_end_that_was_rounded_up_is_the_recordings_own(tmp_path: Path) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    assert Cut(source, Span(2.0, 3.04)).span == Span(2.0, 3.0)


def test_what_cannot_be_right_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    one = Cut(source, Span(0.96, 1.92))
    (tmp_path / "there.mp4").write_text("mine")
    (tmp_path / "link.mp4").symlink_to(source.video.path)
    before = sorted(path.name for path in tmp_path.iterdir())
    for name, message in (
        ("cut.gif", r"\.gif is no kind of file"),
        ("cut", "no suffix"),
        ("there.mp4", "is there already.*--overwrite"),
        ("nowhere/cut.mp4", "is no folder"),
    ):
        with pytest.raises(UsageError, match=message):
            cut([one], tmp_path / name)
    for name in ("film.mp4", "link.mp4"):
        with pytest.raises(UsageError, match="is the recording itself"):
            cut([one], tmp_path / name, overwrite=True)
    with pytest.raises(UsageError, match="nothing to cut"):
        cut([], tmp_path / "cut.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.mp4").read_text() == "mine"


def test_overwriting_replaces_the_file(tmp_path: Path) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    (tmp_path / "cut.mp4").write_text("old")
    cut([Cut(source, Span(0.96, 1.2))], tmp_path / "cut.mp4", overwrite=True)
    assert numbers(tmp_path / "cut.mp4") == list(range(24, 30))


def test_a_run_that_fails_leaves_nothing_and_spares_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    (tmp_path / "cut.mp4").write_text("old")
    before = sorted(path.name for path in tmp_path.iterdir())

    def cut_off(job: object, patience_s: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clip_module, "splice", cut_off)
    for overwrite, name in ((True, "cut.mp4"), (False, "new.mp4")):
        with pytest.raises(KeyboardInterrupt):
            cut([Cut(source, Span(0.2, 1.5))], tmp_path / name, overwrite=overwrite)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "cut.mp4").read_text() == "old"


def test_a_file_that_came_into_being_meanwhile_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = probe(_film(tmp_path, "film.mp4").path)
    output = tmp_path / "cut.mp4"
    splice = clip_module.splice

    def late(job: clip_module.SpliceJob, patience_s: float) -> None:
        splice(job, patience_s)
        output.write_text("another's")

    monkeypatch.setattr(clip_module, "splice", late)
    with pytest.raises(UsageError, match="meanwhile"):
        cut([Cut(source, Span(0.96, 1.2))], output)
    assert output.read_text() == "another's"


def test_a_recording_that_changed_since_it_was_planned_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = _film(tmp_path, "film.mp4")
    source = probe(film.path)
    splice = clip_module.splice

    def swap(job: clip_module.SpliceJob, patience_s: float) -> None:
        os.replace(_film(tmp_path, "other.mp4", steady(20, 75), gop=7).path, film.path)
        splice(job, patience_s)

    monkeypatch.setattr(clip_module, "splice", swap)
    with pytest.raises(DecodeError, match="other pictures than when the cut was planned"):
        cut([Cut(source, Span(0.96, 1.9))], tmp_path / "cut.mp4")
    assert not (tmp_path / "cut.mp4").exists()


def test_recordings_with_and_without_a_picture_do_not_go_into_one_reel(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 3.0)
    film = _film(tmp_path, "film.mp4", with_sound=True)
    cuts = [Cut(probe(path), Span(0.5, 1.0)) for path in (film.path, tmp_path / "talk.m4a")]
    with pytest.raises(UsageError, match="has no picture and others have"):
        cut(cuts, tmp_path / "reel.mp4")


def test_a_clip_knows_where_it_comes_from_and_when_it_was(tmp_path: Path) -> None:
    film = _film(tmp_path, "film.mp4", metadata={"creation_time": "2026-05-01T12:00:00Z"})
    source = probe(film.path)
    began = source.video.recorded_at
    assert began == datetime(2026, 5, 1, 12, tzinfo=UTC)
    made = cut_out(film.path, 0.96, 1.92, tmp_path / "cut.mp4")
    assert probe(made.path).video.recorded_at == pytest.approx(
        began + timedelta(seconds=0.96), abs=timedelta(milliseconds=1)
    )
    assert content_id(made.path) != content_id(film.path)
