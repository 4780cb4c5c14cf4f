"""Descriptions of scenes, read with the words of the object observer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.perception import object_words as seen
from videoindex.query.scene import Look, Motion, read_scene


@pytest.mark.parametrize("word", ["man", "woman", "someone", "girl", "guy", "pedestrians"])
def test_people_by_any_name_are_persons(word: str) -> None:
    assert read_scene(f"a {word} walks by").wanted[0].classes == ("person",)


def test_colours_belong_to_what_they_stand_before() -> None:
    scene = read_scene(
        "a man with black hair in a light grey shirt and blue jeans next to a red car at a white wall"
    )
    person, car = scene.wanted
    assert person.looks == (Look("grey", "top"), Look("blue", "trousers"))
    assert car.looks == (Look("red"),)
    assert "hair" in scene.unchecked


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("a woman dressed all in black", (Look("black", "top"), Look("black", "trousers"))),
        ("a woman dressed in black", (Look("black"),)),
        ("a man in a dark coat and a light cap", (Look("dark", "top"),)),
        ("a dark car", (Look("dark"),)),
        ("a man with dark hair in a dark street", ()),
        ("a man in a dark blue coat", (Look("blue", "top"),)),
        ("a man in a black hooded jacket and dark cap", (Look("black", "top"),)),
        ("a man in a navy t-shirt", (Look("blue", "top"),)),
        ("a woman in a purple kaftan", (Look("purple"),)),
        ("a boy with green eyes", ()),
    ],
)
def test_clothing(text: str, looks: tuple[Look, ...]) -> None:
    assert read_scene(text).wanted[0].looks == looks


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        ("a person", 1),
        ("two people", 2),
        ("3 dogs", 3),
        ("፩ dog", 1),
        ("several cars", 3),
        ("people stand together", 2),
        ("a man and a woman", 2),
        ("a man in a red coat and a woman", 2),
        ("a man at the door", 1),
    ],
)
def test_counts(text: str, at_least: int) -> None:
    assert read_scene(text).wanted[0].at_least == at_least


@pytest.mark.parametrize(
    ("text", "motions"),
    [
        ("a person enters from the left", (Motion("enters", "left"),)),
        ("a person walks right and leaves", (Motion("walks", "right"), Motion("leaves"))),
        ("a man left the room", (Motion("leaves"),)),
        ("a woman walks into the shop", (Motion("enters"),)),
        ("a boy walks towards the camera", (Motion("walks", "towards the camera"),)),
        ("a figure walks up the stairs", (Motion("walks"),)),
        ("a parked car", (Motion("is parked"),)),
    ],
)
def test_motions(text: str, motions: tuple[Motion, ...]) -> None:
    scene = read_scene(text)
    assert scene.motions == motions
    assert scene.verifiable


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("someone sits down on a chair", "sits"),
        ("a man falls", "falls"),
        ("does a man fall", "fall"),
        ("a girl fights with a man in the snow", "fights"),
        ("a figure with a spear", "spear"),
        ("a man with an umbrella", "umbrella"),
        ("a person steals a bicycle", "steals"),
        ("a woman pushing a pram", "pushing"),
        ("a man in a hut paints a picture", "paints"),
        ("a guard who is not at the gate", "not"),
        ("nobody wears a helmet", "helmet"),
        ("nobody laughs", "laughs"),
    ],
)
def test_what_no_track_can_confirm_blocks(text: str, word: str) -> None:
    scene = read_scene(text)
    assert word in scene.unverifiable
    assert not scene.verifiable


@pytest.mark.parametrize(
    "text",
    [
        "an old bearded man in a dark hut",
        "a woman with long blonde hair stands at the table",
        "a lone hooded figure in the snow",
        "a tall man slowly crosses the street",
        "a child near the fountain",
    ],
)
def test_looks_and_places_are_named_but_do_not_block(text: str) -> None:
    scene = read_scene(text)
    assert scene.verifiable
    assert scene.unchecked


@pytest.mark.parametrize("text", ["nobody is in the room, only a table", "the yard is empty", "no one is there"])
def test_absence(text: str) -> None:
    scene = read_scene(text)
    assert scene.absent
    assert scene.verifiable
    assert not scene.wanted


def test_events_and_questions_speak_one_language() -> None:
    scene = read_scene(
        "a person wearing a black top and blue trousers enters from the left, walks to the right, leaves"
    )
    assert scene.wanted[0].looks == (Look("black", "top"), Look("blue", "trousers"))
    assert scene.motions == (Motion("enters", "left"), Motion("walks", "right"), Motion("leaves"))
    assert read_scene(seen.NOBODY).absent
    assert read_scene("two people in view").wanted[0].at_least == 2
    for name in seen.CLASSES:
        assert read_scene(f"a red {name} stands still").wanted[0].classes == (name,)


@given(
    st.lists(
        st.sampled_from([*seen.SYNONYMS, *seen.COLOURS, "in", "with", "and", "a", "the", "xyz", "2"]), max_size=9
    )
)
def test_any_words_can_be_read(line: list[str]) -> None:
    scene = read_scene(" ".join(line))
    assert not (scene.absent and scene.wanted)
    assert all(wanted.at_least >= 1 and wanted.classes for wanted in scene.wanted)
