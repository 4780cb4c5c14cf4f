"""Haystacks: made, joined, and cut to the part that a copy is of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from needle_rows import copy_of, film

from videoindex.errors import UsageError
from videoindex.evaluation import haystacks
from videoindex.evaluation.haystacks import Haystack, make_haystack, part_of
from videoindex.media.probe import probe


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Lectures and camera recordings become short films; what was made is told, with its seed."""
    made: list[tuple[str, int]] = []

    def make(kind: str):  # type: ignore[no-untyped-def]
        def draw(path: Path, minutes: float, *, seed: int, fps: int) -> None:
            made.append((kind, seed))
            film(path, 2.0)

        return draw

    monkeypatch.setattr(haystacks, "make_lecture", make("lecture"))
    monkeypatch.setattr(haystacks, "make_camera", make("camera"))
    return made


def test_every_fourth_piece_is_a_camera_and_all_differ(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    haystack = make_haystack(tmp_path, 4 * 600.0, 3)
    assert [kind for kind, _ in drawn] == ["lecture", "lecture", "lecture", "camera"]
    assert len({seed for kind, seed in drawn if kind == "lecture"}) == 3
    assert haystack.source.video.span.duration_s == pytest.approx(8.0, abs=0.1)
    assert "4 pieces of 600 s" in haystack.said
    assert [path.name for path in tmp_path.iterdir()] == ["made_4x600s_3.mp4"]


def test_what_is_there_is_not_made_again(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    first = make_haystack(tmp_path, 600.0, 0)
    again = make_haystack(tmp_path, 600.0, 0)
    assert len(drawn) == 1
    assert first.source.video.id == again.source.video.id


def test_a_part_is_as_long_as_its_copy_and_lies_at_its_place(tmp_path: Path) -> None:
    haystack = Haystack(probe(film(tmp_path / "film.mp4", 10.0)), "a film")
    copy = copy_of(length_s=4.0)
    spans = [part_of(haystack, replace(copy, place=place)) for place in (0.0, 0.5, 1.0)]
    assert [span.start_s for span in spans] == pytest.approx([0.0, 3.0, 6.0], abs=0.06)
    assert all(span.duration_s == pytest.approx(4.0, abs=0.01) for span in spans)


def test_a_recording_that_is_too_short_is_refused_with_what_to_change(tmp_path: Path) -> None:
    haystack = Haystack(probe(film(tmp_path / "film.mp4", 3.0)), "a film")
    with pytest.raises(UsageError, match=r"too short for 10m; name shorter --lengths"):
        part_of(haystack, copy_of())
