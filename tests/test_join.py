"""Recordings joined end to end, held against pictures that tell their own number."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import planted
import pytest
from clipped import CODED, SIZE, numbers, shown_in
from planted import steady

from videoindex.errors import UsageError
from videoindex.media.join import join
from videoindex.media.probe import probe


def film(path: Path, frames: int, **more: object) -> Path:
    wish: dict[str, object] = {"size_px": SIZE, "options": CODED, "with_sound": True} | more
    planted.write(path, steady(25, frames), **wish)  # type: ignore[arg-type]
    return path


def test_pictures_follow_each_other_without_a_gap_and_are_all_there(tmp_path: Path) -> None:
    parts = [film(tmp_path / f"{n}.mp4", frames) for n, frames in enumerate((30, 55, 40))]
    join([probe(part) for part in parts], tmp_path / "whole.mp4")
    whole = probe(tmp_path / "whole.mp4")
    assert not whole.damage
    assert whole.video.has_audio
    assert numbers(tmp_path / "whole.mp4") == [*range(30), *range(55), *range(40)]
    times_s = [one.at_s for one in shown_in(tmp_path / "whole.mp4")]
    assert all(b - a == pytest.approx(0.04, abs=0.001) for a, b in pairwise(times_s))
    assert whole.video.span.duration_s == pytest.approx(125 / 25, abs=0.1)


def test_one_recording_is_copied(tmp_path: Path) -> None:
    part = film(tmp_path / "a.mp4", 30, with_sound=False)
    join([probe(part)], tmp_path / "whole.mp4")
    assert numbers(tmp_path / "whole.mp4") == [*range(30)]


def test_recordings_that_are_coded_otherwise_are_refused(tmp_path: Path) -> None:
    one, other = film(tmp_path / "a.mp4", 30), film(tmp_path / "b.mp4", 30, size_px=(192, 128))
    with pytest.raises(UsageError, match="coded otherwise than"):
        join([probe(one), probe(other)], tmp_path / "whole.mp4")
    assert not (tmp_path / "whole.mp4").exists()


def test_nothing_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to join"):
        join([], tmp_path / "whole.mp4")
