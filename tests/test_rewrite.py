"""Further wordings of a question: asked for strictly, used only where they ask for the same thing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.errors import BackendError, ConfigError
from videoindex.perception.vlm.base import Reply, Showing, Viewing
from videoindex.perception.vlm.scripted import Scripted
from videoindex.query.ask import Reply as Answered
from videoindex.query.ask import ask
from videoindex.query.rewrite import REWRITE_INSTRUCTIONS, Rewriter, Wordings, reworded, rewriter
from videoindex.query.search import SearchSettings
from videoindex.query.understand import Question, Which, understand

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0)

TALK = Corpus(
    "talk",
    300.0,
    [
        ("speech", 10, 14, "The automobile was sold last week."),
        ("speech", 40, 44, "Her car would not start."),
        ("screen_text", 60, 90, "Annual Report"),
        ("speech", 70, 74, "Profits went up again."),
        ("speech", 100, 104, "A lorry stood in front of the door."),
        ("speech", 150, 154, "Her car was red."),
        ("objects", 200, 210, "a person wearing a red top enters from the left, leaves at the right"),
        ("objects", 230, 240, "a person wearing a green top enters from the left, leaves at the right"),
    ],
    [],
)


def saying(*texts: str) -> Scripted:
    return Scripted(lambda shown, question: json.dumps({"wordings": texts}))


def answered(question: str, rewriter: Rewriter | None, limit: int = 10) -> Answered:
    index = MemoryIndex()
    index.add(TALK)
    return ask(
        index,
        NoMeaning(),
        question,
        limit=limit,
        settings=BY_WORDS,
        now=NOW,
        is_there=lambda path: True,
        rewriter=rewriter,
    )


def starts(reply: Answered) -> list[float]:
    return [moment.span.start_s for moment in reply.answer.moments]


def also(question: str, *texts: str) -> list[str]:
    return [other.text for other in read(question, *texts).also]


def read(question: str, *texts: str) -> Question:
    return reworded(understand(question), texts, (), NOW)


def test_a_model_is_asked_in_text_alone_and_answers_in_a_fixed_form() -> None:
    vlm = saying("when is the automobile mentioned")
    assert rewriter(vlm, 2)('say "hi" about the car').texts == ("when is the automobile mentioned",)
    ((shown, asked, form),) = vlm.asked
    assert shown.showing.instructions == REWRITE_INSTRUCTIONS
    assert (shown.looks.rgb_THWC == 128).all()
    assert asked == 'Give at most 2. The question: "say \\"hi\\" about the car"'
    assert '"maxItems":2' in form.schema
    assert form.max_tokens <= 1_024


@pytest.mark.parametrize(
    "unfit",
    [
        "automobile",
        '{"wordings": "automobile"}',
        '{"wordings": ["a", "b", "c"]}',
        '{"wordings": [""]}',
        '{"wordings": ["' + "x" * 301 + '"]}',
        '{"wordings": ["automobile"], "note": "done"}',
    ],
)
def test_an_answer_of_another_form_is_asked_for_once_more_and_then_said_to_have_failed(unfit: str) -> None:
    vlm = Scripted(lambda shown, question: unfit)
    wordings = rewriter(vlm, 2)("the car")
    assert wordings.texts == ()
    assert len(vlm.asked) == 2
    assert wordings.note.startswith("Searched by the question's own words alone: scripted gave no others")
    assert "asked twice" in wordings.note
    mended = Scripted(lambda shown, question: '{"wordings": ["lorry"]}' if "cannot be used" in question else unfit)
    assert rewriter(mended, 2)("the truck") == Wordings(("lorry",))


class Broken:
    """A model that cannot be reached."""

    model = fingerprint = "broken"

    def __init__(self, error: Exception) -> None:
        self.error = error

    @contextmanager
    def watch(self, showing: Showing) -> Iterator[Viewing]:
        raise self.error
        yield


@pytest.mark.parametrize("error", [BackendError("no server at 127.0.0.1"), ConfigError("lower vlm.local.x")])
def test_the_rules_answer_where_the_model_fails_and_the_answer_says_so(error: Exception) -> None:
    reply = answered("when is the car mentioned", rewriter(Broken(error), 3))
    assert starts(reply) == starts(answered("when is the car mentioned", None)) == [150.0, 40.0]
    assert f"broken gave no others ({error})" in reply.answer.text


def test_what_only_other_words_find_comes_behind_and_is_said() -> None:
    plain = answered("when is the car mentioned", None)
    more = answered("when is the car mentioned", rewriter(saying("when is the automobile mentioned"), 3))
    assert starts(more) == [*starts(plain), 10.0]
    assert more.answer.moments[:2] == plain.answer.moments
    said = 'One moment was found by other words than the question\'s: "when is the automobile mentioned".'
    assert said in more.answer.text
    assert "other words" not in plain.answer.text


def test_no_limit_lets_other_words_push_out_what_the_question_itself_finds() -> None:
    own = answered("when is the car mentioned", None, limit=2)
    both = answered("when is the car mentioned", rewriter(saying("the automobile was sold last week"), 3), limit=2)
    assert starts(both) == starts(own)
    assert both.result.total == 3


def test_all_are_counted_and_the_first_is_the_first_of_all() -> None:
    vlm = saying("how many times is the automobile mentioned")
    assert answered("how many times is the car mentioned", rewriter(vlm, 3)).result.total == 3
    first = answered("when is the car first mentioned", rewriter(saying("the automobile is mentioned"), 3))
    assert starts(first) == [10.0]
    assert first.result.question.which is Which.FIRST
    assert "One moment was found by other words" in first.answer.text
    last = answered("when is the car last mentioned", rewriter(saying("the automobile is mentioned"), 3))
    assert starts(last) == [150.0]
    assert "other words" not in last.answer.text


def test_a_negative_stays_one_where_no_wording_passes_the_same_evidence() -> None:
    reply = answered(
        "when is the yacht mentioned", rewriter(saying("when is the boat mentioned", "the vessel"), 3)
    )
    assert not reply.answer.found
    said = 'Searched for in other words too: "when is the boat mentioned", "the vessel".'
    assert reply.answer.text.endswith(said)


def test_another_event_is_looked_for_in_other_words_only_where_its_own_find_nothing() -> None:
    question = "when is the car mentioned after the truck is mentioned"
    assert not answered(question, None).answer.found
    vlm = saying("when is the car mentioned after the lorry is mentioned")
    assert starts(answered(question, rewriter(vlm, 3))) == [150.0]
    known = "when are profits mentioned after the car is mentioned"
    assert starts(
        answered(known, rewriter(saying("when are profits mentioned after the lorry is mentioned"), 3))
    ) == [70.0]


def test_a_wording_that_asks_for_less_or_for_something_else_is_left_out() -> None:
    assert also("a dog walks across the wooden floor", "a wooden floor") == []
    assert also("when are 329 foragers mentioned", "when are 300 foragers mentioned", "foragers are named") == []
    assert also("when is Alder Hill mentioned", "when is the hill mentioned") == []
    assert also("when is the car mentioned", "when is the car talked about", "CARS!", "?", "") == []
    assert also("when is the car mentioned", 'when does she say "it"') == []
    assert also("when is the car mentioned", "the automobile", "automobiles are mentioned") == ["the automobile"]


def test_a_wording_keeps_which_moments_are_wanted_where_and_by_whom() -> None:
    (other,) = read("when does he first mention the car between 0:10 and 1:00", "every automobile").also
    assert other.which is Which.FIRST
    assert other.sources == ("speech", "captions")
    assert not other.times


def test_what_is_to_be_seen_is_asked_of_tracks_in_the_questions_own_words() -> None:
    loosened = rewriter(saying("a person comes in", "people wearing coats come in"), 3)
    assert not answered("a person in a yellow coat comes in", loosened).answer.found
    assert also("two people sit on a sofa", "a couch is mentioned") == []


def test_quotations_are_never_reworded_and_an_open_question_asks_no_model() -> None:
    vlm = saying("the automobile")
    answered('he says "the car was red"', rewriter(vlm, 3))
    answered("what is said between 0:10 and 1:00", rewriter(vlm, 3))
    assert not vlm.asked


def test_an_empty_index_asks_no_model() -> None:
    vlm = saying("the automobile")
    reply = ask(MemoryIndex(), NoMeaning(), "the car", rewriter=rewriter(vlm, 3))
    assert not vlm.asked
    assert not reply.answer.found


def test_a_thinking_models_answer_is_read_without_its_thoughts() -> None:
    vlm = Scripted(lambda shown, question: Reply('```json\n{"wordings": []}\n```', thought="a car, hm"))
    assert rewriter(vlm, 1)("the car") == Wordings()
