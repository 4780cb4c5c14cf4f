"""What looking again costs is counted, and nothing is begun that would cost more."""

from __future__ import annotations

import pytest
from looking import Clock

from videoindex.perception.vlm.answers import UnfitError, ask_parsed
from videoindex.perception.vlm.base import Form, Reply
from videoindex.query.look_budget import Budget, Counted, Meter, text_tokens, worst_tokens

BUDGET = Budget("look", 1_000, 10.0)


def test_work_that_would_overrun_the_tokens_may_not_begin() -> None:
    meter = Meter(BUDGET, Clock())
    assert meter.refusal(1_000) == ""
    with meter.working(400):
        pass
    assert meter.refusal(600) == ""
    assert meter.refusal(601) == (
        "look.token_budget (1,000) is spent: 400 tokens are used, and this would take 601"
    )


def test_work_that_would_overrun_the_seconds_by_the_slowest_so_far_may_not_begin() -> None:
    clock = Clock()
    meter = Meter(BUDGET, clock)
    for took_s, may in ((1.0, True), (4.0, True), (1.5, False)):
        assert meter.refusal(0) == ""
        with meter.working(0):
            clock.now_s += took_s
        assert (meter.refusal(0) == "") is may
    assert meter.refusal(0) == "look.seconds (10) are spent: 6.5 s are used"
    assert meter.seconds == 6.5


def test_work_that_fails_has_still_cost_its_time_and_tokens() -> None:
    clock = Clock()
    meter = Meter(BUDGET, clock)

    def fail() -> None:
        with meter.working(300):
            clock.now_s += 6.0
            raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        fail()
    assert (meter.tokens, meter.slowest_s) == (300, 6.0)
    assert "seconds" in meter.refusal(0)


class Talks:
    def ask(self, questions: list[str], form: Form) -> list[Reply]:
        return [Reply("abc", tokens=40), Reply("abcdef", thought="xyz")][: len(questions)]


def test_questions_and_answers_are_counted_with_what_was_thought() -> None:
    meter = Meter(BUDGET, Clock())
    Counted(Talks(), meter).ask(["a" * 30, "b" * 60], Form(50))
    assert meter.tokens == 10 + 20 + 40 + 3


@pytest.mark.parametrize("answer", ["x" * 600, '{"answer": "perhaps"}', "", "[" * 600])
def test_a_question_that_is_asked_twice_takes_no_more_than_planned(answer: str) -> None:
    class Babbles:
        def ask(self, questions: list[str], form: Form) -> list[Reply]:
            return [Reply(answer, tokens=100)]

    def never(reply: Reply) -> None:
        raise UnfitError("it is not what was asked for; " + "its parts do not fit " * 10)

    meter = Meter(BUDGET, Clock())
    asked = "When is the bag there, and who brought it? " * 5
    meter.tokens += text_tokens("Look closely.")
    ask_parsed(Counted(Babbles(), meter), [asked], Form(100), never)
    assert 300 < meter.tokens <= worst_tokens("Look closely.", asked, 100)


def test_text_is_counted_rather_high_than_low() -> None:
    assert text_tokens("") == 0
    assert text_tokens("when?") == 2
    assert text_tokens("日本語") == 3
    assert text_tokens("\ud800") == 1
