"""What a file is before any demuxer touches it: its content id, and whether it can be a video at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from videoindex.errors import NotAVideoError

__all__ = ["content_id", "has_media_magic", "refuse_non_video"]

_END_BYTES = 1 << 20
_BLOCK_BYTES = 64 << 10
_BLOCKS = 16

_STILL_MAGICS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
)
_STILL_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")
_MEDIA_MAGICS = (
    b"\x1aE\xdf\xa3",
    b"RIFF",
    b"RF64",
    b"FLV",
    b"OggS",
    b"\x00\x00\x01\xba",
    b"DHAV",
    b"\x06\x0e\x2b\x34",
)
_MEDIA_BOXES = (b"ftyp", b"moov", b"mdat", b"styp", b"wide", b"free")


def content_id(path: Path) -> str:
    """24 hex digits from the file's size, head, tail and 16 blocks spread evenly over it.

    At most 3 MiB are read whatever the size. A renamed or moved copy keeps its id.
    """
    size_bytes = path.stat().st_size
    digest = hashlib.sha256(f"{size_bytes}\n".encode())
    with path.open("rb") as file:
        digest.update(file.read(_END_BYTES))
        for block in range(_BLOCKS):
            file.seek(size_bytes * (block + 1) // (_BLOCKS + 1))
            digest.update(file.read(_BLOCK_BYTES))
        file.seek(max(0, size_bytes - _END_BYTES))
        digest.update(file.read(_END_BYTES))
    return digest.hexdigest()[:24]


def refuse_non_video(path: Path) -> None:
    """Raises NotAVideoError for what is missing, no regular file, unreadable, empty, a still image or text."""
    if not path.exists():
        raise NotAVideoError(f"{path} does not exist; check the path")
    if path.is_dir():
        raise NotAVideoError(f"{path} is a folder, not a video; give the files in it, or index the folder")
    if not path.is_file():
        raise NotAVideoError(f"{path} is not a regular file; copy the recording to a file first")
    if not os.access(path, os.R_OK):
        raise NotAVideoError(f"{path} may not be read by this user; mend its permissions (chmod u+r)")
    head = _head(path)
    if not head:
        raise NotAVideoError(f"{path} is empty (0 bytes); copy it again from its source")
    still = _still_format(head)
    if still is not None:
        raise NotAVideoError(f"{path} is a still image ({still}), not a video, whatever its name says")
    if _is_text(head):
        playlist = head.lstrip().startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD"))
        reason = "a playlist; playlists are not followed, give the recording itself" if playlist else "a text file"
        raise NotAVideoError(f"{path} is {reason}, not a video")


def has_media_magic(path: Path) -> bool:
    """Whether the first bytes are those of a container known to hold video."""
    head = _head(path)
    is_stream = len(head) > 376 and head[0] == head[188] == head[376] == 0x47
    return head.startswith(_MEDIA_MAGICS) or head[4:8] in _MEDIA_BOXES or is_stream


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _still_format(head: bytes) -> str | None:
    for magic, name in _STILL_MAGICS:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return "HEIF or AVIF"
    return None


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head[: len(head) - 4 if len(head) == 4096 else None].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 8  # a character cut in two at the end
    return True
