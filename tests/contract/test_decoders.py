"""One contract, put to every decoder that is installed, over files whose pixels say which frame they are.

PyAV and decord are always tested; torchcodec is an extra and is tested where it can be loaded (the tests' names
say which ran). A decoder that breaks the contract in a known way is listed in KNOWN_FAULTS and must break it in
exactly that way, so that a fix is noticed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import planted
import pytest
from planted import Planted

from videoindex.errors import DecodeError, MediaError
from videoindex.media.decoders import DECODERS, Decoder, GuardSettings, open_decoder
from videoindex.media.probe import probe
from videoindex.types import Span, Video

X264 = {"bf": "3", "preset": "veryfast", "crf": "20"}
HANGS_AFTER_S = 60.0
STEADY = planted.steady(25, 100)
LATE = planted.steady(25, 100, start_s=5.0)
UNEVEN = tuple(float(t) for t in np.cumsum(np.random.default_rng(7).integers(1, 12, 90)) * 0.02)


@dataclass(frozen=True, slots=True)
class Case:
    """How a file is made; the span (if any) in which instants may be absent, never wrong; and how much of its end
    is not asked for, because a cut takes pictures away that would be shown before others that are left."""

    make: Callable[[Path], Planted]
    may_lack: Span | None = None
    unasked_s: float = 0.0


def _case(suffix: str, times_s: tuple[float, ...] = STEADY, **how: object) -> Case:
    return Case(lambda folder: planted.write(folder / f"film{suffix}", times_s, **{"options": X264, **how}))  # type: ignore[arg-type]


def _hole(folder: Path) -> Planted:
    film = planted.write(folder / "film.mp4", STEADY, options=X264)
    planted.damage_packets(film, first=55, count=6)
    return film


def _hole_of_one_reference(folder: Path) -> Planted:
    film = planted.write(folder / "film.mp4", STEADY, options={**X264, "bf": "0"})
    planted.damage_packets(film, first=53, count=1)
    return film


def _cut(suffix: str) -> Callable[[Path], Planted]:
    def make(folder: Path) -> Planted:
        film = planted.write(folder / f"film{suffix}", LATE, options=X264)
        planted.cut_tail(film, 0.6)
        return film

    return make


CASES = {
    "constant rate": _case(".mp4"),
    "variable rate mp4": _case(".mp4", UNEVEN),
    "variable rate mkv": _case(".mkv", UNEVEN),
    "starts at 5 s ts": _case(".ts", LATE),
    "starts at 5 s mkv": _case(".mkv", LATE),
    "rotated 90": _case(".mp4", clockwise_deg=90),
    "rotated 180": _case(".mp4", clockwise_deg=180),
    "rotated 270": _case(".mp4", clockwise_deg=270),
    "odd size": _case(".mkv", size_px=(199, 131), pixel_format="yuv444p"),
    "pixels not square": _case(".mp4", aspect=Fraction(4, 3)),
    "b-pyramid and open groups": _case(
        ".mp4", options={**X264, "x264-params": "open-gop=1:b-adapt=0:b-pyramid=normal:scenecut=0"}
    ),
    "one key only": _case(".mp4", gop=1000),
    "all keys": _case(".mp4", gop=1),
    "h264 in avi": _case(".avi"),
    "hevc": _case(
        ".mp4", codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=0:bframes=4"}
    ),
    "hevc with sub-layers": _case(
        ".mkv",
        codec="libx265",
        options={"preset": "ultrafast", "x265-params": "log-level=0:bframes=4:temporal-layers=3"},
    ),
    "vp8": _case(".webm", codec="libvpx", options={"deadline": "realtime", "cpu-used": "8", "b": "2M"}),
    "vp9": _case(
        ".webm", codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16"}
    ),
    "av1": _case(".mp4", codec="libsvtav1", size_px=(384, 256), options={"preset": "10"}),
    "mpeg-4": _case(".mp4", codec="mpeg4", options={"bf": "2", "b": "2M"}),
    "mpeg-2 ts": _case(".ts", LATE, codec="mpeg2video", options={"bf": "2", "b": "3M"}),
    "mjpeg": _case(".avi", codec="mjpeg", options={}),
    "truncated mp4": Case(_cut(".mp4"), unasked_s=0.25),
    "truncated mkv": Case(_cut(".mkv"), unasked_s=0.25),
    "truncated ts": Case(_cut(".ts"), unasked_s=0.25),
    "hole of corrupt packets": Case(_hole, may_lack=Span(1.92, 2.88)),
    "one corrupt reference": Case(_hole_of_one_reference, may_lack=Span(1.92, 2.88)),
}

WRONG, FAILS = frozenset({"wrong picture"}), frozenset({"DecodeError"})

KNOWN_FAULTS: dict[tuple[str, str], frozenset[str]] = {
    # decord 0.6.0 loses a transport stream's first group, and mistakes pictures after a seek into an open group.
    ("decord", "starts at 5 s ts"): WRONG,
    ("decord", "truncated ts"): WRONG,
    ("decord", "mpeg-2 ts"): WRONG,
    ("decord", "b-pyramid and open groups"): WRONG,
    ("decord", "hevc"): WRONG,
    ("decord", "hevc with sub-layers"): WRONG,
    ("decord", "mpeg-4"): WRONG,
    ("decord", "h264 in avi"): frozenset({"wrong picture", "wrong stamp"}),
    ("decord", "vp9"): FAILS,
    ("decord", "av1"): FAILS,
    # One damaged packet ends the whole call, and a cut file cannot be opened.
    ("decord", "truncated mp4"): FAILS,
    ("decord", "hole of corrupt packets"): FAILS,
    ("decord", "one corrupt reference"): FAILS,
    # torchcodec 0.13.0 loses a transport stream's first group, takes AVI's numbers for stamps, cannot seek to the
    # last frame of an open group, and stops at damage.
    ("torchcodec", "b-pyramid and open groups"): FAILS,
    ("torchcodec", "starts at 5 s ts"): FAILS,
    ("torchcodec", "truncated ts"): FAILS,
    ("torchcodec", "mpeg-2 ts"): FAILS,
    ("torchcodec", "h264 in avi"): frozenset({"wrong picture", "wrong stamp"}),
    ("torchcodec", "hole of corrupt packets"): FAILS,
    ("torchcodec", "one corrupt reference"): FAILS,
}


def _installed() -> list[str]:
    names = []
    for name in DECODERS:
        if name == "torchcodec":
            loads = subprocess.run(
                [sys.executable, "-c", "import torchcodec.decoders"], check=False, capture_output=True
            )
            if loads.returncode:
                continue
        names.append(name)
    return names


INSTALLED = _installed()


@pytest.fixture(scope="module", params=INSTALLED)
def decoder(request: pytest.FixtureRequest) -> Iterator[Decoder]:
    guarded = open_decoder(request.param, GuardSettings(idle_s=HANGS_AFTER_S))
    yield guarded
    guarded.close()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Planted, Video]]:
    made = {}
    for name, case in CASES.items():
        film = case.make(tmp_path_factory.mktemp(name.replace(" ", "_")))
        made[name] = (film, probe(film.path).video)
    return made


def _faults(decoder: Decoder, film: Planted, video: Video, case: Case) -> set[str]:
    """How the decoder's answers differ from the truth: dense, sparse and single questions."""
    end_s = min(film.end_s, video.span.end_s) - 0.005 - case.unasked_s
    dense = [float(t) for t in np.arange(video.span.start_s + 0.001, end_s, 0.013)]
    sparse = [float(t) for t in np.arange(video.span.start_s + 0.3, end_s, 0.9)]
    faults: set[str] = set()
    for asked_s in (dense, sparse, [dense[len(dense) * 7 // 10]]):
        given: dict[float, tuple[int | None, float]] = {}
        try:
            for frames in decoder.frames(video, asked_s):
                for at_s, pts_s, rgb_HWC in zip(frames.at_s_T, frames.pts_s_T, frames.rgb_THWC, strict=True):
                    given[float(at_s)] = (planted.read(rgb_HWC), float(pts_s))
        except MediaError as error:
            return faults | {type(error).__name__}
        if list(given) != sorted(given):
            faults.add("out of order")
        for at_s in asked_s:
            if at_s not in given:
                if case.may_lack is None or at_s not in case.may_lack:
                    faults.add("absent")
                continue
            number, pts_s = given[at_s]
            if number != film.number_at(at_s):
                faults.add("wrong picture")
            elif abs(pts_s - film.times_s[number]) > 0.0015:
                faults.add("wrong stamp")
    return faults


@pytest.mark.parametrize("name", CASES)
def test_gives_the_frame_on_display_at_each_instant(
    decoder: Decoder, films: dict[str, tuple[Planted, Video]], name: str
) -> None:
    film, video = films[name]
    assert _faults(decoder, film, video, CASES[name]) == KNOWN_FAULTS.get((decoder.name, name), set())


# A still image in disguise is opened as a film of one frame by these; probing refuses it before they are asked.
TAKES_STILLS = {"torchcodec"}


@pytest.mark.parametrize("kind", ["zero bytes", "text", "still image"])
def test_what_is_no_video_is_an_error_and_not_a_crash(decoder: Decoder, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "film.mp4"
    _, jpeg = cv2.imencode(".jpg", planted.draw(1, (192, 128)))
    path.write_bytes({"zero bytes": b"", "text": b"Dear diary\n" * 500, "still image": jpeg.tobytes()}[kind])
    video = Video("id", path, Span(0, 4), 192, 128, 25.0, False)
    if kind == "still image" and decoder.name in TAKES_STILLS:
        assert sum(len(frames) for frames in decoder.frames(video, [0.0])) == 1
        return
    with pytest.raises(DecodeError, match=r"film\.mp4"):
        list(decoder.frames(video, [1.0]))


def test_sound_alone_has_no_frames(decoder: Decoder, tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 2.0)
    with pytest.raises(DecodeError, match="has no picture"):
        decoder.frames(probe(tmp_path / "talk.m4a").video, [1.0])


def test_frames_come_in_batches_at_the_asked_size(
    decoder: Decoder, films: dict[str, tuple[Planted, Video]]
) -> None:
    _, video = films["constant rate"]
    batches = list(decoder.frames(video, [0.1, 0.5, 1.0, 2.0, 3.0], size_px=(96, 64), batch_frames=2))
    assert [batch.rgb_THWC.shape for batch in batches] == [(2, 64, 96, 3), (2, 64, 96, 3), (1, 64, 96, 3)]
    assert [planted.read(rgb) for batch in batches for rgb in batch.rgb_THWC] == [2, 12, 25, 50, 75]


def test_instants_past_the_end_are_absent_and_before_the_start_show_the_first(
    decoder: Decoder, films: dict[str, tuple[Planted, Video]]
) -> None:
    _, video = films["starts at 5 s mkv"]
    [batch] = decoder.frames(video, [1.0, 5.5, 9.5, 20.0])
    assert batch.at_s_T.tolist() == [1.0, 5.5]
    assert [planted.read(rgb) for rgb in batch.rgb_THWC] == [0, 12]


def test_the_decoders_that_must_be_here_were_tested() -> None:
    assert {"pyav", "decord"} <= set(INSTALLED)
