"""The parameter sets of H.264: what a decoder must know before the first picture; how two encodings share a file.

A cut that copies most pictures and encodes a few needs two sequence parameter sets (SPS), each with its picture
parameter sets (PPS). They can stand side by side in one stream when their ids differ. Pure functions over bytes.
Sources: ITU-T H.264 7.3.1 (units), 7.3.2.1 and 7.3.2.2 (where the ids stand), annex B (start codes);
ISO/IEC 14496-15 5.3.3.1 (the decoder configuration record of MP4 and Matroska, "avcC").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["free_id", "is_framed", "join_headers", "sets_in", "starts_afresh"]

_SLICE_OF_IDR, _SPS, _PPS = 5, 7, 8
_MOST_SPS = 32
_START_CODE = re.compile(rb"\x00\x00\x01")
# Profiles whose record ends in chroma format and bit depths.
_HIGH_PROFILES = (100, 110, 122, 144, 244)


def is_framed(header: bytes) -> bool:
    """Whether a stream's packets hold units with their lengths (MP4, Matroska), not start codes (MPEG-TS)."""
    return len(header) >= 7 and header[0] == 1


def sets_in(header: bytes) -> tuple[bytes, ...]:
    """The parameter sets of a stream's header, in its order. Raises ValueError where the header is cut off."""
    if not is_framed(header):
        return tuple(unit for unit in _after_start_codes(header) if unit[0] & 31 in (_SPS, _PPS))
    found, at = [], 5
    for mask in (31, 255):
        count, at = header[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(header[at : at + 2], "big")
            if size == 0 or at + 2 + size > len(header):
                raise ValueError("the decoder configuration record is cut off")
            found.append(header[at + 2 : at + 2 + size])
            at += 2 + size
    return tuple(found)


def starts_afresh(packet: bytes, header: bytes) -> tuple[bool, bool]:
    """Whether a packet is an IDR picture, before which nothing is referred to; and whether it brings a parameter
    set that the header does not hold."""
    known = set(sets_in(header))
    units = list(_framed(packet, (header[4] & 3) + 1) if is_framed(header) else _after_start_codes(packet))
    is_idr = any(unit[0] & 31 == _SLICE_OF_IDR for unit in units)
    return is_idr, any(unit[0] & 31 in (_SPS, _PPS) and unit not in known for unit in units)


def free_id(headers: list[bytes]) -> int | None:
    """The lowest id that no parameter set of these headers bears, None when all 32 are taken."""
    taken = {set_id(unit) for header in headers for unit in sets_in(header)}
    return next((number for number in range(_MOST_SPS) if number not in taken), None)


def set_id(unit: bytes) -> int:
    """The id of an SPS (``seq_parameter_set_id``) or a PPS (``pic_parameter_set_id``)."""
    body = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    if unit[0] & 31 == _SPS:
        body = body[3:]  # profile, constraints, level
    bits = "".join(f"{byte:08b}" for byte in body[:9])
    zeros = bits.find("1")
    if zeros < 0 or len(bits) < 2 * zeros + 1:
        raise ValueError("a parameter set is cut off")
    return int(bits[zeros : 2 * zeros + 1], 2) - 1


def join_headers(headers: list[bytes]) -> bytes:
    """One header that holds the parameter sets of all; it is written as the first one is.

    Raises ValueError when two different sets bear one id, or when the headers are written differently.
    """
    first = headers[0]
    if any(is_framed(header) != is_framed(first) for header in headers):
        raise ValueError("units with lengths cannot be joined with units after start codes")
    units: dict[tuple[int, int], bytes] = {}
    for unit in (unit for header in headers for unit in sets_in(header)):
        key = (unit[0] & 31, set_id(unit))
        if units.setdefault(key, unit) != unit:
            raise ValueError(f"two parameter sets bear the id {key[1]}")
    kinds = [[unit for (kind, _), unit in units.items() if kind == wanted] for wanted in (_SPS, _PPS)]
    if not is_framed(first):
        return b"".join(b"\x00\x00\x00\x01" + unit for unit in (*kinds[0], *kinds[1]))
    level = max(header[3] for header in headers)
    sps, pps = ([len(unit).to_bytes(2, "big") + unit for unit in kind] for kind in kinds)
    counts = bytes([0xE0 | len(sps)]), bytes([len(pps)])
    joined = first[:3] + bytes([level]) + first[4:5] + counts[0] + b"".join(sps) + counts[1] + b"".join(pps)
    return joined + (_tail(first) if first[1] in _HIGH_PROFILES else b"")


def _tail(header: bytes) -> bytes:
    """What follows the parameter sets in a decoder configuration record."""
    return header[6 + 1 + sum(2 + len(unit) for unit in sets_in(header)) :]


def _framed(packet: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes < len(packet):
        size = int.from_bytes(packet[at : at + length_bytes], "big")
        at += length_bytes
        if size:
            yield packet[at : at + size]
        at += size


def _after_start_codes(data: bytes) -> Iterator[bytes]:
    starts = [match.end() for match in _START_CODE.finditer(data)]
    for start, after in zip(starts, [*(at - 3 for at in starts[1:]), len(data)], strict=True):
        unit = data[start:after].rstrip(b"\x00")  # a fourth byte of the next start code, or padding
        if unit:
            yield unit
