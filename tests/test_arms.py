"""Needles asked of a model that sees the whole, of a search, and of the index's answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from needle_eyes import eyes
from needle_rows import SAMPLING, film, needle, trial
from query_corpora import Corpus, MemoryIndex, NoMeaning

from videoindex.evaluation.arms import Asking, Direct, Searching
from videoindex.evaluation.grid import Trial
from videoindex.evaluation.judging import Said, is_same_answer
from videoindex.evaluation.needles import Matter
from videoindex.evaluation.sampled import SampledPlanting
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import Probe, probe
from videoindex.perception.vlm.scripted import Scripted
from videoindex.query.settings import SearchSettings
from videoindex.sampling.mrope import FrameSize, fit_frame
from videoindex.types import Span

RED = Matter("still", "", "red")
SMALL = replace(SAMPLING, min_pixels=4 * 1024, max_pixels=6 * 1024)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return probe(film(tmp_path_factory.mktemp("hay") / "film.mp4", 12.0))


def direct(model: Scripted, planted: bool = True, **more: object) -> Direct:
    needles = (needle(RED, 5.0, 7.0),) if planted else ()
    size: FrameSize = fit_frame(384, 256, SMALL.min_pixels, SMALL.max_pixels)
    return Direct(model, SampledPlanting(PyavDecoder(), needles), SMALL, size, **more)  # type: ignore[arg-type]


def test_a_model_is_shown_every_look_once_and_asked(source: Probe) -> None:
    model = eyes()
    arm = direct(model)
    said = arm.ask(source.video, source.video.span, trial(RED))
    assert said.answers == ("red",)
    assert said.windows == (Span(5.5, 6.5),)
    assert said.is_find
    assert said.tokens == arm.tokens(source.video.span) > 0
    ((shown, question, form),) = model.asked
    assert shown.looks.marks_s == pytest.approx([n + 0.5 for n in range(len(shown.looks))])
    assert "Which colour is the card that is held up?" in question
    assert form.schema


def test_a_part_is_shown_and_nothing_else(source: Probe) -> None:
    model = eyes()
    direct(model).ask(source.video, Span(4.0, 8.0), trial(RED))
    assert model.asked[0][0].looks.marks_s == pytest.approx((4.5, 5.5, 6.5, 7.5))


def test_nothing_planted_is_not_seen(source: Probe) -> None:
    said = direct(eyes(), planted=False).ask(source.video, source.video.span, trial(RED))
    assert (said.is_find, said.windows, said.text) == (False, (), "not seen")


def test_options_are_asked_about_in_every_order_over_one_showing(source: Probe) -> None:
    model = eyes()
    asked = trial(RED, orders=(("red", "blue"), ("blue", "red")))
    said = direct(model).ask(source.video, source.video.span, asked)
    assert said.answers == ("red", "red")
    assert len({id(shown) for shown, _, _ in model.asked}) == 1


def test_a_describer_is_read_by_what_it_names(source: Probe) -> None:
    said = direct(eyes(), prompt="describe").ask(source.video, source.video.span, trial(RED))
    assert said.windows[0].start_s == 5.5
    assert "red card" in said.answers[0]
    nothing = direct(eyes(), planted=False, prompt="describe").ask(source.video, source.video.span, trial(RED))
    assert (nothing.is_find, nothing.text) == (False, "nothing happens")


def test_an_answer_that_cannot_be_read_twice_is_a_failure(source: Probe) -> None:
    said = direct(Scripted(lambda shown, question: "I see a card")).ask(
        source.video, source.video.span, trial(RED)
    )
    assert "gave no answer that can be used" in said.failure
    assert not said.is_find


WRITTEN = Matter("overlay", "password of the choir", "lantern")
OTHER = Matter("overlay", "deadline of the ferry", "Monday")


SPOKEN = Matter("speech", "mascot of the bakery", "tiger")
CORPUS = Corpus(
    "copy",
    100.0,
    [
        ("screen_text", 10, 12, "The password of the choir is lantern."),
        ("screen_text", 40, 42, "The deadline of the ferry is Monday."),
        ("screen_text", 60, 62, "The password of the choir is lantern."),
        ("speech", 80, 82, "The mascot of the bakery is tiger."),
    ],
    [],
)
BY_WORDS = SearchSettings(bias=-3.0, lexical=6.0)


def asked(arm: type[Searching] | type[Asking], about: Trial) -> Said:
    index = MemoryIndex()
    index.add(CORPUS)
    return arm(index, NoMeaning(), BY_WORDS, "copy").ask(about)


@pytest.mark.parametrize("arm", [Searching, Asking])
@pytest.mark.parametrize(("matter", "start_s"), [(OTHER, 40.0), (SPOKEN, 80.0)])
def test_an_index_gives_time_and_words(
    arm: type[Searching] | type[Asking], matter: Matter, start_s: float
) -> None:
    said = asked(arm, trial(matter))
    assert said.windows[0] == Span(start_s, start_s + 2)
    assert is_same_answer(said.answers[0], matter.answer)
    assert said.is_find


@pytest.mark.parametrize("arm", [Searching, Asking])
def test_what_is_not_in_the_index_is_not_found(arm: type[Searching] | type[Asking]) -> None:
    said = asked(arm, trial(Matter("overlay", "dessert of the railway", "vanilla"), task="control", targets=()))
    assert (said.is_find, said.windows) == (False, ())


@pytest.mark.parametrize("arm", [Searching, Asking])
def test_an_order_is_that_of_the_found_times(arm: type[Searching] | type[Asking]) -> None:
    about = trial(OTHER, task="ordering", matters=(OTHER, SPOKEN), answer=f"{OTHER.name}, {SPOKEN.name}")
    said = asked(arm, about)
    assert said.answers == (about.answer,)
    turned = trial(OTHER, task="ordering", matters=(SPOKEN, OTHER), answer=f"{SPOKEN.name}, {OTHER.name}")
    assert asked(arm, turned).answers == (about.answer,)


def test_a_search_counts_every_time() -> None:
    about = trial(WRITTEN, task="counting", answer="2")
    assert asked(Searching, about).answers == ("2",)
