"""The grey picture of a model that is only asked about words."""

from __future__ import annotations

from videoindex.query.blank import BLANK, blank_showing


def test_one_grey_look_is_shown_with_the_instructions() -> None:
    showing = blank_showing("a question", "Answer.")
    (looks,) = showing.looks
    assert len(looks) == 1
    assert looks.marks_s == showing.marks_s == (0.0,)
    assert looks.rgb_THWC.shape == (2, BLANK.height_px, BLANK.width_px, 3)
    assert (looks.rgb_THWC == 128).all()
    assert (showing.name, showing.instructions) == ("a question", "Answer.")
