"""A subtitle file of two cues, as text and as what it says."""

from __future__ import annotations

from videoindex.media.subtitle_text import Cue
from videoindex.types import Span

SRT = "1\n00:00:01,000 --> 00:00:03,500\nHello <i>world</i>\n\n2\n00:00:04,000 --> 00:00:06,000\nBye, now\n"
CUES = [Cue(Span(1.0, 3.5), "Hello world"), Cue(Span(4.0, 6.0), "Bye, now")]
