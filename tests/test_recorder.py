"""What is recorded reads back: the frames in order at their times, the sound where it was put."""

from pathlib import Path

import av
import numpy as np
import pytest

from videoindex.media.recorder import record

FPS, RATE_HZ = 20, 16_000


def grey_frames(levels: list[int]) -> list[np.ndarray]:
    return [np.full((64, 96, 3), level, np.uint8) for level in levels]


def test_frames_come_back_in_order_at_their_times(tmp_path: Path) -> None:
    levels = [20, 220, 20, 20, 120, 220]
    path = tmp_path / "out.mp4"
    record(path, grey_frames(levels), FPS)
    with av.open(str(path)) as container:
        seen = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert [time for time, _ in seen] == pytest.approx([number / FPS for number in range(6)])
    assert [level for _, level in seen] == pytest.approx(levels, abs=12)


def test_the_same_object_yielded_again_is_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    dark, light = grey_frames([30, 200])
    record(path, [dark, dark, light, light, dark], FPS)
    with av.open(str(path)) as container:
        levels = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    assert levels == pytest.approx([30, 30, 200, 200, 30], abs=12)


def test_sound_lies_where_it_was_put(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    sound = np.zeros(2 * RATE_HZ, np.float32)
    sound[RATE_HZ : RATE_HZ + 4000] = 0.5 * np.sin(np.arange(4000) * 2 * np.pi * 440 / RATE_HZ)
    record(path, grey_frames([90] * 2 * FPS), FPS, sound, RATE_HZ)
    with av.open(str(path)) as container:
        heard = [(frame.time, frame.to_ndarray()[0]) for frame in container.decode(audio=0)]
    samples = np.concatenate([block for _, block in heard])
    loud = np.flatnonzero(np.abs(samples) > 0.1) / RATE_HZ + heard[0][0]
    assert loud[0] == pytest.approx(1.0, abs=0.02)
    assert loud[-1] == pytest.approx(1.25, abs=0.02)


def test_nothing_is_left_behind_when_making_frames_fails(tmp_path: Path) -> None:
    def broken():
        yield np.zeros((64, 96, 3), np.uint8)
        raise RuntimeError("no more frames")

    with pytest.raises(RuntimeError, match="no more frames"):
        record(tmp_path / "out.mp4", broken(), FPS)
    assert list(tmp_path.iterdir()) == []
