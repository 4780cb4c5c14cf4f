"""Parameter sets, on the headers that encoders really write."""

from __future__ import annotations

from pathlib import Path

import av
import planted
import pytest

from videoindex.media.parameter_sets import free_id, is_framed, join_headers, set_id, sets_in, starts_afresh

SIZE = (128, 72)


def _header_and_packets(path: Path) -> tuple[bytes, list[bytes], list[bool]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        header = bytes(stream.codec_context.extradata or b"")
        return header, [bytes(packet) for packet in packets], [packet.is_keyframe for packet in packets]


def _film(folder: Path, name: str, set_number: int = 0, **more: object) -> Path:
    options = {"x264-params": f"sps-id={set_number}:scenecut=0", "bf": "2"}
    return planted.write(folder / name, planted.steady(25, 12), size_px=SIZE, options=options, gop=6).path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("number", [0, 3, 7, 31])
def test_ids_are_those_that_the_encoder_was_told(tmp_path: Path, suffix: str, number: int) -> None:
    header, _, _ = _header_and_packets(_film(tmp_path, f"film{suffix}", number))
    assert is_framed(header) == (suffix != ".ts")
    assert [(unit[0] & 31, set_id(unit)) for unit in sets_in(header)] == [(7, number), (8, number)]
    assert free_id([header]) == (1 if number == 0 else 0)


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_only_key_pictures_start_afresh_and_known_sets_are_no_news(tmp_path: Path, suffix: str) -> None:
    header, packets, are_keys = _header_and_packets(_film(tmp_path, f"film{suffix}"))
    assert sum(are_keys) == 2
    assert [starts_afresh(packet, header) for packet in packets] == [(is_key, False) for is_key in are_keys]


def test_a_set_that_the_header_does_not_hold_is_news(tmp_path: Path) -> None:
    header, _, _ = _header_and_packets(_film(tmp_path, "film.ts", 0))
    _, packets, _ = _header_and_packets(_film(tmp_path, "other.ts", 5))
    assert starts_afresh(packets[0], header) == (True, True)


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_a_joint_header_holds_the_sets_of_both_once(tmp_path: Path, suffix: str) -> None:
    one, _, _ = _header_and_packets(_film(tmp_path, f"one{suffix}", 0))
    other, _, _ = _header_and_packets(_film(tmp_path, f"other{suffix}", 4))
    joint = join_headers([one, other, one])
    assert {set_id(unit) for unit in sets_in(joint)} == {0, 4}
    assert sorted(sets_in(joint)) == sorted((*sets_in(one), *sets_in(other)))
    if suffix == ".mp4":
        assert joint[:3] == one[:3]
        assert joint[4] == one[4]
        assert joint.endswith(one[-4:])  # chroma format and bit depths of the High profile


def test_sets_that_differ_under_one_id_cannot_be_joined(tmp_path: Path) -> None:
    one, _, _ = _header_and_packets(_film(tmp_path, "one.mp4"))
    other, _, _ = _header_and_packets(
        planted.write(tmp_path / "b.mp4", planted.steady(25, 3), size_px=(192, 128), options={}).path
    )
    with pytest.raises(ValueError, match="bear the id 0"):
        join_headers([one, other])


def test_lengths_and_start_codes_do_not_mix(tmp_path: Path) -> None:
    one, _, _ = _header_and_packets(_film(tmp_path, "one.mp4"))
    other, _, _ = _header_and_packets(_film(tmp_path, "other.ts", 4))
    with pytest.raises(ValueError, match="start codes"):
        join_headers([one, other])


def test_a_header_that_is_cut_off_is_no_header(tmp_path: Path) -> None:
    header, _, _ = _header_and_packets(_film(tmp_path, "one.mp4"))
    with pytest.raises(ValueError, match="cut off"):
        sets_in(header[:15])


def test_no_id_is_free_when_all_are_taken() -> None:
    def exp_golomb(number: int) -> str:
        bits = f"{number + 1:b}"
        return "0" * (len(bits) - 1) + bits

    def unit(number: int) -> bytes:
        bits = (exp_golomb(number) + "1").ljust(24, "0")
        return b"\x68" + int(bits, 2).to_bytes(3, "big")

    taken = [b"\x00\x00\x00\x01" + unit(number) for number in range(32)]
    assert free_id(taken) is None
    assert free_id(taken[:20] + taken[21:]) == 20
