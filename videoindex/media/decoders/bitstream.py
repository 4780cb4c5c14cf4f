"""Reads just enough of a coded picture's header to know whether any other picture needs it.

Pure functions over bytes. Sources: ITU-T H.264 7.3.1 (nal_ref_idc 0: not used for reference), H.265 7.4.2.2
(table 7-1: even types below 16 are sub-layer non-reference pictures), ISO/IEC 14496-2 6.2.5 (a B-VOP is never a
reference), H.262 6.2.3 (nor is a B-picture).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["Importance", "Syntax", "importance", "syntax_of"]

_START_CODE = b"\x00\x00\x01"


class Importance(Enum):
    """What leaving out a packet would cost."""

    NEEDED = "other pictures may refer to it"
    DISPOSABLE = "no other picture refers to it"
    BROKEN = "not a picture of this codec: damaged"


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a stream's packets are written: ``codec`` and the bytes of a unit's length, 0 for start codes."""

    codec: str
    length_bytes: int = 0


def syntax_of(codec: str, extradata: bytes) -> Syntax | None:
    """The syntax to read a stream's packets by, or None where every packet must be taken as needed."""
    starts_plain = extradata[:3] == _START_CODE or extradata[:4] == b"\x00" + _START_CODE
    if codec == "h264":
        framed = len(extradata) >= 7 and extradata[0] == 1
        return Syntax(codec, (extradata[4] & 3) + 1 if framed else 0)
    if codec == "hevc":
        # With temporal sub-layers a non-reference picture of a lower layer may still be referred to from above.
        if _hevc_sub_layers(extradata) != 1:
            return None
        framed = len(extradata) >= 23 and not starts_plain
        return Syntax(codec, (extradata[21] & 3) + 1 if framed else 0)
    if codec in ("mpeg4", "mpeg2video", "mpeg1video"):
        return Syntax(codec)
    return None


def importance(data: bytes, syntax: Syntax) -> Importance:
    """Whether the coded picture in ``data`` (one packet) is referred to by others."""
    if syntax.codec in ("h264", "hevc"):
        return _nal_importance(data, syntax)
    return _mpeg_importance(data, syntax.codec)


def _nal_importance(data: bytes, syntax: Syntax) -> Importance:
    slice_seen = False
    for header in _nal_headers(data, syntax.length_bytes):
        if header is None or header & 0x80:  # forbidden_zero_bit
            return Importance.BROKEN
        if syntax.codec == "h264":
            kind = header & 0x1F
            if 1 <= kind <= 5:
                slice_seen = True
                if header & 0x60:
                    return Importance.NEEDED
        else:
            kind = (header >> 1) & 0x3F
            if kind < 32:
                slice_seen = True
                if kind >= 16 or kind % 2:
                    return Importance.NEEDED
    return Importance.DISPOSABLE if slice_seen else Importance.NEEDED


def _nal_headers(data: bytes, length_bytes: int) -> Iterator[int | None]:
    """The first byte of each unit; None where the framing does not hold."""
    if length_bytes == 0:
        at = data.find(_START_CODE)
        if at < 0:
            yield None
        while 0 <= at < len(data) - 3:
            yield data[at + 3]
            at = data.find(_START_CODE, at + 3)
        return
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if size == 0 or at + size > len(data):
            padding = at > length_bytes and not any(data[at - length_bytes :])
            if not padding:
                yield None
            return
        yield data[at]
        at += size


def _mpeg_importance(data: bytes, codec: str) -> Importance:
    mark = _START_CODE + (b"\xb6" if codec == "mpeg4" else b"\x00")
    at = data.find(mark)
    if at < 0 or at + 5 >= len(data):
        # Some writers give a stub for "nothing changed"; the decoder knows what to make of it.
        return Importance.NEEDED if len(data) < 16 else Importance.BROKEN
    packed = data.find(mark, at + 4) >= 0  # DivX packs a P- and a B-picture into one packet
    bidirectional = data[at + 4] >> 6 == 2 if codec == "mpeg4" else (data[at + 5] >> 3) & 7 == 3
    both_fields = codec != "mpeg4"
    return Importance.DISPOSABLE if bidirectional and (both_fields or not packed) else Importance.NEEDED


def _hevc_sub_layers(extradata: bytes) -> int:
    """vps_max_sub_layers_minus1 + 1 from the video parameter set, 0 when there is none."""
    at = extradata.find(b"\x40\x01")
    if at < 0 or at + 3 >= len(extradata):
        return 0
    return ((extradata[at + 3] >> 1) & 7) + 1
