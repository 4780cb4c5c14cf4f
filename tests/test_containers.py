"""The one door to the demuxers: what it lets in, what it keeps out, and the packets behind it."""

from __future__ import annotations

from pathlib import Path

import av
import planted
import pytest

from videoindex.errors import DecodeError
from videoindex.media.containers import (
    lacks_stamps,
    open_container,
    open_picture_stream,
    picture_stream,
    stamped_packets,
)

STEADY = planted.steady(25, 50)


def test_a_script_that_names_another_file_is_not_followed(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.mp4", STEADY)
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile {film.path.name}\n")
    with av.open(str(script), options={"safe": "0"}, format="concat"):
        pass  # the library itself would
    with pytest.raises(DecodeError, match=r"script\.mp4 cannot be opened"):
        open_container(script)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    film = planted.write(tmp_path / "film.ts", STEADY)
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{film.path.name}\n#EXT-X-ENDLIST\n")
    with pytest.raises(DecodeError, match=r"list\.m3u8 cannot be opened"):
        open_container(playlist)


@pytest.mark.parametrize("name", ["concat:a|b.mp4", "http:x.mp4", "-i.mp4", "name with % and #.mp4"])
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    planted.write(tmp_path / "film.mp4", STEADY).path.rename(tmp_path / name)
    with open_container(tmp_path / name) as container:
        assert picture_stream(container) is not None


def test_sound_alone_has_no_picture_stream(tmp_path: Path) -> None:
    planted.write_sound(tmp_path / "talk.m4a", 1.0)
    with pytest.raises(DecodeError, match="holds no picture stream"):
        open_picture_stream(tmp_path / "talk.m4a")


@pytest.mark.parametrize(
    ("suffix", "codec", "lacks"),
    [(".avi", "libx264", True), (".mp4", "libx264", False), (".mkv", "libx264", False), (".avi", "mjpeg", False)],
)
def test_knows_which_files_store_no_stamps(tmp_path: Path, suffix: str, codec: str, lacks: bool) -> None:
    assert lacks_stamps(planted.write(tmp_path / f"film{suffix}", STEADY, codec=codec).path) is lacks


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_every_packet_comes_with_the_stamp_of_its_display(tmp_path: Path, suffix: str) -> None:
    film = planted.write(tmp_path / f"film{suffix}", planted.steady(25, 50, 1.0), options={"bf": "2"})
    container, stream = open_picture_stream(film.path)
    with container:
        assert stream.time_base is not None
        stamps_s = sorted(pts * float(stream.time_base) for _, pts in stamped_packets(container, stream, False))
    assert stamps_s == pytest.approx(film.times_s, abs=0.0015)
