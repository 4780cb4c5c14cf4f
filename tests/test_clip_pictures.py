"""What a clip's pictures are made of: why something is encoded, in which form, and how long each part is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import planted
import pytest
from clipped import CODED, SIZE
from planted import steady

from videoindex.errors import UsageError
from videoindex.media.clip_forms import CONTAINERS
from videoindex.media.clip_pictures import PicturePlan, plan_pictures, write_pieces
from videoindex.media.probe import Probe, probe
from videoindex.types import Span


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    folder = tmp_path_factory.mktemp("pictures")
    return probe(planted.write(folder / "film.mp4", steady(25, 75), size_px=SIZE, options=CODED).path)


def _plan(film: Probe, *spans: tuple[float, float], suffix: str = ".mp4") -> PicturePlan:
    return plan_pictures([(film, Span(*span)) for span in spans], CONTAINERS[suffix])


def test_head_and_tail_are_encoded_like_the_copy_between_them(film: Probe) -> None:
    (shot,) = _plan(film, (0.2, 2.26)).shots
    assert [(piece.is_copy, piece.first, piece.stop) for piece in shot.pieces] == [
        (False, 5, 24),
        (True, 24, 55),  # picture 57 is coded before 55 and 56
        (False, 55, 57),
    ]
    assert (shot.form.profile, shot.form.set_id, shot.form.is_framed) == ("high", 1, True)
    assert shot.form.reorder_depth == shot.pictures.coded.reorder_depth == 1
    assert shot.copied_s == pytest.approx(31 / 25)
    assert shot.length_at == round(2.06 * 90_000)


def test_shots_follow_each_other(film: Probe) -> None:
    plan = _plan(film, (0.2, 2.26), (0.5, 0.75))
    assert plan.starts_at == [0, 185_400, 207_900]
    assert not plan.notes


@pytest.mark.parametrize(
    ("suffix", "change", "why"),
    [
        (".webm", {}, "a webm file cannot hold h264"),
        (".ts", {"rotation_deg": 90}, "cannot say that pictures are to be turned"),
    ],
)
def test_why_all_is_encoded_is_told(film: Probe, suffix: str, change: dict[str, int], why: str) -> None:
    plan = _plan(replace(film, **change), (0.96, 1.92), suffix=suffix)  # type: ignore[arg-type]
    assert [piece.is_copy for piece in plan.shots[0].pieces] == [False]
    assert why in plan.notes[0]


def test_recordings_of_a_reel_get_parameter_sets_of_their_own(film: Probe, tmp_path: Path) -> None:
    other = probe(planted.write(tmp_path / "other.mp4", steady(25, 30), size_px=(72, 128)).path)
    other = replace(other, video=replace(other.video, height_px=127))
    plan = plan_pictures(
        [(other, Span(0.1, 0.5)), (film, Span(0.1, 0.5)), (other, Span(0.6, 1.0))], CONTAINERS[".mp4"]
    )
    assert [shot.form.set_id for shot in plan.shots] == [0, 1, 0]
    assert {shot.form.size_px for shot in plan.shots} == {(72, 128)}  # even, as 4:2:0 wants it


def test_more_recordings_than_there_are_parameter_sets_are_refused(film: Probe) -> None:
    many = [
        (replace(film, video=replace(film.video, path=film.video.path.with_name(f"{n}.mp4"))), Span(0.1, 0.2))
        for n in range(33)
    ]
    for source, _ in many:
        source.video.path.symlink_to(film.video.path)
    with pytest.raises(UsageError, match="at most 32 recordings, got 33"):
        plan_pictures(many, CONTAINERS[".mp4"])


def test_pieces_are_placed_one_after_the_other(film: Probe, tmp_path: Path) -> None:
    pieces, notes = write_pieces(_plan(film, (0.2, 2.26), (0.5, 0.58)), tmp_path)
    assert not notes
    assert [piece.is_copy for piece in pieces] == [False, True, False, False]
    assert [min(piece.at_N) for piece in pieces] == [0, 68_400, 180_000, 185_400]
    assert [Path(piece.path).parent == tmp_path for piece in pieces] == [True, False, True, True]
