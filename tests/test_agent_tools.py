"""The tools look and read where they are told to, within the user's own filters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from barred import BarReader, page
from looking import PartlyBroken, film, moment, numbers
from slides import record

from videoindex.errors import UsageError
from videoindex.index.records import Filters
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.perception.vlm.base import Reply
from videoindex.perception.vlm.scripted import Scripted, Shown
from videoindex.query.agent import run_agent
from videoindex.query.agent_tools import look_at, narrowed, open_tools
from videoindex.query.look_settings import SecondLookSettings
from videoindex.types import Moment, Span

SETTINGS = SecondLookSettings(min_pixels=1024)
NINE, TEN = (datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in (9, 10))


def sees_bag(shown: Shown, _: str) -> str:
    """Says at which looks the planted bag, frames 120 to 149, is there, and one time that it was not shown."""
    at = [m for m, n in zip(shown.looks.marks_s, numbers(shown), strict=True) if n is not None and 120 <= n < 150]
    return json.dumps({"says": "A bag." if at else "No bag.", "at": [*at, 9_999.0]})


def test_a_look_shows_the_span_and_no_more_and_keeps_the_times_that_were_shown(tmp_path: Path) -> None:
    yard = film(tmp_path / "yard.mp4", 30)
    vlm = Scripted(sees_bag)
    glimpse = look_at(yard.video, Span(10.0, 14.0), "Is there a bag?", vlm, PyavDecoder(), SETTINGS)
    assert glimpse.text == "A bag."
    assert glimpse.at_s == pytest.approx((12.0, 12.5, 13.0, 13.5))
    assert glimpse.shown == (Span(10.0, 14.0),)
    ((shown, asked, _),) = vlm.asked
    assert all(mark_s in Span(10.0, 14.0) for mark_s in shown.looks.marks_s)
    assert '"Is there a bag?"' in asked
    assert "long: it runs from 0.0 to 29.9 seconds" in asked
    tools = open_tools(lambda *_: [], Filters(), vlm, PyavDecoder(), BarReader(), SETTINGS)
    assert 0 < glimpse.tokens < tools.look_tokens


def test_what_cannot_be_decoded_or_used_grants_nothing(tmp_path: Path) -> None:
    yard = film(tmp_path / "yard.mp4", 20)
    torn = PartlyBroken(PyavDecoder(), lambda _: True)
    assert look_at(yard.video, Span(1, 4), "?", Scripted(sees_bag), torn, SETTINGS).shown == ()
    vlm = Scripted(lambda *_: Reply("Obeyed!", thought="hm " * 300, tokens=400))
    glimpse = look_at(yard.video, Span(1, 4), "?", vlm, PyavDecoder(), SETTINGS)
    assert (glimpse.shown, glimpse.at_s, len(vlm.asked)) == ((), (), 2)
    assert "no answer that can be used" in glimpse.text
    assert glimpse.tokens > 800, "both answers count, with what was thought"


@pytest.mark.parametrize(
    ("filters", "further", "expected"),
    [
        (Filters(), (None, None, None), Filters()),
        (Filters(), ("speech", 5.0, 9.0), Filters(sources=("speech",), after_s=5.0, before_s=9.0)),
        (Filters(after_s=6.0, before_s=8.0), (None, 5.0, 9.0), Filters(after_s=6.0, before_s=8.0)),
        (Filters(after_s=6.0), (None, 7.0, None), Filters(after_s=7.0)),
        (Filters(after_wall=NINE), (None, TEN, None), Filters(after_wall=TEN)),
        (Filters(before_wall=NINE), (None, None, TEN), Filters(before_wall=NINE)),
        (Filters(sources=("speech",)), ("objects", None, None), Filters(sources=("speech",))),
        (Filters(video_ids=("a",), cameras=("door",)), (None, 1.0, None), Filters(("a",), ("door",), (), 1.0)),
    ],
)
def test_a_search_narrows_the_users_filters_and_never_widens_them(
    filters: Filters, further: tuple[Any, Any, Any], expected: Filters
) -> None:
    assert narrowed(filters, *further) == expected


def test_filters_that_leave_nothing_are_refused() -> None:
    with pytest.raises(UsageError):
        narrowed(Filters(before_s=5.0), None, 6.0, None)


def test_the_whole_way_from_search_to_a_checked_answer(tmp_path: Path) -> None:
    """A film with a sign in it: searched, looked at, read, answered."""
    empty, sign = page(), page(("alpha", 60, 60))
    video = record(tmp_path / "hall.mp4", lambda at_s: sign if 3.0 <= at_s < 9.0 else empty, [], 12.0, fps=8)
    searched: list[tuple[str, Filters]] = []

    def find(query: str, filters: Filters) -> list[Moment]:
        searched.append((query, filters))
        return [moment(video, 3.0, 9.0, "screen_text", "alpha")]

    cites = [{"video": "v1", "start_s": 3.0, "end_s": 9.0}]
    actions = iter(
        [
            {"action": "search_events", "query": "sign", "source": "screen_text", "after": 1, "before": None},
            {"action": "look_at", "video": "v1", "start_s": 2.0, "end_s": 6.0, "question": "Is there a sign?"},
            {"action": "read_text", "video": "v1", "at_s": 5.0},
            {"action": "answer", "found": True, "text": "A sign appears", "cites": cites},
        ]
    )

    def acts(shown: Shown, asked: str) -> str:
        if asked.startswith("The recordings:"):
            return json.dumps(next(actions))
        is_dark = [bool((rgb_HWC < 120).any()) for rgb_HWC in shown.looks.rgb_THWC[::2]]
        at = [mark_s for mark_s, dark in zip(shown.looks.marks_s, is_dark, strict=True) if dark]
        return json.dumps({"says": "Yes, a sign.", "at": at})

    vlm = Scripted(acts)
    tools = open_tools(find, Filters(), vlm, PyavDecoder(), BarReader(), SETTINGS)
    made = run_agent("When does the sign appear?", [video], vlm, tools, SETTINGS)
    assert made.sentence == "A sign appears: 0:00:03.0-0:00:09.0 in hall.mp4."
    assert searched == [("sign", Filters(sources=("screen_text",), after_s=1.0))]
    assert json.loads(made.steps[1].result)["at_s"][0] == pytest.approx(3.0, abs=0.5)
    assert json.loads(made.steps[2].result) == {"text": "alpha"}
