"""How surely a text answers: words, meaning, runs of neighbours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videoindex.index.records import Hit
from videoindex.query.evidence import Evidence, probability, read_hits
from videoindex.query.settings import SearchSettings
from videoindex.query.understand import understand
from videoindex.types import Event, Span

shares = st.floats(min_value=0, max_value=1)


def hit(start_s: float, end_s: float, text: str, *, source: str = "speech", cosine: float = 0.3) -> Hit:
    event = Event.observed("v", Span(start_s, end_s), text, source=source, model="m", confidence=0.9)
    return Hit(event, cosine, None, 0.0)


@given(shares, shares, shares, shares)
def test_more_evidence_never_counts_for_less(lexical: float, more: float, cosine: float, focus: float) -> None:
    low, high = sorted((lexical, more))
    settings = SearchSettings()
    weak, strong = (probability(Evidence(one, cosine, focus), settings) for one in (low, high))
    assert 0.0 <= weak <= strong <= 1.0


def test_lines_on_the_screen_together_answer_while_both_stand() -> None:
    hits = [
        hit(0, 60, "Netherlands Film Fund", source="screen_text"),
        hit(40, 60, "Durian Open Movie Project", source="screen_text"),
    ]
    found = read_hits(
        understand('credits with "Durian Open Movie Project" and "Film Fund"'), hits, SearchSettings()
    )
    assert [one.span for one in found] == [Span(40, 60)]


def test_a_pause_ends_a_run() -> None:
    question = understand('he says "a dangerous quest for a lone hunter"')
    near = [hit(0, 2, "a dangerous quest"), hit(3, 5, "for a lone hunter")]
    far = [hit(0, 2, "a dangerous quest"), hit(9, 11, "for a lone hunter")]
    assert [one.span for one in read_hits(question, near, SearchSettings())] == [Span(0, 5)]
    assert read_hits(question, far, SearchSettings()) == []


def test_a_missing_number_weighs_against_a_text() -> None:
    question = understand("homework 5")
    same, other = read_hits(question, [hit(0, 1, "homework 5"), hit(5, 6, "homework 3")], SearchSettings())
    assert same.score >= SearchSettings().confident > other.score


def test_a_word_in_a_text_says_little_of_a_picture() -> None:
    text = "we open a web page, read a little, and then go back to our own small garden in the evening"
    (picture,) = read_hits(understand("a web page is shown"), [hit(0, 9, text)], SearchSettings())
    (topic,) = read_hits(understand("web page"), [hit(0, 9, text)], SearchSettings())
    assert picture.score < topic.score


def test_a_slide_asked_for_by_its_heading_is_not_one_that_holds_the_words_among_others() -> None:
    heading = hit(20, 34, "The Waggle Dance\nfood: right of the sun", source="screen_text")
    subtitle = hit(0, 7, "How Bees Find Home\nSun, memory and the waggle dance", source="screen_text")
    for asked in ('the slide "The Waggle Dance"', "the slide about the waggle dance"):
        found = read_hits(understand(asked), [heading, subtitle], SearchSettings())
        assert [one.span for one in found] == [heading.event.span]
    text = read_hits(understand('the text "the waggle dance"'), [heading, subtitle], SearchSettings())
    assert len(text) == 2
    only = read_hits(understand("the slide about the waggle dance"), [subtitle], SearchSettings())
    assert [one.span for one in only] == [subtitle.event.span]


def test_what_visitors_do_is_not_found_in_sentences_of_other_things() -> None:
    sentence = hit(0, 4, "Two sentences mean the same when their arrows point the same way.", cosine=0.6)
    (found,) = read_hits(understand("two people at the same time"), [sentence], SearchSettings())
    assert found.score == 0.0
    (named,) = read_hits(understand("a horse"), [hit(0, 4, "A horse is led in.")], SearchSettings())
    assert named.score >= SearchSettings().confident
