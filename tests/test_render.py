"""Results for programs and for people."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.query.ask import Reply, ask
from videoindex.query.render import answer_text, ask_json, moments_text, search_json

NEWS = Corpus("news", 3600.0, [("speech", 10.0, 12.5, "Good evening, here is the news.")], [])


def reply_to(question: str) -> Reply:
    index = MemoryIndex()
    index.add(NEWS, recorded_at=datetime(2026, 5, 1, 20, tzinfo=UTC))
    return ask(index, NoMeaning(), question)


def test_json_has_the_fixed_keys_and_plain_values() -> None:
    reply = reply_to('someone says "good evening"')
    document = ask_json(reply)
    found = {"query", "moments", "coverage", "anchors", "notes", "suggested"}
    assert set(document) == {*found, "answer", "found", "length_s", "moved"}
    assert set(search_json(reply.result)) == found
    again = json.loads(json.dumps(document, allow_nan=False))
    moment = again["moments"][0]
    assert set(moment) == {
        "video_id",
        "path",
        "start_s",
        "end_s",
        "wall_clock",
        "score",
        "text",
        "sources",
        "events",
    }
    assert set(moment["events"][0]) == {"start_s", "end_s", "text", "source", "confidence"}
    assert moment["wall_clock"] == "2026-05-01T20:00:10.000+00:00"
    assert set(again["coverage"]) == {"examined_s", "total_s", "gaps", "shortest_event_s"}
    assert math.isclose(again["coverage"]["total_s"], 3600.0)
    assert (again["anchors"], again["notes"], again["length_s"]) == ([], [], None)
    assert again["moved"] == ["/videos/news.mp4"]


def test_json_holds_the_other_event_the_length_and_how_words_were_read() -> None:
    (anchor,) = json.loads(json.dumps(ask_json(reply_to('what is on the screen while he says "good evening"'))))[
        "anchors"
    ]
    assert (anchor["start_s"], anchor["end_s"]) == (10.0, 12.5)
    document = ask_json(reply_to('how long is "good evening" said after 20:00:05'))
    assert document["length_s"] == 2.5
    assert document["notes"] == ["Time read as 20:00:05-24:00:00 on 2026-05-01 (UTC)."]


def test_text_for_people() -> None:
    reply = reply_to('someone says "good evening"')
    assert moments_text(reply.result).splitlines()[1].strip().startswith("[speech] Good evening")
    assert answer_text(reply).startswith(reply.answer.text)
    assert moments_text(reply_to('someone says "nothing of the kind"').result) == ""
