"""Putting packets together: jobs as data, and what happens when the process fails."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import planted
import pytest
from clipped import CODED, SIZE, numbers, shown_in
from planted import steady

from videoindex.errors import DecodeError, DecoderHungError
from videoindex.media.coded import read_coded
from videoindex.media.probe import probe
from videoindex.media.splice import PicturePiece, SoundTrack, SpliceJob, splice
from videoindex.types import Span


def _job(film: Path, output: Path, **more: object) -> SpliceJob:
    """The second group of pictures of ``film``, 24 to 47, at its own pace."""
    coded = read_coded(probe(film).video, Span(0.96, 1.92)).coded
    pts_N = coded.pts_N[:24]
    at_N = tuple(round((pts - pts_N[0]) * coded.tick_s * 90_000) for pts in pts_N)
    pieces = (PicturePiece(str(film), 0, at_N, pts_N),)
    return SpliceJob(**{"output": str(output), "format": "mp4", "pictures": pieces, "end_at": 86_400, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("splice")
    return planted.write(folder / "film.mp4", steady(25, 60), size_px=SIZE, options=CODED).path


def test_a_job_survives_json(film: Path, tmp_path: Path) -> None:
    job = _job(film, tmp_path / "out.mp4", sound=SoundTrack(str(film), 1, 0.5, 1.0), metadata={"comment": "é"})
    assert SpliceJob.from_plain(json.loads(json.dumps(asdict(job)))) == job


def test_packets_go_where_the_job_places_them(film: Path, tmp_path: Path) -> None:
    splice(_job(film, tmp_path / "out.mp4"), 60.0)
    assert numbers(tmp_path / "out.mp4") == list(range(24, 48))
    assert [one.at_s for one in shown_in(tmp_path / "out.mp4")] == pytest.approx([n / 25 for n in range(24)])


def test_other_stamps_than_planned_are_an_error(film: Path, tmp_path: Path) -> None:
    job = _job(film, tmp_path / "out.mp4")
    (piece,) = job.pictures
    moved = PicturePiece(piece.path, 0, piece.at_N, tuple(pts + 1 for pts in piece.pts_N))
    with pytest.raises(DecodeError, match="other pictures than when the cut was planned"):
        splice(SpliceJob(job.output, "mp4", (moved,), job.end_at), 60.0)


def test_an_unreadable_recording_is_named(film: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear all, this is no film. " * 20)
    job = _job(film, tmp_path / "out.mp4", sound=SoundTrack(str(tmp_path / "letter.mp4"), 0))
    with pytest.raises(DecodeError, match=r"letter\.mp4"):
        splice(job, 60.0)


def test_a_process_that_fails_is_told_in_its_last_words(film: Path, tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"nowhere/out\.mp4 together failed"):
        splice(_job(film, tmp_path / "nowhere" / "out.mp4"), 60.0)


def test_a_process_that_takes_too_long_is_stopped(film: Path, tmp_path: Path) -> None:
    with pytest.raises(DecoderHungError, match="stopped after 0 s"):
        splice(_job(film, tmp_path / "out.mp4"), 0.01)
