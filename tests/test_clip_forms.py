"""Containers by suffix: each can really be written, and unknown ones are refused."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from videoindex.errors import UsageError
from videoindex.media.clip_forms import CONTAINERS, container_of


# MPEG-TS does not tell what it takes; tests/test_clip.py writes it.
@pytest.mark.parametrize("suffix", sorted(set(CONTAINERS) - {".ts"}))
def test_the_muxer_takes_every_codec_that_is_said_to_be_copied(suffix: str, tmp_path: Path) -> None:
    kind = CONTAINERS[suffix]
    with av.open(str(tmp_path / f"x{suffix}"), "w", format=kind.format) as container:
        for codec in (*kind.copied_pictures, *kind.copied_sounds):
            assert codec in container.supported_codecs, f"{codec} in {suffix}"


def test_the_suffix_is_read_in_any_case_and_sound_files_hold_no_pictures() -> None:
    assert container_of(Path("A.MP4")) is CONTAINERS[".mp4"]
    assert [suffix for suffix, kind in CONTAINERS.items() if not kind.pictures] == [
        ".m4a",
        ".mp3",
        ".opus",
        ".flac",
        ".wav",
    ]


@pytest.mark.parametrize(("name", "message"), [("a.gif", r"a\.gif: \.gif is no kind"), ("a", "no suffix")])
def test_other_names_are_refused_with_those_that_are_known(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        container_of(Path(name))
    assert ".mkv" in str(refused.value)
