"""The guard: hangs are stopped and named, crashes cost one call, children are kept and let go."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import planted
import pytest

from videoindex.errors import ConfigError, DecodeError, DecoderHungError, UsageError
from videoindex.media.decoders import open_decoder
from videoindex.media.decoders.guard import Guarded, GuardSettings
from videoindex.media.probe import probe
from videoindex.types import Span, Video

VIDEO = Video("id", Path("/nowhere/street.mp4"), Span(0, 10), 64, 48, 25.0, False)
ASKED_S = (1.0, 2.0, 3.5, 4.0)


def _guarded(kind: str, idle_s: float = 30.0) -> Guarded:
    return Guarded("broken", f"broken_decoders:{kind}", GuardSettings(idle_s=idle_s, memory_mib=2048))


def test_a_decoder_that_hangs_is_stopped_and_named() -> None:
    guarded = _guarded("HangingDecoder", idle_s=5.0)
    batches = guarded.frames(VIDEO, ASKED_S)
    assert [next(batches).at_s_T.tolist() for _ in range(2)] == [[1.0], [2.0]]
    started_s = time.monotonic()
    with pytest.raises(DecoderHungError, match=r"broken gave nothing for 5 s in /nowhere/street.mp4 at 3.50 s"):
        next(batches)
    assert time.monotonic() - started_s < 60
    guarded.close()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("CrashingDecoder", "crashed in /nowhere/street.mp4 at 3.50 s .SIGSEGV"),
        ("GreedyDecoder", "failed in /nowhere/street.mp4 at 3.50 s .*Memory"),
        ("ConfusedDecoder", "ValueError: the sky is green"),
    ],
)
def test_a_decoder_that_fails_costs_one_call(kind: str, said: str) -> None:
    guarded = _guarded(kind)
    with pytest.raises(DecodeError, match=said):
        list(guarded.frames(VIDEO, ASKED_S))
    assert [len(frames) for frames in guarded.frames(VIDEO, ASKED_S[:2])] == [1, 1]
    guarded.close()


def test_a_decoder_cannot_write_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "loot"
    monkeypatch.setenv("BROKEN_WRITES_TO", str(target))
    guarded = _guarded("WritingDecoder")
    with pytest.raises(DecodeError, match="File too large"):
        list(guarded.frames(VIDEO, ASKED_S))
    assert target.stat().st_size <= 1 << 20
    guarded.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Video:
    made = planted.write(tmp_path_factory.mktemp("guard") / "film.mp4", planted.steady(25, 75))
    return probe(made.path).video


def test_gives_what_the_decoder_inside_gives(film: Video) -> None:
    guarded = open_decoder("pyav")
    for size_px in ((0, 0), (96, 64)):
        asked_s = [0.1, 0.5, 1.7, 2.9]
        batches = list(guarded.frames(film, asked_s, size_px, batch_frames=3))
        assert [len(batch) for batch in batches] == [3, 1]
        pixels_TN = np.concatenate([batch.rgb_THWC for batch in batches])
        assert [planted.read(rgb_HWC) for rgb_HWC in pixels_TN] == [2, 12, 42, 72]


def test_the_child_is_kept_and_survives_a_caller_who_stops_early(film: Video) -> None:
    guarded = open_decoder("pyav", GuardSettings())
    kept_children = guarded._children
    batches = guarded.frames(film, [0.1, 0.5, 0.9], batch_frames=1)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    [kept] = kept_children.idle
    assert sum(len(batch) for batch in guarded.frames(film, [0.2, 0.4])) == 2
    assert kept_children.idle == [kept]
    guarded.close()
    assert kept_children.idle == []


def test_two_calls_at_once_have_a_child_each(film: Video) -> None:
    guarded = open_decoder("pyav")
    first, second = (
        guarded.frames(film, [0.1, 1.1], batch_frames=1),
        guarded.frames(film, [0.5, 1.5], batch_frames=1),
    )
    numbers = [planted.read(next(calls).rgb_THWC[0]) for calls in (first, second, first, second)]
    assert numbers == [2, 12, 27, 37]


def test_a_missing_file_is_named(film: Video, tmp_path: Path) -> None:
    gone = Video("id", tmp_path / "gone.mp4", film.span, film.width_px, film.height_px, 25.0, False)
    with pytest.raises(DecodeError, match=r"gone\.mp4"):
        list(open_decoder().frames(gone, [1.0]))


def test_refuses_requests_and_settings_that_cannot_be_right(film: Video) -> None:
    guarded = open_decoder()
    with pytest.raises(UsageError, match="must rise"):
        guarded.frames(film, [1.0, 1.0])
    with pytest.raises(UsageError, match="batch_frames"):
        guarded.frames(film, [1.0], batch_frames=0)
    with pytest.raises(UsageError, match="size_px"):
        guarded.frames(film, [1.0], size_px=(0, 5))
    with pytest.raises(ConfigError, match="no decoder called 'vlc'"):
        open_decoder("vlc")
    for wrong in ({"idle_s": 0.0}, {"memory_mib": 10}, {"cpu_s": 0}, {"keep": -1}):
        with pytest.raises(ConfigError):
            GuardSettings(**wrong)  # type: ignore[arg-type]
