"""Watching frames: each line is read once, comes and goes at its frames, and keeps its identity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from barred import BarReader, page
from numpy.typing import NDArray

from videoindex.perception.text_lines import TextLine
from videoindex.perception.text_watch import TextWatch, WatchSettings
from videoindex.types import Span

SPAN = Span(0.0, 8.0)
SETTINGS = WatchSettings(find_side_px=384, relook_s=0.5, patience_s=0.2)
Film = Callable[[float], NDArray[np.uint8]]


def watched(film: Film, reader: BarReader | None = None) -> list[TextLine]:
    watch = TextWatch(reader or BarReader(), SPAN, SETTINGS)
    for at_s in np.arange(0.0, 8.0, 0.25):
        watch.step(float(at_s), film(float(at_s)))
    return sorted(watch.finish(), key=lambda line: (line.span, line.text))


def told(lines: list[TextLine]) -> list[tuple[str, Span]]:
    return [(line.text, line.span) for line in lines]


def test_a_line_that_stands_is_read_once_and_lasts_over_the_span() -> None:
    def film(at_s: float) -> NDArray[np.uint8]:
        rgb_HWC = page(("alpha", 40, 60))
        left_px = 300 + round(30 * at_s)
        rgb_HWC[200:300, left_px : left_px + 60] = (120, 60, 120)  # something passes by
        return rgb_HWC

    reader = BarReader()
    assert told(watched(film, reader)) == [("alpha", SPAN)]
    assert reader.texts.count("alpha") == 1


def test_lines_come_and_go_at_their_frames() -> None:
    def film(at_s: float) -> NDArray[np.uint8]:
        late = [("bravo", 40, 140)] if 2.0 <= at_s < 5.0 else []
        return page(("alpha", 40, 60), *late)

    reader = BarReader()
    assert told(watched(film, reader)) == [("alpha", SPAN), ("bravo", Span(2.0, 5.0))]
    assert sorted(reader.texts) == ["alpha", "bravo"]


def test_another_text_in_the_same_place_is_another_line() -> None:
    lines = watched(lambda at_s: page(("alpha" if at_s < 3.0 else "delta", 40, 60)))
    assert told(lines) == [("alpha", Span(0.0, 3.0)), ("delta", Span(3.0, 8.0))]


def test_lines_that_scroll_keep_their_identity() -> None:
    def film(at_s: float) -> NDArray[np.uint8]:
        up_px = 0 if at_s < 3.0 else 40
        return page(("alpha", 40, 100 - up_px), ("bravo", 40, 140 - up_px), ("delta", 40, 180 - up_px))

    lines = watched(film)
    assert told(lines) == [("alpha", SPAN), ("bravo", SPAN), ("delta", SPAN)]
    assert [round(line.box.top_px) for line in lines] == [100, 140, 180]


def test_what_cannot_be_made_out_is_no_line() -> None:
    assert watched(lambda at_s: page(("murky", 40, 60))) == []
    assert watched(lambda at_s: page()) == []
    assert TextWatch(BarReader(), SPAN, SETTINGS).finish() == []


def test_a_line_on_the_other_side_of_an_end_crosses_it() -> None:
    both, alone = page(("alpha", 40, 60), ("bravo", 40, 140)), page(("alpha", 40, 60))
    watch = TextWatch(BarReader(), SPAN, SETTINGS)
    watch.before(alone)
    watch.step(0.0, both)
    watch.step(0.25, both)
    watch.after(page())
    assert {line.text: line.crosses for line in watch.finish()} == {"alpha": True, "bravo": False}
    watch = TextWatch(BarReader(), SPAN, SETTINGS)
    watch.before(page())
    watch.step(0.0, both)
    watch.after(alone)
    assert {line.text: line.crosses for line in watch.finish()} == {"alpha": True, "bravo": False}
