"""Evidence pictures: the right instant, a name that tells it, and what is said where there is none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import planted
import pytest
from looking import FPS, Broken, Film, PartlyBroken, film, moment
from PIL import Image

from videoindex.errors import UsageError
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.picturing import check_folder, picture_instant, save_pictures
from videoindex.types import Box, Moment


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return film(tmp_path_factory.mktemp("picturing") / "yard.mp4", 20)


def boxed(one: Moment, *boxes: Box) -> Moment:
    return replace(one, events=(replace(one.events[0], boxes=boxes),))


def number(path: Path | None) -> int | None:
    assert path is not None
    return planted.read(np.asarray(Image.open(path)))


def test_each_moment_has_the_picture_of_its_instant(yard: Film, tmp_path: Path) -> None:
    first, second = moment(yard.video, 3.0, 5.0), moment(yard.video, 8.0, 9.0)
    folder = tmp_path / "new"
    saved = save_pictures(
        [first, second], {yard.video.id: yard.video}, folder, PyavDecoder, {second.events[0].id: 8.5}
    )
    assert [number(file) for file in saved.files] == [3 * FPS, round(8.5 * FPS)]
    name = f"yard_{yard.video.id[:6]}_0-00-03.000.jpg"
    assert saved.files[0] == folder / name
    assert saved.notes == ()
    assert sorted(os.listdir(folder)) == sorted(file.name for file in saved.files if file)


def test_what_has_boxes_is_shown_at_the_largest_within_its_span(yard: Film) -> None:
    one = moment(yard.video, 3.0, 9.0)
    near, far, later = Box(5.0, 0, 0, 90, 90), Box(3.5, 10, 10, 20, 20), Box(12.0, 0, 0, 500, 500)
    assert picture_instant(boxed(one, far, near, later)) == 5.0
    assert picture_instant(boxed(one, later)) == 3.0
    assert picture_instant(one) == 3.0


def test_a_moved_file_and_one_of_sound_have_no_picture_and_no_folder_is_made(yard: Film, tmp_path: Path) -> None:
    gone = replace(yard.video, id="gone", path=tmp_path / "gone.mp4")
    heard = replace(yard.video, id="heard", width_px=0, height_px=0)
    moments = [moment(gone, 1.0, 2.0), moment(heard, 1.0, 2.0)]
    saved = save_pictures(moments, {"gone": gone, "heard": heard}, tmp_path / "new", PyavDecoder, {})
    assert saved.files == (None, None)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("decoder", [Broken(), PartlyBroken(PyavDecoder(), lambda _: True)])
def test_a_picture_that_cannot_be_decoded_is_told(yard: Film, tmp_path: Path, decoder: Broken) -> None:
    saved = save_pictures(
        [moment(yard.video, 3.0, 5.0)], {yard.video.id: yard.video}, tmp_path, lambda: decoder, {}
    )
    assert saved.files == (None,)
    assert saved.notes == ("no picture could be decoded at yard.mp4 0:00:03.000",)


def test_a_long_name_and_one_that_is_no_text_are_cut_to_what_a_file_system_takes(
    yard: Film, tmp_path: Path
) -> None:
    for stem in ("ü" * 120, "x" * 240, os.fsdecode(b"\xff" * 200)):
        path = tmp_path / f"{stem}.mp4"
        path.write_bytes(yard.video.path.read_bytes())
        video = replace(yard.video, path=path)
        (file,) = save_pictures(
            [moment(video, 3.0, 5.0)], {video.id: video}, tmp_path / "pictures", PyavDecoder, {}
        ).files
        assert number(file) == 3 * FPS


def test_two_recordings_of_one_name_do_not_take_each_others_pictures(yard: Film, tmp_path: Path) -> None:
    other = replace(yard.video, id="another")
    moments = [moment(yard.video, 3.0, 5.0), moment(other, 3.0, 5.0)]
    saved = save_pictures(
        moments, {yard.video.id: yard.video, "another": other}, tmp_path / "both", PyavDecoder, {}
    )
    assert len(set(saved.files)) == 2


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "file")
    with pytest.raises(UsageError, match="is no folder; make it first"):
        check_folder(tmp_path / "none" / "new")
    check_folder(tmp_path)
    check_folder(tmp_path / "new")
