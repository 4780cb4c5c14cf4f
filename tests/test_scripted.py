"""The model of the tests: it is shown what a real one is shown, and says what it is told to."""

from __future__ import annotations

import numpy as np
from small_models import noise, showing

from videoindex.perception.vlm.base import Form, Reply
from videoindex.perception.vlm.scripted import Scripted
from videoindex.sampling.mrope import FrameSize

SIZE = FrameSize(64, 32)


def test_the_script_sees_all_looks_in_one_piece_and_what_was_heard_is_kept() -> None:
    looks = noise(5, SIZE)
    vlm = Scripted(lambda shown, question: f"{question} {len(shown.looks)}")
    with vlm.watch(showing(looks, SIZE, batch=2)) as viewing:
        assert viewing.ask(["a", "b"], Form(5)) == [Reply("a 5"), Reply("b 5")]
    (shown, question, form), _ = vlm.asked
    np.testing.assert_array_equal(shown.looks.rgb_THWC, looks.rgb_THWC)
    assert (shown.looks.marks_s, question, form.max_tokens) == (looks.marks_s, "a", 5)


def test_whole_replies_are_given_as_they_are() -> None:
    cut = Reply("half an", is_cut=True)
    with Scripted(lambda *_: cut).watch(showing(noise(1, SIZE), SIZE)) as viewing:
        assert viewing.ask(["?"], Form(5)) == [cut]


def test_nothing_decoded_is_no_looks() -> None:
    from dataclasses import replace

    vlm = Scripted(lambda shown, _: str(len(shown.looks)))
    with vlm.watch(replace(showing(noise(1, SIZE), SIZE), looks=[])) as viewing:
        assert viewing.ask(["?"], Form(5)) == [Reply("0")]
