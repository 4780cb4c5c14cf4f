from __future__ import annotations

from videoindex.media.builds import ffmpeg_builds


def test_every_build_tells_its_version() -> None:
    builds = dict(ffmpeg_builds())
    assert set(builds) == {"av", "imageio-ffmpeg"}
    assert all(version[0].isdigit() or version[0] in "nN" for version in builds.values()), builds
