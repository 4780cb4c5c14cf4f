"""Sound on the source's own clock: truth is planted as bursts at known times."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spoken

from videoindex.errors import DecodeError, DecoderHungError, MediaError, UsageError
from videoindex.media.audio import _sound_in, _understood, read_audio, read_sound
from videoindex.media.decoders.process import Children
from videoindex.media.recorder import record
from videoindex.types import Span

# container, codec, native rate
FORMATS = [
    ("mp4", "aac", 48_000),
    ("mkv", "libopus", 48_000),
    ("mkv", "ac3", 44_100),
    ("mkv", "pcm_s16le", 16_000),
    ("avi", "pcm_s16le", 22_050),
    ("ts", "aac", 44_100),
    ("mkv", "flac", 44_100),
    ("mp4", "libmp3lame", 44_100),
]


@pytest.mark.parametrize(("container", "codec", "rate_hz"), FORMATS)
def test_bursts_sound_at_their_times_wherever_reading_starts(
    tmp_path: Path, container: str, codec: str, rate_hz: int
) -> None:
    path = tmp_path / f"bursts.{container}"
    spoken.write_sound(path, spoken.bursts(30.0, 1.0, rate_hz), codec=codec, rate_hz=rate_hz)
    # MPEG-TS is written with a start offset of its own; find it once, then hold every span to it.
    video = spoken.video_of(path, Span(0.0, 40.0))
    offset_s = spoken.onsets_s(read_audio(video, Span(0.0, 5.0)))[0]
    assert offset_s < 0.03 or container == "ts"
    for start_s in (offset_s + 0.5, offset_s + 13.25, offset_s + 26.5):
        samples_T = read_audio(video, Span(start_s, start_s + 3.0))
        assert samples_T.dtype == np.float32
        assert len(samples_T) == 48_000
        heard = [start_s + onset for onset in spoken.onsets_s(samples_T)]
        wanted = [offset_s + k for k in range(31) if start_s <= offset_s + k < start_s + 3.0]
        assert heard == pytest.approx(wanted, abs=0.025)


@pytest.mark.parametrize("start_s", [0.0, 1.5, 1000.0])
def test_a_stream_that_starts_late_is_heard_late(tmp_path: Path, start_s: float) -> None:
    path = tmp_path / "late.mkv"
    spoken.write_sound(path, spoken.bursts(5.0, 1.0), codec="pcm_s16le", start_s=start_s)
    samples_T = read_audio(spoken.video_of(path, Span(0.0, start_s + 5.0)), Span(start_s - 0.75, start_s + 2.75))
    assert spoken.onsets_s(samples_T) == pytest.approx([0.75, 1.75, 2.75], abs=0.002)


def test_a_hole_in_the_time_stamps_is_silence_and_shifts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    sound = spoken.tone(10.0, 440)
    spoken.write_sound(path, sound, codec="pcm_s16le", hole=Span(3.0, 6.0))
    got = read_audio(spoken.video_of(path, Span(0.0, 10.0)), Span(0.0, 10.0))
    silent = np.abs(got) < 1e-3
    assert silent[round(3.1 * 16_000) : round(5.95 * 16_000)].all()
    assert np.abs(got[: 16_000 * 2] - sound[: 16_000 * 2]).max() < 0.01
    assert np.abs(got[16_000 * 7 : 16_000 * 9] - sound[16_000 * 7 : 16_000 * 9]).max() < 0.01


def test_adjoining_spans_join_without_a_seam(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    spoken.write_sound(path, spoken.tone(20.0, 313, 48_000), codec="aac", rate_hz=48_000)
    video = spoken.video_of(path, Span(0.0, 20.0))
    whole = read_audio(video, Span(0.0, 20.0))
    parts = np.concatenate([read_audio(video, Span(0.0, 7.3)), read_audio(video, Span(7.3, 20.0))])
    # Half a sample of rounding is the most the two may differ by: 0.018 on this tone.
    assert np.abs(whole - parts)[1000:-2000].max() < 0.02


def test_stereo_and_surround_are_mixed_down_without_clipping(tmp_path: Path) -> None:
    for channels in (2, 6):
        path = tmp_path / f"{channels}.mkv"
        loud = np.repeat(spoken.tone(2.0, 440, level=0.99)[None], channels, axis=0)
        spoken.write_sound(path, loud, codec="pcm_s16le")
        got = read_audio(spoken.video_of(path, Span(0.0, 2.0)), Span(0.5, 1.5))
        assert 0.9 < np.abs(got).max() <= 1.0
        assert np.mean(np.abs(got) > 0.985) < 0.12  # a clipped sine would stay at the top


def test_after_the_end_there_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "short.mkv"
    spoken.write_sound(path, spoken.bursts(3.0, 1.0), codec="pcm_s16le")
    got = read_audio(spoken.video_of(path, Span(0.0, 60.0)), Span(50.0, 52.0))
    assert len(got) == 32_000
    assert not got.any()


def test_damaged_packets_are_silence_and_are_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    spoken.write_sound(path, spoken.bursts(30.0, 1.0, 48_000), codec="aac", rate_hz=48_000)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    length = (data.index(b"moov") - start) // 3
    data[start + length : start + 2 * length] = np.random.default_rng(7).bytes(length)
    path.write_bytes(data)
    sound = read_sound(spoken.video_of(path, Span(0.0, 30.0)), Span(0.0, 30.0))
    assert sound.broken
    assert all(9.0 < span.start_s < 21.5 for span in sound.broken)
    after = [onset for onset in spoken.onsets_s(sound.samples_T) if onset > 21.5]
    assert after == pytest.approx(range(22, 22 + len(after)), abs=0.03)
    assert len(after) >= 7


def test_errors_name_the_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    with pytest.raises(DecodeError, match=r"empty\.mp4"):
        read_audio(spoken.video_of(empty, Span(0.0, 1.0)), Span(0.0, 1.0))
    with pytest.raises(UsageError, match="an hour"):
        read_audio(spoken.video_of(empty, Span(0.0, 1.0)), Span(0.0, 4000.0))


@pytest.mark.parametrize(
    ("function", "kind", "said"),
    [
        ("hang", DecoderHungError, r"gave nothing for 3 s in .*trap\.mkv from 1\.0 to 5\.0 s and was stopped"),
        ("crash", DecodeError, r"crashed in .*trap\.mkv from 1\.0 to 5\.0 s \(SIGSEGV"),
        ("babble", DecodeError, r"answered nonsense about .*trap\.mkv"),
        ("hush", DecodeError, r"nonsense about .*trap\.mkv .*\(0 samples instead of 64000\)"),
    ],
)
def test_a_decoder_of_sound_that_fails_costs_one_span(
    tmp_path: Path, function: str, kind: type[MediaError], said: str
) -> None:
    path = tmp_path / "trap.mkv"
    spoken.write_sound(path, spoken.tone(5.0, 440), codec="pcm_s16le")
    video, span = spoken.video_of(path, Span(0.0, 5.0)), Span(1.0, 5.0)
    children = Children(memory_mib=2048)
    with pytest.raises(kind, match=said):
        _sound_in(children, video, span, 16_000, f"broken_decoders:{function}", idle_s=3.0)
    assert np.array_equal(_sound_in(children, video, span, 16_000).samples_T, read_audio(video, span))
    children.close()


def test_a_file_that_breaks_off_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = {"pcm_s16le": "AAA=", "broken_s": [], "break_off": "Input/output error"}
    with caplog.at_level(logging.WARNING):
        assert _understood(said, tmp_path / "cut.mkv", 1).samples_T.tolist() == [0.0]
    assert "cut.mkv breaks off while reading its sound: Input/output error" in caplog.text


def test_sound_is_not_decoded_here(tmp_path: Path) -> None:
    path = tmp_path / "tone.mkv"
    spoken.write_sound(path, spoken.tone(2.0, 440), codec="pcm_s16le")
    script = (
        "import sys\nfrom pathlib import Path\nfrom videoindex.media.audio import read_audio\n"
        "from videoindex.media.probe import probe\nfrom videoindex.types import Span\n"
        f"samples_T = read_audio(probe(Path({str(path)!r})).video, Span(0.0, 1.0))\n"
        "assert abs(samples_T).max() > 0.2\nprint('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_recording_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    record(path, [np.zeros((32, 32, 3), np.uint8)] * 5, fps=5)
    with pytest.raises(UsageError, match=r"mute\.mp4 has no sound"):
        read_audio(spoken.video_of(path, Span(0.0, 1.0)), Span(0.0, 1.0))
