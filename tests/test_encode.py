"""FFmpeg's part of a cut: what it writes, and what is said when it cannot."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import planted
import pytest
from clipped import CODED, RATE_HZ, SIZE, noise, numbers
from planted import steady

from videoindex.errors import DecodeError, DecoderHungError
from videoindex.media import encode
from videoindex.media.audio import read_audio
from videoindex.media.clip_plan import Piece, window_of
from videoindex.media.coded import read_coded
from videoindex.media.encode import PictureForm, SoundForm, encode_pictures, encode_sound, extract_samples
from videoindex.media.parameter_sets import set_id, sets_in
from videoindex.media.probe import probe
from videoindex.media.recorder import record
from videoindex.types import Span

PLAIN = PictureForm("libx264", "yuv420p")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encode")
    return planted.write(folder / "film.mp4", steady(25, 60), size_px=SIZE, options=CODED).path


def _encode(film: Path, span: Span, target: Path, form: PictureForm = PLAIN) -> int:
    video = probe(film).video
    pictures = read_coded(video, span)
    window = window_of(pictures.coded, span)
    return encode_pictures(video, pictures, window, Piece(False, window.first, window.stop), form, target)


def test_exactly_the_pictures_of_the_piece_are_encoded(film: Path, tmp_path: Path) -> None:
    assert _encode(film, Span(1.3, 1.9), tmp_path / "piece.mkv") == 16  # 32 is on display at 1.3, 47 from 1.88 on
    assert numbers(tmp_path / "piece.mkv") == list(range(32, 48))


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_beside_copies_pictures_are_reordered_alike_under_parameter_sets_of_their_own(
    film: Path, tmp_path: Path, depth: int
) -> None:
    form = PictureForm("libx264", "yuv420p", set_id=6, profile="high", reorder_depth=depth)
    _encode(film, Span(1.3, 1.9), tmp_path / "piece.mp4", form)
    with av.open(str(tmp_path / "piece.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert {set_id(unit) for unit in sets_in(bytes(stream.codec_context.extradata or b""))} == {6}
        assert stream.codec_context.profile == "High"
    # The encoder delays by the depth that it announces, whether or not these pictures need it.
    stamps = sorted(packet.pts or 0 for packet in packets)
    assert (packets[0].pts or 0) - (packets[0].dts or 0) == stamps[depth] - stamps[0]


def test_samples_are_as_many_as_asked_for_whatever_the_source_holds(tmp_path: Path) -> None:
    record(tmp_path / "noisy.mp4", [planted.draw(n, SIZE) for n in range(20)], 10, noise(2.0), RATE_HZ)
    source = probe(tmp_path / "noisy.mp4")
    form = SoundForm(RATE_HZ, 1)
    ends = (Fraction(3, 2), Fraction(3))  # half a second more than there is
    target = tmp_path / "samples"
    extract_samples(
        source.video, source.audio[0].stream_index, ends, form, form.samples(ends[1] - ends[0]), target
    )
    got_T = np.frombuffer(target.read_bytes(), "<i2").astype(np.float32) / 32768
    assert len(got_T) == 24_000
    assert not got_T[9_500:].any()
    said_T = read_audio(source.video, Span(1.5, 1.9), RATE_HZ)
    assert float(np.corrcoef(got_T[: len(said_T)], said_T)[0, 1]) > 0.99
    encode_sound(target, form, "aac", tmp_path / "sound.m4a")
    assert probe(tmp_path / "sound.m4a").audio[0].rate_hz == RATE_HZ


def test_ffmpegs_own_words_are_quoted_when_it_fails(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(encode._ENCODERS, "no_such_encoder", {})
    with pytest.raises(DecodeError, match=r"film\.mp4 \(exit \d+\): .*no_such_encoder"):
        _encode(film, Span(0.2, 0.5), tmp_path / "piece.mkv", PictureForm("no_such_encoder", "yuv420p"))


def test_a_run_that_takes_too_long_is_stopped(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(encode, "_PATIENCE_FACTOR", 0.0)
    with pytest.raises(DecoderHungError, match=r"stopped after 0 s .*film\.mp4"):
        _encode(film, Span(0.2, 0.5), tmp_path / "piece.mkv")


def test_a_playlist_in_disguise_is_not_followed(film: Path, tmp_path: Path) -> None:
    """A file that names another one must not have it opened."""
    video = probe(film).video
    pictures = read_coded(video, Span(0.2, 0.5))
    window = window_of(pictures.coded, Span(0.2, 0.5))
    list_file = tmp_path / "list.mp4"
    list_file.write_text(f"ffconcat version 1.0\nfile '{film}'\n")
    with pytest.raises(DecodeError, match="FFmpeg could not cut"):
        encode_pictures(
            replace(video, path=list_file), pictures, window, Piece(False, 5, 8), PLAIN, tmp_path / "piece.mkv"
        )
