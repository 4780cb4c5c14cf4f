"""The FFmpeg builds that wheels carry: which bugs are mended depends on them, so users are shown them."""

from __future__ import annotations

__all__ = ["ffmpeg_builds"]


def ffmpeg_builds() -> list[tuple[str, str]]:
    """(package, FFmpeg version) of every package that carries an FFmpeg and tells its version."""
    import av
    import imageio_ffmpeg

    return [
        ("av", str(av.ffmpeg_version_info)),
        ("imageio-ffmpeg", str(imageio_ffmpeg.get_ffmpeg_version())),
    ]
