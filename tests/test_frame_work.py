"""Which pictures become vectors, and that each is embedded once, whatever happens in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scripted import HashEmbedder, ScriptedObserver, a_scan, a_video, says

from videoindex.errors import DecodeError
from videoindex.index import ingest
from videoindex.index.artifacts import ArtifactStore
from videoindex.index.embed_frames import FrameSettings
from videoindex.index.frame_work import (
    FRAMES,
    FrameWork,
    embed_segment,
    frame_instants,
    frame_segments,
    gather_frames,
)
from videoindex.index.ingest import Backends
from videoindex.media.recorder import record
from videoindex.media.scan import ScanSettings
from videoindex.types import Frames, Gap, Scan, Span, Video

EVERY_2_S = FrameSettings(model="m", batch=4)


class MeanColour:
    """A picture's vector is its mean colour, made long one; counts what it was given."""

    def __init__(self, name: str = "mean", *, square: bool = False) -> None:
        self.fingerprint = name
        self.square = square
        self.given: list[tuple[int, ...]] = []

    def takes_square(self) -> bool:
        return self.square

    def embed_pictures(self, rgb_THWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.given.append(rgb_THWC.shape)
        means_TD = rgb_THWC.reshape(len(rgb_THWC), -1, 3).mean(axis=1) + 1.0
        return np.asarray(means_TD / np.linalg.norm(means_TD, axis=1, keepdims=True), dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return np.array([1.0, 0.0, 0.0], np.float32)

    @property
    def pictures(self) -> int:
        return sum(shape[0] for shape in self.given)


class Painter:
    """A decoder whose picture at t has the red of t; none at ``lost`` instants, and it fails at ``breaks_at``."""

    name = "painter"

    def __init__(self, lost: Sequence[float] = (), breaks_at: float | None = None) -> None:
        self.lost, self.breaks_at = lost, breaks_at

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        held = [at_s for at_s in at_s_T if at_s not in self.lost]
        for first in range(0, len(held), batch_frames):
            times_T = np.array(held[first : first + batch_frames])
            if self.breaks_at is not None and self.breaks_at in times_T:
                raise DecodeError(f"{video.path}: nothing decodes at {self.breaks_at} s")
            rgb_THWC = np.zeros((len(times_T), size_px[1], size_px[0], 3), np.uint8)
            rgb_THWC[..., 0] = times_T.astype(np.uint8)[:, None, None]
            yield Frames(rgb_THWC, times_T, times_T)


def changing(duration_s: float, *changes: tuple[float, int]) -> Scan:
    """A scan in which one block changes by so many 255ths at the looks given by their times."""
    seen = a_scan(duration_s)
    for at_s, share in changes:
        seen.change_TRC[int(np.searchsorted(seen.pts_s_T, at_s)), 4, 7] = share
    return seen


def work(decoder: Painter | None = None, embedder: MeanColour | None = None) -> FrameWork:
    return FrameWork(embedder or MeanColour(), decoder or Painter(), EVERY_2_S)


def moving(duration_s: float = 60.0) -> Scan:
    seen = a_scan(duration_s)
    seen.change_TRC[:] = 255
    return seen


def test_a_still_picture_is_taken_at_the_start_and_at_each_heartbeat() -> None:
    settings = replace(EVERY_2_S, heartbeat_s=20.0)
    instants = frame_instants(Span(0, 61), a_scan(61), settings)
    assert instants[0] == 0.0
    assert all(later - earlier <= 20.0 for earlier, later in pairwise(instants))
    assert len(instants) == 4


def test_a_change_is_taken_at_the_next_instant() -> None:
    instants = frame_instants(Span(0, 30), changing(30, (10.5, 128)), EVERY_2_S)
    assert instants == (0.0, 12.0)


def test_what_moves_slowly_adds_up() -> None:
    """One block changes by a twentieth at each look of six seconds: never much at once, much in all."""
    steps = [(10.0 + 0.25 * i, 13) for i in range(24)]
    assert frame_instants(Span(0, 30), changing(30, *steps), EVERY_2_S) == (0.0, 12.0, 14.0, 16.0)


def test_noise_never_adds_up() -> None:
    hum = [(0.25 * i, 4) for i in range(1, 120)]
    assert frame_instants(Span(0, 30), changing(30, *hum), EVERY_2_S) == (0.0,)


def test_where_the_scan_saw_nothing_every_instant_is_taken() -> None:
    seen = a_scan(30)
    half = Scan(seen.pts_s_T[:40], seen.change_TRC[:40], (), ())
    assert frame_instants(Span(0, 20), half, EVERY_2_S) == (0.0, 12.0, 14.0, 16.0, 18.0)


@given(
    st.floats(0.1, 400.0),
    st.floats(0.5, 10.0),
    st.floats(1.0, 5.0),
    st.lists(st.tuples(st.floats(0.0, 399.0), st.integers(0, 255)), max_size=8),
)
def test_instants_rise_inside_the_video_and_lie_no_further_apart_than_the_heartbeat(
    duration_s: float, every_s: float, beats: float, changes: list[tuple[float, int]]
) -> None:
    settings = FrameSettings(model="m", every_s=every_s, heartbeat_s=every_s * beats)
    kept = [(at_s, share) for at_s, share in changes if at_s < duration_s - 1]
    instants = frame_instants(Span(5.0, 5.0 + duration_s), changing(duration_s, *kept), settings)
    assert instants[0] == 5.0
    assert instants[-1] < 5.0 + duration_s
    gaps_s = np.diff([*instants])
    assert (gaps_s > 0).all()
    assert (gaps_s <= settings.heartbeat_s + 1e-6).all()


def test_segments_cover_the_video_and_hold_every_instant_once() -> None:
    video = a_video(duration_s=300.0)
    segments = frame_segments(video, moving(300.0), EVERY_2_S)
    assert len(segments) == 3
    assert [one.observer for one in segments] == [FRAMES] * 3
    assert segments[0].span.start_s == 0.0
    assert segments[-1].span.end_s == 300.0
    assert all(a.span.end_s == b.span.start_s for a, b in pairwise(segments))
    assert [at_s for one in segments for at_s in one.at_s_T] == [2.0 * i for i in range(150)]
    assert segments[0].size_px == (448, 252)


def test_a_small_video_is_not_enlarged_and_one_without_picture_has_no_segment() -> None:
    small = replace(a_video(), width_px=160, height_px=120)
    assert frame_segments(small, moving(), EVERY_2_S)[0].size_px == (160, 120)
    assert frame_segments(replace(a_video(), width_px=0, height_px=0), moving(), EVERY_2_S) == []


def run(artifacts: ArtifactStore, made: FrameWork, seen: Scan | None = None):  # type: ignore[no-untyped-def]
    video, seen = a_video(), seen or moving()
    segments = frame_segments(video, seen, made.settings)
    for segment in segments:
        embed_segment(video, segment, made, artifacts)
    return gather_frames(video, seen, segments, made, artifacts)


def test_each_picture_stands_until_the_next_one(tmp_path: Path) -> None:
    made = work()
    found = run(ArtifactStore(tmp_path), made)
    assert found.embedder == "mean"
    assert found.spans == tuple(Span(2.0 * i, 2.0 * i + 2.0) for i in range(30))
    reds_T = found.vectors_TD[:, 0] / found.vectors_TD[:, 1] - 1.0
    np.testing.assert_allclose(reds_T, [2.0 * i for i in range(30)], atol=1e-3)
    assert max(shape[0] for shape in made.embedder.given) == 4  # type: ignore[attr-defined]


def test_a_second_run_embeds_nothing_and_another_model_embeds_all(tmp_path: Path) -> None:
    artifacts = ArtifactStore(tmp_path)
    first = run(artifacts, work())
    again = MeanColour()
    second = run(artifacts, work(embedder=again))
    assert again.pictures == 0
    assert second.spans == first.spans
    np.testing.assert_array_equal(second.vectors_TD, first.vectors_TD)
    other = MeanColour("another")
    run(artifacts, work(embedder=other))
    assert other.pictures == 30


def test_a_run_that_dies_goes_on_where_it_stopped(tmp_path: Path) -> None:
    class Dies(MeanColour):
        def embed_pictures(self, rgb_THWC: NDArray[np.uint8]) -> NDArray[np.float32]:
            if self.pictures >= 64:
                raise KeyboardInterrupt
            return super().embed_pictures(rgb_THWC)

    video, seen, artifacts = a_video(duration_s=300.0), moving(300.0), ArtifactStore(tmp_path)
    segments = frame_segments(video, seen, EVERY_2_S)
    dying = work(embedder=Dies())
    embed_segment(video, segments[0], dying, artifacts)
    with pytest.raises(KeyboardInterrupt):
        embed_segment(video, segments[1], dying, artifacts)
    healed = MeanColour()
    for segment in segments:
        embed_segment(video, segment, work(embedder=healed), artifacts)
    assert healed.pictures == 150 - 64


def test_a_damaged_artifact_is_made_again(tmp_path: Path) -> None:
    artifacts, made = ArtifactStore(tmp_path), work()
    run(artifacts, made)
    (kept,) = tmp_path.rglob("frames/*.npz")
    kept.write_bytes(kept.read_bytes()[:100])
    again = MeanColour()
    assert len(run(artifacts, work(embedder=again)).spans) == again.pictures == 30


def test_for_a_model_that_cuts_the_sides_off_pictures_are_squeezed_to_squares(tmp_path: Path) -> None:
    square, plain = MeanColour(square=True), MeanColour("plain")
    run(ArtifactStore(tmp_path), work(embedder=square))
    run(ArtifactStore(tmp_path), work(embedder=plain))
    assert {shape[1:3] for shape in square.given} == {(448, 448)}
    assert {shape[1:3] for shape in plain.given} == {(252, 448)}


def test_pictures_that_cannot_be_decoded_are_left_out_and_nothing_stands_for_them(tmp_path: Path) -> None:
    seen = replace(moving(), gaps=(Gap("v1", Span(11, 15), "corrupt packets"),))
    found = run(ArtifactStore(tmp_path), work(Painter(lost=(12.0, 14.0))), seen)
    starts = {span.start_s: span for span in found.spans}
    assert 12.0 not in starts
    assert 14.0 not in starts
    assert starts[10.0] == Span(10.0, 11.0)
    assert starts[16.0] == Span(16.0, 18.0)


def test_a_decoder_that_fails_keeps_what_came_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = run(ArtifactStore(tmp_path), work(Painter(breaks_at=20.0)))
    assert [span.start_s for span in found.spans] == [2.0 * i for i in range(8)]
    assert "nothing decodes at 20.0 s" in caplog.text


def test_a_recording_of_which_nothing_decodes_has_no_pictures(tmp_path: Path) -> None:
    found = run(ArtifactStore(tmp_path), work(Painter(breaks_at=0.0)))
    assert (found.spans, found.vectors_TD.shape) == ((), (0, 0))


def test_gathering_before_embedding_is_an_error(tmp_path: Path) -> None:
    video, seen = a_video(), moving()
    segments = frame_segments(video, seen, EVERY_2_S)
    with pytest.raises(RuntimeError, match="before they were made"):
        gather_frames(video, seen, segments, work(), ArtifactStore(tmp_path))


def backends(folder: Path, frames: FrameWork | None) -> Backends:
    observer = ScriptedObserver("speech", says("hello", "speech"))
    return Backends((observer,), ArtifactStore(folder), HashEmbedder(), ScanSettings(), frames)


def test_ingest_plans_and_embeds_pictures_beside_what_is_observed(tmp_path: Path) -> None:
    made = backends(tmp_path, work())
    video, seen = a_video(), moving()
    segments = ingest.plan_work(video, seen, made.observers, made.frames)
    assert {segment.observer for segment in segments} == {"speech", FRAMES}
    for segment in segments:
        ingest.observe(video, segment, made)
    findings = ingest.gather(video, seen, segments, made)
    assert [event.text for event in findings.events] == ["hello"]
    assert made.frames is not None
    assert len(gather_frames(video, seen, segments, made.frames, made.artifacts).spans) == 30


def test_the_settings_key_changes_with_the_picture_model_and_not_with_how_fast_it_works(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    record(path, (np.full((64, 64, 3), 90, np.uint8) for _ in range(5)), fps=5)

    def key(frames: FrameWork | None) -> str:
        return ingest.settings_key(a_video(path), None, backends(tmp_path, frames))

    off, on = key(None), key(work())
    assert off != on
    assert key(work(embedder=MeanColour("another"))) != on
    assert key(FrameWork(MeanColour(), Painter(), replace(EVERY_2_S, every_s=1.0))) != on
    assert key(FrameWork(MeanColour(), Painter(), replace(EVERY_2_S, batch=1, device="cpu"))) == on
