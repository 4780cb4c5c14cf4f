"""Questions taken apart at a relation in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.relation_words import Edge, Relation, anchor_edge, split_relation

Q = "\ue000"
R = "\ue001"


@pytest.mark.parametrize(
    ("text", "relation", "main", "anchors"),
    [
        ("a man leaves after the red car passes", Relation.AFTER, "a man leaves", ("the red car passes",)),
        ("After the red car has gone, who comes?", Relation.AFTER, "who comes", ("the red car has gone",)),
        ("once the slide Q is shown, what is said", Relation.AFTER, "what is said", ("the slide Q is shown",)),
        ("what is said just before he says Q", Relation.BEFORE, "what is said", ("he says Q",)),
        ("Before the dog appears, what is said", Relation.BEFORE, "what is said", ("the dog appears",)),
        ("a man between the car and the dog", Relation.BETWEEN, "a man", ("the car", "the dog")),
        ("a man after the car and before the dog", Relation.BETWEEN, "a man", ("the car", "the dog")),
        ("Between the car and the dog, who comes", Relation.BETWEEN, "who comes", ("the car", "the dog")),
        ("which slide is shown when he says Q", Relation.WHILE, "which slide is shown", ("he says Q",)),
        ("what is on the screen as she says Q", Relation.WHILE, "what is on the screen", ("she says Q",)),
        ("what is said during the slide Q", Relation.WHILE, "what is said", ("the slide Q",)),
        ("As the slide Q is up, what is said", Relation.WHILE, "what is said", ("the slide Q is up",)),
        ("Right after the dog barks, what is said", Relation.AFTER, "what is said", ("the dog barks",)),
    ],
)
def test_relations(text: str, relation: Relation, main: str, anchors: tuple[str, ...]) -> None:
    split = split_relation(text.replace("Q", Q))
    assert split is not None
    assert (split.relation, split.main) == (relation, main)
    assert split.anchors == tuple(anchor.replace("Q", Q) for anchor in anchors)


def test_the_second_of_two_quoted_anchors_shares_the_noun_of_the_first() -> None:
    split = split_relation(f"between the slides {Q} and {R}, what is said")
    assert split is not None
    assert split.anchors == (f"the slides {Q}", f"the slides {R}")


@pytest.mark.parametrize(
    "text",
    [
        "after the war",
        "what did they do after the war",
        "the day after tomorrow",
        "a girl looks after the dog",
        "a man runs after a dog",
        "a man stands before a car",
        "before the break",
        "a man between the trees",
        "when he says hello",
        "what happens when a man falls",
        "what is the time when a dog barks",
        "every document",
    ],
)
def test_what_is_no_relation_is_left_alone(text: str) -> None:
    assert split_relation(text) is None


@pytest.mark.parametrize(
    ("text", "bare", "edge"),
    [
        ("the slide appears", "the slide appears", Edge.START),
        ("the slide is on screen", "the slide is on screen", Edge.START),
        ("the red car has gone", "the red car", Edge.END),
        ("the man leaves", "the man leaves", Edge.END),
        ("the red car passes", "the red car passes", None),
        ("he says hello", "he says hello", None),
    ],
)
def test_which_end_of_the_anchor_is_meant(text: str, bare: str, edge: Edge | None) -> None:
    assert anchor_edge(text) == (bare, edge)


@given(st.text(max_size=60))
def test_any_text_is_split_or_left(text: str) -> None:
    split = split_relation(text)
    assert split is None or (split.main and all(split.anchors))
