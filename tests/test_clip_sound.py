"""The sound of a clip: when it is copied, and that what is encoded keeps its length."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import planted
import pytest
from clipped import RATE_HZ, SIZE, noise
from planted import steady

from videoindex.media.clip_forms import CONTAINERS
from videoindex.media.clip_sound import sound_track
from videoindex.media.probe import Probe, probe
from videoindex.media.recorder import record

ENDS = (Fraction(1, 2), Fraction(3, 2))


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    path = tmp_path_factory.mktemp("sound") / "noisy.mp4"
    record(path, [planted.draw(n, SIZE) for n in range(20)], 10, noise(2.0), RATE_HZ)
    return probe(path)


def test_one_cut_is_copied_where_the_file_takes_its_codec(noisy: Probe, tmp_path: Path) -> None:
    track, notes = sound_track([(noisy, ENDS)], CONTAINERS[".mp4"], tmp_path)
    assert track is not None
    assert (track.path, track.start_s, track.end_s) == (str(noisy.video.path), 0.5, 1.5)
    assert not notes
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "count", "why"), [(".webm", 1, "no copy of aac"), (".mp4", 2, "joined")])
def test_else_it_is_encoded_at_its_full_length(
    noisy: Probe, tmp_path: Path, suffix: str, count: int, why: str
) -> None:
    track, notes = sound_track([(noisy, ENDS)] * count, CONTAINERS[suffix], tmp_path)
    assert track is not None
    assert track.end_s is None
    assert why in notes[0]
    span = probe(Path(track.path)).video.span
    assert span.end_s == pytest.approx(count, abs=0.07)  # a packet of 64 ms may be begun
    assert [path.name for path in tmp_path.iterdir()] == [Path(track.path).name]


def test_no_sound_anywhere_is_no_track(tmp_path: Path) -> None:
    mute = probe(planted.write(tmp_path / "mute.mp4", steady(10, 20), size_px=SIZE).path)
    assert sound_track([(mute, ENDS)], CONTAINERS[".mp4"], tmp_path) == (None, ())
