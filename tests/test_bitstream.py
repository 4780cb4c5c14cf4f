"""Header peeks, on hand-made bytes and against what x264 and x265 really write."""

from __future__ import annotations

from pathlib import Path

import av
import planted
import pytest

from videoindex.media.decoders.bitstream import Importance, Syntax, importance, syntax_of

START = b"\x00\x00\x00\x01"


def _framed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


H264, H264_FRAMED, HEVC = Syntax("h264"), Syntax("h264", 4), Syntax("hevc")


@pytest.mark.parametrize(
    ("data", "syntax", "found"),
    [
        (START + b"\x65\x88\x80", H264, Importance.NEEDED),
        (START + b"\x41\x9a\x20", H264, Importance.NEEDED),
        (START + b"\x01\x9e\x20", H264, Importance.DISPOSABLE),
        (START + b"\x06\x05\x01" + START + b"\x01\x9e\x20", H264, Importance.DISPOSABLE),
        (START + b"\x01\x9e\x20" + START + b"\x41\x9e\x20", H264, Importance.NEEDED),
        (START + b"\x06\x05\x01", H264, Importance.NEEDED),
        (b"\x12\x34\x56\x78\x9a", H264, Importance.BROKEN),
        (_framed(b"\x06\x05", b"\x01\x9e\x20"), H264_FRAMED, Importance.DISPOSABLE),
        (_framed(b"\x65\x88"), H264_FRAMED, Importance.NEEDED),
        (_framed(b"\x01\x9e") + b"\x00\x00\x00", H264_FRAMED, Importance.DISPOSABLE),
        (_framed(b"\x01\x9e")[:-1], H264_FRAMED, Importance.BROKEN),
        (b"\x00" * 40, H264_FRAMED, Importance.BROKEN),
        (_framed(b"\x81\x9e"), H264_FRAMED, Importance.BROKEN),
        (START + b"\x00\x01\xd0", HEVC, Importance.DISPOSABLE),
        (START + b"\x02\x01\xd0", HEVC, Importance.NEEDED),
        (START + b"\x26\x01\xaf", HEVC, Importance.NEEDED),
        (START[1:] + b"\xb6\x96\x00\x00", Syntax("mpeg4"), Importance.DISPOSABLE),
        (START[1:] + b"\xb6\x56\x00\x00", Syntax("mpeg4"), Importance.NEEDED),
        (START[1:] + b"\xb6\x96\x00" + START[1:] + b"\xb6\x56\x00\x00", Syntax("mpeg4"), Importance.NEEDED),
        (START[1:] + b"\x00\x00\x1f\xff\xff", Syntax("mpeg2video"), Importance.DISPOSABLE),
        (START[1:] + b"\x00\x00\x17\xff\xff", Syntax("mpeg2video"), Importance.NEEDED),
        (b"\x55" * 64, Syntax("mpeg4"), Importance.BROKEN),
        (b"\x7f", Syntax("mpeg4"), Importance.NEEDED),
    ],
)
def test_reads_what_others_need(data: bytes, syntax: Syntax, found: Importance) -> None:
    assert importance(data, syntax) is found


def _coded(path: Path) -> tuple[Syntax | None, list[bytes]]:
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        syntax = syntax_of(context.name, context.extradata or b"")
        return syntax, [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": "3", "preset": "veryfast", "x264-params": "b-adapt=0"}),
        ("libx265", {"preset": "ultrafast", "x265-params": "log-level=0:bframes=3:b-adapt=0"}),
    ],
)
def test_finds_many_disposable_pictures_in_real_streams(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str]
) -> None:
    film = planted.write(tmp_path / f"film{suffix}", planted.steady(25, 60, 5.0), codec=codec, options=options)
    syntax, packets = _coded(film.path)
    assert syntax is not None
    assert syntax.length_bytes == (4 if suffix == ".mp4" else 0)
    kinds = [importance(packet, syntax) for packet in packets]
    assert kinds[0] is Importance.NEEDED
    assert Importance.BROKEN not in kinds
    assert 20 <= kinds.count(Importance.DISPOSABLE) <= 45


def test_streams_whose_references_cannot_be_told_are_taken_whole(tmp_path: Path) -> None:
    layered = {"preset": "ultrafast", "x265-params": "log-level=0:bframes=4:temporal-layers=3"}
    film = planted.write(tmp_path / "film.mp4", planted.steady(25, 20), codec="libx265", options=layered)
    assert _coded(film.path)[0] is None
    assert syntax_of("vp9", b"") is None
    assert syntax_of("libdav1d", b"\x81") is None
