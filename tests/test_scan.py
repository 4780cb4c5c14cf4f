"""The one pass over a video: against pictures whose changes are known, and against damage."""

from collections.abc import Iterator

import av
import cv2
import numpy as np
import planted
import pytest

from videoindex.errors import ConfigError, DecodeError, DecoderHungError, IndexStoreError
from videoindex.media.decoders import open_decoder
from videoindex.media.probe import probe
from videoindex.media.recorder import record
from videoindex.media.scan import ScanSettings, load_scan, save_scan, scan
from videoindex.types import Frames, Scan, Span, Video

SIZE_HW = (180, 320)
FPS = 10


def slide(number: int) -> np.ndarray:
    picture = np.full((*SIZE_HW, 3), 235, np.uint8)
    cv2.putText(
        picture,
        f"Slide {number}",
        (20 + 30 * number, 60 + 20 * number),
        cv2.FONT_HERSHEY_SIMPLEX,
        1.2,
        (20, 20, 20),
        3,
    )
    return picture


def noisy_room(random: np.random.Generator, left: int | None) -> np.ndarray:
    """A grey room with sensor noise; a dark visitor stands at ``left`` when there is one."""
    picture = np.full((*SIZE_HW, 3), 130, np.int16)
    picture[120:] = 100
    if left is not None:
        picture[60:150, max(0, left) : left + 30] = (40, 50, 90)
    return np.clip(picture + random.normal(0, 2, (*SIZE_HW, 1)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory) -> Video:
    """Three slides of 6 s."""
    path = tmp_path_factory.mktemp("scan") / "lecture.mp4"
    slides = [slide(n) for n in range(3)]
    record(path, (slides[n // 60] for n in range(180)), FPS)
    return probe(path).video


@pytest.fixture(scope="module")
def camera(tmp_path_factory) -> Video:
    """A room for 20 s; a visitor walks through it from 8 to 12 s."""
    path = tmp_path_factory.mktemp("scan") / "camera.mp4"
    random = np.random.default_rng(1)
    record(path, (noisy_room(random, (n - 80) * 8 if 80 <= n < 120 else None) for n in range(200)), FPS)
    return probe(path).video


def test_slides_change_when_they_change_and_at_no_other_time(lecture, tmp_path):
    seen = scan(lecture, tmp_path)
    assert seen.gaps == ()
    assert len(seen.pts_s_T) == pytest.approx(18 * 4, abs=1)
    fired = seen.pts_s_T[seen.change_TRC.max(axis=(1, 2)) >= 5]
    assert fired[0] == 0.0
    assert [round(at_s) for at_s in fired[1:]] == [6, 12]
    assert all(0 <= at_s - true_s < 0.25 for at_s, true_s in zip(fired[1:], (6.0, 12.0), strict=True))


def test_a_visitor_moves_and_noise_does_not(camera, tmp_path):
    seen = scan(camera, tmp_path)
    moving_s = seen.pts_s_T[seen.change_TRC.max(axis=(1, 2)) >= 5][1:]  # at the first look all is new
    assert moving_s[0] == pytest.approx(8.0, abs=0.5)
    assert moving_s[-1] == pytest.approx(12.0, abs=0.5)
    assert np.diff(moving_s).max() <= 0.5


def test_thumbnails_show_what_changed_and_no_more_than_one_each_few_seconds(lecture, tmp_path):
    seen = scan(lecture, tmp_path / "thumbs")
    assert [round(thumbnail.at_s) for thumbnail in seen.thumbnails] == [0, 6, 12]
    for number, thumbnail in enumerate(seen.thumbnails):
        picture = cv2.imread(str(thumbnail.path))
        assert picture.shape == (180, 320, 3)
        assert np.abs(picture.astype(int) - slide(number)[:, :, ::-1]).mean() < 8


def test_progress_rises_to_the_end(lecture, tmp_path):
    heard: list[float] = []
    scan(lecture, tmp_path, on_progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == lecture.span.duration_s


def test_true_times_of_a_variable_rate_with_a_late_start(tmp_path):
    times_s = tuple(np.cumsum([5.0, *([0.04] * 40 + [1.3] * 5) * 2]))
    video = probe(planted.write(tmp_path / "vfr.mkv", times_s).path).video
    seen = scan(video, tmp_path)
    assert set(np.round(seen.pts_s_T, 3)) <= set(np.round(times_s, 3))
    assert (np.diff(seen.pts_s_T) > 0).all()
    assert seen.pts_s_T[0] == pytest.approx(5.0, abs=1e-3)
    assert seen.gaps == ()


def test_blocks_lie_as_displayed_when_the_picture_is_turned(tmp_path):
    turned = planted.write(tmp_path / "turned.mp4", planted.steady(25, 10), size_px=(128, 192), clockwise_deg=90)
    seen = scan(probe(turned.path).video, tmp_path / "thumbs")
    picture = cv2.imread(str(seen.thumbnails[0].path))
    assert picture.shape[:2] == (480, 320)
    assert planted.read(picture[:, :, ::-1]) == 0


def test_a_hole_of_corrupt_packets_is_a_gap_and_the_rest_is_seen(tmp_path):
    holed = planted.write(tmp_path / "holed.mp4", planted.steady(25, 500), gop=25)
    video = probe(holed.path).video
    planted.damage_packets(holed, 250, 50)
    seen = scan(video, tmp_path)
    (gap,) = seen.gaps
    assert gap.span.start_s == pytest.approx(10.0, abs=0.5)
    assert gap.span.end_s == pytest.approx(12.0, abs=0.5)
    assert gap.video_id == video.id
    assert "decoded" in gap.reason
    assert not any(at_s in Span(gap.span.start_s + 0.1, gap.span.end_s - 0.1) for at_s in seen.pts_s_T)
    assert seen.pts_s_T[-1] > 19.5


def test_a_tail_lost_after_the_probe_is_a_gap(tmp_path):
    path = tmp_path / "cut.mp4"
    made = planted.write(tmp_path / "whole.mp4", planted.steady(25, 250), gop=25)
    with av.open(str(made.path)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    whole = probe(path).video
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * 0.6))
    seen = scan(whole, tmp_path)
    assert seen.gaps[-1].span.end_s == whole.span.end_s
    assert 3.0 < seen.gaps[-1].span.start_s < 9.0
    assert seen.pts_s_T[-1] < seen.gaps[-1].span.start_s
    rest = scan(probe(path).video, tmp_path)
    assert rest.pts_s_T[-1] < seen.gaps[-1].span.start_s + 0.25


def test_sound_alone_has_no_looks(tmp_path):
    planted.write_sound(tmp_path / "tone.m4a", 1.0)
    seen = scan(probe(tmp_path / "tone.m4a").video, tmp_path)
    assert len(seen.pts_s_T) == 0
    assert seen.change_T.shape == (0,)


class Failing:
    """A decoder that is stopped whenever it is asked for an instant within ``hole``."""

    name = "failing"

    def __init__(self, hole: Span) -> None:
        self._hole = hole
        self._inner = open_decoder()

    def frames(self, video, at_s_T, size_px=(0, 0), batch_frames=8) -> Iterator[Frames]:
        before = [at_s for at_s in at_s_T if at_s < self._hole.start_s]
        if before:
            yield from self._inner.frames(video, before, size_px, batch_frames)
        if any(at_s in self._hole for at_s in at_s_T):
            raise DecoderHungError("gave no frame for 20 s and was stopped")
        after = [at_s for at_s in at_s_T if at_s >= self._hole.end_s]
        if after:
            yield from self._inner.frames(video, after, size_px, batch_frames)


def test_behind_a_hang_the_scan_goes_on_and_says_why(camera, tmp_path):
    seen = scan(camera, tmp_path, decoder=Failing(Span(5.0, 7.0)))
    (gap,) = seen.gaps
    assert gap.span.start_s == pytest.approx(5.0)
    assert 7.0 <= gap.span.end_s <= 9.5
    assert "20 s" in gap.reason
    assert seen.pts_s_T[-1] > 19.0


def test_a_hang_at_the_very_end_ends_the_scan(camera, tmp_path):
    seen = scan(camera, tmp_path, decoder=Failing(Span(19.0, 99.0)))
    assert [gap.span for gap in seen.gaps] == [Span(19.0, camera.span.end_s)]


def test_a_file_that_cannot_be_opened_is_an_error(camera, tmp_path):
    gone = Video(camera.id, tmp_path / "gone.mp4", camera.span, 320, 180, 10.0, has_audio=False)
    with pytest.raises(DecodeError, match=r"gone\.mp4"):
        scan(gone, tmp_path)


def same(a: Scan, b: Scan) -> bool:
    arrays = np.array_equal(a.pts_s_T, b.pts_s_T) and np.array_equal(a.change_TRC, b.change_TRC)
    return arrays and a.thumbnails == b.thumbnails and a.gaps == b.gaps


def test_a_scan_made_twice_is_the_same_and_survives_storage(camera, tmp_path):
    first, again = scan(camera, tmp_path / "t"), scan(camera, tmp_path / "t")
    holed = scan(camera, tmp_path / "t", decoder=Failing(Span(5.0, 7.0)))
    assert same(first, again)
    for number, seen in enumerate((first, holed)):
        save_scan(seen, tmp_path / f"{number}.npz")
        assert same(seen, load_scan(tmp_path / f"{number}.npz"))
    assert sorted(path.name for path in tmp_path.glob("*.npz*")) == ["0.npz", "1.npz"]


def test_a_stored_scan_moves_with_its_folder(camera, tmp_path):
    home = tmp_path / "home"
    save_scan(scan(camera, home / "thumbs"), home / "scan.npz")
    home.rename(tmp_path / "away")
    assert all(thumbnail.path.exists() for thumbnail in load_scan(tmp_path / "away/scan.npz").thumbnails)


@pytest.mark.parametrize("content", [b"", b"not a scan", None])
def test_a_damaged_stored_scan_is_named(tmp_path, content):
    path = tmp_path / "scan.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexStoreError, match=r"scan\.npz.*delete"):
        load_scan(path)


@pytest.mark.parametrize(
    ("name", "value"), [("rate_hz", 0.0), ("rows", 0), ("noise_levels", 300), ("fire_share", 0.0)]
)
def test_a_setting_out_of_range_is_named(name, value):
    with pytest.raises(ConfigError, match=f"scan.{name}"):
        ScanSettings(**{name: value})
