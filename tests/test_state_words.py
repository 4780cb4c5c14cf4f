"""Which questions ask for the instant of a change, and of what; all others are left to search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoindex.query.state_words import StateQuestion, state_question


@pytest.mark.parametrize(
    ("asked", "statement", "becomes"),
    [
        ("when did the bag disappear?", "the bag can be seen", False),
        ("When did the red bag first disappear in the video?", "the red bag can be seen", False),
        ("when is the bag gone", "the bag can be seen", False),
        ("When was the laptop stolen from the desk?", "the laptop can be seen at the desk", False),
        ("when was the key taken from the hook", "the key can be seen at the hook", False),
        ("when did the car vanish", "the car can be seen", False),
        ("when has the bike been removed", "the bike can be seen", False),
        ("when did the suitcase appear", "the suitcase can be seen", True),
        ("when does the bus arrive", "the bus can be seen", True),
        ("when was the box placed on the table", "the box can be seen on the table", True),
        ("When does the light go off?", "the light is on", False),
        ("the moment the lights go out", "the lights are on", False),
        ("when is the lamp switched off", "the lamp is on", False),
        ("when does the man turn off the lamp", "the lamp is on", False),
        ("when does she switch the fan on", "the fan is on", True),
        ("when does the LED light up", "the led is on", True),
        ("At what second does the door open?", "the door is open", True),
        ("when was the door opened", "the door is open", True),
        ("Since when is the gate open", "the gate is open", True),
        ("when did someone open the door", "the door is open", True),
        ("When does she close the fridge?", "the fridge is closed", True),
        ("when do the curtains close", "the curtains are closed", True),
        ("When does the traffic light turn red?", "the traffic light is red", True),
        ("In which frame does the sign become green", "the sign is green", True),
    ],
)
def test_the_instant_of_a_change_is_asked_for(asked: str, statement: str, becomes: bool) -> None:
    assert state_question(asked) == StateQuestion(asked.strip(" ?"), statement, becomes)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "when",
        "does the door open",
        "how often does the door open",
        "every time the door opens",
        "when is the door not open",
        "when did the bag appear before the door opened",
        "when does it disappear",
        "when does he leave",
        "when does he say the bag is gone",
        "when does the word Exit appear",
        'when does "EXIT" appear',
        "when does the title appear",
        "when does the topic of climate change appear",
        "when does the alarm go off?",
        "when does the shop open",
        "when does the stock market open",
        "when does she open the meeting",
        "when does the car turn off the highway",
        "when did he take off his hat",
        "when do sales go off a cliff",
        "when was the picture taken",
        "when was the order placed",
        "when does the man appear to be angry",
        "when does the red team go on the attack",
        "when do the two men shake hands",
        "when is gradient descent explained",
        "when does the bag " + "really " * 60 + "disappear",
    ],
)
def test_what_is_not_surely_such_a_question_is_left_to_search(asked: str) -> None:
    assert state_question(asked) is None


@given(st.text(max_size=400))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    made = state_question("when " + text)
    assert made is None or made.statement
