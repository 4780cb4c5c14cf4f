"""The sound of a clip: copied packets where one cut's fit the file, else samples, cut exactly and encoded."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from videoindex.media.clip_forms import Container
from videoindex.media.encode import SoundForm, encode_sound, extract_samples
from videoindex.media.probe import AudioTrack, Probe
from videoindex.media.splice import SoundTrack

__all__ = ["Ends", "sound_track"]

Ends = tuple[Fraction, Fraction]
"""Exact start and end of a cut, in seconds on its source's clock."""

# FFmpeg's decoders of a codec may bear other names than the codec.
_CODECS = {"mp3float": "mp3", "libopus": "opus", "libvorbis": "vorbis", "mp2float": "mp2"}
_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_USUAL_HZ = 48_000


def sound_track(
    cuts: Sequence[tuple[Probe, Ends]], container: Container, folder: Path
) -> tuple[SoundTrack | None, tuple[str, ...]]:
    """The sound of ``cuts``, None where none has any, and a note where it had to be encoded. A recording's first
    stream of sound is taken; in a reel, silence stands where a recording has none.

    Raises DecodeError where FFmpeg fails, DecoderHungError where it takes too long.
    """
    tracks = [source.audio[0] if source.audio else None for source, _ in cuts]
    first = next((track for track in tracks if track is not None), None)
    if first is None:
        return None, ()
    codec = _codec(first)
    if len(cuts) == 1 and codec in container.copied_sounds:
        source, (start, end) = cuts[0]
        return SoundTrack(str(source.video.path), first.stream_index, float(start), float(end)), ()
    form = SoundForm(first.rate_hz if first.rate_hz in _RATES_HZ else _USUAL_HZ, min(max(first.channels, 1), 2))
    samples = folder / "samples.s16le"
    _write_samples(cuts, tracks, form, samples)
    target = folder / ("sound.m4a" if container.sound == "aac" else "sound.mka")
    encode_sound(samples, form, container.sound, target)
    samples.unlink()
    why = "the cuts are joined" if len(cuts) > 1 else f"a {container.format} file takes no copy of {codec}"
    return SoundTrack(str(target), 0), (f"the sound was encoded anew: {why}",)


def _codec(track: AudioTrack) -> str:
    return _CODECS.get(track.codec, track.codec)


def _write_samples(
    cuts: Sequence[tuple[Probe, Ends]], tracks: Sequence[AudioTrack | None], form: SoundForm, target: Path
) -> None:
    """All cuts' samples, one after the other; counted from the beginning, so that rounding does not add up."""
    at, written = Fraction(0), 0
    piece = target.with_suffix(".piece")
    with target.open("wb") as file:
        for (source, (start, end)), track in zip(cuts, tracks, strict=True):
            at += end - start
            count = form.samples(at) - written
            written += count
            if track is None:
                file.truncate(written * form.frame_bytes)
                file.seek(0, 2)
                continue
            extract_samples(source.video, track.stream_index, (start, end), form, count, piece)
            with piece.open("rb") as said:
                while block := said.read(1 << 20):
                    file.write(block)
            piece.unlink()
