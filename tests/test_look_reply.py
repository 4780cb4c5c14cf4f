"""What is left of an answer after looking: order, counts, coverage, and no time that was not asked about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from looking import moment
from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.query.agent import AgentAnswer
from videoindex.query.agent_claims import Cite, Claim
from videoindex.query.frames import Likeness, propose_from_pictures
from videoindex.query.look import Look, Looked, Verdict
from videoindex.query.look_answers import Held
from videoindex.query.look_reply import LookReply, agent_reply, change_reply, look_reply, words_to_look_for
from videoindex.query.search import SearchResult, search
from videoindex.query.settings import SearchSettings
from videoindex.query.state import StateFound
from videoindex.query.state_plan import Sight, conclude
from videoindex.query.state_words import StateQuestion
from videoindex.query.understand import understand
from videoindex.types import Moment, Span

ROWS = [("qwen", start_s, start_s + 4.0, "a brown bag on the bench") for start_s in (10.0, 100.0, 200.0)]
YARD = Corpus("yard", 300.0, ROWS, [])
WORDS = "when is a brown bag on the bench"


def there(_: Path) -> bool:
    return True


def result(question: str = WORDS, limit: int = 10) -> SearchResult:
    index = MemoryIndex()
    index.add(YARD, recorded_at=datetime(2026, 5, 1, 20, tzinfo=UTC))
    return search(index, NoMeaning(), question, limit=limit, settings=SearchSettings())


def judged(one: Moment, verdict: Verdict, span: Span | None = None) -> Look:
    marks_s = () if verdict is Verdict.NOT_JUDGED else (one.span.start_s,)
    at_s = (span or one.span).start_s if verdict in (Verdict.CONFIRMED, Verdict.TIGHTENED) else None
    window = Span(one.span.start_s - 10.0, one.span.end_s + 10.0)
    return Look(one, verdict, span or one.span, "I looked.", at_s, window, marks_s, 30.0)


def after(found: SearchResult, *verdicts: Verdict, spans: tuple[Span | None, ...] = (), **more: str) -> LookReply:
    spans = (*spans, *[None] * len(verdicts))
    looks = tuple(
        judged(one, verdict, span) for one, verdict, span in zip(found.moments, verdicts, spans, strict=False)
    )
    return look_reply(found, Looked(looks, 1, 1.0), is_there=there, **more)


def starts(looked: LookReply) -> list[float]:
    return [one.span.start_s for one in looked.reply.answer.moments]


def test_of_the_best_those_that_were_seen_come_first() -> None:
    found = result()
    assert len(found.moments) == 3
    looked = after(found, Verdict.NOT_JUDGED, Verdict.REJECTED, Verdict.CONFIRMED)
    kept = looked.reply.answer.moments
    assert [one.span for one in kept] == [found.moments[2].span, found.moments[0].span]
    assert [one.events[0].verified for one in kept] == [True, None]
    assert "One other moment matches too." in looked.reply.answer.text


def test_the_first_is_the_first_that_was_not_rejected() -> None:
    looked = after(result(f"{WORDS} for the first time"), Verdict.REJECTED, Verdict.CONFIRMED, Verdict.CONFIRMED)
    assert starts(looked) == [100.0]
    assert looked.reply.answer.text.startswith("The first of 2: 0:01:40.0")


def test_what_was_rejected_is_not_counted_and_what_was_not_listed_still_is() -> None:
    looked = after(
        result("how many times is a brown bag on the bench", limit=2), Verdict.REJECTED, Verdict.CONFIRMED
    )
    assert looked.reply.answer.text.startswith("Found twice") or "2 times" in looked.reply.answer.text
    assert looked.reply.result.total == 2


def test_how_long_is_reckoned_from_the_tightened_times() -> None:
    found = result("how long is a brown bag on the bench")
    spans = (Span(11.0, 12.0), Span(100.0, 101.5))
    looked = after(found, Verdict.TIGHTENED, Verdict.TIGHTENED, Verdict.REJECTED, spans=spans)
    assert looked.reply.length_s == pytest.approx(2.5)


def test_order_follows_the_tightened_times_and_their_instants_are_kept() -> None:
    found = result("every time a brown bag is on the bench")
    looked = after(
        found, *[Verdict.TIGHTENED] * 3, spans=(Span(18.0, 19.0), Span(101.0, 102.0), Span(195.0, 199.0))
    )
    assert starts(looked) == [18.0, 101.0, 195.0]
    assert sorted(looked.instants.values()) == [18.0, 101.0, 195.0]


def test_a_time_outside_of_what_is_asked_about_is_left_out_and_said() -> None:
    found = result(f"{WORDS} before 0:12")
    (one,) = found.moments
    looked = after(found, Verdict.TIGHTENED, spans=(Span(14.0, 18.0),))
    assert not looked.reply.answer.found
    assert (
        "One moment turned out to lie outside of the time asked about, and is left out."
        in looked.reply.answer.text
    )
    assert looked.reply.answer.coverage.examined_s <= looked.reply.answer.coverage.total_s == pytest.approx(12.0)
    assert one.span.start_s == 10.0


def test_a_time_that_no_look_and_no_observer_examined_is_never_cited() -> None:
    found = replace(result(), watched={})
    (first, *_) = found.moments
    near = Look(first, Verdict.TIGHTENED, Span(12.0, 90.0), "", 12.0, Span(0.0, 24.0), (12.0,), 2.0)
    looked = look_reply(found, Looked((near,), 1, 1.0), is_there=there)
    (kept,) = looked.reply.answer.moments
    assert kept.span == Span(12.0, 13.0)


def test_nothing_found_and_nothing_proposed_says_that_there_was_nothing_to_look_at() -> None:
    found = result("when is a crocodile on the roof")
    assert found.moments == ()
    text = after(found).reply.answer.text
    assert text.startswith("Not found: ")
    assert text.endswith("There was no moment to look at again.")


def test_of_proposed_moments_only_those_count_that_were_seen() -> None:
    nothing = replace(result(), moments=(), total=0)
    looks = tuple(
        judged(one, verdict)
        for one, verdict in zip(
            result().moments, (Verdict.CONFIRMED, Verdict.NOT_JUDGED, Verdict.REJECTED), strict=True
        )
    )
    looked = look_reply(nothing, Looked(looks, 1, 1.0), proposed_to="model", is_there=there)
    assert [one.span for one in looked.reply.answer.moments] == [looks[0].moment.span]
    assert "The search alone found nothing" in looked.reply.answer.text


def test_what_was_seen_of_a_likeness_is_told_in_the_models_words() -> None:
    found = result()
    video = found.records["yard"].video
    like = propose_from_pictures([Likeness("yard", Span(48.0, 60.0), 50.0, 0.3)], "clip", 8.0, 5)
    looks = Looked(
        (judged(like[0], Verdict.CONFIRMED), judged(moment(video, 70.0, 71.0), Verdict.REJECTED)), 1, 1.0
    )
    looked = look_reply(replace(found, moments=(), total=0), looks, proposed_to="a-model", is_there=there)
    (one,) = looked.reply.answer.moments
    assert (one.span, one.events[0].text, one.events[0].source, one.events[0].model) == (
        Span(50.0, 58.0),
        "I looked.",
        "look",
        "a-model",
    )
    assert looked.instants == {one.events[0].id: 50.0}


def test_seen_is_seen_and_no_word_of_it_is_called_unchecked() -> None:
    index = MemoryIndex()
    index.add(Corpus("door", 100.0, [("objects", 10.0, 14.0, "a person enters from the left")], []))
    found = search(index, NoMeaning(), "when does a tall person enter", settings=SearchSettings())
    plain = after(found, Verdict.NOT_JUDGED).reply.answer.text
    assert "Not checked, for want of a vision-language model: tall" in plain
    assert "Not checked" not in after(found, Verdict.CONFIRMED).reply.answer.text


def changed(found: SearchResult, *held: Held) -> StateFound:
    video = found.records["yard"].video
    question = StateQuestion("when did the bag disappear", "the bag can be seen", becomes=False)
    sights = [Sight(20.0 * number, one, "I looked.") for number, one in enumerate(held)]
    finding = conclude(sights, becomes=False)
    return StateFound(question, video, "model", video.span, finding, 20.0, "", 1, 1.0)


def test_a_change_is_cited_with_its_wall_clock_and_shown_by_the_picture_after_it() -> None:
    found = result("when did the bag disappear")
    looked = change_reply(found, [changed(found, Held.YES, Held.YES, Held.NO)], is_there=there)
    (one,) = looked.reply.answer.moments
    assert one.span == Span(20.0, 40.0)
    assert "0:00:20.0-0:00:40.0 (2026-05-01 20:00:20 UTC)" in looked.reply.answer.text
    assert list(looked.instants.values()) == [40.0]
    assert [(row.start_s, row.verdict) for row in looked.shown] == [(0.0, "yes"), (20.0, "yes"), (40.0, "no")]


def test_no_change_is_not_found_and_what_was_not_looked_at_is_said() -> None:
    found = result("when did the bag disappear")
    looked = change_reply(found, [changed(found, Held.YES, Held.YES)], ["Not looked at: b.mp4."], is_there=there)
    assert not looked.reply.answer.found
    assert looked.reply.answer.text.endswith("Not looked at: b.mp4.")


def made(found: SearchResult, *cites: Span) -> AgentAnswer:
    claim = Claim(bool(cites), "A bag", tuple(Cite("yard", span) for span in cites))
    videos = {"v1": found.records["yard"].video}
    return AgentAnswer(WORDS, "model", claim, (), "", videos, {"yard": cites}, 1, 1.0)


def test_an_agents_answer_cites_what_it_saw_and_its_wall_clock() -> None:
    found = result()
    reply = agent_reply(found, made(found, Span(50.0, 55.0)), is_there=there)
    assert [one.span for one in reply.answer.moments] == [Span(50.0, 55.0)]
    assert reply.answer.text == "A bag: 0:00:50.0-0:00:55.0 (2026-05-01 20:00:50 UTC) in yard.mp4."
    assert reply.result.total == 1


def test_a_moved_recording_that_an_agent_cites_is_named() -> None:
    found = result()
    reply = agent_reply(found, made(found, Span(50.0, 55.0)), is_there=lambda _: False)
    assert reply.moved == (found.records["yard"].video.path,)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("when is a red card held up?", "when is a red card held up?"),
        ("when does a man leave after the red car arrives?", "a man leave"),
        ("when is a bag on the bench between 1:00 and 2:00?", "a bag on the bench"),
    ],
)
def test_what_places_a_question_in_time_is_not_asked_of_one_window(question: str, asked: str) -> None:
    assert words_to_look_for(understand(question)) == asked


def test_moments_of_the_fixture_lie_where_they_are_said_to() -> None:
    assert {one.span.start_s for one in result().moments} == {10.0, 100.0, 200.0}
    assert moment(result().records["yard"].video, 1.0, 2.0).events[0].source == "objects"
