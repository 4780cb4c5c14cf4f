"""Marks for editing programs: an edit decision list (EDL, CMX 3600) and OpenTimelineIO.

Both lay the marks one after the other on a new timeline, in the order of the result, each cut from its recording.
Frames count from a recording's first one, whose timecode is taken to be 00:00:00:00. OpenTimelineIO's own package
writes its format; an EDL is plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from videoindex.errors import MissingDependencyError
from videoindex.query.export import Mark, Sheet, Written, one_line
from videoindex.query.timecode import FrameRate, frame_at_hour, frames_of, rate_of, timecode
from videoindex.types import Video

if TYPE_CHECKING:
    import opentimelineio as otio

__all__ = ["edl_text", "otio_text"]

_MOST_EVENTS = 999  # an EDL numbers them with three digits
_RECORD_START_HOURS = 1  # where editors let a programme begin
_LONGEST_COMMENT, _LONGEST_NAME = 200, 70
_DAY_HOURS = 24


def edl_text(sheet: Sheet) -> Written:
    """CMX 3600: one event a mark, with the recording's name and the mark's text as comments.

    All timecode is in one rate, that of the first mark's recording. Marks that have no timecode (from 24 hours
    on), and those after the 999th, are left out, with a note.
    """
    rate = rate_of(sheet.marks[0].video) if sheet.marks else FrameRate.usual()
    lines = [f"TITLE: {one_line(sheet.title, _LONGEST_NAME)}", f"FCM: {'' if rate.is_drop else 'NON-'}DROP FRAME"]
    at, count = frame_at_hour(_RECORD_START_HOURS, rate), 0
    for mark in sheet.marks:
        first, stop = frames_of(mark.span, mark.video.span.start_s, rate)
        if count == _MOST_EVENTS or not (_has_timecode(stop, rate) and _has_timecode(at + stop - first, rate)):
            continue
        count += 1
        times = " ".join(timecode(frame, rate) for frame in (first, stop, at, at + stop - first))
        at += stop - first
        lines += ["", f"{count:03d}  AX       {_tracks(mark.video):5} C        {times}"]
        lines.append(f"* FROM CLIP NAME: {one_line(mark.video.path.name)}")
        lines.append(f"* COMMENT: {one_line(mark.text, _LONGEST_COMMENT)}")
    notes = [f"timecode counts {rate.name}", *_rate_notes(sheet.marks, rate)] if sheet.marks else []
    if count < len(sheet.marks):
        notes.append(
            f"{len(sheet.marks) - count} of {len(sheet.marks)} marks were left out: an EDL holds {_MOST_EVENTS} "
            "events and 24 hours"
        )
    return Written("\n".join(lines) + "\n", tuple(notes))


def _has_timecode(frame: int, rate: FrameRate) -> bool:
    return frame < frame_at_hour(_DAY_HOURS, rate)


def _tracks(video: Video) -> str:
    """The tracks of an event: picture, and two of sound."""
    if not video.has_picture:
        return "AA"
    return "AA/V" if video.has_audio else "V"


def _rate_notes(marks: tuple[Mark, ...], rate: FrameRate) -> list[str]:
    """What the rate does not render exactly: recordings of another rate, or of none."""
    videos = {mark.video.id: mark.video for mark in marks}.values()
    uneven = sorted(video.path.name for video in videos if not rate_of(video).is_exact)
    others = sorted(video.path.name for video in videos if rate_of(video) != rate and rate_of(video).is_exact)
    notes = []
    if uneven:
        notes.append(f"no standard frame rate fits {', '.join(uneven)}: their times are rounded to its frames")
    if others:
        notes.append(f"{', '.join(others)} have another frame rate: their times are rounded to this one's frames")
    return notes


def otio_text(sheet: Sheet) -> Written:
    """OpenTimelineIO's JSON: a track of pictures and a track of sound, each clip in its recording's own rate.

    A clip's ``metadata["videoindex"]`` holds the exact seconds, the text, and where it is from.
    Raises MissingDependencyError without the package.
    """
    try:
        import opentimelineio as otio
    except ImportError as error:
        raise MissingDependencyError(
            "an OTIO file needs the package opentimelineio, which is missing: pip install opentimelineio"
        ) from error

    timeline = otio.schema.Timeline(name=one_line(sheet.title, _LONGEST_NAME))
    pictures = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    sounds = otio.schema.Track(name="A1", kind=otio.schema.TrackKind.Audio)
    for number, mark in enumerate(sheet.marks, start=1):
        rate = rate_of(mark.video)
        first, stop = frames_of(mark.span, mark.video.span.start_s, rate)
        cut = _time_range(otio, first, stop, rate)
        for track, is_there in ((pictures, mark.video.has_picture), (sounds, mark.video.has_audio)):
            track.append(_clip(otio, mark, number, cut, rate) if is_there else _gap(otio, cut))
    timeline.tracks.extend([pictures, sounds])
    uneven = sorted({mark.video.path.name for mark in sheet.marks if not rate_of(mark.video).is_exact})
    notes = (
        (f"no standard frame rate fits {', '.join(uneven)}: cut times are rounded to 1/30 s",) if uneven else ()
    )
    return Written(otio.adapters.write_to_string(timeline, "otio_json") + "\n", notes)


def _clip(otio: Any, mark: Mark, number: int, cut: otio.opentime.TimeRange, rate: FrameRate) -> otio.schema.Clip:
    whole = frames_of(mark.video.span, mark.video.span.start_s, rate)
    media = otio.schema.ExternalReference(
        target_url=mark.video.path.absolute().as_uri(), available_range=_time_range(otio, *whole, rate)
    )
    media.name = mark.video.path.name
    said = {
        "number": number,
        "video_id": mark.video.id,
        "start_s": round(mark.span.start_s, 3),
        "end_s": round(mark.span.end_s, 3),
        "wall_clock": mark.wall_clock or None,
        "score": round(mark.score, 4),
        "sources": list(mark.sources),
        "text": mark.text,
    }
    name = one_line(mark.text, _LONGEST_NAME) or mark.video.path.name
    return otio.schema.Clip(name=name, media_reference=media, source_range=cut, metadata={"videoindex": said})


def _gap(otio: Any, cut: otio.opentime.TimeRange) -> otio.schema.Gap:
    return otio.schema.Gap(duration=cut.duration)


def _time_range(otio: Any, first: int, stop: int, rate: FrameRate) -> otio.opentime.TimeRange:
    start, length = (otio.opentime.RationalTime(frames, float(rate.fps)) for frames in (first, stop - first))
    return otio.opentime.TimeRange(start, length)
