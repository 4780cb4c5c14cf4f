from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scripted import a_video

from pipelines.progress import BarProgress, LineProgress, Progress, terminal_progress
from videoindex.types import Segment, Span


def segments(*lengths_s: float) -> list[Segment]:
    return [Segment("v1", "speech", Span(0.0, length_s)) for length_s in lengths_s]


def tell_a_whole_ingest(progress: Progress) -> None:
    video = a_video(Path("/recordings/night[1].mp4"))
    progress.started(video)
    progress.scanned(video, 30.0)
    pieces = segments(20.0, 40.0)
    progress.planned(video, pieces)
    for piece in pieces:
        progress.observed(video, piece)
    progress.finished(video.path, "indexed", None)


def test_lines_name_the_recording_the_work_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress()
    tell_a_whole_ingest(progress)
    progress.finished(Path("/recordings/bad.mp4"), "failed", "it is empty")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "night[1].mp4: scanned, 2 segments to observe",
        "night[1].mp4: indexed",
        "bad.mp4: failed: it is empty",
    ]


def test_the_bar_ends_full_and_is_kept_off_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    progress = BarProgress()
    seen: list[float] = []
    video = a_video()
    progress.started(video)
    for step in (
        lambda: progress.scanned(video, 30.0),
        lambda: progress.scanned(video, 90.0),
        lambda: progress.planned(video, segments(20.0, 40.0)),
        lambda: progress.observed(video, segments(20.0)[0]),
        lambda: progress.observed(video, segments(40.0)[0]),
    ):
        step()
        seen.append(progress._bar.tasks[0].completed)
    progress.finished(video.path, "indexed", None)
    assert seen == pytest.approx([0.075, 0.15, 0.15, 0.15 + 0.85 / 3, 1.0])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "night.mp4: indexed" in printed.err


def test_a_bar_takes_recordings_that_fail_before_they_start_and_names_that_look_like_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = BarProgress()
    progress.finished(Path("bad[red].mp4"), "failed", "it is [empty]")
    tell_a_whole_ingest(progress)
    tell_a_whole_ingest(progress)
    printed = capsys.readouterr().err
    assert "bad[red].mp4: failed: it is [empty]" in printed
    assert printed.count("night[1].mp4: indexed") == 2


def test_a_recording_with_nothing_to_observe_is_no_division_by_zero(capsys: pytest.CaptureFixture[str]) -> None:
    progress = BarProgress()
    progress.started(a_video())
    progress.planned(a_video(), [])
    progress.finished(a_video().path, "indexed", None)
    assert "night.mp4: indexed" in capsys.readouterr().err


@pytest.mark.parametrize(("is_terminal", "kind"), [(True, BarProgress), (False, LineProgress)])
def test_a_person_gets_a_bar_and_a_log_gets_lines(
    is_terminal: bool, kind: type[Progress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert type(terminal_progress()) is kind
